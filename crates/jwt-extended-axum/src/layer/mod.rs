//! Layers: guards for many routes at once, automatic renewal of cookies, and bodies that guards can read.
//!
//! One service, [`Layered`], drives all of them. A layer says what it does with a request by implementing [`Around`].

mod body;
mod guard;
mod refresh;

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum_core::{extract::Request, response::Response};
use tower_service::Service;

pub use body::BodyLayer;
pub(crate) use body::RequestView;
pub use guard::GuardLayer;
pub use refresh::RefreshLayer;

/// The future of a [`Layered`] service.
pub type ResponseFuture<E> = Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>;

/// The service that [`GuardLayer`], [`RefreshLayer`] and [`BodyLayer`] make: `S` with the layer `L` around it.
#[derive(Clone, Copy, Debug)]
pub struct Layered<S, L> {
    inner: S,
    layer: L,
}

/// What a layer does with a request and the service inside it.
///
/// The trait is public because [`Layered`] mentions it. It is not exported.
pub trait Around<S: Service<Request>> {
    /// Answers the request, usually by calling the inner service. The inner service is ready.
    fn call(&self, inner: &mut S, request: Request) -> ResponseFuture<S::Error>;
}

impl<S, L> Service<Request> for Layered<S, L>
where
    S: Service<Request, Response = Response>,
    L: Around<S>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.layer.call(&mut self.inner, request)
    }
}

/// Awaits a check of the request. The inner service gets the request that the check returns; if the check returns a
/// response instead, that is the answer.
fn call_if<S>(
    inner: &mut S,
    check: impl Future<Output = Result<Request, Response>> + Send + 'static,
) -> ResponseFuture<S::Error>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    // The future needs the service that `poll_ready` found ready, so the clone stays behind for the next request.
    // https://docs.rs/tower/latest/tower/trait.Service.html#be-careful-when-cloning-inner-services
    let clone = inner.clone();
    let mut ready = std::mem::replace(inner, clone);
    Box::pin(async move {
        match check.await {
            Ok(request) => ready.call(request).await,
            Err(response) => Ok(response),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum_core::body::Body;
    use tower_layer::Layer as _;

    use super::*;

    /// A service that is never ready.
    #[derive(Clone)]
    struct Busy;

    impl Service<Request> for Busy {
        type Response = Response;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Pending
        }

        fn call(&mut self, _: Request) -> Self::Future {
            std::future::ready(Ok(Response::new(Body::empty())))
        }
    }

    #[test]
    fn a_layer_is_ready_when_the_service_inside_is() {
        let mut layered = BodyLayer::new().layer(Busy);
        assert!(layered.poll_ready(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
    }
}
