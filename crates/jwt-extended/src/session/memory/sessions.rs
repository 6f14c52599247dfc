//! Keeps sessions and revocations in shards. One shard has everything of a subject, so one lock makes each step atomic.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher as _, RandomState},
};

use super::{
    Entry, Ids, MemoryStore, Room, SHARDS, SMALL_SHARD, has_expired, later,
    rows::{All, Cutoff, Details, Rotated, Row},
};
use crate::{
    session::{
        Answer, EndSessions, NewSession, Retry, RevokedToken, RotateOutcome, RotateRequest, Session, SessionStore,
        Standing, StoreError, TokenIds, TokenStatus, TouchRequest,
    },
    sync::{RwLock, read, write},
    time::Timestamp,
};

/// Sessions, by their subject.
pub(super) struct Sessions {
    shards: [RwLock<Shard>; SHARDS],
    /// The secret for hashing subjects. Without it, an attacker could choose subjects that share a shard.
    secret: RandomState,
}

struct Shard {
    sessions: Ids<Row>,
    /// The revoked tokens, each with the time until which it is revoked; `None` for forever.
    tokens: Ids<Option<Timestamp>>,
    /// The session ids of each subject, oldest first. Expired sessions stay in this list until they are deleted.
    subjects: Ids<Vec<Box<str>>>,
    /// The cut-offs, by subject. Few subjects have one, so a separate table is quick to search.
    cutoffs: Ids<Cutoff>,
    /// The number of entries at which expired ones are deleted next.
    clear_at: usize,
}

impl Shard {
    fn new() -> Self {
        let (sessions, tokens, subjects, cutoffs) = (Ids::new(), Ids::new(), Ids::new(), Ids::new());
        Self { sessions, tokens, subjects, cutoffs, clear_at: SMALL_SHARD }
    }

    fn len(&self) -> usize {
        self.sessions.len() + self.tokens.len() + self.cutoffs.len()
    }

    fn status(&self, token: &TokenIds<'_>, subject_hash: u64) -> TokenStatus {
        let revoked = token.jti.is_some_and(|jti| is_revoked(&self.tokens, jti, token.now));
        let cut_off = self.is_cut_off(token.subject, token.session, token.since, token.now);
        let over = token.session.is_some_and(|session| {
            self.sessions
                .get(session)
                .is_none_or(|row| has_expired(row.ends, token.now) || row.subject_hash != subject_hash)
        });
        if revoked || cut_off || over { TokenStatus::Revoked } else { TokenStatus::Active }
    }

    fn is_cut_off(&self, subject: &str, session: Option<&str>, since: Timestamp, now: Timestamp) -> bool {
        self.cutoffs.get(subject).is_some_and(|cutoff| cutoff.ends(session, since, now))
    }

    /// Opens a session. The caller must have reserved a place for it.
    fn open(&mut self, new: &NewSession<'_>, subject_hash: u64, room: &Room) -> TokenStatus {
        // Session ids are random, so an existing one means that the call is repeated.
        self.remove(new.id, room);
        let forbids = |cutoff: &Cutoff| {
            !has_expired(cutoff.until, new.opened)
                && new.is_cut_off_at(cutoff.at)
                && cutoff.exempt.as_deref() != Some(new.id)
        };
        if self.cutoffs.get(new.subject).is_some_and(forbids) {
            room.give_back(1);
            return TokenStatus::Revoked;
        }
        let mut sessions = self.subjects.remove(new.subject).unwrap_or_default();
        // Threads read the clock before they lock the shard, so a session that was opened later may be in the list.
        let is_older = |id: &str| self.sessions.get(id).is_none_or(|row| row.details.opened <= new.opened);
        let place = sessions.iter().rposition(|id| is_older(id)).map_or(0, |older| older + 1);
        sessions.insert(place, new.id.into());
        self.subjects.insert(new.subject, sessions);
        let details = Details {
            subject: new.subject.into(),
            label: new.label.map(Into::into),
            current: new.jti.into(),
            rotated: Vec::new(),
            rotated_at: new.opened,
            opened: new.opened,
            last_used: new.opened,
        };
        let row = Row { subject_hash, ends: new.ends, details: Box::new(details) };
        self.sessions.insert(new.id, row);
        if let Some(at_most) = new.at_most {
            self.end_oldest(new, at_most.get() as usize, room);
        }
        TokenStatus::Active
    }

