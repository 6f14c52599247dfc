//! Strict reading of one JSON object (RFC 8259), without building a value.
//!
//! What general parsers let pass, and tokens must not: a member name twice (at any depth, and however it is
//! escaped), a lone surrogate, a byte order mark, nesting without end. A member's value is handed out as its kind
//! and its text; whoever wants more parses that text. Knows nothing of headers or claims.

use std::{borrow::Cow, collections::HashSet};

/// How deep arrays and objects may nest.
const MAX_DEPTH: usize = 64;

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
pub(crate) enum Kind {
    /// A string; whether its text holds escapes.
    String {
        escaped: bool,
    },
    Number,
    True,
    False,
    Null,
    Array,
    Object,
}

/// A member's value: its kind, its text as it stands, and where that text begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

impl<'a> Value<'a> {
    /// The string's content, if this is a string. Copied only if it holds escapes.
    pub(crate) fn as_str(&self) -> Option<Cow<'a, str>> {
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
pub(crate) fn scan_object<'a>(
    text: &'a str,
    mut on_member: impl FnMut(Cow<'a, str>, Value<'a>),
) -> Result<(), JsonError> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip_space();
    if scanner.peek() != Some(b'{') {
        return Err(JsonError::NotAnObject);
    }
    scanner.object(1, &mut on_member)?;
    scanner.skip_space();
    if scanner.at == text.len() {
        Ok(())
    } else {
        Err(JsonError::TrailingData(scanner.at))
    }
}

/// Reads `bytes` as one object, as [`scan_object`] does, after making sure that they are UTF-8.
pub(crate) fn scan_bytes<'a>(bytes: &'a [u8], on_member: impl FnMut(Cow<'a, str>, Value<'a>)) -> Result<(), JsonError> {
    scan_object(str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?, on_member)
}

/// The elements of an array of strings, or `None` if the text is anything else.
pub(crate) fn strings_of_array(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

/// The content of a string whose escapes the scanner has already found valid.
fn unescape(text: &str) -> String {
    let mut content = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(backslash) = rest.find('\\') {
        content.push_str(&rest[..backslash]);
        let (decoded, length) = match rest.as_bytes().get(backslash + 1) {
            Some(b'u') => unescape_unicode(&rest.as_bytes()[backslash..]),
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(&other) => (char::from(other), 2),
            None => (char::REPLACEMENT_CHARACTER, 1),
        };
        content.push(decoded);
        rest = &rest[backslash + length..];
    }
    content.push_str(rest);
    content
}

/// The character of `\uXXXX`, or of a pair of them, and how many bytes it takes.
fn unescape_unicode(escape: &[u8]) -> (char, usize) {
    let first = hex4(escape.get(2..6)).unwrap_or(0xfffd);
    if let Some(second) = hex4(escape.get(8..12)).filter(|low| is_high(first) && is_low(*low)) {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

fn hex4(digits: Option<&[u8]>) -> Option<u32> {
    digits?
        .iter()
        .try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

const fn is_high(unit: u32) -> bool {
    matches!(unit, 0xd800..=0xdbff)
}

const fn is_low(unit: u32) -> bool {
    matches!(unit, 0xdc00..=0xdfff)
}

/// The bytes at which reading a string must stop to look: the quote, the backslash and the control characters.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        stops[byte] = true;
        byte += 1;
    }
    stops[b'"' as usize] = true;
    stops[b'\\' as usize] = true;
    stops
};

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(JsonError::Syntax(self.at))
        }
    }

    fn object(&mut self, depth: usize, on_member: &mut impl FnMut(Cow<'a, str>, Value<'a>)) -> Result<(), JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.expect(b'{')?;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut names = Names::new();
        loop {
            self.skip_space();
            let start = self.at;
            let escaped = self.string()?;
            let raw = &self.text[start + 1..self.at - 1];
            let name = if escaped {
                Cow::Owned(unescape(raw))
            } else {
                Cow::Borrowed(raw)
            };
            if !names.insert(name.clone()) {
                return Err(JsonError::DuplicateName);
            }
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            let start = self.at;
            let kind = self.value(depth)?;
            on_member(
                name,
                Value {
                    kind,
                    text: &self.text[start..self.at],
                    start,
                },
            );
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(JsonError::Syntax(self.at)),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.expect(b'[')?;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_space();
            self.value(depth)?;
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(JsonError::Syntax(self.at)),
            }
        }
    }

    /// Reads one value inside a container of the given depth.
    fn value(&mut self, depth: usize) -> Result<Kind, JsonError> {
        match self.peek() {
            Some(b'"') => Ok(Kind::String {
                escaped: self.string()?,
            }),
            Some(b'{') => self.object(depth + 1, &mut |_, _| {}).map(|()| Kind::Object),
            Some(b'[') => self.array(depth + 1).map(|()| Kind::Array),
            Some(b't') => self.word("true", Kind::True),
            Some(b'f') => self.word("false", Kind::False),
            Some(b'n') => self.word("null", Kind::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(JsonError::Syntax(self.at)),
        }
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Kind, JsonError> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(kind)
        } else {
            Err(JsonError::Syntax(self.at))
        }
    }

    fn number(&mut self) -> Result<Kind, JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Kind::Number)
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start {
            Ok(())
        } else {
            Err(JsonError::Syntax(self.at))
        }
    }

    /// Reads a string and says whether it holds escapes.
    fn string(&mut self) -> Result<bool, JsonError> {
        self.expect(b'"')?;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        loop {
            while bytes.get(self.at).is_some_and(|byte| !STOPS[usize::from(*byte)]) {
                self.at += 1;
            }
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(JsonError::Syntax(self.at)),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let bytes = &self.text.as_bytes()[self.at..];
        match bytes.get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let first = hex4(bytes.get(2..6)).ok_or(JsonError::Syntax(self.at))?;
                self.at += if is_high(first) {
                    let second = bytes
                        .get(6..8)
                        .filter(|escape| *escape == b"\\u")
                        .and_then(|_| hex4(bytes.get(8..12)));
                    second
                        .filter(|low| is_low(*low))
                        .ok_or(JsonError::LoneSurrogate(self.at))?;
                    12
                } else if is_low(first) {
                    return Err(JsonError::LoneSurrogate(self.at));
                } else {
                    6
                };
            }
            _ => return Err(JsonError::Syntax(self.at)),
        }
        Ok(())
    }
}

