//! Login, refresh and logout without a store of sessions: which tokens form a session, and which calls revoke them.

use std::{sync::Arc, time::Duration};

use jwt_extended::{
    JwtManager, ManualClock, Timestamp, Token, TokenPair,
    http::Reason,
    session::{MemoryStore, StoreError, Subject},
    token::{Claims, ClaimsError, Freshness, Identity, IssueError, TokenType},
};
use serde_json::json;

use crate::common::*;

struct Admin(&'static str, &'static str);

impl Identity for Admin {
    fn subject(&self) -> std::borrow::Cow<'_, str> {
        self.0.into()
    }

    fn additional_claims(&self) -> Result<Claims, ClaimsError> {
        Claims::new(&json!({ "role": self.1 }))
    }
}

fn stored(clock: &Arc<ManualClock>) -> JwtManager {
    builder().clock(Arc::clone(clock)).revocation_store(Blocklist::default()).build().unwrap()
}

fn tokens(jwt: &JwtManager, pair: &TokenPair) -> (Token, Token) {
    let refresh = pair.refresh.as_deref().unwrap();
    (jwt.decode_token(&pair.access).unwrap(), jwt.decode_token(refresh).unwrap())
}

#[test]
fn a_login_returns_a_fresh_access_token_and_a_refresh_token() {
    let jwt = builder().entropy(entropy).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    let (access, refresh) = tokens(&jwt, &pair);
    assert_eq!((access.token_type(), access.freshness()), (TokenType::Access, Freshness::Fresh));
    assert_eq!((refresh.token_type(), refresh.freshness()), (TokenType::Refresh, Freshness::Stale));
    assert_eq!(access.session().unwrap(), refresh.session().unwrap());
    assert!(
        payload_of(&pair.access).ends_with(&format!(r#""exp":1800000900,"sid":"{}"}}"#, access.session().unwrap()))
    );
    assert_eq!(pair.expires_in(), Some(900));
    assert_eq!(
        pair.to_json(),
        json!({
            "access_token": pair.access.as_str(),
            "refresh_token": pair.refresh.as_deref(),
            "token_type": "Bearer",
            "expires_in": 900,
            "refresh_expires_in": 2_592_000,
        })
    );
}

#[test]
fn two_logins_are_two_sessions() {
    let jwt = manager();
    let [one, two] = [(), ()].map(|()| tokens(&jwt, &wait(jwt.login("alice")).unwrap()).0);
    assert_ne!(one.session(), two.session());
}

#[test]
fn a_token_issued_without_a_login_has_no_session() {
    let jwt = manager();
    assert_eq!(jwt.decode_token(&jwt.create_access_token("alice").unwrap()).unwrap().session(), None);
}

#[test]
fn a_refresh_returns_a_stale_access_token_of_the_same_session() {
    let clock = clock();
    let jwt = stored(&clock);
    let pair = wait(jwt.login(&Admin("alice", "admin"))).unwrap();
    let (first, refresh) = tokens(&jwt, &pair);
    clock.advance(Duration::from_secs(1000));
    let next = wait(jwt.refresh(&refresh)).unwrap();
    assert_eq!((next.refresh.as_ref(), next.expires_in()), (None, Some(900)));
    let token = jwt.decode_token(&next.access).unwrap();
    assert_eq!((token.token_type(), token.freshness()), (TokenType::Access, Freshness::Stale));
    assert_eq!((token.subject(), token.session()), ("alice", first.session()));
    assert_eq!(token.claim::<String>("role").unwrap().unwrap(), "admin");
    assert_eq!(token.issued_at(), Some(Timestamp::from_secs(NOW + 1000)));
    assert_ne!(token.jti(), first.jti());
    assert_ne!(token.csrf(), first.csrf());
    assert!(opens(&jwt, &next.access));
}

#[test]
fn a_refresh_copies_only_the_apps_claims() {
    let jwt = builder().entropy(entropy).build().unwrap();
    let refresh =
        jwt.refresh_token("alice").additional_claims(&json!({ "z": "né", "a": [1.50, null] })).create().unwrap();
    let pair = wait(jwt.refresh(&jwt.decode_token(&refresh).unwrap())).unwrap();
    assert_eq!(
        payload_of(&pair.access),
        payload_of(&refresh).replace("\"refresh\"", "\"access\"").replace("1802592000", "1800000900")
    );
}

#[test]
fn a_refresh_with_an_identity_uses_its_current_claims() {
    let jwt = manager();
    let (_, refresh) = tokens(&jwt, &wait(jwt.login(&Admin("alice", "admin"))).unwrap());
    let pair = wait(jwt.refresh(&refresh).identity(&Admin("alice", "demoted"))).unwrap();
    let token = jwt.decode_token(&pair.access).unwrap();
    assert_eq!(token.claim::<String>("role").unwrap().unwrap(), "demoted");
    assert_eq!((token.session(), token.freshness()), (refresh.session(), Freshness::Stale));
}

#[test]
fn a_refresh_with_another_users_identity_is_rejected() {
    let jwt = manager();
    let (_, refresh) = tokens(&jwt, &wait(jwt.login("alice")).unwrap());
    let refusal = wait(jwt.refresh(&refresh).identity("bob")).unwrap_err();
    assert_eq!((refusal.status().as_u16(), refusal.code()), (401, "user_not_found"));
}

#[test]
fn only_a_refresh_token_can_refresh() {
    let jwt = manager();
    let (access, _) = tokens(&jwt, &wait(jwt.login("alice")).unwrap());
    for refused in [wait(jwt.refresh(&access)), wait(jwt.refresh(&access).identity("alice"))] {
        assert_eq!(*refused.unwrap_err().reason(), Reason::NotRefreshToken);
    }
}

#[test]
fn a_logout_revokes_every_token_of_its_session_only() {
    let clock = clock();
    let jwt = stored(&clock);
    let pair = wait(jwt.login("alice")).unwrap();
    let other = wait(jwt.login("alice")).unwrap();
    let (access, refresh) = tokens(&jwt, &pair);
    let refreshed = wait(jwt.refresh(&refresh)).unwrap().access;
    wait(jwt.logout(&access)).unwrap();
    assert_eq!(*wait(jwt.refresh(&refresh)).unwrap_err().reason(), Reason::Revoked);
    for text in [&pair.access, pair.refresh.as_ref().unwrap(), &refreshed] {
        assert!(!opens(&jwt, text));
    }
    assert!(opens(&jwt, &other.access) && opens(&jwt, other.refresh.as_ref().unwrap()));
    assert!(wait(jwt.is_revoked(&refresh)).unwrap());
}

#[test]
fn a_logout_without_a_session_revokes_only_that_token() {
    let jwt = stored(&clock());
    let [one, two] = [(), ()].map(|()| jwt.create_access_token("alice").unwrap());
    wait(jwt.logout(&jwt.decode_token(&one).unwrap())).unwrap();
    assert_eq!((opens(&jwt, &one), opens(&jwt, &two)), (false, true));
}

#[test]
fn revoking_one_token_keeps_the_rest_of_its_session_valid() {
    let jwt = stored(&clock());
    let pair = wait(jwt.login("alice")).unwrap();
    let (access, _) = tokens(&jwt, &pair);
    wait(jwt.revoke_token(&access)).unwrap();
    assert!(!opens(&jwt, &pair.access));
    assert!(opens(&jwt, pair.refresh.as_ref().unwrap()));
    wait(jwt.revoke_token(&access)).unwrap();
    assert!(!opens(&jwt, &pair.access), "revoking is idempotent");
}

#[test]
fn end_all_sessions_spares_a_login_at_the_same_instant() {
    let clock = clock();
    clock.set(Timestamp::from_micros(NOW * 1_000_000 + 999_999));
    let jwt = stored(&clock);
    let before = [(), ()].map(|()| wait(jwt.login("alice")).unwrap());
    let bob = wait(jwt.login("bob")).unwrap();
    clock.advance(Duration::from_micros(1));
    wait(jwt.end_all_sessions(Subject("alice"))).unwrap();
    let after = wait(jwt.login("alice")).unwrap();
    for pair in before {
        let refresh = pair.refresh.unwrap();
        assert!(!opens(&jwt, &pair.access) && !opens(&jwt, &refresh));
        let revived = wait(jwt.refresh(&jwt.decode_token(&refresh).unwrap()));
        assert_eq!(*revived.unwrap_err().reason(), Reason::Revoked, "an ended session cannot be refreshed");
    }
    assert!(opens(&jwt, &after.access) && opens(&jwt, after.refresh.as_ref().unwrap()));
    assert!(opens(&jwt, &bob.access));
    let refreshed = wait(jwt.refresh(&tokens(&jwt, &after).1)).unwrap();
    assert!(opens(&jwt, &refreshed.access));
}

#[test]
fn end_all_sessions_compares_by_the_microsecond() {
    let clock = clock();
    let jwt = stored(&clock);
    for micros in [1, 7, 333, 999_000] {
        clock.set(Timestamp::from_micros(NOW * 1_000_000 + micros));
        let before = wait(jwt.login("alice")).unwrap();
        clock.advance(Duration::from_micros(1));
        wait(jwt.end_all_sessions(Subject("alice"))).unwrap();
        let after = wait(jwt.login("alice")).unwrap();
        assert_eq!((opens(&jwt, &before.access), opens(&jwt, &after.access)), (false, true), "{micros}");
    }
}

#[test]
fn end_all_sessions_revokes_tokens_of_the_next_five_seconds() {
    let clock = clock();
    clock.set(Timestamp::from_micros(NOW * 1_000_000 + 500_000));
    let jwt = stored(&clock);
    wait(jwt.end_all_sessions(Subject("alice"))).unwrap();
    // Such a token may come from a clock that is ahead.
    clock.advance(Duration::from_secs(5));
    assert!(!opens(&jwt, &jwt.create_access_token("alice").unwrap()));
    clock.advance(Duration::from_millis(500));
    assert!(opens(&jwt, &jwt.create_access_token("alice").unwrap()));
}

#[test]
fn revoking_without_a_store_is_an_error() {
    let jwt = manager();
    let (access, _) = tokens(&jwt, &wait(jwt.login("alice")).unwrap());
    for result in [
        wait(jwt.revoke_token(&access)),
        wait(jwt.logout(&access)),
        wait(jwt.end_all_sessions(Subject("alice"))).map(drop),
        wait(jwt.logout(&access)),
    ] {
        assert_eq!(result, Err(StoreError::NoStore));
    }
    assert!(!wait(jwt.is_revoked(&access)).unwrap());
}

#[test]
fn revoking_a_token_without_jti_is_an_error() {
    let jwt = stored(&clock());
    let bare = manager().decode_token(&token(&[("jti", "")])).unwrap();
    assert_eq!(wait(jwt.revoke_token(&bare)), Err(StoreError::Unnamed("jti")));
    assert_eq!(wait(jwt.logout(&bare)), Err(StoreError::Unnamed("jti")));
}

#[test]
fn two_managers_share_no_revocations() {
    let [one, two] = [(), ()].map(|()| stored(&clock()));
    let text = one.create_access_token("alice").unwrap();
    wait(one.revoke_token(&one.decode_token(&text).unwrap())).unwrap();
    assert_eq!((opens(&one, &text), opens(&two, &text), opens(&one.clone(), &text)), (false, true, false));
}

#[test]
fn only_a_token_that_a_guard_would_admit_is_active() {
    let clock = clock();
    let jwt = builder()
        .clock(Arc::clone(&clock))
        .revocation_store(Blocklist::default())
        .token_verification(|token| token.subject() != "mallory")
        .build()
        .unwrap();
    let active = |text: &str| wait(jwt.active_token(text)).unwrap().map(|token| token.subject().to_owned());
    assert_eq!(active(&token(&[])), Some("alice".to_owned()));
    assert_eq!(active("no token"), None);
    assert_eq!(active(&token(&[("sub", "\"mallory\"")])), None);
    wait(jwt.revoke_token(&jwt.decode_token(&token(&[])).unwrap())).unwrap();
    assert_eq!(active(&token(&[])), None);
    assert!(!jwt.steps().keeps_sessions());
}

#[test]
fn a_session_that_was_ended_meanwhile_is_not_opened() {
    let clock = clock();
    let jwt = builder().clock(Arc::clone(&clock)).session_store(MemoryStore::new()).build().unwrap();
    assert!(jwt.steps().keeps_sessions());
    let session = jwt.steps().new_session().unwrap();
    let refresh = jwt.refresh_token("alice").session(&session).create().unwrap();
    clock.advance(Duration::from_secs(60));
    wait(jwt.end_all_sessions(Subject("alice"))).unwrap();
    assert_eq!(wait(jwt.steps().open_session(&refresh, None)), Err(IssueError::SessionEnded));
}
