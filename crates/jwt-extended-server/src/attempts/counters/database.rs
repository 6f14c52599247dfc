//! The counters in SQLite and PostgreSQL, in a table of the server. Each step is one statement.

use jwt_extended_axum::jwt_extended::Timestamp;
use sqlx::Row as _;

use super::{Count, CountersError, Name};
use crate::sql::{Pool, change, on};

#[derive(Clone, Debug)]
pub(super) struct Database(Pool);

/// Reads rows of either database: the name, and the counter.
macro_rules! counts {
    ($rows:expr) => {
        $rows
            .iter()
            .map(|row| {
                let count = Count {
                    failures: row.try_get(1)?,
                    allowed_at: row.try_get(2)?,
                    forget_at: row.try_get(3)?,
                    kept_until: row.try_get(4)?,
                };
                Ok((row.try_get::<String, _>(0)?, count))
            })
            .collect::<Result<Vec<_>, sqlx::Error>>()
    };
}

impl Database {
    /// Counts in a database, and creates the table if it is missing.
    pub(super) async fn open(pool: Pool) -> Result<Self, CountersError> {
        const COUNT: &str = "SELECT count(*) FROM jwt_attempts WHERE name = ''";
        pool.create_unless(COUNT, include_str!("../../../migrations/attempts.sql")).await?;
        Ok(Self(pool))
    }

    pub(super) async fn load<const N: usize>(&self, names: [&Name; N]) -> Result<[Option<Count>; N], CountersError> {
        const LOAD: &str = "SELECT name, failures, allowed_at, forget_at, kept_until FROM jwt_attempts \
            WHERE name IN ($1, $2, $3)";
        // No caller has more than three. A name that comes twice changes nothing.
        let text = |index: usize| names.get(index).or(names.first()).map_or("", |name| name.as_str());
        let found = on!(self.0, pool => sqlx::query(LOAD).persistent(false).bind(text(0)).bind(text(1)).bind(text(2))
            .fetch_all(pool).await.and_then(|rows| counts!(rows)))?;
        Ok(names.map(|name| found.iter().find(|(found, _)| found == name.as_str()).map(|(_, count)| *count)))
    }

    pub(super) async fn swap(
        &self,
        name: &Name,
        old: Option<Count>,
        new: Count,
        _: Timestamp,
    ) -> Result<bool, CountersError> {
        const ADD: &str = "INSERT INTO jwt_attempts (name, account, failures, allowed_at, forget_at, kept_until) \
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING";
        const REPLACE: &str = "UPDATE jwt_attempts SET failures = $2, allowed_at = $3, forget_at = $4, kept_until = $5 \
            WHERE name = $1 AND failures = $6 AND allowed_at = $7 AND forget_at = $8 AND kept_until = $9";
        let Count { failures, allowed_at, forget_at, kept_until } = new;
        let changed = match old {
            None => change!(
                self.0,
                sqlx::query(ADD)
                    .bind(name.as_str())
                    .bind(&*name.account)
                    .bind(failures)
                    .bind(allowed_at)
                    .bind(forget_at)
                    .bind(kept_until)
            )?,
            Some(old) => change!(
                self.0,
                sqlx::query(REPLACE)
                    .bind(name.as_str())
                    .bind(failures)
                    .bind(allowed_at)
                    .bind(forget_at)
                    .bind(kept_until)
                    .bind(old.failures)
                    .bind(old.allowed_at)
                    .bind(old.forget_at)
                    .bind(old.kept_until)
            )?,
        };
        Ok(changed == 1)
    }

    pub(super) async fn forgive(&self, account: &str) -> Result<u64, CountersError> {
        const FORGIVE: &str =
            "UPDATE jwt_attempts SET failures = 0, allowed_at = 0 WHERE account = $1 AND failures > 0";
        Ok(change!(self.0, sqlx::query(FORGIVE).bind(account))?)
    }

    pub(super) async fn keep_latest(&self, account: &Name, at_most: u32) -> Result<(), CountersError> {
        const TRIM: &str = "DELETE FROM jwt_attempts WHERE account = $1 AND name <> $1 AND name NOT IN \
            (SELECT name FROM jwt_attempts WHERE account = $1 AND name <> $1 ORDER BY kept_until DESC, name LIMIT $2)";
        change!(self.0, sqlx::query(TRIM).bind(&*account.account).bind(i64::from(at_most)))?;
        Ok(())
    }

    pub(super) async fn purge(&self, now: i64, at_most: u32) -> Result<u64, CountersError> {
        const PURGE: &str = "DELETE FROM jwt_attempts WHERE name IN \
            (SELECT name FROM jwt_attempts WHERE kept_until <= $1 LIMIT $2)";
        Ok(change!(self.0, sqlx::query(PURGE).bind(now).bind(i64::from(at_most)))?)
    }
}
