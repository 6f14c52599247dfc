//! The positions of claims in a payload, so that a token is scanned once and copied nowhere.
//!
//! Knows how JSON is read, and no rule about claims.

use super::{Span, TokenError};
use crate::{
    jose::{
        self, JwsError,
        json::{self, Kind, Value},
    },
    session::{NOT_A_STRING, subject_of},
    time::Timestamp,
};

/// A claim's position in the payload. It is small because twelve of them are copied for every token.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) len: u32,
}

impl Slot {
    /// Returns `None` past four gigabytes, which no token reaches.
    pub(super) fn of(value: &Value<'_>) -> Option<Self> {
        Some(Self { kind: value.kind, start: value.start.try_into().ok()?, len: value.text.len().try_into().ok()? })
    }

    pub(super) fn value<'a>(&self, text: &'a str) -> Value<'a> {
        let start = self.start as usize;
        Value { kind: self.kind, text: &text[start..start + self.len as usize], start }
    }

    pub(super) fn time(&self, text: &str) -> Option<Timestamp> {
        if self.kind == Kind::Number { Timestamp::from_json_number(self.value(text).text) } else { None }
    }

    /// Reads a time as Python's `int()` does: also from a string, and clamped to the range of [`Timestamp`].
    pub(super) fn loose_time(&self, text: &str) -> Option<Timestamp> {
        let value = self.value(text);
        match self.kind {
            Kind::Number => Timestamp::clamped(value.text),
            Kind::String { .. } => {
                let content = value.as_str()?;
                let digits = content.trim_ascii();
                let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
                let whole = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
                whole.then(|| Timestamp::clamped(digits)).flatten()
            }
            _ => None,
        }
    }

    /// Returns whether the identity is `null` or the empty string.
    pub(super) fn is_empty_identity(&self) -> bool {
        matches!((self.kind, self.len), (Kind::Null, _) | (Kind::String { .. }, 2))
    }

    /// Returns the subject of an identity that is not a string, in the form that stores compare.
    pub(super) fn key(&self, text: &str) -> Result<Option<String>, TokenError> {
        let identity = self.value(text);
        match identity.as_str() {
            Some(name) if name.starts_with(NOT_A_STRING) => Err(TokenError::ClaimValue {
                claim: "sub",
                message: "The subject must not begin with a control character",
            }),
            Some(_) => Ok(None),
            None => subject_of(&identity)
                .map(|key| Some(key.into_owned()))
                .map_err(|error| TokenError::Jws(JwsError::Json(jose::Segment::Payload, error))),
        }
    }

    pub(super) fn is_string(&self) -> bool {
        matches!(self.kind, Kind::String { .. })
    }
}

/// The positions of the registered claims.
#[derive(Default)]
pub(super) struct Found {
    pub(super) fresh: Option<Slot>,
    pub(super) iat: Option<Slot>,
    pub(super) jti: Option<Slot>,
    pub(super) kind: Option<Slot>,
    pub(super) sub: Option<Slot>,
    pub(super) identity: Option<Slot>,
    pub(super) nbf: Option<Slot>,
    pub(super) csrf: Option<Slot>,
    pub(super) aud: Option<Slot>,
    pub(super) iss: Option<Slot>,
    pub(super) exp: Option<Slot>,
    pub(super) sid: Option<Slot>,
}

impl Found {
    /// Scans the payload once.
    pub(super) fn scan(payload: &str, identity_claim: &str) -> Result<Self, TokenError> {
        Self::scan_with(payload, identity_claim, |_, _| {})
    }

    /// Scans the payload once, and shows each claim to another reader too.
    pub(super) fn scan_with(
        payload: &str,
        identity_claim: &str,
        mut also: impl FnMut(&str, &Value<'_>),
    ) -> Result<Self, TokenError> {
        let mut found = Self::default();
        // The usual case: then no other name is compared with it.
        let identity_is_sub = identity_claim == "sub";
        json::scan_object(payload, |name, value| {
            also(&name, &value);
            let slot = Slot::of(&value);
            match name.as_bytes() {
                b"fresh" => found.fresh = slot,
                b"iat" => found.iat = slot,
                b"jti" => found.jti = slot,
                b"type" => found.kind = slot,
                b"sub" => found.sub = slot,
                b"nbf" => found.nbf = slot,
                b"csrf" => found.csrf = slot,
                b"aud" => found.aud = slot,
                b"iss" => found.iss = slot,
                b"exp" => found.exp = slot,
                b"sid" => found.sid = slot,
                _ => {}
            }
            if !identity_is_sub && name == identity_claim {
                found.identity = slot;
            }
        })
        .map_err(|error| TokenError::Jws(JwsError::Json(jose::Segment::Payload, error)))?;
        if identity_is_sub {
            found.identity = found.sub;
        }
        Ok(found)
    }
}

/// The token's text, with the strings appended that had to be unescaped.
pub(super) struct Pieces {
    pub(super) text: String,
}

impl Pieces {
    /// Returns the position of a claim's content: in the payload itself, unless it contains escapes.
    pub(super) fn content(&mut self, slot: Slot) -> Span {
        let (start, len) = (slot.start as usize, slot.len as usize);
        match slot.kind {
            Kind::String { escaped: false } => Span { start: start + 1, len: len - 2 },
            Kind::String { escaped: true } => {
                let content = slot.value(&self.text).as_str().unwrap_or_default().into_owned();
                self.append(&content)
            }
            _ => Span { start, len },
        }
    }

    /// Appends a text, and returns its position.
    pub(super) fn append(&mut self, content: &str) -> Span {
        let span = Span { start: self.text.len(), len: content.len() };
        self.text.push_str(content);
        span
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_no_string_is_its_own_content() {
        let mut pieces = Pieces { text: r#"{"a":42}"#.to_owned() };
        let Span { start, len } = pieces.content(Slot { kind: Kind::Number, start: 5, len: 2 });
        assert_eq!(&pieces.text[start..start + len], "42");
    }
}
