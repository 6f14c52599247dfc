//! Runs the store on a Redis Cluster: every script finds its keys on one node, and nodes fail and return.

use std::{
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use jwt_extended::{
    session::{RotateOutcome, SessionStore, StoreError, TokenStatus},
    test_util::sessions::{self, at, end_all, end_one, new_session, rotate_request},
};
use jwt_extended_redis::{ConnectError, RedisStore};
use test_services::free_port;
use tokio::time::timeout;

use crate::server::{PATIENCE, Server, eventually, token};

/// How long calls may take in tests where they must fail.
const LIMIT: Duration = Duration::from_secs(1);

/// Starts nodes and distributes the slots among them.
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
    // Nodes talk to each other on a second port. Its default number may be taken.
    let bus = free_port().to_string();
    Server::start_with(&["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "60000"])
}

pub(crate) fn wait_until_ready(node: &Server) {
    let began = Instant::now();
    while !node.ask::<String>("CLUSTER", "INFO").contains("cluster_state:ok") {
        assert!(began.elapsed() < PATIENCE, "the cluster does not come up");
        sleep(Duration::from_millis(20));
    }
}

async fn patient_store(nodes: &[Server]) -> RedisStore {
    RedisStore::cluster(nodes.iter().map(|node| node.url())).timeout(PATIENCE).connect().await.unwrap()
}

/// Returns a store whose calls fail soon.
async fn hasty_store(nodes: &[Server]) -> RedisStore {
    let connect = || RedisStore::cluster(nodes.iter().map(|node| node.url())).timeout(LIMIT).connect();
    eventually(connect).await
}

async fn status(store: &RedisStore, subject: &str) -> Result<TokenStatus, StoreError> {
    store.status(&token(subject, subject, "a", at(1))).wait().await
}

async fn open(store: &RedisStore, subject: &str) -> Result<TokenStatus, StoreError> {
    store.open(&new_session(subject, subject, "r0", at(0), None)).wait().await
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_spread_over_three_nodes() {
    let nodes = cluster(3);
    let store = patient_store(&nodes[..1]).await;
    for number in 0..30 {
        assert_eq!(open(&store, &format!("user {number}")).await, Ok(TokenStatus::Active));
    }
    let counts: Vec<u64> =
        nodes.iter().map(|node| redis::cmd("DBSIZE").query::<u64>(&mut node.connection()).unwrap().min(1)).collect();
    assert_eq!(counts, [1, 1, 1], "every node has some");
    assert_eq!(store.end(&end_one("user 7", None, at(1))).wait().await, Ok(1));
    assert_eq!(store.end(&end_all("user 8", None, at(1))).wait().await, Ok(1));
    sessions::check_random(&store, 0..10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unusual_subjects_work_in_a_cluster() {
    let nodes = cluster(3);
    let store = patient_store(&nodes[..1]).await;
    for subject in ["", "}{", "{}", "{a}", "älice \u{1f98a}\0\r\n"] {
        assert_eq!(open(&store, subject).await, Ok(TokenStatus::Active));
        let presented = token(subject, subject, "r0", at(1));
        let outcome = store.rotate(&rotate_request(presented, "r1", Duration::ZERO, None)).wait().await;
        assert_eq!(outcome, Ok(RotateOutcome::Rotated), "{subject:?}");
        assert_eq!(store.end(&end_one(subject, None, at(1))).wait().await, Ok(1), "{subject:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pointers_on_other_nodes_are_deleted() {
    let nodes = cluster(3);
    let store = patient_store(&nodes[..1]).await;
    let pointers = || nodes.iter().flat_map(Server::keys).filter(|key| key.starts_with("jwt:p:laptop")).count();
    for id in ["laptop 1", "laptop 2", "laptop 3"] {
        let new = new_session("carol", id, "r0", at(0), None);
        assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    }
    assert_eq!(pointers(), 3);
    assert_eq!(store.end(&end_all("carol", None, at(1))).wait().await, Ok(3));
    assert_eq!(pointers(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_survives_a_frozen_node() {
    let nodes = cluster(1);
    let store = hasty_store(&nodes).await;
    eventually(|| open(&store, "alice")).await;
    for _ in 0..2 {
        nodes[0].freeze();
        for _ in 0..3 {
            // Both time limits are checked in one task, so a busy machine cannot let the outer one win.
            let answer = timeout(LIMIT * 2, status(&store, "alice")).await;
            assert!(answer.expect("the call ends in time").is_err());
        }
        nodes[0].go_on();
        assert_eq!(eventually(|| status(&store, "alice")).await, TokenStatus::Active);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_survives_a_restarted_node() {
    let mut nodes = cluster(1);
    let store = hasty_store(&nodes).await;
    eventually(|| open(&store, "alice")).await;
    for _ in 0..2 {
        nodes[0].stop();
        for _ in 0..3 {
            let answer = timeout(LIMIT * 2, status(&store, "alice")).await;
            assert!(answer.expect("the call ends in time").is_err());
        }
        nodes[0].start_again();
        wait_until_ready(&nodes[0]);
        assert_eq!(eventually(|| status(&store, "alice")).await, TokenStatus::Revoked, "its data is gone");
        assert_eq!(eventually(|| open(&store, "alice")).await, TokenStatus::Active);
    }
}

#[test]
fn a_cluster_store_outlives_its_first_runtime() {
    let nodes = cluster(1);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime().block_on(patient_store(&nodes));
    assert_eq!(runtime().block_on(open(&store, "alice")), Ok(TokenStatus::Active));
    assert_eq!(runtime().block_on(status(&store, "alice")), Ok(TokenStatus::Active));
}

#[tokio::test]
async fn a_cluster_without_nodes_is_an_error() {
    let none: [&str; 0] = [];
    assert!(matches!(RedisStore::cluster(none).connect_lazily(), Err(ConnectError::Url(_))));
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let failure = RedisStore::cluster([nobody]).timeout(LIMIT).connect().await.unwrap_err();
    assert!(matches!(&failure, ConnectError::Unavailable(why) if !why.contains("127")), "{failure}");
}

#[tokio::test]
async fn sentinels_are_no_nodes_of_a_cluster() {
    let error = RedisStore::cluster(["redis+sentinel://127.0.0.1:1/main"]).connect_lazily().unwrap_err();
    assert_eq!(error, ConnectError::Url("a cluster has no sentinels".to_owned()));
}
