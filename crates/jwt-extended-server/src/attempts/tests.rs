//! The specification of the limits, on every store. Those of Redis and PostgreSQL need the feature `store-tests`.

use std::{net::IpAddr, sync::Arc};

use jwt_extended_sqlx::SqliteStore;
use tempfile::TempDir;

use super::*;
use crate::sql::Pool;

/// Fewer attempts than by default: three of an account, eight of an address, and two known addresses.
const SECTION: &str =
    "account_attempts = 3\naccount_failures = 6\naddress_attempts = 8\nknown_addresses = 2\nknown_days = 30";

const ALICE: Guess<'_> = Guess::Login { name: "alice" };

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_800_000_000 + seconds)
}

fn home() -> ClientAddress {
    from(1)
}

/// One of 256 addresses.
fn from(last: u8) -> ClientAddress {
    IpAddr::from([192, 0, 2, last]).into()
}

fn attempts(counters: &Counters) -> Attempts {
    Attempts::new(counters.clone(), toml::from_str(SECTION).unwrap())
}

/// Guesses wrong, and returns how many seconds to wait if the guess was refused.
async fn guess(attempts: &Attempts, guess: Guess<'_>, client: ClientAddress, now: Timestamp) -> Result<(), u64> {
    match attempts.begin(guess, client, now).await {
        Ok(permit) => {
            permit.fail();
            Ok(())
        }
        Err(Refused::TooMany { wait }) => Err(wait.as_secs()),
        Err(other) => panic!("{other}"),
    }
}

async fn log_in(attempts: &Attempts, client: ClientAddress, now: Timestamp) {
    attempts.begin(ALICE, client, now).await.unwrap().succeed(now).await.unwrap();
}

/// Guesses until the account is locked, each time from another address.
async fn lock(attempts: &Attempts, now: Timestamp) {
    for number in 0..3 {
        assert_eq!(guess(attempts, ALICE, from(100 + number), now).await, Ok(()));
    }
    assert!(guess(attempts, ALICE, from(99), now).await.is_err());
}

async fn an_account_is_delayed_and_its_success_clears_it(counters: &Counters) {
    let attempts = attempts(counters);
    let name = Guess::Login { name: "Bob" };
    for second in [0, 0, 0, 1, 3] {
        assert_eq!(guess(&attempts, name, home(), at(second)).await, Ok(()), "{second}");
    }
    let spellings = ["bob", " BOB "].map(|name| Guess::Login { name });
    for spelling in spellings {
        assert_eq!(guess(&attempts, spelling, from(2), at(3)).await, Err(4), "from any unknown address");
    }
    attempts.begin(name, home(), at(7)).await.unwrap().succeed(at(7)).await.unwrap();
    for _ in 0..3 {
        assert_eq!(guess(&attempts, name, from(2), at(7)).await, Ok(()));
    }
}

async fn a_success_does_not_clear_its_address(counters: &Counters) {
    let attempts = attempts(counters);
    for number in 0..7 {
        assert_eq!(guess(&attempts, Guess::Login { name: &format!("n{number}") }, from(3), at(0)).await, Ok(()));
        log_in(&attempts, from(3), at(0)).await;
    }
    assert_eq!(guess(&attempts, Guess::Login { name: "n8" }, from(3), at(0)).await, Ok(()));
    assert_eq!(guess(&attempts, Guess::Login { name: "n9" }, from(3), at(0)).await, Err(1));
    assert!(attempts.begin(ALICE, from(3), at(0)).await.is_err(), "also for a user who is known there");
    assert_eq!(guess(&attempts, Guess::Login { name: "n9" }, from(4), at(0)).await, Ok(()));
    assert_eq!(guess(&attempts, Guess::Login { name: "n9" }, from(3), at(3600)).await, Ok(()), "an hour later");
}

async fn a_known_address_gets_in_while_the_account_is_locked(counters: &Counters) {
    let attempts = attempts(counters);
    log_in(&attempts, home(), at(0)).await;
    lock(&attempts, at(10)).await;
    log_in(&attempts, home(), at(10)).await;
    assert!(guess(&attempts, ALICE, from(99), at(10)).await.is_err(), "which unlocks it nowhere else");
    for _ in 0..3 {
        assert_eq!(guess(&attempts, ALICE, home(), at(10)).await, Ok(()));
    }
    assert_eq!(guess(&attempts, ALICE, home(), at(10)).await, Err(1), "and has limits of its own");
    let month = 30 * 24 * 60 * 60;
    lock(&attempts, at(month + 20)).await;
    assert!(guess(&attempts, ALICE, home(), at(month + 20)).await.is_err(), "it is known for a month");
}

async fn only_the_latest_addresses_are_known(counters: &Counters) {
    let attempts = attempts(counters);
    for number in [10, 11, 12] {
        log_in(&attempts, from(number), at(number.into())).await;
    }
    lock(&attempts, at(20)).await;
    assert!(attempts.begin(ALICE, from(10), at(20)).await.is_err());
    for number in [11, 12] {
        log_in(&attempts, from(number), at(20)).await;
    }
}

async fn an_account_is_unlocked_by_command(counters: &Counters) {
    let attempts = attempts(counters);
    log_in(&attempts, home(), at(0)).await;
    assert_eq!(guess(&attempts, ALICE, home(), at(0)).await, Ok(()));
    lock(&attempts, at(0)).await;
    assert_eq!(unlock(counters, "Alice").await.unwrap(), 2);
    assert_eq!(unlock(counters, "alice").await.unwrap(), 0);
    lock(&attempts, at(0)).await;
    log_in(&attempts, home(), at(0)).await;
}

