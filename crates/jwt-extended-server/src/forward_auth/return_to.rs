//! Addresses to return to after a login: only those of the app's own origins.

use axum::http::HeaderValue;
use url::Url;

use crate::Origin;

/// An address to which a browser may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReturnAddress(Url);

impl ReturnAddress {
    /// Reads an address. `None` unless it has one of these origins, and is written as browsers write it: everything
    /// else may be read differently by the browser that follows it.
    pub(crate) fn parse(text: &str, origins: &[Origin]) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let own = url.origin().ascii_serialization();
        let is_own = origins.iter().any(|origin| origin.as_str() == own);
        // The origin of a blob: address is that of the page that made it.
        let is_web = matches!(url.scheme(), "http" | "https");
        let is_plain = is_web && url.username().is_empty() && url.password().is_none();
        // An origin alone is also written without the slash.
        let is_canonical = url.as_str() == text || (url.path() == "/" && url.as_str().strip_suffix('/') == Some(text));
        (is_own && is_plain && is_canonical).then_some(Self(url))
    }

    /// Returns the address of a request that a proxy forwards, in the form that [`parse`](Self::parse) reads.
    pub(super) fn of_request(scheme: &str, host: &str, path_and_query: &str, origins: &[Origin]) -> Option<Self> {
        let url = Url::parse(&format!("{scheme}://{host}{path_and_query}")).ok()?;
        Self::parse(url.as_str(), origins)
    }

    /// Returns the value of a `Location` header.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(self.0.as_str()).ok()
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<ReturnAddress> {
        ReturnAddress::parse(text, &["https://app.example".parse().unwrap(), "http://localhost:3000".parse().unwrap()])
    }

    #[test]
    fn an_address_of_a_named_origin_is_followed() {
        for text in [
            "https://app.example",
            "https://app.example/",
            "https://app.example/a/b?c=d&e=https://evil.example#f",
            "https://app.example//evil.example",
            "https://app.example/%0d%0aSet-Cookie:a=b",
            "http://localhost:3000/a",
        ] {
            assert_eq!(parse(text).unwrap().as_str().trim_end_matches('/'), text.trim_end_matches('/'));
        }
    }

    #[test]
    fn no_hostile_address_is_followed() {
        for text in [
            "",
            "/",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:evil.example",
            "https:/evil.example",
            "https:///evil.example",
            "https:\\\\evil.example",
            "https://evil.example",
            "https://app.example.evil.example",
            "https://app.exampleevil",
            "https://evil.example/https://app.example",
            "https://evil.example?https://app.example",
            "https://evil.example#https://app.example",
            "https://app.example@evil.example",
            "https://app.example:pass@evil.example",
            "https://user@app.example/",
            "https://app.example:8443/",
            "https://app.example:443/",
            "http://app.example/",
            "HTTPS://app.example/",
            "https://APP.example/",
            "https://app.example\\@evil.example",
            "https://app.example\\.evil.example",
            "https://app.example%2f@evil.example",
            "https://app.example/..//evil.example/\t",
            " https://app.example/",
            "https://app.example/\n",
            "https://app.example/\r\nSet-Cookie: a=b",
            "ht\ntps://app.example/",
            "https://app.example/\u{e4}",
            "https://app.ex\u{e4}mple/",
            "https://\u{ff41}pp.example/",
            "https://app\u{3002}example/",
            "https://app.example./",
            "javascript:alert(1)",
            "javascript://app.example/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "blob:https://app.example/x",
            "null",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_address_of_a_request_needs_a_named_origin() {
        let origins = ["https://app.example".parse().unwrap()];
        let of = |scheme, host, rest| ReturnAddress::of_request(scheme, host, rest, &origins);
        assert_eq!(of("https", "app.example", "/a b?c").unwrap().as_str(), "https://app.example/a%20b?c");
        assert_eq!(of("https", "APP.example:443", "/").unwrap().as_str(), "https://app.example/");
        for (scheme, host) in
            [("http", "app.example"), ("https", "evil.example"), ("https", "app.example@evil.example")]
        {
            assert_eq!(of(scheme, host, "/"), None, "{scheme} {host}");
        }
        assert_eq!(of("https", "app.example", "@evil.example/"), None);
        assert_eq!(of("javascript", "app.example", "/"), None);
    }
}
