//! Responses to rejected requests: statuses, bodies, and the app's own handlers.

use std::sync::{Arc, Mutex};

use http::{Response, StatusCode};
use jwt_extended::{
    JwtManager, JwtManagerBuilder, Rejection, Requirement,
    http::{CsrfError, ErrorFormat, Handler, Location, Missing, Reason, RequestError, Statuses},
    session::StoreError,
    token::{IssueError, TokenError},
};
use serde_json::{Value, json};

use crate::common::*;

/// A reason, its code, its handler, and its status by RFC 6750 and by Flask-JWT-Extended.
type Row = (Reason, &'static str, Handler, [u16; 2]);

/// Lists every kind of reason.
fn table() -> Vec<Row> {
    let several = RequestError::SeveralInHeader("Authorization".to_owned());
    let missing = Missing::Header("Authorization".to_owned());
    let user = Reason::UserNotFound("7".to_owned());
    let unavailable = Reason::StoreUnavailable(StoreError::NoStore);
    let not_issued = Reason::Issue(IssueError::NoSigningKey);
    let row = |reason, code, handler, statuses| (reason, code, handler, statuses);
    vec![
        row(Reason::Missing(missing), "token_missing", Handler::Unauthorized, [401, 401]),
        row(Reason::Csrf(CsrfError::Missing), "csrf_missing", Handler::Unauthorized, [401, 401]),
        row(Reason::Csrf(CsrfError::Mismatch), "csrf_mismatch", Handler::Unauthorized, [401, 401]),
        row(Reason::Csrf(CsrfError::CrossSite), "csrf_cross_site", Handler::Unauthorized, [401, 401]),
        row(Reason::Csrf(CsrfError::SameSite), "csrf_cross_site", Handler::Unauthorized, [401, 401]),
        row(Reason::Request(several), "request_malformed", Handler::InvalidToken, [400, 422]),
        row(Reason::Token(TokenError::Issuer), "token_invalid", Handler::InvalidToken, [401, 422]),
        row(Reason::RefreshToken, "token_type_wrong", Handler::InvalidToken, [401, 422]),
        row(Reason::NotRefreshToken, "token_type_wrong", Handler::InvalidToken, [401, 422]),
        row(Reason::Expired, "token_expired", Handler::ExpiredToken, [401, 401]),
        row(Reason::Revoked, "token_revoked", Handler::RevokedToken, [401, 401]),
        row(Reason::NotFresh { max_age: 0 }, "token_not_fresh", Handler::NeedsFreshToken, [401, 401]),
        row(Reason::Verification, "claims_refused", Handler::TokenVerificationFailed, [401, 400]),
        row(user, "user_not_found", Handler::UserLookupError, [401, 401]),
        row(unavailable, "store_unavailable", Handler::StoreUnavailable, [503, 503]),
        row(
            Reason::App { status: StatusCode::GONE, code: "moved", message: "Ask elsewhere" },
            "moved",
            Handler::App,
            [410, 410],
        ),
        row(not_issued, "token_not_issued", Handler::ServerError, [500, 500]),
        row(Reason::Misconfigured("no state"), "misconfigured", Handler::ServerError, [500, 500]),
    ]
}

fn build(builder: JwtManagerBuilder) -> JwtManager {
    builder.build().unwrap()
}

#[test]
fn every_reason_has_its_code_handler_and_statuses() {
    let (standard, flask) = (manager(), build(builder().error_statuses(Statuses::FlaskJwtExtended)));
    for (reason, code, handler, expected) in table() {
        assert_eq!((reason.code(), reason.handler()), (code, handler));
        let statuses = [&standard, &flask].map(|jwt| jwt.reject(reason.clone(), None).to_response().status().as_u16());
        assert_eq!(statuses, expected, "{reason:?}");
    }
}

#[test]
fn an_apps_own_rejection_looks_like_all_others() {
    let refusal = manager().reject(Reason::UserNotFound("7".to_owned()), None);
    assert_eq!(body(&refusal), r#"{"msg":"Error loading the user 7"}"#);
    assert_eq!(refusal.to_response().headers()["content-type"], "application/json");
    assert_eq!(refusal.to_string(), refusal.message());
}

#[test]
fn details_for_the_log_are_not_sent_to_the_client() {
    for reason in [
        Reason::Issue(IssueError::ReservedClaim("hush".to_owned())),
        Reason::Misconfigured("hush"),
        Reason::StoreUnavailable(StoreError::Unavailable("hush".to_owned())),
    ] {
        let refusal = manager().reject(reason, None);
        assert!(!body(&refusal).contains("hush") && !refusal.message().contains("hush"));
    }
}

#[test]
fn the_message_is_under_the_configured_key() {
    let jwt = build(builder().error_message_key("error \"text\""));
    let refusal = refusal(&jwt, &get(&[]), &Requirement::access());
    assert_eq!(body(&refusal), r#"{"error \"text\"":"Missing Authorization Header"}"#);
}

#[test]
fn problem_details_are_those_of_rfc_9457() {
    let jwt = build(builder().error_format(ErrorFormat::ProblemDetails));
    for (request, expected) in [
        (
            get(&[]),
            json!({
                "title": "Unauthorized", "status": 401, "code": "token_missing",
                "detail": "Missing Authorization Header",
            }),
        ),
        (
            get(&[("Authorization", "Bearer")]),
            json!({
                "title": "Bad Request", "status": 400, "code": "request_malformed",
                "detail": "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'",
            }),
        ),
    ] {
        let refusal = refusal(&jwt, &request, &Requirement::access());
        let response = refusal.to_response();
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.status().as_u16(), expected["status"]);
        assert_eq!(serde_json::from_slice::<Value>(response.body()).unwrap(), expected);
    }
}

#[test]
fn flask_statuses_are_those_that_its_clients_expect() {
    let jwt = build(
        builder()
            .error_statuses(Statuses::FlaskJwtExtended)
            .token_location([Location::Header, Location::QueryString])
            .query_string_value_prefix("JWT "),
    );
    for (request, status) in [
        (get(&[]), 401),
        (get(&[("Authorization", "Basic YTpi")]), 401),
        (get(&[("Authorization", "Bearer a b")]), 422),
        (bearer("garbage"), 422),
        (bearer(&token(&[("type", "\"refresh\"")])), 422),
        (bearer(&token(&[("sub", "")])), 422),
        (bearer(&token(&[("exp", "1")])), 401),
        (request("GET", "/?jwt=x", &[]), 422),
    ] {
        assert_eq!(refusal(&jwt, &request, &Requirement::access()).status().as_u16(), status);
    }
    let stale = bearer(&token(&[("fresh", "false")]));
    assert_eq!(refusal(&jwt, &stale, &Requirement::fresh()).status().as_u16(), 401);
}

// The app's own handlers.

fn teapot(text: &'static str) -> impl Fn(&Rejection) -> Response<Vec<u8>> + Send + Sync + 'static {
    move |refusal| {
        let body = format!("{text}: {}", refusal.code()).into_bytes();
        Response::builder().status(StatusCode::IM_A_TEAPOT).body(body).unwrap()
    }
}

#[test]
fn each_handler_answers_its_own_reasons_and_no_others() {
    for (_, _, handler, ..) in table() {
        let jwt = build(builder().on(handler, teapot("own")));
        for (reason, code, its_handler, [status, _]) in table() {
            let refusal = jwt.reject(reason, None);
            let response = refusal.to_response();
            if its_handler == handler {
                assert_eq!((response.status().as_u16(), body(&refusal)), (418, format!("own: {code}")));
            } else {
                assert_eq!(response.status().as_u16(), status);
            }
        }
    }
}

#[test]
fn on_rejection_answers_reasons_without_their_own_handler() {
    let jwt = build(builder().on_rejection(teapot("all")).on(Handler::ExpiredToken, teapot("expired")));
    for (reason, code, handler, ..) in table() {
        let who = if handler == Handler::ExpiredToken { "expired" } else { "all" };
        assert_eq!(body(&jwt.reject(reason, None)), format!("{who}: {code}"));
    }
}

#[test]
fn the_last_handler_set_for_a_reason_counts() {
    let jwt = build(builder().on(Handler::ExpiredToken, teapot("one")).on(Handler::ExpiredToken, teapot("two")));
    assert_eq!(body(&jwt.reject(Reason::Expired, None)), "two: token_expired");
}

#[test]
fn a_handler_can_change_a_part_of_the_default_response() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let jwt = build(builder().on(Handler::ExpiredToken, move |refusal| {
        let subject = refusal.token().map(|token| token.subject().to_owned());
        notes.lock().unwrap().push((refusal.reason().clone(), subject));
        let mut response = refusal.default_response();
        response.headers_mut().insert("x-own", "1".parse().unwrap());
        response
    }));
    let response = refusal(&jwt, &bearer(&token(&[("exp", "1")])), &Requirement::access()).to_response();
    assert_eq!((response.status().as_u16(), &response.headers()["x-own"]), (401, &"1".parse().unwrap()));
    assert!(response.headers().contains_key("www-authenticate"));
    assert_eq!(*seen.lock().unwrap(), [(Reason::Expired, Some("alice".to_owned()))]);
}

#[test]
fn default_response_does_not_call_the_handler_again() {
    let jwt = build(builder().on_rejection(Rejection::default_response));
    assert_eq!(body(&jwt.reject(Reason::Expired, None)), r#"{"msg":"Token has expired"}"#);
}
