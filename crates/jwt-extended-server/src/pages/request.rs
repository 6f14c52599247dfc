//! A request to a page: where it is below the root of the pages, and in which language it is answered.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use jwt_extended_axum::{Rejection, Token, jwt_extended::Timestamp};
use url::form_urlencoded;

use super::{
    Inner, Playground, headers,
    texts::Texts,
    trouble::Trouble,
    views::{Frame, Notice, Problem, page},
};
use crate::App;

/// A request to a page.
pub(super) struct PageRequest {
    pub(super) inner: Arc<Inner>,
    pub(super) parts: Parts,
    /// The relative address of the root, such as `../`: a proxy may have put the pages below any path.
    pub(super) root: String,
    language: String,
    pub(super) texts: Arc<Texts>,
}

impl PageRequest {
    /// Reads it. `None` if there are no pages.
    pub(super) fn of(app: &App, parts: Parts) -> Option<Self> {
        let inner = Arc::clone(app.pages.inner()?);
        let depth = parts.uri.path().matches('/').count().saturating_sub(1);
        let root = if depth == 0 { "./".to_owned() } else { "../".repeat(depth) };
        let accept = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let (language, texts) = inner.languages.preferred(accept)?;
        let (language, texts) = (language.to_owned(), Arc::clone(texts));
        Some(Self { inner, parts, root, language, texts })
    }

    /// Returns the first value of a parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.parts.uri.query()?.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// Returns what all pages show.
    pub(super) fn frame(&self) -> Frame<'_> {
        Frame {
            texts: &self.texts,
            language: &self.language,
            root: &self.root,
            title: &self.inner.title,
            names: &self.inner.names,
            assets: &self.inner.assets,
            has_playground: self.inner.playground == Playground::Shown,
            expires_in: None,
        }
    }

    /// Returns what the pages of a user show. The script knows when to refresh.
    pub(super) fn frame_of(&self, token: &Token, now: Timestamp) -> Frame<'_> {
        let left = token.expires_at().map(|end| end.as_secs().saturating_sub(now.as_secs()));
        Frame { expires_in: left.filter(|_| self.inner.scripts_refresh), ..self.frame() }
    }

    /// Answers with a page.
    pub(super) fn answer(&self, status: StatusCode, template: &impl askama::Template) -> Response {
        let mut response = page(status, template);
        headers::add(&self.inner, &mut response);
        response
    }

    /// Sends the browser to an address below the root of the pages.
    pub(super) fn redirect(&self, address: &str) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        // Addresses are constants of ASCII, with ids of the server.
        if let Ok(location) = HeaderValue::from_str(&format!("{}{address}", self.root)) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        headers::add(&self.inner, &mut response);
        response
    }

    /// Says that something did not work, and how to go on.
    pub(super) fn problem(&self, trouble: Trouble, status: StatusCode) -> Response {
        let notice = Notice::bad(trouble, &self.texts);
        self.answer(status, &Problem { frame: self.frame(), notice })
    }
}

impl FromRequestParts<App> for PageRequest {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Rejection> {
        let nothing = || app.refuse(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address");
        Self::of(app, parts.clone()).ok_or_else(nothing)
    }
}
