//! Names and labels as they are stored: PostgreSQL's text cannot hold U+0000, which a foreign token's name may.
//!
//! U+0000 is stored as U+0001 `0`, and U+0001 as U+0001 `1`, so that different texts stay different. All else is stored as
//! it is.

const ESCAPE: char = '\u{1}';

/// A text as it is stored.
pub(crate) fn stored(text: &str) -> String {
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

/// The text that was stored so.
pub(crate) fn restored(stored: String) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_and_none_holds_a_nul() {
        for text in ["", "alice", "naïve 😀", "\0", "\u{1}", "\u{1}0", "a\0b\u{1}c\0", "\u{1}\u{1}0\0"] {
            let kept = stored(text);
            assert!(!kept.contains('\0'), "{text:?}");
            assert_eq!(restored(kept), text);
        }
    }

    #[test]
    fn different_texts_stay_different() {
        assert_ne!(stored("\0"), stored("\u{1}0"));
        assert_ne!(stored("\u{1}"), stored("\u{1}1"));
    }
}
