//! Discovery: where an issuer says which address its keys have (OIDC Discovery, RFC 8414).
//!
//! Knows the addresses and the members of a discovery document, and not how it is fetched.

use serde::Deserialize;

use crate::{
    FetchFailure, UrlError,
    endpoint::{Endpoint, Schemes},
};

/// An issuer, by the name that its tokens have in `iss`.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    name: String,
    schemes: Schemes,
    /// The address of the document by OIDC, and that by RFC 8414.
    pub(crate) documents: [Endpoint; 2],
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    pub(crate) fn parse(name: &str, schemes: Schemes) -> Result<Self, UrlError> {
        let named = Endpoint::parse(name, schemes)?;
        // An issuer elsewhere must not lead to services of this computer.
        let schemes = if named.is_plain() { schemes } else { Schemes::Https };
        if name.contains('?') {
            return Err(UrlError::Query);
        }
        // Neither standard repeats the slash that a name may end with.
        let openid = format!("{}/.well-known/openid-configuration", without_slash(name));
        let root = named.shown().strip_suffix(named.uri().path()).unwrap_or_default();
        let oauth = format!("{root}/.well-known/oauth-authorization-server{}", without_slash(named.uri().path()));
        let documents = [Endpoint::parse(&openid, schemes)?, Endpoint::parse(&oauth, schemes)?];
        Ok(Self { name: name.to_owned(), schemes, documents })
    }

    /// Reads a discovery document, and returns the address of the keys.
    pub(crate) fn keys_of(&self, document: &str) -> Result<Endpoint, FetchFailure> {
        let document: Document = serde_json::from_str(document).map_err(|_| FetchFailure::Discovery)?;
        // Otherwise one issuer could pass its keys off as those of another.
        if document.issuer != self.name {
            return Err(FetchFailure::OtherIssuer { named: document.issuer.chars().take(200).collect() });
        }
        Endpoint::parse(&document.jwks_uri, self.schemes).map_err(FetchFailure::JwksUri)
    }
}

fn without_slash(text: &str) -> &str {
    text.strip_suffix('/').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_where_the_standards_put_them() {
        for (name, openid, oauth) in [
            ("https://idp.example", "", ""),
            ("https://idp.example/", "", ""),
            ("https://idp.example:8443/realms/shop", "/realms/shop", "/realms/shop"),
            ("https://idp.example/tenant/", "/tenant", "/tenant"),
        ] {
            let root = if name.contains("8443") { "https://idp.example:8443" } else { "https://idp.example" };
            let documents = Issuer::parse(name, Schemes::Https).unwrap().documents;
            let shown: Vec<_> = documents.iter().map(Endpoint::shown).collect();
            let expected = [
                format!("{root}{openid}/.well-known/openid-configuration"),
                format!("{root}/.well-known/oauth-authorization-server{oauth}"),
            ];
            assert_eq!(shown, expected, "{name}");
        }
    }

    #[test]
    fn an_issuer_elsewhere_does_not_lead_to_this_computer() {
        let document = |name: &str| format!(r#"{{"issuer": "{name}", "jwks_uri": "http://127.0.0.1:9/keys"}}"#);
        let keys_of = |name: &str| Issuer::parse(name, Schemes::LoopbackHttp).unwrap().keys_of(&document(name));
        assert!(keys_of("http://127.0.0.1:8").is_ok());
        assert_eq!(keys_of("https://idp.example"), Err(FetchFailure::JwksUri(UrlError::NotHttps)));
    }

    #[test]
    fn an_issuer_has_no_query() {
        assert_eq!(Issuer::parse("https://idp.example/?a=b", Schemes::Https).unwrap_err(), UrlError::Query);
    }

    fn keys_of(document: &str) -> Result<String, FetchFailure> {
        let issuer = Issuer::parse("https://idp.example/", Schemes::Https).unwrap();
        issuer.keys_of(document).map(|endpoint| endpoint.shown().to_owned())
    }

    #[test]
    fn the_document_must_be_of_the_same_issuer() {
        let named = |issuer| format!(r#"{{"issuer": "{issuer}", "jwks_uri": "https://keys.example/a", "x": []}}"#);
        assert_eq!(keys_of(&named("https://idp.example/")).unwrap(), "https://keys.example/a");
        for other in ["https://idp.example", "https://idp.example/a", "HTTPS://idp.example/", ""] {
            assert_eq!(keys_of(&named(other)), Err(FetchFailure::OtherIssuer { named: other.to_owned() }));
        }
    }

    #[test]
    fn the_address_of_the_keys_meets_the_same_rules() {
        let at = |uri| keys_of(&format!(r#"{{"issuer": "https://idp.example/", "jwks_uri": "{uri}"}}"#)).unwrap_err();
        assert_eq!(at("http://idp.example/jwks"), FetchFailure::JwksUri(UrlError::NotHttps));
        assert_eq!(at("https://a:b@idp.example/jwks"), FetchFailure::JwksUri(UrlError::UserInfo));
        assert_eq!(at("/jwks"), FetchFailure::JwksUri(UrlError::Malformed));
    }

    #[test]
    fn a_document_without_its_members_is_refused() {
        let twice = r#"{"issuer": "https://idp.example/", "jwks_uri": "https://a/", "jwks_uri": "https://b/"}"#;
        let missing = r#"{"issuer": "https://idp.example/"}"#;
        for text in ["", "[]", "{}", "<html>", missing, twice, r#"{"issuer": 1, "jwks_uri": 2}"#] {
            assert_eq!(keys_of(text), Err(FetchFailure::Discovery), "{text}");
        }
    }
}
