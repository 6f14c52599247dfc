//! The app's own user as an argument.

use std::{convert::Infallible, ops::Deref};

use axum_core::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;
use jwt_extended::{JwtManager, Requirement, UserError, token::LoadUser};

use crate::{Rejection, extract::authenticate};

/// Admits a request with an access token whose user still exists: upstream's `current_user`. A token of another issuer
/// has no user here, unless [`LoadUser::may_have`] says otherwise.
///
/// ```
/// use jwt_extended_axum::{CurrentUser, Token, token::LoadUser};
///
/// # #[derive(Clone)] struct AppState;
/// # impl AppState { fn find(&self, id: &str) -> Option<User> { Some(User { name: id.to_owned() }) } }
/// struct User { name: String }
///
/// impl LoadUser<AppState> for User {
///     type Error = std::convert::Infallible;
///     async fn load_user(token: &Token, app: &AppState) -> Result<Option<Self>, Self::Error> {
///         Ok(app.find(token.subject()))
///     }
/// }
///
/// async fn whoami(user: CurrentUser<User>) -> String {
///     format!("hello {}", user.name)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentUser<U>(pub U);

impl<U> Deref for CurrentUser<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0
    }
}

/// Why there is no current user.
#[derive(Debug, thiserror::Error)]
pub enum UserRejection<E> {
    /// The token was rejected, or the app has no such user.
    #[error(transparent)]
    Refused(#[from] Rejection),
    /// The lookup failed. The app's own error is the response.
    #[error("the user could not be loaded")]
    Lookup(E),
}

impl<E: IntoResponse> IntoResponse for UserRejection<E> {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(rejection) => rejection.into_response(),
            Self::Lookup(error) => error.into_response(),
        }
    }
}

impl<E> From<UserError<E>> for UserRejection<E> {
    fn from(error: UserError<E>) -> Self {
        match error {
            UserError::Rejected(rejection) => Self::Refused(rejection.into()),
            UserError::Lookup(error) => Self::Lookup(error),
        }
    }
}

impl From<UserRejection<Infallible>> for Rejection {
    fn from(rejection: UserRejection<Infallible>) -> Self {
        match rejection {
            UserRejection::Refused(rejection) => rejection,
            UserRejection::Lookup(never) => match never {},
        }
    }
}

impl<S, U> FromRequestParts<S> for CurrentUser<U>
where
    JwtManager: FromRef<S>,
    S: Send + Sync,
    U: LoadUser<S>,
    U::Error: IntoResponse,
{
    type Rejection = UserRejection<U::Error>;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let jwt = JwtManager::from_ref(state);
        let token = authenticate(parts, &jwt, &Requirement::access()).await?.into_token();
        Ok(Self(jwt.load_user(token, state).await?))
    }
}

impl<S, U> OptionalFromRequestParts<S> for CurrentUser<U>
where
    JwtManager: FromRef<S>,
    S: Send + Sync,
    U: LoadUser<S>,
    U::Error: IntoResponse,
{
    type Rejection = UserRejection<U::Error>;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Self::Rejection> {
        match <Self as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Err(UserRejection::Refused(rejection)) if rejection.is_for_missing_token() => Ok(None),
            user => user.map(Some),
        }
    }
}