/// The names seen in one object. A few are compared one by one, behind a 64-bit filter; many go to a hash set, so
/// that an object of thousands costs no more than its length.
struct Names<'a> {
    filter: u64,
    few: [&'a str; FEW],
    len: usize,
    many: Option<HashSet<Cow<'a, str>>>,
}

const FEW: usize = 16;

impl<'a> Names<'a> {
    const fn new() -> Self {
        Self {
            filter: 0,
            few: [""; FEW],
            len: 0,
            many: None,
        }
    }

    /// Takes a name in; `false` if it was there already.
    fn insert(&mut self, name: Cow<'a, str>) -> bool {
        if let Some(many) = &mut self.many {
            return many.insert(name);
        }
        match name {
            Cow::Borrowed(name) if self.len < FEW => {
                let bit = 1_u64 << (filter_hash(name) % 64);
                if self.filter & bit != 0 && self.few[..self.len].contains(&name) {
                    return false;
                }
                self.filter |= bit;
                self.few[self.len] = name;
                self.len += 1;
                true
            }
            name => {
                let mut many: HashSet<_> = self.few[..self.len].iter().map(|name| Cow::Borrowed(*name)).collect();
                let new = many.insert(name);
                self.many = Some(many);
                new
            }
        }
    }
}

/// Spreads the usual claim names over the filter; a collision costs only a comparison.
fn filter_hash(name: &str) -> usize {
    let bytes = name.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) => usize::from(*first) * 7 + usize::from(*last) * 31 + bytes.len(),
        _ => 0,
    }
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
        scan_object(
            r#" {"a":"x\n","b" : [1,{"c":2}], "d":-1.5e3,"e":null} "#,
            |name, value| {
                seen.push((name.into_owned(), value.kind, value.text.to_owned(), value.start));
            },
        )
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
            assert!(
                matches!(check(text), Err(JsonError::Syntax(_))),
                "{text:?} gave {:?}",
                check(text)
            );
        }
        assert_eq!(check("{}{}"), Err(JsonError::TrailingData(2)));
        assert_eq!(check("{}\0"), Err(JsonError::TrailingData(2)));
    }

    #[test]
    fn surrogates_come_in_pairs() {
        for text in [
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\udc00"}"#,
            r#"{"a":"\ud800\ud800"}"#,
            r#"{"\ud800x":1}"#,
        ] {
            assert!(matches!(check(text), Err(JsonError::LoneSurrogate(_))), "{text}");
        }
        assert_eq!(check(r#"{"a":"\ud83d\ude00"}"#), Ok(()));
    }

    #[test]
    fn five_thousand_nested_arrays_are_refused_without_a_stack_overflow() {
        assert_eq!(
            check(&format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000))),
            Err(JsonError::TooDeep)
        );
        assert_eq!(check(&"{\"a\":".repeat(5000)), Err(JsonError::TooDeep));
        assert_eq!(
            check(&format!("{{\"a\":{}{}}}", "[".repeat(63), "]".repeat(63))),
            Ok(())
        );
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
