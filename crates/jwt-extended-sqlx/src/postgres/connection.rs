//! A connection to PostgreSQL, as the steps use it.

use sqlx::{PgConnection, Postgres, postgres::PgRow};

use crate::shared::connection::{Value, impl_connection};

impl_connection!(Postgres, PgConnection, PgRow, purge: [
    // Skips rows that another transaction has locked.
    "DELETE FROM jwt_sessions WHERE ctid IN (SELECT ctid FROM jwt_sessions WHERE ends_at <= $1 \
     LIMIT $2 FOR UPDATE SKIP LOCKED) AND ends_at <= $1",
    "DELETE FROM jwt_revoked_tokens WHERE ctid IN (SELECT ctid FROM jwt_revoked_tokens WHERE ends_at <= $1 \
     LIMIT $2 FOR UPDATE SKIP LOCKED) AND ends_at <= $1",
    "DELETE FROM jwt_subjects WHERE ctid IN (SELECT ctid FROM jwt_subjects WHERE ends_at <= $1 \
     LIMIT $2 FOR UPDATE SKIP LOCKED) AND ends_at <= $1",
]);
