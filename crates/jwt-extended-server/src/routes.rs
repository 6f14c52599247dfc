//! The routes: what a login server answers. Each is a few lines, because the engine does the work.

use axum::{
    Form, Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRef, FromRequest, FromRequestParts, Request, State},
    http::{StatusCode, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jwt_extended_axum::{
    Access, AnyToken, BodyLayer, Cookies, Fresh, JwtManager, Location, Reason, Refresh, Rejection, Tokens,
    jwt_extended::http::BodyKind,
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
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_methods)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(BodyLayer::new().limit(BODY_LIMIT))
        .layer(middleware::from_fn(logging::requests))
        .with_state(app)
}

/// Sets cookies.
async fn login(State(app): State<App>, _: SameSite, credentials: Credentials) -> Result<impl IntoResponse, Rejection> {
    let pair = app.jwt.login(&credentials.check(&app).await?).await?;
    Ok((Cookies(app.jwt.set_cookies(&pair)?), Json(json!({ "login": true }))))
}

/// Answers the tokens in the body.
async fn token(State(app): State<App>, credentials: Credentials) -> Result<Tokens, Rejection> {
    Ok(Tokens(app.jwt.login(&credentials.check(&app).await?).await?))
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

async fn nothing_here(State(app): State<App>) -> Rejection {
    app.refuse(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address")
}

async fn other_methods(State(app): State<App>) -> Rejection {
    app.refuse(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This address has other methods")
}

impl App {
    /// A refusal in the words given, and in the format that the options ask for.
    fn refuse(&self, status: StatusCode, code: &'static str, message: &'static str) -> Rejection {
        self.jwt.reject(Reason::App { status, code, message }, None).into()
    }
}

/// A name and a password, as JSON or as a form.
struct Credentials {
    username: String,
    password: Zeroizing<String>,
}

impl Credentials {
    /// The name, if the password is its own. One sentence for both mistakes: it does not tell who exists.
    async fn check(self, app: &App) -> Result<String, Rejection> {
        let Self { username, password } = self;
        match app.users.check(&username, password).await {
            Ok(true) => Ok(username),
            Ok(false) => Err(app.refuse(StatusCode::UNAUTHORIZED, "bad_credentials", "Bad username or password")),
            Err(Busy) => {
                const BUSY: &str = "Too many logins at once. Try again in a moment";
                Err(app.refuse(StatusCode::SERVICE_UNAVAILABLE, "busy", BUSY))
            }
        }
    }
}

impl FromRequest<App> for Credentials {
    type Rejection = Rejection;

    async fn from_request(request: Request, app: &App) -> Result<Self, Rejection> {
        #[derive(Deserialize)]
        struct Fields {
            username: String,
            password: Zeroizing<String>,
        }
        let refuse =
            |status| app.refuse(status, "credentials_malformed", "Send username and password, as JSON or as a form");
        let fields = match BodyKind::of(&request) {
            // Serde would take a list for the fields, too.
            BodyKind::Json => Bytes::from_request(request, app)
                .await
                .ok()
                .filter(|body| body.trim_ascii_start().starts_with(b"{"))
                .and_then(|body| serde_json::from_slice(&body).ok()),
            BodyKind::Form => Form::<Fields>::from_request(request, app).await.ok().map(|Form(fields)| fields),
            BodyKind::Other => return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
        };
        let Fields { username, password } = fields.ok_or_else(|| refuse(StatusCode::BAD_REQUEST))?;
        Ok(Self { username, password })
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
