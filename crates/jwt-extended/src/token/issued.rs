//! [`Issued`]: a token that was just signed, with its facts, so that nobody has to parse or verify it again.

use std::{borrow::Cow, fmt, ops::Deref, ops::Range, time::Duration};

use super::TokenType;
use crate::{
    jose::json::{Kind, Value},
    session::{NOT_A_STRING, Subject},
    time::Timestamp,
};

/// A token that this process has just issued: its text, and what it says.
///
/// It derefs to its text, and [`Display`](fmt::Display) writes its text; `Debug` does not.
///
/// ```
/// use jwt_extended::{JwtManager, jose::Key, token::TokenType};
///
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .build()?;
/// let token = jwt.create_access_token("alice")?;
/// assert_eq!((token.token_type(), token.subject().as_ref()), (TokenType::Access, "alice"));
/// assert_eq!(token.expires_in().unwrap().as_secs(), 15 * 60);
/// let header = format!("Bearer {token}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    text: String,
    payload: String,
    facts: Facts,
}

/// Where in the payload the values are that [`Issued`] hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) issued_at: Timestamp,
    pub(super) kind: Range<usize>,
    pub(super) subject: Range<usize>,
    pub(super) jti: Range<usize>,
    pub(super) csrf: Option<Range<usize>>,
    pub(super) session: Option<Range<usize>>,
    pub(super) expires_at: Option<Range<usize>>,
}

impl Issued {
    pub(super) fn new(text: String, payload: String, facts: Facts) -> Self {
        Self { text, payload, facts }
    }

    /// Returns the token's text: three base64url segments (RFC 7515 section 7.1).
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the token's text.
    pub fn into_string(self) -> String {
        self.text
    }

    /// Returns the claim `type`.
    pub fn token_type(&self) -> TokenType {
        match self.string(&self.facts.kind).as_deref() {
            Some("access") => TokenType::Access,
            Some("refresh") => TokenType::Refresh,
            _ => TokenType::Other,
        }
    }

    /// Returns the identity claim (`sub`). A claim that is not a string is given as its JSON text, as
    /// [`Token::subject`](super::Token::subject) does.
    pub fn subject(&self) -> Cow<'_, str> {
        match self.subject_key() {
            Cow::Borrowed(key) => Cow::Borrowed(key.strip_prefix(NOT_A_STRING).unwrap_or(key)),
            Cow::Owned(key) => match key.strip_prefix(NOT_A_STRING) {
                Some(json) => Cow::Owned(json.to_owned()),
                None => Cow::Owned(key),
            },
        }
    }

    /// Returns the subject as stores compare it.
    pub(crate) fn subject_key(&self) -> Cow<'_, str> {
        let text = &self.payload[self.facts.subject.clone()];
        // The claims were written as JSON, so a value that is not a string cannot fail to be read as one.
        let other = || Subject::of_json(text).map_or(Cow::Borrowed(text), Cow::Owned);
        self.string(&self.facts.subject).unwrap_or_else(other)
    }

    /// Returns the token id (claim `jti`); `None` if an overriding claim is not a string.
    pub fn jti(&self) -> Option<Cow<'_, str>> {
        self.string(&self.facts.jti)
    }

    /// Returns the id of the session that the token belongs to (claim `sid`).
    pub fn session(&self) -> Option<Cow<'_, str>> {
        self.string(self.facts.session.as_ref()?)
    }

    /// Returns the value that a page must send along with the token's cookie (claim `csrf`).
    pub fn csrf(&self) -> Option<Cow<'_, str>> {
        self.string(self.facts.csrf.as_ref()?)
    }

    /// Returns the time at which the token was issued.
    pub fn issued_at(&self) -> Timestamp {
        self.facts.issued_at
    }

    /// Returns the time at which the token expires (claim `exp`); `None` if it never does.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let text = &self.payload[self.facts.expires_at.clone()?];
        Timestamp::from_json_number(text).or_else(|| Timestamp::clamped(text))
    }

    /// Returns how long the token lives, in whole seconds from when it was issued; `None` if it never expires.
    pub fn expires_in(&self) -> Option<Duration> {
        let end = self.expires_at()?.as_secs();
        Some(Duration::from_secs(end.saturating_sub(self.issued_at().as_secs())))
    }

    /// Returns all claims as the JSON text that was signed.
    pub fn claims_json(&self) -> &str {
        &self.payload
    }

    /// Returns a claim's content if it is a string.
    fn string(&self, place: &Range<usize>) -> Option<Cow<'_, str>> {
        let text = &self.payload[place.clone()];
        let escaped = text.contains('\\');
        let kind = if text.starts_with('"') { Kind::String { escaped } } else { Kind::Null };
        Value { kind, text, start: place.start }.as_str()
    }
}

impl Deref for Issued {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl AsRef<str> for Issued {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Issued> for String {
    fn from(token: Issued) -> Self {
        token.text
    }
}

impl fmt::Debug for Issued {
    /// Writes the type and the expiry: neither the text nor the claims are for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("type", &self.token_type().name())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}
