//! Line 17: what was revoked is refused, and a store that fails means 503, never "allowed".

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jwt_extended::{
    JwtManager, Requirement, Token,
    http::Handler,
    session::{Subject, Answer, MemoryStore, RevocationStore, RevokeRequest, StoreError, TokenIds, TokenStatus},
};

use crate::common::*;

/// When a store gives its answers.
#[derive(Clone, Copy, Debug)]
enum When {
    Now,
    Later,
}

/// A store that gives one answer to everything, and counts how often it was asked.
struct Scripted {
    when: When,
    answer: Result<TokenStatus, StoreError>,
    asked: Arc<AtomicUsize>,
}

impl Scripted {
    fn new(when: When, answer: Result<TokenStatus, StoreError>) -> Self {
        Self { when, answer, asked: Arc::default() }
    }

    fn give<T: Send + 'static>(&self, answer: T) -> Answer<'static, T> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.when {
            When::Now => Answer::Now(answer),
            When::Later => Answer::later(async move {
                tokio::task::yield_now().await;
                answer
            }),
        }
    }
}

impl RevocationStore for Scripted {
    fn status<'a>(&'a self, _: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.give(self.answer.clone())
    }

    fn revoke<'a>(&'a self, _: &'a RevokeRequest<'_>) -> Answer<'a, Result<(), StoreError>> {
        self.give(self.answer.clone().map(|_| ()))
    }
}

fn down() -> Result<TokenStatus, StoreError> {
    Err(StoreError::Unavailable("connection refused at 10.0.0.7".to_owned()))
}

fn with_store(store: impl RevocationStore + 'static) -> JwtManager {
    builder().revocation_store(store).build().unwrap()
}

