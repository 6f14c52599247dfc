//! What a process knows of sessions and tokens: those that the store has vouched for, and those that were revoked.
//!
//! Each change gets a number. An answer of the store is remembered only if no change that may concern it has got a
//! number since the store was asked. Otherwise an answer that is late would bring back a session that has ended.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use super::{
    feed::{Change, SubjectDigest},
    heard::{Heard, Moment},
};
use crate::{
    session::{Standing, TokenIds, TokenStatus, ids::Ids},
    sync::{AtomicBool, AtomicU64, AtomicUsize, Ordering, RwLock, read, write},
    time::{Clock, Timestamp},
};

/// The number of shards. A full shard is emptied, so many shards forget little at once.
const SHARDS: usize = 64;
/// The number of changed subjects at which their sessions are deleted.
const MANY_SUBJECTS: usize = 1024;
/// The number of revoked tokens from which expired ones are worth deleting.
const FEW_TOKENS: usize = 64;

/// The number of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(u64);

/// What the process knows.
pub(super) struct Known {
    staleness: Duration,
    capacity: usize,
    clock: Arc<dyn Clock>,
    heard: Heard,
    /// Whether a revoked token had no place. Then the memory counts no more until it is loaded again.
    overflowed: AtomicBool,
    /// The number of the latest change.
    latest: AtomicU64,
    /// Answers to questions from before this change are not remembered.
    floor: AtomicU64,
    revoked: RwLock<Revoked>,
    /// How many revoked tokens there are. Few apps revoke single tokens, and then a check takes no lock.
    revoked_count: AtomicUsize,
    /// The latest change of each changed subject, by its tag.
    subjects: RwLock<HashMap<u32, Number>>,
    subjects_count: AtomicUsize,
    shards: [RwLock<Shard>; SHARDS],
    /// The secret for hashing subjects.
    secret: RandomState,
}

struct Revoked {
    tokens: Ids<Option<Timestamp>>,
    clear_at: usize,
}

struct Shard {
    sessions: Ids<Session>,
    /// The subjects whose tokens without a session the store has vouched for.
    subjects: Ids<Subject>,
    /// The latest change of one of its sessions.
    changed: Number,
}

/// A session for which the store has vouched, in 24 bytes.
struct Session {
    subject_hash: u64,
    asked: Number,
    /// The tag of its subject.
    tag: u32,
    /// In seconds; [`NEVER`] for never.
    ends: u32,
}

struct Subject {
    /// The store has vouched for tokens that were issued then.
    since: Timestamp,
    asked: Number,
    /// The tag of its subject.
    tag: u32,
}

const NEVER: u32 = u32::MAX;

impl Known {
    pub(super) fn new(staleness: Duration, capacity: usize, clock: Arc<dyn Clock>) -> Self {
        let shard = |_| RwLock::new(Shard { sessions: Ids::new(), subjects: Ids::new(), changed: Number(0) });
        Self {
            staleness,
            capacity,
            clock,
            heard: Heard::never(),
            overflowed: AtomicBool::new(false),
            latest: AtomicU64::new(0),
            floor: AtomicU64::new(0),
            revoked: RwLock::new(Revoked { tokens: Ids::new(), clear_at: FEW_TOKENS }),
            revoked_count: AtomicUsize::new(0),
            subjects: RwLock::default(),
            subjects_count: AtomicUsize::new(0),
            shards: std::array::from_fn(shard),
            secret: RandomState::new(),
        }
    }

