//! How texts and times are stored.
//!
//! PostgreSQL's `text` cannot hold U+0000, which the id of a foreign token may contain. So U+0000 is stored as U+0001
//! `0`, and U+0001 as U+0001 `1`; different texts stay different. A time is stored as microseconds since 1970.

use std::time::Duration;

use jwt_extended::Timestamp;

const ESCAPE: char = '\u{1}';

/// Stored as the end of what never ends: it is later than every time.
const NEVER: i64 = i64::MAX;

/// Returns a text as it is stored.
pub(crate) fn text(text: &str) -> String {
    if !text.bytes().any(|byte| byte <= 1) {
        return text.to_owned();
    }
    let mut stored = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0' => stored.extend([ESCAPE, '0']),
            ESCAPE => stored.extend([ESCAPE, '1']),
            other => stored.push(other),
        }
    }
    stored
}

/// Reverses [`text`].
pub(crate) fn restored_text(stored: String) -> String {
    if !stored.contains(ESCAPE) {
        return stored;
    }
    let mut text = String::with_capacity(stored.len());
    let mut characters = stored.chars();
    while let Some(character) = characters.next() {
        match (character, character == ESCAPE) {
            (_, true) => text.extend(characters.next().map(|kind| if kind == '0' { '\0' } else { ESCAPE })),
            (other, false) => text.push(other),
        }
    }
    text
}

/// Returns a time as it is stored.
pub(crate) fn time(time: Timestamp) -> i64 {
    // The year 9999 in microseconds is far below this.
    i64::try_from(time.as_micros()).unwrap_or(NEVER)
}

/// Reverses [`time`]. A time before 1970, which only another program can have stored, becomes 1970.
pub(crate) fn restored_time(stored: i64) -> Timestamp {
    Timestamp::from_micros(stored.try_into().unwrap_or(0))
}

/// Returns an end as it is stored; `None` is never.
pub(crate) fn end(end: Option<Timestamp>) -> i64 {
    end.map_or(NEVER, time)
}

/// Reverses [`end`].
pub(crate) fn restored_end(stored: i64) -> Option<Timestamp> {
    (stored != NEVER).then(|| restored_time(stored))
}

/// Returns a duration in the unit of stored times.
pub(crate) fn duration(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_restored_and_none_is_stored_with_a_nul() {
        for original in ["", "alice", "naïve 😀", "\0", "\u{1}", "\u{1}0", "a\0b\u{1}c\0", "\u{1}\u{1}0\0"] {
            let stored = text(original);
            assert!(!stored.contains('\0'), "{original:?}");
            assert_eq!(restored_text(stored), original);
        }
    }

    #[test]
    fn different_texts_stay_different() {
        assert_ne!(text("\0"), text("\u{1}0"));
        assert_ne!(text("\u{1}"), text("\u{1}1"));
    }
}
