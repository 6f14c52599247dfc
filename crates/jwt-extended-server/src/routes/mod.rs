//! The routes of the login server. Each is a few lines long, because the engine does the work.

mod app;
mod attempts;
mod clients;
mod credentials;
mod describe;
mod form;
mod metadata;
mod password;
mod sender;
mod sessions;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, FromRequestParts, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use jwt_extended_axum::{
    Access, Admitted, BodyLayer, Cookies, Fresh, JwkSet, JwtManager, Logout, Rejection, Requirement, Token, Tokens,
    Visitor, authenticate,
};
use serde_json::{Value, json};
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{
    app::refuse,
    describe::{
        BodyRejected, Description, DescriptionText, LoginDone, RefreshDone, TokenRejected, TokensBody, TooManyAttempts,
    },
};
pub use self::{
    app::{App, AppParts},
    metadata::Metadata,
};
pub(crate) use self::{
    credentials::{Credentials, Device},
    password::{ChangeRefused, Passwords},
};
use crate::{
    ClientAddress,
    audit::{self, Address},
    connections::LateBody,
    cors::trust_allowed,
    forward_auth, pages,
};

/// The longest accepted body, in bytes: credentials and tokens are short.
const BODY_LIMIT: usize = 64 * 1024;

const LATE: &str = "The body of the request took too long";

/// Returns all routes of the server.
pub fn router(app: App) -> Router {
    let (routes, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(login))
        .routes(routes!(token))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(sessions::list, sessions::end_all))
        .routes(routes!(sessions::end))
        .routes(routes!(password::change))
        .routes(routes!(protected))
        .routes(routes!(partially_protected))
        .routes(routes!(transfer))
        .routes(routes!(clients::introspect))
        .routes(routes!(clients::revoke))
        .routes(routes!(jwks))
        .routes(routes!(metadata::answer))
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .split_for_parts();
    let description = DescriptionText::from(description);
    let routes = routes
        .route("/openapi.json", get(async move || description.clone()))
        .merge(app.pages.routes())
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_methods)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(BodyLayer::new().limit(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(app.jwt.clone(), late_bodies));
    let routes = if app.pages.are_on() {
        routes.layer(middleware::from_fn_with_state(app.clone(), pages::in_words))
    } else {
        routes
    };
    // A proxy asks for every request of an app, never with a body, and is no person. So the layers above are left out:
    // with them, the server answers a sixth fewer of these requests.
    let routes =
        routes.route("/verify", any(forward_auth::verify)).route("/verify/{*path}", any(forward_auth::verify_path));
    let cors = app.cors.clone();
    let routes = if cors.is_off() {
        routes
    } else {
        // Outside of everything that answers: a page can read a rejection only if it has the headers, too.
        routes.layer(middleware::from_fn_with_state(cors.clone(), trust_allowed)).layer(cors.layer())
    };
    routes.with_state(app)
}

/// Log in with cookies
///
/// With `return_to`, an address of a named origin, the answer sends the browser back to it.
#[utoipa::path(
    post,
    path = "/login",
    tag = "login",
    params(("return_to" = Option<String>, Query, description = "Where the browser came from")),
    request_body(content(
        (Credentials = "application/json"),
        (Credentials = "application/x-www-form-urlencoded"),
        (Credentials = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The cookies are set", body = LoginDone),
        (status = 303, description = "The cookies are set, and the browser goes back to where it came from"),
        BodyRejected,
        TooManyAttempts,
    ),
)]
async fn login(
    State(app): State<App>,
    _: NotCrossSite,
    device: Device,
    client: ClientAddress,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    credentials: Credentials,
) -> Result<Response, Rejection> {
    let pair = app.log_in(credentials, client, &device).await?;
    if let Some(address) = app.forward_auth.return_address(query.as_deref()) {
        let cookies = Cookies(app.jwt.set_cookies(&pair)?);
        return Ok((StatusCode::SEE_OTHER, [(header::LOCATION, address)], cookies, ()).into_response());
    }
    app.answer_with_cookies::<LoginDone>(&headers, &pair)
}

