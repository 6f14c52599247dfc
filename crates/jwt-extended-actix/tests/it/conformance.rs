//! The table of requests and answers, run against actix-web: by extractors, and by layers.

use actix_web::{App, Responder, test, web};
use jwt_extended::test_util::{Case, Guard, Table};
use jwt_extended_actix::{Access, Admitted, AnyToken, BodyLayer, Fresh, GuardLayer, JwtManager, Optional, Refresh};
use serde_json::{Value, json};

use super::face::{Answer, send, to_actix};

fn seen(subject: &str, location: jwt_extended::http::Location) -> web::Json<Value> {
    web::Json(json!({ "subject": subject, "location": location.name() }))
}

jwt_extended_actix::guard!(Scoped = Guard::Scoped.requirement());
jwt_extended_actix::guard!(StepUp = Guard::StepUp.requirement());

/// Guards with arguments.
async fn by_extractors(jwt: JwtManager, table: &Table, case: &Case) -> Answer {
    let app = App::new()
        .app_data(web::Data::new(jwt))
        .route("/access", web::to(async |token: Access| seen(token.subject(), token.location())))
        .route("/fresh", web::to(async |token: Fresh| seen(token.subject(), token.location())))
        .route("/refresh", web::to(async |token: Refresh| seen(token.subject(), token.location())))
        .route("/any", web::to(async |token: AnyToken| seen(token.subject(), token.location())))
        .route("/scoped", web::to(async |token: Scoped| seen(token.subject(), token.location())))
        .route("/step_up", web::to(async |token: StepUp| seen(token.subject(), token.location())))
        .route(
            "/optional",
            web::to(async |Optional(token): Optional<Access>| {
                token.map_or(web::Json(json!({ "subject": null, "location": null })), |token| {
                    seen(token.subject(), token.location())
                })
            }),
        )
        .wrap(BodyLayer::new());
    send(&test::init_service(app).await, to_actix(table.request(case)).to_request()).await
}

/// Guards with layers.
async fn by_layers(jwt: JwtManager, table: &Table, case: &Case) -> Answer {
    async fn handler(admitted: web::ReqData<Admitted>) -> impl Responder {
        seen(admitted.token().subject(), admitted.location())
    }
    let guards = Guard::ALL.into_iter().filter(|guard| *guard != Guard::Optional);
    let app = guards.fold(App::new(), |app, guard| {
        let layer = GuardLayer::new(jwt.clone(), guard.requirement());
        app.service(web::resource(guard.path()).route(web::to(handler)).wrap(layer))
    });
    send(&test::init_service(app).await, to_actix(table.request(case)).to_request()).await
}

async fn failures(
    app: impl AsyncFn(JwtManager, &Table, &Case) -> Answer,
    concerns: impl Fn(&Case) -> bool,
) -> Vec<String> {
    let table = Table::load();
    let mut failures = Vec::new();
    for case in table.cases().iter().filter(|case| concerns(case)) {
        let answer = app(table.manager(case), &table, case).await;
        failures.extend(case.check(&answer).err());
        // The response carries the engine's rejection in its extensions.
        let code = answer.extensions().get::<jwt_extended::Rejection>().map(jwt_extended::Rejection::code);
        if code != case.code() {
            failures.push(format!("{}: expected the code {:?}, got {code:?}", case.name, case.code()));
        }
    }
    failures
}

#[actix_web::test]
async fn extractors_answer_every_request_of_the_table() {
    let failures = failures(by_extractors, |_| true).await;
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[actix_web::test]
async fn layers_answer_every_request_of_the_table() {
    let failures = failures(by_layers, |case| case.guard != Guard::Optional).await;
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
