//! The one place where this crate compares secrets. `cargo xtask check` refuses such a comparison anywhere else.

use std::hint::black_box;

use subtle::ConstantTimeEq as _;

/// Returns whether two secrets are equal. The time depends on their lengths alone, never on where they differ.
pub(crate) fn equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// Returns the same as [`equal`], for comparisons that every request needs: it reads eight bytes at a time. For the
/// look-up of a token of 350 bytes, `subtle` would take as long as all the rest; for an HMAC, a twentieth of it.
pub(crate) fn equal_by_words(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let ((words, rest), (other_words, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let words = words.iter().zip(other_words).map(|(one, other)| u64::from_ne_bytes(*one) ^ u64::from_ne_bytes(*other));
    let rest = rest.iter().zip(other_rest).map(|(one, other)| u64::from(one ^ other));
    black_box(words.chain(rest).fold(0, |difference, word| difference | word)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_bytes_are_equal() {
        assert!(equal(b"", b"") && equal(b"abc", b"abc"));
        for other in [&b""[..], b"ab", b"abd", b"bbc", b"abcd"] {
            assert!(!equal(b"abc", other), "{other:?}");
        }
    }

    #[test]
    fn texts_of_any_length_are_compared_whole_by_words() {
        let text = b"abcdefgh.ijklmnop.qrs";
        assert!(equal_by_words(text, text) && equal_by_words(b"", b""));
        for at in 0..text.len() {
            let mut other = *text;
            other[at] ^= 1;
            assert!(!equal_by_words(text, &other) && !equal_by_words(text, &text[..at]), "{at}");
        }
    }
}
