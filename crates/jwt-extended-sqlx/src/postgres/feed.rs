//! The feed: triggers send what was revoked to a channel, and a [`Denylist`] listens on a connection of its own.
//!
//! PostgreSQL delivers notifications in the order of the commits, and before it answers the next query on the
//! connection. So once it has answered one, all that was committed before the query has been heard.

use std::time::Duration;

use jwt_extended::session::{Change, Denylist, DenylistOptions, Feed, StoreError, SubjectDigest};
use sqlx::{
    Row as _,
    postgres::{PgConnectOptions, PgListener, PgNotification, PgPoolOptions},
};
use tokio::time::timeout;

use super::{PostgresStore, session::Mark};
use crate::shared::{
    error::{timed_out, unavailable},
    migrations::PATIENCE,
    stored::{restored_end, restored_text},
};

const CHANNEL: &str = "jwt_feed";

/// Followers hold this lock together; a trigger that gets it alone need not tell anybody.
const LOCK: &str = "SELECT pg_advisory_lock_shared(3550613764270482749)";

/// The number of triggers that write the feed.
const TRIGGERS: i64 = 5;

/// How many triggers there are and switched on, and a text that changes with the connection's session, with what it
/// listens to, and with the tables and triggers.
const STATE: &str = "WITH feed AS (SELECT oid, tgenabled FROM pg_trigger WHERE tgname LIKE 'jwt\\_feed\\_%' \
     AND tgrelid IN (to_regclass('jwt_sessions'), to_regclass('jwt_revoked_tokens'), to_regclass('jwt_subjects'))) \
     SELECT (SELECT count(*) FROM feed WHERE tgenabled IN ('O', 'A')), \
     pg_backend_pid() || ' ' || EXISTS (SELECT FROM pg_listening_channels() AS name WHERE name = 'jwt_feed') || ' ' \
     || coalesce((SELECT string_agg(oid || tgenabled::text, ' ' ORDER BY oid) FROM feed), '')";

const REVOKED: &str = "SELECT jti, ends_at FROM jwt_revoked_tokens";

impl PostgresStore {
    /// Answers most checks from this process's memory, which follows what all processes revoke. A `staleness` of zero
    /// asks PostgreSQL each time, as without this. Must be called within a Tokio runtime.
    ///
    /// It listens on one more connection. `PgBouncer` in transaction mode cannot pass notifications on; then each check
    /// asks PostgreSQL, and the log says so.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use jwt_extended::{JwtManager, session::DenylistOptions};
    /// use jwt_extended_sqlx::PostgresStore;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = PostgresStore::connect("postgres://app:password@localhost/app").await?;
    /// store.migrate().await?;
    /// let options = DenylistOptions::new().staleness(Duration::from_secs(5));
    /// let jwt = JwtManager::builder().session_store(store.with_denylist(options));
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_denylist(self, options: DenylistOptions) -> Denylist<Self> {
        let is_off = options.is_off();
        let follower = Follower { store: self.clone(), listening: None };
        let denylist = Denylist::new(self, options);
        if !is_off {
            tokio::spawn(denylist.follow(follower));
        }
        denylist
    }
}

/// A listener on a connection of its own.
struct Follower {
    store: PostgresStore,
    listening: Option<Listening>,
}

struct Listening {
    listener: PgListener,
    state: String,
    heard: Vec<PgNotification>,
}

impl Follower {
    fn timeout(&self) -> Duration {
        self.store.timeout()
    }

    async fn listen(&self, options: PgConnectOptions) -> Result<(Listening, Vec<Change>), sqlx::Error> {
        let mark = Mark::new();
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with(mark.set(options, PATIENCE));
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        listener.ignore_pool_close_event(true);
        if self.store.lends_sessions() || !mark.is_on(&mut listener).await? {
            let why = "a pooler lends the connection, so it hears no notifications";
            return Err(sqlx::Error::Protocol(why.to_owned()));
        }
        listener.listen(CHANNEL).await?;
        sqlx::query(LOCK).execute(&mut listener).await?;
        let (triggers, state) = state(&mut listener).await?;
        if triggers != TRIGGERS {
            let why = "the tables lack the triggers of the feed; create them with `migrate`";
            return Err(sqlx::Error::Protocol(why.to_owned()));
        }
        let mut revoked = Vec::new();
        for row in sqlx::query(REVOKED).fetch_all(&mut listener).await? {
            let (jti, until) = (restored_text(row.try_get(0)?), restored_end(row.try_get(1)?));
            revoked.push(Change::Token { jti, until });
        }
        Ok((Listening { listener, state, heard: Vec::new() }, revoked))
    }

