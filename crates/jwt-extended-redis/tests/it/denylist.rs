//! A denylist over real servers: what another process revokes, and what becomes of a lost feed.

use std::time::{Duration, Instant};

use jwt_extended::{
    session::{Answer, Denylist, SessionStore, TokenStatus},
    test_util::{
        denylist::{END, Ending, is_remembered, open, opened, options, status},
        sessions::{self, at, end_one, revoked_token, rotate_request},
    },
};
use jwt_extended_redis::RedisStore;

use crate::server::{PATIENCE, Server, token};

/// Longer than any test takes, so that no silence explains why the store was asked.
const LONG: Duration = Duration::from_secs(3600);

/// Returns the store of another process, which follows the feed.
async fn follower(server: &Server) -> Denylist<RedisStore> {
    let denylist = server.store().await.with_denylist(options(LONG)).unwrap();
    until("it follows", || denylist.is_following()).await;
    denylist
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn is_refused_soon(other: &Denylist<RedisStore>, what: &str, name: &str) {
    until(what, || !is_remembered(other, name)).await;
    assert_eq!(status(other, name).await, TokenStatus::Revoked, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_revokes_the_other_refuses() {
    let server = Server::start();
    let (one, other) = (server.store().await, follower(&server).await);
    for ending in Ending::ALL {
        let name = format!("{ending:?}");
        opened(&one, &other, &name).await;
        ending.end(&one, &name).await;
        is_refused_soon(&other, &name, &name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_earlier_is_asked_about() {
    let server = Server::start();
    let (one, other) = (server.store().await, follower(&server).await);
    opened(&one, &other, "alice").await;
    let refresh = token("alice", "alice", "r0", at(1));
    let soon = rotate_request(refresh, "r1", Duration::ZERO, Some(at(2)));
    one.rotate(&soon).wait().await.unwrap();
    until("it is heard", || !is_remembered(&other, "alice")).await;
    let later = rotate_request(token("alice", "alice", "r1", at(1)), "r2", Duration::ZERO, Some(at(END)));
    one.rotate(&later).wait().await.unwrap();
    assert_eq!(status(&other, "alice").await, TokenStatus::Active);
    assert!(is_remembered(&other, "alice"), "one that ends later is not");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_revoked_before_the_start_are_known() {
    let server = Server::start();
    let one = server.store().await;
    for number in 0..3000 {
        let jti = format!("token {number}");
        one.revoke(&revoked_token("alice", &jti, (number % 2 == 0).then(|| at(END)), at(0))).wait().await.unwrap();
    }
    let other = follower(&server).await;
    opened(&one, &other, "alice").await;
    for number in [0, 1, 1500, 2999] {
        let revoked = format!("token {number}");
        let token = token("alice", "alice", &revoked, at(1));
        assert!(matches!(other.status(&token), Answer::Later(_)), "{revoked}");
    }
    let good = token("alice", "alice", "token 3000", at(1));
    assert!(matches!(other.status(&good), Answer::Now(Ok(TokenStatus::Active))));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_feed_a_process_asks_the_store() {
    let server = Server::start();
    let (one, other) = (server.store().await, follower(&server).await);
    opened(&one, &other, "alice").await;
    opened(&one, &other, "bob").await;
    // The connection of the feed is cut, and none can start again.
    let _: () = server.ask("ACL", ("SETUSER", "default", "-zscan"));
    let clients: String = server.ask("CLIENT", "LIST");
    let follower = clients.lines().find(|line| line.contains("cmd=xread")).unwrap();
    let id = follower.split(' ').find_map(|field| field.strip_prefix("id=")).unwrap();
    let _: u64 = server.ask("CLIENT", ("KILL", "ID", id));
    until("the loss is noticed", || !other.is_following()).await;
    assert!(!is_remembered(&other, "alice"));
    assert_eq!(one.end(&end_one("alice", None, at(1))).wait().await, Ok(1));
    assert_eq!(status(&other, "alice").await, TokenStatus::Revoked, "at once");
    // It starts again, and vouches for nothing that it knew before.
    let _: () = server.ask("ACL", ("SETUSER", "default", "+zscan"));
    until("it follows again", || other.is_following()).await;
    assert!(!is_remembered(&other, "bob"));
    assert_eq!(status(&other, "bob").await, TokenStatus::Active);
    assert!(is_remembered(&other, "bob"));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_were_trimmed_are_not_missed() {
    let server = Server::start();
    let (one, other) = (server.store().await, follower(&server).await);
    opened(&one, &other, "alice").await;
    // More changes than the stream keeps, among them the end of the session.
    let key = server.keys().into_iter().find(|key| key.contains("}:s:alice")).unwrap();
    let script = "redis.call('DEL', KEYS[1]) redis.call('XADD', 'jwt:feed', '*', 's', 'alice') \
                  redis.call('XTRIM', 'jwt:feed', 'MAXLEN', 0)";
    let _: Option<u64> = server.ask("EVAL", (script, 1, key));
    is_refused_soon(&other, "the gap is noticed", "alice").await;
    until("it follows again", || other.is_following()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_lost_its_data_vouches_for_nothing() {
    for loss in ["FLUSHALL", "restart"] {
        let mut server = Server::start();
        let (one, other) = (server.store().await, follower(&server).await);
        opened(&one, &other, "alice").await;
        if loss == "restart" {
            server.stop();
            until("the loss is noticed", || !other.is_following()).await;
            server.start_again();
        } else {
            let _: () = server.ask(loss, "SYNC");
            // With this bound, it waits for ten seconds at most. A change wakes it.
            let _: String = server.ask("XADD", ("jwt:feed", "*", "s", "none"));
        }
        is_refused_soon(&other, loss, "alice").await;
        until("it follows again", || other.is_following()).await;
        opened(&one, &other, "bob").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_trusted_for_the_bound_only() {
    let server = Server::start();
    let one = server.store().await;
    let bound = Duration::from_secs(2);
    let other = server.store().await.with_denylist(options(bound)).unwrap();
    until("it follows", || other.is_following()).await;
    opened(&one, &other, "alice").await;
    server.freeze();
    let frozen = Instant::now();
    until("the bound passes", || !other.is_following()).await;
    // The last read began before the server froze.
    assert!(frozen.elapsed() <= bound + Duration::from_secs(1), "{:?}", frozen.elapsed());
    server.go_on();
    until("it follows again", || other.is_following()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_of_zero_asks_each_time_and_follows_nothing() {
    let server = Server::start();
    let other = server.store().await.with_denylist(options(Duration::ZERO)).unwrap();
    open(&server.store().await, "alice").await;
    for _ in 0..3 {
        assert_eq!(status(&other, "alice").await, TokenStatus::Active);
        assert!(!is_remembered(&other, "alice"));
    }
    assert_eq!(other.end(&end_one("alice", None, at(1))).wait().await, Ok(1));
    assert!(!server.keys().contains(&"jwt:feed".to_owned()), "nobody follows, so nobody writes");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_expires_after_its_last_follower() {
    let server = Server::start();
    let other = follower(&server).await;
    let left: u64 = server.ask("PTTL", "jwt:feed");
    assert!((3_000_000..=3_600_000).contains(&left), "{left}");
    drop(other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denylist_keeps_the_specification_of_stores() {
    let server = Server::start();
    // The specification's clock is not the denylist's.
    let century = Duration::from_secs(100 * 365 * 24 * 3600);
    let denylist = server.store().await.with_denylist(options(century)).unwrap();
    until("it follows", || denylist.is_following()).await;
    sessions::check_random(&denylist, 0..20).await;
    assert!(denylist.is_following());
}

#[cfg(feature = "cluster")]
#[tokio::test]
async fn a_cluster_has_no_feed() {
    use jwt_extended_redis::ConnectError;

    let store = || RedisStore::cluster(["redis://127.0.0.1:1"]).connect_lazily().unwrap();
    assert_eq!(store().with_denylist(options(LONG)).unwrap_err(), ConnectError::NoFeed);
    assert!(store().with_denylist(options(Duration::ZERO)).is_ok());
}
