//! Creates the file of a store, for its owner alone. It knows nothing of SQLite.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// How many links lead to a file at most. The operating system has a similar limit.
const LINKS: u32 = 40;

/// Creates a file that only its owner can read, because it tells who is logged in where. SQLite gives the files beside
/// it the same mode. A file that exists keeps its mode.
///
/// Of a link that leads nowhere, the target is created. A file that exists is not opened: closing it would release the
/// locks that SQLite holds on it in this process.
pub(super) fn create_private(path: &Path) -> io::Result<()> {
    let mut path = PathBuf::from(path);
    for _ in 0..LINKS {
        match create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            outcome => return outcome,
        }
        // It exists. A link does even if its target does not.
        let Ok(target) = fs::read_link(&path) else { return Ok(()) };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "too many symbolic links"))
}

fn create(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
