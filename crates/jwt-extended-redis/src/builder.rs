//! Sets up a store: reads the URLs, checks the options and creates the client. It opens no connection.

use std::{fmt, time::Duration};

use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion, RedisConnectionInfo, RedisError,
    io::tcp::TcpSettings,
};

#[cfg(feature = "sentinel")]
use crate::sentinels::Sentinels;
use crate::{
    RedisStore,
    connection::{Connection, Target, Unavailable},
    url::{Place, RedisUrl, Tls},
};

/// Sets up a [`RedisStore`].
pub struct RedisStoreBuilder {
    urls: Urls,
    prefix: String,
    timeout: Duration,
}

pub(crate) enum Urls {
    Server(String),
    #[cfg(feature = "cluster")]
    Cluster(Vec<String>),
}

/// Why a store could not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL cannot be used. The reason does not quote the URL, which may hold a password.
    #[error("the Redis URL is not valid: {0}; it must look like redis://user:password@host:6379/0")]
    Url(String),
    /// The URL asks for TLS, which needs the feature `tls`.
    #[error("the Redis URL asks for TLS; switch on the feature `tls` of jwt-extended-redis")]
    NoTls,
    /// The URL names sentinels, which need the feature `sentinel`.
    #[error("the Redis URL names sentinels; switch on the feature `sentinel` of jwt-extended-redis")]
    NoSentinel,
    /// The prefix contains a brace, which would break the hash tags of a cluster.
    #[error("the prefix {0:?} contains a brace; leave it out, because braces in keys have a meaning in Redis Cluster")]
    Prefix(String),
    /// The time limit is zero, so every call would fail.
    #[error("the timeout is zero; give Redis some time to answer")]
    Timeout,
    /// A denylist was asked for, and the store is on a cluster.
    #[error("a Redis Cluster has no feed for a denylist; use one server, Sentinel, or a staleness of zero")]
    NoFeed,
    /// Redis did not answer, or refused the connection.
    #[error("cannot connect to Redis: {0}")]
    Unavailable(String),
}

impl RedisStoreBuilder {
    pub(crate) fn new(urls: Urls) -> Self {
        Self { urls, prefix: "jwt".to_owned(), timeout: Duration::from_secs(1) }
    }

    /// Sets the prefix of all keys; the default is `jwt`. Apps that share a Redis server need different ones.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long a call may take, including connecting; the default is a second.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Connects, and returns the store once Redis has answered.
    ///
    /// # Errors
    /// If an option is invalid, or Redis does not answer or refuses the login.
    pub async fn connect(self) -> Result<RedisStore, ConnectError> {
        let store = self.connect_lazily()?;
        store.ping().await.map_err(|Unavailable(why)| ConnectError::Unavailable(why))?;
        Ok(store)
    }

    /// Returns a store that connects at its first call, so that an app can start while Redis is down. Every call is an
    /// error until Redis answers.
    ///
    /// # Errors
    /// If an option is invalid.
    pub fn connect_lazily(self) -> Result<RedisStore, ConnectError> {
        if self.prefix.contains(['{', '}']) {
            return Err(ConnectError::Prefix(self.prefix));
        }
        if self.timeout.is_zero() {
            return Err(ConnectError::Timeout);
        }
        let target = match &self.urls {
            Urls::Server(url) => self.server(url)?,
            #[cfg(feature = "cluster")]
            Urls::Cluster(urls) => self.cluster(urls)?,
        };
        Ok(RedisStore::new(self.prefix, Connection::new(target, self.timeout)))
    }

    fn server(&self, url: &str) -> Result<Target, ConnectError> {
        let RedisUrl { place, redis, tls } = self.read(url)?;
        match place {
            Place::Server(address) => Ok(Target::Server(Box::new(self.client(address, &redis, tls)?))),
            #[cfg(feature = "sentinel")]
            Place::Sentinels { addresses, login, service } => {
                let sentinels = Sentinels { addresses, login, service, redis, tls, tcp: self.tcp() };
                // Finds mistakes in the certificates.
                sentinels.client().map_err(unreadable)?;
                Ok(Target::Sentinels(Box::new(sentinels)))
            }
            #[cfg(not(feature = "sentinel"))]
            Place::Sentinels { .. } => Err(ConnectError::NoSentinel),
        }
    }

