//! The app's claims and headers for a token: one JSON object, whose members keep their order.
//!
//! Values of serde types are written compactly and in ASCII, as Python's `json` does, so that tokens have the same
//! bytes as Flask-JWT-Extended's. Values given as JSON text are not changed.

use std::{borrow::Cow, io};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use crate::jose::{JsonError, json};

/// Claims or headers to add to a token: a JSON object, from any serde type or from JSON text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// The object's text; empty for none.
    text: String,
}

/// Why a value cannot be a token's claims or headers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// It does not serialize to an object, or to one that tokens may not hold.
    #[error("additional claims {0}")]
    NotAnObject(#[from] JsonError),
    /// Its `Serialize` failed.
    #[error("additional claims cannot be written as JSON: {0}")]
    Serialize(String),
}

impl Claims {
    /// Returns no claims.
    pub const fn none() -> Self {
        Self { text: String::new() }
    }

    /// Serializes a value to claims: a struct, a map, or [`serde_json::json!`].
    ///
    /// # Errors
    /// If it is not an object, holds a name twice, or cannot be serialized.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, ClaimsError> {
        let text = to_ascii_json(value)?;
        // `()` and `None` mean no claims.
        if text == "null" {
            return Ok(Self::none());
        }
        json::scan_object(&text, |_, _| {})?;
        Ok(Self { text })
    }

    /// Reads claims from JSON text.
    ///
    /// # Errors
    /// If it is not one strict JSON object.
    pub fn from_json(text: &str) -> Result<Self, ClaimsError> {
        json::scan_object(text, |_, _| {})?;
        let mut object = String::from("{");
        for (name, value) in members(text) {
            if object.len() > 1 {
                object.push(',');
            }
            json::push_string(&name, &mut object);
            object.push(':');
            object.push_str(value);
        }
        object.push('}');
        Ok(Self { text: object })
    }

    /// Takes the text of an object that was scanned before.
    pub(crate) fn of_scanned(text: String) -> Self {
        Self { text }
    }

    /// Returns whether there are no claims.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() || self.text == "{}"
    }

    /// Returns the claims as a JSON object.
    pub fn as_json(&self) -> &str {
        if self.text.is_empty() { "{}" } else { &self.text }
    }

    /// Returns the name and the JSON text of each claim, in order.
    pub(crate) fn members(&self) -> Vec<(Cow<'_, str>, &str)> {
        if self.is_empty() { Vec::new() } else { members(&self.text) }
    }
}

impl std::fmt::Debug for Claims {
    /// Writes the names alone: the values may be personal data, which does not belong in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.members().iter().map(|(name, _)| name)).finish()
    }
}

fn members(text: &str) -> Vec<(Cow<'_, str>, &str)> {
    let mut members = Vec::new();
    // Every text in a `Claims` was scanned before, so there is no error to report.
    let _ = json::scan_object(text, |name, value| members.push((name, value.text)));
    members
}

/// Room for the claims of most tokens, so that the buffer need not grow while they are written.
const USUAL_LENGTH: usize = 256;

/// Writes a value as compact JSON in ASCII.
pub(crate) fn to_ascii_json<T: Serialize + ?Sized>(value: &T) -> Result<String, ClaimsError> {
    let mut bytes = Vec::with_capacity(USUAL_LENGTH);
    let mut serializer = Serializer::with_formatter(&mut bytes, Ascii);
    value.serialize(&mut serializer).map_err(|error| ClaimsError::Serialize(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| ClaimsError::NotAnObject(JsonError::NotUtf8))
}

/// Compact JSON whose strings are escaped to ASCII.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for piece in fragment.split_inclusive(is_escaped) {
            let plain = piece.trim_end_matches(is_escaped);
            CompactFormatter.write_string_fragment(writer, plain)?;
            for unit in piece[plain.len()..].encode_utf16() {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

/// Returns whether Python's `json` escapes a character: all but printable ASCII. `serde_json` escapes those below the
/// space.
fn is_escaped(c: char) -> bool {
    !c.is_ascii() || c == '\u{7f}'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn struct_fields_keep_their_order_and_are_ascii() {
        #[derive(Serialize)]
        struct Custom {
            zebra: u8,
            name: &'static str,
        }
        let claims = Claims::new(&Custom { zebra: 1, name: "né😀" }).unwrap();
        assert_eq!(claims.text, r#"{"zebra":1,"name":"n\u00e9\ud83d\ude00"}"#);
        assert_eq!(format!("{claims:?}"), r#"{"zebra", "name"}"#);
    }

    #[test]
    fn json_text_loses_only_spaces_between_members() {
        let claims = Claims::from_json(r#"{ "b" : 1.50 , "a" : [1, 2] }"#).unwrap();
        assert_eq!(claims.as_json(), r#"{"b":1.50,"a":[1, 2]}"#);
    }

    #[test]
    fn only_objects_are_claims() {
        assert!(Claims::new(&json!([1])).is_err());
        assert!(Claims::new("text").is_err());
        assert!(Claims::from_json("{\"a\":1,\"a\":2}").is_err());
        assert!(Claims::new(&()).unwrap().is_empty());
        assert_eq!(Claims::none().as_json(), "{}");
        assert!(Claims::new(&json!({})).unwrap().members().is_empty());
    }

    proptest! {
        #[test]
        fn strings_are_ascii_and_read_back(content in any::<String>()) {
            let mut text = String::new();
            json::push_string(&content, &mut text);
            prop_assert!(text.is_ascii());
            prop_assert_eq!(&serde_json::from_str::<String>(&text).unwrap(), &content);
            prop_assert_eq!(to_ascii_json(&content).unwrap(), text);
        }
    }
}
