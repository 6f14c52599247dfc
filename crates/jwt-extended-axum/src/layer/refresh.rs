//! Renews cookies that are about to expire: upstream's recipe for implicit refresh, without its bug of bringing a
//! logged-out cookie back.

use std::time::Duration;

use axum_core::{extract::Request, response::Response};
use http::header::{HeaderValue, SET_COOKIE};
use jwt_extended::JwtManager;
use tower_layer::Layer;
use tower_service::Service;

use super::{Around, Layered, ResponseFuture};

/// Gives a browser a new access cookie when the one it sent is about to expire.
///
/// # Rules
///
/// 1. The new token has the same subject, session, CSRF value and own claims as the old one.
/// 2. The new token is never fresh.
/// 3. Nothing is renewed if this crate rejected the request, or if the response sets or clears a token's cookie itself.
/// 4. Nothing is renewed if the token was revoked, also if that happened while the request was handled.
/// 5. Nothing is renewed after the session has lasted as long as a refresh token lives, or for a token that belongs to
///    no session.
///
/// # Deployment caveats
///
/// - A route without a guard renews too, whatever its response, and also for a request of another site. Renewal tells
///   nobody anything, and lengthens no session. To renew only where users are, wrap the guarded routes.
/// - Renewal ends freshness. If a token must stay fresh for some time, set `within` well below the rest of its life.
/// - Put the layer outside of a [`GuardLayer`](crate::GuardLayer), so that it sees which requests were rejected. The
///   last `.layer(…)` of a router is the outermost one.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use axum::{Router, body::Body, routing::get};
/// use http::{Request, header::SET_COOKIE};
/// use jwt_extended_axum::{Access, JwtManager, Location, RefreshLayer, jose::Key, token::Lifetime};
/// use tower::ServiceExt;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .token_location([Location::Cookie])
///     .access_token_expires(Lifetime::minutes(15))
///     .build()?;
/// let token = jwt.login("alice").await?.access;
///
/// let app = |within: Duration| {
///     Router::new()
///         .route("/", get(async |_: Access| "hello"))
///         .layer(RefreshLayer::new(jwt.clone(), within))
///         .with_state(jwt.clone())
/// };
/// let request = || Request::get("/").header("Cookie", format!("access_token_cookie={token}")).body(Body::empty());
///
/// // The token still lives for 15 minutes:
/// let response = app(Duration::from_secs(5 * 60)).oneshot(request()?).await?;
/// assert_eq!(response.status(), 200);
/// assert!(!response.headers().contains_key(SET_COOKIE));
///
/// // It expires within the next 20:
/// let response = app(Duration::from_secs(20 * 60)).oneshot(request()?).await?;
/// assert_eq!(response.status(), 200);
/// assert!(response.headers().contains_key(SET_COOKIE));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RefreshLayer {
    jwt: JwtManager,
    within: Duration,
}

impl RefreshLayer {
    /// Renews cookies whose token expires within this time.
    pub const fn new(jwt: JwtManager, within: Duration) -> Self {
        Self { jwt, within }
    }
}

impl<S> Layer<S> for RefreshLayer {
    type Service = Layered<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered { inner, layer: self.clone() }
    }
}

impl<S> Around<S> for RefreshLayer
where
    S: Service<Request, Response = Response>,
    S::Future: Send + 'static,
{
    fn call(&self, inner: &mut S, request: Request) -> ResponseFuture<S::Error> {
        let expiring = self.jwt.steps().expiring(&request, self.within);
        let response = inner.call(request);
        let jwt = self.jwt.clone();
        Box::pin(async move {
            let mut response = response.await?;
            let rejected = response.extensions().get::<jwt_extended::Rejection>().is_some();
            if let Some(expiring) = expiring.filter(|_| !rejected)
                && let Some(cookies) = jwt.steps().renew(&expiring, set_cookies(&response)).await
            {
                cookies.append_to(response.headers_mut());
            }
            Ok(response)
        })
    }
}

fn set_cookies(response: &Response) -> impl Iterator<Item = &[u8]> {
    response.headers().get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes)
}
