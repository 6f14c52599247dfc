//! `/sessions`: lists and ends the sessions of the user.

use axum::{
    Json,
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jwt_extended_axum::{Access, Cookies, Rejection, jwt_extended::Timestamp, session::Session};
use serde_json::{Value, json};

use super::App;
use crate::audit::{Actor, Address, Event, Name};

/// Lists the user's open sessions, the latest first. Times are in seconds since 1970, as in tokens.
pub(super) async fn list(State(app): State<App>, token: Access) -> Result<Json<Value>, Rejection> {
    let sessions = app.jwt.sessions(&token).await?;
    Ok(Json(json!({ "sessions": sessions.iter().map(shown).collect::<Vec<_>>() })))
}

/// Ends one of the user's sessions. Another user's session counts as not found.
pub(super) async fn end(
    State(app): State<App>,
    token: Access,
    address: Address,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Rejection> {
    let unknown = || app.refuse(StatusCode::NOT_FOUND, "no_such_session", "You have no such session");
    // Bytes that are no text are the id of no session.
    let Path(id) = id.map_err(|_| unknown())?;
    let is_ended = app.jwt.end_session(&*token, &id).await?;
    let name = if is_ended { Name::SessionEnded } else { Name::AdministrationRefused };
    let event = Event::new(name, Actor::User).subject(token.subject()).session(Some(&id)).address(address);
    event.reason(if is_ended { "one_session" } else { "no_such_session" }).record();
    if !is_ended {
        return Err(unknown());
    }
    let body = Json(json!({ "ended": 1 }));
    if token.session() == Some(&*id) {
        return Ok((Cookies(app.jwt.unset_cookies()), body).into_response());
    }
    Ok(body.into_response())
}

/// Ends all of the user's sessions, or with `?keep=current` all others.
pub(super) async fn end_all(
    State(app): State<App>,
    token: Access,
    address: Address,
    RawQuery(query): RawQuery,
) -> Result<Response, Rejection> {
    let event = Event::new(Name::SessionEnded, Actor::User).subject(token.subject()).address(address);
    match query.as_deref() {
        Some("keep=current") => {
            let ended = app.jwt.end_other_sessions(&token).await?;
            event.ended(ended).reason("other_sessions").record();
            Ok(Json(json!({ "ended": ended })).into_response())
        }
        None | Some("") => {
            let ended = app.jwt.end_all_sessions(&*token).await?;
            event.ended(ended).reason("all_sessions").record();
            Ok((Cookies(app.jwt.unset_cookies()), Json(json!({ "ended": ended }))).into_response())
        }
        Some(_) => {
            const ONLY: &str = "The only parameter is keep=current; without it, all sessions end";
            Err(app.refuse(StatusCode::BAD_REQUEST, "query_malformed", ONLY))
        }
    }
}

fn shown(session: &Session) -> Value {
    json!({
        "id": session.id,
        "label": session.label,
        "opened": session.opened.as_secs(),
        "last_used": session.last_used.as_secs(),
        "ends": session.ends.map(Timestamp::as_secs),
        "current": session.current,
    })
}
