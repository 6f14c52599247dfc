//! How the engine sees an actix-web request, and where guards find the manager.

use std::{
    any::type_name,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::HeaderValue, web};
use http::HeaderName;
use jwt_extended::http::{Failure, Request};

use crate::Rejection;

/// The request as the engine sees it, for the methods of [`JwtManager`](crate::JwtManager) that take one:
/// `refuse_cross_site`, and `replacing` of a login. Its body is that which a [`BodyLayer`](crate::BodyLayer) has read.
///
/// ```
/// use actix_web::web;
/// use jwt_extended_actix::{JwtManager, Rejection, RequestParts, Tokens};
///
/// async fn login(jwt: web::Data<JwtManager>, request: RequestParts) -> Result<Tokens, Rejection> {
///     jwt.refuse_cross_site(&request)?;
///     Ok(Tokens(jwt.login("alice").replacing(&request).await?))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct RequestParts {
    request: HttpRequest,
    body: Option<web::Bytes>,
}

impl RequestParts {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let body = request.extensions().get::<Body>().map(|body| body.0.clone());
        Self { request: request.clone(), body }
    }
}

impl FromRequest for RequestParts {
    type Error = Rejection;
    type Future = Ready<Result<Self, Rejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

impl Request for RequestParts {
    fn method(&self) -> &str {
        self.request.method().as_str()
    }

    fn header<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.request.headers().get_all(name.as_str()).map(HeaderValue::as_bytes)
    }

    fn query(&self) -> Option<&str> {
        self.request.uri().query()
    }

    fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }
}

/// A body that was read, left in the request's extensions for guards. Only JSON and forms are read.
pub(crate) struct Body(pub(crate) web::Bytes);

/// Returns a value of the app's data: the manager, or the value where users are looked up.
pub(crate) fn data<T: 'static>(request: &HttpRequest) -> Result<web::Data<T>, Rejection> {
    request.app_data::<web::Data<T>>().cloned().ok_or_else(|| {
        let name = type_name::<T>();
        let missing = format!("a guard needs a {name}; add `.app_data(web::Data::new(…))` with one to the `App`");
        Rejection(Failure::Misconfigured(missing))
    })
}
