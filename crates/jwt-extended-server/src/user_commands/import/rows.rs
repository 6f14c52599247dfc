//! Reads the rows of a file of users, as CSV or as one JSON object per line.
//!
//! It knows the form of a row, and not what makes a good name, hash or scope. No message quotes a value: it may be a
//! hash.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};
use zeroize::Zeroizing;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Comma-separated values, with a header.
    Csv,
    /// One JSON object per line.
    Jsonl,
}

/// A row, and its line in the file.
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) username: String,
    pub(super) password_hash: Zeroizing<String>,
    /// With spaces between them.
    pub(super) scopes: String,
    /// `None` if it is neither true nor false.
    pub(super) disabled: Option<bool>,
}

/// A mistake in a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) line: usize,
    pub(super) why: String,
}

const COLUMNS: [&str; 4] = ["username", "password_hash", "scopes", "disabled"];

/// Reads all rows, and all mistakes. Without a format, a file that begins with `{` has lines of JSON.
pub(super) fn read(bytes: &[u8], format: Option<Format>) -> (Vec<Row>, Vec<Mistake>) {
    // Excel and others write a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let guess = if first == Some(&b'{') { Format::Jsonl } else { Format::Csv };
    let read = match format.unwrap_or(guess) {
        Format::Csv => read_csv(bytes),
        Format::Jsonl => read_lines(bytes),
    };
    let (mut rows, mut mistakes) = (Vec::new(), Vec::new());
    for row in read {
        match row {
            Ok(row) => rows.push(row),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    (rows, mistakes)
}

fn read_csv(bytes: &[u8]) -> Vec<Result<Row, Mistake>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut lines = Lines { bytes, at: 0, line: 1 };
    let mut columns = None;
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let line = lines.of_record_at(reader.position().byte());
        let mistake = |why: &str| Mistake { line, why: why.to_owned() };
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => match &columns {
                None => match Columns::of(&record) {
                    Ok(found) => columns = Some(found),
                    Err(why) => return vec![Err(mistake(&why))],
                },
                Some(columns) => rows.push(columns.row(&record, line).map_err(|why| mistake(&why))),
            },
            Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
                rows.push(Err(mistake("is not valid UTF-8")));
            }
            Err(_) => {
                rows.push(Err(mistake("is not valid CSV")));
                break;
            }
        }
    }
    if columns.is_none() && rows.is_empty() {
        rows.push(Err(Mistake { line: 1, why: "the file is empty".to_owned() }));
    }
    rows
}

/// Counts the lines of the text before each record, in the order of the records.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// Returns the line of the record that begins at this place, or after empty lines.
    fn of_record_at(&mut self, place: u64) -> usize {
        let place = usize::try_from(place).unwrap_or(usize::MAX).min(self.bytes.len());
        let gap = self.bytes[place..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let until = place + gap;
        self.line += self.bytes[self.at..until].split(|byte| *byte == b'\n').count() - 1;
        self.at = until;
        self.line
    }
}

/// The place of each column in a record.
struct Columns {
    username: usize,
    password_hash: usize,
    scopes: Option<usize>,
    disabled: Option<usize>,
    all: usize,
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, String> {
        let place = |name: &str| header.iter().position(|column| column.trim() == name);
        let is_right =
            |(at, column): (usize, &str)| COLUMNS.contains(&column.trim()) && place(column.trim()) == Some(at);
        let (Some(username), Some(password_hash), true) =
            (place("username"), place("password_hash"), header.iter().enumerate().all(is_right))
        else {
            return Err(
                "the first line must name the columns: username,password_hash, and if you like scopes and disabled"
                    .to_owned(),
            );
        };
        let (scopes, disabled) = (place("scopes"), place("disabled"));
        Ok(Self { username, password_hash, scopes, disabled, all: header.len() })
    }

