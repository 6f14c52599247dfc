//! Guessing: what somebody gets who tries many passwords or refresh tokens.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use jwt_extended_axum::jwt_extended::{ManualClock, Timestamp};

use crate::support::app::*;

const WRONG: &str = r#"{"username": "testuser", "password": "wrong"}"#;
const BAD: &str = "Bad username or password";
/// By default, so many failed logins of an account delay nothing.
const FREE: usize = 10;
/// By default, so many failures of an address delay nothing.
const FREE_OF_ADDRESS: usize = 100;

const ATTACKER: [u8; 4] = [203, 0, 113, 5];
const VICTIM: [u8; 4] = [192, 0, 2, 7];

/// The routes by a clock that the test moves.
fn timed() -> (TestApp, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_800_000_000)));
    (app_with(builder().clock(Arc::clone(&clock))), clock)
}

fn at(app: &mut TestApp, address: [u8; 4]) {
    app.peer = SocketAddr::from((address, 4711));
}

async fn guess_wrong(app: &TestApp, times: usize) {
    for _ in 0..times {
        app.post("/token", &[JSON], WRONG).await.says(401, BAD);
    }
}

#[tokio::test]
async fn guesses_are_delayed_ever_longer_and_end_with_the_password() {
    let (app, clock) = timed();
    guess_wrong(&app, FREE).await;
    for (wait, words) in [(1, "1 second"), (2, "2 seconds"), (4, "4 seconds")] {
        for path in ["/login", "/token"] {
            let refused = app.post(path, &[JSON], CREDENTIALS).await;
            refused.says(429, &format!("Too many attempts. Try again in {words}"));
            assert_eq!(refused.header("retry-after"), wait.to_string());
            assert_eq!((refused.header("www-authenticate"), refused.all("set-cookie").len()), ("", 0));
        }
        clock.advance(Duration::from_secs(wait));
        app.post("/login", &[JSON], WRONG).await.says(401, BAD);
    }
    clock.advance(Duration::from_secs(8));
    assert_eq!(app.post("/login", &[JSON], CREDENTIALS).await.status, 200);
    guess_wrong(&app, FREE).await;
}