    fn end_oldest(&mut self, new: &NewSession<'_>, at_most: usize, room: &Room) {
        let is_open = |id: &str| self.sessions.get(id).is_some_and(|row| !has_expired(row.ends, new.opened));
        let Some(sessions) = self.subjects.get(new.subject) else { return };
        let others = sessions.iter().filter(|id| ***id != *new.id && is_open(id)).cloned();
        let others: Vec<_> = others.collect();
        for id in &others[..(others.len() + 1).saturating_sub(at_most)] {
            self.remove(id, room);
        }
    }

    fn rotate(&mut self, request: &RotateRequest<'_>, subject_hash: u64, room: &Room) -> RotateOutcome {
        let (Some(session), Some(jti)) = (request.token.session, request.token.jti) else {
            return RotateOutcome::Ended;
        };
        if self.status(&request.token, subject_hash) == TokenStatus::Revoked {
            return RotateOutcome::Ended;
        }
        let now = request.token.now;
        let Some(row) = self.sessions.get_mut(session) else { return RotateOutcome::Ended };
        let details = &mut *row.details;
        if *details.current == *jti {
            let jti = std::mem::replace(&mut details.current, request.successor.into());
            details.rotated.retain(|earlier| request.has_grace(earlier.at));
            details.rotated.truncate(RotateRequest::REMEMBERED - 1);
            details.rotated.insert(0, Rotated { jti, at: now });
            (details.rotated_at, details.last_used, row.ends) = (now, now, request.ends);
            return RotateOutcome::Rotated;
        }
        let known = details.rotated.iter().position(|earlier| *earlier.jti == *jti);
        let may_repeat = |at: usize| {
            (at == 0 && request.retry == Retry::UntilSuccessorIsUsed) || request.has_grace(details.rotated[at].at)
        };
        if known.is_some_and(may_repeat) {
            if is_revoked(&self.tokens, &details.current, now) {
                return RotateOutcome::Ended;
            }
            return RotateOutcome::Repeated { successor: details.current.to_string(), rotated_at: details.rotated_at };
        }
        self.remove(session, room);
        RotateOutcome::Replayed
    }

    fn touch(&mut self, touch: &TouchRequest<'_>, subject_hash: u64) -> TokenStatus {
        let status = self.status(&touch.token, subject_hash);
        if status == TokenStatus::Active
            && let Some(row) = touch.token.session.and_then(|session| self.sessions.get_mut(session))
        {
            row.details.last_used = row.details.last_used.max(touch.token.now);
            row.ends = later(row.ends, touch.ends);
        }
        status
    }

    fn list(&self, subject: &str, now: Timestamp) -> Vec<Session> {
        let ids = self.subjects.get(subject).into_iter().flat_map(|sessions| sessions.iter().rev());
        let rows =
            ids.filter_map(|id| Some((id, self.sessions.get(id)?))).filter(|(_, row)| !has_expired(row.ends, now));
        rows.map(|(id, row)| {
            let Details { label, opened, last_used, .. } = &*row.details;
            Session::new(id.to_string(), label.as_deref().map(Into::into), *opened, *last_used, row.ends)
        })
        .collect()
    }

    /// Ends a session, and returns whether it was open.
    fn end_one(&mut self, session: &str, subject: Option<&str>, now: Timestamp, room: &Room) -> bool {
        let Some(row) = self.sessions.get(session) else { return false };
        if subject.is_some_and(|subject| *row.details.subject != *subject) {
            return false;
        }
        let was_open = !has_expired(row.ends, now);
        self.remove(session, room);
        was_open
    }

