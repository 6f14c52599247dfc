//! Scripts of the app: one atomic step on keys of its own, over the store's connection and within its time limit.
//!
//! It knows nothing of sessions.

use jwt_extended::session::StoreError;
use redis::Value;

use crate::{
    RedisStore, answers,
    connection::{Failure, Live},
    scripts::Script,
};

/// A Lua script of the app for [`RedisStore::run`]. Make it once, and run it often: Redis keeps what it has loaded.
pub struct AppScript(Script);

impl AppScript {
    /// Takes the code. It finds its keys in `KEYS` and its arguments in `ARGV`, and returns a table of integers.
    pub fn new(code: impl Into<String>) -> Self {
        Self(Script::of_whole(code.into()))
    }
}

impl std::fmt::Debug for AppScript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppScript")
    }
}

impl RedisStore {
    /// Runs a script of the app as one atomic step, within the time limit of the store. Each key gets the store's
    /// prefix and `:app:` before it, so that it is no key of the store. In a cluster, all keys must share a hash tag.
    ///
    /// ```no_run
    /// use jwt_extended_redis::{AppScript, RedisStore};
    ///
    /// # async fn example(store: RedisStore) -> Result<(), jwt_extended::session::StoreError> {
    /// let count = AppScript::new("return { redis.call('INCRBY', KEYS[1], ARGV[1]) }");
    /// let total = store.run(&count, &["visitors"], &["2"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If Redis does not answer in time, rejects the script, or the reply is no list of integers.
    pub async fn run(&self, script: &AppScript, keys: &[&str], arguments: &[&str]) -> Result<Vec<i64>, StoreError> {
        let prefix = &self.shared.prefix;
        let keys = keys.iter().map(|key| format!("{prefix}:app:{key}").into_bytes());
        let count = keys.len();
        let all = keys.chain(arguments.iter().map(|argument| argument.as_bytes().to_vec())).collect();
        let call = script.0.call(count, all);
        let reply = |mut live: Live| async move {
            let items = answers::items(call.send(&mut live).await?)?;
            let number = |item| if let Value::Int(number) = item { Ok(number) } else { Err(Failure::Foreign) };
            items.map(number).collect()
        };
        Ok(self.shared.connection.within(reply).await?)
    }
}
