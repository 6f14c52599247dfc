//! Sets up a [`RemoteKeys`]: checks the address and the options. It fetches nothing.

use std::{fmt, sync::Arc};

use jwt_extended::{Clock, SystemClock, jose::Algorithms};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::{
    RemoteKeys, UrlError,
    client::{Client, ProxyChoice, Roots},
    discovery::Issuer,
    endpoint::{Endpoint, Schemes},
    fetch::{Origin, Plan},
    renewal::Renewal,
};

/// Sets up a [`RemoteKeys`].
pub struct RemoteKeysBuilder {
    address: Address,
    algorithms: Algorithms,
    schemes: Schemes,
    roots: Option<Vec<u8>>,
    proxy: ProxyChoice,
    clock: Box<dyn Clock>,
}

pub(crate) enum Address {
    KeySet(String),
    Issuer(String),
}

/// Why a [`RemoteKeys`] could not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL or the issuer's name cannot be used. The reason does not quote it, because it may hold a password.
    #[error("the address of the keys cannot be used: {0}")]
    Url(#[from] UrlError),
    /// No accepted algorithm has public keys.
    #[error("no accepted algorithm has a public key; name those that the issuer signs with, such as RS256")]
    NoAlgorithms,
    /// The root certificates cannot be read.
    #[error("the root certificates cannot be read; give one or more CERTIFICATE blocks in PEM")]
    Certificates,
}

impl RemoteKeysBuilder {
    pub(crate) fn new(address: Address) -> Self {
        Self {
            address,
            algorithms: Algorithms::ASYMMETRIC,
            schemes: Schemes::Https,
            roots: None,
            proxy: ProxyChoice::None,
            clock: Box::new(SystemClock),
        }
    }

    /// Sets the algorithms that keys may be for; the default is all with public keys. Name those that the issuer uses.
    pub fn algorithms(mut self, algorithms: impl Into<Algorithms>) -> Self {
        self.algorithms = algorithms.into();
        self
    }

    /// Allows `http://` for hosts that are this computer: `localhost`, `127.0.0.0/8` and `[::1]`. It is for development
    /// and for a proxy that runs beside the app.
    pub fn allow_loopback_http(mut self) -> Self {
        self.schemes = Schemes::LoopbackHttp;
        self
    }

    /// Trusts the authorities in this PEM text, and not those that the system trusts: for a private authority.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = Some(pem.into());
        self
    }

    /// Connects through the proxy that the environment names (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`). Without this,
    /// the environment does not matter.
    pub fn use_environment_proxy(mut self) -> Self {
        self.proxy = ProxyChoice::Environment;
        self
    }

    /// Sets the clock; the default is the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Returns the source. It fetches when it is first needed, or at [`RemoteKeys::ready`].
    ///
    /// # Errors
    /// If an option is invalid.
    pub fn build(self) -> Result<RemoteKeys, BuildError> {
        let origin = match &self.address {
            Address::KeySet(url) => Origin::KeySet(Endpoint::parse(url, self.schemes)?),
            Address::Issuer(name) => Origin::Issuer(Box::new(Issuer::parse(name, self.schemes)?)),
        };
        if !self.algorithms.iter().any(|algorithm| Algorithms::ASYMMETRIC.contains(algorithm)) {
            return Err(BuildError::NoAlgorithms);
        }
        let roots = self.roots.as_deref().map_or(Ok(Roots::System), |pem| read_roots(pem).map(Roots::These))?;
        let client = Client { roots, proxy: self.proxy };
        let plan = Plan { origin, algorithms: self.algorithms, client };
        Ok(RemoteKeys { renewal: Arc::new(Renewal::new(plan, self.clock)) })
    }
}

impl fmt::Debug for RemoteKeysBuilder {
    /// Leaves out the address, because it is not checked yet and may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RemoteKeysBuilder");
        shown.field("algorithms", &self.algorithms).field("schemes", &self.schemes).finish_non_exhaustive()
    }
}

fn read_roots(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| BuildError::Certificates)?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone()).map_err(|_| BuildError::Certificates)?;
    }
    if certificates.is_empty() { Err(BuildError::Certificates) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use jwt_extended::jose::Algorithm;

    use super::*;

    #[test]
    fn mistakes_are_found_before_anything_is_fetched() {
        let https = || RemoteKeys::jwk_set("https://idp.example/jwks.json");
        assert!(https().build().is_ok());
        let plain = RemoteKeys::jwk_set("http://127.0.0.1/jwks.json");
        assert_eq!(plain.build().unwrap_err(), BuildError::Url(UrlError::NotHttps));
        assert!(RemoteKeys::jwk_set("http://127.0.0.1/jwks.json").allow_loopback_http().build().is_ok());
        let query = RemoteKeys::discover("https://idp.example/?a");
        assert_eq!(query.build().unwrap_err(), BuildError::Url(UrlError::Query));
        assert_eq!(https().algorithms([Algorithm::HS256]).build().unwrap_err(), BuildError::NoAlgorithms);
        for pem in ["", "text", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert_eq!(https().root_certificates(pem).build().unwrap_err(), BuildError::Certificates, "{pem}");
        }
    }

    #[test]
    fn nothing_shows_what_an_address_may_hide() {
        let builder = RemoteKeys::jwk_set("https://user:secret@idp.example/?key=secret");
        let shown = format!("{builder:?}");
        assert!(shown.starts_with("RemoteKeysBuilder { algorithms: ") && !shown.contains("secret"), "{shown}");
        assert!(!builder.build().unwrap_err().to_string().contains("secret"));
        let keys = RemoteKeys::jwk_set("https://idp.example/jwks?key=secret").build().unwrap();
        assert_eq!(format!("{keys:?}"), r#"RemoteKeys { url: "https://idp.example/jwks", keys: 0, .. }"#);
    }
}
