//! A connection to SQLite, as the steps use it.

use sqlx::{Sqlite, SqliteConnection, sqlite::SqliteRow};

use crate::shared::connection::{Value, impl_connection, impl_row};

impl_row!(Sqlite, SqliteRow);

impl_connection!(SqliteConnection, SqliteRow, persistent: true, |connection| connection, purge: [
    "DELETE FROM jwt_sessions WHERE rowid IN (SELECT rowid FROM jwt_sessions WHERE ends_at <= $1 LIMIT $2)",
    "DELETE FROM jwt_revoked_tokens WHERE rowid IN (SELECT rowid FROM jwt_revoked_tokens WHERE ends_at <= $1 LIMIT $2)",
    "DELETE FROM jwt_subjects WHERE rowid IN (SELECT rowid FROM jwt_subjects WHERE ends_at <= $1 LIMIT $2)",
]);
