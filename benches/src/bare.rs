//! The bare primitive, without a token around it: the lower bound for every library.

use std::hint::black_box;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa,
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, ParsedPublicKey},
};
use hmac::{Hmac, Mac};
use jwt_extended::jose::Algorithm;
use sha2::{Sha256, Sha384, Sha512};

use crate::{
    program,
    rounds::Program,
    token::{SECRET, Sample},
};

type Verification = &'static dyn signature::VerificationAlgorithm;

/// Verifies the signature. `None` for ML-DSA, which aws-lc-rs does not offer under a stable name.
pub(crate) fn verify(sample: &Sample) -> Option<Program> {
    let (signed, signature) = sample.parts();
    let by = |algorithm: Verification, public: &[u8]| {
        let key = ParsedPublicKey::new(algorithm, public).unwrap();
        program(move || key.verify_sig(black_box(&signed), black_box(&signature)).unwrap())
    };
    Some(match sample.algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => return sign(sample),
        Algorithm::RS256 => by(&signature::RSA_PKCS1_2048_8192_SHA256, &rsa_public(sample)),
        Algorithm::RS384 => by(&signature::RSA_PKCS1_2048_8192_SHA384, &rsa_public(sample)),
        Algorithm::RS512 => by(&signature::RSA_PKCS1_2048_8192_SHA512, &rsa_public(sample)),
        Algorithm::PS256 => by(&signature::RSA_PSS_2048_8192_SHA256, &rsa_public(sample)),
        Algorithm::PS384 => by(&signature::RSA_PSS_2048_8192_SHA384, &rsa_public(sample)),
        Algorithm::PS512 => by(&signature::RSA_PSS_2048_8192_SHA512, &rsa_public(sample)),
        Algorithm::ES256 => by(&signature::ECDSA_P256_SHA256_FIXED, &ec_public(sample)?),
        Algorithm::ES384 => by(&signature::ECDSA_P384_SHA384_FIXED, &ec_public(sample)?),
        Algorithm::ES512 => by(&signature::ECDSA_P521_SHA512_FIXED, &ec_public(sample)?),
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&sample.pkcs8()).unwrap();
            by(&signature::ED25519, pair.public_key().as_ref())
        }
        _ => return None,
    })
}

/// Makes the signature. `None` for ML-DSA.
pub(crate) fn sign(sample: &Sample) -> Option<Program> {
    let (signed, _) = sample.parts();
    let rsa = |encoding: &'static dyn signature::RsaEncoding| {
        let (pair, signed) = (rsa::KeyPair::from_pkcs8(&sample.pkcs8()).unwrap(), signed.clone());
        let mut signature = vec![0; pair.public_modulus_len()];
        let random = SystemRandom::new();
        program(move || pair.sign(encoding, &random, black_box(&signed), &mut signature).unwrap())
    };
    Some(match sample.algorithm {
        Algorithm::HS256 => mac::<Hmac<Sha256>>(signed),
        Algorithm::HS384 => mac::<Hmac<Sha384>>(signed),
        Algorithm::HS512 => mac::<Hmac<Sha512>>(signed),
        Algorithm::RS256 => rsa(&signature::RSA_PKCS1_SHA256),
        Algorithm::RS384 => rsa(&signature::RSA_PKCS1_SHA384),
        Algorithm::RS512 => rsa(&signature::RSA_PKCS1_SHA512),
        Algorithm::PS256 => rsa(&signature::RSA_PSS_SHA256),
        Algorithm::PS384 => rsa(&signature::RSA_PSS_SHA384),
        Algorithm::PS512 => rsa(&signature::RSA_PSS_SHA512),
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::ES512 => {
            let (pair, random) = (ec_pair(sample)?, SystemRandom::new());
            program(move || {
                black_box(pair.sign(&random, black_box(&signed)).unwrap());
            })
        }
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&sample.pkcs8()).unwrap();
            program(move || {
                black_box(pair.sign(black_box(&signed)));
            })
        }
        _ => return None,
    })
}

fn mac<M: Mac + hmac::digest::KeyInit + Clone + 'static>(signed: Vec<u8>) -> Program {
    let keyed = <M as hmac::KeyInit>::new_from_slice(SECRET.as_bytes()).unwrap();
    program(move || {
        black_box(keyed.clone().chain_update(black_box(&signed)).finalize());
    })
}

fn rsa_public(sample: &Sample) -> Vec<u8> {
    rsa::KeyPair::from_pkcs8(&sample.pkcs8()).unwrap().public_key().as_ref().to_vec()
}

fn ec_public(sample: &Sample) -> Option<Vec<u8>> {
    Some(ec_pair(sample)?.public_key().as_ref().to_vec())
}

fn ec_pair(sample: &Sample) -> Option<EcdsaKeyPair> {
    let algorithm = match sample.algorithm {
        Algorithm::ES256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        Algorithm::ES384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        Algorithm::ES512 => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
        _ => return None,
    };
    Some(EcdsaKeyPair::from_pkcs8(algorithm, &sample.pkcs8()).unwrap())
}
