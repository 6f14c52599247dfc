//! The output of the `user` commands: for people, or as JSON for programs.

use std::io::{self, Write as _};

use serde_json::Value;

use crate::StartError;

/// How a command reports its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// In words.
    Text,
    /// As one line of JSON.
    Json,
}

impl Output {
    /// Reports a result, which is given in both forms. A text without lines prints nothing.
    pub(crate) fn say(self, text: &str, json: &Value) -> Result<(), StartError> {
        let written = match self {
            Self::Text if text.is_empty() => Ok(()),
            Self::Text => writeln!(io::stdout(), "{text}"),
            Self::Json => writeln!(io::stdout(), "{json}"),
        };
        written.map_err(|error| StartError::Output(error.to_string()))
    }
}

/// Writes a line to standard error, in one line whatever it contains.
pub(super) fn complain(line: &str) {
    // If standard error is closed, the exit code still says that the command failed.
    let _ = writeln!(io::stderr(), "{}", line.replace(char::is_control, " "));
}

/// Returns a number with its noun, such as `1 session` or `no users`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    match number {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    }
}
