//! The specification of managers that use the store: rotation as users see it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{START, fresh_name, join};
use crate::{
    JwtManager, ManualClock, Token, TokenPair,
    http::Reason,
    jose::Key,
    session::{SessionStore, StoreError, Subject},
    time::Timestamp,
};

/// Two managers with one store, one key and one clock, as in two processes.
struct Pair {
    one: JwtManager,
    two: JwtManager,
    clock: Arc<ManualClock>,
}

pub(super) async fn check(store: &Arc<dyn SessionStore>) {
    let pair = Pair::new(store);
    parallel_refreshes_of_one_token_return_one_successor(&pair).await;
    a_stolen_token_logs_out_thief_and_user(&pair).await;
    a_revocation_counts_at_once_in_every_process(&pair).await;
    no_refresh_extends_a_session_past_its_absolute_end(&pair).await;
}

impl Pair {
    fn new(store: &Arc<dyn SessionStore>) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_secs(START)));
        let manager = || {
            let key = Key::hs256("a secret of at least thirty-two bytes, from a safe place");
            let builder = JwtManager::builder().key(key.unwrap_or_else(|error| panic!("{error}")));
            let builder = builder.session_store(Arc::clone(store)).clock(Arc::clone(&clock));
            builder.build().unwrap_or_else(|error| panic!("{error}"))
        };
        Self { one: manager(), two: manager(), clock }
    }

    async fn login(&self, user: &str) -> TokenPair {
        self.one.login(user).await.unwrap_or_else(|error| panic!("{error}"))
    }

    fn refresh_token(&self, pair: &TokenPair) -> Token {
        let text = pair.refresh.as_deref().unwrap_or_else(|| panic!("there is no refresh token"));
        self.one.decode_token(text).unwrap_or_else(|error| panic!("{error}"))
    }

    async fn is_good(&self, text: &str) -> bool {
        let token = self.two.decode_token(text).unwrap_or_else(|error| panic!("{error}"));
        self.two.is_revoked(&token).await == Ok(false)
    }
}

fn stored<T>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

async fn parallel_refreshes_of_one_token_return_one_successor(managers: &Pair) {
    let user = fresh_name("user");
    let token = managers.refresh_token(&managers.login(&user).await);
    let both = [&managers.one, &managers.two];
    let answers = join((0..64).map(|number: usize| both[number % 2].refresh(&token).into_future())).await;
    let pairs: Vec<TokenPair> =
        answers.into_iter().map(|answer| answer.unwrap_or_else(|rejection| panic!("{rejection}"))).collect();
    let successors: BTreeSet<_> = pairs.iter().map(|pair| pair.refresh.as_deref()).collect();
    assert_eq!(successors.len(), 1, "one successor, the same text for all");
    assert_eq!(stored(managers.one.sessions_of(Subject(&user)).await).len(), 1, "and one session");
    for pair in &pairs {
        assert!(managers.is_good(&pair.access).await);
    }
    let next = managers.two.refresh(&managers.refresh_token(&pairs[0])).await;
    assert!(next.is_ok(), "which goes on: {next:?}");
}

async fn a_stolen_token_logs_out_thief_and_user(managers: &Pair) {
    let user = fresh_name("user");
    let stolen = managers.refresh_token(&managers.login(&user).await);
    let elsewhere = managers.login(&user).await;
    let of_thief = managers.two.refresh(&stolen).await.unwrap_or_else(|rejection| panic!("{rejection}"));
    managers.clock.advance(Duration::from_secs(11));
    let refusal = managers.one.refresh(&stolen).await.err().unwrap_or_else(|| panic!("a replay must be refused"));
    assert_eq!((refusal.reason(), refusal.status().as_u16()), (&Reason::Replayed, 401));
    assert!(!managers.is_good(&of_thief.access).await);
    let refusal = managers.two.refresh(&managers.refresh_token(&of_thief)).await.err();
    assert_eq!(refusal.map(|refusal| refusal.reason().clone()), Some(Reason::Revoked));
    assert!(managers.is_good(&elsewhere.access).await, "the user's other devices stay logged in");
}

async fn a_revocation_counts_at_once_in_every_process(managers: &Pair) {
    let user = fresh_name("user");
    let [one, two, three] = [managers.login(&user).await, managers.login(&user).await, managers.login(&user).await];
    stored(managers.one.logout(&managers.refresh_token(&one)).await);
    assert!(!managers.is_good(&one.access).await && managers.is_good(&two.access).await);
    stored(managers.one.end_other_sessions(&managers.refresh_token(&three)).await);
    assert!(!managers.is_good(&two.access).await && managers.is_good(&three.access).await);
    let changed = managers.one.password_changed(&*user).await.unwrap_or_else(|error| panic!("{error}"));
    assert!(!managers.is_good(&three.access).await && managers.is_good(&changed.access).await);
    let access = managers.one.decode_token(&changed.access).unwrap_or_else(|error| panic!("{error}"));
    stored(managers.one.revoke_token(&access).await);
    assert!(!managers.is_good(&changed.access).await, "one token alone");
    assert_eq!(stored(managers.two.sessions(&access).await).iter().filter(|session| session.current).count(), 1);
}

async fn no_refresh_extends_a_session_past_its_absolute_end(managers: &Pair) {
    let user = fresh_name("user");
    let mut pair = managers.login(&user).await;
    let opened = managers.clock_now();
    for _ in 0..3 {
        managers.clock.advance(Duration::from_secs(9 * 86_400));
        let token = managers.refresh_token(&pair);
        pair = managers.one.refresh(&token).await.unwrap_or_else(|rejection| panic!("{rejection}"));
    }
    let last = managers.refresh_token(&pair);
    let end = opened.saturating_add(Duration::from_secs(30 * 86_400));
    assert_eq!(last.expires_at(), Some(end.floor()), "however often it was refreshed");
    managers.clock.advance(Duration::from_secs(3 * 86_400 + 1));
    assert!(managers.one.refresh(&last).await.is_err());
    assert!(stored(managers.one.sessions_of(Subject(&user)).await).is_empty());
}

impl Pair {
    fn clock_now(&self) -> Timestamp {
        self.one.now()
    }
}