    fn listening(&mut self) -> Result<Listening, StoreError> {
        self.listening.take().ok_or_else(|| lost("the feed was not started"))
    }
}

impl Feed for Follower {
    async fn start(&mut self) -> Result<Vec<Change>, StoreError> {
        self.listening = None;
        let options = self.store.connect_options();
        let (listening, revoked) = match timeout(PATIENCE, self.listen(options)).await {
            Ok(outcome) => outcome.map_err(|error| unavailable(&error))?,
            Err(_) => return Err(timed_out(PATIENCE)),
        };
        self.listening = Some(listening);
        Ok(revoked)
    }

    async fn wait(&mut self, at_most: Duration) -> Result<(), StoreError> {
        let mut listening = self.listening()?;
        match timeout(at_most, listening.listener.try_recv()).await {
            Ok(Ok(Some(notification))) => listening.heard.push(notification),
            Ok(Ok(None)) => return Err(lost("the connection has ended")),
            Ok(Err(error)) => return Err(unavailable(&error)),
            Err(_) => {}
        }
        self.listening = Some(listening);
        Ok(())
    }

    async fn read(&mut self) -> Result<Vec<Change>, StoreError> {
        let limit = self.timeout();
        let mut listening = self.listening()?;
        match timeout(limit, state(&mut listening.listener)).await {
            Ok(Ok((_, state))) if state == listening.state => {}
            Ok(Ok(_)) => return Err(lost("the session, the tables or their triggers have changed")),
            Ok(Err(error)) => return Err(unavailable(&error)),
            Err(_) => return Err(timed_out(limit)),
        }
        while let Some(notification) = listening.listener.next_buffered() {
            listening.heard.push(notification);
        }
        let changes = listening.heard.drain(..).map(|notification| change(notification.payload())).collect();
        self.listening = Some(listening);
        changes
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

async fn state(listener: &mut PgListener) -> Result<(i64, String), sqlx::Error> {
    let row = sqlx::query(STATE).fetch_one(listener).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Reads what a trigger has sent. If a table was truncated, or a later version has sent it, the follower starts again.
fn change(payload: &str) -> Result<Change, StoreError> {
    let unknown = || lost("the tables were emptied, or a later version has written the feed");
    let mut rest = payload.chars();
    let (kind, rest) = (rest.next(), rest.as_str());
    match kind {
        Some('s') => Ok(Change::Session(restored_text(rest.to_owned()))),
        Some('c') => Ok(Change::Subject(SubjectDigest::of(&restored_text(rest.to_owned())))),
        Some('t') => {
            let (ends, jti) = rest.split_once(' ').ok_or_else(unknown)?;
            let until = restored_end(ends.parse().map_err(|_| unknown())?);
            Ok(Change::Token { jti: restored_text(jti.to_owned()), until })
        }
        _ => Err(unknown()),
    }
}

fn lost(why: &str) -> StoreError {
    StoreError::Unavailable(why.to_owned())
}

#[cfg(test)]
mod tests {
    use jwt_extended::Timestamp;

    use super::*;

    #[test]
    fn payloads_are_read_as_the_triggers_write_them() {
        let token = |jti: &str, until| Ok(Change::Token { jti: jti.to_owned(), until });
        assert_eq!(change("sa session"), Ok(Change::Session("a session".to_owned())));
        assert_eq!(change("calice"), Ok(Change::Subject(SubjectDigest::of("alice"))));
        assert_eq!(change("ca\u{1}0b"), Ok(Change::Subject(SubjectDigest::of("a\0b"))));
        assert_eq!(change("t1800000000 a token"), token("a token", Some(Timestamp::from_micros(1_800_000_000))));
        assert_eq!(change("t9223372036854775807 "), token("", None));
        for bad in ["", "x", "talone", "tsoon token", "what"] {
            assert!(change(bad).is_err(), "{bad}");
        }
    }
}
