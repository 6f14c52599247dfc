//! Random sequences of calls. Each answer is compared with that of a model that is simple enough to be obviously
//! correct: lists that are searched from end to end.
//!
//! `proptest-state-machine` would shrink a failing sequence. But its `apply` is synchronous, so each call to an
//! asynchronous store would need a runtime of its own inside the test's, and the eight calls would be written three
//! times: as an enum, a strategy and an application. That is some 170 lines rather than 120. A failure here prints the
//! seed and the calls that led to it.

use std::time::Duration;

use super::{
    Random, at, at_most, end_all, end_one, end_others, fresh_name, ids, new_session, revoked_token, rotate_request,
    touch_request,
};
use crate::{
    session::{RotateOutcome, SessionStore, TokenIds, TokenStatus},
    time::Timestamp,
};

const GRACE: Duration = Duration::from_secs(10);
const SECOND: u64 = 1_000_000;

#[derive(Default)]
struct Model {
    sessions: Vec<Row>,
    revoked: Vec<(String, Timestamp)>,
    cutoffs: Vec<(String, Timestamp, Timestamp, Option<String>)>,
}

#[derive(Clone, Debug)]
struct Row {
    subject: String,
    id: String,
    /// The ids of all refresh tokens that it had, the current one last.
    tokens: Vec<String>,
    /// When each of them but the current one was rotated.
    rotations: Vec<Timestamp>,
    rotated_at: Timestamp,
    opened: Timestamp,
    last_used: Timestamp,
    ends: Timestamp,
}

impl Model {
    fn is_cut_off(&self, token: &TokenIds<'_>) -> bool {
        self.cutoffs.iter().any(|(subject, cutoff, until, exempt)| {
            subject == token.subject
                && token.now < *until
                && token.since < *cutoff
                && (token.session.is_none() || exempt.as_deref() != token.session)
        })
    }

    fn status(&self, token: &TokenIds<'_>) -> TokenStatus {
        let revoked = self.revoked.iter().any(|(jti, until)| Some(jti.as_str()) == token.jti && token.now < *until);
        let over = token.session.is_some_and(|session| {
            !self.sessions.iter().any(|row| row.id == session && row.subject == token.subject && token.now < row.ends)
        });
        if revoked || over || self.is_cut_off(token) { TokenStatus::Revoked } else { TokenStatus::Active }
    }

    fn open(&mut self, row: Row, limit: Option<u32>) -> TokenStatus {
        if self.is_cut_off(&ids(&row.subject, Some(&row.id), None, row.opened, row.opened)) {
            return TokenStatus::Revoked;
        }
        if let Some(limit) = limit {
            let mut others: Vec<_> =
                self.sessions.iter().filter(|other| other.subject == row.subject && row.opened < other.ends).collect();
            others.sort_by_key(|other| other.opened);
            let surplus = (others.len() + 1).saturating_sub(limit as usize);
            let gone: Vec<_> = others[..surplus].iter().map(|other| other.id.clone()).collect();
            self.sessions.retain(|other| !gone.contains(&other.id));
        }
        self.sessions.push(row);
        TokenStatus::Active
    }

    fn rotate(&mut self, token: &TokenIds<'_>, successor: &str, ends: Timestamp) -> RotateOutcome {
        if self.status(token) == TokenStatus::Revoked {
            return RotateOutcome::Ended;
        }
        let Some(at) = self.sessions.iter().position(|row| Some(&*row.id) == token.session) else {
            return RotateOutcome::Ended;
        };
        let row = &mut self.sessions[at];
        let age = row.tokens.iter().rev().position(|known| Some(&**known) == token.jti);
        match age {
            Some(0) => {
                row.tokens.push(successor.to_owned());
                row.rotations.push(token.now);
                (row.rotated_at, row.last_used, row.ends) = (token.now, token.now, ends);
                RotateOutcome::Rotated
            }
            // The clock of this test never goes back.
            Some(age) if token.now.saturating_duration_since(row.rotations[row.rotations.len() - age]) <= GRACE => {
                let current = &row.tokens[row.tokens.len() - 1];
                if self.revoked.iter().any(|(jti, until)| jti == current && token.now < *until) {
                    return RotateOutcome::Ended;
                }
                RotateOutcome::Repeated { successor: current.clone(), rotated_at: row.rotated_at }
            }
            _ => {
                self.sessions.remove(at);
                RotateOutcome::Replayed
            }
        }
    }

