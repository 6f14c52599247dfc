//! Key pairs as options: which halves are needed, and which do not belong together.

use jwt_extended::{
    JwtManager, JwtManagerBuilder,
    config::{KeySchedule, ScheduledKey, Secret},
    jose::{Algorithm, Key},
};

use crate::{asymmetric::keys::*, common::*};

fn mistake(builder: JwtManagerBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

fn es256() -> JwtManagerBuilder {
    JwtManager::builder().algorithm(Algorithm::ES256)
}

fn private(pem: &str) -> Secret {
    Secret::from(pem.to_owned())
}

#[test]
fn a_private_key_signs_and_checks() {
    for builder in [es256(), es256().public_key(P256_PUBLIC.to_owned())] {
        let jwt = builder.private_key(private(P256)).build().unwrap();
        assert_eq!(jwt.decode_token(&jwt.create_access_token("alice").unwrap()).unwrap().subject(), "alice");
    }
    let damaged = mistake(es256().private_key(private("a text")));
    assert!(damaged.starts_with("private_key: "), "{damaged}");
}

#[test]
fn a_public_key_alone_only_checks() {
    let jwt = es256().public_key(P256_PUBLIC.to_owned()).build().unwrap();
    assert!(jwt.create_access_token("alice").is_err());
    let damaged = mistake(es256().public_key("a text".to_owned()));
    assert!(damaged.starts_with("public_key: "), "{damaged}");
}

#[test]
fn halves_of_two_pairs_are_a_mistake() {
    let other = Key::generate(Algorithm::ES256).unwrap().to_pem().unwrap();
    let mistake = mistake(es256().private_key(private(&other)).public_key(P256_PUBLIC.to_owned()));
    assert_eq!(mistake, "public_key does not belong to private_key; leave it out, or set the one that does");
}

#[test]
fn a_private_key_also_checks_its_other_algorithms() {
    let both = || JwtManager::builder().secret_key(SECRET).decode_algorithms([Algorithm::HS256, Algorithm::ES256]);
    let jwt = both().private_key(private(P256)).build().unwrap();
    assert_eq!(jwt.key_ring().algorithms().collect::<Vec<_>>(), [Algorithm::HS256, Algorithm::ES256]);
    assert!(both().public_key(P256_PUBLIC.to_owned()).build().is_ok());
}

#[test]
fn options_that_contradict_the_given_key_are_mistakes() {
    let key = || Key::generate(Algorithm::ES256).unwrap();
    let given = mistake(keyless().key(key()).decode_algorithms([Algorithm::ES256]));
    assert_eq!(
        given,
        "decode_algorithms is for secret_key and public_key; beside `key`, name each with `verifying_key`"
    );
    let other = mistake(keyless().key(key()).algorithm(Algorithm::RS256));
    assert_eq!(other, "algorithm is RS256, but the key is for ES256; leave it out");
    assert!(keyless().key(key()).algorithm(Algorithm::ES256).build().is_ok());
}

#[test]
fn a_schedule_is_given_alone() {
    let schedule = || KeySchedule::new().key(ScheduledKey::new(key()));
    let mistake = mistake(keyless().key_schedule(schedule()).key(key()));
    assert_eq!(mistake, "give `key_schedule` alone, without `key_ring`, `key` and `verifying_key`");
    let more = schedule().verifying_key(Key::generate(Algorithm::ES256).unwrap());
    let jwt = keyless().key_schedule(more).build().unwrap();
    assert_eq!(jwt.key_ring().algorithms().collect::<Vec<_>>(), [Algorithm::HS256, Algorithm::ES256]);
}
