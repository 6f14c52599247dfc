//! Strict reading of one JSON object (RFC 8259), without building a value.
//!
//! What general parsers let pass, and tokens must not: a member name twice (at any depth, and however it is
//! escaped), a lone surrogate, a byte order mark, nesting without end. A member's value is handed out as its kind
//! and its text; whoever wants more parses that text. Knows nothing of headers or claims.
//!
//! ```
//! use jwt_extended::jose::json::{JsonError, Kind, scan_object};
//!
//! let mut names = Vec::new();
//! scan_object(r#"{"sub": "alice", "roles": ["admin"]}"#, |name, value| names.push((name, value.kind)))?;
//! assert_eq!(names[1], ("roles".into(), Kind::Array));
//! assert_eq!(scan_object(r#"{"sub": "alice", "sub": "bob"}"#, |_, _| {}), Err(JsonError::DuplicateName));
//! # Ok::<(), JsonError>(())
//! ```

mod names;
mod scanner;
mod strings;

use std::borrow::Cow;

use self::{scanner::Scanner, strings::unescape};

pub use self::strings::push_string;

/// Why a text is not one strict JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The bytes are not UTF-8.
    #[error("must be UTF-8")]
    NotUtf8,
    /// Valid JSON may be, but its outermost value is not an object.
    #[error("must be a json object")]
    NotAnObject,
    /// Not JSON.
    #[error("invalid JSON at byte {0}")]
    Syntax(usize),
    /// A string holds half of a surrogate pair.
    #[error("lone surrogate at byte {0}")]
    LoneSurrogate(usize),
    /// A name stands twice in one object.
    #[error("a member name is used twice in one object")]
    DuplicateName,
    /// Nested deeper than 64 levels.
    #[error("nested more than 64 levels deep")]
    TooDeep,
    /// Something follows the object.
    #[error("trailing data at byte {0}")]
    TrailingData(usize),
}

/// What kind of value a member has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, missing_docs, reason = "JSON has no others, and they say what they are")]
pub enum Kind {
    String {
        /// Whether its text holds escapes.
        escaped: bool,
    },
    Number,
    True,
    False,
    Null,
    Array,
    Object,
}

/// A value: its kind, its text as it stands, and where that text begins.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Value<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its text: a string's with quotes and escapes.
    pub text: &'a str,
    /// Where that text begins in the text that was read.
    pub start: usize,
}

impl<'a> Value<'a> {
    /// The string's content, if this is a string. Copied only if it holds escapes.
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        match self.kind {
            Kind::String { escaped: false } => Some(Cow::Borrowed(self.unquoted())),
            Kind::String { escaped: true } => Some(Cow::Owned(unescape(self.unquoted()))),
            _ => None,
        }
    }

    /// The text between the quotes of a string.
    fn unquoted(&self) -> &'a str {
        // A string's text has its two quotes: the scanner saw them.
        &self.text[1..self.text.len() - 1]
    }
}

/// Reads `text` as exactly one object and hands each of its members to `on_member`, in order.
///
/// # Errors
/// If it is anything else.
pub fn scan_object<'a>(text: &'a str, mut on_member: impl FnMut(Cow<'a, str>, Value<'a>)) -> Result<(), JsonError> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip_space();
    if scanner.peek() != Some(b'{') {
        return Err(JsonError::NotAnObject);
    }
    scanner.object(1, &mut on_member)?;
    scanner.end()
}

/// Reads `text` as exactly one array and hands each of its elements to `on_element`, in order.
///
/// # Errors
/// If it is anything else.
pub fn scan_array<'a>(text: &'a str, mut on_element: impl FnMut(Value<'a>)) -> Result<(), JsonError> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip_space();
    scanner.array(1, &mut on_element)?;
    scanner.end()
}

/// Reads `bytes` as one object, as [`scan_object`] does, after making sure that they are UTF-8.
pub(crate) fn scan_bytes<'a>(bytes: &'a [u8], on_member: impl FnMut(Cow<'a, str>, Value<'a>)) -> Result<(), JsonError> {
    scan_object(str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?, on_member)
}

