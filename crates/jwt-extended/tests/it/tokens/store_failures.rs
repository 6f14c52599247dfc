//! Stores that are full or down: what a login, a guard and each verb answer.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use jwt_extended::{
    Requirement, Timestamp,
    http::Reason,
    session::{
        Answer, EndSessions, MemoryStore, NewSession, RevokedToken, RotateOutcome, RotateRequest, Session,
        SessionStore, StoreError, Subject, TokenIds, TokenStatus, TouchRequest,
    },
    token::IssueError,
};

use crate::common::*;

#[test]
fn a_login_fails_if_the_store_is_full() {
    let jwt = builder().session_store(MemoryStore::with_capacity(1)).build().unwrap();
    assert!(wait(jwt.login("alice")).is_ok());
    assert_eq!(wait(jwt.login("bob")), Err(IssueError::Store(StoreError::Full { capacity: 1 })));
    assert!(wait(jwt.end_all_sessions(Subject("alice"))).is_ok(), "this frees room for its own record");
    assert_eq!(wait(jwt.login("bob")), Err(IssueError::Store(StoreError::Full { capacity: 1 })));
}

#[test]
fn logins_leave_room_for_revocations() {
    let jwt = builder().session_store(MemoryStore::with_capacity(16)).build().unwrap();
    let pair = wait(jwt.login("mallory")).unwrap();
    while wait(jwt.login("mallory")).is_ok() {}
    assert_eq!(wait(jwt.sessions_of(Subject("mallory"))).unwrap().len(), 14);
    let token = jwt.decode_token(&pair.access).unwrap();
    assert!(wait(jwt.revoke_token(&token)).is_ok() && !opens(&jwt, &pair.access));
    assert!(wait(jwt.end_all_sessions(Subject("alice"))).is_ok());
}

/// A store that always fails, and counts its calls.
#[derive(Default)]
pub(super) struct Down(AtomicUsize);

impl Down {
    fn fail<T>(&self) -> Answer<'_, Result<T, StoreError>>
    where
        T: Send,
    {
        self.0.fetch_add(1, Ordering::Relaxed);
        Answer::later(async { Err(StoreError::Unavailable("it is down".to_owned())) })
    }
}

impl SessionStore for Down {
    fn status<'a>(&'a self, _: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.fail()
    }
    fn revoke<'a>(&'a self, _: &'a RevokedToken<'_>) -> Answer<'a, Result<(), StoreError>> {
        self.fail()
    }
    fn open<'a>(&'a self, _: &'a NewSession<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.fail()
    }
    fn rotate<'a>(&'a self, _: &'a RotateRequest<'_>) -> Answer<'a, Result<RotateOutcome, StoreError>> {
        self.fail()
    }
    fn touch<'a>(&'a self, _: &'a TouchRequest<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.fail()
    }
    fn list<'a>(&'a self, _: &'a str, _: Timestamp) -> Answer<'a, Result<Vec<Session>, StoreError>> {
        self.fail()
    }
    fn end<'a>(&'a self, _: &'a EndSessions<'_>) -> Answer<'a, Result<u64, StoreError>> {
        self.fail()
    }
    fn purge(&self, _: Timestamp, _: u32) -> Answer<'_, Result<u64, StoreError>> {
        self.fail()
    }
}

#[test]
fn a_store_that_is_down_admits_no_request() {
    let down = Arc::new(Down::default());
    let jwt = builder().session_store(Arc::clone(&down)).build().unwrap();
    let pair = wait(manager().login("alice")).unwrap();
    let unavailable = || StoreError::Unavailable("it is down".to_owned());
    for requirement in [Requirement::access(), Requirement::any()] {
        let refusal = refusal(&jwt, &bearer(&pair.access), &requirement);
        let response = refusal.to_response();
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    }
    let token = refresh_token(&jwt, &pair);
    assert_eq!(refresh_refusal(&jwt, &token), Reason::StoreUnavailable(unavailable()));
    assert_eq!(wait(jwt.login("alice")), Err(IssueError::Store(unavailable())));
    assert_eq!(wait(jwt.password_changed("alice")), Err(IssueError::Store(unavailable())));
    assert_eq!(wait(jwt.logout(&token)), Err(unavailable()));
    assert_eq!(wait(jwt.sessions(&token)), Err(unavailable()));
    assert_eq!(down.0.load(Ordering::Relaxed), 7, "each call queries the store once");
}

#[test]
fn a_request_queries_the_store_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let jwt = builder()
        .revocation_store(move |token: &TokenIds<'_>| {
            count.fetch_add(1, Ordering::Relaxed);
            let revoked = token.subject == "bob";
            Answer::Now(Ok(if revoked { TokenStatus::Revoked } else { TokenStatus::Active }))
        })
        .build()
        .unwrap();
    let [alice, bob] = ["alice", "bob"].map(|user| jwt.create_access_token(user).unwrap());
    assert_eq!((opens(&jwt, &alice), opens(&jwt, &bob)), (true, false));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    let token = jwt.decode_token(&alice).unwrap();
    assert_eq!(wait(jwt.revoke_token(&token)), Err(StoreError::ReadOnly), "a closure is read-only");
    assert_eq!(wait(jwt.sessions(&token)), Err(StoreError::NoSessions));
}
