//! The content of tokens: type, freshness, identity, session, CSRF value and the app's own claims.
//!
//! Verifies a token against a policy and a time that the caller passes in: this module has no clock and knows nothing
//! of HTTP. Apps use it through [`JwtManager`](crate::JwtManager), which holds the policy.
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

mod cache;
mod claims;
mod error;
mod freshness;
mod identity;
mod issue;
mod issued;
mod issuer;
mod lifetime;
mod login_claims;
mod scopes;
mod slots;
mod verify;

use std::{fmt, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;

pub(crate) use cache::VerificationCache;
pub use claims::{Claims, ClaimsError};
pub use error::{IssueError, TokenError};
pub use freshness::{Fresh, Freshness};
pub use identity::{Identity, LoadUser};
pub(crate) use issue::{Draft, IssuePolicy, OUR_CLAIMS, Override, own_claims};
pub use issued::Issued;
use issuer::Origin;
pub use issuer::{AccessTokens, Issuer, Provider};
pub(crate) use issuer::{ForeignPolicy, Issuers, StoreRules, needs_keys};
pub use lifetime::Lifetime;
pub use login_claims::Carried;
pub(crate) use login_claims::{LoginClaims, carried};
pub(crate) use scopes::{granted, scopes_in};
pub(crate) use verify::{AudiencePolicy, CLOCK_SKEW, Policy, verify};

use crate::{
    constant_time,
    http::Location,
    jose::json::{self, Kind},
    session::{StoreKind, Subject, TokenIds},
    time::Timestamp,
};

/// The type of a token: claim `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenType {
    /// Gives access to protected routes; short-lived.
    Access,
    /// Gets new access tokens, and nothing else; long-lived.
    Refresh,
    /// Any other type. Accepted only under [`Tolerate::UnknownType`](crate::config::Tolerate), where it counts as a
    /// token that is not a refresh token.
    Other,
}

impl TokenType {
    /// Returns the claim's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Other => "other",
        }
    }
}

/// The claim that holds a token's scopes.
pub(crate) const SCOPE: &str = "scope";

/// The claims that say when and how the user proved who they are (OpenID Connect Core section 2).
pub(crate) const AUTH_TIME: &str = "auth_time";
pub(crate) const ACR: &str = "acr";
pub(crate) const AMR: &str = "amr";

/// The claims about a login. None of them can name a user.
pub(crate) const LOGIN_CLAIMS: [&str; 4] = [SCOPE, AUTH_TIME, ACR, AMR];

/// A verified token: its signature is valid and its claims meet the policy. Cloning is cheap.
#[derive(Clone)]
pub struct Token {
    inner: Arc<Inner>,
    /// Where a request carried it; `None` if it did not come in a request.
    location: Option<Location>,
}

struct Inner {
    /// The payload's JSON, the header's JSON, and after them the unescaped content of claims that contain escapes.
    text: String,
    payload_len: usize,
    header_end: usize,
    kind: TokenType,
    freshness: Freshness,
    issued_at: Option<Timestamp>,
    not_before: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    /// The subject as the token says it.
    name: Span,
    /// The subject as stores compare it.
    subject: Span,
    jti: Option<Span>,
    /// The token id as stores compare it.
    jti_key: Option<Span>,
    csrf: Option<Span>,
    session: Option<Span>,
    /// When its session was opened, if the session id is one of ours.
    session_opened: Option<Timestamp>,
    /// Who issued it; `None` for the app itself.
    origin: Option<Arc<Origin>>,
}

/// A piece of `Inner::text`.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    len: usize,
}

impl Token {
    /// Returns the identity claim (`sub`). A claim that is not a string is given as its JSON text, in one form for each
    /// value. Stores also keep `1` and `"1"` apart: convert the token into a [`Subject`] for them.
    ///
    /// That of another issuer's token is a name which that issuer gave: see [`issuer`](Self::issuer).
    pub fn subject(&self) -> &str {
        self.piece(self.inner.name)
    }

    /// Returns the other [`Issuer`] that issued the token, by its `iss`; `None` for one of the app's own tokens.
    ///
    /// Two issuers may give one name to two people, so such a user is known by issuer and subject together.
    pub fn issuer(&self) -> Option<&str> {
        self.inner.origin.as_ref().map(|origin| &*origin.name)
    }

    /// Returns the scopes of the token: those of the claim `scope` (RFC 8693 section 4.2), or of the claims that its
    /// [`Issuer`] has them in.
    pub fn scopes(&self) -> Vec<String> {
        match &self.inner.origin {
            None => scopes_in(self.claims_json(), SCOPE),
            Some(origin) => origin.scope_claims.iter().flat_map(|claim| scopes_in(self.claims_json(), claim)).collect(),
        }
    }

    /// Returns what a claim grants, such as `permissions` or `roles`: a text, or the texts in a list. Only the claims
    /// `scope` and `scp` are split into words: the role `shop admin` is not also the role `admin`. A name such as
    /// `realm_access.roles` is a path, unless a claim has that name.
    pub fn granted(&self, claim: &str) -> Vec<String> {
        granted(self.claims_json(), claim)
    }

    /// Returns when the user last proved who they are: the claim `auth_time` (OpenID Connect Core section 2). Without
    /// one, this is the time of the login that opened the token's session.
    pub fn auth_time(&self) -> Option<Timestamp> {
        let mut stated = None;
        // The payload was scanned when the token was verified, so there is no error to report.
        let _ = json::scan_object(self.claims_json(), |name, value| {
            if name == AUTH_TIME && value.kind != Kind::Null {
                stated = Some(if value.kind == Kind::Number { Timestamp::from_json_number(value.text) } else { None });
            }
        });
        stated.unwrap_or_else(|| self.session_opened())
    }

