//! The store: turns each call into commands, and their replies into an answer. How a session is written is up to
//! `record` and the scripts.

use std::{fmt, sync::Arc};

use jwt_extended::{
    Timestamp,
    session::{
        Answer, EndSessions, NewSession, Retry, RevokedToken, RotateOutcome, RotateRequest, Session, SessionStore,
        Standing, StoreError, TokenIds, TokenStatus, TouchRequest,
    },
};
use redis::Cmd;

use crate::{
    answers::{self, Counted},
    builder::{ConnectError, RedisStoreBuilder, Urls},
    connection::{Connection, Failure, Live, Unavailable},
    keys::{self, SubjectKeys, pointer},
    record,
    scripts::{Call, Scripts, arguments},
};

/// Keeps sessions and revocations in Redis or Valkey.
///
/// Clones share one connection, on which requests do not wait for each other. It is made when it is needed and replaced
/// when it is lost, so the store works only within a Tokio runtime.
#[derive(Clone)]
pub struct RedisStore {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) connection: Connection,
    pub(crate) prefix: String,
    /// The key of the feed; empty in a cluster.
    pub(crate) feed: String,
    scripts: Scripts,
}

impl RedisStore {
    /// Connects to a server: `redis://user:password@host:6379/0`, `rediss://…` with the feature `tls`,
    /// `unix:///path?password=password`, or `redis+sentinel://host,host/service/0` with the feature `sentinel`. The
    /// README lists the parameters; any other one is an error.
    ///
    /// # Errors
    /// If the URL cannot be read, or Redis does not answer or refuses the login.
    pub async fn connect(url: impl Into<String>) -> Result<Self, ConnectError> {
        Self::builder(url).connect().await
    }

    /// Returns a store that connects at its first call, so that an app can start while Redis is down.
    ///
    /// # Errors
    /// If the URL cannot be read.
    pub fn connect_lazily(url: impl Into<String>) -> Result<Self, ConnectError> {
        Self::builder(url).connect_lazily()
    }

    /// Sets up a store on one server, with options.
    pub fn builder(url: impl Into<String>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(Urls::Server(url.into()))
    }

    /// Sets up a store on a Redis Cluster. Some of its nodes are enough; the client finds the others.
    #[cfg(feature = "cluster")]
    pub fn cluster(urls: impl IntoIterator<Item = impl Into<String>>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(Urls::Cluster(urls.into_iter().map(Into::into).collect()))
    }

    pub(crate) fn new(prefix: String, connection: Connection) -> Self {
        let feed = if connection.is_cluster() { String::new() } else { keys::feed(&prefix) };
        Self { shared: Arc::new(Shared { connection, prefix, feed, scripts: Scripts::new() }) }
    }

    /// Checks that Redis answers and accepts the login.
    pub(crate) async fn ping(&self) -> Result<(), Unavailable> {
        let mut command = Cmd::new();
        command.arg("EXISTS").arg(self.pointer(""));
        self.shared.connection.within(|mut live: Live| async move { Ok(live.send(&command).await.map(drop)?) }).await
    }

    pub(crate) fn keys(&self, subject: &str) -> SubjectKeys {
        SubjectKeys::of(&self.shared.prefix, subject)
    }

    fn feed(&self) -> &str {
        &self.shared.feed
    }

    fn pointer(&self, session: &str) -> String {
        pointer(&self.shared.prefix, session)
    }

    /// Deletes the pointers of ended sessions that have no TTL.
    async fn delete_pointers(&self, live: &mut Live, sessions: &[String]) {
        if sessions.is_empty() {
            return;
        }
        let mut command = Cmd::new();
        command.arg("DEL");
        for session in sessions {
            command.arg(self.pointer(session));
        }
        if let Err(error) = live.send(&command).await {
            // The sessions have ended all the same. About a hundred bytes are left of each.
            tracing::warn!(error = %Failure::from(error), "cannot delete the pointers of ended sessions");
        }
    }

    /// Calls a script that ends sessions, and returns how many of them were open.
    async fn count_ended(&self, live: &mut Live, call: Call<'_>) -> Result<u64, Failure> {
        let Counted { count, endless } = answers::counted(call.send(live).await?)?;
        self.delete_pointers(live, &endless).await;
        Ok(count)
    }

