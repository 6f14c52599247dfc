//! Statements on the store's SQL database, SQLite or PostgreSQL, for the tables of the server.
//!
//! It knows none of these tables.

use std::time::Duration;

use jwt_extended_axum::jwt_extended::Timestamp;
use sqlx::{postgres::PgPool, sqlite::SqlitePool};

/// The time limit of a statement, including the wait for a connection.
const LIMIT: Duration = Duration::from_secs(1);

/// The connections to the database. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The database did not answer. Each table says in its own error what that means.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unavailable(pub(crate) String);

/// Runs the same statement on either database. Both understand `$1`.
///
/// In PostgreSQL it is a transaction whose statement has no name, for `PgBouncer`, which may give each transaction
/// another connection.
macro_rules! on {
    ($pool:expr, $connection:ident => $statement:expr) => {
        $crate::sql::within(async {
            match &$pool {
                $crate::sql::Pool::Sqlite($connection) => $statement,
                $crate::sql::Pool::Postgres(pool) => {
                    let mut transaction = pool.begin().await?;
                    let $connection = &mut *transaction;
                    let outcome = $statement?;
                    transaction.commit().await?;
                    Ok(outcome)
                }
            }
        })
        .await
    };
}

/// Runs a statement that changes rows, and returns how many it has changed.
macro_rules! change {
    ($pool:expr, $query:expr) => {
        $crate::sql::on!($pool, pool => $query.persistent(false).execute(pool).await.map(|done| done.rows_affected()))
    };
}

pub(crate) use {change, on};

impl Pool {
    /// Returns whether a statement that counts rows succeeds: its table exists, with these columns.
    pub(crate) async fn answers(&self, count: &'static str) -> bool {
        on!(*self, pool => sqlx::query_scalar::<_, i64>(count).persistent(false).fetch_one(pool).await).is_ok()
    }

    /// Runs statements that return nothing.
    pub(crate) async fn run(&self, statements: &'static str) -> Result<(), Unavailable> {
        on!(*self, pool => sqlx::raw_sql(statements).execute(pool).await.map(|_| ()))
    }

    /// Creates a table, unless this count finds it.
    pub(crate) async fn create_unless(&self, count: &'static str, statements: &'static str) -> Result<(), Unavailable> {
        // Creating a table that exists makes PostgreSQL send a notice, which looks like an error in the log. If two
        // processes create the table at the same time, PostgreSQL lets one fail. By then the table exists.
        if !self.answers(count).await
            && let Err(error) = self.run(statements).await
            && !self.answers(count).await
        {
            return Err(error);
        }
        Ok(())
    }
}

/// Converts a time to the unit of the tables.
pub(crate) fn micros(time: Timestamp) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Awaits an answer, up to the time limit.
pub(crate) async fn within<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Unavailable> {
    match tokio::time::timeout(LIMIT, answer).await {
        Ok(answer) => answer.map_err(|error| Unavailable(error.to_string())),
        Err(_) => Err(Unavailable(format!("no answer within {} s", LIMIT.as_secs()))),
    }
}
