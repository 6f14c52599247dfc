//! The request that a proxy asks about: its method, its address and its headers.
//!
//! A proxy says the method and the address in headers (`X-Forwarded-…`), which count only from the addresses of the
//! proxies that the configuration names. It knows nothing of tokens and policies.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header, request::Parts, uri::PathAndQuery},
};
use ipnet::IpNet;

const METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The addresses of the proxies whose headers count.
#[derive(Clone, Debug)]
pub(super) struct Proxies(Vec<IpNet>);

/// How the proxy names the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// In headers, as nginx, Caddy, Traefik and `HAProxy` do.
    Headers,
    /// By its own method, and its own path after `/verify`, as Envoy does.
    Path,
}

/// The request that the proxy asks about.
#[derive(Debug)]
pub(super) struct Forwarded {
    /// Its method, address and headers.
    pub(super) request: Parts,
    scheme: Option<String>,
    host: Option<String>,
}

/// Why it is not known what a proxy asks about. For the log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unclear {
    #[error("{0} is not among trusted_proxies, so its X-Forwarded headers do not count; add it to [forward_auth]")]
    Stranger(IpAddr),
    #[error("the address of the proxy is unknown, so its X-Forwarded headers do not count")]
    Nobody,
    #[error("the proxy must send one {0} header, with the value of the client's request; see proxies/README.md")]
    Header(HeaderName),
    #[error("apps may read the request in different ways")]
    Request,
}

impl Proxies {
    pub(super) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Returns the request that a proxy asks about.
    ///
    /// A method that is missing would be that of the proxy's own request, a GET, which needs no CSRF value. So nothing
    /// is assumed.
    pub(super) fn forwarded(&self, mut parts: Parts, naming: Naming) -> Result<Forwarded, Unclear> {
        let headers = &parts.headers;
        let known = self.check(&parts);
        if naming == Naming::Headers {
            known?;
            let method = one(headers, &METHOD).ok_or(Unclear::Header(METHOD))?;
            let uri = one(headers, &URI).ok_or(Unclear::Header(URI))?;
            (parts.method, parts.uri) = (method_of(method.as_bytes())?, address_of(uri.as_bytes())?);
            // The own host of the question is that of this server.
            match one(&parts.headers, &HOST).cloned() {
                Some(host) => drop(parts.headers.insert(header::HOST, host)),
                None => drop(parts.headers.remove(header::HOST)),
            }
        } else {
            let path = parts.uri.path_and_query().map_or("", PathAndQuery::as_str);
            let uri = address_of(path.strip_prefix("/verify").unwrap_or_default().as_bytes())?;
            (parts.method, parts.uri) = (method_of(parts.method.as_str().as_bytes())?, uri);
            if known.is_err() {
                return Ok(Forwarded { request: parts, scheme: None, host: None });
            }
        }
        let text = |name| one(&parts.headers, name).and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let (scheme, host) = (text(&PROTO), text(&header::HOST));
        Ok(Forwarded { request: parts, scheme, host })
    }

    /// Returns whether the headers of this peer count.
    pub(super) fn trust(&self, peer: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&peer))
    }

    /// Checks that the peer is one of the proxies.
    fn check(&self, parts: &Parts) -> Result<(), Unclear> {
        let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
            return Err(Unclear::Nobody);
        };
        let peer = peer.ip().to_canonical();
        if self.trust(peer) { Ok(()) } else { Err(Unclear::Stranger(peer)) }
    }
}

impl Forwarded {
    /// Returns the scheme, the host, and the path with the query of the client's request, if the proxy says them all.
    pub(super) fn address(&self) -> Option<(&str, &str, &str)> {
        let path = self.request.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        Some((self.scheme.as_deref()?, self.host.as_deref()?, path))
    }
}

/// Returns the only value of a header.
fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Reads a method. Some apps take `post` for POST, and policies and CSRF rules do not.
fn method_of(bytes: &[u8]) -> Result<Method, Unclear> {
    let is_usual = !bytes.iter().any(u8::is_ascii_lowercase);
    is_usual.then(|| Method::from_bytes(bytes).ok()).flatten().ok_or(Unclear::Request)
}

/// Reads a path with its query. Nothing of it is left out, such as a fragment: the app gets the whole.
fn address_of(bytes: &[u8]) -> Result<Uri, Unclear> {
    let address = PathAndQuery::try_from(bytes).ok();
    let address = address.filter(|address| bytes.starts_with(b"/") && address.as_str().as_bytes() == bytes);
    address.map(Into::into).ok_or(Unclear::Request)
}
