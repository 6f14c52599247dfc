//! The response to each failure of a handler: its status, and a message that reveals nothing of the inside.

use jwt_extended::{CookieError, Requirement, http::Failure, session::StoreError, token::IssueError};

use crate::common::*;

fn answer(failure: impl Into<Failure>) -> (u16, String) {
    let response = failure.into().to_response();
    (response.status().as_u16(), String::from_utf8(response.into_body()).unwrap())
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("redis://user:secret@db refused".to_owned())
}

#[test]
fn a_rejection_keeps_its_own_response() {
    let failure = Failure::from(refusal(&manager(), &get(&[]), &Requirement::access()));
    assert!(failure.is_for_missing_token());
    assert_eq!(failure.rejection().map(jwt_extended::Rejection::code), Some("token_missing"));
    assert_eq!(answer(failure), (401, "{\"msg\":\"Missing Authorization Header\"}".to_owned()));
    let expired = refusal(&manager(), &bearer(&token(&[("exp", "1")])), &Requirement::access());
    assert!(!Failure::from(expired).is_for_missing_token());
}

#[test]
fn a_store_that_is_down_is_worth_another_try() {
    for failure in [Failure::from(unavailable()), IssueError::Store(unavailable()).into()] {
        assert!(failure.rejection().is_none() && !failure.is_for_missing_token());
        assert_eq!(failure.to_response().headers()["retry-after"], "1");
        assert_eq!(answer(failure), (503, "{\"msg\":\"Try again in a moment\"}".to_owned()));
    }
}

#[test]
fn a_missing_store_is_a_fault_of_the_app() {
    let expected = (500, "{\"msg\":\"The server is not set up for this request\"}".to_owned());
    for error in [StoreError::NoStore, StoreError::NoSessions, StoreError::ReadOnly, StoreError::Unnamed("jti")] {
        assert_eq!(answer(error), expected);
    }
    assert_eq!(answer(Failure::Misconfigured("set secret_key".to_owned())), expected);
}

#[test]
fn a_login_that_was_overtaken_is_to_be_repeated() {
    let (status, body) = answer(IssueError::SessionEnded);
    assert_eq!((status, body.as_str()), (401, "{\"msg\":\"You were logged out everywhere meanwhile. Log in again\"}"));
}

#[test]
fn a_token_that_cannot_be_issued_is_not_explained() {
    let expected = (500, "{\"msg\":\"The token could not be issued\"}".to_owned());
    assert_eq!(answer(IssueError::NoSigningKey), expected);
    assert_eq!(answer(CookieError::TooLong { name: "a".to_owned(), length: 5000 }), expected);
}

#[test]
fn the_apps_own_error_is_not_sent() {
    let lookup = Failure::UserLookup("relation users does not exist".to_owned());
    assert_eq!(answer(lookup), (500, "{\"msg\":\"The user could not be loaded\"}".to_owned()));
}

#[test]
fn a_body_that_guards_cannot_read_is_refused() {
    assert_eq!(answer(Failure::BodyTooLong), (413, "{\"msg\":\"The body is too long\"}".to_owned()));
    assert_eq!(answer(Failure::BodyUnreadable), (400, "{\"msg\":\"The body could not be read\"}".to_owned()));
}