    pub(super) fn staleness(&self) -> Duration {
        self.staleness
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn moment(&self) -> Moment {
        Moment::now(self.now())
    }

    /// Whether the memory counts.
    pub(super) fn is_current(&self, now: Timestamp) -> bool {
        self.heard.is_within(self.staleness, now) && !self.overflowed.load(Ordering::Acquire)
    }

    /// Whether the store has vouched for a token, and no change has been reported since.
    pub(super) fn vouches_for(&self, token: &TokenIds<'_>) -> bool {
        let vouched = match token.session {
            Some(id) => read(self.shard_of(id)).sessions.get(id).is_some_and(|session| {
                token.now.as_secs() < u64::from(session.ends)
                    && session.subject_hash == self.secret.hash_one(token.subject)
                    && !self.has_changed(session.tag, session.asked)
            }),
            None => read(self.shard_of(token.subject))
                .subjects
                .get(token.subject)
                .is_some_and(|subject| token.since >= subject.since && !self.has_changed(subject.tag, subject.asked)),
        };
        vouched && !token.jti.is_some_and(|jti| self.is_revoked(jti))
    }

    /// Returns the number that an answer must be learned with. Take it before asking.
    pub(super) fn question(&self) -> Number {
        Number(self.latest.load(Ordering::Acquire))
    }

    /// Remembers what the store has answered.
    pub(super) fn learn(&self, token: &TokenIds<'_>, standing: Standing, asked: Number) {
        if standing.status != TokenStatus::Active {
            return;
        }
        let tag = SubjectDigest::of(token.subject).tag();
        let ends = standing.until.map_or(NEVER, |until| u32::try_from(until.as_secs()).unwrap_or(NEVER - 1));
        if token.now.as_secs() >= u64::from(ends) {
            return;
        }
        let id = token.session.unwrap_or(token.subject);
        let mut shard = write(self.shard_of(id));
        if asked < shard.changed || asked.0 < self.floor.load(Ordering::Acquire) {
            return;
        }
        if shard.len() >= (self.capacity / SHARDS).max(1) {
            shard.make_room(token.now, (self.capacity / SHARDS).max(1));
        }
        if token.session.is_some() {
            let subject_hash = self.secret.hash_one(token.subject);
            shard.sessions.insert(id, Session { subject_hash, asked, tag, ends });
        } else {
            shard.subjects.insert(id, Subject { since: token.since, asked, tag });
        }
    }

    /// Applies a change.
    pub(super) fn apply(&self, change: &Change) {
        match change {
            Change::Session(id) => self.forget_session(id),
            Change::Subject(subject) => self.forget_subject(*subject),
            Change::Token { jti, until } => self.revoke(jti, *until),
        }
    }

    /// Forgets a session, so that the store is asked about it.
    pub(super) fn forget_session(&self, id: &str) {
        let number = self.next();
        let mut shard = write(self.shard_of(id));
        shard.sessions.remove(id);
        shard.changed = shard.changed.max(number);
    }

    /// Forgets all sessions and tokens of a subject.
    pub(super) fn forget_subject(&self, subject: SubjectDigest) {
        let number = self.next();
        let mut subjects = write(&self.subjects);
        let changed = subjects.entry(subject.tag()).or_insert(number);
        *changed = number.max(*changed);
        self.subjects_count.store(subjects.len(), Ordering::Release);
        let many = (subjects.len() >= MANY_SUBJECTS).then(|| subjects.clone());
        drop(subjects);
        if let Some(many) = many {
            self.sweep(&many);
        }
    }

    /// Notes that a token was revoked.
    pub(super) fn revoke(&self, jti: &str, until: Option<Timestamp>) {
        let mut revoked = write(&self.revoked);
        let known = revoked.tokens.get(jti).copied();
        if known.is_none() && self.overflowed.load(Ordering::Acquire) {
            return;
        }
        if revoked.tokens.len() >= revoked.clear_at.min(self.capacity) {
            revoked.clear(self.now());
        }
        if known.is_none() && revoked.tokens.len() >= self.capacity {
            self.overflowed.store(true, Ordering::Release);
            return;
        }
        let until = known.map_or(until, |known| known.zip(until).map(|(known, until)| known.max(until)));
        revoked.tokens.insert(jti, until);
        self.revoked_count.store(revoked.tokens.len(), Ordering::Release);
    }

    /// Forgets what the store has vouched for, and takes the revoked tokens, which were read after the feed began. What
    /// was revoked before stays.
    pub(super) fn restart(&self, changes: &[Change]) {
        self.lose();
        let floor = self.next();
        self.floor.store(floor.0, Ordering::Release);
        for shard in &self.shards {
            let mut shard = write(shard);
            (shard.sessions, shard.subjects) = (Ids::new(), Ids::new());
        }
        // This process may have changed more meanwhile.
        let mut subjects = write(&self.subjects);
        subjects.retain(|_, changed| *changed > floor);
        self.subjects_count.store(subjects.len(), Ordering::Release);
        drop(subjects);
        write(&self.revoked).clear(self.now());
        self.overflowed.store(false, Ordering::Release);
        for change in changes {
            self.apply(change);
        }
    }

    /// Notes that all changes up to a moment are known. Returns whether the memory counts now.
    pub(super) fn confirm(&self, moment: Moment) -> bool {
        self.heard.set(moment);
        !self.overflowed.load(Ordering::Acquire)
    }

    /// Notes that the feed is lost.
    pub(super) fn lose(&self) {
        self.heard.reset();
    }

    /// Deletes what these changes of subjects concern, and then forgets the changes.
    fn sweep(&self, changes: &HashMap<u32, Number>) {
        // First, so that no answer to an earlier question gets into a shard that was swept.
        self.floor.fetch_max(self.latest.load(Ordering::Acquire), Ordering::AcqRel);
        let stays = |tag: u32, asked: Number| changes.get(&tag).is_none_or(|&changed| asked >= changed);
        for shard in &self.shards {
            let mut shard = write(shard);
            shard.sessions.retain(|session| stays(session.tag, session.asked));
            shard.subjects.retain(|subject| stays(subject.tag, subject.asked));
        }
        let mut subjects = write(&self.subjects);
        subjects.retain(|subject, changed| changes.get(subject).is_none_or(|swept| *changed > *swept));
        self.subjects_count.store(subjects.len(), Ordering::Release);
    }

    fn is_revoked(&self, jti: &str) -> bool {
        self.revoked_count.load(Ordering::Acquire) > 0 && read(&self.revoked).tokens.get(jti).is_some()
    }

    fn has_changed(&self, tag: u32, asked: Number) -> bool {
        self.subjects_count.load(Ordering::Acquire) > 0
            && read(&self.subjects).get(&tag).is_some_and(|changed| asked < *changed)
    }

    fn next(&self) -> Number {
        Number(self.latest.fetch_add(1, Ordering::AcqRel) + 1)
    }

    /// Returns the shard of an id. The end of a UUID is random, so the shards fill evenly.
    fn shard_of(&self, id: &str) -> &RwLock<Shard> {
        let mixed = id.bytes().rev().take(8).fold(0_usize, |mixed, byte| mixed.wrapping_mul(31) + usize::from(byte));
        &self.shards[mixed % SHARDS]
    }
}

impl Revoked {
    /// Deletes the tokens that have expired.
    fn clear(&mut self, now: Timestamp) {
        self.tokens.retain(|until| until.is_none_or(|until| until > now));
        self.clear_at = (self.tokens.len() * 2).max(FEW_TOKENS);
    }
}

impl Shard {
    fn len(&self) -> usize {
        self.sessions.len() + self.subjects.len()
    }

    /// Deletes what has ended, and everything if that is too little: the store is asked again.
    fn make_room(&mut self, now: Timestamp, limit: usize) {
        self.sessions.retain(|session| now.as_secs() < u64::from(session.ends));
        if self.len() > limit - limit.div_ceil(8) {
            (self.sessions, self.subjects) = (Ids::new(), Ids::new());
        }
    }
}

#[cfg(test)]
mod tests;
