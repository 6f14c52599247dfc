//! Opens the store's own connections, and finds out whether each has a session of its own.
//!
//! A connection to PostgreSQL is a session: what is set or prepared there stays there. Behind a pooler that lends
//! sessions for a transaction, such as `PgBouncer`, it would stay with other clients. Then every step is a transaction
//! that brings its settings along and prepares nothing that outlives it.
//!
//! The settings are sent with the start of the session. `PgBouncer` refuses or ignores them; the store sees both. So a
//! direct connection needs no round trip more than before.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sqlx::{AssertSqlSafe, ConnectOptions, Error, Executor, PgConnection, Postgres, postgres::PgConnectOptions};

/// Names a session, so that another one cannot be taken for it.
const MARK: &str = "jwt_extended.session";

/// How sessions are opened, and what is known of them.
#[derive(Debug)]
pub(super) struct Sessions {
    timeout: Duration,
    /// Whether a pooler lends sessions. Once that is known, it stays so: what works there works everywhere.
    lent: AtomicBool,
}

impl Sessions {
    pub(super) fn new(timeout: Duration, lent: bool) -> Self {
        Self { timeout, lent: lent.into() }
    }

    /// Whether a session may be another one after each transaction.
    pub(super) fn are_lent(&self) -> bool {
        self.lent.load(Ordering::Relaxed)
    }

    pub(super) async fn open(&self, options: &PgConnectOptions) -> Result<PgConnection, Error> {
        if self.are_lent() {
            return options.connect().await;
        }
        let mark = Mark::new();
        let mut connection = match mark.set(options.clone(), self.timeout).connect().await {
            Err(Error::Database(refusal)) if may_be_the_settings(refusal.code().as_deref()) => {
                let connection = options.connect().await?;
                self.lend("the server refuses settings of a session");
                return Ok(connection);
            }
            connection => connection?,
        };
        if !mark.is_on(&mut connection).await? {
            self.lend("a session lacks the settings that it was opened with");
        }
        Ok(connection)
    }

    fn lend(&self, why: &'static str) {
        if !self.lent.swap(true, Ordering::Relaxed) {
            tracing::info!(why, "a pooler seems to be in between, so each call is a transaction");
        }
    }
}

/// A setting with a random value, by which a session is recognised.
pub(super) struct Mark(String);

impl Mark {
    pub(super) fn new() -> Self {
        Self(format!("{:016x}", RandomState::new().hash_one(0)))
    }

    /// Adds the settings of a session, this mark among them.
    pub(super) fn set(&self, options: PgConnectOptions, timeout: Duration) -> PgConnectOptions {
        options.options([
            ("statement_timeout", milliseconds(timeout).as_str()),
            ("default_transaction_isolation", "read committed"),
            (MARK, self.0.as_str()),
        ])
    }

    /// Whether a session has the mark.
    pub(super) async fn is_on<'c>(&self, session: impl Executor<'c, Database = Postgres>) -> Result<bool, Error> {
        // In the simple protocol, which is one message: behind a pooler, a second one may reach another session.
        let mark = &self.0;
        let is_marked = AssertSqlSafe(format!("SELECT coalesce(current_setting('{MARK}', true) = '{mark}', false)"));
        let row = session.fetch_one(sqlx::raw_sql(is_marked)).await?;
        sqlx::Row::try_get(&row, 0)
    }
}

/// Returns the beginning of a transaction that needs nothing of its session. The server cancels a statement when the
/// store stops waiting for it. The isolation level is what the steps need, whatever the database's default.
pub(super) fn begin(timeout: Duration) -> AssertSqlSafe<String> {
    let limit = milliseconds(timeout);
    AssertSqlSafe(format!("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '{limit}'"))
}

fn milliseconds(timeout: Duration) -> String {
    format!("{}ms", timeout.as_millis().clamp(1, i32::MAX as u128))
}

/// Whether a refusal to connect may be due to the settings, rather than to the login (28), the database (3D), the
/// number of connections (53) or a server that starts or ends (57).
fn may_be_the_settings(code: Option<&str>) -> bool {
    !code.is_some_and(|code| ["28", "3D", "53", "57"].iter().any(|class| code.starts_with(class)))
}
