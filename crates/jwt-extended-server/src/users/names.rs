//! The spelling of users' names and passwords: what looks the same on a screen is the same (RFC 8265).
//!
//! It knows texts, and nothing of accounts and hashes.

use precis_profiles::{UsernameCaseMapped, precis_core::profile::PrecisFastInvocation as _};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// The longest name, in bytes.
pub(super) const LONGEST: usize = 255;

/// The longest spelling of a name that is looked at, in bytes. Composing makes a name much shorter at times.
const LONGEST_GIVEN: usize = 16 * LONGEST;

/// How often a profile may be applied until its result is stable (RFC 8264 section 7).
const ATTEMPTS: usize = 4;

/// Returns the spelling under which a user is stored: the profile `UsernameCaseMapped` of RFC 8265, with lower case and
/// composed characters. Words may be separated by spaces; spaces around the name are left out. `None` if it cannot be a
/// name: it is empty or too long, or has invisible, control or other forbidden characters.
pub(crate) fn normalized(name: &str) -> Option<String> {
    if name.len() > LONGEST_GIVEN {
        return None;
    }
    let is_space = |c: char| c.is_whitespace() && !c.is_control();
    let words = name.split(is_space).filter(|word| !word.is_empty()).map(normalized_word);
    let name = words.collect::<Option<Vec<_>>>()?.join(" ");
    (!name.is_empty() && name.len() <= LONGEST).then_some(name)
}

fn normalized_word(word: &str) -> Option<String> {
    // The profile composes last, and refuses what some systems write for Korean and other letters before it does.
    let mut word: String = word.nfc().collect();
    for _ in 0..ATTEMPTS {
        let next = UsernameCaseMapped::enforce(&*word).ok()?.into_owned();
        if next == word {
            return Some(word);
        }
        word = next;
    }
    None
}

/// Returns the form in which a password is hashed: that of the profile `OpaqueString` of RFC 8265, with composed
/// characters, and spaces of one kind. Case and the number of spaces count. Unlike the profile, it refuses no
/// character: that would lock out users whose passwords have newer ones, such as most emoji.
pub(super) fn normalized_password(password: &str) -> Zeroizing<String> {
    // NFC makes a text at most three times as long. If the text grew, a copy of it would stay in memory.
    let mut normal = Zeroizing::new(String::with_capacity(password.len() * 3));
    normal.extend(password.chars().map(|c| if is_other_space(c) { ' ' } else { c }).nfc());
    normal
}

/// Returns whether a character is a space (category Zs) other than the ASCII one.
fn is_other_space(c: char) -> bool {
    c.is_whitespace() && !c.is_ascii() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_are_the_same() {
        for (name, spellings) in [
            ("josé", &["jose\u{301}", "JOSÉ", "JOSE\u{301}", " josé ", "josé\u{a0}"][..]),
            ("alice", &["Alice", "ALICE", "alice ", "\u{2003}alice", "ａｌｉｃｅ", "alice"]),
            ("al ice", &["Al Ice", "al  ice", "al\u{a0}ice", "al\u{3000}ice"]),
            ("alice+tag@example.com", &["Alice+Tag@Example.COM"]),
            ("한글", &["\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"]),
            ("åsa", &["\u{212b}sa", "A\u{30a}sa"]),
        ] {
            assert_eq!(normalized(name).as_deref(), Some(name));
            for spelling in spellings {
                assert_eq!(normalized(spelling).as_deref(), Some(name), "{spelling:?}");
            }
        }
    }

    #[test]
    fn invisible_and_control_characters_make_no_name() {
        let long = "a".repeat(LONGEST + 1);
        for name in [
            "",
            " ",
            "a\nb",
            "alice\n",
            "alice\0",
            "al\tice",
            "al\u{200b}ice",
            "al\u{ad}ice",
            "\u{202e}ecila",
            "al\u{200d}ice",
            "\u{feff}alice",
            "ﬁona",
            "alice☠",
            &long,
        ] {
            assert_eq!(normalized(name), None, "{name:?}");
        }
        assert!(normalized(&long[1..]).is_some());
    }

    #[test]
    fn different_names_stay_different() {
        for (one, two) in [("alice", "al ice"), ("jose", "josé"), ("ali-ce", "alice"), ("straße", "strasse")] {
            assert_ne!(normalized(one), normalized(two));
        }
    }

    #[test]
    fn passwords_are_composed_and_keep_case_and_spaces() {
        for (password, normal) in [
            ("pass\u{65}\u{301}", "passé"),
            ("a\u{a0}b\u{3000}c", "a b c"),
            (" Two  spaces ", " Two  spaces "),
            ("🫠 and ﬁ", "🫠 and ﬁ"),
            ("tab\tnewline\n", "tab\tnewline\n"),
            ("", ""),
        ] {
            assert_eq!(*normalized_password(password), normal, "{password:?}");
        }
    }
}
