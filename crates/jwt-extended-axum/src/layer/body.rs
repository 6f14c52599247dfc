//! Reads bodies for guards. axum gives the body only to a handler's last argument, and a guard is rarely that one.

use axum_core::{
    extract::Request,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderName, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use jwt_extended::{
    BODY_LIMIT,
    http::{BodyKind, Failure},
};
use tower_layer::Layer;
use tower_service::Service;

use super::{Around, Layered, ResponseFuture, call_if};
use crate::Rejection;

/// A body that was read, left in the request's extensions for guards. Only JSON and forms are read.
#[derive(Clone)]
struct Body(Bytes);

/// The request as the engine sees it: with the body, if a layer has read it. Without the body, the engine rejects the
/// request if a token or a CSRF value may come in it.
pub(crate) struct RequestView<'p>(pub(crate) &'p Parts);

impl jwt_extended::http::Request for RequestView<'_> {
    fn method(&self) -> &str {
        self.0.method.as_str()
    }

    fn header<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.0.header(name)
    }

    fn query(&self) -> Option<&str> {
        self.0.query()
    }

    fn body(&self) -> Option<&[u8]> {
        self.0.extensions.get::<Body>().map(|Body(bytes)| &**bytes)
    }
}

/// Reads JSON bodies and forms before the routes run, so that [`Access`](crate::Access) and the other guards can search
/// them: for a token (location `json`) or a CSRF value (option `csrf_check_form`).
///
/// # Rules
///
/// 1. A body that is JSON or a form, by its `Content-Type`, is read to its end. Any other body is left unread and still
///    streams to the handler.
/// 2. The handler receives the same body.
/// 3. A body over the limit, 2 MiB by default, is answered with 413. A body that cannot be read is answered with 400.
/// 4. Several of these layers, or one of them and a [`GuardLayer`](crate::GuardLayer), read a body only once.
///
/// # Deployment caveats
///
/// - A guard that may need the body, on a route without this layer, answers 500 and logs why. It does not guess.
/// - A [`GuardLayer`](crate::GuardLayer) reads the body itself and does not need this layer.
///
/// # Example
///
/// ```
/// use axum::{Router, body::Body, routing::post};
/// use http::Request;
/// use jwt_extended_axum::{Access, BodyLayer, JwtManager, Location, jose::Key};
/// use tower::ServiceExt;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .token_location([Location::Json])
///     .build()?;
/// let token = jwt.create_access_token("alice")?;
/// let app = Router::new()
///     .route("/echo", post(async |_: Access, body: String| body))
///     .layer(BodyLayer::new().limit(1000))
///     .with_state(jwt);
///
/// let send = async |body: String| {
///     let request = Request::post("/echo").header("content-type", "application/json").body(Body::from(body));
///     app.clone().oneshot(request.unwrap()).await.unwrap().status()
/// };
/// assert_eq!(send(format!(r#"{{"access_token": "{token}"}}"#)).await, 200);
/// assert_eq!(send("{}".to_owned()).await, 401);
/// assert_eq!(send("x".repeat(1001)).await, 413);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BodyLayer {
    limit: usize,
}

impl BodyLayer {
    /// Reads bodies of up to 2 MiB.
    pub const fn new() -> Self {
        Self { limit: BODY_LIMIT }
    }

    /// Sets the longest body in bytes.
    pub const fn limit(self, bytes: usize) -> Self {
        Self { limit: bytes }
    }
}

impl Default for BodyLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for BodyLayer {
    type Service = Layered<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered { inner, layer: *self }
    }
}

impl<S> Around<S> for BodyLayer
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    fn call(&self, inner: &mut S, request: Request) -> ResponseFuture<S::Error> {
        call_if(inner, read(request, self.limit))
    }
}

/// Reads the body if guards search bodies of its kind, and leaves a copy in the request's extensions.
pub(super) async fn read(request: Request, limit: usize) -> Result<Request, Response> {
    if !BodyKind::of(&request).is_searched() || request.extensions().get::<Body>().is_some() {
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let bytes = match Limited::new(body, limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Rejection(Failure::BodyTooLong).into_response()),
        Err(_) => return Err(Rejection(Failure::BodyUnreadable).into_response()),
    };
    parts.extensions.insert(Body(bytes.clone()));
    Ok(Request::from_parts(parts, bytes.into()))
}
