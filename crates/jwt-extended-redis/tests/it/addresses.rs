//! Servers that are found in other ways than by host and port: a Unix socket, sentinels.

use std::time::{Duration, Instant};

use jwt_extended::{
    session::{RotateOutcome, SessionStore, TokenStatus},
    test_util::sessions::{at, new_session, rotate_request},
};
use jwt_extended_redis::{ConnectError, RedisStore};
use test_services::{Redis, Sentinel};

use crate::server::{PATIENCE, Server, eventually, patient, token};

async fn open(store: &RedisStore, id: &str) -> TokenStatus {
    let jti = format!("{id} r0");
    let session = new_session("alice", id, &jti, at(0), None);
    eventually(|| async { store.open(&session).wait().await }).await
}

async fn status(store: &RedisStore, id: &str) -> TokenStatus {
    eventually(|| async { store.status(&token("alice", id, "a", at(1))).wait().await }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unix_socket_is_an_address() {
    let server = Server::start_with(&["--requirepass", "sesame"]);
    let path = server.socket();
    for url in [
        format!("unix://{}?db=3&password=sesame", path.display()),
        format!("redis+unix://:sesame@{}?db=3", path.display()),
    ] {
        let store = patient(url).connect().await.unwrap();
        assert_eq!(open(&store, "session").await, TokenStatus::Active);
    }
    let same = patient(format!("redis://:sesame@127.0.0.1:{}/3", server.port())).connect().await.unwrap();
    assert_eq!(status(&same, "session").await, TokenStatus::Active);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_follows_the_master_that_sentinels_name() {
    let mut master = Redis::start();
    let replica = Redis::replica_of(&master);
    let sentinel = Sentinel::watching(&master, "main");
    // One of the sentinels is down.
    let url = format!("redis+sentinel://127.0.0.1:1,127.0.0.1:{}/main/2", sentinel.port());
    let store = RedisStore::builder(&url).timeout(Duration::from_secs(5)).connect_lazily().unwrap();
    assert_eq!(open(&store, "session").await, TokenStatus::Active);
    until_copied(&master, &replica, &sentinel);
    master.stop();
    // Until the replica is the master, every call is an error.
    assert_eq!(status(&store, "session").await, TokenStatus::Active);
    let refresh = token("alice", "session", "session r0", at(1));
    let rotate = rotate_request(refresh, "r1", Duration::from_secs(10), None);
    let rotated = eventually(|| async { store.rotate(&rotate).wait().await }).await;
    assert!(matches!(rotated, RotateOutcome::Rotated | RotateOutcome::Repeated { .. }), "{rotated:?}");
    let direct = patient(format!("redis://127.0.0.1:{}/2", replica.port())).connect().await.unwrap();
    assert_eq!(status(&direct, "session").await, TokenStatus::Active, "it is on the new master");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_no_sentinel_knows_is_an_error() {
    let master = Redis::start();
    let sentinel = Sentinel::watching(&master, "main");
    let url = format!("redis+sentinel://:hush@127.0.0.1:{}/other", sentinel.port());
    let error = patient(url).connect().await.unwrap_err().to_string();
    assert!(error.contains("master name not found"), "{error}");
    assert!(!error.contains("hush"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_and_their_master_have_a_login_each() {
    let master = Server::start();
    let _: () = master.ask("ACL", ("SETUSER", "app", "on", ">sesame", "~*", "+@all"));
    let sentinel = Sentinel::watching_with(&master, "main", "user watcher on >hush +@all\nuser default off");
    let url = |user: &str, watcher: &str| {
        let port = sentinel.port();
        format!(
            "redis+sentinel://{user}:sesame@127.0.0.1:{port}/main?sentinel_username={watcher}&sentinel_password=hush"
        )
    };
    let _store = patient(url("app", "watcher")).connect().await.unwrap();
    let clients: String = master.ask("CLIENT", "LIST");
    assert!(clients.contains(" user=app "), "{clients}");
    for (user, watcher) in [("app", "other"), ("other", "watcher")] {
        let answer = patient(url(user, watcher)).connect().await;
        assert!(matches!(answer, Err(ConnectError::Unavailable(_))), "{user} {watcher}: {answer:?}");
    }
}

/// Waits until the replica has everything, and the sentinel knows the replica.
fn until_copied(master: &Redis, replica: &Redis, sentinel: &Sentinel) {
    let began = Instant::now();
    let ask = |port: u16, commands: &[&str]| -> String {
        let mut connection = redis::Client::open(("127.0.0.1", port)).unwrap().get_connection().unwrap();
        let mut answer = redis::Value::Nil;
        for command in commands {
            let mut parts = command.split(' ');
            let mut command = redis::cmd(parts.next().unwrap());
            answer = parts.fold(&mut command, |command, part| command.arg(part)).query(&mut connection).unwrap();
        }
        format!("{answer:?}")
    };
    // WAIT is about the writes of its own connection. One after the store's has been copied only if the store's has.
    let is_copied = || {
        ask(master.port(), &["SET last write", "WAIT 1 100"]) == "int(1)"
            && ask(replica.port(), &["ROLE"]).contains("connected")
    };
    let is_known = || ask(sentinel.port(), &["SENTINEL REPLICAS main"]).contains(&replica.port().to_string());
    while !(is_copied() && is_known()) {
        assert!(began.elapsed() < PATIENCE, "the replica is not ready");
        std::thread::sleep(Duration::from_millis(20));
    }
}
