//! Guards many routes at once: a group of routes, or all routes except those that the app names.

use std::sync::Arc;

use axum_core::{
    extract::Request,
    response::{IntoResponse, Response},
};
use jwt_extended::{BadException, JwtManager, Requirement, RouteGuard};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Around, Layered, ResponseFuture,
    body::{RequestView, read},
    call_if,
};
use crate::Rejection;

/// Rejects every request that does not meet a requirement, except on the paths that the app names.
///
/// # Rules
///
/// 1. If a request meets the [`Requirement`], the layer passes it to the routes with its token in the extensions. The
///    handler takes the token as `Extension<Admitted>` ([`Admitted`](jwt_extended::Admitted)). The layer answers all
///    other requests with a [`Rejection`].
/// 2. An exception is a path pattern in the syntax of routes. The layer compares it with the path as the client sent
///    it: case-sensitive, and not percent-decoded. If a pattern is invalid, [`except`](Self::except) fails.
/// 3. A path is never an exception if one of its segments is `..`, plain or percent-encoded, or contains `%2f` or
///    `%5c`.
/// 4. OPTIONS requests pass without a check, because browsers send them without a token before a request to another
///    origin.
/// 5. If the token or the CSRF value may be in the body, the layer reads the body first, as a
///    [`BodyLayer`](crate::BodyLayer) does.
///
/// # Deployment caveats
///
/// - A guard for access tokens around all routes also rejects the refresh tokens that `/refresh` needs. Make `/refresh`
///   an exception, and guard it with the extractor [`Refresh`](crate::Refresh).
/// - [`Router::layer`](https://docs.rs/axum/latest/axum/struct.Router.html#method.layer) on the outermost router also
///   guards paths without a route, so that strangers cannot find out which paths exist. `Router::route_layer` does not.
/// - Inside a nested router, the layer sees the path without the prefix of the nest. Write exceptions without it.
/// - A route that answers OPTIONS with more than CORS headers needs a guard extractor (rule 4).
///
/// # Example
///
/// ```
/// use axum::{Extension, Router, body::Body, routing::{get, post}};
/// use http::Request;
/// use jwt_extended_axum::{Admitted, GuardLayer, JwtManager, Requirement, jose::Key};
/// use tower::ServiceExt;
///
/// async fn accounts(Extension(admitted): Extension<Admitted>) -> String {
///     format!("the accounts of {}", admitted.token().subject())
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .build()?;
/// let transfers = Router::new()
///     .route("/transfers", post(async || "done"))
///     .route_layer(GuardLayer::new(jwt.clone(), Requirement::fresh()));
/// let guard = GuardLayer::new(jwt.clone(), Requirement::access()).except("/login")?.except("/assets/{*file}")?;
/// let app: Router = Router::new()
///     .route("/login", post(async || "welcome"))
///     .route("/accounts", get(accounts))
///     .merge(transfers)
///     .layer(guard);
///
/// let status = async |method: &str, path: &str, token: Option<&str>| {
///     let mut request = Request::builder().method(method).uri(path);
///     if let Some(token) = token {
///         request = request.header("Authorization", format!("Bearer {token}"));
///     }
///     app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
/// };
/// assert_eq!(status("POST", "/login", None).await, 200);
/// assert_eq!(status("GET", "/accounts", None).await, 401);
/// assert_eq!(status("GET", "/no/such/path", None).await, 401);
/// assert_eq!(status("GET", "/assets/../accounts", None).await, 401);
///
/// let token = jwt.create_access_token("alice")?;
/// assert_eq!(status("GET", "/accounts", Some(&token)).await, 200);
/// assert_eq!(status("POST", "/transfers", Some(&token)).await, 401, "the token is not fresh");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct GuardLayer {
    guard: Arc<RouteGuard>,
}

impl GuardLayer {
    /// Creates a layer that guards with this requirement.
    pub fn new(jwt: JwtManager, requirement: Requirement) -> Self {
        Self { guard: Arc::new(RouteGuard::new(jwt, requirement)) }
    }

    /// Sets the maximum size, in bytes, of a body that the layer reads to find a token or a CSRF value. The default is
    /// 2 MiB.
    pub fn body_limit(self, bytes: usize) -> Self {
        Self { guard: Arc::new(Arc::unwrap_or_clone(self.guard).body_limit(bytes)) }
    }

    /// Leaves a path unguarded. `{*file}` needs at least one character. Write it in the syntax of routes: `/login`,
    /// `/users/{id}`, `/static/{*file}`.
    ///
    /// # Errors
    /// If the path does not begin with `/`, is not a valid pattern, or is the same pattern as another exception.
    pub fn except(self, path: &str) -> Result<Self, BadException> {
        Ok(Self { guard: Arc::new(Arc::unwrap_or_clone(self.guard).except(path)?) })
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = Layered<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered { inner, layer: self.clone() }
    }
}

impl<S> Around<S> for GuardLayer
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    fn call(&self, inner: &mut S, request: Request) -> ResponseFuture<S::Error> {
        if self.guard.passes(&request, request.uri().path()) {
            return Box::pin(inner.call(request));
        }
        call_if(inner, check(Arc::clone(&self.guard), request))
    }
}

/// Returns the request with its token in its extensions, or the rejection.
async fn check(guard: Arc<RouteGuard>, mut request: Request) -> Result<Request, Response> {
    if let Some(limit) = guard.needed_body() {
        request = read(request, limit).await?;
    }
    // A body cannot be shared between threads, so only the parts are borrowed while the store is awaited.
    let (mut parts, body) = request.into_parts();
    let admitted = guard.authenticate(&RequestView(&parts)).await;
    parts.extensions.insert(admitted.map_err(|rejection| Rejection::from(rejection).into_response())?);
    Ok(Request::from_parts(parts, body))
}
