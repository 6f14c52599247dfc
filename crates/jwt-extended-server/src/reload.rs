//! Reads the settings again at each SIGHUP, and replaces those of the running server, or none of them if one is wrong.
//!
//! It knows which settings need a restart. How requests in flight finish is a matter of the module `connections`.

use std::{num::NonZeroUsize, sync::Arc};

use crate::{
    ListenAddress, Settings, StartError,
    denylist::DenylistSettings,
    serve::{Opened, Running},
    settings::Source,
    store::StoreAddress,
};

/// The settings that need a restart.
pub(crate) struct Fixed {
    pub(crate) listen: ListenAddress,
    pub(crate) store: StoreAddress,
    pub(crate) denylist: DenylistSettings,
    pub(crate) connections: NonZeroUsize,
    pub(crate) metrics_listen: Option<ListenAddress>,
}

impl Fixed {
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            listen: settings.listen.clone(),
            store: settings.store.clone(),
            denylist: settings.denylist,
            connections: settings.limits.connections,
            metrics_listen: settings.metrics_listen.clone(),
        }
    }

    /// Returns the names of the settings that differ.
    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let Self { listen, store, denylist, connections, metrics_listen } = other;
        let differs = [
            ("listen", self.listen != *listen),
            ("store", self.store != *store),
            ("denylist", self.denylist != *denylist),
            ("limits.connections", self.connections != *connections),
            ("metrics_listen", self.metrics_listen != *metrics_listen),
        ];
        differs.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
    }
}

/// Reloads at each signal, forever.
pub(crate) async fn at_each(mut hangups: Hangups, source: Source, fixed: Fixed, opened: Opened, running: Arc<Running>) {
    loop {
        hangups.next().await;
        if let Err(error) = reload(&source, &fixed, &opened, &running).await {
            running.metrics().reloads.refused();
            // One line, even if a name contains a newline.
            let error = error.to_string().replace(char::is_control, " ");
            let event = "reload_refused";
            tracing::error!(event, error, "the configuration could not be reloaded; the earlier one stays in use");
        }
    }
}

/// Reads the settings, checks all of them, and only then replaces those of the server.
async fn reload(source: &Source, fixed: &Fixed, opened: &Opened, running: &Running) -> Result<(), StartError> {
    let settings = source.load().await?;
    let unchanged = fixed.differences(&Fixed::of(&settings));
    let (limits, algorithm, issuers) = (settings.limits, settings.config.algorithm, settings.issuers.len());
    let prepared = opened.prepare(settings).await?;
    let (users, policies) = (prepared.app.users.listed(), prepared.app.forward_auth.policies());
    running.replace(prepared, limits);
    running.metrics().reloads.done();
    if !unchanged.is_empty() {
        tracing::warn!(settings = unchanged.join(", "), "settings have changed that need a restart of the server");
    }
    tracing::info!(
        event = "reloaded",
        users = users.map_or_else(|| "in the store".to_owned(), |count| format!("{count} in the configuration file")),
        %algorithm,
        policies,
        issuers,
        "the configuration was reloaded"
    );
    Ok(())
}

/// The signals SIGHUP. Where there are none, such as on Windows, it waits forever.
pub(crate) struct Hangups {
    #[cfg(unix)]
    signals: tokio::signal::unix::Signal,
}

impl Hangups {
    /// Catches the signals from this call on.
    pub(crate) fn catch() -> Result<Self, StartError> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let signals = signal(SignalKind::hangup()).map_err(|error| StartError::Stopped(error.to_string()))?;
            Ok(Self { signals })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next signal. Signals during a reload count as one.
    async fn next(&mut self) {
        #[cfg(unix)]
        if self.signals.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}
