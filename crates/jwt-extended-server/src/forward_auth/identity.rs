//! The headers that tell an app behind a proxy who it is.
//!
//! All of them are in every answer that lets a request pass, also without a value. So the proxy always replaces what a
//! client has sent under the same name.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use jwt_extended_axum::Token;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

/// What a header's value cannot hold, or what begins an encoded character. Everything above ASCII is encoded anyway.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');
/// The same in a list with commas. A scope may hold a comma (RFC 6749 section 3.3), and must not become two.
const ENCODED_IN_LIST: &AsciiSet = &ENCODED.add(b',');

/// Headers that mean something to proxies and apps.
const TAKEN: [HeaderName; 9] = [
    header::HOST,
    header::COOKIE,
    header::SET_COOKIE,
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::LOCATION,
    header::TRANSFER_ENCODING,
];

/// The names of the headers: the section `[forward_auth.headers]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HeaderNames {
    subject: String,
    issuer: String,
    session: String,
    scopes: String,
    token_id: String,
    /// The claims to send, each with its header.
    claims: BTreeMap<String, String>,
}

impl Default for HeaderNames {
    fn default() -> Self {
        Self {
            subject: "Remote-User".to_owned(),
            issuer: "Remote-Issuer".to_owned(),
            session: "Remote-Session".to_owned(),
            scopes: "Remote-Scopes".to_owned(),
            token_id: "Remote-Token-Id".to_owned(),
            claims: BTreeMap::new(),
        }
    }
}

/// A name that cannot be a header with a fact of a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("forward_auth.headers: \"{0}\" must be the name of a header, used once, that has no other meaning")]
pub struct HeaderNameError(String);

/// The headers, by checked names.
#[derive(Debug)]
pub(super) struct IdentityHeaders {
    names: Vec<(Fact, HeaderName)>,
}

#[derive(Debug)]
enum Fact {
    Subject,
    Issuer,
    Session,
    Scopes,
    TokenId,
    Claim(String),
}

impl IdentityHeaders {
    pub(super) fn new(names: HeaderNames) -> Result<Self, HeaderNameError> {
        let facts = [
            (Fact::Subject, names.subject),
            (Fact::Issuer, names.issuer),
            (Fact::Session, names.session),
            (Fact::Scopes, names.scopes),
            (Fact::TokenId, names.token_id),
        ];
        let claims = names.claims.into_iter().map(|(claim, name)| (Fact::Claim(claim), name));
        let mut used = HashSet::new();
        let names = facts.into_iter().chain(claims).map(|(fact, text)| {
            let name = text.parse::<HeaderName>().ok();
            // Behind CGI and WSGI, an underscore and a hyphen are the same.
            let name = name.filter(|name| !TAKEN.contains(name) && !name.as_str().contains('_'));
            let name = name.filter(|name| used.insert(name.clone()));
            name.map(|name| (fact, name)).ok_or(HeaderNameError(text))
        });
        Ok(Self { names: names.collect::<Result<_, _>>()? })
    }

    /// Returns every header, with the facts of a token. Without a token, the values are empty.
    pub(super) fn of(&self, token: Option<&Token>) -> HeaderMap {
        let empty = || HeaderValue::from_static("");
        let value = |fact: &Fact| token.and_then(|token| fact.of(token)).unwrap_or_else(empty);
        // Room for the other headers of the answer, too.
        let mut headers = HeaderMap::with_capacity(2 * self.names.len());
        for (fact, name) in &self.names {
            headers.insert(name.clone(), value(fact));
        }
        headers
    }
}

impl Fact {
    fn of(&self, token: &Token) -> Option<HeaderValue> {
        Some(match self {
            Self::Subject => encoded(token.subject()),
            Self::Issuer => encoded(token.issuer()?),
            Self::Session => encoded(token.session()?),
            Self::TokenId => encoded(token.jti()?),
            Self::Scopes => list(&token.scopes()),
            Self::Claim(name) => match token.claim::<Value>(name).ok().flatten()? {
                Value::Null => return None,
                Value::String(text) => encoded(&text),
                other => encoded(&other.to_string()),
            },
        })
    }
}

/// Returns texts as the value of a header, with commas between them.
fn list(texts: &[String]) -> HeaderValue {
    let texts: Vec<_> = texts.iter().map(|text| utf8_percent_encode(text, ENCODED_IN_LIST).to_string()).collect();
    // Encoded text is visible ASCII, which every header can hold.
    HeaderValue::from_str(&texts.join(",")).unwrap_or(HeaderValue::from_static(""))
}

/// Returns a text as the value of a header: percent-encoded, except for visible ASCII.
fn encoded(text: &str) -> HeaderValue {
    let encoded: Cow<'_, str> = utf8_percent_encode(text, ENCODED).into();
    // Encoded text is visible ASCII, which every header can hold.
    HeaderValue::from_str(&encoded).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_no_header_text_is_encoded() {
        for (text, expected) in [
            ("alice", "alice"),
            ("a@b.example", "a@b.example"),
            ("Jos\u{e9} 100%", "Jos%C3%A9%20100%25"),
            ("a\r\nRemote-User: root", "a%0D%0ARemote-User:%20root"),
            ("\0\u{7f}", "%00%7F"),
            ("", ""),
        ] {
            assert_eq!(encoded(text), expected);
        }
    }

    #[test]
    fn a_comma_in_a_scope_makes_no_other_scope() {
        let scopes = ["read", "a,admin", "50%"].map(str::to_owned);
        assert_eq!(list(&scopes), "read,a%2Cadmin,50%25");
        assert_eq!(list(&[]), "");
    }

    #[test]
    fn a_name_with_another_meaning_is_refused() {
        let with = |name: &str| HeaderNames { subject: name.to_owned(), ..HeaderNames::default() };
        for name in ["", "a b", "Host", "cookie", "Set-Cookie", "Remote_User", "Remote-Session", "Authorization"] {
            assert_eq!(IdentityHeaders::new(with(name)).unwrap_err(), HeaderNameError(name.to_owned()));
        }
        assert!(IdentityHeaders::new(with("X-Auth-User")).is_ok());
    }

    #[test]
    fn every_header_is_there_without_a_token() {
        let mut names = HeaderNames::default();
        names.claims.insert("role".to_owned(), "Remote-Role".to_owned());
        let headers = IdentityHeaders::new(names).unwrap().of(None);
        let mut all: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        all.sort_unstable();
        assert_eq!(
            all,
            ["remote-issuer", "remote-role", "remote-scopes", "remote-session", "remote-token-id", "remote-user"]
        );
        assert!(headers.values().all(HeaderValue::is_empty));
    }
}
