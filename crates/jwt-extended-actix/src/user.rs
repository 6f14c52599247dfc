//! The app's own user as an argument.

use std::{convert::Infallible, marker::PhantomData, ops::Deref};

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload};
use jwt_extended::{JwtManager, Requirement, http::Reason, token::LoadUser};

use crate::{
    GuardError, Rejection,
    extract::{Checked, authenticate},
    rejection::Refusal,
    request::data,
};

/// Admits a request with an access token whose user still exists: upstream's `current_user`. `C` is where the app looks
/// its users up, found as `web::Data<C>`. A token of another issuer has no user here, unless [`LoadUser::may_have`]
/// says otherwise.
///
/// ```
/// use jwt_extended_actix::{CurrentUser, Token, token::LoadUser};
///
/// # struct AppState;
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
/// async fn whoami(user: CurrentUser<User, AppState>) -> String {
///     format!("hello {}", user.name)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentUser<U, C> {
    user: U,
    context: PhantomData<fn(C)>,
}

impl<U, C> CurrentUser<U, C> {
    /// Returns the user.
    pub fn into_inner(self) -> U {
        self.user
    }
}

impl<U, C> Deref for CurrentUser<U, C> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.user
    }
}

/// Why there is no current user.
#[derive(Debug, thiserror::Error)]
pub enum UserRejection<E> {
    /// The token was rejected, or the app has no such user.
    #[error(transparent)]
    Refused(#[from] GuardError),
    /// The lookup failed. The app's own error is the response.
    #[error("the user could not be loaded")]
    Lookup(E),
}

impl<E: Into<Error>> From<UserRejection<E>> for Error {
    fn from(rejection: UserRejection<E>) -> Self {
        match rejection {
            UserRejection::Refused(error) => error.into(),
            UserRejection::Lookup(error) => error.into(),
        }
    }
}

impl From<UserRejection<Infallible>> for Rejection {
    fn from(rejection: UserRejection<Infallible>) -> Self {
        match rejection {
            UserRejection::Refused(error) => error.into(),
            UserRejection::Lookup(never) => match never {},
        }
    }
}

impl<E: Into<Error>> Refusal for UserRejection<E> {
    fn refusal(&self) -> Option<&jwt_extended::Rejection> {
        match self {
            Self::Refused(error) => error.refusal(),
            Self::Lookup(_) => None,
        }
    }

    fn pardon(self) {
        if let Self::Refused(error) = self {
            error.pardon();
        }
    }
}

impl<U, C> FromRequest for CurrentUser<U, C>
where
    U: LoadUser<C, Error: Into<Error>> + 'static,
    C: 'static,
{
    type Error = UserRejection<U::Error>;
    type Future = Checked<Self, Self::Error>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let refused = |rejection| UserRejection::Refused(GuardError::new(rejection, &request));
            let token = authenticate(&request, &Requirement::access()).await.map_err(refused)?.into_token();
            let context = data::<C>(&request).map_err(refused)?;
            let found = if U::may_have(&token) { U::load_user(&token, &context).await } else { Ok(None) };
            match found {
                Ok(Some(user)) => Ok(Self { user, context: PhantomData }),
                Ok(None) => {
                    let jwt = data::<JwtManager>(&request).map_err(refused)?;
                    let reason = Reason::UserNotFound(token.subject().to_owned());
                    Err(refused(jwt.reject(reason, Some(token)).into()))
                }
                Err(error) => Err(UserRejection::Lookup(error)),
            }
        })
    }
}