    /// Ends all sessions of a subject except one, and returns how many were open.
    fn end_all(&mut self, all: &All<'_>, place: Result<(), StoreError>, room: &Room) -> Result<u64, StoreError> {
        let ended = self.end_but(all, room);
        let exempt = all.exempt.map(Into::into);
        if let Some(cutoff) = self.cutoffs.get_mut(all.subject) {
            // If a cut-off comes from a clock that was far ahead, the subject could not log in until that time.
            let is_wrong = cutoff.at > all.now.saturating_add(EndSessions::MAX_AHEAD);
            let at = if is_wrong { all.now } else { cutoff.at.max(all.now) };
            let until = later(cutoff.until, all.until);
            *cutoff = Cutoff { at, until, exempt };
            room.give_back(usize::from(place.is_ok()));
            return Ok(ended);
        }
        // Ending the sessions may have freed a place.
        if let Err(full) = place
            && !room.take(Entry::Revocation)
        {
            return Err(full);
        }
        self.cutoffs.insert(all.subject, Cutoff { at: all.now, until: all.until, exempt });
        Ok(ended)
    }

    /// Removes all sessions of a subject except the exempt one, and returns how many were open.
    fn end_but(&mut self, all: &All<'_>, room: &Room) -> u64 {
        let (kept, others): (Vec<_>, Vec<_>) =
            self.subjects.remove(all.subject).unwrap_or_default().into_iter().partition(|id| Some(&**id) == all.exempt);
        if !kept.is_empty() {
            self.subjects.insert(all.subject, kept);
        }
        let mut open = 0;
        for row in others.iter().filter_map(|id| self.sessions.remove(id)) {
            room.give_back(1);
            open += u64::from(!has_expired(row.ends, all.now));
        }
        open
    }

    fn remove(&mut self, session: &str, room: &Room) {
        let Some(row) = self.sessions.remove(session) else { return };
        room.give_back(1);
        let Some(sessions) = self.subjects.get_mut(&row.details.subject) else { return };
        sessions.retain(|id| **id != *session);
        if sessions.is_empty() {
            self.subjects.remove(&row.details.subject);
        }
    }

    /// Deletes at most `limit` expired entries, and returns how many it deleted.
    fn clear(&mut self, now: Timestamp, limit: usize, room: &Room) -> usize {
        let before = self.len();
        let mut left = limit;
        let mut goes = |over: bool| {
            let goes = over && left > 0;
            left -= usize::from(goes);
            goes
        };
        self.tokens.retain(|until| !goes(has_expired(*until, now)));
        self.cutoffs.retain(|cutoff| !goes(has_expired(cutoff.until, now)));
        let mut thinned = BTreeSet::new();
        self.sessions.retain(|row| {
            let goes = goes(has_expired(row.ends, now));
            if goes {
                thinned.insert(row.details.subject.clone());
            }
            !goes
        });
        for subject in thinned {
            let Some(mut sessions) = self.subjects.remove(&subject) else { continue };
            sessions.retain(|id| self.sessions.get(id).is_some());
            if !sessions.is_empty() {
                self.subjects.insert(&subject, sessions);
            }
        }
        self.clear_at = (self.len() * 2).max(SMALL_SHARD);
        let cleared = before - self.len();
        room.give_back(cleared);
        cleared
    }

    fn clear_if_grown(&mut self, now: Timestamp, room: &Room) {
        if self.len() >= self.clear_at {
            self.clear(now, usize::MAX, room);
        }
    }
}

fn is_revoked(tokens: &Ids<Option<Timestamp>>, jti: &str, now: Timestamp) -> bool {
    tokens.get(jti).is_some_and(|until| !has_expired(*until, now))
}

impl Sessions {
    pub(super) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| RwLock::new(Shard::new())), secret: RandomState::new() }
    }

    /// Deletes at most `limit` expired entries, and returns how many it deleted.
    pub(super) fn clear(&self, now: Timestamp, limit: usize, room: &Room) -> usize {
        let mut cleared = 0;
        for shard in &self.shards {
            if cleared == limit {
                break;
            }
            cleared += write(shard).clear(now, limit - cleared, room);
        }
        cleared
    }

    /// Returns the shard of a subject, and the hash of the subject.
    fn of(&self, subject: &str) -> (&RwLock<Shard>, u64) {
        let subject_hash = self.secret.hash_one(subject);
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is below the number of shards")]
        let at = (subject_hash % SHARDS as u64) as usize;
        (&self.shards[at], subject_hash)
    }
}

