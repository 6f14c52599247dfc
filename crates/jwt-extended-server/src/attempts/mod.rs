//! Limits how often somebody may guess a secret: for each account, and for each address.
//!
//! An attempt counts before its secret is checked, and is taken back if the secret was right. So parallel guesses do
//! not pass together. All processes on one store share the counters.
//!
//! An account has one counter for all unknown addresses, and one for each address from which its user has logged in
//! before. So somebody who guesses elsewhere does not lock the user out. It knows nothing of passwords and of HTTP,
//! except for the address of a client.

mod address;
mod counters;
mod options;
mod permit;
mod queues;
mod rule;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use jwt_extended_axum::jwt_extended::Timestamp;

pub use self::{address::ClientAddress, counters::CountersError, permit::Permit};
pub(crate) use self::{counters::Counters, options::GuessingOptions};
use self::{
    counters::Name,
    permit::{Taken, Whose},
    queues::{Busy, Queues},
    rule::{Count, Rule, TooEarly, refuse_early},
};
use crate::users::normalized;

/// How many attempts of an account are checked at the same time in one process.
const AT_ONCE_OF_ACCOUNT: usize = 2;
/// How many attempts of an address are checked at the same time in one process: more than passwords are.
const AT_ONCE_OF_ADDRESS: usize = 8;
/// How often a step is repeated if another process has changed the counter meanwhile. One of them always succeeds.
const TRIES: usize = 64;

/// The limits of guessing. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Attempts(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    counters: Counters,
    options: GuessingOptions,
    queues: Queues,
}

/// Whose secret is guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Guess<'a> {
    /// The password of a user, by a name in any spelling, whether or not there is such a user.
    Login {
        /// The name.
        name: &'a str,
    },
    /// The secret of a program that is a client of the server.
    Client {
        /// The client's id, whether or not there is such a client.
        id: &'a str,
    },
}

/// Why an attempt is refused without a check of its secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// There were too many failures.
    #[error("too many attempts; the next one is allowed in {wait:?}")]
    TooMany {
        /// How long to wait.
        wait: Duration,
    },
    /// Too many attempts are being checked.
    #[error("too many attempts at once")]
    Busy,
    /// Nobody knows how many attempts there were.
    #[error(transparent)]
    Unavailable(#[from] CountersError),
}

impl From<TooEarly> for Refused {
    fn from(TooEarly { wait }: TooEarly) -> Self {
        Self::TooMany { wait }
    }
}

impl From<Busy> for Refused {
    fn from(Busy: Busy) -> Self {
        Self::Busy
    }
}

impl Attempts {
    pub(crate) fn new(counters: Counters, options: GuessingOptions) -> Self {
        Self(options.enabled.then(|| Arc::new(Inner { counters, options, queues: Queues::default() })))
    }

    /// Counts in memory, with the options of the section `[guessing]` in TOML, for tests.
    ///
    /// # Errors
    /// The text of the mistake.
    pub fn in_memory(section: &str) -> Result<Self, String> {
        let options = toml::from_str(section).map_err(|error| error.to_string())?;
        Ok(Self::new(Counters::in_memory(), options))
    }

    /// Counts an attempt, or refuses it. Ask before the secret is checked, and report the outcome to the permit.
    ///
    /// # Errors
    /// If the attempt must wait, too many are being checked, or the store does not answer.
    pub async fn begin(&self, guess: Guess<'_>, client: ClientAddress, now: Timestamp) -> Result<Permit, Refused> {
        let Some(inner) = &self.0 else { return Ok(Permit::unlimited()) };
        let (whose, account) = match guess {
            Guess::Login { name } => {
                let name = normalized(name).unwrap_or_else(|| name.to_owned());
                let account = name_of_login(&name);
                (Whose::user(&name, client), account)
            }
            Guess::Client { id } => (Whose::client(id, client), Name::of_account("client", id)),
        };
        let address = Name::of_address("login", &client.to_string());
        let here = account.at(&client.to_string());
        // In this order everywhere, so that no two attempts wait for each other.
        let turn_of_address = inner.queues.turn(address.as_str(), AT_ONCE_OF_ADDRESS).await?;
        let loaded @ [_, _, known] = inner.counters.load([&address, &account, &here]).await?;
        let known = known.filter(|count| count.is_kept(now));
        let counter = if known.is_some() { &here } else { &account };
        let [of_address, of_account, _] = loaded;
        for count in [of_address, known.or(of_account)].iter().flatten() {
            refuse_early(count, now)?;
        }
        let turn_of_account = inner.queues.turn(counter.as_str(), AT_ONCE_OF_ACCOUNT).await?;
        let address = inner.take(&address, of_address, &inner.options.address, now).await?;
        let taken = match known {
            Some(known) => inner.take_known(&here, known, now).await,
            None => Ok(None),
        };
        let taken = match taken {
            Ok(None) => inner.take(&account, of_account, &inner.options.account, now).await,
            Ok(Some(taken)) => Ok(taken),
            Err(refused) => Err(refused),
        };
        match taken {
            Ok(taken) => {
                Ok(Permit::new(Arc::clone(inner), whose, (address, taken), here, [turn_of_address, turn_of_account]))
            }
            Err(refused) => {
                // This attempt is not checked, so that it is no guess of the address.
                inner.take_back(&address, now).await?;
                Err(refused)
            }
        }
    }

