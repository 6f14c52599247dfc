//! Tokens of other issuers: whose keys and rules judge them, what they may do, and when a guard waits for keys.
//!
//! Lines 30, 33, 34 and 35 of SECURITY.md.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use jwt_extended::{
    JwtManager, JwtManagerBuilder, KnownIssuer, Requirement, Token,
    config::Switch,
    http::{Location, Reason},
    jose::{self, Algorithm, Key, KeyRing, KeySource},
    session::{MemoryStore, Subject},
    token::{AccessTokens, Claims, Issuer, Lifetime, LoadUser, Provider, TokenError},
};

use crate::common::*;

#[path = "issuers/providers.rs"]
mod providers;
#[path = "issuers/revocation.rs"]
mod revocation;
#[path = "issuers/waiting.rs"]
mod waiting;

const IDP: &str = "https://idp.example";

fn idp_key() -> Key {
    Key::hs256("the secret of another issuer, thirty-two bytes long").unwrap().with_kid("idp").unwrap()
}

/// An issuer with an HMAC key, so that these tests need no feature.
fn issuer(keys: impl KeySource + 'static) -> Issuer {
    Issuer::new(IDP, keys).algorithms([Algorithm::HS256]).audience("us")
}

fn fixed() -> Issuer {
    issuer(Arc::new(KeyRing::verify_only(idp_key())))
}

fn with(issuer: Issuer) -> JwtManager {
    builder().issuer(issuer).build().unwrap()
}

fn claims(changes: &[(&str, &str)]) -> String {
    let base = [("fresh", ""), ("type", ""), ("csrf", ""), ("iss", "\"https://idp.example\""), ("aud", "\"us\"")];
    payload(&[&base, changes].concat())
}

/// Signs a token of the other issuer with changes to its claims.
fn foreign(changes: &[(&str, &str)]) -> String {
    let header = r#"{"alg":"HS256","kid":"idp","typ":"at+jwt"}"#;
    jose::sign_with_header(&idp_key(), header, &claims(changes)).unwrap()
}

fn admitted(jwt: &JwtManager, text: &str) -> Token {
    check(jwt, &bearer(text), &Requirement::access()).unwrap().into_token()
}

/// A source whose keys come when they are asked for, as those of a remote set do.
#[derive(Debug, Default)]
struct Remote {
    current: Mutex<Option<Arc<KeyRing>>>,
    next: Mutex<Option<Arc<KeyRing>>>,
    asked: AtomicUsize,
}

impl Remote {
    fn new(current: Option<KeyRing>, next: Option<KeyRing>) -> Arc<Self> {
        Arc::new(Self {
            current: Mutex::new(current.map(Arc::new)),
            next: Mutex::new(next.map(Arc::new)),
            ..Self::default()
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// The tests keep the source, and the issuer has it too.
#[derive(Clone, Debug)]
struct Shared(Arc<Remote>);

impl KeySource for Shared {
    fn current(&self) -> Option<Arc<KeyRing>> {
        self.0.current.lock().unwrap().clone()
    }

    fn renew(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            self.0.asked.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            if let Some(next) = self.0.next.lock().unwrap().take() {
                *self.0.current.lock().unwrap() = Some(next);
            }
        })
    }
}

fn ring() -> KeyRing {
    KeyRing::verify_only(idp_key())
}

#[test]
fn a_token_says_who_issued_it() {
    let jwt = with(fixed());
    let token = admitted(&jwt, &foreign(&[("sub", "\"ali\\u0063e\"")]));
    assert_eq!((token.issuer(), token.subject(), token.jti()), (Some(IDP), "alice", Some("a token")));
    assert_eq!((token.session(), token.csrf()), (None, None));
    assert_eq!(admitted(&jwt, &self::token(&[])).issuer(), None);
}

#[test]
fn claims_of_ours_mean_nothing_in_a_foreign_token() {
    let jwt = with(fixed());
    let claims = [("fresh", "true"), ("sid", "\"0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e\""), ("csrf", "\"a value\"")];
    let token = admitted(&jwt, &foreign(&claims));
    assert_eq!((token.session(), token.csrf(), token.auth_time()), (None, None, None));
    let refused = refusal(&jwt, &bearer(&foreign(&claims)), &Requirement::fresh());
    assert!(matches!(refused.reason(), Reason::NotFresh { .. }));
}

#[test]
fn a_foreign_token_in_a_cookie_has_no_csrf_value() {
    let jwt = builder().issuer(fixed()).token_location([Location::Cookie]).build().unwrap();
    let cookie = format!("access_token_cookie={}", foreign(&[("csrf", "\"a value\"")]));
    let post = request("POST", "/", &[("Cookie", &cookie), ("X-CSRF-TOKEN", "a value")]);
    assert_eq!(refusal(&jwt, &post, &Requirement::access()).message(), "Missing claim: csrf");
}

#[test]
fn a_foreign_token_cannot_be_refreshed_or_renewed() {
    let jwt = builder().issuer(fixed()).session_store(MemoryStore::new()).build().unwrap();
    let token = admitted(&jwt, &foreign(&[]));
    assert_eq!(refresh_refusal(&jwt, &token), Reason::NotRefreshToken);
    assert_eq!(wait(jwt.steps().renewal_of(&token)), None);
}

// Each issuer's keys, algorithms and rules judge its own tokens alone.

#[test]
fn no_key_of_one_issuer_checks_the_token_of_another() {
    let other_key =
        Key::hs256("the secret of a second issuer, thirty-two bytes long").unwrap().with_kid("other").unwrap();
    let other = Issuer::new("https://other.example", Arc::new(KeyRing::verify_only(other_key.clone())));
    let jwt = builder().issuer(fixed()).issuer(other.algorithms([Algorithm::HS256]).audience("us")).build().unwrap();
    for kid in ["idp", "other"] {
        let header = format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"at+jwt"}}"#);
        let confused = jose::sign_with_header(&other_key, &header, &claims(&[])).unwrap();
        let complaint = complaint(&jwt, &confused);
        assert!(complaint == "Signature verification failed" || complaint.contains("unknown key"), "{complaint}");
        let honest =
            jose::sign_with_header(&other_key, &header, &claims(&[("iss", "\"https://other.example\"")])).unwrap();
        assert_eq!(jwt.decode_token(&honest).is_ok(), kid == "other");
    }
}

