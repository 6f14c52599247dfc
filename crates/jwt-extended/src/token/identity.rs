//! Turns the app's users into tokens and back: the four identity loaders of Flask-JWT-Extended as two traits.

use std::{borrow::Cow, future::Future};

use uuid::Uuid;

use super::{Claims, ClaimsError, Token};

/// A user that tokens can be issued for: the app's own user type, or its id.
///
/// Strings, whole numbers and UUIDs implement it. Numbers become strings, because `sub` must be one (RFC 7519 section
/// 4.1.2).
///
/// ```
/// use std::borrow::Cow;
/// use jwt_extended::token::{Claims, ClaimsError, Identity};
/// use serde_json::json;
///
/// struct User { id: u64, role: &'static str }
///
/// impl Identity for User {
///     fn subject(&self) -> Cow<'_, str> {
///         self.id.to_string().into()
///     }
///     fn additional_claims(&self) -> Result<Claims, ClaimsError> {
///         Claims::new(&json!({ "role": self.role }))
///     }
/// }
/// ```
pub trait Identity {
    /// Returns the identity claim (`sub`), which must never change for a user. Flask-JWT-Extended's
    /// `user_identity_loader`.
    fn subject(&self) -> Cow<'_, str>;

    /// Returns claims for every token of this user. Flask-JWT-Extended's `additional_claims_loader`.
    ///
    /// # Errors
    /// If they are not a JSON object.
    fn additional_claims(&self) -> Result<Claims, ClaimsError> {
        Ok(Claims::none())
    }

    /// Returns headers for every token of this user. Flask-JWT-Extended's `additional_headers_loader`.
    ///
    /// # Errors
    /// If they are not a JSON object.
    fn additional_headers(&self) -> Result<Claims, ClaimsError> {
        Ok(Claims::none())
    }
}

/// Loads the app's user for a verified token: Flask-JWT-Extended's `user_lookup_loader`.
///
/// `Context` is where the app looks the user up: its state, or a database pool.
pub trait LoadUser<Context: ?Sized>: Sized {
    /// The app's own error if the lookup fails. The face turns it into the response.
    type Error;

    /// Returns whether the token can be one of a user of this type; otherwise the request is refused, and nothing is
    /// looked up. By default only the app's own tokens can: another [`Issuer`](super::Issuer) may give a subject that
    /// one of the app's users has. An app whose users come from an issuer compares [`Token::issuer`].
    fn may_have(token: &Token) -> bool {
        token.issuer().is_none()
    }

    /// Returns the token's user; `None` if the user no longer exists, which refuses the request.
    ///
    /// # Errors
    /// The app's own, if the lookup fails.
    fn load_user(token: &Token, context: &Context) -> impl Future<Output = Result<Option<Self>, Self::Error>> + Send;
}

impl Identity for str {
    fn subject(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

impl Identity for String {
    fn subject(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

impl<T: Identity + ?Sized> Identity for &T {
    fn subject(&self) -> Cow<'_, str> {
        (**self).subject()
    }

    fn additional_claims(&self) -> Result<Claims, ClaimsError> {
        (**self).additional_claims()
    }

    fn additional_headers(&self) -> Result<Claims, ClaimsError> {
        (**self).additional_headers()
    }
}

macro_rules! displayed {
    ($($identity:ty),*) => {$(
        impl Identity for $identity {
            fn subject(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }
        }
    )*};
}

displayed!(u16, u32, u64, u128, usize, i16, i32, i64, i128, isize, Uuid);
