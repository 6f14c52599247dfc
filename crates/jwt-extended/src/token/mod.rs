//! What our tokens say: their type, freshness, identity, session, CSRF value and the app's own claims.
//!
//! Judges a token against a policy and a time that it is handed: there is no clock in here, and nothing of HTTP.
//! Apps reach it through [`JwtManager`](crate::JwtManager), which holds the policy.
//!
//! ```
//! use jwt_extended::{JwtManager, jose::Key};
//!
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .build()?;
//! let text = jwt.access_token("alice").additional_claims(&serde_json::json!({"role": "admin"})).create()?;
//! let token = jwt.decode_token(&text)?;
//! assert_eq!(token.subject(), "alice");
//! assert_eq!(token.claim::<String>("role")?, Some("admin".to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod claims;
mod error;
mod freshness;
mod identity;
mod issue;
mod lifetime;
mod verify;

use std::{fmt, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

pub use claims::{Claims, ClaimsError};
pub use error::{IssueError, TokenError};
pub use freshness::{Fresh, Freshness};
pub use identity::{Identity, LoadUser};
pub(crate) use issue::{Draft, IssuePolicy, OUR_CLAIMS, Replacement, own_claims};
pub use lifetime::Lifetime;
pub(crate) use verify::{AudiencePolicy, Policy, verify};

use crate::{entropy::session_opened, jose::json, session::TokenIds, time::Timestamp};

/// What kind of token it is: claim `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenType {
    /// Opens protected routes; short-lived.
    Access,
    /// Gets new access tokens; long-lived, and good for nothing else.
    Refresh,
    /// A type of the app's own. Only accepted under [`Tolerate::UnknownType`](crate::config::Tolerate), where it
    /// counts as a non-refresh token.
    Other,
}

impl TokenType {
    /// The claim's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Other => "other",
        }
    }
}

/// A token that was checked: its signature is good and its claims are what the policy wants. Cloning is cheap.
#[derive(Clone)]
pub struct Token {
    inner: Arc<Inner>,
}

struct Inner {
    /// The payload's JSON, the header's JSON, and behind them those claims that had escapes in them, decoded.
    text: String,
    payload_len: usize,
    header_end: usize,
    kind: TokenType,
    freshness: Freshness,
    issued_at: Option<Timestamp>,
    not_before: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    subject: Span,
    jti: Option<Span>,
    csrf: Option<Span>,
    session: Option<Span>,
}

/// A piece of `Inner::text`.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    len: usize,
}

impl Token {
    /// Whose token it is: the identity claim (`sub`). A claim that is not a string is given as its JSON text.
    pub fn subject(&self) -> &str {
        self.piece(self.inner.subject)
    }

    /// Access or refresh.
    pub fn token_type(&self) -> TokenType {
        self.inner.kind
    }

    /// Its own unique name (claim `jti`), if it has one.
    pub fn jti(&self) -> Option<&str> {
        self.inner.jti.map(|span| self.piece(span))
    }

    /// The session that it belongs to (claim `sid`), if a login opened one.
    pub fn session(&self) -> Option<&str> {
        self.inner.session.map(|span| self.piece(span))
    }

    /// The value that must come along with a cookie (claim `csrf`), if it has one.
    pub fn csrf(&self) -> Option<&str> {
        self.inner.csrf.map(|span| self.piece(span))
    }

    /// What it says of its freshness.
    pub fn freshness(&self) -> Freshness {
        self.inner.freshness
    }

    /// When it was issued (claim `iat`).
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.inner.issued_at
    }

    /// From when it is valid (claim `nbf`).
    pub fn not_before(&self) -> Option<Timestamp> {
        self.inner.not_before
    }

    /// When it ends (claim `exp`); `None` if never.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.inner.expires_at
    }

    /// All its claims as a type of the app's: upstream's `get_jwt()`.
    ///
    /// # Errors
    /// If they do not fit the type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.claims_json())
    }

    /// One claim as a type of the app's; `None` if it is absent.
    ///
    /// # Errors
    /// If it does not fit the type.
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        let mut text = None;
        // The payload was scanned when the token was checked: there is no error to report.
        let _ = json::scan_object(self.claims_json(), |found, value| {
            if found == name {
                text = Some(value.text);
            }
        });
        text.map(serde_json::from_str).transpose()
    }

    /// All its claims as the JSON text that was signed.
    pub fn claims_json(&self) -> &str {
        &self.inner.text[..self.inner.payload_len]
    }

    /// Its header as JSON text: upstream's `get_jwt_header()`.
    pub fn header_json(&self) -> &str {
        &self.inner.text[self.inner.payload_len..self.inner.header_end]
    }

    /// Whether this is the value of its `csrf` claim. Compared in constant time; a token without one matches nothing.
    pub fn matches_csrf(&self, value: &[u8]) -> bool {
        self.csrf().is_some_and(|csrf| csrf.as_bytes().ct_eq(value).into())
    }

    /// What a revocation store is told of it.
    pub(crate) fn ids(&self, now: Timestamp, leeway: Duration) -> TokenIds<'_> {
        let session = self.session();
        // The clock that has issued it may be ahead, and it may be older than it says. A token that says nothing is as old
        // as can be: every revocation of its subject ends it.
        let issued = || self.issued_at().map(|issued| issued.saturating_sub(leeway));
        let since = session.and_then(session_opened).or_else(issued).unwrap_or_default();
        TokenIds { jti: self.jti(), session, subject: self.subject(), since, now }
    }

    fn piece(&self, span: Span) -> &str {
        &self.inner.text[span.start..span.start + span.len]
    }
}

impl PartialEq for Token {
    /// Whether header and claims are the same text.
    fn eq(&self, other: &Self) -> bool {
        self.claims_json() == other.claims_json() && self.header_json() == other.header_json()
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    /// Type and `jti` only: claims are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("type", &self.token_type().name())
            .field("jti", &self.jti())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}
