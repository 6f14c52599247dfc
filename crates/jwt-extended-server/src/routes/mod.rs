//! The routes of the login server. Each is a few lines long, because the engine does the work.

mod credentials;
mod metadata;
mod sessions;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, FromRef, FromRequestParts, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, delete, get, post},
};
use jwt_extended_axum::{
    Access, Admitted, BodyLayer, Cookies, Fresh, JwkSet, JwtManager, Location, Logout, Reason, Rejection, Requirement,
    Token, TokenPair, Tokens, Visitor, authenticate, session::Subject,
};
use serde_json::{Value, json};

use self::credentials::{Credentials, Device};
pub use self::metadata::Metadata;
use crate::{
    CheckError, ForwardAuth, Users,
    audit::{self, Actor, Address, Event, Name},
    connections::LateBody,
    cors::{Cors, trust_allowed},
    forward_auth, logging,
};

/// The longest accepted body, in bytes: credentials and tokens are short.
const BODY_LIMIT: usize = 64 * 1024;

const LATE: &str = "The body of the request took too long";
const BUSY: &str = "Too many logins at once. Try again in a moment";
const DOWN: &str = "Nobody can log in right now. Try again in a moment";

/// The state that the routes share.
#[derive(Clone, Debug)]
pub struct App {
    /// Issues and verifies tokens.
    pub jwt: JwtManager,
    /// The users who may log in.
    pub users: Users,
    /// The other origins whose pages may use the server.
    pub cors: Cors,
    /// What the server says of itself to clients.
    pub metadata: Metadata,
    /// What it answers to proxies in front of apps.
    pub forward_auth: ForwardAuth,
}

impl FromRef<App> for JwtManager {
    fn from_ref(app: &App) -> Self {
        app.jwt.clone()
    }
}

/// Returns all routes of the server.
pub fn router(app: App) -> Router {
    let routes = Router::new()
        .route("/login", post(login))
        .route("/token", post(token))
        .route("/protected", get(protected))
        .route("/partially-protected", get(partially_protected))
        .route("/refresh", post(refresh))
        .route("/transfer", post(transfer))
        .route("/logout", post(logout))
        .route("/sessions", get(sessions::list).delete(sessions::end_all))
        .route("/sessions/{id}", delete(sessions::end))
        .route("/.well-known/jwks.json", get(async |keys: JwkSet| keys))
        .route("/.well-known/oauth-authorization-server", get(metadata::answer))
        .route("/verify", any(forward_auth::verify))
        .route("/verify/{*path}", any(forward_auth::verify_path))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_methods)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(BodyLayer::new().limit(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(app.jwt.clone(), late_bodies));
    let cors = app.cors.clone();
    let routes = if cors.is_off() {
        routes
    } else {
        // Outside of everything that answers: a page can read a rejection only if it has the headers, too.
        routes.layer(middleware::from_fn_with_state(cors.clone(), trust_allowed)).layer(cors.layer())
    };
    routes.layer(middleware::from_fn(logging::requests)).with_state(app)
}

/// Logs in with cookies, and sends a browser back to where it came from (`?return_to=`).
async fn login(
    State(app): State<App>,
    _: NotCrossSite,
    device: Device,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    credentials: Credentials,
) -> Result<Response, Rejection> {
    let pair = app.log_in(credentials, &device).await?;
    let cookies = Cookies(app.jwt.set_cookies(&pair)?);
    if let Some(address) = app.forward_auth.return_address(query.as_deref()) {
        return Ok((StatusCode::SEE_OTHER, [(header::LOCATION, address)], cookies, ()).into_response());
    }
    let csrf = app.cors.csrf_values(&headers, &pair);
    Ok((csrf, cookies, Json(json!({ "login": true }))).into_response())
}

/// Logs in with tokens in the body.
async fn token(State(app): State<App>, device: Device, credentials: Credentials) -> Result<Tokens, Rejection> {
    Ok(Tokens(app.log_in(credentials, &device).await?))
}

async fn protected(token: Access) -> Json<Value> {
    Json(logged_in_as(&token))
}

/// Returns who it is. A name of another issuer is told from the server's own.
fn logged_in_as(token: &Token) -> Value {
    match token.issuer() {
        None => json!({ "logged_in_as": token.subject() }),
        Some(issuer) => json!({ "logged_in_as": token.subject(), "issuer": issuer }),
    }
}

async fn partially_protected(visitor: Visitor<Access>) -> (Cookies, Json<Value>) {
    let body = visitor.token.as_deref().map_or_else(|| json!({ "logged_in_as": "anonymous user" }), logged_in_as);
    (visitor.cookies, Json(body))
}

/// Refreshes, and returns the new tokens the way the old one came: cookies for a cookie, otherwise a body.
async fn refresh(
    State(app): State<App>,
    headers: HeaderMap,
    address: Address,
    UnaskedRefresh(admitted): UnaskedRefresh,
) -> Result<Response, Rejection> {
    let pair = app.refresh(admitted.token()).await;
    audit::refreshed(&pair, admitted.token(), address);
    let pair = pair?;
    Ok(match admitted.location() {
        Location::Cookie => {
            let csrf = app.cors.csrf_values(&headers, &pair);
            (csrf, Cookies(app.jwt.set_cookies(&pair)?), Json(json!({ "refresh": true }))).into_response()
        }
        _ => Tokens(pair).into_response(),
    })
}