/// The elements of an array of strings, or `None` if the text is anything else.
pub(crate) fn strings_of_array(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str) -> Result<(), JsonError> {
        scan_object(text, |_, _| {})
    }

    #[test]
    fn members_come_in_order_with_kind_text_and_place() {
        let mut seen = Vec::new();
        scan_object(r#" {"a":"x\n","b" : [1,{"c":2}], "d":-1.5e3,"e":null} "#, |name, value| {
            seen.push((name.into_owned(), value.kind, value.text.to_owned(), value.start));
        })
        .unwrap();
        assert_eq!(
            seen,
            [
                ("a".into(), Kind::String { escaped: true }, r#""x\n""#.into(), 6),
                ("b".into(), Kind::Array, r#"[1,{"c":2}]"#.into(), 18),
                ("d".into(), Kind::Number, "-1.5e3".into(), 35),
                ("e".into(), Kind::Null, "null".into(), 46),
            ]
        );
    }

    #[test]
    fn only_an_object_will_do() {
        for text in ["", "[]", "1", "\"a\"", "null", "\u{feff}{}", "true"] {
            assert_eq!(check(text), Err(JsonError::NotAnObject), "{text:?}");
        }
        assert_eq!(scan_bytes(b"{\"a\":\"\xff\"}", |_, _| {}), Err(JsonError::NotUtf8));
    }

    #[test]
    fn a_name_twice_is_refused_at_any_depth_and_however_it_is_spelled() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"\u0061":1,"a":2}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[[{"a":1,"a":2}]]}"#,
            r#"{"":1,"":2}"#,
        ] {
            assert_eq!(check(text), Err(JsonError::DuplicateName), "{text}");
        }
        assert_eq!(check(r#"{"a":{"a":{"a":1}},"b":{"a":1}}"#), Ok(()));
    }

    #[test]
    fn many_names_are_compared_too() {
        let object = |last: &str| {
            let names: Vec<_> = (0..100).map(|n| format!("\"n{n}\":{n}")).collect();
            format!("{{{},\"{last}\":0}}", names.join(","))
        };
        assert_eq!(check(&object("n100")), Ok(()));
        assert_eq!(check(&object("n3")), Err(JsonError::DuplicateName));
        assert_eq!(check(&object("n99")), Err(JsonError::DuplicateName));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "{",
            "{]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":NaN}",
            "{\"a\":Infinity}",
            "{\"a\":-}",
            "{\"a\":1e}",
            "{\"a\":'b'}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12g4\"}",
            "{\"a\":\"b}",
            "{\"a\":tru}",
            "{\"a\":[1,]}",
        ] {
            assert!(matches!(check(text), Err(JsonError::Syntax(_))), "{text:?} gave {:?}", check(text));
        }
        assert_eq!(check("{}{}"), Err(JsonError::TrailingData(2)));
        assert_eq!(check("{}\0"), Err(JsonError::TrailingData(2)));
    }

    #[test]
    fn surrogates_come_in_pairs() {
        for text in [r#"{"a":"\ud800"}"#, r#"{"a":"\udc00"}"#, r#"{"a":"\ud800\ud800"}"#, r#"{"\ud800x":1}"#] {
            assert!(matches!(check(text), Err(JsonError::LoneSurrogate(_))), "{text}");
        }
        assert_eq!(check(r#"{"a":"\ud83d\ude00"}"#), Ok(()));
    }

    #[test]
    fn five_thousand_nested_arrays_are_refused_without_a_stack_overflow() {
        assert_eq!(check(&format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000))), Err(JsonError::TooDeep));
        assert_eq!(check(&"{\"a\":".repeat(5000)), Err(JsonError::TooDeep));
        assert_eq!(check(&format!("{{\"a\":{}{}}}", "[".repeat(63), "]".repeat(63))), Ok(()));
    }

    proptest! {
        /// Whatever we accept, serde_json accepts; and what we say a string holds, it says too.
        #[test]
        fn agrees_with_serde_json(text in r#"\{("[a-c\\u0061"]{0,3}":(-?[0-9.eE]{1,4}|"(\\[nu"/\\]|[a-zé😀]|\\u[0-9a-dD]{4}){0,4}"|\[1?\]|null|true)[,}]?){0,3}\}?"#) {
            let mut strings = Vec::new();
            if scan_object(&text, |name, value| strings.push((name.into_owned(), value.as_str().map(Cow::into_owned)))).is_ok() {
                let reference: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(strings.len(), reference.len());
                for (name, content) in strings {
                    prop_assert_eq!(content.as_deref(), reference[&name].as_str());
                }
            }
        }

        /// And no input whatever makes it panic.
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = scan_bytes(&bytes, |_, value| { let _ = value.as_str(); });
        }

        /// Strings survive being written by serde_json.
        #[test]
        fn reads_back_what_serde_json_writes(content in any::<String>()) {
            let text = serde_json::json!({ "a": content }).to_string();
            let mut read = None;
            scan_object(&text, |_, value| read = value.as_str().map(Cow::into_owned)).unwrap();
            prop_assert_eq!(read, Some(content));
        }
    }
}
