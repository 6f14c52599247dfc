//! The app's user on its way into a token and back: the four identity loaders of Flask-JWT-Extended as two traits.

use std::{borrow::Cow, future::Future};

use uuid::Uuid;

use super::{Claims, ClaimsError, Token};

/// What tokens can be made for: the app's own user type, or its id.
///
/// Strings, whole numbers and UUIDs are identities already. Numbers become strings, because a `sub` is one (RFC 7519
/// section 4.1.2).
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
    /// The identity claim (`sub`): what the user is known by, for as long as they exist. Upstream's
    /// `user_identity_loader`.
    fn subject(&self) -> Cow<'_, str>;

    /// Claims that every token of this user carries. Upstream's `additional_claims_loader`.
    ///
    /// # Errors
    /// If they are not a JSON object.
    fn additional_claims(&self) -> Result<Claims, ClaimsError> {
        Ok(Claims::none())
    }

    /// Headers that every token of this user carries. Upstream's `additional_headers_loader`.
    ///
    /// # Errors
    /// If they are not a JSON object.
    fn additional_headers(&self) -> Result<Claims, ClaimsError> {
        Ok(Claims::none())
    }
}

/// The way back: finds the app's user for a token that was found good. Upstream's `user_lookup_loader`.
///
/// `Context` is whatever the app looks it up in: its state, a database pool.
pub trait LoadUser<Context: ?Sized>: Sized {
    /// What can go wrong in looking: the app's own error, which the face passes on.
    type Error;

    /// The user of this token; `None` if there is none any more, and the request is refused.
    ///
    /// # Errors
    /// The app's own, if it could not look.
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
