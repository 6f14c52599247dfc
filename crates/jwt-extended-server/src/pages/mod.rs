//! The pages that people see: login, account, and the demo's playground. Plain HTML with forms, which also work without
//! the script.
//!
//! They follow the rules of the JSON routes by calling the same functions. Only this module knows HTML, words and
//! languages.

mod account;
mod assets;
mod colours;
mod device;
mod headers;
mod login;
mod options;
mod own_page;
mod playground;
mod request;
mod texts;
mod times;
mod trouble;
mod views;
mod visit;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};

pub(crate) use self::options::PagesOptions;
use self::{assets::Assets, request::PageRequest, texts::Languages, trouble::Trouble};
pub use self::{assets::LogoError, options::PagesError, texts::LanguageError};
use crate::{App, forward_auth::is_navigation};

/// The pages for people. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Pages(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    title: String,
    languages: Languages,
    assets: Assets,
    names: Names,
    /// Whether scripts can read the CSRF values, so that they can refresh.
    scripts_refresh: bool,
    /// The Content-Security-Policy.
    policy: HeaderValue,
    playground: Playground,
}

/// The names of what carries the CSRF values.
#[derive(Debug)]
struct Names {
    access_cookie: String,
    refresh_cookie: String,
    header: String,
    field: String,
    refresh_field: String,
}

/// Whether there is the page that shows what tokens say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Playground {
    Shown,
    Hidden,
}

impl Pages {
    fn inner(&self) -> Option<&Arc<Inner>> {
        self.0.as_ref()
    }

    /// Returns whether there are pages.
    pub(crate) fn are_on(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the routes of the pages; none if they are off.
    pub(crate) fn routes(&self) -> Router<App> {
        let Some(inner) = &self.0 else { return Router::new() };
        let routes = Router::new()
            .route("/", get(login::page).post(login::log_in))
            .route("/account", get(account::page))
            .route("/account/password", post(account::change_password).get(account::back))
            .route("/account/sessions/end", post(account::end_session).get(account::back))
            .route("/account/sessions/end-others", post(account::end_others).get(account::back))
            .route("/account/logout", post(account::log_out).get(account::back))
            .route("/assets/{name}", get(assets::answer));
        match inner.playground {
            Playground::Hidden => routes,
            Playground::Shown => {
                routes.route("/playground", get(playground::page)).route("/playground/claims", get(playground::claims))
            }
        }
    }
}

/// Shows a refusal in words where a person sees the answer: on a route of the pages, and at an address without a route.
pub(crate) async fn in_words(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_page = matches!(path, "/" | "/account" | "/playground") || path.starts_with("/account/");
    let (parts, body) = request.into_parts();
    let person = (is_page || is_navigation(&parts)).then(|| PageRequest::of(&app, parts.clone())).flatten();
    let response = next.run(Request::from_parts(parts, body)).await;
    let status = response.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    let (Some(person), true) = (person, is_refusal && !is_html(&response)) else { return response };
    // A route for programs that somebody opens says it in its own way.
    if !is_page && status != StatusCode::NOT_FOUND {
        return response;
    }
    let mut shown = person.problem(Trouble::of_response(&response), status);
    // Cookies that the refusal clears, and when to try again.
    for name in [header::SET_COOKIE, header::RETRY_AFTER, header::CONNECTION, header::ALLOW] {
        for value in response.headers().get_all(&name) {
            shown.headers_mut().append(name.clone(), value.clone());
        }
    }
    // For the log and the metrics.
    shown.extensions_mut().extend(response.into_parts().0.extensions);
    shown
}

fn is_html(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn not_found(app: &App) -> Response {
    app.refuse(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address").into_response()
}
