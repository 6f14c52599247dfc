//! Makes the key ring: of the keys in the configuration, or of those that the app passed to the builder, but not of
//! both.

use std::slice;

use super::{Config, GivenKeys, Rings, Tolerate};
use crate::{
    jose::{Algorithm, Family, Key, KeyError, KeyRing, VerifyingKey},
    token::Lifetime,
};

/// Returns the keys that sign and verify at each time. `keys` are those that the app passed to the builder. Without
/// other issuers, there must be one. `longest` is how long a token may live.
pub(super) fn rings(config: &Config, keys: GivenKeys, has_issuers: bool, longest: Lifetime) -> Result<Rings, String> {
    match keys {
        GivenKeys::None => key_ring(config, None, has_issuers).map(|ring| Rings::Fixed(ring.into())),
        GivenKeys::Ring(ring) => key_ring(config, Some(ring), has_issuers).map(|ring| Rings::Fixed(ring.into())),
        GivenKeys::Schedule(schedule) => {
            // The ring of today has the same faults as every other.
            key_ring(config, Some(KeyRing::empty()), has_issuers)?;
            // A token lives the leeway longer.
            let kept = longest
                .duration()
                .map_or(Lifetime::Never, |longest| Lifetime::For(longest.saturating_add(config.decode_leeway.0)));
            Rings::of_schedule(&schedule, kept).map_err(|error| error.to_string())
        }
    }
}

fn key_ring(config: &Config, keys: Option<KeyRing>, has_issuers: bool) -> Result<KeyRing, String> {
    let given = config.secret_key.is_some() || config.private_key.is_some() || config.public_key.is_some();
    match keys {
        Some(_) if given => {
            Err("keys are given twice; use either `key` and `verifying_key`, or secret_key, private_key and public_key"
                .into())
        }
        Some(_) if config.decode_algorithms.is_some() => {
            Err("decode_algorithms is for secret_key and public_key; beside `key`, name each with `verifying_key`"
                .into())
        }
        Some(ring) => match ring.signing_key() {
            Some(key) if ![key.algorithm(), Algorithm::HS256].contains(&config.algorithm) => {
                Err(format!("algorithm is {}, but the key is for {}; leave it out", config.algorithm, key.algorithm()))
            }
            _ => Ok(ring),
        },
        // An app that accepts the tokens of other issuers may have no key of its own.
        None if !given && has_issuers => Ok(KeyRing::empty()),
        None => configured_keys(config),
    }
}

fn configured_keys(config: &Config) -> Result<KeyRing, String> {
    let signing = config.algorithm;
    let decode = config.decode_algorithms.as_ref().map_or(slice::from_ref(&signing), |list| &list.0);
    if !decode.contains(&signing) {
        return Err(format!("decode_algorithms must contain the algorithm that signs, {signing}"));
    }
    refuse_unused_keys(config, decode)?;
    let mut ring = if signing.family() == Family::Hmac || config.private_key.is_some() {
        KeyRing::new(signing_key(config, signing)?)
    } else {
        KeyRing::verify_only(verifying_key(config, signing)?)
    };
    for (at, algorithm) in decode.iter().enumerate() {
        if *algorithm != signing && !decode[..at].contains(algorithm) {
            ring = ring.also_verify(verifying_key(config, *algorithm)?).map_err(|error| error.to_string())?;
        }
    }
    Ok(ring)
}

/// Refuses a key that no configured algorithm uses: nobody would notice this mistake otherwise.
fn refuse_unused_keys(config: &Config, algorithms: &[Algorithm]) -> Result<(), String> {
    let symmetric = algorithms.iter().any(|algorithm| algorithm.family() == Family::Hmac);
    let asymmetric = algorithms.iter().find(|algorithm| algorithm.family() != Family::Hmac);
    if config.secret_key.is_some() && !symmetric {
        return Err("secret_key is set and no HMAC algorithm is; leave it out, or name one in decode_algorithms".into());
    }
    let Some(asymmetric) = asymmetric else {
        return match (&config.private_key, &config.public_key) {
            (None, None) => Ok(()),
            _ => {
                Err("private_key or public_key is set and algorithm is symmetric; set algorithm, such as \"RS256\""
                    .into())
            }
        };
    };
    if let (Some(private), Some(public)) = (&config.private_key, &config.public_key) {
        let half = private_from_pem(*asymmetric, private.expose()).map_err(|error| format!("private_key: {error}"))?;
        let public = public_from_pem(*asymmetric, public).map_err(|error| format!("public_key: {error}"))?;
        if half.verifying_key().to_jwk() != public.to_jwk() {
            return Err("public_key does not belong to private_key; leave it out, or set the one that does".into());
        }
    }
    Ok(())
}

fn signing_key(config: &Config, algorithm: Algorithm) -> Result<Key, String> {
    if algorithm.family() == Family::Hmac {
        let secret = config.secret_key.as_ref().ok_or_else(|| {
            format!("secret_key must be set when using symmetric algorithm \"{algorithm}\"; make one with `openssl rand -base64 48`")
        })?;
        let make = if config.tolerates(Tolerate::ShortSecret) { Key::hmac_short_secret } else { Key::hmac };
        return make(algorithm, secret.expose()).map_err(|error| format!("secret_key: {error}"));
    }
    let pem = config.private_key.as_ref().ok_or_else(|| asymmetric_missing("private_key", algorithm))?;
    private_from_pem(algorithm, pem.expose()).map_err(|error| format!("private_key: {error}"))
}

fn verifying_key(config: &Config, algorithm: Algorithm) -> Result<VerifyingKey, String> {
    match &config.public_key {
        Some(pem) if algorithm.family() != Family::Hmac => {
            public_from_pem(algorithm, pem).map_err(|error| format!("public_key: {error}"))
        }
        None if algorithm.family() != Family::Hmac && config.private_key.is_none() => {
            Err(asymmetric_missing("public_key", algorithm))
        }
        _ => signing_key(config, algorithm).map(Into::into),
    }
}

fn asymmetric_missing(option: &str, algorithm: Algorithm) -> String {
    format!("{option} must be set to use asymmetric cryptography algorithm \"{algorithm}\"")
}

#[cfg(feature = "asymmetric")]
fn private_from_pem(algorithm: Algorithm, pem: &str) -> Result<Key, KeyError> {
    Key::from_pem(algorithm, pem)
}

#[cfg(feature = "asymmetric")]
fn public_from_pem(algorithm: Algorithm, pem: &str) -> Result<VerifyingKey, KeyError> {
    VerifyingKey::from_pem(algorithm, pem)
}

#[cfg(not(feature = "asymmetric"))]
fn private_from_pem(algorithm: Algorithm, _: &str) -> Result<Key, KeyError> {
    Err(KeyError::FeatureMissing(algorithm))
}

#[cfg(not(feature = "asymmetric"))]
fn public_from_pem(algorithm: Algorithm, _: &str) -> Result<VerifyingKey, KeyError> {
    Err(KeyError::FeatureMissing(algorithm))
}
