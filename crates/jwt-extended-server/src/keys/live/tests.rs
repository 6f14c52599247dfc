//! Several processes on one table, by a manual clock.

use std::sync::Arc;

use jwt_extended_axum::jwt_extended::ManualClock;
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};

use super::*;
use crate::keys::generate;

const KEY: &str = "pNe0Zl1dGJQ8m5xrYw2uV7cTkHs9oLfB4aXqEiR3tU8=";
const OTHER: &str = "gC8vJx1nQz5tWm3bRk7yPd0hLs9fAu2eTi6oGXqVw4E=";
const DAY: Duration = Duration::from_hours(24);

async fn memory() -> SqlitePool {
    SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap()
}

fn place(master: &str) -> KeyPlace {
    let master = MasterKey::parse(master).unwrap();
    KeyPlace::Store { master, algorithm: Algorithm::HS256, rotate_every: Some(DAY * 10) }
}

/// A process: its manager and what keeps it up to date.
struct Process {
    jwt: JwtManager,
    live: LiveKeys,
}

impl Process {
    async fn start(database: &Database, clock: &Arc<ManualClock>) -> Self {
        let config = Config::default();
        let opened = LiveKeys::open(place(KEY), Some(database.clone()), "here", &config, clock.now()).await;
        let (live, schedule) = opened.unwrap();
        let jwt = JwtManager::from_config(config).key_schedule(schedule).clock(Arc::clone(clock)).build().unwrap();
        Self { jwt, live }
    }

    async fn look(&mut self, clock: &ManualClock) {
        self.live.look(&self.jwt, clock.now()).await;
    }

    fn signs_with(&self) -> String {
        self.jwt.key_ring().signing_key().and_then(Key::kid).unwrap().to_owned()
    }

    fn accepts(&self) -> usize {
        self.jwt.key_ring().verifying_keys().len()
    }
}

/// A table with one key that has signed since the time of the clock.
async fn site() -> (SqlitePool, Database, KeyTable, Arc<ManualClock>) {
    let pool = memory().await;
    let database = Database::in_sqlite(pool.clone()).await.unwrap();
    let table = KeyTable::open(database.pool.clone()).await.unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_800_000_000)));
    let (new, master) = (generate(Algorithm::HS256).unwrap(), MasterKey::parse(KEY).unwrap());
    let added = table.add(&new, &master, None, clock.now(), Some(clock.now())).await.unwrap();
    assert_eq!(added, Outcome::Done);
    (pool, database, table, clock)
}

#[tokio::test]
async fn one_of_two_processes_rotates_and_the_other_follows() {
    let (_pool, database, table, clock) = site().await;
    let (mut one, mut two) = (Process::start(&database, &clock).await, Process::start(&database, &clock).await);
    let first = one.signs_with();
    let publication = publication(&Config::default());
    clock.set((clock.now().saturating_add(DAY * 10)).saturating_sub(publication + Duration::from_secs(1)));
    one.look(&clock).await;
    assert_eq!(one.accepts(), 1, "it is not due yet");
    clock.advance(Duration::from_secs(1));
    one.look(&clock).await;
    let token = two.jwt.create_access_token("alice").unwrap();
    two.look(&clock).await;
    assert_eq!(table.rows().await.unwrap().len(), 2, "one key was added");
    assert_eq!([one.accepts(), two.accepts()], [2, 2]);
    assert_eq!([one.signs_with(), two.signs_with()], [first.clone(), first.clone()]);
    clock.advance(publication);
    assert_ne!(one.signs_with(), first);
    assert_eq!(one.signs_with(), two.signs_with());
    assert!(one.jwt.decode_token(&token).is_ok(), "a token of the old key is accepted until it expires");
    clock.advance(DAY * 31);
    one.look(&clock).await;
    let rows = table.rows().await.unwrap();
    assert!(rows.iter().all(|row| row.kid != first), "the old key is removed after its last token");
}

#[tokio::test]
async fn two_processes_that_rotate_at_once_add_one_key() {
    let (_pool, _, table, clock) = site().await;
    let master = MasterKey::parse(KEY).unwrap();
    clock.advance(DAY * 20);
    let rows = table.rows().await.unwrap();
    let plan = Plan { rows: &rows, now: clock.now(), publication: DAY };
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        outcomes.push(table.rotate_when_due(plan, DAY * 10, Algorithm::HS256, &master).await.unwrap());
    }
    assert_eq!(outcomes, [Outcome::Done, Outcome::Lost]);
    assert_eq!(table.rows().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_dead_database_changes_nothing() {
    let (pool, database, _, clock) = site().await;
    let mut process = Process::start(&database, &clock).await;
    let token = process.jwt.create_access_token("alice").unwrap();
    pool.close().await;
    process.look(&clock).await;
    let complaint = process.live.complaint.clone();
    assert!(complaint.as_deref().is_some_and(|text| text.starts_with("the keys in the store cannot be read")));
    process.look(&clock).await;
    assert_eq!(process.live.complaint, complaint);
    assert!(process.jwt.decode_token(&token).is_ok() && process.jwt.create_access_token("alice").is_ok());
}

#[tokio::test]
async fn a_key_that_signs_is_never_removed() {
    let (_pool, _, table, clock) = site().await;
    let kid = table.rows().await.unwrap()[0].kid.clone();
    assert_eq!(table.remove(&kid, clock.now()).await.unwrap(), Outcome::Lost);
    assert_eq!(table.rows().await.unwrap().len(), 1);
}

#[tokio::test]
async fn keys_of_another_master_key_do_not_start() {
    let (_pool, database, _, clock) = site().await;
    let config = Config::default();
    let opened = LiveKeys::open(place(OTHER), Some(database), "here", &config, clock.now()).await;
    assert!(matches!(opened.map(drop), Err(KeysError::WrongMasterKey { .. })));
    let empty = Database::in_sqlite(memory().await).await.unwrap();
    let opened = LiveKeys::open(place(KEY), Some(empty), "here", &config, clock.now()).await;
    assert!(matches!(opened.map(drop), Err(KeysError::NoKeys(store)) if store == "here"));
}

#[tokio::test]
async fn a_row_with_the_content_of_another_is_not_taken_up() {
    const SWAP: &str = "UPDATE jwt_keys SET sealed = (SELECT sealed FROM jwt_keys WHERE kid = $1)";
    let (pool, database, table, clock) = site().await;
    let mut process = Process::start(&database, &clock).await;
    let (new, master) = (generate(Algorithm::HS256).unwrap(), MasterKey::parse(KEY).unwrap());
    let first = process.signs_with();
    table.add(&new, &master, Some(&first), clock.now(), None).await.unwrap();
    sqlx::query(SWAP).bind(&first).execute(&pool).await.unwrap();
    process.look(&clock).await;
    assert_eq!(process.accepts(), 1);
    assert!(process.live.complaint.is_some_and(|text| text.contains("was changed after it was written")));
}
