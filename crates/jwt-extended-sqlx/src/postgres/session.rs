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

use sqlx::{AssertSqlSafe, ConnectOptions, Error, PgConnection, postgres::PgConnectOptions};

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
        let mark = format!("{:016x}", RandomState::new().hash_one(0));
        let ours = options.clone().options([
            ("statement_timeout", milliseconds(self.timeout).as_str()),
            ("default_transaction_isolation", "read committed"),
            (MARK, mark.as_str()),
        ]);
        let mut connection = match ours.connect().await {
            Err(Error::Database(refusal)) if may_be_the_settings(refusal.code().as_deref()) => {
                let connection = options.connect().await?;
                self.lend("the server refuses settings of a session");
                return Ok(connection);
            }
            connection => connection?,
        };
        // In the simple protocol, which is one message: behind a pooler, a second one may reach another session.
        let is_marked = AssertSqlSafe(format!("SELECT coalesce(current_setting('{MARK}', true) = '{mark}', false)"));
        let row = sqlx::Executor::fetch_one(&mut connection, sqlx::raw_sql(is_marked)).await?;
        if !sqlx::Row::try_get::<bool, _>(&row, 0)? {
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