    fn cut(&mut self, subject: &str, exempt: Option<&str>, until: Timestamp, now: Timestamp) -> u64 {
        let mut known = (subject.to_owned(), now, until, exempt.map(str::to_owned));
        if let Some(at) = self.cutoffs.iter().position(|(whose, ..)| whose == subject) {
            let old = self.cutoffs.remove(at);
            (known.1, known.2) = (known.1.max(old.1), known.2.max(old.2));
        }
        self.cutoffs.push(known);
        let ends = |row: &Row| row.subject == subject && Some(&*row.id) != exempt;
        let open = self.sessions.iter().filter(|row| ends(row) && now < row.ends).count();
        self.sessions.retain(|row| !ends(row));
        open as u64
    }
}

/// Runs one sequence.
pub(super) async fn run(store: &dyn SessionStore, seed: u64, steps: usize) {
    let mut random = Random::new(seed);
    let mut model = Model::default();
    let subjects = [(); 2].map(|()| fresh_name("user"));
    // All sessions that were ever opened, with their tokens: hostile clients keep everything.
    let mut logins: Vec<Row> = Vec::new();
    let mut now = 0;
    let mut trace = Vec::new();
    for step in 0..steps {
        now += *random.of(&[0, 1, SECOND, 5 * SECOND, 10 * SECOND, 11 * SECOND, 60 * SECOND]);
        let subject = random.of(&subjects).clone();
        let ends = at(now + *random.of(&[SECOND, 20 * SECOND, 100 * SECOND]));
        let far = at(now + *random.of(&[30 * SECOND, 10_000 * SECOND]));
        let some = if logins.is_empty() { None } else { Some(random.of(&logins).clone()) };
        let context = format!("seed {seed}, step {step}, at {now}");
        match (random.below(12), some) {
            (0..=2, _) | (_, None) => {
                let opened = at(now.saturating_sub(*random.of(&[0, 0, 1, SECOND])));
                let (id, jti) = (fresh_name("session"), fresh_name("refresh"));
                let limit = *random.of(&[None, None, Some(1), Some(2)]);
                let row = Row {
                    subject: subject.clone(),
                    id: id.clone(),
                    tokens: vec![jti.clone()],
                    rotations: Vec::new(),
                    rotated_at: opened,
                    opened,
                    last_used: opened,
                    ends,
                };
                trace.push(format!("{context}: open {id} of {subject} at {opened} until {ends}, {limit:?}"));
                let mut new = new_session(&subject, &id, &jti, opened, Some(ends));
                new = limit.map_or(new, |limit| at_most(new, limit));
                let answer = store.open(&new).wait().await;
                assert_eq!(answer, Ok(model.open(row.clone(), limit)), "{trace:#?}");
                logins.push(row);
            }
            (3..=7, Some(row)) => {
                // Mostly the current token, and sometimes an older one.
                let known = model.sessions.iter().find(|known| known.id == row.id).unwrap_or(&row);
                let back = (*random.of(&[0, 0, 0, 0, 1, 1, 2, 3])).min(known.tokens.len() - 1);
                let jti = known.tokens[known.tokens.len() - 1 - back].clone();
                let successor = fresh_name("refresh");
                let token = ids(&row.subject, Some(&row.id), Some(&jti), row.opened, at(now));
                trace.push(format!("{context}: rotate {} {back} back, until {ends}", row.id));
                let answer = store.rotate(&rotate_request(token, &successor, GRACE, Some(ends))).wait().await;
                assert_eq!(answer, Ok(model.rotate(&token, &successor, ends)), "{trace:#?}");
            }
            (8, Some(row)) => {
                let token = ids(&row.subject, Some(&row.id), None, row.opened, at(now));
                trace.push(format!("{context}: touch {} until {ends}", row.id));
                let answer = store.touch(&touch_request(token, Some(ends))).wait().await;
                let status = model.status(&token);
                assert_eq!(answer, Ok(status), "{trace:#?}");
                if let Some(known) =
                    model.sessions.iter_mut().find(|known| known.id == row.id && status == TokenStatus::Active)
                {
                    (known.last_used, known.ends) = (known.last_used.max(at(now)), known.ends.max(ends));
                }
            }
            (9, Some(row)) => {
                let own = random.below(2) == 0;
                let whose = own.then_some(&*subject);
                trace.push(format!("{context}: end {} if it belongs to {whose:?}", row.id));
                let answer = store.end(&end_one(&row.id, whose, at(now))).wait().await;
                let fits = |known: &Row| known.id == row.id && whose.is_none_or(|whose| known.subject == whose);
                let open = model.sessions.iter().filter(|known| fits(known) && at(now) < known.ends).count();
                model.sessions.retain(|known| !fits(known));
                assert_eq!(answer, Ok(open as u64), "{trace:#?}");
            }
            (10, Some(row)) => {
                let known = model.sessions.iter().find(|known| known.id == row.id).unwrap_or(&row);
                let jti = random.of(&known.tokens).clone();
                trace.push(format!("{context}: revoke {jti} of {} until {far}", row.id));
                let revoked = revoked_token(&row.subject, &jti, Some(far), at(now));
                assert_eq!(store.revoke(&revoked).wait().await, Ok(()), "{trace:#?}");
                model.revoked.push((jti, far));
            }
            (_, Some(row)) if random.below(2) == 0 => {
                trace.push(format!("{context}: end all of {}, remembered until {far}", row.subject));
                let answer = store.end(&end_all(&row.subject, Some(far), at(now))).wait().await;
                assert_eq!(answer, Ok(model.cut(&row.subject, None, far, at(now))), "{trace:#?}");
            }
            (_, Some(row)) => {
                trace.push(format!("{context}: end all of {} but {}, remembered until {far}", row.subject, row.id));
                let answer = store.end(&end_others(&row.subject, &row.id, Some(far), at(now))).wait().await;
                assert_eq!(answer, Ok(model.cut(&row.subject, Some(&row.id), far, at(now))), "{trace:#?}");
            }
        }
        compare(store, &model, &logins, &subjects, now, &trace).await;
    }
}

