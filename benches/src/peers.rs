//! The peers: jsonwebtoken and jwt-simple. Each checks what it checks by default, and `nbf`.

use std::hint::black_box;

use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use jwt_extended::jose::{Algorithm, Family};
use jwt_simple::prelude::*;

use crate::{
    program,
    rounds::Program,
    token::{Claims, SECRET, Sample},
};

pub(crate) fn jsonwebtoken_verify(sample: &Sample) -> Option<Program> {
    let algorithm: jsonwebtoken::Algorithm = jsonwebtoken_name(sample)?.parse().ok()?;
    let key = if sample.algorithm.family() == Family::Hmac {
        DecodingKey::from_secret(SECRET.as_bytes())
    } else {
        let mut jwk = serde_json::to_value(sample.key.verifying_key().to_jwk()?).ok()?;
        // It has an older name for Ed25519.
        jwk.as_object_mut()?.remove("alg");
        DecodingKey::from_jwk(&serde_json::from_value(jwk).ok()?).ok()?
    };
    let mut validation = Validation::new(algorithm);
    validation.validate_nbf = true;
    let token = sample.token.clone();
    jsonwebtoken::decode::<Claims>(&*token, &key, &validation).ok()?;
    Some(program(move || {
        black_box(jsonwebtoken::decode::<Claims>(black_box(&*token), &key, &validation).unwrap());
    }))
}

pub(crate) fn jsonwebtoken_sign(sample: &Sample) -> Option<Program> {
    let header = Header::new(jsonwebtoken_name(sample)?.parse().ok()?);
    let key = match sample.algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => EncodingKey::from_secret(SECRET.as_bytes()),
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(sample.pem().as_bytes()).ok()?,
        Algorithm::Ed25519 => EncodingKey::from_ed_pem(sample.pem().as_bytes()).ok()?,
        _ => EncodingKey::from_rsa_pem(sample.pem().as_bytes()).ok()?,
    };
    let claims = sample.claims.clone();
    jsonwebtoken::encode(&header, &claims, &key).ok()?;
    Some(program(move || {
        black_box(jsonwebtoken::encode(&header, black_box(&claims), &key).unwrap());
    }))
}

/// Returns jsonwebtoken's name of the algorithm, which is older for Ed25519.
fn jsonwebtoken_name(sample: &Sample) -> Option<&'static str> {
    match sample.algorithm {
        Algorithm::Ed25519 => Some("EdDSA"),
        Algorithm::ES512 | Algorithm::MlDsa44 => None,
        other => Some(other.name()),
    }
}

/// The claims beside those that jwt-simple has members for.
#[derive(Clone, Serialize, Deserialize)]
struct Custom {
    fresh: bool,
    #[serde(rename = "type")]
    kind: String,
    csrf: String,
}

/// Makes both programs of jwt-simple for one kind of key.
macro_rules! jwt_simple {
    ($sample:ident, $verify:ident, $keys:expr, $public:expr, $sign:ident) => {{
        let keys = $keys;
        if $verify {
            let (public, token) = ($public(&keys), $sample.token.clone());
            public.verify_token::<Custom>(&token, None).ok()?;
            program(move || {
                black_box(public.verify_token::<Custom>(black_box(&token), None).unwrap());
            })
        } else {
            let claims = jwt_simple_claims(&$sample.claims);
            program(move || {
                black_box(keys.$sign(black_box(claims.clone())).unwrap());
            })
        }
    }};
}

pub(crate) fn jwt_simple_verify(sample: &Sample) -> Option<Program> {
    jwt_simple(sample, true)
}

pub(crate) fn jwt_simple_sign(sample: &Sample) -> Option<Program> {
    jwt_simple(sample, false)
}

fn jwt_simple(sample: &Sample, verify: bool) -> Option<Program> {
    let secret = SECRET.as_bytes();
    let pem = || sample.pem();
    Some(match sample.algorithm {
        Algorithm::HS256 => jwt_simple!(sample, verify, HS256Key::from_bytes(secret), HS256Key::clone, authenticate),
        Algorithm::HS384 => jwt_simple!(sample, verify, HS384Key::from_bytes(secret), HS384Key::clone, authenticate),
        Algorithm::HS512 => jwt_simple!(sample, verify, HS512Key::from_bytes(secret), HS512Key::clone, authenticate),
        Algorithm::RS256 => {
            jwt_simple!(sample, verify, RS256KeyPair::from_pem(&pem()).ok()?, RS256KeyPair::public_key, sign)
        }
        Algorithm::RS384 => {
            jwt_simple!(sample, verify, RS384KeyPair::from_pem(&pem()).ok()?, RS384KeyPair::public_key, sign)
        }
        Algorithm::RS512 => {
            jwt_simple!(sample, verify, RS512KeyPair::from_pem(&pem()).ok()?, RS512KeyPair::public_key, sign)
        }
        Algorithm::PS256 => {
            jwt_simple!(sample, verify, PS256KeyPair::from_pem(&pem()).ok()?, PS256KeyPair::public_key, sign)
        }
        Algorithm::PS384 => {
            jwt_simple!(sample, verify, PS384KeyPair::from_pem(&pem()).ok()?, PS384KeyPair::public_key, sign)
        }
        Algorithm::PS512 => {
            jwt_simple!(sample, verify, PS512KeyPair::from_pem(&pem()).ok()?, PS512KeyPair::public_key, sign)
        }
        Algorithm::ES256 => {
            jwt_simple!(sample, verify, ES256KeyPair::from_pem(&pem()).ok()?, ES256KeyPair::public_key, sign)
        }
        Algorithm::ES384 => {
            jwt_simple!(sample, verify, ES384KeyPair::from_pem(&pem()).ok()?, ES384KeyPair::public_key, sign)
        }
        _ => return None,
    })
}

fn jwt_simple_claims(claims: &Claims) -> JWTClaims<Custom> {
    let custom = Custom { fresh: claims.fresh, kind: claims.kind.clone(), csrf: claims.csrf.clone() };
    let made = jwt_simple::claims::Claims::with_custom_claims(custom, Duration::from_mins(15));
    made.with_subject(&claims.sub).with_jwt_id(&claims.jti)
}