async fn transfer(token: Fresh) -> Json<Value> {
    Json(json!({ "transfer": true, "authorized_by": token.subject() }))
}

/// Ends the session of an access or refresh token, also of one that has expired.
async fn logout(address: Address, logout: Logout) -> (Logout, Json<Value>) {
    audit::logged_out(logout.tokens(), address);
    (logout, Json(json!({ "logout": true })))
}

async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Returns whether the server can do its work, for a balancer: the process is alive, and the store answers in time.
async fn readyz(State(app): State<App>) -> (StatusCode, Json<Value>) {
    match app.jwt.check_store().await {
        Ok(()) => (StatusCode::OK, Json(json!({ "status": "ok" }))),
        Err(error) => {
            tracing::warn!(%error, "the server is not ready");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "the store does not answer" })))
        }
    }
}

/// Answers 408 if the body took too long, whatever the handler made of the part that arrived.
async fn late_bodies(State(jwt): State<JwtManager>, request: Request, next: Next) -> Response {
    let late = request.extensions().get::<LateBody>().cloned();
    let response = next.run(request).await;
    if !late.is_some_and(|late| late.is_late()) {
        return response;
    }
    let mut response = refuse(&jwt, StatusCode::REQUEST_TIMEOUT, "body_timeout", LATE).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn nothing_here(State(app): State<App>) -> Rejection {
    app.refuse(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address")
}

async fn other_methods(State(app): State<App>) -> Rejection {
    app.refuse(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This address has other methods")
}

impl App {
    /// Opens a session, if the password is right.
    async fn log_in(&self, credentials: Credentials, device: &Device) -> Result<TokenPair, Rejection> {
        let password = credentials.check(self).await?;
        // As it is stored: one user is one subject, however the login spells the name.
        let name = password.name();
        let login = self.jwt.login(name).label(device.label()).replacing(device.request());
        let scopes = password.scopes();
        // Without scopes, tokens have no such claim.
        let pair = if scopes.is_empty() { login.await? } else { login.scopes(scopes.iter()).await? };
        // The user may have been disabled, or the password or the scopes changed, during the check. That has ended all
        // sessions except this one.
        let refusal = match self.users.is_still_valid(&password).await {
            Ok(true) => {
                let event = Event::new(Name::SessionOpened, Actor::User).subject(name);
                let event = event.session(pair.access.session().as_deref());
                event.client(device.label()).address(device.address()).record();
                self.users.renew_hash(&password).await;
                return Ok(pair);
            }
            Ok(false) => self.bad_credentials(),
            Err(error) => self.cannot_check(&error),
        };
        if let Some(session) = pair.access.session() {
            self.jwt.end_session(Subject(name), &session).await?;
        }
        Err(refusal)
    }

    /// Refreshes. Scopes that were taken from the user since the login are left out. The session's refresh tokens keep
    /// those of the login, so scopes that the user has got since then begin with the next login.
    async fn refresh(&self, token: &Token) -> Result<TokenPair, Rejection> {
        let mut scopes = token.scopes();
        if scopes.is_empty() {
            return Ok(self.jwt.refresh(token).await?);
        }
        let current = self.users.scopes_of(token.subject()).await.map_err(|error| self.cannot_check(&error))?;
        scopes.retain(|scope| current.contains(scope));
        Ok(self.jwt.refresh(token).scopes(scopes).await?)
    }

    /// Returns the same rejection for a wrong name, a wrong password and a disabled user, so that it does not reveal
    /// which names exist.
    fn bad_credentials(&self) -> Rejection {
        self.refuse(StatusCode::UNAUTHORIZED, "bad_credentials", "Bad username or password")
    }

    fn cannot_check(&self, error: &CheckError) -> Rejection {
        match error {
            CheckError::Busy => self.refuse(StatusCode::SERVICE_UNAVAILABLE, "busy", BUSY),
            CheckError::Database(error) => {
                tracing::error!(%error, "the users' database is unavailable, so nobody can log in");
                self.refuse(StatusCode::SERVICE_UNAVAILABLE, "users_unavailable", DOWN)
            }
        }
    }

    /// Returns a rejection with this message, in the configured format.
    pub(crate) fn refuse(&self, status: StatusCode, code: &'static str, message: &'static str) -> Rejection {
        refuse(&self.jwt, status, code, message)
    }
}

fn refuse(jwt: &JwtManager, status: StatusCode, code: &'static str, message: &'static str) -> Rejection {
    jwt.reject(Reason::App { status, code, message }, None).into()
}

/// A refresh token about which the store has not been asked: refreshing it asks the store.
struct UnaskedRefresh(Admitted);

impl FromRequestParts<App> for UnaskedRefresh {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Rejection> {
        authenticate(parts, &app.jwt, &Requirement::refresh().skip_revocation_check()).await.map(Self)
    }
}

/// A request that the browser does not report as cross-site. Otherwise another site could log its visitor in as
/// somebody else.
struct NotCrossSite;

impl FromRequestParts<App> for NotCrossSite {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Rejection> {
        app.jwt.refuse_cross_site(parts)?;
        Ok(Self)
    }
}
