//! The app's own user as an argument.

use std::{marker::PhantomData, ops::Deref};

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload};
use jwt_extended::{JwtManager, Requirement, UserError, token::LoadUser};

use crate::{
    GuardError, Rejection,
    extract::{Checked, authenticate, check},
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

impl<U, C> FromRequest for CurrentUser<U, C>
where
    U: LoadUser<C, Error: Into<Error>> + 'static,
    C: 'static,
{
    type Error = GuardError;
    type Future = Checked<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        check(request, async |request| -> Result<Self, Error> {
            let token = authenticate(request, &Requirement::access()).await?.into_token();
            let (jwt, context) = (data::<JwtManager>(request)?, data::<C>(request)?);
            match jwt.load_user(token, &**context).await {
                Ok(user) => Ok(Self { user, context: PhantomData }),
                Err(UserError::Rejected(rejection)) => Err(Rejection::from(rejection).into()),
                Err(UserError::Lookup(error)) => Err(error.into()),
            }
        })
    }
}
