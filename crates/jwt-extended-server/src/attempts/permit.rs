//! An attempt that was counted, until its outcome is reported.

use std::{mem, sync::Arc};

use jwt_extended_axum::jwt_extended::Timestamp;

use super::{ClientAddress, Count, CountersError, Inner, counters::Name, queues::Turn};
use crate::audit::{self, Actor, Event};

/// The permission to check one secret. Dropping it reports a failure: a client that disconnects has guessed too.
#[derive(Debug)]
#[must_use = "the attempt counts as a failure when the permit is dropped"]
pub struct Permit(Option<Counted>);

#[derive(Debug)]
struct Counted {
    attempts: Arc<Inner>,
    whose: Whose,
    address: Taken,
    account: Taken,
    /// The counter of the account at this address.
    here: Name,
    _turns: [Turn; 2],
}

/// A counter with this attempt.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) name: Name,
    /// The counter as this attempt left it.
    pub(super) count: Count,
    /// Whether this attempt begins a delay, if it fails.
    pub(super) locks: bool,
}

/// Whose secret is guessed, and from where. For the log.
#[derive(Debug)]
pub(super) struct Whose {
    user: Option<String>,
    client_id: Option<String>,
    address: ClientAddress,
}

impl Permit {
    pub(super) fn unlimited() -> Self {
        Self(None)
    }

    pub(super) fn new(
        attempts: Arc<Inner>,
        whose: Whose,
        (address, account): (Taken, Taken),
        here: Name,
        turns: [Turn; 2],
    ) -> Self {
        Self(Some(Counted { attempts, whose, address, account, here, _turns: turns }))
    }

    /// Reports that the secret was right. Forgets the failures of the account, or those of the account at this address
    /// if it was known, and remembers the address. The failures of the address stay.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn succeed(mut self, now: Timestamp) -> Result<(), CountersError> {
        let Some(Counted { attempts, address, account, here, .. }) = &mem::take(&mut self.0) else { return Ok(()) };
        attempts.take_back(address, now).await?;
        let known = Count::known_until(now.saturating_add(attempts.options.known_for));
        let renew = |count| move |_| Ok::<_, std::convert::Infallible>(count);
        if account.name == *here {
            return attempts.change(here, Some(account.count), now, renew(known)).await.map(drop);
        }
        attempts.change(&account.name, Some(account.count), now, renew(Count::known_until(now))).await.map(drop)?;
        let [old] = attempts.counters.load([here]).await?;
        attempts.change(here, old, now, renew(known)).await.map(drop)?;
        attempts.counters.keep_latest(&account.name, attempts.options.known_addresses).await
    }

    /// Reports that the secret was not checked, so that nobody has guessed.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn cancel(mut self, now: Timestamp) -> Result<(), CountersError> {
        let Some(Counted { attempts, address, account, .. }) = &mem::take(&mut self.0) else { return Ok(()) };
        attempts.take_back(address, now).await?;
        attempts.take_back(account, now).await
    }

    /// Reports that the secret was wrong.
    pub fn fail(self) {
        drop(self);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(Counted { whose, address, account, .. }) = &self.0 else { return };
        account.log_lock(whose);
        address.log_lock(&Whose::nobody(whose.address));
    }
}

impl Taken {
    /// Logs that a delay begins, once for the first one and once for that at the limit.
    pub(super) fn log_lock(&self, whose: &Whose) {
        if !self.locks {
            return;
        }
        let event = |name| Event::new(name, Actor::User).failures(whose.address, self.count.failures);
        match whose {
            Whose { user: Some(user), .. } => event(audit::Name::AccountLocked).subject(user).record(),
            Whose { client_id: Some(id), .. } => event(audit::Name::ClientLocked).client_id(id).record(),
            Whose { .. } => event(audit::Name::AddressLocked).record(),
        }
    }
}

impl Whose {
    pub(super) fn user(name: &str, address: ClientAddress) -> Self {
        Self { user: Some(name.to_owned()), client_id: None, address }
    }

    pub(super) fn client(id: &str, address: ClientAddress) -> Self {
        Self { user: None, client_id: Some(id.to_owned()), address }
    }

    pub(super) fn nobody(address: ClientAddress) -> Self {
        Self { user: None, client_id: None, address }
    }
}
