//! Secrets: making one, and knowing those that were copied from a tutorial.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::StartError;

/// What secrets in documentation, tutorials and generators' placeholders look like, in lower case and letters and digits
/// only.
const SAMPLES: &[&str] = &[
    "supersecret",
    "changeme",
    "changethis",
    "replaceme",
    "replacethis",
    "placeholder",
    "yoursecret",
    "your256bitsecret",
    "yourjwtsecret",
    "yoursecretkey",
    "mysecret",
    "jwtsecret",
    "secretkey",
    "topsecret",
    "verysecret",
    "examplesecret",
    "samplesecret",
    "testsecret",
    "demosecret",
    "insecure",
    "notsosecret",
    "shhhhh",
    "astringsecretatleast256bitslong",
    "asecretofatleastthirtytwobytes",
    "0123456789abcdef",
    "1234567890",
    "abcdefghijklmnop",
    "qwertyuiop",
    "password",
];

/// Whether a secret is a sample, or long and yet so regular that nobody can have drawn it at random. One that is too short
/// is refused for that, when it becomes a key.
pub fn is_sample(secret: &str) -> bool {
    let plain: String = secret.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let mut different: Vec<u8> = secret.bytes().collect();
    different.sort_unstable();
    different.dedup();
    (secret.len() >= 32 && different.len() < 8) || SAMPLES.iter().any(|sample| plain.contains(sample))
}

/// A random secret, long enough for every HMAC algorithm.
pub(crate) fn random() -> Result<Zeroizing<String>, StartError> {
    let mut bytes = Zeroizing::new([0; 64]);
    getrandom::fill(&mut *bytes).map_err(|_| StartError::Randomness)?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_known_however_they_are_dressed_up() {
        for sample in [
            "super-secret",
            "super-secret-jwt-key",
            "Super_Secret! that I made longer and longer",
            "your-256-bit-secret",
            "a-string-secret-at-least-256-bits-long",
            "CHANGE_ME_CHANGE_ME_CHANGE_ME_CHANGE_ME",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "01010101010101010101010101010101",
        ] {
            assert!(is_sample(sample), "{sample:?}");
        }
    }

    #[test]
    fn random_secrets_are_none() {
        for _ in 0..200 {
            let secret = random().unwrap();
            assert!(secret.len() >= 64 && !is_sample(&secret), "{}", &*secret);
        }
    }
}
