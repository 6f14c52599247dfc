//! The macro [`guard!`](crate::guard), which makes an argument type of a requirement.

/// Makes an argument type that admits requests with a token which meets a [`Requirement`](crate::Requirement): of its
/// scopes, its login, its locations.
///
/// ```
/// use std::time::Duration;
///
/// use jwt_extended_axum::{Location, Requirement, guard};
///
/// guard!(ReadOrders = Requirement::access().scopes(["read:orders"]));
///
/// guard! {
///     /// A refund needs a login of the last ten minutes, with a second factor.
///     pub Refund = Requirement::access().scopes(["refund:orders"]).max_age(Duration::from_secs(600)).acr(["mfa"])
/// }
///
/// async fn orders(token: ReadOrders) -> String {
///     format!("the orders of {}", token.subject())
/// }
///
/// async fn order_or_sample(token: Option<ReadOrders>) -> &'static str {
///     if token.is_some() { "an order" } else { "a sample" }
/// }
/// ```
///
/// The type dereferences to the [`Token`](crate::Token). As `Option`, it admits a request without a token, and still
/// rejects a bad token. The requirement is made once.
#[macro_export]
macro_rules! guard {
    ($(#[$attribute:meta])* $visibility:vis $guard:ident = $requirement:expr $(;)?) => {
        $crate::private::guard_type!($(#[$attribute])* $visibility $guard);

        impl<S> $crate::private::FromRequestParts<S> for $guard
        where
            $crate::JwtManager: $crate::private::FromRef<S>,
            S: ::std::marker::Send + ::std::marker::Sync,
        {
            type Rejection = $crate::Rejection;

            async fn from_request_parts(
                parts: &mut $crate::private::Parts,
                state: &S,
            ) -> ::std::result::Result<Self, $crate::Rejection> {
                static REQUIREMENT: ::std::sync::LazyLock<$crate::Requirement> =
                    ::std::sync::LazyLock::new(|| $requirement);
                let jwt = <$crate::JwtManager as $crate::private::FromRef<S>>::from_ref(state);
                $crate::authenticate(parts, &jwt, &REQUIREMENT).await.map(Self)
            }
        }

        impl<S> $crate::private::OptionalFromRequestParts<S> for $guard
        where
            $crate::JwtManager: $crate::private::FromRef<S>,
            S: ::std::marker::Send + ::std::marker::Sync,
        {
            type Rejection = $crate::Rejection;

            async fn from_request_parts(
                parts: &mut $crate::private::Parts,
                state: &S,
            ) -> ::std::result::Result<::std::option::Option<Self>, $crate::Rejection> {
                $crate::private::optional(
                    <Self as $crate::private::FromRequestParts<S>>::from_request_parts(parts, state).await,
                )
            }
        }
    };
}
