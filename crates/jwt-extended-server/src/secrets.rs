//! Secrets: generates random ones, and recognizes those that were copied from a tutorial.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::StartError;

/// Fragments of the secrets in documentation, tutorials and project templates: in lower case, letters and digits only.
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

/// Returns true if a secret is a sample, or long but too regular to be random. A short one is not reported here: it is
/// refused when the key is made.
pub fn is_sample(secret: &str) -> bool {
    let plain: String = secret.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let mut distinct: Vec<u8> = secret.bytes().collect();
    distinct.sort_unstable();
    distinct.dedup();
    (secret.len() >= 32 && distinct.len() < 8) || SAMPLES.iter().any(|sample| plain.contains(sample))
}

/// Returns a random secret of so many bytes, in base64url. 64 are enough for every HMAC algorithm.
pub(crate) fn random<const BYTES: usize>() -> Result<Zeroizing<String>, StartError> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    getrandom::fill(&mut *bytes).map_err(|_| StartError::Randomness)?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_recognized_in_any_spelling() {
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
    fn generated_secrets_are_not_flagged_as_samples() {
        for _ in 0..200 {
            let secret = random::<64>().unwrap();
            assert!(secret.len() >= 64 && !is_sample(&secret), "{}", &*secret);
        }
    }
}