#[test]
fn a_store_that_fails_now_or_later_means_503_with_retry_after_and_never_allowed() {
    for when in [When::Now, When::Later] {
        for error in [down(), Err(StoreError::Full { capacity: 1 }), Err(StoreError::NoStore)] {
            let jwt = with_store(Scripted::new(when, error));
            for requirement in [Requirement::access(), Requirement::fresh(), Requirement::any()] {
                let refusal = refusal(&jwt, &bearer(&token(&[])), &requirement);
                assert_eq!((refusal.status().as_u16(), refusal.code()), (503, "store_unavailable"));
                let response = refusal.to_response();
                assert_eq!(response.headers()["retry-after"], "1");
                assert!(!response.headers().contains_key("www-authenticate"), "the client did nothing wrong");
                let text = String::from_utf8(response.into_body()).unwrap();
                assert_eq!(text, r#"{"msg":"The token's state cannot be checked right now. Try again in a moment"}"#);
            }
        }
    }
}

#[test]
fn a_store_that_fails_does_not_make_an_optional_route_anonymous() {
    let jwt = with_store(Scripted::new(When::Later, down()));
    let result = wait(jwt.authenticate_optional(&bearer(&token(&[])), &Requirement::access()));
    assert_eq!(result.unwrap_err().status(), 503);
    let anonymous = wait(jwt.authenticate_optional(&get(&[]), &Requirement::access()));
    assert!(anonymous.unwrap().is_none(), "no token, nothing to ask the store");
}

#[test]
fn a_store_that_fails_is_503_in_flask_jwt_extended_s_statuses_too_and_can_be_answered_by_the_app() {
    let jwt = builder()
        .error_statuses(jwt_extended::http::Statuses::FlaskJwtExtended)
        .on(Handler::StoreUnavailable, |refusal| {
            let mut response = refusal.default_response();
            *response.body_mut() = b"later".to_vec();
            response
        })
        .revocation_store(Scripted::new(When::Now, down()))
        .build()
        .unwrap();
    let refusal = refusal(&jwt, &bearer(&token(&[])), &Requirement::access());
    assert_eq!((refusal.status().as_u16(), body(&refusal).as_str()), (503, "later"));
}

#[test]
fn what_a_store_says_later_counts_as_what_it_says_now() {
    for when in [When::Now, When::Later] {
        let good = with_store(Scripted::new(when, Ok(TokenStatus::Active)));
        assert!(check(&good, &bearer(&token(&[])), &Requirement::access()).is_ok(), "{when:?}");
        let revoked = with_store(Scripted::new(when, Ok(TokenStatus::Revoked)));
        let refusal = refusal(&revoked, &bearer(&token(&[])), &Requirement::access());
        assert_eq!((refusal.status().as_u16(), refusal.code()), (401, "token_revoked"), "{when:?}");
        assert_eq!(refusal.message(), "Token has been revoked");
    }
}

#[test]
fn a_revocation_that_the_store_could_not_keep_is_reported() {
    let jwt = with_store(Scripted::new(When::Later, down()));
    let token = jwt.decode_token(&token(&[("sid", "\"a session\"")])).unwrap();
    for result in [
        wait(jwt.revoke_token(&token)),
        wait(jwt.logout(&token)),
        wait(jwt.end_all_sessions(Subject("alice"))).map(drop),
        wait(jwt.logout(&token)),
    ] {
        assert!(matches!(result, Err(StoreError::Unavailable(_))));
    }
    assert!(matches!(wait(jwt.is_revoked(&token)), Err(StoreError::Unavailable(_))));
}

#[test]
fn the_store_is_asked_last_and_only_about_tokens_that_are_good_in_all_else() {
    let store = Scripted::new(When::Now, Ok(TokenStatus::Active));
    let asked = Arc::clone(&store.asked);
    let jwt = with_store(store);
    for bad in [
        get(&[]),
        bearer("garbage"),
        bearer(&token(&[("exp", "1")])),
        bearer(&token(&[("type", "\"refresh\"")])),
        bearer(&token(&[("fresh", "false")])),
    ] {
        assert!(check(&jwt, &bad, &Requirement::fresh()).is_err());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert!(check(&jwt, &bearer(&token(&[])), &Requirement::fresh()).is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let skipping = Requirement::fresh().skip_revocation_check();
    assert!(check(&jwt, &bearer(&token(&[])), &skipping).is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 1, "a route may do without it by name");
}

#[test]
fn a_revoked_token_a_revoked_session_s_and_a_revoked_subject_s_are_refused() {
    let session = [("sid", "\"a session\"")];
    let refused = |revoke: &dyn Fn(&JwtManager)| {
        let jwt = with_store(Blocklist::default());
        let request = bearer(&token(&session));
        assert!(check(&jwt, &request, &Requirement::access()).is_ok());
        revoke(&jwt);
        refusal(&jwt, &request, &Requirement::access()).code()
    };
    let decoded = |jwt: &JwtManager| jwt.decode_token(&token(&session)).unwrap();
    assert_eq!(refused(&|jwt| wait(jwt.revoke_token(&decoded(jwt))).unwrap()), "token_revoked");
    assert_eq!(refused(&|jwt| wait(jwt.logout(&decoded(jwt))).unwrap()), "token_revoked");
    let another = |jwt: &JwtManager| jwt.decode_token(&token(&[session[0], ("jti", "\"another\"")])).unwrap();
    assert_eq!(refused(&|jwt| wait(jwt.logout(&another(jwt))).unwrap()), "token_revoked");
}

#[test]
fn a_revoked_subject_s_tokens_of_before_are_refused_with_and_without_a_session() {
    let clock = clock();
    let jwt = builder().clock(clock.clone()).revocation_store(Blocklist::default()).build().unwrap();
    let bare = jwt.create_access_token("alice").unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    let other = jwt.create_access_token("bob").unwrap();
    clock.advance(Duration::from_secs(1));
    wait(jwt.end_all_sessions(Subject("alice"))).unwrap();
    for token in [&bare, &pair.access] {
        assert_eq!(refusal(&jwt, &bearer(token), &Requirement::access()).code(), "token_revoked");
    }
    let refresh = bearer(&pair.refresh.unwrap());
    assert_eq!(refusal(&jwt, &refresh, &Requirement::refresh()).code(), "token_revoked");
    assert!(check(&jwt, &bearer(&other), &Requirement::access()).is_ok(), "nobody else's");
}

#[test]
fn a_token_that_says_nothing_of_its_age_falls_with_its_subject() {
    let limited = with_store(Blocklist::default());
    let unlimited = builder()
        .revocation_store(Blocklist::default())
        .longest_lifetime(jwt_extended::token::Lifetime::Never)
        .build()
        .unwrap();
    for (jwt, code) in [(limited, "token_invalid"), (unlimited, "token_revoked")] {
        wait(jwt.end_all_sessions(Subject("alice"))).unwrap();
        for changes in [&[("iat", "")][..], &[("iat", ""), ("sid", "\"a session\"")]] {
            let refusal = refusal(&jwt, &bearer(&token(changes)), &Requirement::access());
            assert_eq!(refusal.code(), code);
        }
    }
}

#[test]
fn where_there_is_a_store_a_token_that_could_not_be_revoked_is_refused() {
    let jwt = with_store(Blocklist::default());
    let refusal = refusal(&jwt, &bearer(&token(&[("jti", "")])), &Requirement::access());
    assert_eq!((refusal.status().as_u16(), refusal.message().as_str()), (401, "Missing claim: jti"));
    assert!(check(&manager(), &bearer(&token(&[("jti", "")])), &Requirement::access()).is_ok());
}

#[test]
fn a_revocation_outlives_every_token_that_it_concerns() {
    // Another issuer's token, or one with a replaced `exp`, may live longer than any lifetime of the configuration:
    // it is refused, or its revocation is remembered for as long as it lives.
    let year = (NOW + 31_536_000).to_string();
    let request = bearer(&token(&[("exp", &year), ("sid", "\"a session\""), ("iat", "1700000000")]));
    let lives_again = |revoke: &dyn Fn(&JwtManager, &Token)| {
        let clock = clock();
        let jwt = builder().clock(clock.clone()).revocation_store(Blocklist::default()).build().unwrap();
        if let Ok(admitted) = check(&jwt, &request, &Requirement::access()) {
            revoke(&jwt, admitted.token());
        }
        clock.advance(Duration::from_secs(31 * 86_400));
        check(&jwt, &request, &Requirement::access()).is_ok()
    };
    assert!(!lives_again(&|jwt, token| wait(jwt.revoke_token(token)).unwrap()), "the token");
    assert!(!lives_again(&|jwt, token| wait(jwt.logout(token)).unwrap()), "its session");
    assert!(!lives_again(&|jwt, token| drop(wait(jwt.end_all_sessions(token)).unwrap())), "its subject");
}

#[test]
fn a_full_store_forgets_nothing_to_make_room() {
    let jwt = builder().session_store(MemoryStore::with_capacity(1)).build().unwrap();
    let [one, two] = ["\"one\"", "\"two\""].map(|jti| token(&[("jti", jti)]));
    wait(jwt.revoke_token(&jwt.decode_token(&one).unwrap())).unwrap();
    let full = wait(jwt.revoke_token(&jwt.decode_token(&two).unwrap()));
    assert_eq!(full, Err(StoreError::Full { capacity: 1 }));
    assert_eq!(refusal(&jwt, &bearer(&one), &Requirement::access()).code(), "token_revoked");
}
