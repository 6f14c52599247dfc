//! What PostgreSQL does in its own way.

pub(super) use sqlx::{PgConnection as Connection, Postgres as Database};

/// Deletes rows that are over by `$1`, at most `$2`, and waits for nobody who is at one of them.
pub(super) const PURGE: [&str; 3] = [
    "DELETE FROM jwt_sessions WHERE ctid IN (SELECT ctid FROM jwt_sessions WHERE ends_at <= $1 \
     LIMIT $2 FOR UPDATE SKIP LOCKED) AND ends_at <= $1",
    "DELETE FROM jwt_revoked_tokens WHERE ctid IN (SELECT ctid FROM jwt_revoked_tokens WHERE ends_at <= $1 \
     LIMIT $2 FOR UPDATE SKIP LOCKED) AND ends_at <= $1",
    "DELETE FROM jwt_subjects WHERE ctid IN (SELECT ctid FROM jwt_subjects WHERE ends_at <= $1 \
     LIMIT $2 FOR UPDATE SKIP LOCKED) AND ends_at <= $1",
];

/// Waits until nobody else is at a subject's sessions as a whole, and keeps others waiting until the transaction ends. Two
/// subjects with one hash wait for each other, which does no harm.
pub(super) const LOCK_SUBJECT: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 8317141710462153588))";
