//! The routes: what a login server answers. Each is a few lines, because the engine does the work.

mod credentials;
mod sessions;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, FromRef, FromRequestParts, State},
    http::{StatusCode, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use jwt_extended_axum::{
    Access, Admitted, AnyToken, BodyLayer, Cookies, Fresh, JwtManager, Location, Reason, Refresh, Rejection,
    Requirement, TokenPair, Tokens, authenticate,
};
use serde_json::{Value, json};

use self::credentials::{Credentials, Device};
use crate::{CheckError, Users, logging};

/// The longest body: credentials and tokens are short.
const BODY_LIMIT: usize = 64 * 1024;

const BUSY: &str = "Too many logins at once. Try again in a moment";
const DOWN: &str = "Nobody can log in right now. Try again in a moment";

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
        .route("/sessions", get(sessions::list).delete(sessions::end_all))
        .route("/sessions/{id}", delete(sessions::end))
        .route("/healthz", get(healthz))
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_methods)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(BodyLayer::new().limit(BODY_LIMIT))
        .layer(middleware::from_fn(logging::requests))
        .with_state(app)
}

/// Sets cookies.
async fn login(
    State(app): State<App>,
    _: SameSite,
    device: Device,
    credentials: Credentials,
) -> Result<impl IntoResponse, Rejection> {
    let pair = app.log_in(credentials, &device).await?;
    Ok((Cookies(app.jwt.set_cookies(&pair)?), Json(json!({ "login": true }))))
}

/// Answers the tokens in the body.
async fn token(State(app): State<App>, device: Device, credentials: Credentials) -> Result<Tokens, Rejection> {
    Ok(Tokens(app.log_in(credentials, &device).await?))
}

async fn protected(token: Access) -> Json<Value> {
    Json(json!({ "logged_in_as": token.subject() }))
}

async fn partially_protected(token: Option<Access>) -> Json<Value> {
    Json(json!({ "logged_in_as": token.as_deref().map_or("anonymous user", |token| token.subject()) }))
}

/// Answers the way it was asked: cookies for cookies, body for body.
async fn refresh(State(app): State<App>, ToRefresh(admitted): ToRefresh) -> Result<Response, Rejection> {
    let pair = app.jwt.refresh(admitted.token()).await?;
    Ok(match admitted.location() {
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
    /// Opens a session for whoever has the right password.
    async fn log_in(&self, credentials: Credentials, device: &Device) -> Result<TokenPair, Rejection> {
        let (name, proof) = credentials.check(self).await?;
        let pair = match device.label() {
            Some(label) => self.jwt.login(&name).label(label).await?,
            None => self.jwt.login(&name).await?,
        };
        // Whoever was disabled, or got another password, while this one was checked has this session to lose as well.
        let refusal = match self.users.still(&name, &proof).await {
            Ok(true) => return Ok(pair),
            Ok(false) => self.bad_credentials(),
            Err(error) => self.cannot_check(&error),
        };
        if let Ok(token) = self.jwt.decode_token(&pair.access) {
            self.jwt.logout(&token).await?;
        }
        Err(refusal)
    }

    /// One sentence for a wrong name, a wrong password and a disabled user: it does not tell who exists.
    fn bad_credentials(&self) -> Rejection {
        self.refuse(StatusCode::UNAUTHORIZED, "bad_credentials", "Bad username or password")
    }

    fn cannot_check(&self, error: &CheckError) -> Rejection {
        match error {
            CheckError::Busy => self.refuse(StatusCode::SERVICE_UNAVAILABLE, "busy", BUSY),
            CheckError::Database(error) => {
                tracing::error!(%error, "nobody can log in");
                self.refuse(StatusCode::SERVICE_UNAVAILABLE, "users_unavailable", DOWN)
            }
        }
    }

    /// A refusal in the words given, and in the format that the options ask for.
    fn refuse(&self, status: StatusCode, code: &'static str, message: &'static str) -> Rejection {
        self.jwt.reject(Reason::App { status, code, message }, None).into()
    }
}

/// A refresh token that will be refreshed: the store is asked then, and needs not be asked before.
struct ToRefresh(Admitted);

impl FromRequestParts<App> for ToRefresh {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Rejection> {
        authenticate(parts, &app.jwt, &Requirement::refresh().skip_revocation_check()).await.map(Self)
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
