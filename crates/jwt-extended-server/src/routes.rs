//! The routes: what a login server answers. Each is a few lines, because the engine does the work.

use axum::{
    Form, Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRef, FromRequest, FromRequestParts, Request, State},
    http::{StatusCode, header, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jwt_extended_axum::{
    Access, AnyToken, BodyLayer, Cookies, Fresh, JwtManager, Refresh, Rejection, Tokens,
    jwt_extended::http::{BodyKind, Location},
};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{Users, logging, users::Busy};

/// The longest body: credentials and tokens are short.
const BODY_LIMIT: usize = 64 * 1024;

/// What the routes share.
#[derive(Clone, Debug)]
pub struct App {
    /// Makes and checks tokens.
    pub jwt: JwtManager,
    /// Who may log in.
    pub users: Users,
}

impl FromRef<App> for JwtManager {
    fn from_ref(app: &App) -> Self {
        app.jwt.clone()
    }
}

/// All routes of the server.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/login", post(login))
        .route("/token", post(token))
        .route("/protected", get(protected))
        .route("/partially-protected", get(partially_protected))
        .route("/refresh", post(refresh))
        .route("/transfer", post(transfer))
        .route("/logout", post(logout))
        .route("/healthz", get(healthz))
        .fallback(|| async { said(StatusCode::NOT_FOUND, "There is nothing at this address") })
        .method_not_allowed_fallback(|| async {
            said(StatusCode::METHOD_NOT_ALLOWED, "This address has other methods")
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(BodyLayer::new().limit(BODY_LIMIT))
        .layer(middleware::from_fn(logging::requests))
        .with_state(app)
}

/// Sets cookies.
async fn login(State(app): State<App>, _: SameSite, credentials: Credentials) -> Result<Response, Rejection> {
    let username = match credentials.check(&app).await {
        Ok(username) => username,
        Err(refusal) => return Ok(refusal),
    };
    let pair = app.jwt.login(&username).await?;
    Ok((Cookies(app.jwt.set_cookies(&pair)?), Json(json!({ "login": true }))).into_response())
}

/// Answers the tokens in the body.
async fn token(State(app): State<App>, credentials: Credentials) -> Result<Response, Rejection> {
    match credentials.check(&app).await {
        Ok(username) => Ok(Tokens(app.jwt.login(&username).await?).into_response()),
        Err(refusal) => Ok(refusal),
    }
}

async fn protected(token: Access) -> Json<Value> {
    Json(json!({ "logged_in_as": token.subject() }))
}

async fn partially_protected(token: Option<Access>) -> Json<Value> {
    Json(json!({ "logged_in_as": token.as_deref().map_or("anonymous user", |token| token.subject()) }))
}

/// Answers the way it was asked: cookies for cookies, body for body.
async fn refresh(State(app): State<App>, token: Refresh) -> Result<Response, Rejection> {
    let pair = app.jwt.refresh(&token).await?;
    Ok(match token.location() {
        Location::Cookie => (Cookies(app.jwt.set_cookies(&pair)?), Json(json!({ "refresh": true }))).into_response(),
        _ => Tokens(pair).into_response(),
    })
}

async fn transfer(token: Fresh) -> Json<Value> {
    Json(json!({ "transfer": true, "authorized_by": token.subject() }))
}

/// Ends the session of whichever token came. A browser whose access token has expired can still log out by its refresh
/// token.
async fn logout(
    State(app): State<App>,
    token: Result<AnyToken, Rejection>,
    refresh: Result<Refresh, Rejection>,
) -> Result<(Cookies, Json<Value>), Rejection> {
    let token = match (token, refresh) {
        (Ok(token), _) => token.into_token(),
        (Err(_), Ok(refresh)) => refresh.into_token(),
        (Err(refused), Err(_)) => return Err(refused),
    };
    app.jwt.logout(&token).await?;
    Ok((Cookies(app.jwt.unset_cookies()), Json(json!({ "logout": true }))))
}

async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// A name and a password, as JSON or as a form.
struct Credentials {
    username: String,
    password: Zeroizing<String>,
}

impl Credentials {
    /// The name, if the password is its own; else the refusal.
    async fn check(self, app: &App) -> Result<String, Response> {
        let Self { username, password } = self;
        match app.users.check(&username, password).await {
            Ok(true) => Ok(username),
            Ok(false) => Err(bad_credentials()),
            Err(Busy) => {
                let busy = said(StatusCode::SERVICE_UNAVAILABLE, "Too many logins at once. Try again in a moment");
                Err(([(header::RETRY_AFTER, "5")], busy).into_response())
            }
        }
    }
}

/// Not sent by another site, as far as the browser says: or that site could log its visitor in as somebody else.
struct SameSite;

impl FromRequestParts<App> for SameSite {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Rejection> {
        app.jwt.refuse_cross_site(parts)?;
        Ok(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for Credentials {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        #[derive(Deserialize)]
        struct Fields {
            username: String,
            password: Zeroizing<String>,
        }
        const SHAPE: &str = "Send username and password, as JSON or as a form";
        let fields = match BodyKind::of(&request) {
            // Serde would take a list for the fields, too.
            BodyKind::Json => Bytes::from_request(request, state)
                .await
                .ok()
                .filter(|body| body.trim_ascii_start().starts_with(b"{"))
                .and_then(|body| serde_json::from_slice(&body).ok()),
            BodyKind::Form => Form::<Fields>::from_request(request, state).await.ok().map(|Form(fields)| fields),
            BodyKind::Other => return Err(said(StatusCode::UNSUPPORTED_MEDIA_TYPE, SHAPE)),
        };
        let Fields { username, password } = fields.ok_or_else(|| said(StatusCode::BAD_REQUEST, SHAPE))?;
        Ok(Self { username, password })
    }
}

/// One sentence for both mistakes: it does not tell who exists.
fn bad_credentials() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    (challenge, said(StatusCode::UNAUTHORIZED, "Bad username or password")).into_response()
}

fn said(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "msg": message }))).into_response()
}
