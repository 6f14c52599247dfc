//! One GET over HTTPS, bounded in time and in size.
//!
//! Knows HTTP and TLS, and nothing of keys.

use std::{
    io::{self, ErrorKind},
    sync::Arc,
    time::{Duration, Instant},
};

use http::StatusCode;
use rustls::{
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::CertificateDer,
};
use ureq::{
    Agent, Error, Proxy,
    tls::{Certificate, RootCerts, TlsConfig},
};

use crate::{FetchFailure, endpoint::Endpoint, lifetime::lifetime};

/// The most that a document may have, in bytes. Sets of providers have some kilobytes.
const LONGEST: u64 = 512 * 1024;

/// Whose certificates are trusted.
#[derive(Clone, Debug)]
pub(crate) enum Roots {
    /// Those of the authorities that the system trusts.
    System,
    /// Those of these authorities alone.
    These(Vec<CertificateDer<'static>>),
}

/// Which proxy is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ProxyChoice {
    None,
    /// The one that the environment names (`HTTPS_PROXY`, `NO_PROXY` and the like).
    Environment,
}

/// How to connect.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) roots: Roots,
    pub(crate) proxy: ProxyChoice,
}

/// An answer with status 200.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    /// How long it may be used.
    pub(crate) lifetime: Duration,
}

impl Client {
    /// Fetches a document until the deadline.
    ///
    /// Each call has a connection of its own: there is one in a minute at most, and none is left for a process that
    /// forks. The system's certificates are read each time, so that an update of them needs no restart.
    pub(crate) fn get(&self, endpoint: &Endpoint, deadline: Instant) -> Result<Answer, FetchFailure> {
        let agent = self.agent(endpoint)?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(FetchFailure::Timeout);
        }
        let request = agent.get(endpoint.uri().clone()).config().timeout_global(Some(left)).build();
        let mut response = request.call().map_err(failure)?;
        let status = response.status();
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            return Err(FetchFailure::Redirect { status: status.as_u16() });
        }
        if status != StatusCode::OK {
            return Err(FetchFailure::Status { status: status.as_u16() });
        }
        if response.body().content_length().is_some_and(|length| length > LONGEST) {
            return Err(FetchFailure::TooLarge);
        }
        // The client fails when it has read as much as its limit, even if that was all.
        let body = response.body_mut().with_config().limit(LONGEST + 1).read_to_vec().map_err(failure)?;
        let text = String::from_utf8(body).map_err(|_| FetchFailure::NotText)?;
        Ok(Answer { text, lifetime: lifetime(response.headers()) })
    }

    fn agent(&self, endpoint: &Endpoint) -> Result<Agent, FetchFailure> {
        let roots = if endpoint.is_https() { self.trusted()? } else { Vec::new() };
        let roots: Vec<_> = roots.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        let provider = CryptoProvider::get_default().cloned();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::from(roots))
            .unversioned_rustls_crypto_provider(provider.unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider())));
        let proxy = match self.proxy {
            ProxyChoice::None => None,
            ProxyChoice::Environment => Proxy::try_from_env(),
        };
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .proxy(proxy)
            .https_only(endpoint.is_https())
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("jwt-extended-jwks/", env!("CARGO_PKG_VERSION")))
            .accept("application/jwk-set+json, application/json");
        Ok(config.build().into())
    }

    fn trusted(&self) -> Result<Vec<CertificateDer<'static>>, FetchFailure> {
        match &self.roots {
            Roots::These(certificates) => Ok(certificates.clone()),
            Roots::System => {
                // Files that cannot be read do not affect the others.
                let found = rustls_native_certs::load_native_certs().certs;
                if found.is_empty() { Err(FetchFailure::NoRoots) } else { Ok(found) }
            }
        }
    }
}

fn failure(error: Error) -> FetchFailure {
    match error {
        Error::Timeout(_) => FetchFailure::Timeout,
        Error::BodyExceedsLimit(_) => FetchFailure::TooLarge,
        Error::LargeResponseHeader(..) => FetchFailure::NotHttp("its headers are too long".to_owned()),
        Error::Protocol(why) => FetchFailure::NotHttp(why.to_string()),
        Error::Rustls(why) => FetchFailure::Tls(why.to_string()),
        Error::Tls(why) => FetchFailure::Tls(why.to_owned()),
        Error::Io(why) => io_failure(&why),
        Error::HostNotFound => FetchFailure::Unreachable("the host is unknown".to_owned()),
        Error::ConnectProxyFailed(_) => FetchFailure::Unreachable("the proxy refuses".to_owned()),
        Error::InvalidProxyUrl => FetchFailure::Unreachable("the proxy's URL is invalid".to_owned()),
        Error::ConnectionFailed => FetchFailure::Unreachable("no address accepts connections".to_owned()),
        _ => FetchFailure::Crashed,
    }
}

fn io_failure(error: &io::Error) -> FetchFailure {
    if let Some(why) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return FetchFailure::Tls(why.to_string());
    }
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => FetchFailure::Timeout,
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => FetchFailure::CutOff,
        _ => FetchFailure::Unreachable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Schemes;

    #[test]
    fn nothing_is_fetched_after_the_deadline() {
        let client = Client { roots: Roots::System, proxy: ProxyChoice::None };
        // Nobody listens there, which would be another failure.
        let endpoint = Endpoint::parse("http://127.0.0.1:1/", Schemes::LoopbackHttp).unwrap();
        assert_eq!(client.get(&endpoint, Instant::now()).map(drop), Err(FetchFailure::Timeout));
    }

    #[test]
    fn an_error_of_the_client_says_what_has_failed() {
        let tls = rustls::Error::DecryptError;
        for (error, expected) in [
            (Error::LargeResponseHeader(9, 8), FetchFailure::NotHttp("its headers are too long".to_owned())),
            (Error::Tls("no certificate"), FetchFailure::Tls("no certificate".to_owned())),
            (Error::Rustls(tls.clone()), FetchFailure::Tls(tls.to_string())),
            (Error::HostNotFound, FetchFailure::Unreachable("the host is unknown".to_owned())),
            (Error::InvalidProxyUrl, FetchFailure::Unreachable("the proxy's URL is invalid".to_owned())),
            (Error::ConnectionFailed, FetchFailure::Unreachable("no address accepts connections".to_owned())),
            (Error::RedirectFailed, FetchFailure::Crashed),
            (Error::Io(ErrorKind::TimedOut.into()), FetchFailure::Timeout),
        ] {
            let shown = error.to_string();
            assert_eq!(failure(error), expected, "{shown}");
        }
    }
}
