//! The connection that tells whether the file has changed. It reads nothing else and never writes.
//!
//! It asks on the caller's thread, which takes a few microseconds and no disk. The way to the thread of a connection of
//! sqlx and back takes longer than the question itself.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};

use crate::shared::connections::IDLE_AT_MOST;

/// The file at one moment. It is a later one after each commit of another connection, of this process or of any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(u64);

pub(super) struct Watch {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    open: Option<Open>,
    version: Version,
}

struct Open {
    connection: Connection,
    /// Its number of the latest version. The numbers of two connections cannot be compared.
    data: Option<i64>,
    used: Instant,
}

impl Watch {
    /// Makes a watch, which connects when it is first asked.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, state: Mutex::new(State { open: None, version: Version(0) }) }
    }

    /// Returns the version of the file at a moment during this call. `None` if the file cannot be read now: then the
    /// reader that asks next gets the error.
    pub(super) fn version(&self) -> Option<Version> {
        // A panic leaves the state without a connection.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // A reader that was idle for this long is opened again, too.
        let recent = state.open.take().filter(|open| now.duration_since(open.used) <= IDLE_AT_MOST);
        let mut open = match recent {
            Some(open) => open,
            None => Open { connection: self.connect().ok()?, data: None, used: now },
        };
        let data = Some(data_version(&open.connection).ok()?);
        if open.data != data {
            state.version.0 += 1;
        }
        (open.data, open.used) = (data, now);
        state.open = Some(open);
        Some(state.version)
    }

    /// Opens the file again before the next question, because a reader has just opened it. If the file was replaced,
    /// an old connection would not notice what is committed to the new file.
    pub(super) fn open_again(&self) {
        let old = self.state.lock().unwrap_or_else(PoisonError::into_inner).open.take();
        drop(old);
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        // A caller's thread must not sleep. While the file is locked, readers wait for it.
        connection.busy_timeout(Duration::ZERO)?;
        Ok(connection)
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

#[cfg(test)]
impl Version {
    pub(super) const fn of(number: u64) -> Self {
        Self(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file in WAL mode with one table.
    fn file() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessions.db");
        writer(&path).execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE numbers (number INTEGER)").unwrap();
        (folder, path)
    }

    fn writer(path: &PathBuf) -> Connection {
        Connection::open(path).unwrap()
    }

    fn insert(writer: &Connection) {
        writer.execute_batch("INSERT INTO numbers VALUES (1)").unwrap();
    }

    #[test]
    fn a_commit_makes_a_later_version_and_a_read_does_not() {
        let (_folder, path) = file();
        let (watch, writer) = (Watch::new(path.clone()), writer(&path));
        let first = watch.version();
        assert!(first.is_some());
        assert_eq!(watch.version(), first);
        writer.query_row("SELECT count(*) FROM numbers", [], |_| Ok(())).unwrap();
        assert_eq!(watch.version(), first);
        for _ in 0..3 {
            let before = watch.version();
            insert(&writer);
            assert!(watch.version() > before);
        }
    }

    #[test]
    fn a_transaction_counts_once_it_is_committed() {
        let (_folder, path) = file();
        let (watch, writer) = (Watch::new(path.clone()), writer(&path));
        let first = watch.version();
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        insert(&writer);
        assert_eq!(watch.version(), first, "it does not wait for the writer");
        writer.execute_batch("COMMIT").unwrap();
        assert!(watch.version() > first);
    }

    #[test]
    fn a_watch_that_opens_the_file_again_has_a_later_version() {
        let (_folder, path) = file();
        let watch = Watch::new(path);
        let first = watch.version();
        watch.open_again();
        assert!(watch.version() > first);
    }

    #[test]
    fn a_missing_or_locked_file_has_no_version() {
        let (folder, path) = file();
        assert_eq!(Watch::new(folder.path().join("missing.db")).version(), None);
        assert!(!folder.path().join("missing.db").exists());
        let (watch, locker) = (Watch::new(path.clone()), writer(&path));
        locker.execute_batch("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE").unwrap();
        let started = Instant::now();
        assert_eq!(watch.version(), None);
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        locker.execute_batch("COMMIT").unwrap();
        assert!(watch.version().is_some());
    }
}
