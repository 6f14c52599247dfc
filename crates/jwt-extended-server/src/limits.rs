//! How many connections there may be, and how long each may take: parses the section `[limits]` of the configuration
//! file, and compares it with the limit of open files.
//!
//! It enforces nothing; the module `connections` does.

use std::{fs, num::NonZeroUsize, time::Duration};

use serde::{Deserialize, Deserializer, de};

/// The files that the server needs beside its connections, for the store, the log and the runtime: 31 were counted with
/// SQLite after parallel logins.
const OTHER_FILES: usize = 64;

/// The limits of connections.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// How many connections may be open at once.
    #[serde(deserialize_with = "count")]
    pub(crate) connections: NonZeroUsize,
    /// How long the head of a request may take, from the connection or from its first byte.
    #[serde(rename = "head_seconds", deserialize_with = "seconds")]
    pub(crate) head: Duration,
    /// How long the body of a request may take, and the reading of an answer.
    #[serde(rename = "body_seconds", deserialize_with = "seconds")]
    pub(crate) body: Duration,
    /// How long a connection may wait for its next request.
    #[serde(rename = "idle_seconds", deserialize_with = "seconds")]
    pub(crate) idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: NonZeroUsize::MIN.saturating_add(999),
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_mins(1),
        }
    }
}

impl Limits {
    /// Warns if the process may not open enough files for its connections. Says nothing where the limit is unknown.
    pub(crate) fn compare_with_open_files(&self) {
        let Some(files) = fs::read_to_string("/proc/self/limits").ok().as_deref().and_then(soft_limit_of_files) else {
            return;
        };
        let needed = self.connections.get().saturating_add(OTHER_FILES);
        if files < needed {
            tracing::warn!(
                open_files = files,
                connections = self.connections,
                "the process may open too few files for its connections; raise the limit to {needed} (ulimit -n, or \
                 LimitNOFILE= of systemd), or lower `connections` under [limits]"
            );
        }
    }
}

/// Finds the soft limit of open files in the text of `/proc/self/limits`.
fn soft_limit_of_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NonZeroUsize, D::Error> {
    NonZeroUsize::new(usize::deserialize(deserializer)?)
        .ok_or_else(|| de::Error::custom("connections must be at least 1"))
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(de::Error::custom("a time limit must be at least 1 second")),
        seconds => Ok(Duration::from_secs(seconds.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_of_files_is_found() {
        let text = "Limit  Soft  Hard  Units\nMax processes  7  8  processes\nMax open files            1024    524288    files\n";
        assert_eq!(soft_limit_of_files(text), Some(1024));
        assert_eq!(soft_limit_of_files("Max open files   unlimited   unlimited   files\n"), None);
    }
}
