//! Keys as PEM files in a folder: reads them, and never writes.
//!
//! The name of a file without `.pem` is the `kid`. Of the files in order of their names the last signs, once it has
//! been there long enough for every process and every copy of the JWK Set.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use jwt_extended_axum::{
    config::{FileError, KeySchedule, ScheduledKey, Secret},
    jose::{Algorithm, Key, KeyError},
    jwt_extended::Timestamp,
};

/// A folder of PEM files.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    algorithm: Algorithm,
}

/// What is wrong with the files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The folder or a file cannot be read.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// The folder or the file.
        path: String,
        /// The operating system's error.
        why: String,
    },
    /// There is no key.
    #[error(
        "there is no file NAME.pem in {0}; make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`"
    )]
    Empty(String),
    /// Everybody on the machine can read a private key.
    #[error(
        "everybody can read the private key {0}; run `chmod o= {0}`, or set defaultMode: 0440 for a Kubernetes secret"
    )]
    Public(String),
    /// A file cannot be read.
    #[error("the keys: {0}")]
    File(#[from] FileError),
    /// A file holds no such key.
    #[error("{path}: {why}")]
    Key {
        /// The file.
        path: String,
        /// The mistake.
        why: KeyError,
    },
}

/// A file and its key. Two of one name are compared by the time and the length of the file.
#[derive(Clone, Debug)]
pub(crate) struct KeyFile {
    kid: String,
    key: Key,
    changed: Timestamp,
    length: u64,
}

impl KeyFile {
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }
}

impl PartialEq for KeyFile {
    fn eq(&self, other: &Self) -> bool {
        (&self.kid, self.changed, self.length) == (&other.kid, other.changed, other.length)
    }
}

impl Folder {
    pub(crate) fn new(path: PathBuf, algorithm: Algorithm) -> Self {
        Self { path, algorithm }
    }

    /// Returns the path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads all files, in order of their names.
    ///
    /// # Errors
    /// If there is none, or one of them is no private key for the algorithm or readable by everybody.
    pub(crate) fn read(&self) -> Result<Vec<KeyFile>, FolderError> {
        let unreadable = |path: &Path, error: &io::Error| FolderError::Unreadable {
            path: path.display().to_string(),
            why: error.to_string(),
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(|error| unreadable(&self.path, &error))? {
            let path = entry.map_err(|error| unreadable(&self.path, &error))?.path();
            if path.extension().is_some_and(|end| end == "pem") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            // Follows links, as Kubernetes makes them.
            let about = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
            let shown = path.display().to_string();
            refuse_public(&about, &shown)?;
            let kid = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let pem = Secret::read_file(&path)?;
            let key = Key::from_pem(self.algorithm, pem.expose()).and_then(|key| key.with_kid(&kid));
            let key = key.map_err(|why| FolderError::Key { path: shown, why })?;
            let changed = about.modified().map_err(|error| unreadable(&path, &error))?;
            files.push(KeyFile { kid, key, changed: timestamp(changed), length: about.len() });
        }
        if files.is_empty() { Err(FolderError::Empty(self.path.display().to_string())) } else { Ok(files) }
    }
}

/// Returns the schedule of these files. `seen` says when this process first saw a file that it did not start with.
pub(crate) fn schedule(files: &[KeyFile], seen: &BTreeMap<String, Timestamp>, publication: Duration) -> KeySchedule {
    let mut earliest = Timestamp::default();
    files.iter().enumerate().fold(KeySchedule::new(), |schedule, (at, file)| {
        let known = seen.get(&file.kid).copied().unwrap_or_default().max(file.changed);
        // Without an older file there is nothing else to sign with.
        let begin = if at == 0 { earliest } else { known.saturating_add(publication).max(earliest) };
        // In the order of the names, whatever the times of the files.
        earliest = begin.saturating_add(Duration::from_micros(1));
        schedule.key(ScheduledKey::new(file.key.clone()).not_before(begin))
    })
}

/// Remembers when files were first seen, and forgets those that are gone.
pub(crate) fn remember(seen: &mut BTreeMap<String, Timestamp>, before: &[KeyFile], files: &[KeyFile], now: Timestamp) {
    seen.retain(|kid, _| files.iter().any(|file| file.kid == *kid));
    for file in files {
        if !before.contains(file) {
            seen.insert(file.kid.clone(), now);
        }
    }
}

fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::default().saturating_add(since)
}

#[cfg(unix)]
fn refuse_public(about: &fs::Metadata, shown: &str) -> Result<(), FolderError> {
    use std::os::unix::fs::PermissionsExt as _;
    let of_others = about.permissions().mode() % 0o10;
    if of_others == 0 { Ok(()) } else { Err(FolderError::Public(shown.to_owned())) }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
fn refuse_public(_: &fs::Metadata, _: &str) -> Result<(), FolderError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn file(kid: &str, changed: u64) -> KeyFile {
        let key = Key::generate(Algorithm::ES256).unwrap().with_kid(kid).unwrap();
        KeyFile { kid: kid.to_owned(), key, changed: at(changed), length: 1 }
    }

    fn signing(files: &[KeyFile], seen: &BTreeMap<String, Timestamp>, now: u64) -> String {
        let rings = schedule(files, seen, Duration::from_mins(5)).rings(Duration::from_mins(1).into()).unwrap();
        rings.at(at(now)).signing_key().unwrap().kid().unwrap().to_owned()
    }

    #[test]
    fn the_last_name_signs_when_it_has_been_there_long_enough() {
        let files = [file("2026-01", 1000), file("2026-02", 2000)];
        let seen = BTreeMap::new();
        assert_eq!([signing(&files, &seen, 2299), signing(&files, &seen, 2300)], ["2026-01", "2026-02"]);
        assert_eq!(signing(&files[1..], &seen, 2000), "2026-02", "a lone key signs at once");
        let reversed = [file("a", 2000), file("b", 1000)];
        assert_eq!(signing(&reversed, &seen, 5000), "b", "the name counts, not the time of the file");
    }

    #[test]
    fn an_old_file_that_appears_later_is_published_first() {
        let (before, files) = ([file("a", 10)], [file("a", 10), file("b", 20)]);
        let mut seen = BTreeMap::new();
        remember(&mut seen, &before, &files, at(5000));
        assert_eq!([signing(&files, &seen, 5299), signing(&files, &seen, 5300)], ["a", "b"]);
        remember(&mut seen, &files, &before, at(6000));
        assert!(seen.is_empty());
    }

    #[test]
    fn files_are_private_keys_that_not_everybody_reads() {
        let folder = tempfile::TempDir::new().unwrap();
        let keys = Folder::new(folder.path().to_owned(), Algorithm::ES256);
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            path
        };
        assert!(keys.read().unwrap_err().to_string().starts_with("there is no file NAME.pem in "));
        let path = put("one.pem", &Key::generate(Algorithm::ES256).unwrap().to_pem().unwrap());
        put("README.txt", "not a key");
        let read = keys.read().unwrap();
        assert_eq!(read.iter().map(|file| file.key.kid()).collect::<Vec<_>>(), [Some("one")]);
        put("two.pem", "no key");
        assert!(matches!(keys.read(), Err(FolderError::Key { path, .. }) if path.ends_with("two.pem")));
        #[cfg(unix)]
        {
            fs::remove_file(folder.path().join("two.pem")).unwrap();
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
            assert!(matches!(keys.read(), Err(FolderError::Public(_))));
        }
        let _ = path;
    }
}
