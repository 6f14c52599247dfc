//! Asks sentinels which server is the master now.

use redis::{
    AsyncConnectionConfig, ConnectionAddr, ProtocolVersion, RedisConnectionInfo, RedisError,
    aio::MultiplexedConnection,
    io::tcp::TcpSettings,
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};

use crate::url::Tls;

/// The sentinels of a service, and how to log in to its master.
pub(crate) struct Sentinels {
    pub(crate) addresses: Vec<ConnectionAddr>,
    pub(crate) login: RedisConnectionInfo,
    pub(crate) service: String,
    pub(crate) redis: RedisConnectionInfo,
    #[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "it is always `None`"))]
    pub(crate) tls: Option<Tls>,
    pub(crate) tcp: TcpSettings,
}

impl Sentinels {
    /// Connects to the master. All sentinels are asked at once, each on a new connection: an old one may be dead.
    pub(crate) async fn connect(&self, config: &AsyncConnectionConfig) -> Result<MultiplexedConnection, RedisError> {
        self.client()?.get_async_connection_with_config(config).await
    }

    pub(crate) fn client(&self) -> Result<SentinelClient, RedisError> {
        let addresses = self.addresses.iter().cloned();
        let mut builder = SentinelClientBuilder::new(addresses, &self.service, SentinelServerType::Master)?
            .set_client_to_redis_protocol(ProtocolVersion::RESP3)
            .set_client_to_redis_db(self.redis.db())
            .set_client_to_redis_tcp_settings(self.tcp.clone())
            .set_client_to_sentinel_tcp_settings(self.tcp.clone());
        if let Some(user) = self.redis.username() {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = self.redis.password() {
            builder = builder.set_client_to_redis_password(password);
        }
        if let Some(user) = self.login.username() {
            builder = builder.set_client_to_sentinel_username(user);
        }
        if let Some(password) = self.login.password() {
            builder = builder.set_client_to_sentinel_password(password);
        }
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let certificates = redis::TlsCertificates::from(tls.clone());
            builder = builder
                .set_client_to_redis_tls_mode(redis::TlsMode::Secure)
                .set_client_to_sentinel_certificates(certificates.clone())
                .set_client_to_redis_certificates(certificates);
        }
        builder.build()
    }
}