    #[cfg_attr(not(feature = "tls"), expect(clippy::needless_pass_by_value, reason = "with TLS, it is used up"))]
    fn client(
        &self,
        address: ConnectionAddr,
        redis: &RedisConnectionInfo,
        tls: Option<Tls>,
    ) -> Result<Client, ConnectError> {
        let info = self.info(address, redis)?;
        match tls {
            #[cfg(feature = "tls")]
            Some(tls) => Client::build_with_tls(info, tls.into()).map_err(unreadable),
            _ => Client::open(info).map_err(unreadable),
        }
    }

    fn info(&self, address: ConnectionAddr, redis: &RedisConnectionInfo) -> Result<ConnectionInfo, ConnectError> {
        // With RESP3 the client notices a closed connection before it sends anything on it.
        let redis = redis.clone().set_protocol(ProtocolVersion::RESP3);
        let info = address.into_connection_info().map_err(unreadable)?;
        Ok(info.set_redis_settings(redis).set_tcp_settings(self.tcp()))
    }

    #[cfg(feature = "cluster")]
    fn cluster(&self, urls: &[String]) -> Result<Target, ConnectError> {
        let (mut infos, mut certificates) = (Vec::new(), None);
        for url in urls {
            let RedisUrl { place, redis, tls } = self.read(url)?;
            let Place::Server(address) = place else {
                return Err(ConnectError::Url("a cluster has no sentinels".to_owned()));
            };
            infos.push(self.info(address, &redis)?);
            certificates = certificates.or(tls);
        }
        // The client repeats a command if the connection to its node was lost. Every step tolerates that: a rotation
        // that is done twice answers with the same successor.
        let builder = redis::cluster::ClusterClientBuilder::new(infos)
            .use_protocol(ProtocolVersion::RESP3)
            .tcp_settings(self.tcp())
            .connection_timeout(self.timeout)
            .response_timeout(self.timeout)
            .overall_response_timeout(None)
            .min_retry_wait(5)
            .max_retry_wait(100);
        #[cfg(feature = "tls")]
        let builder = match certificates {
            Some(tls) => builder.certs(tls.into()),
            None => builder,
        };
        Ok(Target::Cluster(Box::new(builder.build().map_err(unreadable)?)))
    }

    #[expect(clippy::unused_self, reason = "it is a step of the builder")]
    fn read(&self, url: &str) -> Result<RedisUrl, ConnectError> {
        let url = RedisUrl::read(url)?;
        if url.tls.is_some() {
            #[cfg(feature = "tls")]
            choose_cryptography();
            #[cfg(not(feature = "tls"))]
            return Err(ConnectError::NoTls);
        }
        Ok(url)
    }

    fn tcp(&self) -> TcpSettings {
        let settings = TcpSettings::default().set_nodelay(true);
        // A server that vanishes without closing its connections is given up after the same time as a call.
        #[cfg(target_os = "linux")]
        let settings = settings.set_user_timeout(self.timeout);
        settings
    }
}

impl fmt::Debug for RedisStoreBuilder {
    /// Leaves out the URLs, because they contain passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { urls: _, prefix, timeout } = self;
        f.debug_struct("RedisStoreBuilder").field("prefix", prefix).field("timeout", timeout).finish_non_exhaustive()
    }
}

/// The error of a client that rejects what the URL says. Its own text may quote the URL.
#[expect(clippy::needless_pass_by_value, reason = "it is passed to `map_err`")]
fn unreadable(error: RedisError) -> ConnectError {
    ConnectError::Url(format!("the client rejects it ({})", error.category()))
}

#[cfg(feature = "tls")]
impl From<Tls> for redis::TlsCertificates {
    fn from(tls: Tls) -> Self {
        let client_tls = tls.client.map(|(client_cert, client_key)| redis::ClientTlsConfig { client_cert, client_key });
        Self { client_tls, root_cert: tls.authorities }
    }
}

/// Chooses aws-lc-rs for the process, because rustls panics without a provider. If the app has chosen one, that one
/// stays.
#[cfg(feature = "tls")]
fn choose_cryptography() {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}
