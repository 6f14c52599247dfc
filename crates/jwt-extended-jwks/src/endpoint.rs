//! [`Endpoint`]: an address that keys may be fetched from. Whatever holds one has passed the rules for addresses.
//!
//! Knows URLs, and not what is fetched from them.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::{Uri, uri::Authority};

/// Why a URL cannot be fetched from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It is no absolute URL.
    #[error("it is not a URL; write it as https://host/path, with a host in ASCII")]
    Malformed,
    /// Its scheme is neither https nor, where that is allowed, http on this computer.
    #[error("it must begin with https://; http:// is only for this computer, with `allow_loopback_http`")]
    NotHttps,
    /// It has a user name or a password, which would end up in logs.
    #[error("it has a user name or password; remove it, because published keys need none")]
    UserInfo,
    /// It has a fragment, which is never sent to a server.
    #[error("it has a fragment; remove the `#` and what follows it")]
    Fragment,
    /// The name of an issuer has a query (RFC 8414 section 2).
    #[error("the name of an issuer has no query; remove the `?` and what follows it")]
    Query,
}

/// Which schemes are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schemes {
    Https,
    /// And plain http to hosts that are this computer.
    LoopbackHttp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    uri: Uri,
    /// It without the query, for errors and logs: some queries hold an API key.
    shown: String,
}

impl Endpoint {
    /// Returns whether it is plain HTTP, which only this computer may be.
    pub(crate) fn is_plain(&self) -> bool {
        self.uri.scheme_str() == Some("http")
    }

    pub(crate) fn parse(url: &str, schemes: Schemes) -> Result<Self, UrlError> {
        // `Uri` drops a fragment without a word.
        if url.contains('#') {
            return Err(UrlError::Fragment);
        }
        let uri: Uri = url.parse().map_err(|_| UrlError::Malformed)?;
        let authority = uri.authority().ok_or(UrlError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(UrlError::UserInfo);
        }
        if !has_host_and_port(authority) {
            return Err(UrlError::Malformed);
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if schemes == Schemes::LoopbackHttp && is_loopback(authority.host()) => {}
            _ => return Err(UrlError::NotHttps),
        }
        let shown = format!("{}://{authority}{}", uri.scheme_str().unwrap_or_default(), uri.path());
        Ok(Self { uri, shown })
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(crate) fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }
}

/// Whether there is a host, and nothing or a port behind it. `Uri` accepts ports that are no numbers, and the client
/// would use the default one instead.
fn has_host_and_port(authority: &Authority) -> bool {
    let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
    !authority.host().is_empty()
        && (port.is_empty() || port.strip_prefix(':').is_some_and(|number| number.parse::<u16>().is_ok()))
}

fn is_loopback(host: &str) -> bool {
    let six = || host.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || six().is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> Option<UrlError> {
        Endpoint::parse(url, Schemes::Https).err()
    }

    #[test]
    fn only_https_is_fetched() {
        for url in ["https://idp.example/jwks.json?v=1", "HTTPS://Idp.Example", "https://[::1]:8443/", "https://a:1"] {
            assert_eq!(refusal(url), None, "{url}");
        }
        for url in [
            "http://idp.example/",
            "ftp://idp.example/keys",
            "ldap://idp.example/",
            "idp.example",
            "file://host/etc/passwd",
        ] {
            assert_eq!(refusal(url), Some(UrlError::NotHttps), "{url}");
        }
    }

    #[test]
    fn a_text_that_is_no_url_is_refused() {
        let no_host = ["", "/etc/passwd", "file:///etc/passwd", "https://", "https:///x", "data:x,{}"];
        let odd =
            ["https://idp.example:99999/", "https://idp.example:/", "https://idp example/", "https://\u{fc}.example"];
        for url in no_host.iter().chain(&odd) {
            assert_eq!(refusal(url), Some(UrlError::Malformed), "{url}");
        }
    }

    #[test]
    fn user_names_and_fragments_are_refused() {
        for url in ["https://user@idp.example/", "https://user:password@idp.example/", "https://@idp.example/"] {
            assert_eq!(refusal(url), Some(UrlError::UserInfo), "{url}");
        }
        assert_eq!(refusal("https://idp.example/jwks#keys"), Some(UrlError::Fragment));
    }

    #[test]
    fn plain_http_is_for_this_computer_if_allowed() {
        let refusal = |url| Endpoint::parse(url, Schemes::LoopbackHttp).err();
        for url in ["http://localhost:5000/", "http://127.0.0.1/", "http://127.8.8.8:1/", "http://[::1]:80/jwks"] {
            assert_eq!(refusal(url), None, "{url}");
            assert_eq!(Endpoint::parse(url, Schemes::Https).err(), Some(UrlError::NotHttps), "{url}");
        }
        for url in ["http://10.0.0.1/", "http://localhost.example/", "http://127.0.0.1.example/", "http://[::2]/"] {
            assert_eq!(refusal(url), Some(UrlError::NotHttps), "{url}");
        }
    }

    #[test]
    fn logs_show_no_query() {
        let endpoint = Endpoint::parse("https://idp.example/jwks?key=secret", Schemes::Https).unwrap();
        assert_eq!(endpoint.shown(), "https://idp.example/jwks");
    }
}
