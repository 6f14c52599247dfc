//! Guards as arguments: each extractor authenticates the request with one requirement.

use std::pin::Pin;

use actix_web::{Error, FromRequest, HttpRequest, Responder, dev::Payload};
use jwt_extended::{Admitted, JwtManager, LoggedOut, Requirement, Token, http::SetCookies};
use serde::de::DeserializeOwned;

use crate::{Cookies, GuardError, Rejection, RequestParts, WithCookies, guard, request::data};

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

/// The future of a guard.
pub type Checked<T> = Pin<Box<dyn Future<Output = Result<T, GuardError>>>>;

/// Makes the future of a guard from its check.
pub fn check<T: 'static, E: Into<Error>>(
    request: &HttpRequest,
    check: impl AsyncFnOnce(&HttpRequest) -> Result<T, E> + 'static,
) -> Checked<T> {
    let request = request.clone();
    Box::pin(async move { check(&request).await.map_err(|error| GuardError::new(error.into(), &request)) })
}

/// Admits a request with an access token whose claims deserialize as `T`: the registered claims and the app's own.
///
/// ```
/// use jwt_extended_actix::Claims;
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

impl<T: DeserializeOwned + 'static> FromRequest for Claims<T> {
    type Error = GuardError;
    type Future = Checked<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Checked<Self> {
        check(request, async |request| -> Result<Self, Rejection> {
            let token = authenticate(request, &Requirement::access()).await?.into_token();
            Ok(Self(data::<JwtManager>(request)?.typed_claims(token)?))
        })
    }
}

/// Logs out: ends the session of the request's token, and clears its cookies in the response.
///
/// A token with a valid signature is enough, because a user must be able to log out with an expired token, or in a
/// second tab. The cookies are cleared whatever becomes of the logout, except where another site may have sent the
/// request.
///
/// ```
/// use actix_web::web::Json;
/// use jwt_extended_actix::{Logout, WithCookies};
/// use serde_json::{Value, json};
///
/// async fn logout(logout: Logout) -> WithCookies<Json<Value>> {
///     logout.with(Json(json!({ "logout": true })))
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

    /// Clears the cookies with this response.
    pub fn with<R: Responder>(self, responder: R) -> WithCookies<R> {
        Cookies(self.into_cookies()).with(responder)
    }

    pub(crate) fn into_cookies(self) -> SetCookies {
        self.0.into_cookies()
    }
}

impl FromRequest for Logout {
    type Error = GuardError;
    type Future = Checked<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Checked<Self> {
        check(request, async |request| -> Result<Self, Rejection> {
            Ok(Self(data::<JwtManager>(request)?.logout_request(&RequestParts::of(request)).await?))
        })
    }
}

/// Admits a request without a token too, as `None`. A bad token, such as an expired one, is rejected.
///
/// actix-web's own `Option<Access>` would turn every rejection into `None`: see [`GuardError`].
///
/// ```
/// use jwt_extended_actix::{Access, Optional};
///
/// async fn page(Optional(token): Optional<Access>) -> String {
///     token.map_or("hello, stranger".to_owned(), |token| format!("hello {}", token.subject()))
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Optional<T>(pub Option<T>);

impl<T> FromRequest for Optional<T>
where
    T: FromRequest<Error: Into<GuardError>, Future: 'static> + 'static,
{
    type Error = GuardError;
    type Future = Checked<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let guarded = T::from_request(request, payload);
        Box::pin(async move {
            match guarded.await.map_err(Into::into) {
                Err(error) if error.is_for_missing_token() => {
                    error.pardon();
                    Ok(Self(None))
                }
                guarded => guarded.map(|token| Self(Some(token))),
            }
        })
    }
}

/// Admits everybody to a public page: `token` is `None` for a visitor without a token, and also for one with a cookie
/// that has expired, was revoked or is malformed. `cookies` clears such a cookie in the response.
///
/// `Optional<Access>` rejects such a visitor. A bad token in a header, and a store that fails, are rejected by both.
///
/// ```
/// use jwt_extended_actix::{Access, Visitor, WithCookies};
///
/// async fn page(visitor: Visitor<Access>) -> WithCookies<String> {
///     let greeting = visitor.token.map_or("hello, stranger".to_owned(), |token| format!("hello {}", token.subject()));
///     visitor.cookies.with(greeting)
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

impl<T> FromRequest for Visitor<T>
where
    T: FromRequest<Error: Into<GuardError>, Future: 'static> + 'static,
{
    type Error = GuardError;
    type Future = Checked<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (guarded, jwt) = (T::from_request(request, payload), data::<JwtManager>(request));
        Box::pin(async move {
            match guarded.await.map_err(Into::into) {
                Ok(token) => Ok(Self { token: Some(token), cookies: Cookies(SetCookies::default()) }),
                Err(error) => {
                    match error.rejection().cloned().zip(jwt.ok()).map(|(rejection, jwt)| jwt.without_token(rejection))
                    {
                        Some(Ok(visitor)) => {
                            error.pardon();
                            Ok(Self { token: None, cookies: Cookies(visitor.into_parts().1) })
                        }
                        _ => Err(error),
                    }
                }
            }
        })
    }
}

/// Checks a request against any requirement, for guards that this crate does not have. Searches the body too, if a
/// [`BodyLayer`](crate::BodyLayer) has read it.
///
/// ```
/// use actix_web::HttpRequest;
/// use jwt_extended_actix::{Location, Rejection, Requirement, authenticate};
///
/// /// The requirement depends on the path.
/// async fn download(request: HttpRequest) -> Result<String, Rejection> {
///     let scope = format!("read:{}", request.match_info().query("folder"));
///     let requirement = Requirement::access().scopes([scope]).locations([Location::QueryString]);
///     let admitted = authenticate(&request, &requirement).await?;
///     Ok(format!("the files of {}", admitted.token().subject()))
/// }
/// ```
///
/// # Errors
/// If the request does not meet the requirement, or the app's data has no [`JwtManager`].
pub async fn authenticate(request: &HttpRequest, requirement: &Requirement) -> Result<Admitted, Rejection> {
    // Without the body, the engine rejects the request if a token or a CSRF value may come in it.
    Ok(data::<JwtManager>(request)?.authenticate(&RequestParts::of(request), requirement).await?)
}
