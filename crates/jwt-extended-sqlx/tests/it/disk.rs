//! The store in SQLite on a disk that is full, and on one that became read-only.
//!
//! Each test has a small disk in memory. Mounting one needs root and Linux, as in CI; elsewhere the tests say that they
//! cannot run.

use std::{fs, path::Path, process::Command};

use jwt_extended::{
    session::{SessionStore as _, StoreError, TokenStatus},
    test_util::sessions::{at, end_one},
};
use jwt_extended_sqlx::SqliteStore;
use tempfile::TempDir;

use crate::common::{LONG, eventually, open, status};

/// A disk of a megabyte.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Mounts it; `None` where that is not allowed.
    #[allow(clippy::print_stderr, reason = "a test that cannot run says so")]
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path()));
        if !mounted {
            assert!(std::env::var_os("CI").is_none(), "CI must be allowed to mount a disk in memory");
            eprintln!("cannot run: mounting a disk in memory needs root and Linux");
        }
        mounted.then_some(Self { folder })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    async fn store(&self) -> SqliteStore {
        let store = SqliteStore::builder().timeout(LONG).open(self.path().join("sessions.db")).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let mut size = 1 << 20;
        let mut file = fs::File::create(self.path().join("other")).unwrap();
        while size > 0 {
            if std::io::Write::write_all(&mut file, &vec![0; size]).is_err() {
                size /= 2;
            }
        }
    }

    /// Mounts it again, as soon as no connection has a file open.
    async fn remount(&self, how: &str) {
        let remount = || {
            let done = run(Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.path()));
            done.then_some(()).ok_or_else(|| StoreError::Unavailable("a file is still open".to_owned()))
        };
        eventually(async || remount()).await;
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a connection may still be closing.
        run(Command::new("umount").arg("--lazy").arg(self.path()));
    }
}

fn run(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

/// One open session, and one that has ended.
async fn with_two_sessions(store: &SqliteStore) {
    assert_eq!(open(store, "alice", "open").await, Ok(TokenStatus::Active));
    assert_eq!(open(store, "alice", "ended").await, Ok(TokenStatus::Active));
    assert_eq!(store.end(&end_one("ended", None, at(2))).wait().await, Ok(1));
}

/// Checks answer as before.
async fn nothing_is_forgotten(store: &SqliteStore) {
    assert_eq!(status(store, "alice", "open").await, Ok(TokenStatus::Active));
    assert_eq!(status(store, "alice", "ended").await, Ok(TokenStatus::Revoked));
}

/// Logs in until a login is refused, and returns why.
async fn first_refusal(store: &SqliteStore) -> StoreError {
    for number in 0..10_000 {
        if let Err(error) = open(store, "bob", &format!("bobs {number}")).await {
            return error;
        }
    }
    panic!("ten thousand sessions cannot fit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_logins_and_forgets_nothing() {
    let Some(disk) = Disk::mount() else { return };
    let store = disk.store().await;
    with_two_sessions(&store).await;
    disk.fill();
    let refused = first_refusal(&store).await;
    assert!(refused.to_string().contains("full"), "{refused}");
    nothing_is_forgotten(&store).await;
    fs::remove_file(disk.path().join("other")).unwrap();
    assert_eq!(open(&store, "carol", "carols").await, Ok(TokenStatus::Active));
    nothing_is_forgotten(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_no_revocation_that_it_confirmed() {
    let Some(disk) = Disk::mount() else { return };
    let store = disk.store().await;
    let sessions: Vec<_> = (0..50).map(|number| format!("session {number}")).collect();
    for session in &sessions {
        assert_eq!(open(&store, "alice", session).await, Ok(TokenStatus::Active));
        assert_eq!(status(&store, "alice", session).await, Ok(TokenStatus::Active));
    }
    disk.fill();
    let (mut ended, mut refused) = (Vec::new(), 0);
    for session in &sessions {
        match store.end(&end_one(session, None, at(2))).wait().await {
            Ok(count) => ended.extend((count == 1).then_some(session)),
            Err(error) => {
                assert!(error.to_string().contains("full"), "{error}");
                refused += 1;
                assert_eq!(status(&store, "alice", session).await, Ok(TokenStatus::Active), "it has not ended");
            }
        }
    }
    assert!(refused > 0);
    fs::remove_file(disk.path().join("other")).unwrap();
    assert_eq!(store.end(&end_one("session 49", None, at(2))).wait().await, Ok(1), "it can end now");
    ended.push(&sessions[49]);
    for store in [&store, &disk.store().await] {
        for session in &ended {
            assert_eq!(status(store, "alice", session).await, Ok(TokenStatus::Revoked), "{session}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_on_a_read_only_disk_is_an_error_that_says_so() {
    let Some(disk) = Disk::mount() else { return };
    let store = disk.store().await;
    with_two_sessions(&store).await;
    drop(store);
    disk.remount("ro").await;
    let path = disk.path().join("sessions.db");
    let refused = SqliteStore::builder().timeout(LONG).open(&path).await.unwrap_err().to_string();
    assert!(refused.contains("readonly") || refused.contains("unable to open"), "{refused}");
    disk.remount("rw").await;
    nothing_is_forgotten(&disk.store().await).await;
}
