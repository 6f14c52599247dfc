//! The feed: a stream into which the scripts write what was revoked, and which a [`Denylist`] follows.
//!
//! The stream exists while somebody follows it: a follower creates it, and the scripts only add to an existing one. It
//! keeps the latest 100,000 changes. A follower reads from the last entry that it knows, this entry included. Redis
//! deletes the oldest entries first, so if this entry is still there, no later one is missing.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jwt_extended::session::{Change, Denylist, DenylistOptions, Feed, StoreError, SubjectDigest};
use redis::{Cmd, Value};
use tokio::time::timeout;

use crate::{
    RedisStore, answers,
    builder::ConnectError,
    connection::{Connection, Failure, Live, describe, unanswered},
    record,
};

/// How long the stream stays after its last follower.
const KEPT: Duration = Duration::from_secs(3600);
/// How many entries one command reads.
const BATCH: usize = 1000;
/// The kind of the entry with which a follower begins.
const HELLO: &str = "h";

impl RedisStore {
    /// Answers most checks from this process's memory, which follows what all processes revoke. A `staleness` of zero
    /// asks Redis each time, as without this. Must be called within a Tokio runtime.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use jwt_extended::{JwtManager, session::DenylistOptions};
    /// use jwt_extended_redis::RedisStore;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let options = DenylistOptions::new().staleness(Duration::from_secs(5));
    /// let store = RedisStore::connect("redis://127.0.0.1").await?.with_denylist(options)?;
    /// let jwt = JwtManager::builder().session_store(store);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ConnectError::NoFeed`] on a cluster.
    pub fn with_denylist(self, options: DenylistOptions) -> Result<Denylist<Self>, ConnectError> {
        let is_off = options.is_off();
        if !is_off && self.shared.connection.is_cluster() {
            return Err(ConnectError::NoFeed);
        }
        let feed = Follower::new(self.shared.connection.clone(), self.shared.feed.clone());
        let denylist = Denylist::new(self, options);
        if !is_off {
            tokio::spawn(denylist.follow(feed));
        }
        Ok(denylist)
    }
}

/// A reader of the feed, on a connection of its own.
struct Follower {
    connection: Connection,
    key: String,
    place: Option<Place>,
}

struct Place {
    live: Live,
    /// The id of the last entry that was read.
    last: String,
    /// When the stream was kept for longer.
    kept: Instant,
}

impl Follower {
    fn new(connection: Connection, key: String) -> Self {
        Self { connection, key, place: None }
    }

    /// Sends a command that Redis answers within the store's time limit, and this time beside it.
    async fn send(&self, live: &mut Live, command: &Cmd, beside: Duration) -> Result<Value, StoreError> {
        let limit = self.connection.timeout();
        match timeout(limit.saturating_add(beside), live.send(command)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(StoreError::Unavailable(describe(&error))),
            Err(_) => Err(StoreError::Unavailable(unanswered(limit))),
        }
    }

    /// Lets Redis keep the stream. Most of the time, it will be kept long enough.
    async fn keep(&self, live: &mut Live) -> Result<Instant, StoreError> {
        let now = Instant::now();
        let mut command = Cmd::new();
        command.arg("PEXPIRE").arg(&self.key).arg(KEPT.as_millis().to_string());
        self.send(live, &command, Duration::ZERO).await.map(|_| now)
    }

    /// Reads all revoked tokens.
    async fn revoked(&self, live: &mut Live) -> Result<Vec<Change>, StoreError> {
        let (mut changes, mut cursor) = (Vec::new(), "0".to_owned());
        loop {
            let mut command = Cmd::new();
            command.arg("ZSCAN").arg(format!("{}:t", self.key)).arg(&cursor).arg("COUNT").arg(BATCH);
            let (next, page) = answers::revoked(self.send(live, &command, Duration::ZERO).await?).map_err(foreign)?;
            changes.extend(page);
            if next == "0" {
                return Ok(changes);
            }
            cursor = next;
        }
    }

    fn place(&mut self) -> Result<Place, StoreError> {
        self.place.take().ok_or_else(|| StoreError::Unavailable("the feed was not started".to_owned()))
    }
}

