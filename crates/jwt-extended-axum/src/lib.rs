//! JWT sessions for axum: the argument's type is the guard.
//!
//! ```
//! use axum::{Router, extract::State, routing::{get, post}};
//! use jwt_extended_axum::{Access, Fresh, JwtManager, Refresh, Rejection, Tokens, jose::Key, session::MemoryStore};
//!
//! async fn login(State(jwt): State<JwtManager>) -> Result<Tokens, Rejection> {
//!     // Check the password first. The pair is a fresh access token and a refresh token of one new session.
//!     Ok(Tokens(jwt.login("alice").await?))
//! }
//!
//! async fn protected(token: Access) -> String {
//!     format!("hello {}", token.subject())
//! }
//!
//! async fn transfer(_: Fresh) -> &'static str {
//!     "done"
//! }
//!
//! async fn page(token: Option<Access>) -> String {
//!     token.map_or("hello, stranger".to_owned(), |token| format!("hello {}", token.subject()))
//! }
//!
//! async fn refresh(State(jwt): State<JwtManager>, token: Refresh) -> Result<Tokens, Rejection> {
//!     Ok(Tokens(jwt.refresh(&token).await?))
//! }
//!
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .session_store(MemoryStore::new())
//!     .build()?;
//! let app: Router = Router::new()
//!     .route("/login", post(login))
//!     .route("/protected", get(protected))
//!     .route("/transfer", post(transfer))
//!     .route("/", get(page))
//!     .route("/refresh", post(refresh))
//!     .with_state(jwt);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An app with more state keeps the manager in it and implements `FromRef`: see the example `cookies`.
//!
//! # Guards
//!
//! | argument | admits |
//! |---|---|
//! | [`Access`] | an access token |
//! | [`Fresh`] | a fresh access token |
//! | [`Refresh`] | a refresh token |
//! | [`AnyToken`] | either type |
//! | `Option<Access>`, and so on | a request without a token, as `None`; a bad token, such as an expired one, is rejected |
//! | [`Visitor<Access>`], and so on | also a visitor with an expired, revoked or malformed cookie, which the response clears |
//! | [`Logout`] | a token with a valid signature, also an expired or revoked one, and ends its session |
//! | [`Claims<T>`] | an access token whose claims deserialize as `T` |
//! | [`CurrentUser<U>`] | an access token whose user still exists |
//! | a type that you make with [`guard!`] | a token that meets your [`Requirement`]: scopes, a recent login, other locations |
//!
//! A guard of your own is one line:
//!
//! ```
//! use jwt_extended_axum::{Requirement, guard};
//!
//! guard!(ReadOrders = Requirement::access().scopes(["read:orders"]));
//!
//! async fn orders(token: ReadOrders) -> String {
//!     format!("the orders of {}", token.subject())
//! }
//! ```
//!
//! To guard a group of routes, put a [`GuardLayer`] with a [`Requirement`] around them and take the token as
//! `Extension<Admitted>`.
//!
//! `Claims`, `Fresh` and `Rejection` are this crate's arguments and response. The engine has types with the same names:
//! [`token::Claims`], [`token::Fresh`] and [`jwt_extended::Rejection`].
//!
//! A guard needs a [`JwtManager`] in the router's state. A router without one does not compile:
//!
//! ```compile_fail
//! async fn protected(_: jwt_extended_axum::Access) {}
//!
//! let app: axum::Router = axum::Router::new().route("/", axum::routing::get(protected)).with_state(());
//! ```
//!
//! # Layers
//!
//! [`GuardLayer`] guards a group of routes, or all routes with named exceptions. [`RefreshLayer`] renews cookies that
//! are about to expire. [`BodyLayer`] lets guards read JSON bodies and forms, if tokens or CSRF values may come in
//! them. Each page lists the layer's rules.
//!
//! # WebSockets
//!
//! A handshake is a GET, so no CSRF value guards it, and browsers send cookies with it for every page. Guards accept
//! such a cookie only if the page has the same origin. A page can add no header to a handshake, but it can send a token
//! as a subprotocol, `new WebSocket(url, ["bearer", token])`, if the manager looks for it there:
//!
//! ```
//! use axum::{Router, extract::ws::WebSocketUpgrade, response::Response, routing::get};
//! use jwt_extended_axum::{Access, JwtManager, Location, jose::Key};
//!
//! async fn chat(token: Access, upgrade: WebSocketUpgrade) -> Response {
//!     let name = token.subject().to_owned();
//!     // The answer must name the subprotocol, or the browser closes the connection.
//!     upgrade.protocols(["bearer"]).on_upgrade(async move |mut socket| {
//!         let _ = socket.send(format!("hello {name}").into()).await;
//!     })
//! }
//!
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .token_location([Location::Cookie, Location::WebSocketProtocol])
//!     .build()?;
//! let app: Router = Router::new().route("/chat", get(chat)).with_state(jwt);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The guard checks the token once. A connection outlives it: close it yourself when the session ends.
//!
//! # Keys
//!
//! [`JwkSet`] answers with the app's public keys, so that other services can verify its tokens. An app accepts the
//! tokens of other issuers with [`JwtManagerBuilder::issuer`].
//!
//! # Tests of your app
//!
//! With the feature `testing`, in `[dev-dependencies]`, the module `testing` makes tokens in one line and requests that
//! are logged in, moves the clock, and takes the store down.
//!
//! # Responses
//!
//! [`Tokens`] answers with a pair of tokens in the body. [`Cookies`] sets or clears cookies beside any body:
//! `(Cookies(…), Json(…))`. Both forbid caching. A rejected request is answered with a [`Rejection`]. Its response
//! carries the engine's [`jwt_extended::Rejection`] in its extensions, so that outer layers see the reason.

mod extract;
mod guard;
mod layer;
mod publish;
mod response;
mod user;

/// What the macro [`guard!`] needs of this crate and of axum. Not for use by apps.
#[doc(hidden)]
pub mod private {
    pub use axum_core::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
    pub use http::request::Parts;
    pub use jwt_extended::guard_type;

    pub use crate::extract::optional;
}

pub use extract::{Access, AnyToken, Claims, Fresh, Logout, Refresh, Visitor, authenticate};
#[cfg(feature = "testing")]
pub use jwt_extended::testing;
pub use jwt_extended::{
    self, Admitted, BadException, Config, ConfigError, JwtManager, JwtManagerBuilder, Requirement, Token, TokenPair,
    config::{self, Switch},
    http::{ErrorFormat, Handler, Location, Reason, SameSite, SetCookies, Statuses},
    jose, session, token,
};
pub use layer::{BodyLayer, GuardLayer, Layered, RefreshLayer, ResponseFuture};
pub use publish::JwkSet;
pub use response::{Cookies, Rejection, Tokens};
pub use user::{CurrentUser, UserRejection};

/// Compiles the README's program.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
