//! On generated tokens, this library, `jsonwebtoken` and PyJWT agree, or the difference stands with its reason in the
//! list of mutations. A reason that is no longer true fails as well.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, Validation};
use jwt_extended::{JwtManager, jose::Key};
use serde_json::Value;

use super::{
    mutations::{MUTATIONS, Mutation, Parts},
    pyjwt::PyJwt,
};

const SECRET: &str = "the secret that signs the tokens of the differential test";

/// A token with these mutations, signed.
fn token(mutations: &[&Mutation]) -> String {
    let mut parts = Parts::good();
    for mutation in mutations {
        (mutation.apply)(&mut parts);
    }
    let key = Key::hs256(SECRET).unwrap();
    let signed = jwt_extended::jose::sign_with_header(&key, &parts.header, &parts.payload()).unwrap();
    assert!(signed.contains(&URL_SAFE_NO_PAD.encode(parts.payload())));
    (parts.finish)(signed)
}

struct Peers {
    ours: JwtManager,
    validation: Validation,
    pyjwt: PyJwt,
}

impl Peers {
    fn start() -> Self {
        let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        let ours = JwtManager::builder().key(Key::hs256(SECRET).unwrap()).build().unwrap();
        Self { ours, validation, pyjwt: PyJwt::start() }
    }

    fn ours(&self, token: &str) -> Result<(), String> {
        self.ours.decode_token(token).map(drop).map_err(|error| error.to_string())
    }

    fn jsonwebtoken(&self, token: &str) -> Result<(), String> {
        let key = DecodingKey::from_secret(SECRET.as_bytes());
        let decoded = jsonwebtoken::decode::<Value>(token, &key, &self.validation);
        decoded.map(drop).map_err(|error| error.to_string())
    }

    /// Compares the answers. Notes the reasons that were needed alone, and the differences without a reason.
    fn compare(
        &mut self,
        mutations: &[&Mutation],
        differing: &mut BTreeSet<(&'static str, &'static str)>,
        wrong: &mut Vec<String>,
    ) {
        let token = token(mutations);
        let ours = self.ours(&token);
        let names: Vec<_> = mutations.iter().map(|mutation| mutation.name).collect();
        for (peer, theirs) in
            [("jsonwebtoken", self.jsonwebtoken(&token)), ("PyJWT", self.pyjwt.verify(&token, SECRET))]
        {
            if ours.is_ok() == theirs.is_ok() {
                continue;
            }
            let reasons = mutations.iter().filter(|mutation| mutation.reason(peer).is_some());
            let reasons: Vec<_> = reasons.map(|mutation| (peer, mutation.name)).collect();
            if reasons.is_empty() {
                wrong.push(format!("{names:?}: ours {ours:?}, {peer} {theirs:?}"));
            }
            if let [one] = reasons[..] {
                differing.insert(one);
            }
        }
    }
}

impl Mutation {
    fn reason(&self, peer: &str) -> Option<&'static str> {
        if peer == "PyJWT" { self.pyjwt } else { self.jsonwebtoken }
    }
}

#[test]
fn on_generated_tokens_three_libraries_agree_or_are_listed() {
    let mut peers = Peers::start();
    let mut differing = BTreeSet::new();
    let mut wrong = Vec::new();
    for one in MUTATIONS {
        peers.compare(&[one], &mut differing, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let listed: BTreeSet<_> = ["jsonwebtoken", "PyJWT"]
        .iter()
        .flat_map(|peer| MUTATIONS.iter().filter(|one| one.reason(peer).is_some()).map(|one| (*peer, one.name)))
        .collect();
    assert_eq!(differing, listed, "on the right, the reasons in the list");
    // Two at a time: what one check lets through, another one must still refuse.
    for one in MUTATIONS {
        for other in MUTATIONS {
            peers.compare(&[one, other], &mut differing, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