#[tokio::test]
async fn an_unknown_name_is_refused_exactly_as_a_known_one() {
    let (app, clock) = timed();
    let bodies = [WRONG, r#"{"username": "nobody", "password": "wrong"}"#];
    for step in 0..2 * FREE {
        let [known, unknown] =
            [app.post("/login", &[JSON], bodies[0]).await, app.post("/login", &[JSON], bodies[1]).await];
        assert_eq!(known, unknown);
        assert_eq!(known.status, if step < FREE { 401 } else { 429 });
    }
    clock.advance(Duration::from_secs(1));
    for body in bodies {
        app.post("/login", &[JSON], body).await.says(401, BAD);
    }
}

#[tokio::test]
async fn a_user_gets_in_from_a_known_address_while_locked() {
    let (mut app, _) = timed();
    at(&mut app, VICTIM);
    assert_eq!(app.post("/login", &[JSON], CREDENTIALS).await.status, 200);
    at(&mut app, ATTACKER);
    guess_wrong(&app, FREE).await;
    assert_eq!(app.post("/login", &[JSON], CREDENTIALS).await.status, 429);
    at(&mut app, VICTIM);
    assert_eq!(app.post("/login", &[JSON], CREDENTIALS).await.status, 200);
    at(&mut app, ATTACKER);
    assert_eq!(app.post("/login", &[JSON], CREDENTIALS).await.status, 429, "that unlocks nothing for the attacker");
}

#[tokio::test]
async fn a_success_clears_the_account_and_not_the_address() {
    let (app, _) = timed();
    for _ in 0..FREE_OF_ADDRESS / (FREE - 1) {
        guess_wrong(&app, FREE - 1).await;
        assert_eq!(app.post("/token", &[JSON], CREDENTIALS).await.status, 200);
    }
    guess_wrong(&app, FREE_OF_ADDRESS % (FREE - 1)).await;
    let refused = app.post("/token", &[JSON], r#"{"username": "admin", "password": "adminpass"}"#).await;
    refused.says(429, "Too many attempts. Try again in 1 second");
}

#[tokio::test]
async fn an_untrusted_peer_does_not_choose_its_address() {
    let (mut app, _) = timed();
    at(&mut app, ATTACKER);
    for number in 0..FREE_OF_ADDRESS {
        let forged = format!("198.51.100.{number}");
        let body = format!(r#"{{"username": "user{number}", "password": "x"}}"#);
        app.post("/login", &[JSON, ("x-forwarded-for", &forged)], &body).await.says(401, BAD);
    }
    let forged = [JSON, ("x-forwarded-for", "198.51.100.200")];
    assert_eq!(app.post("/login", &forged, CREDENTIALS).await.status, 429);
    at(&mut app, [127, 0, 0, 1]);
    assert_eq!(app.post("/login", &forged, CREDENTIALS).await.status, 200, "a trusted proxy says the client's address");
    let spoofed = format!("198.51.100.200, {}", std::net::Ipv4Addr::from(ATTACKER));
    let spoofed = [JSON, ("x-forwarded-for", spoofed.as_str())];
    assert_eq!(app.post("/login", &spoofed, CREDENTIALS).await.status, 429, "and the client only what stands before");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_four_parallel_guesses_only_ten_are_checked() {
    let (app, _) = timed();
    let app = Arc::new(app);
    let guesses = [(); 64].map(|()| {
        let app = Arc::clone(&app);
        tokio::spawn(async move { app.post("/token", &[JSON], WRONG).await.status })
    });
    let mut statuses = Vec::new();
    for guess in guesses {
        statuses.push(guess.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), FREE);
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 64 - FREE);
}

#[tokio::test]
async fn bad_refresh_tokens_are_limited_and_good_ones_never() {
    let (app, clock) = timed();
    let (_, good) = app.bearers().await;
    let forged = good.rsplit_once('.').map(|(signed, _)| format!("{signed}.{}", "A".repeat(43))).unwrap();
    for _ in 0..FREE_OF_ADDRESS {
        let refused = app.post("/refresh", &[("authorization", &forged)], "").await;
        assert_eq!(refused.status, 401, "{refused:?}");
    }
    let refused = app.post("/refresh", &[("authorization", &forged)], "").await;
    refused.says(429, "Too many attempts. Try again in 1 second");
    assert_eq!(app.post("/refresh", &[], "").await.status, 401, "a missing token is no guess");
    assert_eq!(app.post("/refresh", &[("authorization", &good)], "").await.status, 200);
    assert_eq!(app.post("/token", &[JSON], CREDENTIALS).await.status, 200, "logins have a counter of their own");
    clock.advance(Duration::from_secs(1));
    assert_eq!(app.post("/refresh", &[("authorization", &forged)], "").await.status, 401);
}

#[tokio::test]
async fn a_refusal_has_the_configured_format() {
    let app = app_with(builder().error_format(jwt_extended_axum::ErrorFormat::ProblemDetails));
    for _ in 0..FREE {
        assert_eq!(app.post("/login", &[JSON], WRONG).await.status, 401);
    }
    let refused = app.post("/login", &[JSON], WRONG).await;
    assert_eq!((refused.status, refused.header("content-type")), (429, "application/problem+json"));
    assert!(refused.body.starts_with(r#"{"code":"too_many_attempts","detail":"Too many attempts. Try again in "#));
}

#[tokio::test]
async fn a_malformed_login_is_no_guess() {
    let (app, _) = timed();
    for _ in 0..=FREE_OF_ADDRESS {
        assert_eq!(app.post("/login", &[JSON], r#"{"username": "testuser"}"#).await.status, 400);
    }
    assert_eq!(app.post("/login", &[JSON], CREDENTIALS).await.status, 200);
}
