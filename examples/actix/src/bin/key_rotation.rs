//! Key rotation: a schedule says which key signs from when. The next key is published before it signs, and the old one
//! is accepted until its last token has expired, so no good token is refused.
//!
//! ```text
//! $ curl -s http://127.0.0.1:3000/keys
//! spring: Active
//! summer: Next
//! $ curl -s http://127.0.0.1:3000/.well-known/jwks.json
//! {"keys":[{…,"kid":"spring"},{…,"kid":"summer"}]}
//! $ OLD=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ sleep 2
//! $ curl -s http://127.0.0.1:3000/keys
//! spring: Retired
//! summer: Active
//! $ NEW=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $OLD" http://127.0.0.1:3000/protected
//! hello testuser, signed by spring
//! $ curl -s -H "Authorization: Bearer $NEW" http://127.0.0.1:3000/protected
//! hello testuser, signed by summer
//! ```

use std::time::Duration;

use actix_web::{
    App,
    web::{Data, Json, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, JwkSet, JwtManager, Rejection, Tokens,
    config::{KeySchedule, ScheduledKey},
    jose::{Algorithm, Key},
    jwt_extended::{Clock, SystemClock},
};
use serde::Deserialize;

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).await?))
}

/// The header of a token names its key.
#[derive(Deserialize)]
struct Header {
    kid: String,
}

async fn protected(token: Access) -> String {
    let header: Option<Header> = serde_json::from_str(token.header_json()).ok();
    let kid = header.map_or("an unnamed key".to_owned(), |header| header.kid);
    format!("hello {}, signed by {kid}\n", token.subject())
}

/// The public keys of every state, for other services.
async fn jwk_set(keys: JwkSet) -> JwkSet {
    keys
}

/// The state of each key, for operators.
async fn states(schedule: Data<KeySchedule>) -> String {
    let states = schedule.states(SystemClock.now());
    let lines: Vec<_> = states.map(|(kid, state)| format!("{}: {state:?}\n", kid.unwrap_or("unnamed"))).collect();
    lines.concat()
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Read the keys from files, and write the times as dates. Publish a key at least as long before it signs as others
    // cache the keys (`jwks_max_age`).
    let soon = SystemClock.now().saturating_add(Duration::from_secs(2));
    let spring = Key::generate(Algorithm::ES256)?.with_kid("spring")?;
    let summer = Key::generate(Algorithm::ES256)?.with_kid("summer")?;
    let schedule = KeySchedule::new()
        .key(ScheduledKey::new(spring).retire_at(soon))
        .key(ScheduledKey::new(summer).not_before(soon));
    let jwt = JwtManager::builder().key_schedule(schedule.clone()).build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .app_data(Data::new(schedule.clone()))
            .route("/login", post().to(login))
            .route("/protected", get().to(protected))
            .route("/.well-known/jwks.json", get().to(jwk_set))
            .route("/keys", get().to(states))
    };
    serve(app).await
}
