//! A temporary folder for the commands of one run.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::tools::Trouble;

/// A folder among the temporary files. It is deleted when it is dropped.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes an empty folder with this word in its name.
    pub(crate) fn new(word: &str) -> Result<Self, Trouble> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("jwt-extended-{word}-{}-{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(name);
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    /// Returns its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: the folder is among the temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
