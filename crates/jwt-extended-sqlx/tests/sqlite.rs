//! What the store in SQLite does beside the specifications of every store.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod common;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use common::{awkward_names_come_back, one_of_64_turns_wins, open, standing, turn_to, what_is_over_is_deleted};
use jwt_extended::{
    session::{RotateOutcome, SessionStore, StoreError, TokenStatus},
    test_util::sessions::{at, end_one},
};
use jwt_extended_sqlx::{
    SetupError, SqliteStore,
    sqlx::{self, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions},
};
use tempfile::TempDir;

struct File {
    folder: TempDir,
}

impl File {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("sessions.db")
    }

    async fn store(&self) -> SqliteStore {
        let store = SqliteStore::open(self.path()).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    async fn connection(&self) -> SqliteConnection {
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(self.path())).await.unwrap()
    }

    /// How many rows all tables have.
    async fn rows(&self) -> i64 {
        let mut connection = self.connection().await;
        let count = "SELECT (SELECT count(*) FROM jwt_sessions) + (SELECT count(*) FROM jwt_revoked_tokens) \
                     + (SELECT count(*) FROM jwt_subjects)";
        sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_turns_at_once_one_wins_over_two_stores_on_one_file() {
    let file = File::new();
    one_of_64_turns_wins(&[Arc::new(file.store().await), Arc::new(file.store().await)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_may_open_a_file_and_make_its_tables_at_once_and_again() {
    let file = File::new();
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let path = file.path();
            tokio::spawn(async move {
                let store = SqliteStore::builder().timeout(Duration::from_secs(10)).open(path).await.unwrap();
                store.migrate().await.unwrap();
                store.migrate().await.unwrap();
            })
        })
        .collect();
    for start in starts {
        start.await.unwrap();
    }
    let mut connection = file.connection().await;
    let versions = sqlx::query("SELECT version, name FROM jwt_migrations").fetch_all(&mut connection).await.unwrap();
    assert_eq!(versions.len(), 1);
    assert_eq!((versions[0].get::<i64, _>(0), versions[0].get::<&str, _>(1)), (1, "sessions"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_later_version_are_left_alone() {
    let file = File::new();
    let store = file.store().await;
    let mut connection = file.connection().await;
    sqlx::query("INSERT INTO jwt_migrations VALUES (99, 'of the future')").execute(&mut connection).await.unwrap();
    assert!(matches!(store.migrate().await, Err(SetupError::FromLater { found: 99, known: 1 })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_tables_says_how_they_are_made() {
    let file = File::new();
    let store = SqliteStore::open(file.path()).await.unwrap();
    let error = standing(&store, "alice", "session").await.unwrap_err().to_string();
    assert!(error.contains("make the tables with `migrate`"), "{error}");
    let error = open(&store, "alice", "session").await.unwrap_err().to_string();
    assert!(error.contains("make the tables with `migrate`"), "{error}");
    store.migrate().await.unwrap();
    assert_eq!(open(&store, "alice", "session").await, Ok(TokenStatus::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_refused() {
    for path in ["", ":memory:", "file::memory:", "sqlite://sessions.db"] {
        assert!(matches!(SqliteStore::open(path).await, Err(SetupError::NotAFile)), "{path}");
    }
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing/sessions.db");
    assert!(matches!(SqliteStore::open(missing).await, Err(SetupError::Unavailable(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_for_another_store_at_once() {
    let file = File::new();
    let (one, other) = (file.store().await, file.store().await);
    assert_eq!(open(&one, "alice", "session").await, Ok(TokenStatus::Active));
    assert_eq!(standing(&other, "alice", "session").await, Ok(TokenStatus::Active));
    assert_eq!(other.end(&end_one("session", None, at(2))).wait().await, Ok(1));
    assert_eq!(standing(&one, "alice", "session").await, Ok(TokenStatus::Revoked));
    drop((one, other));
    assert_eq!(standing(&file.store().await, "alice", "session").await, Ok(TokenStatus::Revoked));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_file_is_an_error_in_time_and_then_all_goes_on() {
    let file = File::new();
    let timeout = Duration::from_millis(400);
    let store = SqliteStore::builder().timeout(timeout).open(file.path()).await.unwrap();
    store.migrate().await.unwrap();
    assert_eq!(open(&store, "alice", "session").await, Ok(TokenStatus::Active));
    let mut connection = file.connection().await;
    let lock = connection.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let started = Instant::now();
    let turns: Vec<_> = (0..8)
        .map(|number| {
            let store = store.clone();
            let to = format!("session r1 {number}");
            tokio::spawn(async move { turn_to(&store, "alice", "session", "session r0", &to).await })
        })
        .collect();
    for turn in turns {
        assert!(matches!(turn.await.unwrap(), Err(StoreError::Unavailable(_))));
    }
    assert!(started.elapsed() < timeout * 4, "{:?}", started.elapsed());
    assert_eq!(standing(&store, "alice", "session").await, Ok(TokenStatus::Active), "who reads need not wait");
    lock.rollback().await.unwrap();
    let turned = turn_to(&store, "alice", "session", "session r0", "session r1").await;
    assert_eq!(turned, Ok(RotateOutcome::Rotated), "what nobody waits for any more is not carried out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_fails_does_not_spoil_those_beside_it() {
    let file = File::new();
    let store = file.store().await;
    let mut connection = file.connection().await;
    // Nothing of ours fails by itself, so the database is told to.
    let trigger = "CREATE TRIGGER refuse BEFORE INSERT ON jwt_sessions WHEN new.subject = 'mallory' \
                   BEGIN SELECT raise(ABORT, 'no mallory'); END";
    sqlx::raw_sql(trigger).execute(&mut connection).await.unwrap();
    let opens: Vec<_> = (0..60)
        .map(|number| {
            let (store, subject) = (store.clone(), if number % 10 == 0 { "mallory" } else { "alice" });
            tokio::spawn(async move { (subject, open(&store, subject, &format!("session {number}")).await) })
        })
        .collect();
    for open in opens {
        match open.await.unwrap() {
            ("mallory", outcome) => assert!(outcome.unwrap_err().to_string().contains("no mallory")),
            (_, outcome) => assert_eq!(outcome, Ok(TokenStatus::Active)),
        }
    }
    assert_eq!(store.list("alice", at(1)).wait().await.unwrap().len(), 54);
    assert_eq!(store.list("mallory", at(1)).wait().await.unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_deleted_in_batches_and_in_passing() {
    let file = File::new();
    let store = file.store().await;
    what_is_over_is_deleted(&store, async || file.rows().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn awkward_subjects_and_labels_come_back_as_they_were() {
    let file = File::new();
    let store = file.store().await;
    awkward_names_come_back(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_keeps_its_own_tables_in_the_same_file() {
    let file = File::new();
    let store = file.store().await;
    sqlx::raw_sql("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('alice')")
        .execute(store.pool())
        .await
        .unwrap();
    let name: String = sqlx::query_scalar("SELECT name FROM users").fetch_one(store.pool()).await.unwrap();
    assert_eq!(name, "alice");
    let (mode, sync): (String, i64) =
        sqlx::query_as("SELECT journal_mode, synchronous FROM pragma_journal_mode, pragma_synchronous")
            .fetch_one(store.pool())
            .await
            .unwrap();
    assert_eq!((&*mode, sync), ("wal", 2));
}

#[tokio::test]
async fn nothing_that_is_kept_makes_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept.db");
    let store = SqliteStore::open(&path).await.unwrap();
    store.migrate().await.unwrap();
    let secret = "a secret of at least thirty-two bytes, from a safe place";
    let key = jwt_extended::jose::Key::hs256(secret).unwrap();
    let jwt = jwt_extended::JwtManager::builder().key(key).session_store(store).build().unwrap();
    let pair = jwt.login("alice").await.unwrap();
    let refresh = jwt.decode_token(pair.refresh.as_deref().unwrap()).unwrap();
    let next = jwt.refresh(&refresh).await.unwrap();
    jwt.revoke_token(&jwt.decode_token(&next.access).unwrap()).await.unwrap();
    let mut secrets = vec![secret.to_owned()];
    for text in [Some(pair.access), pair.refresh, Some(next.access), next.refresh] {
        let text = text.unwrap();
        secrets.push(jwt.decode_token(&text).unwrap().csrf().unwrap().to_owned());
        secrets.extend(text.split('.').skip(1).map(str::to_owned));
    }
    for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
        let bytes = std::fs::read(file.path()).unwrap();
        let held = String::from_utf8_lossy(&bytes);
        assert!(held.contains("alice") || !file.path().ends_with("kept.db-wal"), "the file is the one that is written");
        assert!(secrets.iter().all(|secret| !held.contains(secret)), "{file:?} holds what makes a token");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_made_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("private.db");
    let store = SqliteStore::open(&path).await.unwrap();
    store.migrate().await.unwrap();
    assert_eq!(open(&store, "alice", "laptop").await, Ok(TokenStatus::Active));
    for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file:?} {mode:o}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn debug_says_nothing_of_the_file() {
    let file = File::new();
    assert_eq!(format!("{:?}", file.store().await), "SqliteStore { timeout: 1s, .. }");
}
