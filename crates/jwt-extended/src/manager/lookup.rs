//! What a guarded route wants of a token beside the token itself: the app's user, and claims of the app's own type.

use serde::de::DeserializeOwned;

use super::JwtManager;
use crate::{
    http::{Reason, Rejection},
    token::{LoadUser, Token, TokenError},
};

/// Why there is no current user.
#[derive(Debug, thiserror::Error)]
pub enum UserError<E> {
    /// The app has no such user.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The lookup failed, with the app's own error.
    #[error("the user could not be loaded")]
    Lookup(E),
}

impl JwtManager {
    /// Returns the app's user of a verified token. `context` is where the app looks its users up.
    ///
    /// ```
    /// use jwt_extended::{JwtManager, UserError, jose::Key, token::{LoadUser, Token}};
    ///
    /// struct User { name: String }
    ///
    /// impl LoadUser<[&str]> for User {
    ///     type Error = std::convert::Infallible;
    ///     async fn load_user(token: &Token, names: &[&str]) -> Result<Option<Self>, Self::Error> {
    ///         Ok(names.contains(&token.subject()).then(|| User { name: token.subject().to_owned() }))
    ///     }
    /// }
    ///
    /// let jwt = JwtManager::builder()
    ///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
    ///     .build()?;
    /// let token = jwt.decode_token(&jwt.create_access_token("alice")?)?;
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let user: User = jwt.load_user(token.clone(), &["alice", "bob"][..]).await?;
    /// assert_eq!(user.name, "alice");
    /// let missing = jwt.load_user::<User, _>(token, &["bob"][..]).await;
    /// assert!(matches!(missing, Err(UserError::Rejected(rejection)) if rejection.status() == 401));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the app has no such user, the token [cannot be](LoadUser::may_have) one of a user of this type, or the lookup
    /// fails.
    pub async fn load_user<U, C>(&self, token: Token, context: &C) -> Result<U, UserError<U::Error>>
    where
        U: LoadUser<C>,
        C: ?Sized,
    {
        let found = if U::may_have(&token) { U::load_user(&token, context).await } else { Ok(None) };
        found.map_err(UserError::Lookup)?.ok_or_else(|| {
            let reason = Reason::UserNotFound(token.subject().to_owned());
            UserError::Rejected(self.reject(reason, Some(token)))
        })
    }

    /// Returns the claims of a verified token as a type of the app's own: the registered claims and the app's.
    ///
    /// # Errors
    /// If the claims do not deserialize as `T`. The client cannot read why, because the type is the app's own affair.
    pub fn typed_claims<T: DeserializeOwned>(&self, token: Token) -> Result<T, Rejection> {
        token.claims().map_err(|error| {
            // The serde error names a field of the app, and no value of the token's user.
            tracing::debug!(%error, "the token's claims do not fit the type of the route");
            let unfit =
                TokenError::ClaimValue { claim: "", message: "The token lacks the claims that this route needs" };
            self.reject(Reason::Token(unfit), Some(token))
        })
    }
}
