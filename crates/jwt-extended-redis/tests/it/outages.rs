//! A server that is away, frozen, slow or restarted: calls fail within the time limit, and the store recovers.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use jwt_extended::{
    session::{SessionStore, StoreError, TokenStatus},
    test_util::sessions::{at, end_all, end_one, ids, new_session, revoked_token, rotate_request, touch_request},
};
use jwt_extended_redis::{ConnectError, RedisStore};
use test_services::free_port;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::timeout,
};

use crate::server::{PATIENCE, Server, eventually, patient, token};

/// How long calls may take in tests where they must run into the limit.
const LIMIT: Duration = Duration::from_secs(1);

/// Returns a store whose calls fail soon.
async fn hasty(url: String) -> RedisStore {
    eventually(|| RedisStore::builder(&url).timeout(LIMIT).connect()).await
}

async fn open(store: &RedisStore) -> Result<TokenStatus, StoreError> {
    store.open(&new_session("alice", "session", "r0", at(0), None)).wait().await
}

async fn status(store: &RedisStore) -> Result<TokenStatus, StoreError> {
    store.status(&token("alice", "session", "a", at(1))).wait().await
}

/// Makes every call at once, and checks that each fails within the store's limit and says why.
async fn all_fail(store: &RedisStore, limit: Duration, why: &str) {
    let refresh = token("alice", "session", "r0", at(1));
    macro_rules! fails {
        ($call:expr) => {
            async {
                let call = stringify!($call);
                // Both time limits are checked in one task, so a busy machine cannot let the outer one win.
                let answer = timeout(limit * 2, $call.wait()).await.expect("the call ends in time");
                let error = answer.expect_err(call).to_string();
                assert!(error.starts_with("the store is unavailable: ") && error.contains(why), "{call}: {error:?}");
                assert!(!error.contains("redis://") && !error.contains("127.0.0.1"), "{call}: {error}");
            }
        };
    }
    tokio::join!(
        fails!(store.status(&refresh)),
        fails!(store.revoke(&revoked_token("alice", "a", None, at(1)))),
        fails!(store.open(&new_session("alice", "new", "r0", at(1), None))),
        fails!(store.rotate(&rotate_request(refresh, "r1", Duration::from_secs(10), None))),
        fails!(store.touch(&touch_request(refresh, None))),
        fails!(store.list("alice", at(1))),
        fails!(store.end(&end_one("session", None, at(1)))),
        fails!(store.end(&end_all("bob", None, at(1)))),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_call_after_a_restart_succeeds() {
    let mut server = Server::start();
    let store = server.store().await;
    open(&store).await.unwrap();
    for _ in 0..3 {
        server.stop();
        all_fail(&store, PATIENCE, "").await;
        server.start_again();
        assert_eq!(status(&store).await, Ok(TokenStatus::Revoked), "its data is gone");
        assert_eq!(open(&store).await, Ok(TokenStatus::Active), "the scripts are sent again");
        assert_eq!(status(&store).await, Ok(TokenStatus::Active));
    }
}

// On one thread, the connection's task has read the end of the connection once the test has slept twice.
#[tokio::test(flavor = "current_thread")]
async fn a_restart_between_calls_fails_no_call() {
    let mut server = Server::start();
    let store = server.store().await;
    open(&store).await.unwrap();
    server.stop();
    server.start_again();
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(status(&store).await, Ok(TokenStatus::Revoked));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_fails_calls_in_time() {
    let server = Server::start();
    let store = hasty(server.url()).await;
    eventually(|| open(&store)).await;
    for _ in 0..2 {
        server.freeze();
        all_fail(&store, LIMIT, "did not answer within 1s").await;
        server.go_on();
        eventually(|| status(&store)).await;
    }
    // Redis may still carry out calls that have timed out. Their replies must not be taken for those of later calls.
    for number in 0..100 {
        let subject = format!("user {number}");
        assert_eq!(eventually(|| store.list(&subject, at(2)).wait()).await, Vec::new());
        let alone = ids(&subject, None, Some("a"), at(0), at(1));
        assert_eq!(eventually(|| store.status(&alone).wait()).await, TokenStatus::Active);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_recovers_under_load() {
    let server = Server::start();
    let store = hasty(server.url()).await;
    eventually(|| open(&store)).await;
    server.freeze();
    let failed = Arc::new(Semaphore::new(0));
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let (store, failed) = (store.clone(), failed.clone());
            tokio::spawn(async move {
                status(&store).await.unwrap_err();
                failed.add_permits(1);
                eventually(|| status(&store)).await
            })
        })
        .collect();
    drop(failed.acquire_many(64).await.unwrap());
    server.go_on();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), TokenStatus::Active);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_stay_matched_after_a_timeout() {
    let server = Server::start();
    let store = hasty(server.url()).await;
    for number in 0..20 {
        let (subject, id) = (format!("user {number}"), format!("session {number}"));
        let new = new_session(&subject, &id, "r0", at(0), None);
        eventually(|| store.open(&new).wait()).await;
    }
    let list_all = || -> Vec<_> {
        let list = |number| {
            let store = store.clone();
            async move { store.list(&format!("user {number}"), at(1)).wait().await }
        };
        (0..20).map(|number| tokio::spawn(list(number))).collect()
    };
    // On a busy machine all of a round may fail, so there are more rounds until enough calls were answered.
    for _ in 0..60 {
        server.freeze();
        let early = list_all();
        tokio::time::sleep(LIMIT / 2).await;
        let late = list_all();
        for call in early {
            call.await.unwrap().unwrap_err();
        }
        server.go_on();
        let mut answered = 0;
        for (number, call) in late.into_iter().enumerate() {
            if let Ok(sessions) = call.await.unwrap() {
                assert_eq!((sessions.len(), &*sessions[0].id), (1, &*format!("session {number}")));
                answered += 1;
            }
        }
        if answered > 0 {
            return;
        }
    }
    panic!("no call was answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_does_not_disturb_others() {
    let server = Server::start();
    let store = server.store().await;
    open(&store).await.unwrap();
    for micros in 0..200 {
        let call = store.list("alice", at(1)).wait();
        drop(timeout(Duration::from_micros(micros), call).await);
        assert_eq!(status(&store).await, Ok(TokenStatus::Active));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_connection_is_replaced() {
    let server = Server::start();
    let relay = Relay::start(server.port()).await;
    let store = hasty(relay.url()).await;
    eventually(|| open(&store)).await;
    relay.silence();
    assert!(status(&store).await.is_err());
    // The connections made after this get through.
    assert_eq!(eventually(|| status(&store)).await, TokenStatus::Active);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lazy_store_can_start_before_its_server() {
    let port = free_port();
    let url = format!("redis://127.0.0.1:{port}");
    let failure = patient(&url).connect().await.unwrap_err();
    assert!(matches!(failure, ConnectError::Unavailable(_)), "{failure:?}");
    let store = patient(&url).connect_lazily().unwrap();
    all_fail(&store, PATIENCE, "refused").await;
    let _server = Server::start_on(port, &[]);
    assert_eq!(open(&store).await, Ok(TokenStatus::Active));
}

#[test]
fn a_store_outlives_its_first_runtime() {
    let server = Server::start();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = patient(server.url()).connect_lazily().unwrap();
    assert_eq!(runtime().block_on(open(&store)), Ok(TokenStatus::Active));
    assert_eq!(runtime().block_on(status(&store)), Ok(TokenStatus::Active));
    assert_eq!(runtime().block_on(status(&store)), Ok(TokenStatus::Active));
}

#[test]
fn a_call_fails_when_the_runtime_that_connects_ends() {
    let server = Server::start();
    server.freeze();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let store = patient(server.url()).connect_lazily().unwrap();
    // A call starts to connect, and is dropped.
    assert!(first.block_on(async { is_pending(&mut pin!(status(&store))).await }));
    second.block_on(async {
        let mut call = pin!(status(&store));
        assert!(is_pending(&mut call).await);
        std::thread::spawn(|| drop(first)).join().unwrap();
        let why = call.await.unwrap_err().to_string();
        assert!(why.contains("the runtime that was connecting has ended"), "{why}");
    });
}

/// Polls a call once.
async fn is_pending<F: Future>(call: &mut Pin<&mut F>) -> bool {
    poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await
}

/// Forwards connections to a server, and can make those that exist silent: they stay open, but nothing gets through.
struct Relay {
    port: u16,
    silenced: watch::Sender<()>,
}

impl Relay {
    async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Self { port: listener.local_addr().unwrap().port(), silenced: watch::Sender::new(()) };
        let silenced = relay.silenced.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut silence = silenced.subscribe();
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        // The sockets stay open until the test's runtime ends.
                        _ = silence.changed() => std::future::pending().await,
                    }
                });
            }
        });
        relay
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn silence(&self) {
        self.silenced.send_replace(());
    }
}
