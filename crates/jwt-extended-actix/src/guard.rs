//! The macro [`guard!`](crate::guard), which makes an argument type of a requirement.

/// Makes an argument type that admits requests with a token which meets a [`Requirement`](crate::Requirement): of its
/// scopes, its login, its locations.
///
/// ```
/// use std::time::Duration;
///
/// use jwt_extended_actix::{Location, Optional, Requirement, guard};
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
/// async fn order_or_sample(Optional(token): Optional<ReadOrders>) -> &'static str {
///     if token.is_some() { "an order" } else { "a sample" }
/// }
/// ```
///
/// The type dereferences to the [`Token`](crate::Token). In [`Optional`](crate::Optional), it admits a request without
/// a token, and still rejects a bad token. The requirement is made once.
#[macro_export]
macro_rules! guard {
    ($(#[$attribute:meta])* $visibility:vis $guard:ident = $requirement:expr $(;)?) => {
        $crate::private::guard_type!($(#[$attribute])* $visibility $guard);

        impl $crate::private::FromRequest for $guard {
            type Error = $crate::GuardError;
            type Future = $crate::private::Checked<Self>;

            fn from_request(
                request: &$crate::private::HttpRequest,
                _: &mut $crate::private::Payload,
            ) -> $crate::private::Checked<Self> {
                static REQUIREMENT: ::std::sync::LazyLock<$crate::Requirement> =
                    ::std::sync::LazyLock::new(|| $requirement);
                $crate::private::check(request, async |request| {
                    $crate::authenticate(request, &REQUIREMENT).await.map(Self)
                })
            }
        }
    };
}
