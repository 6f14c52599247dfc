//! The grammar of RFC 8259, in one pass from left to right.

use std::borrow::Cow;

use super::{
    JsonError, Kind, Value,
    names::Names,
    strings::{hex4, is_high, is_low, plain_length, unescape},
};

/// The maximum nesting depth of arrays and objects.
const MAX_DEPTH: usize = 64;

/// A text, and the position up to which it was read.
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Checks that only white space is left.
    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(JsonError::TrailingData(self.at)) }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(JsonError::Syntax(self.at))
        }
    }

    pub(super) fn object(
        &mut self,
        depth: usize,
        on_member: &mut impl FnMut(Cow<'a, str>, Value<'a>),
    ) -> Result<(), JsonError> {
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
            let name = if escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) };
            if !names.insert(name.clone()) {
                return Err(JsonError::DuplicateName);
            }
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            let start = self.at;
            let kind = self.value(depth)?;
            on_member(name, Value { kind, text: &self.text[start..self.at], start });
            self.skip_space();
            if !self.another(b'}')? {
                return Ok(());
            }
        }
    }

    /// Returns the first member of this name in an object, and reads no further. What follows may be anything.
    pub(super) fn find(&mut self, wanted: &str) -> Result<Option<Value<'a>>, JsonError> {
        self.skip_space();
        self.expect(b'{')?;
        loop {
            self.skip_space();
            if self.peek() == Some(b'}') {
                return Ok(None);
            }
            let start = self.at;
            let escaped = self.string()?;
            let raw = &self.text[start + 1..self.at - 1];
            let is_wanted = if escaped { unescape(raw) == wanted } else { raw == wanted };
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            let start = self.at;
            let kind = self.value(1)?;
            if is_wanted {
                return Ok(Some(Value { kind, text: &self.text[start..self.at], start }));
            }
            self.skip_space();
            if !self.another(b'}')? {
                return Ok(None);
            }
        }
    }

    /// Returns `true` after a comma and `false` after the closing bracket. Anything else is an error.
    fn another(&mut self, close: u8) -> Result<bool, JsonError> {
        let next = self.peek();
        if next != Some(b',') && next != Some(close) {
            return Err(JsonError::Syntax(self.at));
        }
        self.at += 1;
        Ok(next == Some(b','))
    }

    pub(super) fn array(&mut self, depth: usize, on_element: &mut impl FnMut(Value<'a>)) -> Result<(), JsonError> {
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
            let start = self.at;
            let kind = self.value(depth)?;
            on_element(Value { kind, text: &self.text[start..self.at], start });
            self.skip_space();
            if !self.another(b']')? {
                return Ok(());
            }
        }
    }

    /// Reads one value inside a container at the given depth.
    fn value(&mut self, depth: usize) -> Result<Kind, JsonError> {
        match self.peek() {
            Some(b'"') => Ok(Kind::String { escaped: self.string()? }),
            Some(b'{') => self.object(depth + 1, &mut |_, _| {}).map(|()| Kind::Object),
            Some(b'[') => self.array(depth + 1, &mut |_| {}).map(|()| Kind::Array),
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
        if self.at > start { Ok(()) } else { Err(JsonError::Syntax(self.at)) }
    }

    /// Reads a string and returns whether it contains escapes.
    fn string(&mut self) -> Result<bool, JsonError> {
        self.expect(b'"')?;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        loop {
            self.at += plain_length(bytes.get(self.at..).unwrap_or_default());
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
                    let second =
                        bytes.get(6..8).filter(|escape| *escape == b"\\u").and_then(|_| hex4(bytes.get(8..12)));
                    second.filter(|low| is_low(*low)).ok_or(JsonError::LoneSurrogate(self.at))?;
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
