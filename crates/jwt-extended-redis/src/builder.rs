//! How a store is set up: where Redis is, and the few options.

use std::{fmt, time::Duration};

use redis::{Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, io::tcp::TcpSettings};

use crate::{
    RedisStore,
    connection::{Connection, Target, Unavailable},
};

/// Sets up a [`RedisStore`].
pub struct RedisStoreBuilder {
    urls: Vec<String>,
    cluster: bool,
    prefix: String,
    timeout: Duration,
}

/// Why there is no store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is none.
    #[error(
        "the Redis URL cannot be read; write it like redis://user:password@host:6379/0, with special characters of the \
         password percent-encoded"
    )]
    Url,
    /// The URL asks for TLS, and this build has none.
    #[error("the Redis URL asks for TLS; switch on the feature `tls` of jwt-extended-redis")]
    NoTls,
    /// The prefix would break the hash tags of a cluster.
    #[error("the prefix {0:?} holds a brace; leave it out, because Redis Cluster reads braces in keys")]
    Prefix(String),
    /// No call would ever be in time.
    #[error("the timeout is zero; give Redis some time to answer")]
    Timeout,
    /// Redis did not answer, or refused.
    #[error("cannot connect to Redis: {0}")]
    Unavailable(String),
}

impl RedisStoreBuilder {
    pub(crate) fn new(urls: Vec<String>, cluster: bool) -> Self {
        Self { urls, cluster, prefix: "jwt".to_owned(), timeout: Duration::from_secs(1) }
    }

    /// What the names of all keys begin with; `jwt` unless it is set. Apps that share a Redis need one each.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long a call may take, connecting included; a second unless it is set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The store, once Redis has answered.
    ///
    /// # Errors
    /// If an option makes no sense, or Redis does not answer or lets nobody in.
    pub async fn connect(self) -> Result<RedisStore, ConnectError> {
        let store = self.connect_lazily()?;
        store.ping().await.map_err(|Unavailable(why)| ConnectError::Unavailable(why))?;
        Ok(store)
    }

    /// The store, whether Redis is there or not: it connects when it is first asked, and until Redis answers, every call
    /// is an error.
    ///
    /// # Errors
    /// If an option makes no sense.
    pub fn connect_lazily(self) -> Result<RedisStore, ConnectError> {
        if self.prefix.contains(['{', '}']) {
            return Err(ConnectError::Prefix(self.prefix));
        }
        if self.timeout.is_zero() {
            return Err(ConnectError::Timeout);
        }
        let infos = self.urls.iter().map(|url| self.read(url)).collect::<Result<Vec<_>, _>>()?;
        let target = if self.cluster { self.cluster(infos)? } else { server(infos)? };
        Ok(RedisStore::new(self.prefix, Connection::new(target, self.timeout)))
    }

    fn read(&self, url: &str) -> Result<ConnectionInfo, ConnectError> {
        if url.starts_with("rediss:") || url.starts_with("valkeys:") {
            prepare_tls()?;
        }
        let info = url.into_connection_info().map_err(|_| ConnectError::Url)?;
        // RESP3, because with it a connection that was closed is noticed before anything is sent on it.
        let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        Ok(info.set_redis_settings(redis).set_tcp_settings(self.tcp()))
    }

    fn tcp(&self) -> TcpSettings {
        let settings = TcpSettings::default().set_nodelay(true);
        // A node that has vanished without a word is given up as soon as a call is.
        #[cfg(target_os = "linux")]
        let settings = settings.set_user_timeout(self.timeout);
        settings
    }

    #[cfg(feature = "cluster")]
    fn cluster(&self, infos: Vec<ConnectionInfo>) -> Result<Target, ConnectError> {
        // The client sends a command again if its node was lost meanwhile. Every step bears that: a turn that is done twice
        // is repeated, which gives the same successor.
        let client = redis::cluster::ClusterClientBuilder::new(infos)
            .use_protocol(ProtocolVersion::RESP3)
            .tcp_settings(self.tcp())
            .connection_timeout(self.timeout)
            .response_timeout(self.timeout)
            .overall_response_timeout(None)
            .min_retry_wait(5)
            .max_retry_wait(100)
            .build()
            .map_err(|_| ConnectError::Url)?;
        Ok(Target::Cluster(Box::new(client)))
    }

    #[cfg(not(feature = "cluster"))]
    #[expect(clippy::unused_self, reason = "as with the feature `cluster`, without which no builder is of a cluster")]
    fn cluster(&self, infos: Vec<ConnectionInfo>) -> Result<Target, ConnectError> {
        server(infos)
    }
}

impl fmt::Debug for RedisStoreBuilder {
    /// Without the URLs, which hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { urls: _, cluster, prefix, timeout } = self;
        f.debug_struct("RedisStoreBuilder")
            .field("cluster", cluster)
            .field("prefix", prefix)
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}

fn server(infos: Vec<ConnectionInfo>) -> Result<Target, ConnectError> {
    let info = infos.into_iter().next().ok_or(ConnectError::Url)?;
    Client::open(info).map(Box::new).map(Target::Server).map_err(|_| ConnectError::Url)
}

/// The client takes its cryptography from the process, and panics if there is none: so there is one, unless the app has
/// chosen another.
#[cfg(feature = "tls")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature it is an error")]
fn prepare_tls() -> Result<(), ConnectError> {
    if rustls::crypto::CryptoProvider::get_default().is_none()
        && rustls::crypto::aws_lc_rs::default_provider().install_default().is_err()
    {
        tracing::debug!("the app has chosen its cryptography at this moment, which is as good");
    }
    Ok(())
}

#[cfg(not(feature = "tls"))]
fn prepare_tls() -> Result<(), ConnectError> {
    Err(ConnectError::NoTls)
}
