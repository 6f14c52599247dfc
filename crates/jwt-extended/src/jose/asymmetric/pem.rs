//! PEM (RFC 7468), strictly: exactly one unencrypted block, with only white space around it.
//!
//! Knows the labels of keys, but not their content. Copies of a private key are wiped.

use std::str;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{encoding::Form, scheme::Scheme};
use crate::jose::{Algorithm, KeyError};

const LINE: usize = 64;

/// Returns the DER in the only block of the text. The content must match the block's label.
pub(crate) fn der_of_pem(algorithm: Algorithm, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    // Refuse HMAC algorithms first: that error helps more than one about the text.
    Scheme::of(algorithm)?;
    let malformed = |why| KeyError::Malformed { algorithm, why };
    let text = str::from_utf8(text).map_err(|_| KeyError::NotPem)?.trim_matches(is_margin);
    if !text.contains("-----BEGIN ") {
        return Err(KeyError::NotPem);
    }
    let incomplete = malformed("the PEM block is incomplete");
    if !text.starts_with("-----BEGIN ") {
        return Err(malformed(in_front(text)));
    }
    let mut block = Block::first_of(text).ok_or_else(|| incomplete.clone())?;
    // `openssl ecparam -genkey` writes the curve first. The key names it again.
    if block.label == "EC PARAMETERS" {
        block = Block::first_of(block.after).ok_or(incomplete)?;
    }
    let form = form_of_label(block.label).map_err(|unusable| unusable.map_or(KeyError::NotPem, malformed))?;
    if block.after.contains("-----BEGIN CERTIFICATE") {
        return Err(malformed("a certificate follows the key in the PEM text; leave out the key's chain"));
    }
    if block.after.starts_with("-----BEGIN ") {
        return Err(malformed("the PEM text holds more than one block; give one key alone"));
    }
    if !block.after.is_empty() {
        return Err(malformed("there is text after the PEM block; delete it"));
    }
    if block.body.contains(':') {
        return Err(malformed("the PEM block has headers, as encrypted keys do; rewrite it with `openssl pkey`"));
    }
    let der = decode_body(block.body)
        .ok_or(malformed("its base64 is damaged; line breaks must be real ones, not the two characters \\n"))?;
    if Form::of(&der) != Some(form) {
        return Err(malformed("the content of the PEM block is damaged, or not what its label says"));
    }
    Ok(der)
}

/// Writes a private key in PKCS#8 as PEM.
pub(super) fn encode_private(der: &[u8]) -> Zeroizing<String> {
    let base64_length = der.len().div_ceil(3) * 4;
    // The strings are allocated at full size, because a string that grows leaves unwiped copies behind.
    let mut base64 = Zeroizing::new(String::with_capacity(base64_length));
    STANDARD.encode_string(der, &mut base64);
    let mut text = Zeroizing::new(String::with_capacity(base64_length + base64_length / LINE + 64));
    text.push_str("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = base64.as_str();
    while let Some((line, after)) = rest.split_at_checked(LINE.min(rest.len())).filter(|_| !rest.is_empty()) {
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END PRIVATE KEY-----\n");
    text
}

/// Returns what stands in front of the first PEM block.
fn in_front(text: &str) -> &'static str {
    if text.contains("Bag Attributes") {
        "there are Bag Attributes in front of the PEM block, as `openssl pkcs12` writes them; rewrite it with `openssl \
         pkey`"
    } else {
        "there is text in front of the PEM block; delete it"
    }
}

struct Block<'t> {
    label: &'t str,
    body: &'t str,
    after: &'t str,
}

impl<'t> Block<'t> {
    /// Reads the block at the start of the text.
    fn first_of(text: &'t str) -> Option<Self> {
        let (label, rest) = text.strip_prefix("-----BEGIN ")?.split_once("-----")?;
        let (body, rest) = rest.split_once("-----END ")?;
        let after = rest.strip_prefix(label)?.strip_prefix("-----")?.trim_start_matches(is_margin);
        Some(Self { label, body, after })
    }
}

/// Returns whether a character is white space or the byte order mark, which editors insert invisibly.
fn is_margin(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

/// Returns the structure that a block with this label must hold.
///
/// The error is the advice for the reader, or `None` if the label does not belong to a key.
fn form_of_label(label: &str) -> Result<Form, Option<&'static str>> {
    match label {
        "PUBLIC KEY" => Ok(Form::Spki),
        "RSA PUBLIC KEY" => Ok(Form::Pkcs1Public),
        "PRIVATE KEY" => Ok(Form::Pkcs8),
        "RSA PRIVATE KEY" => Ok(Form::Pkcs1Private),
        "EC PRIVATE KEY" => Ok(Form::Sec1),
        "ENCRYPTED PRIVATE KEY" => Err(Some("it is encrypted; decrypt it first (`openssl pkey -in key.pem`)")),
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
            Err(Some("it is a certificate; take its key out (`openssl x509 -pubkey -noout -in cert.pem`)"))
        }
        "OPENSSH PRIVATE KEY" => Err(Some("it is an OpenSSH key; convert it (`ssh-keygen -p -m PKCS8 -f key`)")),
        _ => Err(None),
    }
}

fn decode_body(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut base64 = Zeroizing::new(Vec::with_capacity(body.len()));
    base64.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let mut der = Zeroizing::new(vec![0; base64.len() / 4 * 3 + 3]);
    let length = STANDARD.decode_slice(&*base64, &mut der).ok()?;
    der.truncate(length);
    Some(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_a_private_key_reserves_all_of_the_text() {
        let text = encode_private(&[7; 3 * 480]);
        assert_eq!(text.lines().count(), 2 + 30);
        assert_eq!(text.capacity(), 1920 + 1920 / LINE + 64, "it has not grown, which would leave copies behind");
    }

    #[test]
    fn text_in_front_of_a_key_is_named() {
        assert!(in_front("Bag Attributes\n-----BEGIN").contains("`openssl pkcs12` writes them"));
        assert_eq!(in_front("hello\n-----BEGIN"), "there is text in front of the PEM block; delete it");
    }
}
