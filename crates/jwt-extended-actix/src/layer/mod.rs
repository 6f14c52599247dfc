//! Layers: guards for many routes at once, automatic renewal of cookies, and bodies that guards can read.
//!
//! One service, [`Layered`], drives all of them. A layer says what it does with a request by implementing [`Around`].

mod body;
mod guard;
mod refresh;

use std::{
    future::{Ready, ready},
    pin::Pin,
    rc::Rc,
};

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
};

pub use body::BodyLayer;
pub use guard::GuardLayer;
pub use refresh::RefreshLayer;

use crate::{Rejection, rejection::unanswered};

/// The service that [`GuardLayer`], [`RefreshLayer`] and [`BodyLayer`] make: `S` with the layer `L` around it.
#[derive(Debug)]
pub struct Layered<S, L> {
    inner: Rc<S>,
    layer: L,
}

/// What a layer does before and after the service inside it.
///
/// The trait is public because [`Layered`] mentions it. It is not exported.
pub trait Around: Clone + 'static {
    /// What the layer keeps of a request until its response is there.
    type Kept;

    /// Prepares the request, or rejects it.
    fn before(&self, request: &mut ServiceRequest) -> impl Future<Output = Result<Self::Kept, Rejection>>;

    /// Completes the response.
    fn after<B>(&self, _: Self::Kept, _: &mut HttpResponse<B>) -> impl Future<Output = ()> {
        ready(())
    }
}

impl<S, B, L> Service<ServiceRequest> for Layered<S, L>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
    L: Around,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(inner);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (inner, layer) = (Rc::clone(&self.inner), self.layer.clone());
        Box::pin(async move {
            let kept = match layer.before(&mut request).await {
                Ok(kept) => kept,
                Err(rejection) => return Ok(request.into_response(rejection.error_response())),
            };
            let mut response = inner.call(request).await?;
            if let Some(rejected) = unanswered(&response) {
                return Ok(response.into_response(rejected));
            }
            layer.after(kept, response.response_mut()).await;
            Ok(response.map_into_boxed_body())
        })
    }
}

macro_rules! transforms {
    ($($layer:ty),*) => {$(
        impl<S, B> Transform<S, ServiceRequest> for $layer
        where
            S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
            B: MessageBody + 'static,
        {
            type Response = ServiceResponse;
            type Error = Error;
            type Transform = Layered<S, Self>;
            type InitError = ();
            type Future = Ready<Result<Self::Transform, ()>>;

            fn new_transform(&self, inner: S) -> Self::Future {
                ready(Ok(Layered { inner: Rc::new(inner), layer: self.clone() }))
            }
        }
    )*};
}

transforms!(BodyLayer, GuardLayer, RefreshLayer);