    fn end_one(&self, mut keys: SubjectKeys, session: &str, now: Timestamp) -> Call<'_> {
        let (key, now, feed) = (keys.session(session).to_owned(), record::time(now), self.feed());
        let arguments = arguments![key, keys.index(), keys.cut_off(), now, session, feed];
        self.shared.scripts.end_one.call(3, arguments)
    }

    /// Ends a session of an unknown subject, which its pointer names.
    fn end_by_id<'a>(&'a self, session: &'a str, now: Timestamp) -> Answer<'a, Result<u64, StoreError>> {
        let mut command = Cmd::new();
        command.arg("GET").arg(self.pointer(session));
        Answer::later(async move {
            let end = |mut live: Live| async move {
                let Some(tag) = answers::held(Some(live.send(&command).await?))? else {
                    return Ok(0);
                };
                let keys = SubjectKeys::of_tag(&self.shared.prefix, &tag).ok_or(Failure::Foreign)?;
                self.count_ended(&mut live, self.end_one(keys, session, now)).await
            };
            Ok(self.shared.connection.within(end).await?)
        })
    }

    fn end_all(&self, subject: &str, kept: &str, until: Option<Timestamp>, now: Timestamp) -> Call<'_> {
        let mut keys = self.keys(subject);
        let arguments = arguments![
            keys.cut_off(),
            keys.index(),
            record::time(now),
            record::end(until),
            record::ttl(until, now),
            kept,
            keys.sessions(),
            record::time(now.saturating_add(EndSessions::MAX_AHEAD)),
            self.feed(),
            keys.tag(),
        ];
        self.shared.scripts.end_all.call(2, arguments)
    }

    /// Deletes sessions that were ended together, batch by batch, so that no other call waits for long.
    ///
    /// A cut-off has ended all but the latest of them, which are deleted first. So if this takes long, the caller need
    /// not wait for the rest. If the process ends meanwhile, Redis deletes them when they expire.
    async fn sweep(&self, index: String, sessions: String) {
        let store = self.clone();
        let sweeping = tokio::spawn(async move {
            loop {
                let (store, index, sessions) = (&store, index.as_str(), sessions.as_str());
                let sweep = |mut live: Live| async move {
                    let arguments = arguments![index, sessions];
                    let answer = store.shared.scripts.sweep.call(1, arguments).send(&mut live).await?;
                    let Counted { count, endless } = answers::counted(answer)?;
                    store.delete_pointers(&mut live, &endless).await;
                    Ok(count)
                };
                match store.shared.connection.within(sweep).await {
                    Ok(0) => return,
                    Ok(_) => {}
                    Err(Unavailable(why)) => return tracing::warn!(why, "cannot delete ended sessions"),
                }
            }
        });
        // Dropping the handle does not end the task.
        drop(tokio::time::timeout(self.shared.connection.timeout() / 2, sweeping).await);
    }

    /// Prolongs the pointer of a session. This is a separate call, because in a cluster the session and its pointer may
    /// be on different nodes. A pointer that outlives its session does no harm.
    fn extend(&self, session: &str, ends: Option<Timestamp>, now: Timestamp) -> Call<'_> {
        self.shared.scripts.extend.call(1, arguments![self.pointer(session), record::ttl(ends, now)])
    }
}

