//! Guards as arguments: each extractor asks the engine with one requirement.

use std::ops::Deref;

use axum_core::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use jwt_extended::{
    Admitted, JwtManager, Requirement, Token,
    http::{Location, Reason},
    token::TokenError,
};
use serde::de::DeserializeOwned;

use crate::{Rejection, layer::Body};

macro_rules! guards {
    ($($(#[doc = $doc:literal])+ $guard:ident = $requirement:ident;)+) => {$(
        $(#[doc = $doc])+
        ///
        /// Dereferences to the [`Token`].
        #[derive(Clone, Debug)]
        pub struct $guard(Admitted);

        impl $guard {
            /// Where in the request the token was.
            pub fn location(&self) -> Location {
                self.0.location()
            }

            /// The token alone.
            pub fn into_token(self) -> Token {
                self.0.into_token()
            }
        }

        impl Deref for $guard {
            type Target = Token;

            fn deref(&self) -> &Token {
                self.0.token()
            }
        }

        impl<S> FromRequestParts<S> for $guard
        where
            JwtManager: FromRef<S>,
            S: Send + Sync,
        {
            type Rejection = Rejection;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
                authenticate(parts, &JwtManager::from_ref(state), &Requirement::$requirement()).await.map(Self)
            }
        }

        impl<S> OptionalFromRequestParts<S> for $guard
        where
            JwtManager: FromRef<S>,
            S: Send + Sync,
        {
            type Rejection = Rejection;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
                optional(<Self as FromRequestParts<S>>::from_request_parts(parts, state).await)
            }
        }
    )+};
}

guards! {
    /// Lets in a request with an access token: `@jwt_required()`.
    Access = access;
    /// Lets in a request with a fresh access token: `@jwt_required(fresh=True)`.
    Fresh = fresh;
    /// Lets in a request with a refresh token: `@jwt_required(refresh=True)`.
    Refresh = refresh;
    /// Lets in a request with a token of either type: `@jwt_required(verify_type=False)`.
    AnyToken = any;
}

/// Lets in a request with an access token whose claims are a `T`, the registered ones and the app's own.
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
        token.claims().map(Self).map_err(|_| {
            let unfit =
                TokenError::ClaimValue { claim: "", message: "The token lacks the claims that this route needs" };
            jwt.reject(Reason::Token(unfit), Some(token)).into()
        })
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

/// No token is `None`; a bad one is still refused.
fn optional<T>(guarded: Result<T, Rejection>) -> Result<Option<T>, Rejection> {
    match guarded {
        Err(rejection) if rejection.is_for_lack_of_a_token() => Ok(None),
        guarded => guarded.map(Some),
    }
}

/// Checks a request by any requirement, with the body if [`BodyLayer`](crate::BodyLayer) has read it: for guards that are
/// none of the above.
///
/// ```
/// use axum::extract::FromRequestParts;
/// use http::request::Parts;
/// use jwt_extended_axum::{Admitted, JwtManager, Location, Rejection, Requirement, authenticate};
///
/// /// A token in the query string, as links to downloads have it.
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
/// If the request must not pass.
pub async fn authenticate(parts: &Parts, jwt: &JwtManager, requirement: &Requirement) -> Result<Admitted, Rejection> {
    let admitted = match parts.extensions.get::<Body>() {
        Some(Body(bytes)) => jwt.authenticate(&(parts, &**bytes), requirement).await,
        // Without `BodyLayer` the engine refuses, if a token or a CSRF value may come in the body.
        None => jwt.authenticate(parts, requirement).await,
    };
    Ok(admitted?)
}
