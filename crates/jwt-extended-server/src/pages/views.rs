//! What the templates show. Every value is escaped, except for notices, which are templates themselves.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{Names, assets::Assets, texts::Texts, trouble::Trouble};

/// What all pages have.
pub(super) struct Frame<'a> {
    pub(super) texts: &'a Texts,
    pub(super) language: &'a str,
    pub(super) root: &'a str,
    pub(super) title: &'a str,
    pub(super) names: &'a Names,
    pub(super) assets: &'a Assets,
    pub(super) has_playground: bool,
    /// The seconds until the access token expires, for the script.
    pub(super) expires_in: Option<u64>,
}

/// A message at the top of a page.
#[derive(Template)]
#[template(path = "notice.html")]
pub(super) struct Notice {
    text: String,
    is_good: bool,
    wait: Option<Wait>,
}

/// A countdown.
struct Wait {
    seconds: u32,
    text: String,
    over: String,
}

impl Notice {
    pub(super) fn bad(trouble: Trouble, texts: &Texts) -> Self {
        let wait = trouble.seconds();
        let wait = wait.map(|seconds| Wait { seconds, text: texts.locked.clone(), over: texts.locked_over.clone() });
        Self { text: trouble.text(texts), is_good: false, wait }
    }

    pub(super) fn good(text: &str) -> Self {
        Self { text: text.to_owned(), is_good: true, wait: None }
    }
}

/// The login, also that which confirms who it is.
#[derive(Template)]
#[template(path = "login.html")]
pub(super) struct Login<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) heading: &'a str,
    pub(super) lead: Option<String>,
    pub(super) notice: Option<Notice>,
    pub(super) action: String,
    pub(super) username: &'a str,
    /// Whether somebody is logged in, and only confirms it.
    pub(super) readonly: bool,
    /// Whether to tell other tabs that the session is over.
    pub(super) logged_out: bool,
}

/// The account of the user.
#[derive(Template)]
#[template(path = "account.html")]
pub(super) struct Account<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) csrf: &'a str,
    pub(super) name: &'a str,
    pub(super) logged_in_as: String,
    pub(super) notice: Option<Notice>,
    pub(super) password_notice: Option<Notice>,
    pub(super) shown: Vec<ShownSession>,
    /// The text that opens the rest of a long list.
    pub(super) show_more: Option<String>,
    pub(super) more: Vec<ShownSession>,
    pub(super) has_others: bool,
    pub(super) can_change_password: bool,
}

/// A session in the list.
pub(super) struct ShownSession {
    pub(super) id: String,
    pub(super) device: String,
    pub(super) opened: String,
    pub(super) opened_at: String,
    /// Unless that says no more than the login, or it is the session of the request.
    pub(super) last_used: Option<String>,
    pub(super) last_used_at: String,
    /// What its button does, for those who hear it.
    pub(super) end: String,
    pub(super) current: bool,
}

/// Something did not work.
#[derive(Template)]
#[template(path = "problem.html")]
pub(super) struct Problem<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) notice: Notice,
}

/// Answers with a page.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => {
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            (status, [(header::CONTENT_TYPE, html)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
