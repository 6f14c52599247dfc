//! Guards as arguments: each extractor authenticates the request with one requirement.

use axum_core::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use jwt_extended::{Admitted, JwtManager, LoggedOut, Requirement, Token, http::SetCookies};
use serde::de::DeserializeOwned;

use crate::{Cookies, Rejection, guard, layer::RequestView};

guard! {
    /// Admits a request with an access token: `@jwt_required()`.
    pub Access = Requirement::access()
}

guard! {
    /// Admits a request with a fresh access token: `@jwt_required(fresh=True)`.
    pub Fresh = Requirement::fresh()
}

guard! {
    /// Admits a request with a refresh token: `@jwt_required(refresh=True)`.
    pub Refresh = Requirement::refresh()
}

guard! {
    /// Admits a request with a token of either type: `@jwt_required(verify_type=False)`.
    pub AnyToken = Requirement::any()
}

/// Admits a request with an access token whose claims deserialize as `T`: the registered claims and the app's own.
///
/// ```
/// use jwt_extended_axum::Claims;
///
/// #[derive(serde::Deserialize)]
/// struct Role { sub: String, role: String }
///
/// async fn whoami(Claims(claims): Claims<Role>) -> String {
///     format!("{} is {}", claims.sub, claims.role)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims<T>(pub T);

impl<S, T> FromRequestParts<S> for Claims<T>
where
    JwtManager: FromRef<S>,
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let jwt = JwtManager::from_ref(state);
        let token = authenticate(parts, &jwt, &Requirement::access()).await?.into_token();
        Ok(Self(jwt.typed_claims(token)?))
    }
}

impl<S, T> OptionalFromRequestParts<S> for Claims<T>
where
    JwtManager: FromRef<S>,
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        optional(<Self as FromRequestParts<S>>::from_request_parts(parts, state).await)
    }
}

/// Logs out: ends the session of the request's token, and clears its cookies in the response.
///
/// A token with a valid signature is enough, because a user must be able to log out with an expired token, or in a
/// second tab. The cookies are cleared whatever becomes of the logout, except where another site may have sent the
/// request.
///
/// ```
/// use axum::Json;
/// use jwt_extended_axum::Logout;
/// use serde_json::{Value, json};
///
/// async fn logout(logout: Logout) -> (Logout, Json<Value>) {
///     (logout, Json(json!({ "logout": true })))
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "return it from the handler: it clears the cookies"]
pub struct Logout(LoggedOut);

impl Logout {
    /// Returns the tokens whose sessions have ended: one, or an access token and a refresh token in cookies.
    pub fn tokens(&self) -> &[Token] {
        self.0.tokens()
    }

    pub(crate) fn into_cookies(self) -> SetCookies {
        self.0.into_cookies()
    }
}

impl<S> FromRequestParts<S> for Logout
where
    JwtManager: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let jwt = JwtManager::from_ref(state);
        Ok(Self(jwt.logout_request(&RequestView(parts)).await?))
    }
}

/// Admits everybody to a public page: `token` is `None` for a visitor without a token, and also for one with a cookie
/// that has expired, was revoked or is malformed. `cookies` clears such a cookie in the response.
///
/// `Option<Access>` rejects such a visitor. A bad token in a header, and a store that fails, are rejected by both.
///
/// ```
/// use jwt_extended_axum::{Access, Cookies, Visitor};
///
/// async fn page(visitor: Visitor<Access>) -> (Cookies, String) {
///     let greeting = visitor.token.map_or("hello, stranger".to_owned(), |token| format!("hello {}", token.subject()));
///     (visitor.cookies, greeting)
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Visitor<T> {
    /// The visitor's token, or whatever else the guard `T` admits.
    pub token: Option<T>,
    /// The headers that clear a cookie which is no longer good.
    pub cookies: Cookies,
}

impl<S, T> FromRequestParts<S> for Visitor<T>
where
    JwtManager: FromRef<S>,
    S: Send + Sync,
    T: FromRequestParts<S, Rejection = Rejection>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        match T::from_request_parts(parts, state).await {
            Ok(token) => Ok(Self { token: Some(token), cookies: Cookies(SetCookies::default()) }),
            Err(rejection) => match rejection.into_rejection() {
                Ok(rejection) => {
                    let (_, cookies) = JwtManager::from_ref(state).without_token(rejection)?.into_parts();
                    Ok(Self { token: None, cookies: Cookies(cookies) })
                }
                Err(other) => Err(other),
            },
        }
    }
}

/// Turns a missing token into `None`. A bad token is still rejected.
///
/// # Errors
/// Every other rejection.
pub fn optional<T>(guarded: Result<T, Rejection>) -> Result<Option<T>, Rejection> {
    match guarded {
        Err(rejection) if rejection.is_for_missing_token() => Ok(None),
        guarded => guarded.map(Some),
    }
}

/// Checks a request against any requirement, for guards that this crate does not have. Searches the body too, if a
/// [`BodyLayer`](crate::BodyLayer) has read it.
///
/// ```
/// use axum::extract::FromRequestParts;
/// use http::request::Parts;
/// use jwt_extended_axum::{Admitted, JwtManager, Location, Rejection, Requirement, authenticate};
///
/// /// A token in the query string, for links to downloads.
/// struct Download(Admitted);
///
/// impl FromRequestParts<JwtManager> for Download {
///     type Rejection = Rejection;
///
///     async fn from_request_parts(parts: &mut Parts, jwt: &JwtManager) -> Result<Self, Rejection> {
///         let requirement = Requirement::access().locations([Location::QueryString]);
///         authenticate(parts, jwt, &requirement).await.map(Self)
///     }
/// }
/// ```
///
/// # Errors
/// If the request does not meet the requirement.
pub async fn authenticate(parts: &Parts, jwt: &JwtManager, requirement: &Requirement) -> Result<Admitted, Rejection> {
    Ok(jwt.authenticate(&RequestView(parts), requirement).await?)
}
