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
mod tests;
