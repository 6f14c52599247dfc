//! JSON (RFC 8259), read into values by recursive descent, with the strict rules for tokens: no name twice in one
//! object, no lone surrogates, at most 64 levels.

use std::str::Chars;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// Its text: JSON does not limit the size of numbers.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Object),
}

pub(crate) type Object = Vec<(String, Json)>;

const MAX_DEPTH: usize = 64;

/// Reads exactly one object.
pub(crate) fn object(bytes: &[u8]) -> Option<Object> {
    let mut reader = Reader(str::from_utf8(bytes).ok()?.chars());
    reader.blanks();
    let Json::Object(object) = reader.value(0)? else { return None };
    reader.blanks();
    reader.0.next().is_none().then_some(object)
}

/// Returns a member.
pub(crate) fn get<'o>(object: &'o Object, name: &str) -> Option<&'o Json> {
    object.iter().find(|(found, _)| found == name).map(|(_, value)| value)
}

struct Reader<'t>(Chars<'t>);

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.0.clone().next()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.0.next();
        }
    }

    /// Goes past a text, if it comes next.
    fn take(&mut self, text: &str) -> Option<()> {
        let rest = self.0.as_str().strip_prefix(text)?;
        self.0 = rest.chars();
        Some(())
    }

    /// Reads a value inside of this many lists and objects.
    fn value(&mut self, depth: usize) -> Option<Json> {
        match self.peek()? {
            '{' if depth < MAX_DEPTH => self.members(depth + 1),
            '[' if depth < MAX_DEPTH => self.elements(depth + 1),
            '"' => self.text().map(Json::Text),
            't' => self.take("true").map(|()| Json::Bool(true)),
            'f' => self.take("false").map(|()| Json::Bool(false)),
            'n' => self.take("null").map(|()| Json::Null),
            _ => self.number(),
        }
    }

    fn members(&mut self, depth: usize) -> Option<Json> {
        let mut members = Object::new();
        self.take("{")?;
        self.blanks();
        if self.take("}").is_some() {
            return Some(Json::Object(members));
        }
        loop {
            self.blanks();
            let name = self.text()?;
            self.blanks();
            self.take(":")?;
            self.blanks();
            let value = self.value(depth)?;
            if get(&members, &name).is_some() {
                return None;
            }
            members.push((name, value));
            self.blanks();
            if self.take("}").is_some() {
                return Some(Json::Object(members));
            }
            self.take(",")?;
        }
    }

    fn elements(&mut self, depth: usize) -> Option<Json> {
        let mut elements = Vec::new();
        self.take("[")?;
        self.blanks();
        if self.take("]").is_some() {
            return Some(Json::List(elements));
        }
        loop {
            self.blanks();
            elements.push(self.value(depth)?);
            self.blanks();
            if self.take("]").is_some() {
                return Some(Json::List(elements));
            }
            self.take(",")?;
        }
    }

    fn text(&mut self) -> Option<String> {
        self.take("\"")?;
        // Escapes are UTF-16, so the whole text is read as that: a lone surrogate is then an error.
        let mut units = Vec::new();
        loop {
            match self.0.next()? {
                '"' => return String::from_utf16(&units).ok(),
                '\\' => units.push(self.escape()?),
                control if control < ' ' => return None,
                other => units.extend(other.encode_utf16(&mut [0; 2]).iter()),
            }
        }
    }

    fn escape(&mut self) -> Option<u16> {
        Some(match self.0.next()? {
            same @ ('"' | '\\' | '/') => same as u16,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'u' => {
                let digits: String = self.0.by_ref().take(4).collect();
                let hexadecimal = digits.len() == 4 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
                hexadecimal.then(|| u16::from_str_radix(&digits, 16).ok()).flatten()?
            }
            _ => return None,
        })
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.0.as_str();
        let _ = self.take("-");
        if self.take("0").is_none() {
            self.digits()?;
        }
        if self.take(".").is_some() {
            self.digits()?;
        }
        if self.take("e").or_else(|| self.take("E")).is_some() {
            let _ = self.take("+").or_else(|| self.take("-"));
            self.digits()?;
        }
        Some(Json::Number(start[..start.len() - self.0.as_str().len()].to_owned()))
    }

    fn digits(&mut self) -> Option<()> {
        let rest = self.0.as_str().trim_start_matches(|character: char| character.is_ascii_digit());
        let some = rest.len() < self.0.as_str().len();
        self.0 = rest.chars();
        some.then_some(())
    }
}
