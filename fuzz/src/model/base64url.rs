//! Base64url without padding, in which each sequence of bytes has one spelling (RFC 4648 section 5 and 3.5).

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Decodes a text, bit by bit.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bits = Vec::new();
    for character in text.chars() {
        let six = ALPHABET.find(character)?;
        bits.extend((0..6).rev().map(|bit| six >> bit & 1));
    }
    let whole = bits.len() / 8 * 8;
    // What is left over is padding of fewer than six bits, all of them zero.
    let rest = &bits[whole..];
    if rest.len() >= 6 || rest.contains(&1) {
        return None;
    }
    let byte = |eight: &[usize]| eight.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit == 1));
    Some(bits[..whole].chunks(8).map(byte).collect())
}

/// Encodes bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut bits: Vec<usize> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| usize::from(byte >> bit & 1))).collect();
    while !bits.len().is_multiple_of(6) {
        bits.push(0);
    }
    bits.chunks(6)
        .map(|six| char::from(ALPHABET.as_bytes()[six.iter().fold(0, |value, bit| value << 1 | bit)]))
        .collect()
}
