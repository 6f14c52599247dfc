//! Revocation is kept apart by issuer.

use super::*;

#[test]
fn the_same_subject_and_jti_of_two_issuers_are_apart() {
    let jwt = builder().issuer(fixed()).revocation_store(Blocklist::default()).build().unwrap();
    let (own, other) = (token(&[]), foreign(&[]));
    wait(jwt.revoke_token(&admitted(&jwt, &other))).unwrap();
    assert!(opens(&jwt, &own) && !opens(&jwt, &other));

    let jwt = builder().issuer(fixed()).revocation_store(Blocklist::default()).build().unwrap();
    wait(jwt.revoke_token(&admitted(&jwt, &own))).unwrap();
    assert!(!opens(&jwt, &own) && opens(&jwt, &other));

    let jwt = builder().issuer(fixed()).session_store(MemoryStore::new()).build().unwrap();
    wait(jwt.end_all_sessions(Subject("alice"))).unwrap();
    assert!(!opens(&jwt, &own) && opens(&jwt, &other));
}

#[test]
fn all_tokens_of_a_foreign_subject_can_be_revoked() {
    for by_token in [true, false] {
        let jwt = builder().issuer(fixed()).session_store(MemoryStore::new()).build().unwrap();
        let (own, other) = (token(&[]), foreign(&[]));
        let held = admitted(&jwt, &other);
        let named = Subject::of_issuer(IDP, "alice");
        wait(jwt.end_all_sessions(if by_token { Subject::from(&held) } else { Subject(&named) })).unwrap();
        assert!(opens(&jwt, &own) && !opens(&jwt, &other));
    }
}

#[test]
fn no_own_subject_can_name_a_foreign_one() {
    let jwt = builder().issuer(fixed()).session_store(MemoryStore::new()).build().unwrap();
    let named = Subject::of_issuer(IDP, "alice");
    assert!(wait(jwt.login(&*named)).is_err());
    let forged = token(&[("sub", &serde_json::to_string(&named).unwrap())]);
    assert!(jwt.decode_token(&forged).is_err());
}

#[test]
fn a_logout_revokes_a_foreign_token_alone() {
    let jwt = builder().issuer(fixed()).session_store(MemoryStore::new()).build().unwrap();
    let other = foreign(&[]);
    let left = wait(jwt.logout_request(&bearer(&other))).unwrap();
    assert_eq!(left.tokens()[0].issuer(), Some(IDP));
    assert!(!opens(&jwt, &other) && opens(&jwt, &foreign(&[("jti", "\"another\"")])));
}

#[test]
fn a_logout_says_why_it_cannot_revoke_a_foreign_token() {
    let jwt = builder().issuer(fixed()).session_store(MemoryStore::new()).build().unwrap();
    let refused = wait(jwt.logout_request(&bearer(&foreign(&[("jti", "")])))).unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.message().as_str()), (401, "Missing claim: jti"));
    let remote = Remote::new(None, Some(ring()));
    let jwt = builder().issuer(issuer(Shared(Arc::clone(&remote)))).session_store(MemoryStore::new()).build().unwrap();
    let refused = wait(jwt.logout_request(&bearer(&foreign(&[])))).unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.code()), (503, "keys_unavailable"));
    assert!(wait(jwt.logout_request(&bearer(&foreign(&[])))).is_ok(), "the first try has brought the keys");
}

#[test]
fn revocations_last_as_long_as_the_longest_token() {
    let clock = clock();
    let jwt = builder().clock(clock.clone()).access_token_expires(Lifetime::minutes(1));
    let jwt = jwt.refresh_token_expires(Lifetime::minutes(1)).issuer(fixed()).session_store(MemoryStore::new());
    let jwt = jwt.build().unwrap();
    let day = foreign(&[("exp", &(NOW + 86_000).to_string())]);
    wait(jwt.end_all_sessions(&admitted(&jwt, &day))).unwrap();
    clock.advance(std::time::Duration::from_secs(85_000));
    assert!(!opens(&jwt, &day));
}

#[test]
fn ids_that_no_store_keeps_are_refused() {
    let jwt = builder().issuer(fixed()).session_store(MemoryStore::new()).build().unwrap();
    for claim in ["sub", "jti"] {
        let fits = "x".repeat(1024 - IDP.len() - 3);
        assert!(jwt.decode_token(&foreign(&[(claim, &format!("\"{fits}\""))])).is_ok(), "{claim}");
        let long = foreign(&[(claim, &format!("\"{fits}x\""))]);
        assert_eq!(complaint(&jwt, &long), "The token's id or subject is longer than a store keeps");
    }
}
