//! The table of requests and answers, run against the engine itself.

use http::Response;
use jwt_extended::{
    JwtManager, Rejection,
    http::Statuses,
    test_util::{Case, Guard, Table},
};
use serde_json::json;

/// What an app of the table answers.
async fn answer(jwt: &JwtManager, table: &Table, case: &Case) -> (Response<Vec<u8>>, Option<Rejection>) {
    let (parts, body) = table.request(case).into_parts();
    let request = (&parts, &*body);
    let admitted = if case.guard == Guard::Optional {
        jwt.authenticate_optional(&request, &case.guard.requirement()).await
    } else {
        jwt.authenticate(&request, &case.guard.requirement()).await.map(Some)
    };
    match admitted {
        Ok(admitted) => {
            let subject = admitted.as_ref().map(|admitted| admitted.token().subject());
            let location = admitted.as_ref().map(|admitted| admitted.location().name());
            (Response::new(json!({ "subject": subject, "location": location }).to_string().into_bytes()), None)
        }
        Err(rejection) => (rejection.to_response(), Some(rejection)),
    }
}

#[tokio::test]
async fn the_engine_answers_every_request_of_the_table() {
    let table = Table::load();
    let mut failures = Vec::new();
    for case in table.cases() {
        let (answer, rejection) = answer(&table.manager(case), &table, case).await;
        failures.extend(case.check(&answer).err());
        let code = rejection.as_ref().map(Rejection::code);
        if code != case.code() {
            failures.push(format!("{}: the code should be {:?} and is {code:?}", case.name, case.code()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(table.cases().len() >= 200);
}

#[tokio::test]
async fn flask_s_statuses_are_one_option_away() {
    let table = Table::load();
    let mut failures = Vec::new();
    for case in table.cases() {
        let jwt = table.builder(case).error_statuses(Statuses::FlaskJwtExtended).build().unwrap();
        failures.extend(case.check_flask(&answer(&jwt, &table, case).await.0).err());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn a_wrong_answer_to_any_case_is_found_out() {
    let table = Table::load();
    for case in table.cases() {
        let (right, _) = answer(&table.manager(case), &table, case).await;
        let mut wrong = right.clone();
        *wrong.status_mut() = http::StatusCode::IM_A_TEAPOT;
        assert!(case.check(&wrong).is_err(), "{}: the status", case.name);
        if table.request(case).method() != "HEAD" {
            let wrong = right.map(|_| br#"{"msg":"something else"}"#.to_vec());
            assert!(case.check(&wrong).is_err(), "{}: the body", case.name);
        }
    }
}

#[test]
fn the_memory_store_keeps_sessions_as_every_store_must() {
    let store = std::sync::Arc::new(jwt_extended::session::MemoryStore::new());
    let check = jwt_extended::test_util::sessions::check(store);
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(check);
}
