//! The counters in Redis, over the connection of the store of sessions. Each step is one atomic script, and Redis
//! deletes counters itself when they no longer count.

use std::{fmt, sync::Arc, time::Duration};

use jwt_extended_axum::{jwt_extended::Timestamp, session::StoreError};
use jwt_extended_redis::{AppScript, RedisStore};

use super::{Count, CountersError, Name, micros};

/// How much longer than needed Redis keeps a counter: its clock may be ahead of the server's.
const RESERVE: Duration = Duration::from_mins(1);

#[derive(Clone)]
pub(super) struct Redis {
    store: RedisStore,
    script: Arc<AppScript>,
}

impl Redis {
    pub(super) fn new(store: RedisStore) -> Self {
        Self { store, script: Arc::new(AppScript::new(include_str!("counters.lua"))) }
    }

    pub(super) async fn load<const N: usize>(&self, names: [&Name; N]) -> Result<[Option<Count>; N], CountersError> {
        let keys = names.map(|name| key(name.as_str()));
        let numbers = self.run(&keys.each_ref().map(String::as_str), &["load"]).await?;
        if numbers.len() != 5 * N {
            return Err(foreign());
        }
        let mut counts = numbers.chunks_exact(5).map(|numbers| match *numbers {
            [1, failures, allowed_at, forget_at, kept_until] => {
                Some(Count { failures, allowed_at, forget_at, kept_until })
            }
            _ => None,
        });
        Ok(names.map(|_| counts.next().flatten()))
    }

    pub(super) async fn swap(
        &self,
        name: &Name,
        old: Option<Count>,
        new: Count,
        now: Timestamp,
    ) -> Result<bool, CountersError> {
        let kept = u64::try_from(new.kept_until.saturating_sub(micros(now))).unwrap_or(0);
        let ttl = Duration::from_micros(kept).saturating_add(RESERVE).as_millis().to_string();
        let texts =
            |count: Count| [count.failures, count.allowed_at, count.forget_at, count.kept_until].map(|n| n.to_string());
        let (new, old) = (texts(new), old.map(texts));
        let mut arguments = vec!["swap", &ttl, if old.is_some() { "1" } else { "0" }];
        arguments.extend(new.iter().map(String::as_str));
        arguments.extend(old.iter().flatten().map(String::as_str));
        let (counter, set) = (key(name.as_str()), set(&name.account));
        let keys = [counter.as_str(), set.as_str()];
        let keys = if name.is_known { &keys[..] } else { &keys[..1] };
        Ok(self.run(keys, &arguments).await? == [1])
    }

    pub(super) async fn forgive(&self, account: &str) -> Result<u64, CountersError> {
        match *self.run(&[&key(account), &set(account)], &["forgive"]).await? {
            [forgiven] => u64::try_from(forgiven).map_err(|_| foreign()),
            _ => Err(foreign()),
        }
    }

    pub(super) async fn keep_latest(&self, account: &Name, at_most: u32) -> Result<(), CountersError> {
        self.run(&[&set(&account.account)], &["keep_latest", &at_most.to_string()]).await.map(drop)
    }

    /// Does nothing: Redis deletes expired keys automatically.
    #[expect(clippy::unused_async, reason = "the counters of databases have work to do")]
    pub(super) async fn purge(&self, _: i64, _: u32) -> Result<u64, CountersError> {
        Ok(0)
    }

    async fn run(&self, keys: &[&str], arguments: &[&str]) -> Result<Vec<i64>, CountersError> {
        let failed = |error: StoreError| CountersError(error.to_string());
        self.store.run(&self.script, keys, arguments).await.map_err(failed)
    }
}

fn key(name: &str) -> String {
    format!("attempts:{name}")
}

/// Names the set of the known addresses of an account.
fn set(account: &str) -> String {
    format!("known:{account}")
}

fn foreign() -> CountersError {
    CountersError("a key holds something that another program has written".to_owned())
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}
