//! The published set, as another library reads it: jsonwebtoken verifies our tokens with it.

use jsonwebtoken::{
    DecodingKey, Validation,
    jwk::{Jwk, JwkSet},
};
use jwt_extended::{
    JwtManager,
    jose::{Algorithm, Key},
};
use serde_json::Value;

fn verified(jwt: &JwtManager, algorithm: jsonwebtoken::Algorithm) -> Value {
    let text = jwt.create_access_token("alice").unwrap();
    let set: JwkSet = serde_json::from_str(&serde_json::to_string(&jwt.key_ring().to_jwk_set()).unwrap()).unwrap();
    let kid = jsonwebtoken::decode_header(text.as_str()).unwrap().kid.unwrap();
    let jwk: &Jwk = set.find(&kid).unwrap();
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&["orders"]);
    validation.set_issuer(&["https://login.example"]);
    let key = DecodingKey::from_jwk(jwk).unwrap();
    jsonwebtoken::decode::<Value>(text.as_str(), &key, &validation).unwrap().claims
}

#[test]
fn jsonwebtoken_verifies_our_tokens_by_the_published_keys() {
    use jsonwebtoken::Algorithm as Theirs;
    for (ours, theirs) in [
        (Algorithm::RS256, Theirs::RS256),
        (Algorithm::RS512, Theirs::RS512),
        (Algorithm::PS256, Theirs::PS256),
        (Algorithm::ES256, Theirs::ES256),
        (Algorithm::ES384, Theirs::ES384),
        (Algorithm::EdDSA, Theirs::EdDSA),
    ] {
        let builder = JwtManager::builder().key(Key::generate(ours).unwrap());
        let jwt = builder.encode_issuer("https://login.example").encode_audience("orders").build().unwrap();
        assert_eq!(verified(&jwt, theirs)["sub"], "alice", "{ours}");
    }
}
