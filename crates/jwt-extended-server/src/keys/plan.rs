//! Which key signs when, and what is to be done about it: decisions from the rows of the table and the time.
//!
//! Knows no database and no clock. A key signs from its time until the next one does.

use std::time::Duration;

use jwt_extended_axum::{
    config::{KeySchedule, KeyState, ScheduledKey},
    jose::Key,
    jwt_extended::Timestamp,
};

use super::POLL;

/// What the table says of a key, without the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRow {
    pub(crate) kid: String,
    pub(crate) algorithm: String,
    pub(crate) master_id: String,
    pub(crate) published_at: Timestamp,
    /// From when it signs; `None` until that is decided.
    pub(crate) signs_from: Option<Timestamp>,
}

/// The keys at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) rows: &'a [KeyRow],
    pub(crate) now: Timestamp,
    /// How long a key is published before it signs.
    pub(crate) publication: Duration,
}

/// What a process does for `rotate_every`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// Make a key that follows this one, and let it sign from then on.
    Add {
        follows: String,
        signs_from: Timestamp,
    },
    /// Let the key that is there sign from then on.
    Sign {
        kid: String,
        signs_from: Timestamp,
    },
}

impl<'a> Plan<'a> {
    /// Returns the key that signs.
    pub(crate) fn active(&self) -> Option<&'a KeyRow> {
        self.rows.iter().filter(|row| self.has_begun(row)).max_by_key(|row| row.signs_from)
    }

    /// Returns the key that will sign.
    pub(crate) fn next(&self) -> Option<&'a KeyRow> {
        self.rows.iter().find(|row| !self.has_begun(row))
    }

    /// Returns what a key does now.
    pub(crate) fn state(&self, row: &KeyRow) -> KeyState {
        match self.active() {
            Some(active) if active.kid == row.kid => KeyState::Active,
            _ if self.has_begun(row) => KeyState::Retired,
            _ => KeyState::Next,
        }
    }

    /// Returns from when a published key may sign without a good token being refused.
    pub(crate) fn ready(&self, row: &KeyRow) -> Timestamp {
        row.published_at.saturating_add(self.publication).max(self.now)
    }

    /// Returns when another key began or begins to sign instead of this one.
    pub(crate) fn end(&self, row: &KeyRow) -> Option<Timestamp> {
        let begun = row.signs_from?;
        self.rows.iter().filter_map(|other| other.signs_from).filter(|other| *other > begun).min()
    }

    /// Returns what is to be done so that each key signs for `every`.
    pub(crate) fn due(&self, every: Duration) -> Due {
        let Some((active, begun)) = self.active().and_then(|row| Some((row, row.signs_from?))) else {
            return Due::Nothing;
        };
        let due = begun.saturating_add(every);
        if self.now.saturating_add(self.publication) < due {
            return Due::Nothing;
        }
        match self.next() {
            None => {
                Due::Add { follows: active.kid.clone(), signs_from: due.max(self.now.saturating_add(self.publication)) }
            }
            Some(KeyRow { signs_from: Some(_), .. }) => Due::Nothing,
            Some(row) => Due::Sign { kid: row.kid.clone(), signs_from: due.max(self.ready(row)) },
        }
    }

    /// Returns the schedule of these keys. `key_of` returns the key of a row.
    pub(crate) fn schedule<E>(&self, mut key_of: impl FnMut(&KeyRow) -> Result<Key, E>) -> Result<KeySchedule, E> {
        self.rows.iter().try_fold(KeySchedule::new(), |schedule, row| {
            let key = key_of(row)?;
            let Some(begin) = row.signs_from else { return Ok(schedule.verifying_key(key)) };
            let key = ScheduledKey::new(key).not_before(begin);
            // A process that has not heard of the rotation yet signs with the old key a little longer.
            let end = self.end(row).map(|end| end.saturating_add(POLL * 12));
            Ok(schedule.key(end.into_iter().fold(key, ScheduledKey::retire_at)))
        })
    }

    fn has_begun(&self, row: &KeyRow) -> bool {
        row.signs_from.is_some_and(|begin| begin <= self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn row(kid: &str, published: u64, signs: Option<u64>) -> KeyRow {
        let (algorithm, master_id) = ("HS256".to_owned(), String::new());
        KeyRow { kid: kid.to_owned(), algorithm, master_id, published_at: at(published), signs_from: signs.map(at) }
    }

    fn plan(rows: &[KeyRow], now: u64) -> Plan<'_> {
        Plan { rows, now: at(now), publication: Duration::from_mins(5) }
    }

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn the_key_that_began_last_signs() {
        let rows = [row("a", 0, Some(0)), row("b", 0, Some(1000)), row("c", 0, None)];
        let states = |now| rows.each_ref().map(|row| plan(&rows, now).state(row));
        assert_eq!(states(999), [KeyState::Active, KeyState::Next, KeyState::Next]);
        assert_eq!(states(1000), [KeyState::Retired, KeyState::Active, KeyState::Next]);
        assert_eq!(plan(&rows, 5).end(&rows[0]), Some(at(1000)));
        assert_eq!(plan(&rows, 5).end(&rows[1]), None);
    }

    #[test]
    fn a_key_may_sign_when_it_has_been_published_long_enough() {
        let rows = [row("a", 0, Some(0)), row("b", 1000, None)];
        assert_eq!(plan(&rows, 1100).ready(&rows[1]), at(1300));
        assert_eq!(plan(&rows, 2000).ready(&rows[1]), at(2000));
    }

    #[test]
    fn a_successor_is_published_before_it_is_due() {
        let rows = [row("a", 0, Some(0))];
        assert_eq!(plan(&rows, 86_099).due(DAY), Due::Nothing);
        let add = |signs| Due::Add { follows: "a".to_owned(), signs_from: at(signs) };
        assert_eq!(plan(&rows, 86_100).due(DAY), add(86_400));
        assert_eq!(
            plan(&rows, 100_000).due(DAY),
            add(100_300),
            "after an outage it is late, and published all the same"
        );
    }

    #[test]
    fn a_prepared_key_is_the_one_that_rotates_in() {
        let rows = [row("a", 0, Some(0)), row("b", 86_200, None)];
        assert_eq!(plan(&rows, 86_300).due(DAY), Due::Sign { kid: "b".to_owned(), signs_from: at(86_500) });
        let decided = [row("a", 0, Some(0)), row("b", 86_200, Some(86_500))];
        assert_eq!(plan(&decided, 86_300).due(DAY), Due::Nothing);
        assert_eq!(plan(&decided, 86_501).due(DAY), Due::Nothing);
    }

    #[test]
    fn the_schedule_signs_with_one_key_and_accepts_all() {
        let rows = [row("a", 0, Some(0)), row("b", 0, Some(1000)), row("c", 0, None)];
        let key = |row: &KeyRow| Key::hs256("Zk3vQy8wTn0rXc5uHb2mLs7fJd4gPa9e").unwrap().with_kid(&row.kid);
        let rings = plan(&rows, 0).schedule(key).unwrap().rings(Duration::from_mins(1).into()).unwrap();
        let signing = |now| rings.at(at(now)).signing_key().and_then(Key::kid).map(str::to_owned);
        let accepted = |now| rings.at(at(now)).verifying_keys().len();
        assert_eq!([signing(999), signing(1000)], [Some("a".to_owned()), Some("b".to_owned())]);
        // A minute for the processes, and the lifetime of a token.
        assert_eq!([accepted(999), accepted(1000), accepted(1119), accepted(1120)], [3, 3, 3, 2]);
    }
}
