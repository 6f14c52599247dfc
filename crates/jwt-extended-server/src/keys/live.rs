//! [`LiveKeys`]: follows the table or the folder, and gives a manager each new schedule.
//!
//! A place that does not answer changes nothing: the manager keeps its keys, and the log says so once.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    time::Duration,
};

use jwt_extended_axum::{
    Config, JwtManager,
    config::KeySchedule,
    jose::{Algorithm, Key, VerifyingKey},
    jwt_extended::{Clock as _, SystemClock, Timestamp},
};

use super::{
    KeyPlace, KeyRow, KeyTable, KeysError, MasterKey, POLL, Plan,
    folder::{self, Folder, KeyFile},
    publication,
    table::Outcome,
};
use crate::{
    Database,
    audit::{Actor, Event, Name},
};

/// The keys of a running server.
pub(crate) struct LiveKeys {
    place: Place,
    publication: Duration,
    /// The last complaint, which is not repeated.
    complaint: Option<String>,
}

enum Place {
    Store(Sealed),
    Folder { folder: Folder, files: Vec<KeyFile>, seen: BTreeMap<String, Timestamp> },
}

struct Sealed {
    table: KeyTable,
    master: MasterKey,
    algorithm: Algorithm,
    rotate_every: Option<Duration>,
    /// What the manager has taken up.
    keys: Vec<(KeyRow, Key)>,
}

impl LiveKeys {
    /// Reads the keys, and returns them with their schedule. `store` is the name of the database.
    ///
    /// # Errors
    /// If no key signs, or the keys cannot be read.
    pub(crate) async fn open(
        place: KeyPlace,
        database: Option<Database>,
        store: &str,
        config: &Config,
        now: Timestamp,
    ) -> Result<(Self, KeySchedule), KeysError> {
        let publication = publication(config);
        let (place, schedule) = match place {
            KeyPlace::Store { master, algorithm, rotate_every } => {
                let table = KeyTable::open(database.ok_or(KeysError::NoKeyTable)?.pool).await?;
                let rows = table.rows().await?;
                if rows.is_empty() {
                    return Err(KeysError::NoKeys(store.to_owned()));
                }
                KeyTable::demand_master(&rows, &master)?;
                let keys = table.keys(&rows, &master).await?;
                let schedule = schedule(&keys, now, publication)?;
                (Place::Store(Sealed { table, master, algorithm, rotate_every, keys }), schedule)
            }
            KeyPlace::Folder(folder) => {
                let files = folder.read()?;
                let schedule = folder::schedule(&files, &BTreeMap::new(), publication);
                (Place::Folder { folder, files, seen: BTreeMap::new() }, schedule)
            }
        };
        Ok((Self { place, publication, complaint: None }, schedule))
    }

    /// Follows the changes until the task is aborted.
    pub(crate) async fn follow(mut self, jwt: JwtManager) {
        loop {
            tokio::time::sleep(POLL).await;
            self.look(&jwt, SystemClock.now()).await;
        }
    }

    /// Looks for changes once, and logs what is wrong, once.
    async fn look(&mut self, jwt: &JwtManager, now: Timestamp) {
        match self.update(jwt, now).await {
            Ok(()) => {
                if self.complaint.take().is_some() {
                    tracing::info!("the keys can be read again");
                }
            }
            Err(error) => {
                let complaint = error.to_string();
                if self.complaint.as_ref() != Some(&complaint) {
                    tracing::error!(error = complaint, "the keys stay as they are");
                    self.complaint = Some(complaint);
                }
            }
        }
    }

    /// Takes up what has changed, and rotates if that is due.
    async fn update(&mut self, jwt: &JwtManager, now: Timestamp) -> Result<(), KeysError> {
        let publication = self.publication;
        match &mut self.place {
            Place::Store(sealed) => sealed.update(jwt, now, publication).await,
            Place::Folder { folder, files, seen } => {
                let current = folder.read()?;
                if current != *files {
                    folder::remember(seen, files, &current, now);
                    jwt.replace_key_schedule(&folder::schedule(&current, seen, publication))?;
                    let before = mem::replace(files, current);
                    log_kids(before.iter().map(KeyFile::kid), files.iter().map(KeyFile::kid));
                }
                Ok(())
            }
        }
    }
}

