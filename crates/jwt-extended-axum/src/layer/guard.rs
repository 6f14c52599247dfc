//! Guards many routes at once: a group of them, or all with named exceptions.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use axum_core::{
    extract::Request,
    response::{IntoResponse, Response},
};
use jwt_extended::{JwtManager, Requirement};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    ResponseFuture,
    body::{DEFAULT_LIMIT, read},
    take_ready,
};
use crate::{Rejection, extract::authenticate};

/// Refuses every request that does not meet a requirement, but for named exceptions and OPTIONS, which browsers send without
/// tokens before a request to another origin.
///
/// ```
/// use axum::{Router, routing::{get, post}};
/// use jwt_extended_axum::{GuardLayer, JwtManager, Requirement};
/// # async fn handler() {}
/// # fn routers(jwt: JwtManager) -> Result<(), Box<dyn std::error::Error>> {
/// // Everything, with exceptions:
/// let app: Router = Router::new()
///     .route("/login", post(handler))
///     .route("/accounts", get(handler))
///     .layer(GuardLayer::new(jwt.clone(), Requirement::access()).except("/login")?.except("/refresh")?.except("/static/{*file}")?);
///
/// // A group of routes:
/// let critical: Router = Router::new()
///     .route("/transfer", post(handler))
///     .route_layer(GuardLayer::new(jwt, Requirement::fresh()));
/// # Ok(())
/// # }
/// ```
///
/// The handler finds the [`Admitted`](jwt_extended::Admitted) token in the request's extensions. With
/// [`Router::layer`](https://docs.rs/axum/latest/axum/struct.Router.html#method.layer) on the outermost router, addresses
/// that lead nowhere are guarded too, so that strangers cannot tell which exist. Inside a nested router, paths are seen
/// without the prefix that it is nested under.
///
/// A guard for access tokens around everything also refuses the refresh tokens that `/refresh` is for: make such routes
/// exceptions, and guard them by their arguments.
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

/// An exception that is not a path, or that another exception covers already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{path}\" cannot be an exception: {why}")]
pub struct BadException {
    path: String,
    why: String,
}

impl GuardLayer {
    /// Guards by this requirement.
    pub fn new(jwt: JwtManager, requirement: Requirement) -> Self {
        Self {
            guard: Arc::new(Guard { jwt, requirement, exceptions: matchit::Router::new(), body_limit: DEFAULT_LIMIT }),
        }
    }

    /// How long a body may be that the guard must see, for a token or a CSRF value in it: 2 MiB unless told otherwise.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.guard).body_limit = bytes;
        self
    }

    /// Leaves a path unguarded. It is written as a route is: `/login`, `/users/{id}`, `/static/{*file}`.
    ///
    /// # Errors
    /// If it does not begin with `/`, is not a valid pattern, or collides with another exception.
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

impl Guard {
    fn lets_pass(&self, request: &Request) -> bool {
        let path = request.uri().path();
        self.jwt.steps().is_exempt(request) || (self.exceptions.at(path).is_ok() && !climbs(path))
    }

    /// The request with its token in its extensions, or the refusal.
    async fn check(&self, mut request: Request) -> Result<Request, Response> {
        if self.jwt.steps().needs_body(&self.requirement) {
            let (mut parts, body) = read(request, self.body_limit).await?;
            let admitted = authenticate(&parts, &self.jwt, &self.requirement).await;
            parts.extensions.insert(admitted.map_err(Rejection::into_response)?);
            return Ok(Request::from_parts(parts, body));
        }
        // In two steps, because a request with its body cannot be shared while the store is waited for.
        let asked = self.jwt.authenticate(&request, &self.requirement);
        let admitted = asked.await.map_err(|rejection| Rejection::from(rejection).into_response())?;
        request.extensions_mut().insert(admitted);
        Ok(request)
    }
}

/// Whether a path has a `..` in it, plain or encoded. axum takes it as it stands, but what serves the files behind an
/// exception may climb out of it.
fn climbs(path: &str) -> bool {
    path.split(['/', '\\']).any(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == ".." || segment.contains("%2f") || segment.contains("%5c")
    })
}

impl fmt::Debug for GuardLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardLayer").field("requirement", &self.guard.requirement).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, inner: S) -> GuardService<S> {
        GuardService { inner, guard: Arc::clone(&self.guard) }
    }
}

/// The service that [`GuardLayer`] makes.
#[derive(Clone)]
pub struct GuardService<S> {
    inner: S,
    guard: Arc<Guard>,
}

impl<S: fmt::Debug> fmt::Debug for GuardService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardService").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S> Service<Request> for GuardService<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if self.guard.lets_pass(&request) {
            return Box::pin(self.inner.call(request));
        }
        let mut inner = take_ready(&mut self.inner);
        let guard = Arc::clone(&self.guard);
        Box::pin(async move {
            match guard.check(request).await {
                Ok(request) => inner.call(request).await,
                Err(refusal) => Ok(refusal),
            }
        })
    }
}
