//! Looks at each request once, when it has been answered, for the log and for the metrics.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use crate::{answered::Answered, logging, metrics::Requests};

/// Answers a request, then logs and counts it.
pub(crate) async fn requests(State(requests): State<Requests>, request: Request, next: Next) -> Response {
    let (answered, response) = Answered::by(next, request).await;
    logging::log_request(&answered);
    requests.count(&answered);
    response
}
