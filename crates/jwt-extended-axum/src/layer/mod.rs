//! Layers: guards for many routes at once, cookies that are renewed in passing, bodies that guards can see.

mod body;
mod guard;
mod refresh;

use std::{future::Future, pin::Pin};

use axum_core::response::Response;

pub(crate) use body::Body;
pub use body::{BodyLayer, BodyService};
pub use guard::{BadException, GuardLayer, GuardService};
pub use refresh::{RefreshLayer, RefreshService};

/// What our services answer with.
type ResponseFuture<E> = Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>;

/// The service that was found ready, for a future that calls it later; a clone stays for the next request.
fn take_ready<S: Clone>(service: &mut S) -> S {
    let clone = service.clone();
    std::mem::replace(service, clone)
}
