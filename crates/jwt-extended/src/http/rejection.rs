//! A rejected request, ready to be sent: its reason, its token if there is one, and the app's way of answering.

use std::{collections::HashMap, fmt, sync::Arc};

use http::{HeaderValue, Response, StatusCode};

use super::{Handler, Location, Reason, RefusalSettings, SetCookies, render::Facts};
use crate::token::{Token, TokenType};

/// A rejected request. A face turns it into its framework's response.
///
/// Displays as the message for the client, and never contains the token's text.
#[derive(Clone)]
pub struct Rejection {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    reason: Reason,
    token: Option<Token>,
    place: Option<(Location, TokenType)>,
    cookies: SetCookies,
    renderer: Arc<Renderer>,
}

/// An app's own response to a rejection.
pub(crate) type RejectionHandler = Arc<dyn Fn(&Rejection) -> Response<Vec<u8>> + Send + Sync>;

/// Makes the responses to rejections: by the app's handlers, or else by its settings.
pub(crate) struct Renderer {
    pub(crate) settings: RefusalSettings,
    pub(crate) handlers: HashMap<Handler, RejectionHandler>,
    pub(crate) handler_for_all: Option<RejectionHandler>,
}

impl Rejection {
    pub(crate) fn new(reason: Reason, token: Option<Token>, renderer: Arc<Renderer>) -> Self {
        Self { inner: Box::new(Inner { reason, token, place: None, cookies: SetCookies::default(), renderer }) }
    }

    /// Notes where the token was, and the type of token that belongs there.
    pub(crate) fn at(mut self, place: Option<(Location, TokenType)>) -> Self {
        self.inner.place = place;
        self
    }

    /// Returns where the token was, and the type of token that belongs there.
    pub(crate) fn place(&self) -> Option<(Location, TokenType)> {
        self.inner.place
    }

    /// Adds cookies to set or clear with the response, whoever makes it.
    pub fn with_cookies(mut self, cookies: SetCookies) -> Self {
        self.inner.cookies = self.inner.cookies.and(cookies);
        self
    }

    /// Returns the cookies to set or clear with the response: those that [`with_cookies`](Self::with_cookies) added,
    /// and those that the option `clear_rejected_cookies` clears. [`to_response`](Self::to_response) has them already.
    pub fn cookies(&self) -> &SetCookies {
        &self.inner.cookies
    }

    /// Returns where the token was, if there was one.
    pub fn location(&self) -> Option<Location> {
        self.inner.place.map(|(location, _)| location)
    }

    /// Returns why the request was rejected.
    pub fn reason(&self) -> &Reason {
        &self.inner.reason
    }

    /// Returns a stable code for programs, such as `token_expired`.
    pub fn code(&self) -> &'static str {
        self.inner.reason.code()
    }

    /// Returns the message for the client's developer.
    pub fn message(&self) -> String {
        self.inner.reason.to_string()
    }

    /// Returns the status of the response.
    pub fn status(&self) -> StatusCode {
        self.inner.reason.status(self.settings().statuses)
    }

    /// Returns the `WWW-Authenticate` challenge. Every rejection that another token could mend has one (RFC 6750
    /// section 3).
    pub fn challenge(&self) -> Option<HeaderValue> {
        self.inner.reason.challenge(self.settings())
    }

    /// Returns the token, if its signature is good and the fault lies elsewhere: it is expired, revoked, not fresh, of
    /// the wrong type, without a user, or rejected by the app.
    pub fn token(&self) -> Option<&Token> {
        self.inner.token.as_ref()
    }

    /// Makes the response: by the app's handler for this reason, by its handler for all reasons, or the default one.
    pub fn to_response(&self) -> Response<Vec<u8>> {
        let renderer = &self.inner.renderer;
        let handler = renderer.handlers.get(&self.reason().handler()).or(renderer.handler_for_all.as_ref());
        let mut response = handler.map_or_else(|| self.default_response(), |handler| handler(self));
        if !self.inner.cookies.lines().is_empty() {
            self.inner.cookies.clone().append_to(response.headers_mut());
        }
        response
    }

    /// Makes the default response, for handlers that change only a part of it.
    pub fn default_response(&self) -> Response<Vec<u8>> {
        self.settings().response(Facts {
            status: self.status(),
            code: self.code(),
            message: &self.message(),
            challenge: self.challenge(),
            retry_after: self.inner.reason.retry_after(),
        })
    }

    fn settings(&self) -> &RefusalSettings {
        &self.inner.renderer.settings
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.reason.fmt(f)
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("status", &self.status().as_u16())
            .field("reason", self.reason())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Rejection {}
