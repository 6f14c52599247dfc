//! The token that everybody signs and verifies.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jwt_extended::{
    JwtManager,
    jose::{Algorithm, Family, Key},
};
use serde::{Deserialize, Serialize};

/// The secret of the HMAC algorithms.
pub(crate) const SECRET: &str = "a secret of at least sixty-four bytes, which is long enough for HS512";

/// The claims of an access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) fresh: bool,
    pub(crate) iat: u64,
    pub(crate) jti: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) sub: String,
    pub(crate) nbf: u64,
    pub(crate) csrf: String,
    pub(crate) exp: u64,
}

/// A key with a token that it has signed.
pub(crate) struct Sample {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: Key,
    pub(crate) token: String,
    pub(crate) claims: Claims,
}

impl Sample {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let key = match algorithm.family() {
            Family::Hmac => Key::hmac(algorithm, SECRET).unwrap(),
            _ => crate::key(algorithm),
        };
        let jwt = JwtManager::builder().key(key.clone()).build().unwrap();
        let token = jwt.create_access_token("alice@example.com").unwrap();
        let claims = jwt.decode_token(&token).unwrap().claims().unwrap();
        Self { algorithm, key, token: token.into_string(), claims }
    }

    /// Returns the private key in PEM.
    pub(crate) fn pem(&self) -> String {
        self.key.to_pem().unwrap().to_string()
    }

    /// Returns the private key in PKCS#8.
    pub(crate) fn pkcs8(&self) -> Vec<u8> {
        let pem = self.pem();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        BASE64_STANDARD.decode(body).unwrap()
    }

    /// Returns the text that is signed, and the signature.
    pub(crate) fn parts(&self) -> (Vec<u8>, Vec<u8>) {
        use base64::prelude::BASE64_URL_SAFE_NO_PAD;

        let (signed, signature) = self.token.rsplit_once('.').unwrap();
        (signed.as_bytes().to_vec(), BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap())
    }
}
