//! Calls that Redis refuses, and options that cannot work.

use std::time::Duration;

use jwt_extended::{
    session::{RotateOutcome, SessionStore, StoreError, TokenStatus},
    test_util::sessions::{at, end_all, end_one, ids, new_session, revoked_token, rotate_request, touch_request},
};
use jwt_extended_redis::{ConnectError, RedisStore};
use proptest::prelude::*;

use crate::server::{Server, eventually, patient, token};

async fn open(store: &RedisStore) -> Result<TokenStatus, StoreError> {
    store.open(&new_session("alice", "session", "r0", at(0), None)).wait().await
}

async fn status(store: &RedisStore) -> Result<TokenStatus, StoreError> {
    store.status(&token("alice", "session", "a", at(1))).wait().await
}

#[tokio::test(flavor = "multi_thread")]
async fn forgotten_scripts_are_sent_again() {
    let server = Server::start();
    let store = server.store().await;
    assert_eq!(open(&store).await, Ok(TokenStatus::Active));
    let _: () = server.ask("SCRIPT", "FLUSH");
    let refresh = token("alice", "session", "r0", at(1));
    let outcome = store.rotate(&rotate_request(refresh, "r1", Duration::from_secs(10), None)).wait().await;
    assert_eq!(outcome, Ok(RotateOutcome::Rotated));
    let _: () = server.ask("SCRIPT", "FLUSH");
    assert_eq!(store.end(&end_all("alice", None, at(2))).wait().await, Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_though_its_pointer_stays() {
    let server = Server::start();
    let store = server.store().await;
    assert_eq!(open(&store).await, Ok(TokenStatus::Active));
    // Scripts may write the keys of a subject, but nobody may delete a pointer.
    let _: () = server.ask("ACL", &["SETUSER", "default", "resetkeys", "~jwt:{*", "~jwt:feed*"]);
    assert_eq!(store.end(&end_one("session", Some("alice"), at(1))).wait().await, Ok(1));
    assert_eq!(status(&store).await, Ok(TokenStatus::Revoked));
    let _: () = server.ask("ACL", &["SETUSER", "default", "allkeys"]);
    assert!(server.keys().contains(&"jwt:p:session".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_redis_refuses_writes_and_still_answers() {
    let server = Server::start_with(&["--maxmemory-policy", "noeviction"]);
    let store = server.store().await;
    assert_eq!(open(&store).await, Ok(TokenStatus::Active));
    let _: () = server.ask("CONFIG", ("SET", "maxmemory", "1"));
    let error = store.revoke(&revoked_token("alice", "a", None, at(1))).wait().await.unwrap_err().to_string();
    assert!(error.contains("OOM"), "{error}");
    assert_eq!(status(&store).await, Ok(TokenStatus::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_wrong_password_is_an_error() {
    let server = Server::start_with(&["--requirepass", "sesame-secret"]);
    let wrong = patient(format!("redis://:wrong@127.0.0.1:{}", server.port())).connect().await.unwrap_err();
    assert!(wrong.to_string().starts_with("cannot connect to Redis: WRONGPASS"), "{wrong}");
    let none = patient(server.url()).connect().await.unwrap_err().to_string();
    assert!(none.contains("NOAUTH"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_and_addresses_are_never_shown() {
    let server = Server::start_with(&["--requirepass", "sesame-secret"]);
    let url = |password: &str| format!("redis://:{password}@127.0.0.1:{}", server.port());
    let store = patient(url("sesame-secret")).connect().await.unwrap();
    assert_eq!(open(&store).await, Ok(TokenStatus::Active));
    let wrong = patient(url("wrong-secret")).connect().await.unwrap_err();
    let builder = RedisStore::builder(url("sesame-secret"));
    for shown in [format!("{store:?}"), format!("{builder:?}"), format!("{wrong:?}")] {
        assert!(!shown.contains("secret") && !shown.contains("127.0.0.1"), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_url_shows_a_part_of_its_password(
        secret in "[#/?@:%&=+,;A-Z\\[\\]]{0,6}XSECRETX[#/?@:%&=+,;A-Z\\[\\]]{0,6}",
        form in 0..6_usize,
    ) {
        let url = match form {
            0 => format!("redis://me:{secret}@127.0.0.1:1/0"),
            1 => format!("rediss://:{secret}@127.0.0.1/?ssl_cert_reqs=none"),
            2 => format!("redis+sentinel://:{secret}@127.0.0.1/main?sentinel_password={secret}"),
            3 => format!("unix:///no/socket?password={secret}"),
            4 => format!("redis://127.0.0.1:1?username={secret}&protocol={secret}&db={secret}"),
            _ => format!("{secret}://127.0.0.1:1"),
        };
        let builder = RedisStore::builder(&url);
        let before = format!("{builder:?}");
        let shown = match builder.connect_lazily() {
            Ok(store) => format!("{before} {store:?}"),
            Err(error) => format!("{before} {error} {error:?}"),
        };
        prop_assert!(!shown.contains("SECRET"), "{}", shown);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_to_connect_is_not_remembered() {
    let server = Server::start();
    let _: () = server.ask("ACL", ("SETUSER", "app", "on", ">sesame", "~*", "+@all"));
    let store = patient(format!("redis://app:sesame@127.0.0.1:{}", server.port())).connect().await.unwrap();
    assert_eq!(open(&store).await, Ok(TokenStatus::Active));
    let _: () = server.ask("ACL", ("SETUSER", "app", "off"));
    let _: u64 = server.ask("CLIENT", ("KILL", "USER", "app"));
    // The first call may still fail because the old connection was closed.
    eventually(|| async {
        match status(&store).await {
            Err(StoreError::Unavailable(why)) if why.contains("WRONGPASS") => Ok(()),
            answer => Err(answer),
        }
    })
    .await;
    let _: () = server.ask("ACL", ("SETUSER", "app", "on"));
    assert_eq!(status(&store).await, Ok(TokenStatus::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_a_session_cannot_be_rotated() {
    let server = Server::start();
    let store = server.store().await;
    assert_eq!(open(&store).await, Ok(TokenStatus::Active));
    for (session, jti) in [(None, Some("r0")), (Some("session"), None), (None, None)] {
        let rotate = rotate_request(ids("alice", session, jti, at(0), at(1)), "r1", Duration::ZERO, None);
        assert_eq!(store.rotate(&rotate).wait().await, Ok(RotateOutcome::Ended), "{session:?} {jti:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn touching_a_token_without_a_session_checks_it() {
    let server = Server::start();
    let store = server.store().await;
    let touch = touch_request(ids("alice", None, Some("a"), at(0), at(1)), Some(at(5)));
    assert_eq!(store.touch(&touch).wait().await, Ok(TokenStatus::Active));
    store.revoke(&revoked_token("alice", "a", None, at(1))).wait().await.unwrap();
    assert_eq!(store.touch(&touch).wait().await, Ok(TokenStatus::Revoked));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_alone_connects_a_store() {
    let server = Server::start();
    let store = eventually(|| RedisStore::connect(server.url())).await;
    assert_eq!(eventually(|| open(&store)).await, TokenStatus::Active);
    assert_eq!(server.keys().iter().filter(|key| key.starts_with("jwt:p:")).count(), 1);
}

#[tokio::test]
async fn options_that_cannot_work_are_errors() {
    for url in ["", "localhost", "http://localhost", "redis://", "redis://:pa/ss@host", "redis://host/x"] {
        let error = RedisStore::connect_lazily(url).unwrap_err();
        assert!(matches!(error, ConnectError::Url(_)), "{url}: {error}");
    }
    let prefix = RedisStore::builder("redis://host").prefix("{jwt}").connect_lazily();
    assert_eq!(prefix.unwrap_err(), ConnectError::Prefix("{jwt}".to_owned()));
    let zero = RedisStore::builder("redis://host").timeout(Duration::ZERO).connect_lazily();
    assert_eq!(zero.unwrap_err(), ConnectError::Timeout);
    let tls = RedisStore::connect_lazily("rediss://host");
    assert_eq!(tls.is_ok(), cfg!(feature = "tls"), "{tls:?}");
}
