//! Lets guards see bodies: axum gives an argument that is not the last one no body, so a layer reads it first.

use std::task::{Context, Poll};

use axum_core::{extract::Request, response::Response};
use bytes::Bytes;
use http::{StatusCode, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use jwt_extended::http::BodyKind;
use tower_layer::Layer;
use tower_service::Service;

use super::{ResponseFuture, take_ready};
use crate::response::plain;

/// How long a body may be that a guard wants to see: as long as axum's own extractors allow.
pub(super) const DEFAULT_LIMIT: usize = 2 * 1024 * 1024;

/// A body that was read, left in the request's extensions for guards. Empty if it is neither JSON nor a form.
#[derive(Clone)]
pub(crate) struct Body(pub(crate) Bytes);

/// Reads JSON bodies and forms before the routes run, so that [`Access`](crate::Access) and the other guards can find a
/// token (location `json`) or a CSRF value (option `csrf_check_form`) in them. Handlers get the body all the same.
///
/// Put it around the routes: `router.layer(BodyLayer::new())`. A [`GuardLayer`](crate::GuardLayer) does it by itself.
#[derive(Clone, Copy, Debug)]
pub struct BodyLayer {
    limit: usize,
}

impl BodyLayer {
    /// For bodies of up to 2 MiB; longer ones are answered with 413.
    pub const fn new() -> Self {
        Self { limit: DEFAULT_LIMIT }
    }

    /// For bodies of up to this many bytes.
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
    type Service = BodyService<S>;

    fn layer(&self, inner: S) -> BodyService<S> {
        BodyService { inner, limit: self.limit }
    }
}

/// The service that [`BodyLayer`] makes.
#[derive(Clone, Copy, Debug)]
pub struct BodyService<S> {
    inner: S,
    limit: usize,
}

impl<S> Service<Request> for BodyService<S>
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
        let mut inner = take_ready(&mut self.inner);
        let limit = self.limit;
        Box::pin(async move {
            match read(request, limit).await {
                Ok((parts, body)) => inner.call(Request::from_parts(parts, body)).await,
                Err(response) => Ok(response),
            }
        })
    }
}

/// Reads the body if it is of a kind that guards look into, and leaves it in the extensions. The same body is given back
/// for the handler.
pub(crate) async fn read(request: Request, limit: usize) -> Result<(Parts, axum_core::body::Body), Response> {
    let (mut parts, body) = request.into_parts();
    if parts.extensions.get::<Body>().is_some() {
        return Ok((parts, body));
    }
    if BodyKind::of(&parts) == BodyKind::Other {
        parts.extensions.insert(Body(Bytes::new()));
        return Ok((parts, body));
    }
    let bytes = match Limited::new(body, limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(plain(StatusCode::PAYLOAD_TOO_LARGE, "The body is too long"));
        }
        Err(_) => return Err(plain(StatusCode::BAD_REQUEST, "The body could not be read")),
    };
    parts.extensions.insert(Body(bytes.clone()));
    Ok((parts, bytes.into()))
}