    /// Counts a refresh token that was refused. A good one costs nothing, and is never refused for those of others.
    ///
    /// # Errors
    /// If there were too many of them from this address, or the store does not answer.
    pub async fn count_bad_refresh(&self, client: ClientAddress, now: Timestamp) -> Result<(), Refused> {
        let Some(inner) = &self.0 else { return Ok(()) };
        let name = Name::of_address("refresh", &client.to_string());
        let [old] = inner.counters.load([&name]).await?;
        let taken = inner.take(&name, old, &inner.options.address, now).await?;
        taken.log_lock(&Whose::nobody(client));
        Ok(())
    }

    /// Deletes counters that no longer count, at most so many, and returns how many there were.
    pub(crate) async fn purge(&self, now: Timestamp, at_most: u32) -> Result<u64, CountersError> {
        match &self.0 {
            Some(inner) => inner.counters.purge(now, at_most).await,
            None => Ok(0),
        }
    }
}

/// Forgets the failed logins of a user, by the name as it is stored. Returns how many counters had any.
pub(crate) async fn unlock(counters: &Counters, name: &str) -> Result<u64, CountersError> {
    let name = normalized(name).unwrap_or_else(|| name.to_owned());
    counters.forgive(&name_of_login(&name)).await
}

fn name_of_login(name: &str) -> Name {
    Name::of_account("login", name)
}

/// The address is no longer known: its counter was deleted.
enum Missed {
    Gone,
    Early(TooEarly),
}

impl Inner {
    /// Counts an attempt.
    async fn take(&self, name: &Name, old: Option<Count>, rule: &Rule, now: Timestamp) -> Result<Taken, Refused> {
        let count = self.change(name, old, now, |old| rule.attempt(old, now)).await??;
        Ok(Taken { name: name.clone(), count, locks: rule.locks(count.failures) })
    }

    /// Counts an attempt of an account at a known address; `None` if it has just ceased to be known.
    async fn take_known(&self, name: &Name, old: Count, now: Timestamp) -> Result<Option<Taken>, Refused> {
        let rule = &self.options.account;
        let attempt = |old: Option<Count>| {
            let old = old.filter(|count| count.is_kept(now)).ok_or(Missed::Gone)?;
            rule.attempt(Some(old), now).map_err(Missed::Early)
        };
        match self.change(name, Some(old), now, attempt).await? {
            Ok(count) => Ok(Some(Taken { name: name.clone(), count, locks: rule.locks(count.failures) })),
            Err(Missed::Gone) => Ok(None),
            Err(Missed::Early(early)) => Err(early.into()),
        }
    }

    /// Takes back an attempt that did not fail.
    async fn take_back(&self, taken: &Taken, now: Timestamp) -> Result<(), CountersError> {
        let back = |old: Option<Count>| old.map(|old| old.without(taken.count)).ok_or(());
        // Without a counter, there is nothing to take back.
        self.change(&taken.name, Some(taken.count), now, back).await.map(drop)
    }

    /// Changes a counter by a rule, which runs again if another attempt was faster.
    async fn change<E>(
        &self,
        name: &Name,
        mut old: Option<Count>,
        now: Timestamp,
        rule: impl Fn(Option<Count>) -> Result<Count, E>,
    ) -> Result<Result<Count, E>, CountersError> {
        for _ in 0..TRIES {
            let new = match rule(old) {
                Ok(new) => new,
                Err(refused) => return Ok(Err(refused)),
            };
            if self.counters.swap(name, old, new, now).await? {
                return Ok(Ok(new));
            }
            [old] = self.counters.load([name]).await?;
        }
        Err(CountersError::crowded())
    }
}
