//! Renews cookies that are about to expire, in passing: upstream's recipe for implicit refresh, without its fault of
//! bringing a logged-out cookie back.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use axum_core::{extract::Request, response::Response};
use jwt_extended::JwtManager;
use tower_layer::Layer;
use tower_service::Service;

use super::ResponseFuture;

/// Gives a browser a new access cookie when the one it sent will expire soon.
///
/// The new token has the same subject, session, CSRF value and own claims; it is never fresh, so choose a time well below the
/// lifetime of a token that must stay fresh. Nothing is renewed when the request was refused, when the response sets or clears a token's cookie itself, when the token was revoked while the request was handled, or when the
/// session has lasted as long as a refresh token lives.
///
/// ```
/// use std::time::Duration;
/// use jwt_extended_axum::{JwtManager, RefreshLayer};
///
/// fn around(router: axum::Router, jwt: JwtManager) -> axum::Router {
///     router.layer(RefreshLayer::new(jwt, Duration::from_secs(5 * 60)))
/// }
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
    type Service = RefreshService<S>;

    fn layer(&self, inner: S) -> RefreshService<S> {
        RefreshService { inner, layer: self.clone() }
    }
}

/// The service that [`RefreshLayer`] makes.
#[derive(Clone, Debug)]
pub struct RefreshService<S> {
    inner: S,
    layer: RefreshLayer,
}

impl<S> Service<Request> for RefreshService<S>
where
    S: Service<Request, Response = Response>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let expiring = self.layer.jwt.steps().expiring(&request, self.layer.within);
        let handled = self.inner.call(request);
        let jwt = self.layer.jwt.clone();
        Box::pin(async move {
            let mut response = handled.await?;
            // Whoever has just been refused gets no more time.
            let refused = response.extensions().get::<jwt_extended::Rejection>().is_some();
            if let Some(expiring) = expiring.filter(|_| !refused)
                && let Some(cookies) = jwt.steps().renew(&expiring, response.headers()).await
            {
                cookies.append_to(response.headers_mut());
            }
            Ok(response)
        })
    }
}
