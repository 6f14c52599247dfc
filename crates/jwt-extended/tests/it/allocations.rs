//! How often verifying a token asks for memory: at most twice, once for the decoded token and once to share it.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use jwt_extended::{
    JwtManager, Requirement,
    http::Location,
    jose::Key,
    session::{MemoryStore, Subject},
};

/// The outcome of a future that does not wait.
fn now<T>(future: impl IntoFuture<Output = T>) -> T {
    match pin!(future.into_future()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the memory store answers at once"),
    }
}

fn allocations(request: &http::request::Parts, jwt: &JwtManager, requirement: &Requirement) -> u64 {
    let authenticate = || now(jwt.authenticate(request, requirement)).unwrap();
    // The first one also sets up what is set up once.
    authenticate();
    allocation_counter::measure(|| drop(authenticate())).count_total
}

#[test]
fn verifying_a_token_takes_at_most_two_allocations() {
    let jwt = JwtManager::builder()
        .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place").unwrap())
        .token_location([Location::Header, Location::Cookie])
        .session_store(MemoryStore::new())
        .build()
        .unwrap();
    let revoked = jwt.decode_token(&jwt.create_access_token("bob").unwrap()).unwrap();
    now(jwt.revoke_token(&revoked)).unwrap();
    now(jwt.end_all_sessions(Subject("bob"))).unwrap();
    let pair = now(jwt.login("alice")).unwrap();
    let request =
        |name: &str, value: String| http::Request::builder().header(name, value).body(()).unwrap().into_parts().0;

    let header = request("authorization", format!("Bearer {}", pair.access));
    assert!(allocations(&header, &jwt, &Requirement::fresh()) <= 2);
    let cookie = request("cookie", format!("theme=dark; refresh_token_cookie={}", pair.refresh.unwrap()));
    assert!(allocations(&cookie, &jwt, &Requirement::refresh().locations([Location::Cookie])) <= 2);
}

#[cfg(feature = "asymmetric")]
#[test]
fn a_token_in_the_cache_takes_none() {
    let key = Key::generate(jwt_extended::jose::Algorithm::ES256).unwrap();
    let builder = JwtManager::builder().key(key).session_store(MemoryStore::new());
    let jwt = builder.verification_cache(4_usize).build().unwrap();
    let token = jwt.create_access_token("alice").unwrap();
    let request = http::Request::builder().header("authorization", format!("Bearer {token}")).body(()).unwrap();
    assert_eq!(allocations(&request.into_parts().0, &jwt, &Requirement::access()), 0);
}

#[test]
fn an_unread_body_adds_no_allocation() {
    let key = Key::hs256("a secret of at least thirty-two bytes, from a safe place").unwrap();
    let jwt = JwtManager::builder().key(key).build().unwrap();
    let request = http::Request::post("/")
        .header("content-type", "application/json; charset=utf-8")
        .header("authorization", format!("Bearer {}", jwt.create_access_token("alice").unwrap()))
        .body(())
        .unwrap();
    assert!(allocations(&request.into_parts().0, &jwt, &Requirement::access()) <= 2);
}

#[test]
fn asking_the_memory_store_takes_none() {
    let key = Key::hs256("a secret of at least thirty-two bytes, from a safe place").unwrap();
    let jwt = JwtManager::builder().key(key).session_store(MemoryStore::new()).build().unwrap();
    {
        let pair = now(jwt.login("alice")).unwrap();
        let token = jwt.decode_token(&pair.access).unwrap();
        now(jwt.revoke_token(&jwt.decode_token(&pair.refresh.unwrap()).unwrap())).unwrap();
        now(jwt.end_all_sessions(Subject("bob"))).unwrap();
        let asked = allocation_counter::measure(|| assert!(!now(jwt.is_revoked(&token)).unwrap()));
        assert_eq!(asked.count_total, 0);
        let request = http::Request::builder().header("authorization", format!("Bearer {}", pair.access));
        let request = request.body(()).unwrap().into_parts().0;
        assert!(allocations(&request, &jwt, &Requirement::fresh()) <= 2);
    }
}