#[test]
fn an_own_key_does_not_check_a_foreign_token() {
    let keys = KeyRing::verify_only(idp_key());
    let jwt = with(issuer(Arc::new(keys)));
    let confused =
        jose::sign_with_header(&key(), r#"{"alg":"HS256","kid":"idp","typ":"at+jwt"}"#, &claims(&[])).unwrap();
    assert_eq!(complaint(&jwt, &confused), "Signature verification failed");
    let unnamed = foreign(&[("iss", "")]);
    assert_eq!(complaint(&jwt, &unnamed), "Signature verification failed");
}

#[test]
fn shared_secrets_are_refused_unless_the_issuer_has_them() {
    let jwt = with(Issuer::new(IDP, Arc::new(ring())).audience("us"));
    assert_eq!(complaint(&jwt, &foreign(&[])), "The specified alg value is not allowed");
}

#[test]
fn an_issuer_is_compared_letter_by_letter() {
    let jwt = with(fixed());
    for name in ["https://idp.example/", "HTTPS://idp.example", "https://idp.example ", "idp.example", ""] {
        assert!(jwt.decode_token(&foreign(&[("iss", &format!("\"{name}\""))])).is_err(), "{name}");
    }
    for iss in ["[\"https://idp.example\"]", "5", "null"] {
        assert!(jwt.decode_token(&foreign(&[("iss", iss)])).is_err(), "{iss}");
    }
}

#[test]
fn tolerance_for_own_tokens_does_not_extend_to_others() {
    let jwt = builder().issuer(fixed()).tolerate(jwt_extended::config::Tolerate::ALL.to_vec()).build().unwrap();
    for (changes, complaint) in [
        (&[("exp", "")][..], "Missing claim: exp"),
        (&[("exp", "\"4102444800\"")], "Expiration Time claim (exp) must be an integer."),
        (&[("sub", "\"\"")], "Missing claim: sub"),
        (&[("sub", "5")], "Subject must be a string"),
        (&[("aud", "\"them\"")], "Audience doesn't match"),
        (&[("aud", "")], "Token is missing the \"aud\" claim"),
    ] {
        assert_eq!(super::common::complaint(&jwt, &foreign(changes)), complaint);
    }
}

#[test]
fn a_token_that_lives_too_long_is_refused() {
    let jwt = with(fixed().longest_lifetime(Lifetime::minutes(10)));
    assert_eq!(complaint(&jwt, &foreign(&[])), "The token lives longer than it may here");
    assert_eq!(complaint(&jwt, &foreign(&[("iat", "")])), "Missing claim: iat");
    let short = (NOW + 600).to_string();
    assert!(jwt.decode_token(&foreign(&[("exp", &short)])).is_ok());
}

#[test]
fn a_jti_is_needed_only_where_it_is_asked_for() {
    let without = foreign(&[("jti", "")]);
    assert!(with(fixed()).decode_token(&without).is_ok());
    assert_eq!(complaint(&with(fixed().require_jti()), &without), "Missing claim: jti");
}

#[test]
fn another_identity_claim_names_the_user() {
    let token = admitted(&with(fixed().identity_claim("oid")), &foreign(&[("oid", "\"42\"")]));
    assert_eq!(token.subject(), "42");
}

#[test]
fn an_app_without_a_key_accepts_its_issuers_alone() {
    let jwt = keyless().issuer(fixed()).build().unwrap();
    assert_eq!(admitted(&jwt, &foreign(&[])).subject(), "alice");
    assert_eq!(complaint(&jwt, &token(&[])), "Invalid issuer");
    assert_eq!(complaint(&jwt, "garbage"), "Not enough segments");
    assert!(jwt.create_access_token("alice").unwrap_err().to_string().contains("no key to sign with"));
}

#[test]
fn a_route_says_whose_tokens_it_accepts() {
    let jwt = with(fixed());
    let admits = |text: &str, requirement| check(&jwt, &bearer(text), &requirement).is_ok();
    let (own, other) = (token(&[]), foreign(&[]));
    assert!(admits(&own, Requirement::access().own()) && !admits(&other, Requirement::access().own()));
    let partners = || Requirement::access().issuers([IDP]);
    assert!(!admits(&own, partners()) && admits(&other, partners()));
    assert!(!admits(&other, Requirement::access().issuers(["https://idp.example/"])));
    let refused = refusal(&jwt, &bearer(&other), &Requirement::access().own());
    assert_eq!((refused.status().as_u16(), refused.code()), (403, "issuer_not_accepted"));
}

// The claims of a token, without the token.

#[test]
fn the_claims_of_a_token_say_whose_it_is() {
    let jwt = with(fixed().identity_claim("oid").scope_claims(["roles"]));
    let text = foreign(&[("oid", "\"the oid\""), ("roles", "[\"a\", \"b\"]"), ("scope", "\"c\"")]);
    let token = jwt.decode_token(&text).unwrap();
    let steps = jwt.steps();
    let issuer = steps.issuer(IDP).unwrap();
    assert_eq!((issuer.name(), issuer.identity_claim()), (IDP, "oid"));
    assert_eq!(steps.issuer_named_in(&text).map(KnownIssuer::name), Some(IDP));
    assert!(steps.issuer("https://other.example").is_none());
    assert!(steps.issuer_named_in(&super::common::token(&[])).is_none());
    assert_eq!(Subject::from(&token), Subject(&issuer.stored("the oid")));
    let claims = Claims::from_json(token.claims_json()).unwrap();
    assert_eq!(steps.scopes_of(&claims, Some(issuer)), token.scopes());
    assert_eq!(steps.scopes_of(&claims, None), ["c"]);
}

#[test]
fn an_issuers_token_is_revoked_by_its_claims() {
    let jwt = builder().issuer(fixed()).session_store(MemoryStore::new()).build().unwrap();
    let token = admitted(&jwt, &foreign(&[("jti", "\"a jti\"")]));
    let issuer = jwt.steps().issuer(IDP).unwrap();
    let [subject, jti] = [token.subject(), token.jti().unwrap()].map(|id| issuer.stored(id));
    wait(jwt.steps().revoke_by_id(Subject(&subject), &jti, token.expires_at())).unwrap();
    assert!(wait(jwt.is_revoked(&token)).unwrap());
}

// Mistakes.

fn mistakes(builder: JwtManagerBuilder) -> Vec<String> {
    builder.build().unwrap_err().mistakes().to_vec()
}

#[test]
fn an_issuer_needs_an_audience() {
    let nameless = Issuer::new(IDP, Arc::new(ring()));
    let expected = "the issuer https://idp.example has no audience; name this app with `audience`, or it would accept \
                    tokens for other apps";
    assert_eq!(mistakes(builder().issuer(nameless)), [expected]);
}

#[test]
fn an_issuer_is_given_once_and_is_not_the_app_itself() {
    let twice = builder().issuer(fixed()).issuer(fixed());
    assert_eq!(mistakes(twice), ["the issuer https://idp.example is given twice"]);
    let own = "the issuer https://idp.example is also this app's own; leave it out of encode_issuer and decode_issuer";
    assert_eq!(mistakes(builder().encode_issuer(IDP.to_owned()).issuer(fixed())), [own]);
    assert_eq!(mistakes(builder().decode_issuer([IDP]).issuer(fixed())), [own]);
}

#[test]
fn another_mark_of_access_tokens_can_be_set() {
    let unmarked = jose::sign_with_header(&idp_key(), r#"{"alg":"HS256","kid":"idp"}"#, &claims(&[])).unwrap();
    assert!(with(fixed()).decode_token(&unmarked).is_err());
    assert!(with(fixed().access_tokens(AccessTokens::Unmarked)).decode_token(&unmarked).is_ok());
    let provider = Provider::from("https://idp.example");
    assert_eq!(provider.name(), IDP);
}

#[test]
fn a_text_that_is_too_long_names_no_issuer() {
    assert_eq!(
        complaint(&with(fixed()), &foreign(&[("x", &format!("\"{}\"", "x".repeat(9000)))])),
        "The token is longer than 8192 bytes"
    );
}

#[test]
fn a_user_of_the_app_has_tokens_of_the_app_alone() {
    struct User;
    impl LoadUser<()> for User {
        type Error = std::convert::Infallible;

        async fn load_user(_: &Token, (): &()) -> Result<Option<Self>, Self::Error> {
            Ok(Some(Self))
        }
    }
    let jwt = with(fixed());
    let may_have = |text: &str| User::may_have(&jwt.decode_token(text).unwrap());
    assert_eq!([may_have(&token(&[])), may_have(&foreign(&[]))], [true, false]);
}

#[test]
fn a_foreign_token_may_be_as_long_as_the_limit() {
    let text = foreign(&[]);
    let limited = |length: usize| builder().issuer(fixed()).max_token_length(length).build().unwrap();
    assert!(opens(&limited(text.len()), &text));
    assert!(!opens(&limited(text.len() - 1), &text));
}
