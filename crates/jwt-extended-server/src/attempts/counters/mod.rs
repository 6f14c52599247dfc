//! The counters in the store, which all processes on that store share. A step reads counters, or replaces one if it is
//! still as it was read. So each step is atomic, and the rules exist once, outside of the stores.
//!
//! It knows nothing of rules, and does not know what is counted.

mod database;
mod memory;
mod redis;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jwt_extended_axum::jwt_extended::Timestamp;
use jwt_extended_redis::RedisStore;
use sha2::{Digest as _, Sha256};

use self::{database::Database, memory::Memory, redis::Redis};
use super::rule::Count;
use crate::sql::{Pool, Unavailable, micros};

/// The counters of a store. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Counters(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Memory(Memory),
    Database(Database),
    Redis(Redis),
}

/// The store did not answer, so nobody knows how many attempts there were.
#[derive(Debug, thiserror::Error)]
#[error("the counters of attempts are unavailable: {0}")]
pub struct CountersError(String);

/// The name of a counter, of a bounded length whatever it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The counter.
    text: String,
    /// The account to which it belongs; empty for an address.
    account: String,
    /// Whether it is that of an account at a known address.
    is_known: bool,
}

impl Name {
    /// Names the counter of an account, or of a client of the server.
    pub(super) fn of_account(kind: &str, account: &str) -> Self {
        let account = format!("{kind}:{}", digest(account));
        Self { text: account.clone(), account, is_known: false }
    }

    /// Names the counter of this account at an address.
    pub(super) fn at(&self, address: &str) -> Self {
        Self { text: format!("{}:{}", self.account, digest(address)), account: self.account.clone(), is_known: true }
    }

    /// Names the counter of an address.
    pub(super) fn of_address(kind: &str, address: &str) -> Self {
        Self { text: format!("{kind}-address:{}", digest(address)), account: String::new(), is_known: false }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

/// Returns the SHA-256 digest of a text. A store can index it, whatever a client has sent.
fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

/// Runs a step of whichever store it is.
macro_rules! step {
    ($counters:expr, $store:ident => $step:expr) => {
        match &$counters.0 {
            Kind::Memory($store) => Ok($step),
            Kind::Database($store) => $step.await,
            Kind::Redis($store) => $step.await,
        }
    };
}

impl CountersError {
    /// Very many processes change a counter at once.
    pub(super) fn crowded() -> Self {
        Self("too many processes change a counter at once".to_owned())
    }
}

impl From<Unavailable> for CountersError {
    fn from(Unavailable(why): Unavailable) -> Self {
        Self(why)
    }
}

impl Counters {
    /// Counts in memory.
    pub(crate) fn in_memory() -> Self {
        Self(Kind::Memory(Memory::default()))
    }

    /// Counts in an SQL database, and creates the table if it is missing.
    pub(crate) async fn in_sql(pool: Pool) -> Result<Self, CountersError> {
        Database::open(pool).await.map(|database| Self(Kind::Database(database)))
    }

    /// Counts in Redis.
    pub(crate) fn in_redis(store: RedisStore) -> Self {
        Self(Kind::Redis(Redis::new(store)))
    }

    /// Reads counters, in order. One that may be deleted may still be there.
    pub(super) async fn load<const N: usize>(&self, names: [&Name; N]) -> Result<[Option<Count>; N], CountersError> {
        step!(self, store => store.load(names))
    }

    /// Replaces a counter, if it is still as it was read, and returns whether it was.
    pub(super) async fn swap(
        &self,
        name: &Name,
        old: Option<Count>,
        new: Count,
        now: Timestamp,
    ) -> Result<bool, CountersError> {
        step!(self, store => store.swap(name, old, new, now))
    }

    /// Forgets the failures of an account and of its known addresses, which stay known. Returns how many counters had
    /// failures.
    pub(super) async fn forgive(&self, account: &Name) -> Result<u64, CountersError> {
        step!(self, store => store.forgive(&account.account))
    }

    /// Deletes the known addresses of an account, except those from which it logged in last.
    pub(super) async fn keep_latest(&self, account: &Name, at_most: u32) -> Result<(), CountersError> {
        step!(self, store => store.keep_latest(account, at_most))
    }

    /// Deletes counters that no longer count, at most so many, and returns how many there were.
    pub(super) async fn purge(&self, now: Timestamp, at_most: u32) -> Result<u64, CountersError> {
        step!(self, store => store.purge(micros(now), at_most))
    }
}