    /// Returns how the user proved who they are: the claim `acr` (OpenID Connect Core section 2).
    pub fn acr(&self) -> Option<String> {
        self.claim(ACR).ok().flatten()
    }

    /// Returns the subject as stores compare it.
    pub(crate) fn subject_key(&self) -> &str {
        self.piece(self.inner.subject)
    }

    /// Returns whether this is an access or a refresh token (claim `type`).
    pub fn token_type(&self) -> TokenType {
        self.inner.kind
    }

    /// Returns the token id (claim `jti`), if it has one.
    pub fn jti(&self) -> Option<&str> {
        self.inner.jti.map(|span| self.piece(span))
    }

    /// Returns the id of the session that it belongs to (claim `sid`), if a login opened one.
    pub fn session(&self) -> Option<&str> {
        self.inner.session.map(|span| self.piece(span))
    }

    /// Returns the token id as stores compare it.
    pub(crate) fn jti_key(&self) -> Option<&str> {
        self.inner.jti_key.map(|span| self.piece(span))
    }

    /// Returns the session id if a store of sessions may know it. Another issuer's `sid` has another form.
    pub(crate) fn own_session(&self) -> Option<&str> {
        self.session_opened().and(self.session())
    }

    /// Returns when its session was opened, if the session id is one of ours.
    pub(crate) fn session_opened(&self) -> Option<Timestamp> {
        self.inner.session_opened
    }

    /// Returns the value that a page must send along with the token's cookie (claim `csrf`), if it has one.
    pub fn csrf(&self) -> Option<&str> {
        self.inner.csrf.map(|span| self.piece(span))
    }

    /// Returns its freshness (claim `fresh`).
    pub fn freshness(&self) -> Freshness {
        self.inner.freshness
    }

    /// Returns when it was issued (claim `iat`).
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.inner.issued_at
    }

    /// Returns when it becomes valid (claim `nbf`).
    pub fn not_before(&self) -> Option<Timestamp> {
        self.inner.not_before
    }

    /// Returns when it expires (claim `exp`); `None` if it never does.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.inner.expires_at
    }

    /// Deserializes all claims into a type of the app: Flask-JWT-Extended's `get_jwt()`.
    ///
    /// # Errors
    /// If they do not fit the type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.claims_json())
    }

    /// Deserializes one claim into a type of the app; `None` if it is absent.
    ///
    /// # Errors
    /// If it does not fit the type.
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        let mut text = None;
        // The payload was scanned when the token was verified, so there is no error to report.
        let _ = json::scan_object(self.claims_json(), |found, value| {
            if found == name {
                text = Some(value.text);
            }
        });
        text.map(serde_json::from_str).transpose()
    }

    /// Returns all claims as the JSON text that was signed.
    pub fn claims_json(&self) -> &str {
        &self.inner.text[..self.inner.payload_len]
    }

    /// Returns the header as JSON text: Flask-JWT-Extended's `get_jwt_header()`.
    pub fn header_json(&self) -> &str {
        &self.inner.text[self.inner.payload_len..self.inner.header_end]
    }

    /// Returns where in a request it was: Flask-JWT-Extended's `get_jwt_request_location()`. `None` if it did not come
    /// in a request.
    pub fn location(&self) -> Option<Location> {
        self.location
    }

    /// Notes where a request carried it.
    pub(crate) fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// Returns whether this is the value of the claim `csrf`, compared in constant time. A token without one matches
    /// nothing.
    pub fn matches_csrf(&self, value: &[u8]) -> bool {
        self.csrf().is_some_and(|csrf| constant_time::equal(csrf.as_bytes(), value))
    }

    /// Returns what a store needs to know about the token.
    pub(crate) fn ids(&self, now: Timestamp, leeway: Duration, store: StoreKind) -> TokenIds<'_> {
        // A store of sessions deletes a session that ends. So its cut-offs need not be exact for sessions, and a login
        // on a computer whose clock is behind is not refused.
        let skew = if store == StoreKind::Sessions { CLOCK_SKEW } else { Duration::ZERO };
        let opened = self.session_opened().map(|opened| opened.saturating_add(skew));
        // The clock that issued it may be ahead, so the token may be older than it says. A token that does not say is
        // treated as old: every revocation of its subject ends it.
        let issued = || self.issued_at().map(|issued| issued.saturating_sub(leeway.max(CLOCK_SKEW)));
        let since = opened.or_else(issued).unwrap_or_default();
        let session = if store == StoreKind::Sessions { self.own_session() } else { self.session() };
        TokenIds { jti: self.jti_key(), session, subject: self.subject_key(), since, now }
    }

    fn piece(&self, span: Span) -> &str {
        &self.inner.text[span.start..span.start + span.len]
    }
}

impl<'a> From<&'a Token> for Subject<'a> {
    fn from(token: &'a Token) -> Self {
        Subject(token.subject_key())
    }
}

impl PartialEq for Token {
    /// Compares the texts of header and claims.
    fn eq(&self, other: &Self) -> bool {
        self.claims_json() == other.claims_json() && self.header_json() == other.header_json()
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    /// Writes type, `jti` and expiry only: claims do not belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("type", &self.token_type().name())
            .field("jti", &self.jti())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}
