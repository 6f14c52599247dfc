//! Where a token travels: headers, cookies, query string and JSON body on the way in, cookies on the way out, and what
//! a refusal looks like.
//!
//! 1. Places are tried in the configured order. Where there is no token, the next is tried; anything else that is
//!    wrong ends the search.
//! 2. Two tokens are one too many: two headers, two cookies of a name, two places that differ (RFC 6750 section 2).
//! 3. A cookie alone is not enough for a method that changes something: its CSRF value must come along, in a header or
//!    a form field, and the browser must not say that another site sent the request.
//! 4. A refusal has a status, a stable code, a sentence that says what to do, and a challenge. It never holds a token.
//!
//! All of it sees a request through one small trait, [`Request`], so that every face has the same rules.
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
//! let refusal = jwt.authenticate(&request, &Requirement::access()).await.unwrap_err();
//! assert_eq!(refusal.status(), 401);
//! assert_eq!(refusal.message(), "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'");
//! # });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cookies;
mod error;
mod locate;
mod location;
mod rejection;
mod render;
mod request;
pub(crate) mod settings;

pub use cookies::{CookieError, SameSite, SetCookies};
pub(crate) use cookies::{CookieNames, CookieSettings};
pub use error::{CsrfError, Missing, RequestError};
pub use locate::Located;
pub(crate) use locate::{CsrfCheck, NotLocated, Wanted, locate, refuse_cross_site};
pub use location::Location;
pub use rejection::{Handler, Reason, Rejection};
pub use render::{ErrorFormat, Statuses};
pub(crate) use render::{RejectionHandler, Renderer};
pub use request::{BodyKind, JsonMember, Request};
