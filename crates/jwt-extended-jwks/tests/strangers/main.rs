//! Tokens of issuers that others have written, end to end: npm `oidc-provider` and npm `oauth2-mock-server`.
//!
//! Needs Node.js and npm. Cases that need a server which breaks HTTP are in `it`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use jwt_extended::{
    JwtManager, ManualClock, Rejection, Requirement, Timestamp, Token,
    token::{AccessTokens, Issuer, TokenError},
};
use jwt_extended_jwks::RemoteKeys;
use serde_json::{Value, json};
use test_services::{Node, Program};

const AUDIENCE: &str = "https://orders.example";

/// An issuer, and a manager that accepts its tokens. The keys have a clock of their own, which the test moves.
struct Shop {
    node: Node,
    issuer: String,
    clock: Arc<ManualClock>,
    keys: RemoteKeys,
    jwt: JwtManager,
}

impl Shop {
    fn with(program: Program, mark: AccessTokens) -> Self {
        let node = Node::start(program);
        let issuer = member(node.greeting(), "issuer");
        let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_800_000_000)));
        let keys = RemoteKeys::discover(&*issuer).allow_loopback_http().clock(Arc::clone(&clock)).build().unwrap();
        let trusted = Issuer::new(&*issuer, keys.clone()).audience(AUDIENCE).access_tokens(mark);
        let jwt = JwtManager::builder().issuer(trusted).build().unwrap();
        Self { node, issuer, clock, keys, jwt }
    }

    fn openid() -> Self {
        Self::with(Program::OidcProvider, AccessTokens::Typed)
    }

    /// Asks the OpenID provider for a token.
    fn token(&self, scope: &str) -> String {
        token(&self.issuer, scope)
    }

    fn check(&self, text: &str, requirement: &Requirement) -> Result<Token, Rejection> {
        check(&self.jwt, text, requirement)
    }

    fn command(&mut self, line: &str) {
        self.node.ask(line);
    }

    /// Lets time pass for the source of keys, so that it may ask again.
    fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

fn member(text: &str, name: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap();
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
}

fn token(issuer: &str, scope: &str) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "shop"),
        ("client_secret", "a secret of the tests alone"),
        ("resource", AUDIENCE),
        ("scope", scope),
    ];
    let mut answer = ureq::post(format!("{issuer}/token")).send_form(form).unwrap();
    member(&answer.body_mut().read_to_string().unwrap(), "access_token")
}

fn check(jwt: &JwtManager, text: &str, requirement: &Requirement) -> Result<Token, Rejection> {
    let request = http::Request::get("/").header("authorization", format!("Bearer {text}")).body(()).unwrap();
    let (parts, ()) = request.into_parts();
    let checked = tokio::runtime::Builder::new_current_thread().build().unwrap();
    checked.block_on(jwt.authenticate(&parts, requirement)).map(jwt_extended::Admitted::into_token)
}

#[test]
fn a_token_of_an_openid_provider_is_accepted_with_its_scopes() {
    let shop = Shop::openid();
    let text = shop.token("read:orders");
    let token = shop.check(&text, &Requirement::access().scopes(["read:orders"])).unwrap();
    assert_eq!((token.issuer(), token.subject()), (Some(&*shop.issuer), "shop"));
    let refused = shop.check(&text, &Requirement::access().scopes(["write:orders"])).unwrap_err();
    assert_eq!(refused.status().as_u16(), 403);
}

