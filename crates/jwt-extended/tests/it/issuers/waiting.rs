//! Keys that come when they are asked for: when a guard waits for them, and what it answers without them.

use super::*;

fn other_ring() -> KeyRing {
    KeyRing::verify_only(
        Key::hs256("a key that the issuer used before, thirty-two bytes").unwrap().with_kid("old").unwrap(),
    )
}

#[test]
fn a_known_key_is_never_waited_for() {
    let remote = Remote::new(Some(ring()), None);
    let jwt = with(issuer(Shared(Arc::clone(&remote))));
    assert!(opens(&jwt, &foreign(&[])) && !opens(&jwt, &foreign(&[("aud", "\"them\"")])));
    assert_eq!(remote.asked(), 0);
}

#[test]
fn an_unknown_kid_asks_for_new_keys() {
    let remote = Remote::new(Some(other_ring()), Some(ring()));
    let jwt = with(issuer(Shared(Arc::clone(&remote))));
    assert_eq!(complaint(&jwt, &foreign(&[])), "The token was signed with an unknown key", "without waiting");
    assert!(opens(&jwt, &foreign(&[])));
    assert_eq!(remote.asked(), 1);
    assert!(jwt.decode_token(&foreign(&[])).is_ok());
}

#[test]
fn a_kid_that_stays_unknown_gets_401() {
    let remote = Remote::new(Some(other_ring()), None);
    let refused = refusal(&with(issuer(Shared(Arc::clone(&remote)))), &bearer(&foreign(&[])), &Requirement::access());
    assert_eq!((refused.status().as_u16(), remote.asked()), (401, 1));
    assert_eq!(refused.message(), "The token was signed with an unknown key");
}

#[test]
fn without_any_key_the_answer_is_503_with_retry_after() {
    let remote = Remote::new(None, None);
    let jwt = with(issuer(Shared(Arc::clone(&remote))));
    let refused = refusal(&jwt, &bearer(&foreign(&[])), &Requirement::access());
    assert_eq!((refused.status().as_u16(), refused.code()), (503, "keys_unavailable"));
    assert_eq!(refused.to_response().headers()["retry-after"], "30");
    assert_eq!(challenge(&refused), "");
    assert!(matches!(jwt.decode_token(&foreign(&[])), Err(TokenError::NoKeys(name)) if name == IDP));
    let optional = wait(jwt.authenticate_optional(&bearer(&foreign(&[])), &Requirement::access()));
    assert_eq!(optional.unwrap_err().status().as_u16(), 503);
}

#[test]
fn own_tokens_do_not_depend_on_an_issuers_keys() {
    let jwt = with(issuer(Shared(Remote::new(None, None))));
    assert!(opens(&jwt, &token(&[])));
}

#[test]
fn a_waiting_request_still_meets_its_requirement() {
    let remote = Remote::new(None, Some(ring()));
    let jwt = with(issuer(Shared(remote)));
    let refused = refusal(&jwt, &bearer(&foreign(&[])), &Requirement::access().scopes(["read"]));
    assert!(matches!(refused.reason(), Reason::InsufficientScope { .. }));
}

#[test]
fn callers_who_choose_keys_wait_for_an_issuers_too() {
    let remote = Remote::new(None, Some(ring()));
    let jwt = with(issuer(Shared(Arc::clone(&remote))));
    let keyless = |_: &str, judge: &jwt_extended::Judge<'_>| judge(&KeyRing::empty());
    let checked = jwt.steps().authenticate_with(&bearer(&foreign(&[])), &Requirement::access(), keyless).unwrap();
    assert_eq!(wait(checked).unwrap().token().issuer(), Some(IDP));
    assert_eq!(remote.asked(), 1);
}

#[test]
fn an_own_cookie_counts_beside_one_of_an_issuer_without_keys() {
    let source = Shared(Remote::new(None, None));
    let jwt = keyless().key_ring(KeyRing::empty()).token_location([Location::Cookie]).cookie_csrf_protect(Switch::Off);
    let jwt = jwt.issuer(issuer(source)).build().unwrap();
    let name = "access_token_cookie";
    let request = get(&[("Cookie", &format!("{name}={}; {name}={}", foreign(&[]), token(&[])))]);
    let own = KeyRing::new(key());
    let judge = |_: &str, judge: &jwt_extended::Judge<'_>| judge(&own);
    let checked = jwt.steps().authenticate_with(&request, &Requirement::access(), judge).unwrap();
    assert_eq!(wait(checked).unwrap().token().issuer(), None);
}

#[test]
fn a_cookie_that_waits_for_keys_keeps_its_csrf_value() {
    let remote = Remote::new(None, Some(ring()));
    let jwt = builder().token_location([Location::Cookie]).issuer(issuer(Shared(Arc::clone(&remote)))).build().unwrap();
    let cookie = format!("access_token_cookie={}", foreign(&[]));
    let post = request("POST", "/", &[("Cookie", &cookie), ("X-CSRF-TOKEN", "a value")]);
    let refused = refusal(&jwt, &post, &Requirement::access());
    assert_eq!((refused.message().as_str(), remote.asked()), ("Missing claim: csrf", 1));
}
