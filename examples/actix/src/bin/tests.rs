//! Tests of an app: tokens in one line, a clock that the test moves, and a store that fails. The crate's feature
//! `testing` has the helpers; put it into `[dev-dependencies]`. Run them with `cargo test -p examples-actix`.
//!
//! ```text
//! $ ACCESS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/orders
//! the orders of testuser
//! ```

use actix_web::{
    App,
    web::{Data, Json, ServiceConfig, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Fresh, JwtManager, Rejection, Requirement, Tokens, guard,
    jose::{Algorithm, Key},
    session::MemoryStore,
};

guard!(ReadOrders = Requirement::access().scopes(["read:orders"]));

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).scopes(["read:orders"]).await?))
}

async fn orders(token: ReadOrders) -> String {
    format!("the orders of {}\n", token.subject())
}

async fn transfer(_: Fresh) -> &'static str {
    "done\n"
}

/// Tests call it with a manager of their own.
fn routes(jwt: JwtManager) -> impl FnOnce(&mut ServiceConfig) {
    move |app| {
        app.app_data(Data::new(jwt))
            .route("/login", post().to(login))
            .route("/orders", get().to(orders))
            .route("/transfer", post().to(transfer));
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder().key(Key::generate(Algorithm::HS256)?).session_store(MemoryStore::new()).build()?;
    serve(move || App::new().configure(routes(jwt.clone()))).await
}

#[cfg(test)]
mod tests {
    use std::{error::Error, time::Duration};

    use actix_web::{
        http::StatusCode,
        test::{TestRequest, call_service, init_service},
    };
    use jwt_extended_actix::testing::{self, FailingStore, LogIn as _, TestTokens};

    use super::*;

    type Outcome = Result<(), Box<dyn Error>>;

    async fn status(jwt: &JwtManager, request: TestRequest) -> StatusCode {
        let app = init_service(App::new().configure(routes(jwt.clone()))).await;
        call_service(&app, request.to_request()).await.status()
    }

    fn get_orders() -> TestRequest {
        TestRequest::get().uri("/orders")
    }

    fn post_transfer() -> TestRequest {
        TestRequest::post().uri("/transfer")
    }

    #[actix_web::test]
    async fn orders_need_their_scope() -> Outcome {
        let (builder, _clock) = testing::manager();
        let jwt = builder.build()?;
        let tokens = TestTokens::of(&jwt);
        let reader = tokens.access("alice").scopes(["read:orders"]);
        assert_eq!(status(&jwt, get_orders()).await, 401);
        assert_eq!(status(&jwt, get_orders().logged_in(tokens.access("alice"))).await, 403);
        assert_eq!(status(&jwt, get_orders().logged_in(&reader)).await, 200);
        Ok(())
    }

    #[actix_web::test]
    async fn a_fresh_token_expires() -> Outcome {
        let (builder, clock) = testing::manager();
        let jwt = builder.build()?;
        let token = TestTokens::of(&jwt).access("alice").fresh().issue();
        let transfer = || post_transfer().insert_header(("Authorization", format!("Bearer {token}")));
        assert_eq!(status(&jwt, transfer()).await, 200);
        clock.advance(Duration::from_mins(15));
        assert_eq!(status(&jwt, transfer()).await, 401);
        Ok(())
    }

    #[actix_web::test]
    async fn an_outage_of_the_store_admits_nobody() -> Outcome {
        let (store, outage) = FailingStore::new();
        let (builder, _clock) = testing::manager();
        let jwt = builder.session_store(store).build()?;
        let user = TestTokens::of(&jwt).access("alice").fresh();
        outage.begin();
        assert_eq!(status(&jwt, post_transfer().logged_in(&user)).await, 503);
        Ok(())
    }
}
