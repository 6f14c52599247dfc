//! Measures how much memory the real denylist takes.

use std::{
    fmt::Write as _,
    future::{Future, pending},
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};

use jwt_extended::{
    Timestamp,
    session::{Change, Denylist, DenylistOptions, Feed, MemoryStore, SessionStore, StoreError, TokenStatus},
    test_util::sessions::{at, ids, new_session},
};

use jwt_extended_benches::now;

use crate::{Random, USERS};

const END: Option<Timestamp> = Some(Timestamp::from_secs(2_800_000_000));
const REVOKED: usize = 100_000;

/// Reports the revoked tokens at its start, and nothing else.
struct Once(Vec<Change>);

impl Feed for Once {
    async fn start(&mut self) -> Result<Vec<Change>, StoreError> {
        Ok(self.0.clone())
    }

    async fn wait(&mut self, _: Duration) -> Result<(), StoreError> {
        pending().await
    }

    async fn read(&mut self) -> Result<Vec<Change>, StoreError> {
        Ok(Vec::new())
    }

    async fn sleep(&self, _: Duration) {}
}

pub(crate) fn table() -> String {
    let mut random = Random(1);
    let options = DenylistOptions::new().staleness(Duration::from_secs(3600)).capacity(USERS / 4 * 5);
    let options = options.clock(|| at(1));
    let store = Arc::new(MemoryStore::with_capacity(2 * USERS));
    let denylist = Denylist::new(Arc::clone(&store), options);
    let token = |random: &mut Random| Change::Token { jti: uuid(random), until: END };
    let revoked = Once((0..REVOKED).map(|_| token(&mut random)).collect());
    let mut follower = Box::pin(denylist.follow(revoked));
    let tokens = allocation_counter::measure(|| {
        assert!(follower.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });

    let users: Vec<_> = (0..USERS).map(|number| (format!("user{number:07}@example.com"), uuid(&mut random))).collect();
    for (subject, session) in &users {
        now(store.open(&new_session(subject, session, "r0", at(0), END)).wait()).unwrap();
    }
    let sessions = allocation_counter::measure(|| {
        for (subject, session) in &users {
            let token = ids(subject, Some(session), Some("a"), at(0), at(1));
            assert_eq!(now(denylist.status(&token).wait()), Ok(TokenStatus::Active));
        }
    });
    let mut table = "| | entries | bytes each | MB |\n|---|---|---|---|\n".to_owned();
    for (what, entries, bytes) in
        [("sessions", USERS, sessions.bytes_current), ("revoked tokens", REVOKED, tokens.bytes_current)]
    {
        let (each, all) = (bytes as f64 / entries as f64, bytes as f64 / 1e6);
        let _ = writeln!(table, "| {what} | {entries} | {each:.0} | {all:.0} |");
    }
    table
}

fn uuid(random: &mut Random) -> String {
    let (high, low) = (random.next(), random.next());
    let (first, second, third) = (high >> 32, (high >> 16) & 0xffff, high & 0xfff);
    format!("{first:08x}-{second:04x}-7{third:03x}-8{:03x}-{:012x}", (low >> 48) & 0xfff, low & 0xffff_ffff_ffff)
}
