//! A request that has been answered: what the log and the metrics say of it.
//!
//! It knows neither of them.

use std::time::{Duration, Instant};

use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};
use jwt_extended_axum::jwt_extended::Rejection;

/// The code of a refusal that is not a [`Rejection`]: put it into the extensions of the response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefusalCode(pub(crate) &'static str);

/// A request that has been answered.
pub(crate) struct Answered {
    pub(crate) method: Method,
    route: Option<MatchedPath>,
    pub(crate) status: StatusCode,
    /// The code of the rejection, if it was refused.
    pub(crate) refused: Option<&'static str>,
    pub(crate) took: Duration,
}

impl Answered {
    /// Lets a request be answered.
    pub(crate) async fn by(next: Next, request: Request) -> (Self, Response) {
        let started = Instant::now();
        let (method, route) = (request.method().clone(), request.extensions().get::<MatchedPath>().cloned());
        let response = next.run(request).await;
        let (status, refused) = (response.status(), refusal_code(&response));
        (Self { method, route, status, refused, took: started.elapsed() }, response)
    }

    /// Returns the pattern of the route, instead of the path, which a client chooses freely.
    pub(crate) fn route(&self) -> &str {
        self.route.as_ref().map_or("none", MatchedPath::as_str)
    }
}

/// Returns the code of a refusal, of whichever kind.
fn refusal_code(response: &Response) -> Option<&'static str> {
    let rejected = response.extensions().get::<Rejection>().map(Rejection::code);
    rejected.or_else(|| response.extensions().get().map(|RefusalCode(code)| *code))
}
