//! Adds many users to the database at once: all of them, or none.
//!
//! It knows nothing of files and their formats.

use std::time::Duration;

use jwt_extended_axum::jwt_extended::Timestamp;
use sqlx::QueryBuilder;

use super::{Database, DatabaseError};
use crate::{
    sql::{Pool, micros},
    users::{Scopes, hashes::PasswordHash},
};

/// How many users are added with one statement. Each has five values, and SQLite allows 32766 in a statement.
const BATCH: usize = 500;
/// The time limit of a batch. Nobody waits for it who wants to log in.
const LIMIT: Duration = Duration::from_secs(30);

/// A user to add.
pub(crate) struct Import {
    /// The normalized name.
    pub(crate) name: String,
    pub(crate) hash: PasswordHash,
    pub(crate) scopes: Scopes,
    /// Whether the user may log in.
    pub(crate) active: bool,
}

/// Adds the users to either kind of database, in a transaction that ends here or changes nothing.
macro_rules! insert {
    ($pool:expr, $users:expr, $now:expr, $progress:expr) => {{
        let mut transaction = $pool.begin().await?;
        let mut added = 0;
        for batch in $users.chunks(BATCH) {
            let mut insert =
                QueryBuilder::new("INSERT INTO jwt_users (name, password_hash, scopes, disabled_at, added_at) ");
            insert.push_values(batch, |mut row, user| {
                row.push_bind(&user.name).push_bind(user.hash.as_str()).push_bind(user.scopes.to_string());
                row.push_bind((!user.active).then_some($now)).push_bind($now);
            });
            insert.push(" ON CONFLICT (name) DO NOTHING");
            let done = tokio::time::timeout(LIMIT, insert.build().persistent(false).execute(&mut *transaction)).await;
            added += done.map_err(|_| sqlx::Error::PoolTimedOut)??.rows_affected();
            $progress(usize::try_from(added).unwrap_or(usize::MAX));
        }
        if added == $users.len() as u64 {
            transaction.commit().await?;
            Ok(true)
        } else {
            transaction.rollback().await?;
            Ok(false)
        }
    }};
}

impl Database {
    /// Adds users, none of whom exists, and reports how many are done. If any part fails, none is added.
    ///
    /// # Errors
    /// If another process has added one of them, or the database does not answer.
    pub(crate) async fn import(
        &self,
        users: &[Import],
        now: Timestamp,
        mut progress: impl FnMut(usize),
    ) -> Result<(), DatabaseError> {
        let now = micros(now);
        let inserted: Result<bool, sqlx::Error> = async {
            match &self.pool {
                Pool::Sqlite(pool) => insert!(pool, users, now, progress),
                Pool::Postgres(pool) => insert!(pool, users, now, progress),
            }
        }
        .await;
        match inserted {
            Ok(true) => Ok(()),
            Ok(false) => Err(DatabaseError::AddedMeanwhile),
            Err(error) => Err(DatabaseError::Unavailable(error.to_string())),
        }
    }
}