impl Sealed {
    async fn update(&mut self, jwt: &JwtManager, now: Timestamp, publication: Duration) -> Result<(), KeysError> {
        let rows = self.take_up(jwt, now, publication).await?;
        let plan = Plan { rows: &rows, now, publication };
        if let Some(every) = self.rotate_every
            && self.table.rotate_when_due(plan, every, self.algorithm, &self.master).await? == Outcome::Done
        {
            self.take_up(jwt, now, publication).await?;
        }
        self.forget(jwt, plan).await
    }

    /// Reads the rows, and if they have changed the keys.
    async fn take_up(
        &mut self,
        jwt: &JwtManager,
        now: Timestamp,
        publication: Duration,
    ) -> Result<Vec<KeyRow>, KeysError> {
        let rows = self.table.rows().await?;
        if !rows.iter().eq(self.keys.iter().map(|(row, _)| row)) {
            KeyTable::demand_master(&rows, &self.master)?;
            let keys = self.table.keys(&rows, &self.master).await?;
            jwt.replace_key_schedule(&schedule(&keys, now, publication)?)?;
            let before = mem::replace(&mut self.keys, keys);
            log_rows(&before, &self.keys);
        }
        Ok(rows)
    }

    /// Removes the keys whose last token has expired, so that no private key is kept for nothing.
    async fn forget(&self, jwt: &JwtManager, plan: Plan<'_>) -> Result<(), KeysError> {
        let ring = jwt.key_ring();
        let is_accepted = |kid: &str| ring.verifying_keys().iter().any(|key| VerifyingKey::kid(key) == Some(kid));
        for row in plan.rows {
            let has_ended = plan.end(row).is_some_and(|end| end < plan.now);
            if has_ended && !is_accepted(&row.kid) && self.keys.iter().any(|(known, _)| known == row) {
                // The next look takes it up. Another process may have removed it meanwhile.
                self.table.remove(&row.kid, plan.now).await?;
            }
        }
        Ok(())
    }
}

/// Logs which rows differ. Every process does, so that each log is complete.
fn log_rows(before: &[(KeyRow, Key)], after: &[(KeyRow, Key)]) {
    let kid = |(row, _): &'_ (KeyRow, Key)| row.kid.clone();
    let (old, new): (Vec<_>, Vec<_>) = (before.iter().map(kid).collect(), after.iter().map(kid).collect());
    log_kids(old.iter().map(String::as_str), new.iter().map(String::as_str));
    for (row, _) in after {
        let earlier = before.iter().find(|(earlier, _)| earlier.kid == row.kid).and_then(|(row, _)| row.signs_from);
        if let Some(begin) = row.signs_from.filter(|begin| Some(*begin) != earlier) {
            seen(Name::KeyRotated, &row.kid).from(begin.as_secs()).record();
        }
    }
}

/// Logs which keys are new, and which are gone.
fn log_kids<'k>(before: impl Iterator<Item = &'k str>, after: impl Iterator<Item = &'k str>) {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (before.collect(), after.collect());
    for kid in after.difference(&before) {
        seen(Name::KeyAdded, kid).record();
    }
    for kid in before.difference(&after) {
        seen(Name::KeyRetired, kid).record();
    }
}

/// Begins the audit event of a change that the server has seen.
fn seen(name: Name, kid: &str) -> Event {
    Event::new(name, Actor::Server).kid(kid)
}

/// Returns the schedule of the keys, one of which must sign.
fn schedule(keys: &[(KeyRow, Key)], now: Timestamp, publication: Duration) -> Result<KeySchedule, KeysError> {
    let rows: Vec<_> = keys.iter().map(|(row, _)| row.clone()).collect();
    let plan = Plan { rows: &rows, now, publication };
    plan.active().ok_or(KeysError::NoneSigns)?;
    plan.schedule(|wanted| {
        let found = keys.iter().find(|(row, _)| row.kid == wanted.kid);
        found.map(|(_, key)| key.clone()).ok_or(KeysError::NoneSigns)
    })
}

#[cfg(test)]
mod tests;