async fn parallel_guesses_do_not_pass_together(counters: &Counters) {
    // Two processes on one store.
    let processes = [attempts(counters), attempts(counters)];
    let guesses = (0..64).map(|number| {
        let attempts = processes[number % 2].clone();
        let client = from(u8::try_from(number).unwrap());
        tokio::spawn(async move { attempts.begin(ALICE, client, at(0)).await.map(Permit::fail).is_ok() })
    });
    let mut checked = 0;
    for guess in guesses.collect::<Vec<_>>() {
        checked += u32::from(guess.await.unwrap());
    }
    assert_eq!(checked, 3);
}

async fn an_attempt_without_a_check_is_no_guess(counters: &Counters) {
    let attempts = attempts(counters);
    for _ in 0..20 {
        attempts.begin(ALICE, from(5), at(0)).await.unwrap().cancel(at(0)).await.unwrap();
    }
    lock(&attempts, at(0)).await;
    for _ in 0..20 {
        assert!(guess(&attempts, ALICE, from(5), at(0)).await.is_err());
    }
    assert_eq!(guess(&attempts, Guess::Login { name: "other" }, from(5), at(0)).await, Ok(()), "refused ones neither");
}

async fn clients_and_refreshes_have_counters_of_their_own(counters: &Counters) {
    let attempts = attempts(counters);
    let client = Guess::Client { id: "alice" };
    for _ in 0..3 {
        assert_eq!(guess(&attempts, client, from(6), at(0)).await, Ok(()));
    }
    assert_eq!(guess(&attempts, client, from(7), at(0)).await, Err(1));
    assert_eq!(guess(&attempts, ALICE, from(7), at(0)).await, Ok(()));
    for _ in 0..8 {
        attempts.count_bad_refresh(from(7), at(0)).await.unwrap();
    }
    assert!(matches!(attempts.count_bad_refresh(from(7), at(0)).await, Err(Refused::TooMany { .. })));
    assert_eq!(guess(&attempts, ALICE, from(7), at(0)).await, Ok(()));
}

async fn any_name_can_be_counted(counters: &Counters) {
    let attempts = attempts(counters);
    let long = "x".repeat(60_000);
    for name in ["", "a\0b", "\u{202e}", "{x}", &long] {
        assert_eq!(guess(&attempts, Guess::Login { name }, home(), at(0)).await, Ok(()), "{name:?}");
    }
}

async fn counters_that_no_longer_count_are_purged(counters: &Counters) {
    let attempts = attempts(counters);
    let quiet = Guess::Login { name: "quiet" };
    guess(&attempts, quiet, from(8), at(0)).await.unwrap();
    attempts.purge(at(24 * 60 * 60 - 1), 1000).await.unwrap();
    let name = name_of_login("quiet");
    assert!(counters.load([&name]).await.unwrap()[0].is_some());
    attempts.purge(at(24 * 60 * 60), 1000).await.unwrap();
    // Redis deletes its keys by its own clock.
    let is_redis = format!("{counters:?}").contains("Redis");
    assert_eq!(counters.load([&name]).await.unwrap()[0].is_some(), is_redis);
}

/// Defines a test of each fact on each store. `$empty` makes a store, and what it needs to live on.
macro_rules! on_each_store {
    ($($fact:ident)*) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $fact() {
                super::$fact(&super::Counters::in_memory()).await;
            })*
        }
        mod in_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $fact() {
                let (counters, _folder) = super::sqlite().await;
                super::$fact(&counters).await;
            })*
        }
        #[cfg(feature = "store-tests")]
        #[tokio::test(flavor = "multi_thread")]
        async fn postgresql_meets_the_specification() {
            let postgres = test_services::Postgres::start();
            let pool = sqlx::PgPool::connect(&postgres.url()).await.unwrap();
            let counters = Counters::in_sql(Pool::Postgres(pool.clone())).await.unwrap();
            $(
                sqlx::raw_sql("DELETE FROM jwt_attempts").execute(&pool).await.unwrap();
                $fact(&counters).await;
            )*
        }
        #[cfg(feature = "store-tests")]
        #[tokio::test(flavor = "multi_thread")]
        async fn redis_meets_the_specification() {
            let redis = test_services::Redis::start();
            $(
                // Each fact has keys of its own.
                let store = jwt_extended_redis::RedisStore::builder(redis.url()).prefix(stringify!($fact));
                $fact(&Counters::in_redis(store.connect().await.unwrap())).await;
            )*
        }
    };
}

on_each_store! {
    an_account_is_delayed_and_its_success_clears_it
    a_success_does_not_clear_its_address
    a_known_address_gets_in_while_the_account_is_locked
    only_the_latest_addresses_are_known
    an_account_is_unlocked_by_command
    parallel_guesses_do_not_pass_together
    an_attempt_without_a_check_is_no_guess
    clients_and_refreshes_have_counters_of_their_own
    any_name_can_be_counted
    counters_that_no_longer_count_are_purged
}

async fn sqlite() -> (Counters, Arc<TempDir>) {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("site.db").display());
    let store = SqliteStore::connect(&url).await.unwrap();
    (Counters::in_sql(Pool::Sqlite(store.pool().clone())).await.unwrap(), Arc::new(folder))
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_logins_of_one_user_all_succeed() {
    let attempts = attempts(&Counters::in_memory());
    let logins = (0..64).map(|_| {
        let attempts = attempts.clone();
        tokio::spawn(async move { log_in(&attempts, home(), at(0)).await })
    });
    for login in logins.collect::<Vec<_>>() {
        login.await.unwrap();
    }
}

#[tokio::test]
async fn limits_can_be_switched_off() {
    let attempts = Attempts::in_memory("enabled = false").unwrap();
    for _ in 0..500 {
        assert_eq!(guess(&attempts, ALICE, home(), at(0)).await, Ok(()));
        attempts.count_bad_refresh(home(), at(0)).await.unwrap();
    }
}
