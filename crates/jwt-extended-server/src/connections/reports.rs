//! What the log says of a server that is full, or that may not open more files: one line in ten seconds, with counts,
//! because an attack must not fill the log too.

use std::{io, mem, time::Duration};

use tokio::time::Instant;

use super::places::{Place, Places};

/// How long a line of one kind stays the only one.
const QUIET: Duration = Duration::from_secs(10);

/// The events since the last line of each kind.
#[derive(Default)]
pub(super) struct Reports {
    full: Kind,
    failed: Kind,
    closed: u64,
    turned_away: u64,
    errors: u64,
}

impl Reports {
    /// Reports that all places were taken when a newcomer came, and whether it got the place of another connection.
    pub(super) fn full(&mut self, newcomer: Option<&Place>, places: &Places) {
        places.metrics().count_limit_reached();
        if newcomer.is_none() {
            places.metrics().count_turned_away();
        }
        *if newcomer.is_some() { &mut self.closed } else { &mut self.turned_away } += 1;
        if !self.full.is_due() {
            return;
        }
        let (connections, waiting) = places.count();
        tracing::warn!(
            connections,
            waiting,
            given_to_newcomers = mem::take(&mut self.closed),
            turned_away = mem::take(&mut self.turned_away),
            "all connections are taken; those that wait longest for their client are closed for new ones"
        );
    }

    /// Reports that the system did not let the server accept a connection.
    pub(super) fn failed(&mut self, error: &io::Error, places: &Places) {
        places.metrics().count_error(error);
        self.errors += 1;
        if !self.failed.is_due() {
            return;
        }
        let (connections, waiting) = places.count();
        tracing::warn!(
            %error,
            errors = mem::take(&mut self.errors),
            connections,
            waiting,
            "cannot accept connections; the server tries again every 100 milliseconds"
        );
    }
}

#[derive(Default)]
struct Kind {
    last: Option<Instant>,
}

impl Kind {
    fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let is_due = self.last.is_none_or(|last| now.duration_since(last) >= QUIET);
        if is_due {
            self.last = Some(now);
        }
        is_due
    }
}