impl SessionStore for RedisStore {
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        let command = self.question(token);
        Answer::later(async move { Ok(self.ask(command, token).await?.status) })
    }

    fn standing<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<Standing, StoreError>> {
        let command = self.question(token);
        Answer::later(async move { Ok(self.ask(command, token).await?) })
    }

    fn revoke<'a>(&'a self, token: &'a RevokedToken<'_>) -> Answer<'a, Result<(), StoreError>> {
        let mut keys = self.keys(token.subject);
        let (until, ttl) = (record::end(token.until), record::ttl(token.until, token.now));
        let (now, feed) = (record::time(token.now), self.feed());
        let arguments = arguments![keys.token(token.jti), until, ttl, now, token.jti, feed];
        let call = self.shared.scripts.revoke.call(1, arguments);
        Answer::later(async move {
            Ok(self
                .shared
                .connection
                .within(|mut live: Live| async move { Ok(call.send(&mut live).await.map(drop)?) })
                .await?)
        })
    }

    fn open<'a>(&'a self, session: &'a NewSession<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        let mut keys = self.keys(session.subject);
        let ttl = record::ttl(session.ends, session.opened);
        let pointer = self.pointer(session.id);
        let mut point = Cmd::new();
        point.arg("SET").arg(&pointer).arg(keys.tag());
        if !ttl.is_empty() {
            point.arg("PX").arg(&ttl);
        }
        let arguments = arguments![
            keys.cut_off(),
            keys.session(session.id),
            keys.index(),
            record::time(session.opened),
            session.id,
            record::session(session),
            record::end(session.ends),
            ttl,
            session.at_most.map_or_else(String::new, |at_most| at_most.to_string()),
            keys.sessions(),
            record::time(session.since),
            record::time(session.now),
            self.feed(),
        ];
        let call = self.shared.scripts.open.call(3, arguments);
        Answer::later(async move {
            let open = |mut live: Live| async move {
                // Both are sent together, the pointer first. If only one of them succeeds, the login fails.
                let mut beside = live.clone();
                let (written, opened) = tokio::join!(beside.send(&point), call.send(&mut live));
                written?;
                let Counted { count, endless } = answers::counted(opened?)?;
                if count == 0 {
                    let mut command = Cmd::new();
                    live.send(command.arg("DEL").arg(&pointer)).await?;
                    return Ok(TokenStatus::Revoked);
                }
                self.delete_pointers(&mut live, &endless).await;
                Ok(TokenStatus::Active)
            };
            Ok(self.shared.connection.within(open).await?)
        })
    }

    fn rotate<'a>(&'a self, request: &'a RotateRequest<'_>) -> Answer<'a, Result<RotateOutcome, StoreError>> {
        let token = request.token;
        let (Some(session), Some(jti)) = (token.session, token.jti) else {
            return Answer::Now(Ok(RotateOutcome::Ended));
        };
        let mut keys = self.keys(token.subject);
        let arguments = arguments![
            keys.cut_off(),
            keys.session(session),
            keys.index(),
            keys.token(jti),
            record::time(token.now),
            record::time(token.since),
            session,
            jti,
            request.successor,
            record::time(token.now.saturating_sub(request.grace)),
            record::end(request.ends),
            record::ttl(request.ends, token.now),
            record::time(token.now.saturating_add(request.grace)),
            keys.tokens(),
            match request.retry {
                Retry::InGrace => "",
                Retry::UntilSuccessorIsUsed => "retry",
            },
            self.feed(),
        ];
        let call = self.shared.scripts.rotate.call(4, arguments);
        let extend = self.extend(session, request.ends, token.now);
        Answer::later(async move {
            let rotate = |mut live: Live| async move {
                let mut beside = live.clone();
                let (extended, rotated) = tokio::join!(extend.send(&mut beside), call.send(&mut live));
                extended?;
                let (outcome, endless) = answers::rotation(rotated?)?;
                self.delete_pointers(&mut live, &endless).await;
                Ok(outcome)
            };
            Ok(self.shared.connection.within(rotate).await?)
        })
    }

    fn touch<'a>(&'a self, request: &'a TouchRequest<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        let token = request.token;
        let Some(session) = token.session else {
            return self.status(&request.token);
        };
        let mut keys = self.keys(token.subject);
        let mut arguments = arguments![keys.cut_off(), keys.session(session), keys.index()];
        arguments.extend(token.jti.map(|jti| Vec::from(keys.token(jti))));
        let count = arguments.len();
        arguments.extend(arguments![
            record::time(token.now),
            record::time(token.since),
            session,
            record::end(request.ends),
            record::ttl(request.ends, token.now),
        ]);
        let call = self.shared.scripts.touch.call(count, arguments);
        let extend = self.extend(session, request.ends, token.now);
        Answer::later(async move {
            let touch = |mut live: Live| async move {
                let mut beside = live.clone();
                let (extended, touched) = tokio::join!(extend.send(&mut beside), call.send(&mut live));
                extended?;
                let is_active = answers::number(Some(&touched?))? == 1;
                Ok(if is_active { TokenStatus::Active } else { TokenStatus::Revoked })
            };
            Ok(self.shared.connection.within(touch).await?)
        })
    }

    fn list<'a>(&'a self, subject: &'a str, now: Timestamp) -> Answer<'a, Result<Vec<Session>, StoreError>> {
        let mut keys = self.keys(subject);
        let call = self.shared.scripts.list.call(1, arguments![keys.index(), record::time(now), keys.sessions()]);
        Answer::later(async move {
            let list = |mut live: Live| async move { answers::sessions(call.send(&mut live).await?) };
            Ok(self.shared.connection.within(list).await?)
        })
    }

    fn end<'a>(&'a self, request: &'a EndSessions<'_>) -> Answer<'a, Result<u64, StoreError>> {
        let (subject, call) = match *request {
            EndSessions::One { session, subject: Some(subject), now } => {
                let call = self.end_one(self.keys(subject), session, now);
                return Answer::later(async move {
                    let end = |mut live: Live| async move { self.count_ended(&mut live, call).await };
                    Ok(self.shared.connection.within(end).await?)
                });
            }
            EndSessions::One { session, subject: None, now } => return self.end_by_id(session, now),
            EndSessions::Others { subject, except, until, now } => {
                (subject, self.end_all(subject, &format!("={except}"), until, now))
            }
            EndSessions::All { subject, until, now } => (subject, self.end_all(subject, "-", until, now)),
            _ => {
                let why = "jwt-extended-redis is older than jwt-extended; use the same version of both";
                return Answer::Now(Err(StoreError::Unavailable(why.to_owned())));
            }
        };
        Answer::later(async move {
            let end = |mut live: Live| async move {
                let (Counted { count, endless }, left) = answers::ended(call.send(&mut live).await?)?;
                self.delete_pointers(&mut live, &endless).await;
                Ok((count, left))
            };
            let (count, left) = self.shared.connection.within(end).await?;
            if let Some(index) = left {
                self.sweep(index, self.keys(subject).sessions().to_owned()).await;
            }
            Ok(count)
        })
    }

    /// Does nothing: Redis deletes expired keys automatically.
    fn purge(&self, _: Timestamp, _: u32) -> Answer<'_, Result<u64, StoreError>> {
        Answer::Now(Ok(0))
    }
}

impl fmt::Debug for RedisStore {
    /// Leaves out the URL, because it contains a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { connection, prefix, feed: _, scripts: _ } = &*self.shared;
        f.debug_struct("RedisStore").field("connection", connection).field("prefix", prefix).finish_non_exhaustive()
    }
}
