//! Guards as arguments: each extractor authenticates the request with one requirement.

use std::ops::Deref;

use axum_core::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use jwt_extended::{
    Admitted, JwtManager, Requirement, Token,
    http::{Location, Reason},
    session::Subject,
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
            /// Returns where in the request the token was.
            pub fn location(&self) -> Location {
                self.0.location()
            }

            /// Returns the token alone.
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

        impl<'a> From<&'a $guard> for Subject<'a> {
            fn from(token: &'a $guard) -> Self {
                Self::from(&**token)
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
    /// Admits a request with an access token: `@jwt_required()`.
    Access = access;
    /// Admits a request with a fresh access token: `@jwt_required(fresh=True)`.
    Fresh = fresh;
    /// Admits a request with a refresh token: `@jwt_required(refresh=True)`.
    Refresh = refresh;
    /// Admits a request with a token of either type: `@jwt_required(verify_type=False)`.
    AnyToken = any;
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

/// Turns a missing token into `None`. A bad token is still rejected.
fn optional<T>(guarded: Result<T, Rejection>) -> Result<Option<T>, Rejection> {
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
    let admitted = match parts.extensions.get::<Body>() {
        Some(Body(bytes)) => jwt.authenticate(&(parts, &**bytes), requirement).await,
        // Without the body, the engine rejects the request if a token or a CSRF value may come in it.
        None => jwt.authenticate(parts, requirement).await,
    };
    Ok(admitted?)
}
