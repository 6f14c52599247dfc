//! The output of the commands: for people, or as JSON for programs.

use std::{
    fmt,
    io::{self, Write as _},
    time::Duration,
};

use jwt_extended_axum::jwt_extended::Timestamp;
use serde_json::{Value, json};

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
        match self {
            Self::Text if text.is_empty() => Ok(()),
            Self::Text => print(format_args!("{text}\n")),
            Self::Json => print(format_args!("{json}\n")),
        }
    }

    /// Reports why the command failed, to programs. For people, the program does so on standard error.
    pub(crate) fn fail(self, error: &StartError) -> Result<(), StartError> {
        match (self, error) {
            // These have told it with their result; the last one cannot tell anything.
            (
                Self::Json,
                StartError::TokenRefused(_)
                | StartError::TokenUnchecked(_)
                | StartError::Import { .. }
                | StartError::Output(_),
            )
            | (Self::Text, _) => Ok(()),
            (Self::Json, error) => print(format_args!("{}\n", json!({ "error": error.to_string() }))),
        }
    }
}

/// Writes to standard output. A reader that has closed it, such as `head`, wants no more, and that is no error.
pub(crate) fn print(text: fmt::Arguments<'_>) -> Result<(), StartError> {
    let mut out = io::stdout();
    match out.write_fmt(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| StartError::Output(error.to_string())),
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

/// Returns a time in a unit of which it has at least two, to the nearest whole number; `None` if it is shorter than a
/// second.
pub(crate) fn rounded(time: Duration) -> Option<String> {
    let seconds = time.as_secs();
    let nearest = |unit: u64| seconds.saturating_add(unit / 2) / unit;
    Some(match seconds {
        0 => return None,
        1..120 => format!("{seconds} s"),
        // Not 120 min, but 2 hours.
        120..7_170 => format!("{} min", nearest(60)),
        7_170..171_000 => format!("{} hours", nearest(3_600)),
        _ => format!("{} days", nearest(86_400)),
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
        assert_eq!((said(120), said(-7169)), ("in 2 min".to_owned(), "119 min ago".to_owned()));
        assert_eq!((said(7170), said(-170_999)), ("in 2 hours".to_owned(), "47 hours ago".to_owned()));
        assert_eq!((said(171_000), said(30 * 86_400)), ("in 2 days".to_owned(), "in 30 days".to_owned()));
    }

    #[test]
    fn a_time_is_rounded_to_the_nearest_number() {
        let said = |seconds| rounded(Duration::from_secs(seconds)).unwrap();
        // A token of 15 minutes, looked at a second later.
        assert_eq!(said(899), "15 min");
        assert_eq!((said(149), said(150)), ("2 min".to_owned(), "3 min".to_owned()));
        assert_eq!(said(30 * 86_400 - 5), "30 days");
        assert_eq!(said(u64::MAX), format!("{} days", u64::MAX / 86_400));
    }

    #[test]
    fn a_terminal_gets_no_control_character() {
        assert_eq!(escaped("a\u{1b}[2Jb\u{9b}\u{202e}é"), "a\\u{1b}[2Jb\\u{9b}\\u{202e}é");
    }
}
