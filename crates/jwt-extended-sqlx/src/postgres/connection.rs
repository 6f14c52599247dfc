//! A connection to PostgreSQL, as the steps use it.

use sqlx::{PgConnection, Postgres, postgres::PgRow};

use crate::shared::connection::{Value, impl_connection, impl_row};

/// Skips rows that another transaction has locked.
const PURGE: [&str; 3] = [
    "DELETE FROM jwt_sessions WHERE ctid IN (SELECT ctid FROM jwt_sessions WHERE ends_at <= $1 \
     LIMIT $2 FOR UPDATE SKIP LOCKED) AND ends_at <= $1",
    "DELETE FROM jwt_revoked_tokens WHERE ctid IN (SELECT ctid FROM jwt_revoked_tokens WHERE ends_at <= $1 \
     LIMIT $2 FOR UPDATE SKIP LOCKED) AND ends_at <= $1",
    "DELETE FROM jwt_subjects WHERE ctid IN (SELECT ctid FROM jwt_subjects WHERE ends_at <= $1 \
     LIMIT $2 FOR UPDATE SKIP LOCKED) AND ends_at <= $1",
];

/// A connection whose session may belong to another client after the transaction, so no statement gets a name.
pub(super) struct Lent<'a>(pub(super) &'a mut PgConnection);

impl_row!(Postgres, PgRow);
impl_connection!(PgConnection, PgRow, persistent: true, |connection| connection, purge: PURGE);
impl_connection!(Lent<'_>, PgRow, persistent: false, |connection| &mut *connection.0, purge: PURGE);
