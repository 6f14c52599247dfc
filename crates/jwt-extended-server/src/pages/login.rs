//! `/`: logs in, and back to where the browser came from.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use jwt_extended_axum::{
    Cookies, Rejection, Token,
    jwt_extended::{self, http::SetCookies},
};
use url::{Url, form_urlencoded};

use super::{
    own_page::OwnPage,
    request::PageRequest,
    texts::fill,
    trouble::Trouble,
    views::{Login, Notice},
    visit::Visit,
};
use crate::{
    App, ClientAddress,
    answered::RefusalCode,
    routes::{Credentials, Device},
};

/// Where a login leads to.
enum Destination {
    /// An address of a named origin.
    Address(HeaderValue),
    Account,
    Playground,
}

impl Destination {
    /// Reads it from the query. `None` if the browser came from nowhere.
    fn of(app: &App, request: &PageRequest) -> Option<Self> {
        if let Some(address) = app.forward_auth.return_address(request.parts.uri.query()) {
            return Some(Self::Address(address));
        }
        match request.parameter("then")?.as_str() {
            "account" => Some(Self::Account),
            "playground" => Some(Self::Playground),
            _ => None,
        }
    }

    /// Returns the query that names it again.
    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new("?".to_owned());
        match self {
            Self::Address(address) => query.append_pair("return_to", address.to_str().unwrap_or_default()),
            Self::Account => query.append_pair("then", "account"),
            Self::Playground => query.append_pair("then", "playground"),
        };
        query.finish().replacen("?&", "?", 1)
    }

    /// Returns the host of the address, for people.
    fn place(&self) -> Option<String> {
        let Self::Address(address) = self else { return None };
        Url::parse(address.to_str().ok()?).ok()?.host_str().map(str::to_owned)
    }

    fn go(self, request: &PageRequest) -> Response {
        match self {
            Self::Address(address) => {
                let mut response = request.redirect("");
                response.headers_mut().insert(header::LOCATION, address);
                response
            }
            // It says so if the browser has not kept the cookies.
            Self::Account => request.redirect("account?note=welcome"),
            Self::Playground => request.redirect("playground"),
        }
    }
}

/// The login page. Somebody who is logged in confirms that it is them, if they came from somewhere.
pub(super) async fn page(
    State(app): State<App>,
    client: ClientAddress,
    request: PageRequest,
) -> Result<Response, Rejection> {
    let destination = Destination::of(&app, &request);
    Ok(match (Visit::of(&app, &request.parts, client).await?, destination) {
        (Visit::In(token), Some(destination)) => confirm(&request, &token, &destination, None, StatusCode::OK),
        (Visit::In(_), None) => request.redirect("account"),
        (Visit::Renewed(_, cookies), destination) => {
            (Cookies(cookies), destination.unwrap_or(Destination::Account).go(&request)).into_response()
        }
        (Visit::Out(trouble, cookies), destination) => {
            show_login(&request, destination.as_ref(), trouble, cookies, StatusCode::OK)
        }
    })
}

/// Logs in.
pub(super) async fn log_in(
    State(app): State<App>,
    _: OwnPage,
    device: Device,
    client: ClientAddress,
    request: PageRequest,
    credentials: Result<Credentials, Rejection>,
) -> Response {
    let destination = Destination::of(&app, &request);
    let mut username = String::new();
    let pair = match credentials {
        Ok(credentials) => {
            credentials.username().clone_into(&mut username);
            app.log_in(credentials, client, &device).await
        }
        Err(rejection) => Err(rejection),
    };
    let cookies = pair.and_then(|pair| Ok(app.jwt.set_cookies(&pair)?));
    match cookies {
        Ok(cookies) => (Cookies(cookies), destination.unwrap_or(Destination::Account).go(&request)).into_response(),
        Err(rejection) => refuse(&request, destination.as_ref(), &rejection, &username),
    }
}

/// Shows the login page in place of another one.
pub(super) fn instead(request: &PageRequest, trouble: Option<Trouble>, cookies: SetCookies) -> Response {
    let destination = match request.parts.uri.path() {
        "/playground" => Destination::Playground,
        _ => Destination::Account,
    };
    show_login(request, Some(&destination), trouble, cookies, StatusCode::UNAUTHORIZED)
}

fn refuse(request: &PageRequest, destination: Option<&Destination>, rejection: &Rejection, username: &str) -> Response {
    let status = rejection.rejection().map_or(StatusCode::SERVICE_UNAVAILABLE, jwt_extended::Rejection::status);
    let trouble = Trouble::of(rejection);
    let notice = Some(Notice::bad(trouble, &request.texts));
    let mut response = form(request, destination, notice, username, status);
    if let Some(seconds) = trouble.seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if let Some(rejection) = rejection.rejection() {
        response.extensions_mut().insert(RefusalCode(rejection.code()));
    }
    response
}

fn show_login(
    request: &PageRequest,
    destination: Option<&Destination>,
    trouble: Option<Trouble>,
    cookies: SetCookies,
    status: StatusCode,
) -> Response {
    let is_logged_out = request.parameter("note").as_deref() == Some("logged-out");
    let notice = match trouble {
        Some(trouble) => Some(Notice::bad(trouble, &request.texts)),
        None => is_logged_out.then(|| Notice::good(&request.texts.logged_out)),
    };
    (Cookies(cookies), form(request, destination, notice, "", status)).into_response()
}

fn form(
    request: &PageRequest,
    destination: Option<&Destination>,
    notice: Option<Notice>,
    username: &str,
    status: StatusCode,
) -> Response {
    let texts = &request.texts;
    let view = Login {
        frame: request.frame(),
        heading: &texts.log_in,
        lead: destination.and_then(Destination::place).map(|place| fill(&texts.log_in_to, "place", &place)),
        notice,
        action: format!("{}{}", request.root, destination.map(Destination::query).unwrap_or_default()),
        username,
        readonly: false,
        logged_out: request.parameter("note").as_deref() == Some("logged-out"),
    };
    request.answer(status, &view)
}

fn confirm(
    request: &PageRequest,
    token: &Token,
    destination: &Destination,
    notice: Option<Notice>,
    status: StatusCode,
) -> Response {
    let texts = &request.texts;
    let view = Login {
        frame: request.frame(),
        heading: &texts.confirm,
        lead: Some(fill(&texts.confirm_text, "name", token.subject())),
        notice,
        action: format!("{}{}", request.root, destination.query()),
        username: token.subject(),
        readonly: true,
        logged_out: false,
    };
    request.answer(status, &view)
}
