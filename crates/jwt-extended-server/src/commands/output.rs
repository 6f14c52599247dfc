//! The output of the commands: for people, or as JSON for programs.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use jwt_extended_axum::jwt_extended::Timestamp;
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
pub(crate) fn complain(line: &str) {
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

/// Returns a text of somebody else with its control characters escaped: they would work in a terminal.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// Whether a terminal may obey a character instead of showing it, or reorder the text around it.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Says how far a time is from now, such as `in 4 min` or `2 days ago`.
pub(crate) fn relative(time: Timestamp, now: Timestamp) -> String {
    let (ahead, passed) = (time.saturating_duration_since(now), now.saturating_duration_since(time));
    match (rounded(ahead), rounded(passed)) {
        (None, None) => "now".to_owned(),
        (Some(ahead), _) => format!("in {ahead}"),
        (None, Some(passed)) => format!("{passed} ago"),
    }
}

/// Returns a time in its largest unit; `None` if it is shorter than a second.
fn rounded(time: Duration) -> Option<String> {
    Some(match time.as_secs() {
        0 => return None,
        seconds @ 1..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} hours", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_its_largest_unit() {
        let now = Timestamp::from_secs(1_000_000_000);
        let said = |seconds: i64| relative(Timestamp::from_secs(1_000_000_000_u64.saturating_add_signed(seconds)), now);
        assert_eq!(said(0), "now");
        assert_eq!((said(119), said(-119)), ("in 119 s".to_owned(), "119 s ago".to_owned()));
        assert_eq!((said(120), said(-7199)), ("in 2 min".to_owned(), "119 min ago".to_owned()));
        assert_eq!((said(7200), said(-172_799)), ("in 2 hours".to_owned(), "47 hours ago".to_owned()));
        assert_eq!(said(30 * 86_400), "in 30 days");
    }

    #[test]
    fn a_terminal_gets_no_control_character() {
        assert_eq!(escaped("a\u{1b}[2Jb\u{9b}\u{202e}é"), "a\\u{1b}[2Jb\\u{9b}\\u{202e}é");
    }
}
