//! What SQLite does in its own way.

pub(super) use sqlx::{Sqlite as Database, SqliteConnection as Connection};

/// Deletes rows that are over by `$1`, at most `$2`.
pub(super) const PURGE: [&str; 3] = [
    "DELETE FROM jwt_sessions WHERE rowid IN (SELECT rowid FROM jwt_sessions WHERE ends_at <= $1 LIMIT $2)",
    "DELETE FROM jwt_revoked_tokens WHERE rowid IN (SELECT rowid FROM jwt_revoked_tokens WHERE ends_at <= $1 LIMIT $2)",
    "DELETE FROM jwt_subjects WHERE rowid IN (SELECT rowid FROM jwt_subjects WHERE ends_at <= $1 LIMIT $2)",
];
