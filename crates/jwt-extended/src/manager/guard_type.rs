//! The macro `guard_type!`, with which the faces begin their macro `guard!`.

/// Makes a type of an [`Admitted`](crate::Admitted): what the guards of all faces have in common. Not for use by apps.
#[doc(hidden)]
#[macro_export]
macro_rules! guard_type {
    ($(#[$attribute:meta])* $visibility:vis $guard:ident) => {
        $(#[$attribute])*
        ///
        /// Dereferences to the [`Token`]($crate::Token).
        #[derive(Clone, Debug)]
        $visibility struct $guard($crate::Admitted);

        #[allow(dead_code, reason = "each guard uses a part of them")]
        impl $guard {
            /// Returns where in the request the token was.
            $visibility fn location(&self) -> $crate::http::Location {
                self.0.location()
            }

            /// Returns the token alone.
            $visibility fn into_token(self) -> $crate::Token {
                self.0.into_token()
            }
        }

        impl ::std::ops::Deref for $guard {
            type Target = $crate::Token;

            fn deref(&self) -> &$crate::Token {
                self.0.token()
            }
        }

        impl<'a> ::std::convert::From<&'a $guard> for $crate::session::Subject<'a> {
            fn from(token: &'a $guard) -> Self {
                Self::from(&**token)
            }
        }
    };
}
