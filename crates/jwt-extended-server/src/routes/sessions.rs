//! `/sessions`: lists and ends the sessions of the user.

use axum::{
    Json,
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jwt_extended_axum::{Access, Cookies, Rejection, Token, jwt_extended::Timestamp, session::Session};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App,
    describe::{Message, TokenRejected},
};
use crate::audit::{Actor, Address, Event, Name};

/// The open sessions of a user.
#[derive(Serialize, ToSchema)]
pub(super) struct Sessions {
    sessions: Vec<Shown>,
}

/// A session. Times are in seconds since 1970, as in tokens.
#[derive(Serialize, ToSchema)]
struct Shown {
    id: String,
    /// The name of the browser.
    label: Option<String>,
    opened: u64,
    last_used: u64,
    ends: Option<u64>,
    /// Whether it is the session of this request.
    current: bool,
}

/// How many sessions have ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Ended {
    ended: u64,
}

/// List the sessions
///
/// Returns the open sessions of the user, the latest first.
#[utoipa::path(
    get,
    path = "/sessions",
    tag = "sessions",
    responses((status = 200, description = "The sessions", body = Sessions), TokenRejected),
    security(("access" = []), ("access_cookie" = [])),
)]
pub(super) async fn list(State(app): State<App>, token: Access) -> Result<Json<Sessions>, Rejection> {
    let sessions = app.jwt.sessions(&token).await?;
    Ok(Json(Sessions { sessions: sessions.into_iter().map(Shown::from).collect() }))
}

/// End a session
///
/// Ends one session of the user. That of another user is not found.
#[utoipa::path(
    delete,
    path = "/sessions/{id}",
    tag = "sessions",
    params(("id" = String, Path, description = "The session")),
    responses(
        (status = 200, description = "The session has ended", body = Ended),
        (status = 404, description = "The user has no such session", body = Message),
        TokenRejected,
    ),
    security(("access" = []), ("access_cookie" = [], "csrf" = [])),
)]
pub(super) async fn end(
    State(app): State<App>,
    token: Access,
    address: Address,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Rejection> {
    // Bytes that are no text are the id of no session.
    let Path(id) = id.map_err(|_| app.no_such_session())?;
    app.end_one(&token, &id, address).await?;
    let body = Json(Ended { ended: 1 });
    if token.session() == Some(&*id) {
        return Ok((Cookies(app.jwt.unset_cookies()), body).into_response());
    }
    Ok(body.into_response())
}

/// End all sessions
///
/// Ends all sessions of the user, or with `keep=current` all others.
#[utoipa::path(
    delete,
    path = "/sessions",
    tag = "sessions",
    params(("keep" = inline(Option<Kept>), Query, description = "The session that stays open")),
    responses((status = 200, description = "The sessions have ended", body = Ended), TokenRejected),
    security(("access" = []), ("access_cookie" = [], "csrf" = [])),
)]
pub(super) async fn end_all(
    State(app): State<App>,
    token: Access,
    address: Address,
    RawQuery(query): RawQuery,
) -> Result<Response, Rejection> {
    match query.as_deref() {
        Some("keep=current") => {
            let ended = app.end_others(&token, address).await?;
            Ok(Json(Ended { ended }).into_response())
        }
        None | Some("") => {
            let ended = app.jwt.end_all_sessions(&*token).await?;
            let event = Event::new(Name::SessionEnded, Actor::User).subject(token.subject()).address(address);
            event.ended(ended).reason("all_sessions").record();
            Ok((Cookies(app.jwt.unset_cookies()), Json(Ended { ended })).into_response())
        }
        Some(_) => {
            const ONLY: &str = "The only parameter is keep=current; without it, all sessions end";
            Err(app.refuse(StatusCode::BAD_REQUEST, "query_malformed", ONLY))
        }
    }
}

impl App {
    /// Ends one session of a token's user.
    pub(crate) async fn end_one(&self, token: &Token, id: &str, address: Address) -> Result<(), Rejection> {
        let is_ended = self.jwt.end_session(token, id).await?;
        let name = if is_ended { Name::SessionEnded } else { Name::AdministrationRefused };
        let event = Event::new(name, Actor::User).subject(token.subject()).session(Some(id)).address(address);
        event.reason(if is_ended { "one_session" } else { "no_such_session" }).record();
        if is_ended { Ok(()) } else { Err(self.no_such_session()) }
    }

    /// Ends all sessions of a token's user except the token's own, and returns how many there were.
    pub(crate) async fn end_others(&self, token: &Token, address: Address) -> Result<u64, Rejection> {
        let ended = self.jwt.end_other_sessions(token).await?;
        let event = Event::new(Name::SessionEnded, Actor::User).subject(token.subject()).address(address);
        event.ended(ended).reason("other_sessions").record();
        Ok(ended)
    }

    fn no_such_session(&self) -> Rejection {
        self.refuse(StatusCode::NOT_FOUND, "no_such_session", "You have no such session")
    }
}

/// The session that stays open when all others end.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is only described")]
enum Kept {
    Current,
}

impl From<Session> for Shown {
    fn from(session: Session) -> Self {
        Self {
            opened: session.opened.as_secs(),
            last_used: session.last_used.as_secs(),
            ends: session.ends.map(Timestamp::as_secs),
            current: session.current,
            id: session.id,
            label: session.label,
        }
    }
}
