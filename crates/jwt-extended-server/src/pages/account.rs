//! `/account`: who one is, one's sessions, one's password, and the way out.

use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse as _, Response},
};
use jwt_extended_axum::{
    Cookies, Logout, Reason, Rejection, Token, authenticate,
    jwt_extended::{self, Timestamp, http::CsrfError},
    session::Session,
};
use serde::Deserialize;

use super::{
    device,
    login::instead,
    request::PageRequest,
    texts::{Texts, fill},
    times::iso,
    trouble::Trouble,
    views::{Account, Notice, ShownSession},
    visit::{Visit, requirement},
};
use crate::{
    App, ClientAddress,
    answered::RefusalCode,
    audit::{self, Address},
    routes::{ChangeRefused, Device, Passwords},
};

/// How many sessions are shown before the rest is folded.
const SHOWN: usize = 8;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// The messages that the list and the password show.
#[derive(Default)]
struct Notices {
    page: Option<Notice>,
    password: Option<Notice>,
}

/// The account page, or the login in its place.
pub(super) async fn page(
    State(app): State<App>,
    client: ClientAddress,
    request: PageRequest,
) -> Result<Response, Rejection> {
    let note = request.parameter("note");
    match Visit::of(&app, &request.parts, client).await? {
        Visit::Out(None, cookies) if note.as_deref() == Some("welcome") => {
            Ok(instead(&request, Some(Trouble::CookiesBlocked), cookies))
        }
        Visit::Out(None, cookies) if note.as_deref() == Some("late") => {
            Ok(instead(&request, Some(Trouble::SessionOver), cookies))
        }
        Visit::Out(trouble, cookies) => Ok(instead(&request, trouble, cookies)),
        // So that a page which is opened again later does not complain of missing cookies.
        Visit::In(_) if note.as_deref() == Some("welcome") => Ok(request.redirect("account")),
        Visit::In(token) => {
            let notices = Notices { page: note.and_then(|note| notice(&note, &request.texts)), ..Notices::default() };
            show(&app, &request, &token, notices, StatusCode::OK).await
        }
        Visit::Renewed(token, cookies) => {
            let notices = Notices { page: note.and_then(|note| notice(&note, &request.texts)), ..Notices::default() };
            let page = show(&app, &request, &token, notices, StatusCode::OK).await?;
            Ok((Cookies(cookies), page).into_response())
        }
    }
}

/// Leads back from the address of a form that somebody opens.
pub(super) async fn back(request: PageRequest) -> Response {
    request.redirect("account")
}

/// The session that a form names.
#[derive(Deserialize)]
pub(super) struct Chosen {
    session: String,
}

/// Ends a session.
pub(super) async fn end_session(
    State(app): State<App>,
    address: Address,
    request: PageRequest,
    chosen: Result<Form<Chosen>, FormRejection>,
) -> Result<Response, Rejection> {
    let token = match acting(&app, &request).await {
        Ok(token) => token,
        Err(response) => return response,
    };
    let Ok(Form(Chosen { session })) = chosen else { return Ok(malformed(&request)) };
    Ok(match app.end_one(&token, &session, address).await {
        Ok(()) if token.session() == Some(&*session) => {
            (Cookies(app.jwt.unset_cookies()), request.redirect("?note=logged-out")).into_response()
        }
        Ok(()) => request.redirect("account?note=session-ended"),
        Err(rejection) if Trouble::of(&rejection) == Trouble::NoSuchSession => {
            request.redirect("account?note=no-such-session")
        }
        Err(rejection) => return Err(rejection),
    })
}

/// Ends all other sessions.
pub(super) async fn end_others(
    State(app): State<App>,
    address: Address,
    request: PageRequest,
) -> Result<Response, Rejection> {
    match acting(&app, &request).await {
        Ok(token) => {
            app.end_others(&token, address).await?;
            Ok(request.redirect("account?note=others-ended"))
        }
        Err(response) => response,
    }
}

/// Changes the password. It needs no fresh token, because the form asks for the old password, as a login would.
pub(super) async fn change_password(
    State(app): State<App>,
    device: Device,
    client: ClientAddress,
    request: PageRequest,
    passwords: Result<Passwords, Rejection>,
) -> Result<Response, Rejection> {
    let token = match acting(&app, &request).await {
        Ok(token) => token,
        Err(response) => return response,
    };
    let Ok(passwords) = passwords else { return Ok(malformed(&request)) };
    let (trouble, status, code) = match app.change_password(token.subject(), passwords, client, &device).await {
        Ok(pair) => {
            let cookies = app.jwt.set_cookies(&pair)?;
            return Ok((Cookies(cookies), request.redirect("account?note=password-changed")).into_response());
        }
        Err(ChangeRefused::NewPassword(error)) => {
            (Trouble::NewPassword(error), StatusCode::UNPROCESSABLE_ENTITY, "new_password_refused")
        }
        Err(ChangeRefused::Rejected(rejection)) => match rejection.rejection() {
            Some(engine) => (Trouble::of(&rejection), engine.status(), engine.code()),
            None => return Err(rejection),
        },
    };
    if trouble == Trouble::SessionsLeft {
        return Ok(request.problem(trouble, status));
    }
    let notices = Notices { password: Some(Notice::bad(trouble, &request.texts)), ..Notices::default() };
    let mut response = show(&app, &request, &token, notices, status).await?;
    response.extensions_mut().insert(RefusalCode(code));
    Ok(response)
}

