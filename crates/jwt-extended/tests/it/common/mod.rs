//! Shared by the engine's tests: a clock that does not move, repeatable randomness, tokens signed by hand, requests.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::request::Parts;
use jwt_extended::{
    EntropyError, JwtManager, JwtManagerBuilder, ManualClock, Rejection, Requirement, Timestamp, Token, TokenPair,
    http::Reason,
    jose::{self, Key},
    session::{Answer, RevocationStore, RevokeRequest, StoreError, TokenIds, TokenStatus},
};
use sha2::Sha256;

pub(crate) const SECRET: &str = "a secret of at least thirty-two bytes, from a safe place";
/// The time on the tests' clock, in seconds.
pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
/// The two identifiers of a token that is made with [`entropy`].
pub(crate) const JTI: &str = "00010203-0405-4607-8809-0a0b0c0d0e0f";
pub(crate) const CSRF: &str = "10111213-1415-4617-9819-1a1b1c1d1e1f";

pub(crate) fn key() -> Key {
    Key::hs256(SECRET).unwrap()
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_secs(NOW)))
}

/// Fills the buffer with 0, 1, 2 and so on, the same each time.
#[allow(clippy::unnecessary_wraps, reason = "an `Entropy` returns a `Result`")]
pub(crate) fn entropy(buffer: &mut [u8]) -> Result<(), EntropyError> {
    for (byte, value) in buffer.iter_mut().zip(0..) {
        *byte = value;
    }
    Ok(())
}

/// Starts a manager without a key, on a clock that does not move.
pub(crate) fn keyless() -> JwtManagerBuilder {
    JwtManager::builder().clock(clock())
}

pub(crate) fn builder() -> JwtManagerBuilder {
    keyless().key(key())
}

pub(crate) fn manager() -> JwtManager {
    builder().build().unwrap()
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the payload of a token, as text.
pub(crate) fn payload_of(token: &str) -> String {
    segment(token, 1)
}

pub(crate) fn header_of(token: &str) -> String {
    segment(token, 0)
}

fn segment(token: &str, at: usize) -> String {
    let text = token.split('.').nth(at).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

/// Signs any header and payload with the tests' key.
pub(crate) fn signed(header: &str, payload: &str) -> String {
    jose::sign_with_header(&key(), header, payload).unwrap()
}

/// Signs two segments unchanged, whatever they are, with any secret, even an empty one.
pub(crate) fn hs256(secret: &[u8], segments: &str) -> String {
    let tag = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(segments);
    format!("{segments}.{}", encode(tag.finalize().into_bytes()))
}

/// Returns the payload of a valid access token with changes. A change is a claim and its JSON text, or `""` to leave
/// the claim out.
pub(crate) fn payload(changes: &[(&str, &str)]) -> String {
    let (now, end) = (NOW.to_string(), (NOW + 900).to_string());
    let mut claims = vec![
        ("fresh", "true"),
        ("iat", now.as_str()),
        ("jti", "\"a token\""),
        ("type", "\"access\""),
        ("sub", "\"alice\""),
        ("nbf", now.as_str()),
        ("csrf", "\"a value\""),
        ("exp", end.as_str()),
    ];
    for change in changes {
        match claims.iter_mut().find(|(name, _)| *name == change.0) {
            Some(claim) => *claim = *change,
            None => claims.push(*change),
        }
    }
    let members = claims.iter().filter(|(_, value)| !value.is_empty());
    let members: Vec<_> = members.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// Signs a valid access token with changes.
pub(crate) fn token(changes: &[(&str, &str)]) -> String {
    signed(HEADER, &payload(changes))
}

/// Returns why a text is not accepted as a token.
pub(crate) fn complaint(jwt: &JwtManager, token: &str) -> String {
    match jwt.decode_token(token) {
        Err(error) => error.to_string(),
        Ok(token) => panic!("accepted: {}", token.claims_json()),
    }
}

pub(crate) fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

pub(crate) fn get(headers: &[(&str, &str)]) -> Parts {
    request("GET", "/", headers)
}

pub(crate) fn bearer(token: &str) -> Parts {
    get(&[("Authorization", &format!("Bearer {token}"))])
}

/// Authenticates a request.
pub(crate) fn check(
    jwt: &JwtManager,
    request: &impl jwt_extended::http::Request,
    requirement: &Requirement,
) -> Result<jwt_extended::Admitted, Rejection> {
    wait(jwt.authenticate(request, requirement))
}

pub(crate) fn refusal(
    jwt: &JwtManager,
    request: &impl jwt_extended::http::Request,
    requirement: &Requirement,
) -> Rejection {
    check(jwt, request, requirement).unwrap_err()
}

/// Returns whether a guard for tokens of any type admits a text.
pub(crate) fn opens(jwt: &JwtManager, text: &str) -> bool {
    check(jwt, &bearer(text), &Requirement::any()).is_ok()
}

pub(crate) fn refresh_token(jwt: &JwtManager, pair: &TokenPair) -> Token {
    jwt.decode_token(pair.refresh.as_deref().unwrap()).unwrap()
}

/// Returns why a refresh is refused.
pub(crate) fn refresh_refusal(jwt: &JwtManager, token: &Token) -> Reason {
    wait(jwt.refresh(token)).unwrap_err().reason().clone()
}

pub(crate) fn wait<F: IntoFuture>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future.into_future())
}

/// Returns the challenge of a rejection, empty if it has none.
pub(crate) fn challenge(refusal: &Rejection) -> String {
    let response = refusal.to_response();
    let value = response.headers().get("www-authenticate");
    value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
}

/// Returns the body of a rejection, as text.
pub(crate) fn body(refusal: &Rejection) -> String {
    String::from_utf8(refusal.to_response().into_body()).unwrap()
}

/// A store of revocations in memory, which keeps no sessions.
#[derive(Default)]
pub(crate) struct Blocklist {
    revoked: Mutex<HashMap<(Revoked, String), Revocation>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Revoked {
    Token,
    Session,
    Subject,
}

#[derive(Clone, Copy)]
struct Revocation {
    at: Timestamp,
    until: Option<Timestamp>,
}

impl RevocationStore for Blocklist {
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        let list = self.revoked.lock().unwrap();
        let find = |kind, id: &str| {
            list.get(&(kind, id.to_owned())).filter(|found| found.until.is_none_or(|until| token.now < until))
        };
        let revoked = token.jti.is_some_and(|jti| find(Revoked::Token, jti).is_some())
            || token.session.is_some_and(|session| find(Revoked::Session, session).is_some())
            || find(Revoked::Subject, token.subject).is_some_and(|found| token.since < found.at);
        Answer::Now(Ok(if revoked { TokenStatus::Revoked } else { TokenStatus::Active }))
    }

    fn revoke<'a>(&'a self, request: &'a RevokeRequest<'_>) -> Answer<'a, Result<(), StoreError>> {
        let (kind, id, until, now) = match *request {
            RevokeRequest::Token { jti, until, now } => (Revoked::Token, jti, until, now),
            RevokeRequest::Session { session, until, now } => (Revoked::Session, session, until, now),
            RevokeRequest::Subject { subject, until, now } => (Revoked::Subject, subject, until, now),
            _ => return Answer::Now(Err(StoreError::ReadOnly)),
        };
        self.revoked.lock().unwrap().insert((kind, id.to_owned()), Revocation { at: now, until });
        Answer::Now(Ok(()))
    }
}
