//! Guards many routes at once: a group of routes, or all routes except those that the app names.

use std::{fmt, sync::Arc};

use axum_core::{
    extract::Request,
    response::{IntoResponse, Response},
};
use jwt_extended::{JwtManager, Requirement};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Around, Layered, ResponseFuture,
    body::{DEFAULT_LIMIT, read},
    call_if,
};
use crate::{Rejection, extract::authenticate};

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
#[derive(Clone)]
pub struct GuardLayer {
    guard: Arc<Guard>,
}

#[derive(Clone)]
struct Guard {
    jwt: JwtManager,
    requirement: Requirement,
    exceptions: matchit::Router<()>,
    body_limit: usize,
}

/// The error for an exception that is not a path pattern, or that overlaps another exception.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{path}\" cannot be an exception: {why}")]
pub struct BadException {
    path: String,
    why: String,
}

impl GuardLayer {
    /// Creates a layer that guards with this requirement.
    pub fn new(jwt: JwtManager, requirement: Requirement) -> Self {
        Self {
            guard: Arc::new(Guard { jwt, requirement, exceptions: matchit::Router::new(), body_limit: DEFAULT_LIMIT }),
        }
    }

    /// Sets the maximum size, in bytes, of a body that the layer reads to find a token or a CSRF value. The default is
    /// 2 MiB.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.guard).body_limit = bytes;
        self
    }

    /// Leaves a path unguarded. Write it in the syntax of routes: `/login`, `/users/{id}`, `/static/{*file}`.
    ///
    /// # Errors
    /// If the path does not begin with `/`, is not a valid pattern, or overlaps another exception.
    pub fn except(mut self, path: &str) -> Result<Self, BadException> {
        let bad = |why: String| BadException { path: path.to_owned(), why };
        if !path.starts_with('/') {
            return Err(bad("it must begin with /".to_owned()));
        }
        let guard = Arc::make_mut(&mut self.guard);
        guard.exceptions.insert(path, ()).map_err(|error| bad(error.to_string()))?;
        Ok(self)
    }
}

impl fmt::Debug for GuardLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardLayer").field("requirement", &self.guard.requirement).finish_non_exhaustive()
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
        if self.guard.skips(&request) {
            return Box::pin(inner.call(request));
        }
        let guard = Arc::clone(&self.guard);
        call_if(inner, async move { guard.check(request).await })
    }
}

impl Guard {
    /// Returns whether the request passes without a check.
    fn skips(&self, request: &Request) -> bool {
        let (path, steps) = (request.uri().path(), self.jwt.steps());
        steps.is_exempt(request) || (self.exceptions.at(path).is_ok() && steps.can_be_excepted(path))
    }

    /// Returns the request with its token in its extensions, or the rejection.
    async fn check(&self, mut request: Request) -> Result<Request, Response> {
        if self.jwt.steps().needs_body(&self.requirement) {
            request = read(request, self.body_limit).await?;
        }
        // A body cannot be shared between threads, so only the parts are borrowed while the store is awaited.
        let (mut parts, body) = request.into_parts();
        let admitted = authenticate(&parts, &self.jwt, &self.requirement).await.map_err(Rejection::into_response)?;
        parts.extensions.insert(admitted);
        Ok(Request::from_parts(parts, body))
    }
}