/// Log in with tokens in the body
#[utoipa::path(
    post,
    path = "/token",
    tag = "login",
    request_body(content(
        (Credentials = "application/json"),
        (Credentials = "application/x-www-form-urlencoded"),
        (Credentials = "multipart/form-data"),
    )),
    responses((status = 200, description = "The tokens", body = TokensBody), BodyRejected, TooManyAttempts),
)]
async fn token(
    State(app): State<App>,
    device: Device,
    client: ClientAddress,
    credentials: Credentials,
) -> Result<Tokens, Rejection> {
    Ok(Tokens(app.log_in(credentials, client, &device).await?))
}

/// Say who it is
#[utoipa::path(
    get,
    path = "/protected",
    tag = "examples",
    responses((status = 200, description = "The user", body = Object), TokenRejected),
    security(("access" = []), ("access_cookie" = [])),
)]
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

/// Say who it is, if somebody is logged in
#[utoipa::path(
    get,
    path = "/partially-protected",
    tag = "examples",
    responses((status = 200, description = "The user, or \"anonymous user\"", body = Object), TokenRejected),
    security((), ("access" = []), ("access_cookie" = [])),
)]
async fn partially_protected(visitor: Visitor<Access>) -> (Cookies, Json<Value>) {
    let body = visitor.token.as_deref().map_or_else(|| json!({ "logged_in_as": "anonymous user" }), logged_in_as);
    (visitor.cookies, Json(body))
}

/// Refresh
///
/// Returns the new tokens the way the old one came: cookies for a cookie, otherwise a body. A refresh token can be used
/// once; using it again after the grace time ends the session.
#[utoipa::path(
    post,
    path = "/refresh",
    tag = "login",
    responses(
        (status = 200, description = "The new tokens", content(
            (RefreshDone = "application/json"), (TokensBody = "application/json"),
        )),
        TokenRejected,
        TooManyAttempts,
    ),
    security(("refresh" = []), ("refresh_cookie" = [], "csrf" = [])),
)]
async fn refresh(
    State(app): State<App>,
    client: ClientAddress,
    address: Address,
    headers: HeaderMap,
    token: Result<UnaskedRefresh, Rejection>,
) -> Result<Response, Rejection> {
    let refreshed = match token {
        Ok(UnaskedRefresh(admitted)) => {
            let pair = app.refresh(admitted.token()).await;
            audit::refreshed(&pair, admitted.token(), address);
            pair.map(|pair| (admitted, pair))
        }
        Err(rejection) => Err(rejection),
    };
    let (admitted, pair) = match refreshed {
        Ok(refreshed) => refreshed,
        Err(rejection) => return Err(app.count_bad_refresh(rejection, client).await),
    };
    app.answer_where_it_came_from::<RefreshDone>(admitted.location(), &headers, pair)
}

/// Do something that needs a fresh token
#[utoipa::path(
    post,
    path = "/transfer",
    tag = "examples",
    responses((status = 200, description = "It is done", body = Object), TokenRejected),
    security(("access" = []), ("access_cookie" = [], "csrf" = [])),
)]
async fn transfer(token: Fresh) -> Json<Value> {
    Json(json!({ "transfer": true, "authorized_by": token.subject() }))
}

/// Log out
///
/// Ends the session of an access or refresh token, also of one that has expired.
#[utoipa::path(
    post,
    path = "/logout",
    tag = "login",
    responses((status = 200, description = "The session has ended", body = Object), TokenRejected),
    security(
        ("access" = []), ("refresh" = []), ("access_cookie" = [], "csrf" = []), ("refresh_cookie" = [], "csrf" = []),
    ),
)]
async fn logout(address: Address, logout: Logout) -> (Logout, Json<Value>) {
    audit::logged_out(logout.tokens(), address);
    (logout, Json(json!({ "logout": true })))
}

/// Publish the public keys
///
/// The keys with which other services verify tokens, as a JWK Set (RFC 7517). It has none while a shared secret signs.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "for other services",
    responses(
        (status = 200, description = "The keys", body = Object, content_type = "application/jwk-set+json"),
        (status = 304, description = "The keys are those of If-None-Match"),
    ),
)]
async fn jwks(keys: JwkSet) -> JwkSet {
    keys
}

/// Say that the process is alive
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operation",
    responses((status = 200, description = "It is alive", body = Object)),
)]
async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Say whether the server can do its work
///
/// For a balancer: the process is alive, and the store answers in time.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operation",
    responses(
        (status = 200, description = "It can", body = Object),
        (status = 503, description = "The store does not answer", body = Object),
    ),
)]
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