impl SessionStore for MemoryStore {
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        let (shard, subject_hash) = self.sessions.of(token.subject);
        Answer::Now(Ok(read(shard).status(token, subject_hash)))
    }

    fn standing<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<Standing, StoreError>> {
        let (shard, subject_hash) = self.sessions.of(token.subject);
        let shard = read(shard);
        let status = shard.status(token, subject_hash);
        let until = token.session.and_then(|session| shard.sessions.get(session)).and_then(|row| row.ends);
        Answer::Now(Ok(Standing { status, until }))
    }

    fn revoke<'a>(&'a self, token: &'a RevokedToken<'_>) -> Answer<'a, Result<(), StoreError>> {
        Answer::Now(self.make_room(Entry::Revocation, token.now).map(|()| {
            let mut shard = write(self.sessions.of(token.subject).0);
            shard.clear_if_grown(token.now, &self.room);
            let known = shard.tokens.get(token.jti).copied();
            let until = known.map_or(token.until, |known| later(known, token.until));
            shard.tokens.insert(token.jti, until);
            if known.is_some() {
                self.room.give_back(1);
            }
        }))
    }

    fn open<'a>(&'a self, session: &'a NewSession<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        Answer::Now(self.make_room(Entry::Session, session.opened).map(|()| {
            let (shard, subject_hash) = self.sessions.of(session.subject);
            let mut shard = write(shard);
            shard.clear_if_grown(session.opened, &self.room);
            shard.open(session, subject_hash, &self.room)
        }))
    }

    fn rotate<'a>(&'a self, request: &'a RotateRequest<'_>) -> Answer<'a, Result<RotateOutcome, StoreError>> {
        let (shard, subject_hash) = self.sessions.of(request.token.subject);
        Answer::Now(Ok(write(shard).rotate(request, subject_hash, &self.room)))
    }

    fn touch<'a>(&'a self, touch: &'a TouchRequest<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        let (shard, subject_hash) = self.sessions.of(touch.token.subject);
        Answer::Now(Ok(write(shard).touch(touch, subject_hash)))
    }

    fn list<'a>(&'a self, subject: &'a str, now: Timestamp) -> Answer<'a, Result<Vec<Session>, StoreError>> {
        Answer::Now(Ok(read(self.sessions.of(subject).0).list(subject, now)))
    }

    fn end<'a>(&'a self, ending: &'a EndSessions<'_>) -> Answer<'a, Result<u64, StoreError>> {
        let all = |all: &All<'_>| {
            let place = self.make_room(Entry::Revocation, all.now);
            write(self.sessions.of(all.subject).0).end_all(all, place, &self.room)
        };
        let one = |shard: &RwLock<Shard>, session: &str, subject: Option<&str>, now| {
            u64::from(write(shard).end_one(session, subject, now, &self.room))
        };
        Answer::Now(match *ending {
            EndSessions::One { session, subject: Some(subject), now } => {
                Ok(one(self.sessions.of(subject).0, session, Some(subject), now))
            }
            EndSessions::One { session, subject: None, now } => {
                Ok(self.sessions.shards.iter().map(|shard| one(shard, session, None, now)).sum())
            }
            EndSessions::Others { subject, except, until, now } => {
                all(&All { subject, exempt: Some(except), until, now })
            }
            EndSessions::All { subject, until, now } => all(&All { subject, exempt: None, until, now }),
        })
    }

    fn purge(&self, now: Timestamp, limit: u32) -> Answer<'_, Result<u64, StoreError>> {
        Answer::Now(Ok(self.sessions.clear(now, limit as usize, &self.room) as u64))
    }
}
