//! The one place where this crate compares secrets. `cargo xtask check` refuses such a comparison anywhere else.

use subtle::ConstantTimeEq as _;

/// Returns whether two secrets are equal. The time depends on their lengths alone, never on where they differ.
pub(crate) fn equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
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
}
