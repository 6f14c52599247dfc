//! Logging out with a request: finds its tokens, ends their sessions and clears the cookies, also for a token that has
//! expired or whose session is over.

use super::{JwtManager, Steps, renewal::Methodless};
use crate::{
    guard::{self, Refusal},
    http::{Reason, Rejection, Request, SetCookies, locate_all},
    session::{StoreError, Subject},
    time::Timestamp,
    token::{Token, TokenError, TokenType, verify},
};

/// A logout that was carried out.
#[derive(Clone, Debug)]
#[must_use = "the browser keeps the cookies unless they are cleared in the response"]
pub struct LoggedOut {
    tokens: Vec<Token>,
    cookies: SetCookies,
}

impl LoggedOut {
    /// Returns the tokens whose sessions have ended: one, or an access token and a refresh token in cookies.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Returns the headers that clear the cookies.
    pub fn into_cookies(self) -> SetCookies {
        self.cookies
    }
}

impl JwtManager {
    /// Logs out the bearer of a request: ends the session of its token and clears its cookies.
    ///
    /// A token with a valid signature is enough. It may have expired, and its session may be over. Without a store,
    /// only the cookies are cleared.
    ///
    /// Everything but the store is checked before this returns, so the future does not borrow the request.
    ///
    /// ```
    /// # async fn logout(jwt: jwt_extended::JwtManager, request: http::request::Parts) -> http::Response<Vec<u8>> {
    /// match jwt.logout_request(&request).await {
    ///     Ok(logged_out) => {
    ///         let mut response = http::Response::new(Vec::new());
    ///         logged_out.into_cookies().append_to(response.headers_mut());
    ///         response
    ///     }
    ///     Err(rejection) => rejection.to_response(),
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// If no token has a valid signature, or the store fails. The rejection clears the cookies as well, except where
    /// another site may have sent the request: if the CSRF value is missing or wrong.
    pub fn logout_request<R: Request>(
        &self,
        request: &R,
    ) -> impl Future<Output = Result<LoggedOut, Rejection>> + use<'_, R> {
        let now = self.now();
        let leaving = self.leaving(request, now);
        async move {
            let tokens = leaving?;
            for token in &tokens {
                let ended = self.end_session_of(token, now).await;
                ended.map_err(|error| {
                    self.reject(Reason::StoreUnavailable(error), None).with_cookies(self.unset_cookies())
                })?;
            }
            Ok(LoggedOut { tokens, cookies: self.unset_cookies() })
        }
    }

    /// Returns the tokens of a request that may log out.
    fn leaving(&self, request: &impl Request, now: Timestamp) -> Result<Vec<Token>, Rejection> {
        let clearing = |rejection: Rejection| match rejection.reason() {
            Reason::Csrf(_) => rejection,
            _ => rejection.with_cookies(self.unset_cookies()),
        };
        self.steps().demand_body(request, &guard::Requirement::any())?;
        let settings = &self.inner.settings;
        let located = locate_all(&settings.locate, request)
            .map_err(|error| clearing(self.refuse(guard::not_located(error, TokenType::Access))))?;
        let mut tokens = Vec::new();
        let mut refused: Option<Refusal> = None;
        for located in &located {
            for text in std::iter::once(&*located.token).chain(located.others.iter().copied()) {
                let verified = match verify(&settings.policy, &settings.ring, text, now) {
                    Ok(token) | Err(TokenError::Expired(token)) => {
                        let token = token.at(located.location());
                        let met = guard::meets(settings, located, token, &guard::Requirement::any(), now);
                        met.map(|token| tokens.push(token))
                    }
                    Err(error) => Err(Refusal::at(Reason::Token(error), located)),
                };
                refused = refused.or(verified.err());
            }
        }
        match refused {
            Some(refusal) if tokens.is_empty() => Err(clearing(self.refuse(refusal))),
            _ => Ok(tokens),
        }
    }

    /// Ends the session of a token, or revokes a token that belongs to none and has not expired.
    async fn end_session_of(&self, token: &Token, now: Timestamp) -> Result<(), StoreError> {
        let is_over = token.expires_at().is_some_and(|end| end.saturating_add(self.leeway()) <= now);
        let result = match self.session_of(token) {
            None if is_over => Ok(()),
            _ => self.logout(token).await,
        };
        // Without a store, the cookies are all that a logout can end.
        if result == Err(StoreError::NoStore) { Ok(()) } else { result }
    }
}

impl Steps<'_> {
    /// Returns the ids of the sessions that a request belongs to, of this subject: those of its tokens with a valid
    /// signature, expired or not. For a login that replaces them; the CSRF value is not checked.
    pub fn sessions_in(self, request: &impl Request, subject: Subject<'_>) -> Vec<String> {
        let manager = self.manager;
        let settings = &manager.inner.settings;
        let request = Methodless(request);
        let Ok(located) = locate_all(&settings.locate, &request) else {
            return Vec::new();
        };
        let texts = located.iter().flat_map(|found| std::iter::once(&*found.token).chain(found.others.iter().copied()));
        let tokens = texts.filter_map(|text| match verify(&settings.policy, &settings.ring, text, manager.now()) {
            Ok(token) | Err(TokenError::Expired(token)) => Some(token),
            Err(_) => None,
        });
        let of_subject = tokens.filter(|token| Subject::from(token) == subject);
        let mut sessions: Vec<_> =
            of_subject.filter_map(|token| manager.session_of(&token).map(str::to_owned)).collect();
        sessions.dedup();
        sessions
    }
}