    fn row(&self, record: &csv::StringRecord, line: usize) -> Result<Row, String> {
        if record.len() != self.all {
            return Err(format!("has {} fields, and the first line has {}", record.len(), self.all));
        }
        let field = |place: Option<usize>| place.and_then(|place| record.get(place)).unwrap_or_default().trim();
        let disabled = match field(self.disabled).to_ascii_lowercase().as_str() {
            "" | "false" | "f" | "no" | "0" => Some(false),
            "true" | "t" | "yes" | "1" => Some(true),
            _ => None,
        };
        Ok(Row {
            line,
            username: field(Some(self.username)).to_owned(),
            password_hash: Zeroizing::new(field(Some(self.password_hash)).to_owned()),
            scopes: field(self.scopes).to_owned(),
            disabled,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonRow {
    username: String,
    password_hash: Zeroizing<String>,
    #[serde(default, deserialize_with = "scopes")]
    scopes: String,
    #[serde(default)]
    disabled: bool,
}

fn read_lines(bytes: &[u8]) -> Vec<Result<Row, Mistake>> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let lines = lines.filter(|(_, text)| !text.trim_ascii().is_empty());
    let row = |(number, text): (usize, &[u8])| {
        let line = number + 1;
        let JsonRow { username, password_hash, scopes, disabled } =
            serde_json::from_slice(text).map_err(|error| Mistake { line, why: json_mistake(&error) })?;
        Ok(Row { line, username, password_hash, scopes, disabled: Some(disabled) })
    };
    lines.map(row).collect()
}

/// Leaves out everything in a parser's error that quotes the file.
fn json_mistake(error: &serde_json::Error) -> String {
    let column = error.column();
    if !error.is_data() {
        return format!("is not a JSON object, from column {column} on");
    }
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    // "invalid type: string "the value", expected …"
    match text.rsplit_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") => format!("column {column}: expected {expected}"),
        _ if text.starts_with("unknown field") => format!("column {column}: the members are {}", COLUMNS.join(", ")),
        _ => format!("column {column}: {text}"),
    }
}

/// Reads a text with spaces between the scopes, or a list.
fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Scopes;

    impl<'de> Visitor<'de> for Scopes {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("scopes as a text or a list of words")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<String, A::Error> {
            let mut scopes: Vec<String> = Vec::new();
            while let Some(scope) = list.next_element()? {
                scopes.push(scope);
            }
            Ok(scopes.join(" "))
        }
    }

    deserializer.deserialize_any(Scopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let (rows, mistakes) = read(text.as_bytes(), None);
        let row = |row: &Row| {
            let disabled = row.disabled.map_or("unclear".to_owned(), |disabled| disabled.to_string());
            format!("{} {} {} [{}] {disabled}", row.line, row.username, *row.password_hash, row.scopes)
        };
        let mistake = |mistake: &Mistake| format!("{}: {}", mistake.line, mistake.why);
        rows.iter().map(row).chain(mistakes.iter().map(mistake)).collect()
    }

    #[test]
    fn the_header_names_the_columns_in_any_order() {
        let text = "disabled,password_hash, username ,scopes\ntrue,hash,alice,a b\n,\"ha,sh\",bob,\n";
        assert_eq!(shown(text), ["2 alice hash [a b] true", "3 bob ha,sh [] false"]);
        assert_eq!(shown("disabled,password_hash,username\nperhaps,hash,alice"), ["2 alice hash [] unclear"]);
        assert_eq!(shown("username,password_hash\nalice,hash"), ["2 alice hash [] false"]);
    }

    #[test]
    fn every_line_end_and_a_byte_order_mark_are_read() {
        for end in ["\n", "\r\n"] {
            let text = format!("\u{feff}username,password_hash{end}{end}a,h{end}{end}{end}\"b\nb\",h{end}c,h{end}");
            let found: Vec<_> = read(text.as_bytes(), None).0.iter().map(|row| row.line).collect();
            assert_eq!(found, [3, 6, 8], "{text:?}");
        }
    }

    #[test]
    fn a_bad_header_is_one_mistake() {
        for header in ["alice,$argon2id$hash", "username", "username,password_hash,email", "username,username"] {
            let said = shown(&format!("{header}\na,h\n"));
            assert!(said.len() == 1 && said[0].starts_with("1: the first line must name"), "{said:?}");
        }
        assert_eq!(shown(""), ["1: the file is empty"]);
    }

    #[test]
    fn lines_of_csv_have_their_mistakes() {
        let text = b"username,password_hash,disabled\na,h\nb,h,no,x\n\xff,h,\nc,h,no\n";
        let (rows, mistakes) = read(text, None);
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [5]);
        let said: Vec<_> = mistakes.iter().map(|mistake| (mistake.line, mistake.why.as_str())).collect();
        assert_eq!(
            said,
            [
                (2, "has 2 fields, and the first line has 3"),
                (3, "has 4 fields, and the first line has 3"),
                (4, "is not valid UTF-8"),
            ]
        );
    }

    #[test]
    fn lines_of_json_are_objects() {
        let text = r#"{"username": "alice", "password_hash": "h", "scopes": ["a", "b"], "disabled": true}

{"password_hash": "h", "username": "bob", "scopes": "a b"}"#;
        assert_eq!(shown(text), ["1 alice h [a b] true", "3 bob h [a b] false"]);
    }

    #[test]
    fn lines_of_json_have_their_mistakes_without_values() {
        let text = r#"{"username": "hush"}
{"username": "a", "password_hash": 5}
{"username": "a", "password_hash": "h", "scopes": "hush", "disabled": "hush"}
{"username": "a", "password_hash": "h", "scopes": 7}
{"username": "a", "password_hash": "h", "hush": 7}
{"username": "a", "password_hash": "hush
hush"#;
        let said = shown(text);
        let starts = [
            "1: column 20: missing field `password_hash`",
            "2: column 36: expected a string",
            "3: column 76: expected a boolean",
            "4: column 51: expected scopes as a text or a list of words",
            "5: column 46: the members are username, password_hash, scopes, disabled",
            "6: is not a JSON object, from column",
            "7: is not a JSON object, from column",
        ];
        assert_eq!(said.len(), starts.len());
        for (said, start) in said.iter().zip(starts) {
            assert!(said.starts_with(start) && !said.contains("hush"), "{said}");
        }
    }

    #[test]
    fn a_format_that_is_named_is_not_guessed() {
        let (rows, mistakes) = read(b"{\"username\": \"a\", \"password_hash\": \"h\"}", Some(Format::Csv));
        assert!(rows.is_empty() && mistakes.len() == 1);
    }
}
