//! The steps: what a store runs for each of its methods, over one connection to either database.
//!
//! A step owns its arguments, as they are stored, because the SQLite writer runs it in another task. (Copying them
//! takes less than a microsecond; the fastest step takes sixty.) Each of its statements is atomic and compares before
//! it sets, so a step needs no transaction, except where it locks its subject. No statement reads the database's clock.

mod end;
mod revoke;
mod session;
mod token;

use std::future::Future;

use sqlx::Error;

pub(crate) use self::{
    end::{End, Sweep},
    revoke::{Purge, Revoke},
    session::{List, Open},
    token::{Rotate, Stand, Status, Touch},
};
use super::connection::Connection;

/// One call to a store.
#[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "only PostgreSQL locks subjects and repeats steps"))]
pub(crate) trait Step: Send + Sync + 'static {
    /// What the call returns.
    type Reply: Send + 'static;

    /// Returns the subject whose steps of this kind must not run at the same time. Such a step needs a transaction.
    ///
    /// SQLite needs no lock: there, each transaction that writes excludes all others.
    fn locked_subject(&self) -> Option<&str> {
        None
    }

    /// Whether running the step again gives the same reply, if the connection broke and the first run may have
    /// succeeded.
    fn is_repeatable(&self) -> bool {
        true
    }

    /// Runs the step.
    fn run<C: Connection>(
        &self,
        connection: &mut C,
        run: Run,
    ) -> impl Future<Output = Result<Self::Reply, Error>> + Send;
}

/// Which run of a step this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// The first run.
    First,
    /// The connection broke during the first run, which may have succeeded.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "only PostgreSQL repeats steps"))]
    Second,
}

/// Builds the arguments of a statement.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::shared::connection::Value::from($value)),*] };
}
use values;