#[test]
fn keys_rotate_under_load_without_refusing_a_good_token() {
    let mut shop = Shop::openid();
    let (jwt, issuer) = (shop.jwt.clone(), shop.issuer.clone());
    assert!(shop.check(&shop.token("read:orders"), &Requirement::access()).is_ok());
    let (ended, checked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (jwt, issuer, ended, checked) = (jwt.clone(), issuer.clone(), Arc::clone(&ended), Arc::clone(&checked));
            thread::spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    let text = token(&issuer, "read:orders");
                    check(&jwt, &text, &Requirement::access()).unwrap();
                    checked.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let wait_for_load = || {
        let enough = checked.load(Ordering::Relaxed) + 20;
        while checked.load(Ordering::Relaxed) < enough && load.iter().all(|thread| !thread.is_finished()) {
            thread::sleep(Duration::from_millis(5));
        }
    };
    for (before, next) in [("first", "second"), ("second", "third"), ("third", "fourth")] {
        wait_for_load();
        shop.command(&format!("publish {next}"));
        // The new key signs only when nobody has the old set any more. An unknown one may be asked for by then.
        shop.later(31);
        wait_for_load();
        shop.command(&format!("sign {next}"));
        wait_for_load();
        let old = format!("remove {before}");
        shop.command(&old);
        wait_for_load();
    }
    ended.store(true, Ordering::Relaxed);
    for thread in load {
        thread.join().unwrap();
    }
    assert!(checked.load(Ordering::Relaxed) >= 180);
}

#[test]
fn a_token_is_refused_after_its_key_is_gone() {
    let mut shop = Shop::openid();
    let old = shop.token("read:orders");
    assert!(shop.check(&old, &Requirement::access()).is_ok());
    shop.command("publish second");
    shop.command("sign second");
    shop.command("remove first");
    shop.later(31);
    // The token of the new key brings the new set.
    assert!(shop.check(&shop.token("read:orders"), &Requirement::access()).is_ok());
    let refused = shop.check(&old, &Requirement::access()).unwrap_err();
    assert_eq!(
        (refused.status().as_u16(), refused.message().as_str()),
        (401, "The token was signed with an unknown key")
    );
}

#[test]
fn a_removed_key_counts_no_longer_than_the_set_is_cached() {
    let mut shop = Shop::openid();
    let old = shop.token("read:orders");
    assert!(shop.check(&old, &Requirement::access()).is_ok());
    shop.command("publish second");
    shop.command("sign second");
    shop.command("remove first");
    // Nobody sends a token of the new key: the set is renewed because it ages.
    shop.later(86_400);
    let deadline = Instant::now() + Duration::from_secs(30);
    while shop.check(&old, &Requirement::access()).is_ok() {
        assert!(Instant::now() < deadline, "the key is gone and still accepted");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_issuer_that_is_frozen_or_gone_keeps_its_known_keys() {
    let shop = Shop::openid();
    let text = shop.token("read:orders");
    assert!(shop.check(&text, &Requirement::access()).is_ok());
    shop.node.freeze();
    // The set lives for five minutes, so it is being renewed by now.
    shop.later(250);
    let started = Instant::now();
    assert!(shop.check(&text, &Requirement::access()).is_ok());
    assert!(started.elapsed() < Duration::from_secs(1), "a known key is never waited for");
    drop(shop.node);
    let deadline = Instant::now() + Duration::from_secs(30);
    while shop.keys.last_error().is_none() {
        assert!(Instant::now() < deadline, "the fetch in flight does not end");
        thread::sleep(Duration::from_millis(20));
    }
    shop.clock.advance(Duration::from_secs(3600));
    assert!(check(&shop.jwt, &text, &Requirement::access()).is_ok());
    shop.clock.advance(Duration::from_secs(3 * 86_400));
    let refused = check(&shop.jwt, &text, &Requirement::access()).unwrap_err();
    assert_eq!(refused.status().as_u16(), 503, "after a day without an answer, nobody knows");
    assert!(shop.keys.last_error().is_some());
}

#[test]
fn a_frozen_issuer_without_known_keys_means_503_in_time() {
    let shop = Shop::openid();
    let text = shop.token("read:orders");
    shop.node.freeze();
    let started = Instant::now();
    let refused = shop.check(&text, &Requirement::access()).unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.code()), (503, "keys_unavailable"));
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    shop.node.go_on();
    assert_eq!(
        shop.check(&text, &Requirement::access()).unwrap_err().status().as_u16(),
        503,
        "not asked again at once"
    );
    shop.later(31);
    assert!(shop.check(&text, &Requirement::access()).is_ok());
}

#[test]
fn tokens_of_a_mock_server_pass_and_its_id_tokens_do_not() {
    let mut shop = Shop::with(Program::MockServer, AccessTokens::Unmarked);
    let mut signed = |claims: Value| member(&shop.node.ask(&claims.to_string()), "token");
    let good = signed(json!({ "aud": AUDIENCE, "sub": "42", "scope": "read:orders" }));
    let id = signed(json!({ "aud": AUDIENCE, "sub": "42", "nonce": "n" }));
    let other = signed(json!({ "aud": "https://other.example", "sub": "42" }));
    assert_eq!(shop.check(&good, &Requirement::access().scopes(["read:orders"])).unwrap().subject(), "42");
    assert_eq!(shop.check(&id, &Requirement::access()).unwrap_err().status().as_u16(), 401);
    assert_eq!(shop.jwt.decode_token(&other).unwrap_err(), TokenError::Audience);
}
