//! Public pages: admits a visitor whose cookie is no longer good as one without a token.

use super::{Admitted, JwtManager};
use crate::{
    guard::Requirement,
    http::{Reason, Rejection, Request, SetCookies},
};

/// Who visits a page that is open to everybody.
#[derive(Clone, Debug, Default)]
#[must_use = "a visitor may have cookies that the response should clear"]
pub struct Visitor {
    admitted: Option<Admitted>,
    cookies: SetCookies,
}

impl Visitor {
    /// Returns the visitor's token; `None` for a visitor without a good one.
    pub fn admitted(&self) -> Option<&Admitted> {
        self.admitted.as_ref()
    }

    /// Returns the visitor's token, and the headers that clear a cookie which was not good.
    pub fn into_parts(self) -> (Option<Admitted>, SetCookies) {
        (self.admitted, self.cookies)
    }
}

impl JwtManager {
    /// Checks a request to a page that is open to everybody. A cookie that has expired, was revoked or is malformed
    /// counts as no cookie, and the response should clear it.
    ///
    /// [`authenticate_optional`](Self::authenticate_optional) rejects such a request.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate), except for a missing token and for such a cookie. A token in a header,
    /// the query string or the body must be good: the client has chosen to send it.
    pub async fn authenticate_visitor(
        &self,
        request: &impl Request,
        requirement: &Requirement,
    ) -> Result<Visitor, Rejection> {
        match self.authenticate(request, requirement).await {
            Ok(admitted) => Ok(Visitor { admitted: Some(admitted), cookies: SetCookies::default() }),
            Err(rejection) => self.without_token(rejection),
        }
    }

    /// Turns a rejection for a missing token or for a stale cookie into a visitor without a token.
    ///
    /// # Errors
    /// Every other rejection.
    pub fn without_token(&self, rejection: Rejection) -> Result<Visitor, Rejection> {
        if matches!(rejection.reason(), Reason::Missing(_)) {
            return Ok(Visitor::default());
        }
        match self.useless_cookies(rejection.reason(), rejection.place()) {
            Some(cookies) => Ok(Visitor { admitted: None, cookies }),
            None => Err(rejection),
        }
    }
}