/// Logs out.
pub(super) async fn log_out(
    address: Address,
    request: PageRequest,
    logout: Result<Logout, Rejection>,
) -> Result<Response, Rejection> {
    match logout {
        Ok(logout) => {
            audit::logged_out(logout.tokens(), address);
            // Not the cookies, which would also be those of the app.
            let clear = [(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""))];
            Ok((logout, clear, request.redirect("?note=logged-out")).into_response())
        }
        Err(rejection) => match rejection.rejection().map(jwt_extended::Rejection::reason) {
            Some(Reason::Missing(_)) => Ok(request.redirect("?note=logged-out")),
            _ => to_page(&request, rejection),
        },
    }
}

/// Returns the token of somebody who has sent a form, with its CSRF value.
async fn acting(app: &App, request: &PageRequest) -> Result<Token, Result<Response, Rejection>> {
    match authenticate(&request.parts, &app.jwt, &requirement()).await {
        Ok(admitted) => Ok(admitted.into_token()),
        Err(rejection) => Err(to_page(request, rejection)),
    }
}

/// Leads to the page that says why a form had no effect: it renews tokens, or asks for a login.
fn to_page(request: &PageRequest, rejection: Rejection) -> Result<Response, Rejection> {
    let address = match rejection.rejection().map(jwt_extended::Rejection::reason) {
        // A rejection of another route may have cleared the cookie of an expired token.
        Some(Reason::Missing(_) | Reason::Expired | Reason::Csrf(CsrfError::Missing | CsrfError::Mismatch)) => {
            "account?note=late"
        }
        Some(Reason::Revoked | Reason::Replayed | Reason::Token(_) | Reason::Verification) => "account",
        _ => return Err(rejection),
    };
    let mut response = request.redirect(address);
    if let Some(rejection) = rejection.rejection() {
        response.extensions_mut().insert(RefusalCode(rejection.code()));
    }
    Ok(response)
}

fn malformed(request: &PageRequest) -> Response {
    request.problem(Trouble::Malformed, StatusCode::BAD_REQUEST)
}

fn notice(note: &str, texts: &Texts) -> Option<Notice> {
    Some(match note {
        "password-changed" => Notice::good(&texts.password_changed),
        "session-ended" => Notice::good(&texts.session_ended),
        "others-ended" => Notice::good(&texts.others_ended),
        "no-such-session" => Notice::bad(Trouble::NoSuchSession, texts),
        "late" => Notice::bad(Trouble::Late, texts),
        _ => return None,
    })
}

async fn show(
    app: &App,
    request: &PageRequest,
    token: &Token,
    notices: Notices,
    status: StatusCode,
) -> Result<Response, Rejection> {
    let texts = &request.texts;
    let mut sessions = app.jwt.sessions(token).await?;
    // This one first, the others by their last use.
    sessions.sort_by_key(|session| (!session.current, std::cmp::Reverse(session.last_used)));
    let has_others = sessions.iter().any(|session| !session.current);
    let more = sessions.split_off(sessions.len().min(SHOWN));
    let now = app.jwt.now();
    let in_words = |sessions: Vec<Session>| sessions.into_iter().map(|session| shown(session, texts, now)).collect();
    let count = more.len();
    let view = Account {
        frame: request.frame_of(token, now),
        csrf: token.csrf().unwrap_or_default(),
        name: token.subject(),
        logged_in_as: fill(&texts.logged_in_as, "name", token.subject()),
        notice: notices.page,
        password_notice: notices.password,
        shown: in_words(sessions),
        show_more: (count > 0).then(|| fill(&texts.show_more, "count", &count.to_string())),
        more: in_words(more),
        has_others,
        can_change_password: app.users.listed().is_none(),
    };
    Ok(request.answer(status, &view))
}

fn shown(session: Session, texts: &Texts, now: Timestamp) -> ShownSession {
    let device = match device::Device::of(session.label.as_deref()) {
        device::Device::Browser(browser, system) => fill(&fill(&texts.device, "browser", browser), "system", system),
        device::Device::Program(name) => name,
        device::Device::Unknown => texts.unknown_device.clone(),
    };
    let opened = texts.ago(session.opened, now);
    let last_used = Some(texts.ago(session.last_used, now)).filter(|time| *time != opened && !session.current);
    ShownSession {
        end: fill(&fill(&texts.end_device, "time", &opened), "device", &device),
        device,
        opened: fill(&texts.opened, "time", &opened),
        opened_at: iso(session.opened),
        last_used: last_used.map(|time| fill(&texts.last_used, "time", &time)),
        last_used_at: iso(session.last_used),
        id: session.id,
        current: session.current,
    }
}