/// Compares what store and model say of every session that was ever opened.
async fn compare(
    store: &dyn SessionStore,
    model: &Model,
    logins: &[Row],
    subjects: &[String],
    now: u64,
    trace: &[String],
) {
    for row in logins {
        for (session, jti) in [(Some(&*row.id), None), (Some(&*row.id), Some(&*row.tokens[0])), (None, None)] {
            let token = ids(&row.subject, session, jti, row.opened, at(now));
            let answer = store.status(&token).wait().await;
            assert_eq!(answer, Ok(model.status(&token)), "status of {token:?} after {trace:#?}");
        }
    }
    for subject in subjects {
        let list = store.list(subject, at(now)).wait().await.unwrap_or_else(|error| panic!("{error} after {trace:#?}"));
        let mut listed: Vec<_> =
            list.iter().map(|session| (session.opened, &*session.id, session.last_used, session.ends)).collect();
        assert!(listed.is_sorted_by(|one, two| one.0 >= two.0), "latest first: {list:#?}");
        listed.sort_unstable();
        let open = model.sessions.iter().filter(|row| row.subject == *subject && at(now) < row.ends);
        let mut expected: Vec<_> = open.map(|row| (row.opened, &*row.id, row.last_used, Some(row.ends))).collect();
        expected.sort_unstable();
        assert_eq!(listed, expected, "the sessions of {subject} after {trace:#?}");
    }
}
