//! The table of requests and answers, run against axum: by extractors, and by layers.

#![allow(clippy::unwrap_used, reason = "a test")]

use axum::{Extension, Json, Router, body::Body, routing::any};
use http::{Request, Response};
use http_body_util::BodyExt;
use jwt_extended::test_util::{Case, Guard, Table};
use jwt_extended_axum::{Access, Admitted, AnyToken, BodyLayer, Fresh, GuardLayer, JwtManager, Refresh};
use serde_json::{Value, json};
use tower::ServiceExt;

fn seen(subject: &str, location: jwt_extended::http::Location) -> Json<Value> {
    Json(json!({ "subject": subject, "location": location.name() }))
}

jwt_extended_axum::guard!(Scoped = Guard::Scoped.requirement());
jwt_extended_axum::guard!(StepUp = Guard::StepUp.requirement());

/// Guards with arguments.
fn by_extractors(jwt: JwtManager) -> Router {
    Router::new()
        .route("/access", any(|token: Access| async move { seen(token.subject(), token.location()) }))
        .route("/fresh", any(|token: Fresh| async move { seen(token.subject(), token.location()) }))
        .route("/refresh", any(|token: Refresh| async move { seen(token.subject(), token.location()) }))
        .route("/any", any(|token: AnyToken| async move { seen(token.subject(), token.location()) }))
        .route("/scoped", any(|token: Scoped| async move { seen(token.subject(), token.location()) }))
        .route("/step_up", any(|token: StepUp| async move { seen(token.subject(), token.location()) }))
        .route(
            "/optional",
            any(|token: Option<Access>| async move {
                token.map_or(Json(json!({ "subject": null, "location": null })), |token| {
                    seen(token.subject(), token.location())
                })
            }),
        )
        .layer(BodyLayer::new())
        .with_state(jwt)
}

/// Guards with layers.
fn by_layers(jwt: &JwtManager) -> Router {
    let handler =
        |Extension(admitted): Extension<Admitted>| async move { seen(admitted.token().subject(), admitted.location()) };
    Guard::ALL.into_iter().filter(|guard| *guard != Guard::Optional).fold(Router::new(), |router, guard| {
        let layer = GuardLayer::new(jwt.clone(), guard.requirement());
        router.merge(Router::new().route(guard.path(), any(handler)).route_layer(layer))
    })
}

async fn answer(app: Router, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let (parts, body) = app.oneshot(request.map(Body::from)).await.unwrap().into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes().to_vec())
}

async fn failures(app: impl Fn(&JwtManager) -> Router, concerns: impl Fn(&Case) -> bool) -> Vec<String> {
    let table = Table::load();
    let mut failures = Vec::new();
    for case in table.cases().iter().filter(|case| concerns(case)) {
        let answer = answer(app(&table.manager(case)), table.request(case)).await;
        failures.extend(case.check(&answer).err());
        // The response carries the engine's rejection in its extensions.
        let code = answer.extensions().get::<jwt_extended::Rejection>().map(jwt_extended::Rejection::code);
        if code != case.code() {
            failures.push(format!("{}: expected the code {:?}, got {code:?}", case.name, case.code()));
        }
    }
    failures
}

#[tokio::test]
async fn extractors_answer_every_request_of_the_table() {
    let failures = failures(|jwt| by_extractors(jwt.clone()), |_| true).await;
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn layers_answer_every_request_of_the_table() {
    let failures = failures(by_layers, |case| case.guard != Guard::Optional).await;
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn a_handler_still_gets_the_body_that_a_guard_has_read() {
    let table = Table::load();
    let case = table.cases().iter().find(|case| case.name == "a JSON body").unwrap();
    let jwt = table.manager(case);
    let echo = |_: Access, body: String| async move { body };
    let app = Router::new().route("/access", any(echo)).layer(BodyLayer::new()).with_state(jwt.clone());
    let request = table.request(case);
    let sent = request.body().clone();
    assert_eq!(*answer(app, request).await.body(), sent);

    let layer = GuardLayer::new(jwt, Guard::Access.requirement());
    let app = Router::new().route("/access", any(|body: String| async move { body })).route_layer(layer);
    assert_eq!(*answer(app, table.request(case)).await.body(), sent);
}

#[tokio::test]
async fn a_guard_that_needs_the_body_answers_500_without_body_layer() {
    let table = Table::load();
    let case = table.cases().iter().find(|case| case.name == "a JSON body").unwrap();
    let app = Router::new().route("/access", any(|_: Access| async {})).with_state(table.manager(case));
    let answer = answer(app, table.request(case)).await;
    assert_eq!(answer.status(), 500);
    assert_eq!(*answer.body(), br#"{"msg":"The server is not set up for this request"}"#);
}

#[tokio::test]
async fn a_body_over_the_limit_is_rejected() {
    let table = Table::load();
    let case = table.cases().iter().find(|case| case.name == "a JSON body").unwrap();
    let app = || {
        Router::new()
            .route("/open", any(|body: String| async move { body.len().to_string() }))
            .layer(BodyLayer::new().limit(10))
            .with_state(table.manager(case))
    };
    let request = |content_type: &str| {
        Request::builder()
            .method("POST")
            .uri("/open")
            .header("content-type", content_type)
            .body(vec![b'x'; 11])
            .unwrap()
    };
    assert_eq!(answer(app(), request("application/json")).await.status(), 413);
    assert_eq!(*answer(app(), request("text/plain")).await.body(), b"11");
}