impl Feed for Follower {
    async fn start(&mut self) -> Result<Vec<Change>, StoreError> {
        self.place = None;
        let mut live = self.connection.open_another().await?;
        let mut hello = Cmd::new();
        hello.arg("XADD").arg(&self.key).arg("*").arg(HELLO).arg("");
        let last = answers::text(Some(self.send(&mut live, &hello, Duration::ZERO).await?)).map_err(foreign)?;
        let kept = self.keep(&mut live).await?;
        let revoked = self.revoked(&mut live).await?;
        self.place = Some(Place { live, last, kept });
        Ok(revoked)
    }

    async fn wait(&mut self, at_most: Duration) -> Result<(), StoreError> {
        let mut place = self.place()?;
        let millis = at_most.as_millis().max(1).to_string();
        let mut command = Cmd::new();
        command
            .arg("XREAD")
            .arg("COUNT")
            .arg(1)
            .arg("BLOCK")
            .arg(millis)
            .arg("STREAMS")
            .arg(&self.key)
            .arg(&place.last);
        // Only that it answers counts; `read` reads the entry.
        self.send(&mut place.live, &command, at_most).await?;
        self.place = Some(place);
        Ok(())
    }

    async fn read(&mut self) -> Result<Vec<Change>, StoreError> {
        let mut place = self.place()?;
        if place.kept.elapsed() > KEPT / 4 {
            place.kept = self.keep(&mut place.live).await?;
        }
        let mut changes = Vec::new();
        loop {
            let mut command = Cmd::new();
            command.arg("XRANGE").arg(&self.key).arg(&place.last).arg("+").arg("COUNT").arg(BATCH);
            let entries = self.send(&mut place.live, &command, Duration::ZERO).await?;
            let mut entries = answers::entries(entries).map_err(foreign)?.into_iter();
            if entries.next().is_none_or(|(id, _)| id != place.last) {
                let why = "the stream no longer has the last change that was read, so some may be missing";
                return Err(StoreError::Unavailable(why.to_owned()));
            }
            let more = entries.len() + 1 == BATCH;
            for (id, fields) in entries {
                changes.extend(change(&fields).map_err(foreign)?);
                place.last = id;
            }
            if !more {
                self.place = Some(place);
                return Ok(changes);
            }
        }
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Reads what an entry says. One of a kind that only a later version writes is an error: it may end something.
fn change(fields: &[String]) -> Result<Option<Change>, Failure> {
    match fields {
        [kind, _] if kind == HELLO => Ok(None),
        [kind, id] if kind == "s" => Ok(Some(Change::Session(id.clone()))),
        [kind, tag] if kind == "c" => {
            let digest = URL_SAFE_NO_PAD.decode(tag).ok().and_then(|digest| digest.try_into().ok());
            digest.map(|digest| Some(Change::Subject(SubjectDigest(digest)))).ok_or(Failure::Foreign)
        }
        [kind, token] if kind == "t" => {
            let (_, jti) = token.split_once(' ').ok_or(Failure::Foreign)?;
            Ok(Some(Change::Token { jti: jti.to_owned(), until: record::read_end(token.as_bytes())? }))
        }
        _ => Err(Failure::Foreign),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed to `map_err`")]
fn foreign(failure: Failure) -> StoreError {
    StoreError::Unavailable(failure.to_string())
}

#[cfg(test)]
mod tests {
    use jwt_extended::Timestamp;
    use test_services::{Redis, free_port};

    use super::*;

    /// Returns a reader of the feed of this server, whose calls may take this long.
    fn follower(url: String, limit: Duration) -> Follower {
        let store = RedisStore::builder(url).timeout(limit).connect_lazily().unwrap();
        Follower::new(store.shared.connection.clone(), store.shared.feed.clone())
    }

    async fn started(server: &Redis) -> Follower {
        let mut follower = follower(server.url(), Duration::from_secs(60));
        follower.start().await.unwrap();
        follower
    }

    /// Sends a command, whose words are separated by a space.
    fn ask(server: &Redis, command: &str) -> Value {
        let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
        let mut words = command.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        words.fold(&mut command, |command, word| command.arg(word)).query(&mut connection).unwrap()
    }

    fn message(answer: Result<Vec<Change>, StoreError>) -> String {
        answer.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_feed_without_a_server_does_not_start() {
        let mut follower = follower(format!("redis://127.0.0.1:{}", free_port()), Duration::from_secs(60));
        let why = message(follower.start().await);
        assert!(why.contains("refused"), "{why}");
        let why = message(follower.read().await);
        assert!(why.contains("the feed was not started"), "{why}");
    }

    #[tokio::test]
    async fn a_feed_on_a_frozen_server_does_not_start() {
        let server = Redis::start();
        server.freeze();
        let why = message(follower(server.url(), Duration::from_millis(50)).start().await);
        assert!(why.contains("did not answer within 50ms"), "{why}");
    }

    #[tokio::test]
    async fn a_feed_whose_server_freezes_is_given_up() {
        let server = Redis::start();
        let mut follower = started(&server).await;
        follower.connection = self::follower(server.url(), Duration::from_millis(50)).connection;
        server.freeze();
        let why = message(follower.read().await);
        assert!(why.contains("did not answer within 50ms"), "{why}");
    }

    #[tokio::test]
    async fn an_entry_of_another_program_ends_the_feed() {
        let server = Redis::start();
        let mut follower = started(&server).await;
        ask(&server, "XADD jwt:feed * new entry");
        let why = message(follower.read().await);
        assert!(why.contains("give this store its own prefix"), "{why}");
    }

    #[tokio::test]
    async fn more_changes_than_a_batch_are_all_read() {
        let server = Redis::start();
        let mut follower = started(&server).await;
        let ids: Vec<_> = (0..2500).map(|number| number.to_string()).collect();
        let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
        for id in &ids {
            let _: Value = redis::cmd("XADD").arg("jwt:feed").arg("*").arg("s").arg(id).query(&mut connection).unwrap();
        }
        let changes: Vec<_> = ids.into_iter().map(Change::Session).collect();
        assert_eq!(follower.read().await, Ok(changes));
    }

    #[tokio::test]
    async fn a_follower_keeps_its_stream_alive() {
        let server = Redis::start();
        let mut follower = started(&server).await;
        ask(&server, "PERSIST jwt:feed");
        follower.read().await.unwrap();
        assert_eq!(ask(&server, "PTTL jwt:feed"), Value::Int(-1), "it was prolonged just now");
        let place = follower.place.as_mut().unwrap();
        place.kept = place.kept.checked_sub(KEPT / 2).unwrap();
        follower.read().await.unwrap();
        assert_ne!(ask(&server, "PTTL jwt:feed"), Value::Int(-1));
    }

    fn read(kind: &str, what: &str) -> Result<Option<Change>, Failure> {
        change(&[kind.to_owned(), what.to_owned()])
    }

    #[test]
    fn entries_are_read_as_the_scripts_write_them() {
        assert_eq!(read("s", "a session").unwrap(), Some(Change::Session("a session".to_owned())));
        assert_eq!(read("h", "").unwrap(), None);
        let token = |jti: &str, until| Some(Change::Token { jti: jti.to_owned(), until });
        let until = Timestamp::from_micros(1_800_000_000);
        assert_eq!(read("t", "000000001800000000 a token").unwrap(), token("a token", Some(until)));
        assert_eq!(read("t", "999999999999999999 ").unwrap(), token("", None));
        let tag = crate::keys::SubjectKeys::of("jwt", "alice").tag().to_owned();
        assert_eq!(read("c", &tag).unwrap(), Some(Change::Subject(SubjectDigest::of("alice"))));
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_an_error() {
        for (kind, what) in [("x", "new"), ("c", "alice"), ("c", ""), ("t", "token"), ("t", "soon token")] {
            assert!(read(kind, what).is_err(), "{kind} {what}");
        }
        assert!(change(&[]).is_err());
    }
}
