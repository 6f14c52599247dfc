//! Logging out with a request: finds its tokens, ends their sessions and clears the cookies, also for a token that has
//! expired or whose session is over.

use std::{borrow::Cow, sync::Arc};

use super::{JwtManager, Steps, renewal::Methodless};
use crate::{
    guard::{self, verify_text},
    http::{Location, Reason, Rejection, Request, SEC_FETCH_SITE, SetCookies, locate_all},
    jose::KeyRing,
    session::StoreError,
    time::Timestamp,
    token::{ForeignPolicy, Token, TokenError, TokenType},
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
    /// another site may have sent the request: if the CSRF value is missing or wrong, the browser calls the request
    /// cross-site, or there is no token and the browser does not call it one of the same origin.
    pub fn logout_request<R: Request>(
        &self,
        request: &R,
    ) -> impl Future<Output = Result<LoggedOut, Rejection>> + use<'_, R> {
        let ring = self.key_ring();
        let ring = |_: &str| Ok::<_, Rejection>(Cow::Borrowed(&*ring));
        let (leaving, own_page) = (self.leaving(request, ring), is_from_own_page(request));
        async move { self.end_sessions_of(leaving.or_renew().await?, own_page).await }
    }

    /// Returns the tokens of a request that may log out.
    fn leaving<'k, E: From<Rejection>>(
        &self,
        request: &impl Request,
        ring: impl FnMut(&str) -> Result<Cow<'k, KeyRing>, E>,
    ) -> Leaving<E> {
        let mut awaited = None;
        let tokens = self.leaving_tokens(request, ring, &mut awaited);
        Leaving { tokens, awaited }
    }

    fn leaving_tokens<'k, E: From<Rejection>>(
        &self,
        request: &impl Request,
        mut ring: impl FnMut(&str) -> Result<Cow<'k, KeyRing>, E>,
        awaited: &mut Option<Arc<ForeignPolicy>>,
    ) -> Result<Vec<Token>, E> {
        self.refuse_cross_site(request)?;
        self.steps().demand_body(request, &guard::Requirement::any())?;
        let (settings, now) = (&self.inner.settings, self.now());
        let own_page = is_from_own_page(request);
        let clearing = |rejection: Rejection| match rejection.reason() {
            Reason::Csrf(_) => rejection,
            // Nothing in the request shows that the user's own page has sent it.
            Reason::Missing(_) if !own_page => rejection,
            _ if rejection.location() == Some(Location::QueryString) && !own_page => rejection,
            _ => rejection.with_cookies(self.unset_cookies()),
        };
        let located = locate_all(&settings.locate, request)
            .map_err(|error| clearing(self.refuse(guard::not_located(error, TokenType::Access))))?;
        let mut tokens = Vec::new();
        let (mut refused, mut forged): (Option<E>, Option<E>) = (None, None);
        for located in &located {
            for text in located.texts() {
                let verified = match ring(text).map(|ring| verify_text(settings, &ring, text, now)) {
                    Err(error) => Err(error),
                    Ok(Ok(token) | Err(TokenError::Expired(token))) => {
                        let token = token.at(located.location());
                        let met = guard::meets(settings, located, token, &guard::Requirement::any(), now);
                        match met.map_err(|refusal| self.refuse(refusal)) {
                            Ok(token) => Ok(token),
                            // A wrong CSRF value counts before any other fault: another site may have set the rest.
                            Err(rejection) if matches!(rejection.reason(), Reason::Csrf(_)) => {
                                forged = forged.or(Some(rejection.into()));
                                continue;
                            }
                            Err(rejection) => Err(clearing(rejection).into()),
                        }
                    }
                    Ok(Err(error)) => {
                        let refusal = guard::not_verified(settings, located, text, error);
                        *awaited = awaited.take().or_else(|| refusal.awaits.clone());
                        Err(clearing(self.refuse(refusal)).into())
                    }
                };
                match verified {
                    Ok(token) => tokens.push(token),
                    Err(error) => refused = refused.or(Some(error)),
                }
            }
        }
        match forged.or(refused) {
            Some(error) if tokens.is_empty() => Err(error),
            _ => Ok(tokens),
        }
    }

    async fn end_sessions_of(&self, tokens: Vec<Token>, own_page: bool) -> Result<LoggedOut, Rejection> {
        let now = self.now();
        // Any page can link to an address with a token of its own in the query string.
        let chosen = |token: &Token| own_page || token.location() != Some(Location::QueryString);
        let cookies = if tokens.iter().all(chosen) { self.unset_cookies() } else { SetCookies::default() };
        for token in &tokens {
            let ended = self.end_session_of(token, now).await;
            let reason = |error| match error {
                // Trying again would not help.
                StoreError::Unnamed(claim) => Reason::Token(TokenError::MissingClaim(claim.to_owned())),
                error => Reason::StoreUnavailable(error),
            };
            ended.map_err(|error| self.reject(reason(error), None).with_cookies(cookies.clone()))?;
        }
        Ok(LoggedOut { tokens, cookies })
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

/// The tokens of a request that logs out.
struct Leaving<E> {
    tokens: Result<Vec<Token>, E>,
    /// The issuer whose newer keys might verify a token that was refused.
    awaited: Option<Arc<ForeignPolicy>>,
}

impl<E> Leaving<E> {
    /// Returns the tokens. Before an error, it gets the keys that were missing, so that another try can succeed.
    async fn or_renew(self) -> Result<Vec<Token>, E> {
        if let (Err(_), Some(issuer)) = (&self.tokens, &self.awaited) {
            issuer.keys().renew().await;
        }
        self.tokens
    }
}

/// Returns whether the browser says that a page of the same origin, or the user, has sent the request. Old browsers and
/// other programs do not say.
fn is_from_own_page(request: &impl Request) -> bool {
    let mut sites = request.header(&SEC_FETCH_SITE);
    sites.next().is_some_and(|site| matches!(site.trim_ascii(), b"same-origin" | b"none"))
}

impl<'a> Steps<'a> {
    /// Logs out as [`JwtManager::logout_request`] does, with keys that the caller chooses for each token's text.
    ///
    /// # Errors
    /// As [`JwtManager::logout_request`], and those of `ring` if no token has a valid signature.
    pub fn logout_with<'k, R: Request, E: From<Rejection>, K>(
        self,
        request: &R,
        ring: K,
    ) -> Result<impl Future<Output = Result<LoggedOut, Rejection>> + use<'a, 'k, R, E, K>, E>
    where
        K: FnMut(&str) -> Result<Cow<'k, KeyRing>, E>,
    {
        let own_page = is_from_own_page(request);
        Ok(self.manager.end_sessions_of(self.manager.leaving(request, ring).tokens?, own_page))
    }

    /// Returns the tokens of a request that have a valid signature, expired or not, with keys that the caller chooses
    /// for each token's text. The CSRF value is not checked, so the tokens admit to nothing.
    pub fn tokens_in<'k>(
        self,
        request: &impl Request,
        mut ring: impl FnMut(&str) -> Option<Cow<'k, KeyRing>>,
    ) -> Vec<Token> {
        let (manager, request) = (self.manager, Methodless(request));
        let settings = &manager.inner.settings;
        let mut tokens: Vec<Token> = Vec::new();
        for located in locate_all(&settings.locate, &request).unwrap_or_default() {
            for text in located.texts() {
                let verified = ring(text).map(|ring| verify_text(settings, &ring, text, manager.now()));
                if let Some(Ok(token) | Err(TokenError::Expired(token))) = verified {
                    tokens.push(token.at(located.location()));
                }
            }
        }
        tokens
    }
}
