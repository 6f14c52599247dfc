//! What the store in SQLite does beyond the checks of every store.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use jwt_extended::{
    session::{RotateOutcome, SessionStore, StoreError, TokenStatus},
    test_util::sessions::at,
};
use jwt_extended_sqlx::{
    SetupError, SqliteStore,
    sqlx::{self, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions},
};
use tempfile::TempDir;

use crate::common::{
    LONG, MANY, ended_rows_are_deleted, eventually, many_sessions, many_sessions_end_at_once, one_of_64_rotations_wins,
    open, rotate, special_characters_are_kept, status,
};

/// A file in a temporary folder.
pub(crate) struct File {
    folder: TempDir,
}

impl File {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("sessions.db")
    }

    /// Returns a store with its tables.
    pub(crate) async fn store(&self) -> SqliteStore {
        self.store_with_timeout(LONG).await
    }

    async fn store_with_timeout(&self, timeout: Duration) -> SqliteStore {
        // Opening has the same timeout, which a busy computer may exceed.
        let store = loop {
            match SqliteStore::builder().timeout(timeout).open(self.path()).await {
                Err(SetupError::Unavailable(_)) => {}
                store => break store.unwrap(),
            }
        };
        store.migrate().await.unwrap();
        store
    }

    /// A store whose tables are not created yet.
    async fn empty_store(&self) -> SqliteStore {
        SqliteStore::builder().timeout(LONG).open(self.path()).await.unwrap()
    }

    pub(crate) async fn connection(&self) -> SqliteConnection {
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(self.path())).await.unwrap()
    }

    /// Counts the rows of all tables.
    async fn rows(&self) -> i64 {
        let mut connection = self.connection().await;
        let count = "SELECT (SELECT count(*) FROM jwt_sessions) + (SELECT count(*) FROM jwt_revoked_tokens) \
                     + (SELECT count(*) FROM jwt_subjects)";
        sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_64_rotations_wins_over_two_stores() {
    let file = File::new();
    one_of_64_rotations_wins(&[Arc::new(file.store().await), Arc::new(file.store().await)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_and_migrate_may_run_many_times_at_once() {
    let file = File::new();
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let path = file.path();
            tokio::spawn(async move {
                let store = SqliteStore::builder().timeout(LONG).open(path).await.unwrap();
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
async fn tables_of_a_later_version_are_an_error() {
    let file = File::new();
    let store = file.store().await;
    let mut connection = file.connection().await;
    sqlx::query("INSERT INTO jwt_migrations VALUES (99, 'of the future')").execute(&mut connection).await.unwrap();
    assert!(matches!(store.migrate().await, Err(SetupError::FromLater { found: 99, known: 1 })));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_missing_tables_error_points_to_migrate() {
    let file = File::new();
    let store = file.empty_store().await;
    let error = status(&store, "alice", "session").await.unwrap_err().to_string();
    assert!(error.contains("create the tables with `migrate`"), "{error}");
    let error = open(&store, "alice", "session").await.unwrap_err().to_string();
    assert!(error.contains("create the tables with `migrate`"), "{error}");
    store.migrate().await.unwrap();
    assert_eq!(open(&store, "alice", "session").await, Ok(TokenStatus::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_not_a_file_is_an_error() {
    for path in ["", ":memory:", "file::memory:", "sqlite://sessions.db"] {
        assert!(matches!(SqliteStore::open(path).await, Err(SetupError::NotAFile)), "{path}");
    }
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing/sessions.db");
    assert!(matches!(SqliteStore::open(missing).await, Err(SetupError::Unavailable(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_file_is_an_error_in_time() {
    let file = File::new();
    let timeout = Duration::from_secs(1);
    let store = file.store_with_timeout(timeout).await;
    let patient = file.store().await;
    assert_eq!(open(&patient, "alice", "session").await, Ok(TokenStatus::Active));
    let mut connection = file.connection().await;
    let lock = connection.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let started = Instant::now();
    let rotations: Vec<_> = (0..8)
        .map(|number| {
            let store = store.clone();
            let to = format!("session r1 {number}");
            tokio::spawn(async move { rotate(&store, "alice", "session", "session r0", &to).await })
        })
        .collect();
    for rotation in rotations {
        assert!(matches!(rotation.await.unwrap(), Err(StoreError::Unavailable(_))));
    }
    assert!(started.elapsed() < timeout * 10, "{:?}", started.elapsed());
    // Reading does not wait for the lock.
    let status = eventually(async || status(&store, "alice", "session").await).await;
    assert_eq!(status, TokenStatus::Active);
    lock.rollback().await.unwrap();
    // The store writes again; then every earlier rotation has been dropped or carried out.
    eventually(async || open(&store, "bob", "another").await).await;
    let rotated = rotate(&patient, "alice", "session", "session r0", "session r1").await;
    assert_eq!(rotated, Ok(RotateOutcome::Rotated), "no rotation was carried out after its call had failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_request_does_not_affect_the_others() {
    let file = File::new();
    let store = file.store().await;
    let mut connection = file.connection().await;
    // No statement of ours fails, so a trigger does.
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
async fn ended_rows_are_deleted_in_batches_and_by_logins() {
    let file = File::new();
    let store = file.store().await;
    ended_rows_are_deleted(&store, async || file.rows().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn very_many_sessions_end_at_once() {
    let file = File::new();
    let store = file.store().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(many_sessions(MANY))).execute(&mut file.connection().await).await.unwrap();
    let rows = async || {
        let count = "SELECT count(*) FROM jwt_sessions";
        sqlx::query_scalar(count).fetch_one(&mut file.connection().await).await.unwrap()
    };
    many_sessions_end_at_once(&store, MANY, rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn special_characters_in_names_are_kept() {
    let file = File::new();
    let store = file.store().await;
    special_characters_are_kept(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_can_use_the_pool_for_its_own_tables() {
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
async fn the_file_holds_nothing_that_makes_a_token() {
    let file = File::new();
    let store = file.store().await;
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
    for file in std::fs::read_dir(file.folder.path()).unwrap().flatten() {
        let bytes = std::fs::read(file.path()).unwrap();
        let held = String::from_utf8_lossy(&bytes);
        assert!(held.contains("alice") || !file.path().ends_with("sessions.db-wal"), "this file is written");
        assert!(secrets.iter().all(|secret| !held.contains(secret)), "{file:?} holds a secret");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let file = File::new();
    let store = file.store().await;
    assert_eq!(open(&store, "alice", "laptop").await, Ok(TokenStatus::Active));
    for file in std::fs::read_dir(file.folder.path()).unwrap().flatten() {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file:?} {mode:o}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_target_of_a_dangling_link_is_for_its_owner_only() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (file, elsewhere) = (File::new(), tempfile::tempdir().unwrap());
    let target = elsewhere.path().join("target.db");
    symlink(&target, file.folder.path().join("link")).unwrap();
    symlink("link", file.path()).unwrap();
    let store = file.store().await;
    assert_eq!(open(&store, "alice", "laptop").await, Ok(TokenStatus::Active));
    let mut names = Vec::new();
    for file in std::fs::read_dir(elsewhere.path()).unwrap().flatten() {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file:?} {mode:o}");
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["target.db", "target.db-shm", "target.db-wal"]);
    std::fs::remove_file(file.path()).unwrap();
    symlink("sessions.db", file.path()).unwrap();
    let refused = SqliteStore::open(file.path()).await.unwrap_err().to_string();
    assert!(refused.contains("too many symbolic links"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_an_existing_store_changes_no_other_file() {
    let file = File::new();
    let existing = async || SqliteStore::builder().timeout(LONG).existing().open(file.path()).await;
    assert!(matches!(existing().await, Err(SetupError::NoStore)));
    assert_eq!(std::fs::read_dir(file.folder.path()).unwrap().count(), 0);
    std::fs::write(file.path(), "").unwrap();
    assert!(matches!(existing().await, Err(SetupError::NoStore)));
    assert_eq!(std::fs::read(file.path()).unwrap(), b"");
    let of_app = SqliteConnectOptions::new().filename(file.path());
    let mut app = SqliteConnection::connect_with(&of_app).await.unwrap();
    sqlx::raw_sql("CREATE TABLE users (name TEXT)").execute(&mut app).await.unwrap();
    assert!(matches!(existing().await, Err(SetupError::NoStore)));
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut app).await.unwrap();
    assert_eq!(mode, "delete", "the journal of another application's file is as it was");
    file.store().await;
    assert!(existing().await.is_ok());
}

#[cfg(unix)]
#[tokio::test]
async fn a_deleted_file_is_not_created_for_everyone() {
    let file = File::new();
    let store = file.store().await;
    drop(store);
    std::fs::remove_file(file.path()).unwrap();
    let refused = SqliteStore::builder().existing().open(file.path()).await;
    assert!(matches!(refused, Err(SetupError::NoStore)));
    let store = file.empty_store().await;
    std::fs::remove_file(file.path()).unwrap();
    assert!(sqlx::query("SELECT 1").execute(store.pool()).await.is_err());
    assert!(!file.path().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_program_is_no_store() {
    let file = File::new();
    std::fs::write(file.path(), "a text that is no database, of a hundred bytes and more. ".repeat(100)).unwrap();
    let refused = SqliteStore::builder().timeout(LONG).existing().open(file.path()).await.unwrap_err();
    assert!(matches!(&refused, SetupError::Unavailable(why) if why.contains("not a database")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn debug_does_not_show_the_path() {
    let file = File::new();
    assert_eq!(format!("{:?}", file.store().await), "SqliteStore { timeout: 60s, .. }");
}
