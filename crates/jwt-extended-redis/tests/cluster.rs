//! A Redis Cluster: every script finds its keys on one node, and nodes may go and come.

#![cfg(feature = "cluster")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test ends by it")]

mod common;

use std::{
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use common::{Server, token};
use jwt_extended::{
    session::{RotateOutcome, SessionStore, TokenStatus},
    test_util::sessions::{self, at, end_all, end_one, new_session, rotate_request},
};
use jwt_extended_redis::{ConnectError, RedisStore};
use test_services::free_port;

const LIMIT: Duration = Duration::from_millis(500);

/// Starts nodes and puts the slots among them.
fn cluster(nodes: usize) -> Vec<Server> {
    let nodes: Vec<_> = (0..nodes).map(|_| node()).collect();
    if let [node] = &*nodes {
        let _: () = node.ask("CLUSTER", ("ADDSLOTSRANGE", 0, 16383));
    } else {
        let addresses = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port()));
        let create = ["--cluster", "create", "--cluster-yes"].map(str::to_owned);
        let made = Command::new("redis-cli").args(create.into_iter().chain(addresses)).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    }
    nodes.iter().for_each(wait_until_ready);
    nodes
}

fn node() -> Server {
    // Nodes talk to each other on another port, which is usually a fixed distance away and may be taken.
    let bus = free_port().to_string();
    Server::start_with(&["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "20000"])
}

fn wait_until_ready(node: &Server) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !node.ask::<String>("CLUSTER", "INFO").contains("cluster_state:ok") {
        assert!(Instant::now() < deadline, "the cluster does not come up");
        sleep(Duration::from_millis(20));
    }
}

async fn store_of(nodes: &[Server]) -> RedisStore {
    RedisStore::cluster(nodes.iter().map(|node| node.url())).timeout(LIMIT).connect().await.unwrap()
}

async fn standing(store: &RedisStore, subject: &str) -> Option<TokenStatus> {
    store.status(&token(subject, subject, "a", at(1))).wait().await.ok()
}

async fn open(store: &RedisStore, subject: &str) {
    let new = new_session(subject, subject, "r0", at(0), None);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
}

/// How long it takes until the store answers for this subject.
async fn recovery(store: &RedisStore, subject: &str) -> Duration {
    let began = Instant::now();
    while standing(store, subject).await.is_none() {
        assert!(began.elapsed() < Duration::from_secs(10), "the store does not recover");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_keep_sessions_as_one_store_must() {
    let nodes = cluster(3);
    // One node is enough to find the others; and this is not the place to be strict about time.
    let store = RedisStore::cluster([nodes[0].url()]).timeout(Duration::from_secs(20)).connect().await.unwrap();
    for number in 0..30 {
        open(&store, &format!("user {number}")).await;
    }
    let counts: Vec<u64> =
        nodes.iter().map(|node| redis::cmd("DBSIZE").query::<u64>(&mut node.connection()).unwrap().min(1)).collect();
    assert_eq!(counts, [1, 1, 1], "every node has some");
    assert_eq!(store.end(&end_one("user 7", None, at(1))).wait().await, Ok(1));
    assert_eq!(store.end(&end_all("user 8", None, at(1))).wait().await, Ok(1));
    for subject in ["", "}{", "{}", "{a}", "älice \u{1f98a}\0\r\n"] {
        open(&store, subject).await;
        let presented = token(subject, subject, "r0", at(1));
        let turned = store.rotate(&rotate_request(presented, "r1", Duration::ZERO, None)).wait().await;
        assert_eq!(turned, Ok(RotateOutcome::Rotated), "{subject:?}");
        assert_eq!(store.end(&end_one(subject, None, at(1))).wait().await, Ok(1), "{subject:?}");
    }
    // What points at sessions is on any node, and goes with them.
    let pointers = || nodes.iter().flat_map(Server::keys).filter(|key| key.starts_with("jwt:p:laptop")).count();
    for id in ["laptop 1", "laptop 2", "laptop 3"] {
        let new = new_session("carol", id, "r0", at(0), None);
        assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    }
    assert_eq!(pointers(), 3);
    assert_eq!(store.end(&end_all("carol", None, at(1))).wait().await, Ok(3));
    assert_eq!(pointers(), 0);
    sessions::check_random(&store, 0..10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_freezes_is_an_error_in_time_and_found_again() {
    let nodes = cluster(1);
    let store = store_of(&nodes).await;
    open(&store, "alice").await;
    for _ in 0..2 {
        nodes[0].freeze();
        for _ in 0..3 {
            let began = Instant::now();
            assert_eq!(standing(&store, "alice").await, None);
            assert!(began.elapsed() < LIMIT * 2, "{:?}", began.elapsed());
        }
        nodes[0].go_on();
        let took = recovery(&store, "alice").await;
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert_eq!(standing(&store, "alice").await, Some(TokenStatus::Active));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_started_again_is_found_again() {
    let mut nodes = cluster(1);
    let store = store_of(&nodes).await;
    open(&store, "alice").await;
    for _ in 0..2 {
        nodes[0].stop();
        for _ in 0..3 {
            let began = Instant::now();
            assert_eq!(standing(&store, "alice").await, None);
            assert!(began.elapsed() < LIMIT * 2, "{:?}", began.elapsed());
        }
        nodes[0].start_again();
        wait_until_ready(&nodes[0]);
        let took = recovery(&store, "alice").await;
        assert!(took < Duration::from_secs(1), "{took:?}");
        open(&store, "alice").await;
    }
}

#[test]
fn a_store_outlives_the_runtime_that_it_was_first_used_in() {
    let nodes = cluster(1);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime().block_on(store_of(&nodes));
    runtime().block_on(open(&store, "alice"));
    assert_eq!(runtime().block_on(standing(&store, "alice")), Some(TokenStatus::Active));
}

#[tokio::test]
async fn a_cluster_without_a_node_is_told() {
    let none: [&str; 0] = [];
    assert_eq!(RedisStore::cluster(none).connect_lazily().unwrap_err(), ConnectError::Url);
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let failure = RedisStore::cluster([nobody]).timeout(LIMIT).connect().await.unwrap_err();
    assert!(matches!(&failure, ConnectError::Unavailable(why) if !why.contains("127")), "{failure}");
}
