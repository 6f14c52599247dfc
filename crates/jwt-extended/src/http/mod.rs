//! Everything about HTTP: finding the token in a request, setting cookies, and answering rejected requests.
//!
//! The rules:
//!
//! 1. The configured locations are tried in order, cookies last. A location without a token leads on to the next one;
//!    any other fault ends the search.
//! 2. A client may send one token. Two headers, or different tokens in a header, the query string and the body, are
//!    rejected (RFC 6750 section 2). A cookie beside such a token is ignored, because the browser sends it anyway. Of
//!    two cookies with the same name, the one that verifies counts; if both do, they are rejected.
//! 3. A cookie alone does not authorise a method that changes something. The CSRF value must be sent too, in a header
//!    or a form field, and the browser must not say that another site sent the request.
//! 4. A rejection has a status, a stable code, a message that says what to do, and a challenge. It never contains a
//!    token.
//!
//! These modules see a request through one small trait, [`Request`], so every face follows the same rules.
//!
//! ```
//! use jwt_extended::{JwtManager, Requirement, jose::Key};
//!
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .build()?;
//! let (request, ()) = http::Request::builder().header("Authorization", "Basic YTpi").body(())?.into_parts();
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let rejection = jwt.authenticate(&request, &Requirement::access()).await.unwrap_err();
//! assert_eq!(rejection.status(), 401);
//! assert_eq!(rejection.message(), "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'");
//! # });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cookies;
mod csrf;
mod error;
mod failure;
mod locate;
mod location;
mod places;
mod reason;
mod rejection;
mod render;
mod request;
pub(crate) mod settings;

pub use cookies::{CookieError, SameSite, SetCookies};
pub(crate) use cookies::{CookieNames, CookieSettings};
pub(crate) use csrf::{CsrfCheck, SEC_FETCH_SITE, refuse_cross_site};
pub use error::{CsrfError, Missing, RequestError};
pub use failure::Failure;
pub use locate::Located;
pub(crate) use locate::{NotLocated, Wanted, locate, locate_all};
pub use location::Location;
pub use reason::Reason;
pub use rejection::Rejection;
pub(crate) use rejection::{RejectionHandler, Renderer};
pub(crate) use render::RefusalSettings;
pub use render::{ErrorFormat, Handler, Statuses};
pub use request::{BodyKind, JsonMember, Request};
