//! JWT sessions for actix-web: the argument's type is the guard.
//!
//! ```
//! use actix_web::{App, web::{Data, get, post}};
//! use jwt_extended_actix::{
//!     Access, Fresh, JwtManager, Optional, Refresh, Rejection, Tokens, jose::Key, session::MemoryStore,
//! };
//!
//! async fn login(jwt: Data<JwtManager>) -> Result<Tokens, Rejection> {
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
//! async fn page(Optional(token): Optional<Access>) -> String {
//!     token.map_or("hello, stranger".to_owned(), |token| format!("hello {}", token.subject()))
//! }
//!
//! async fn refresh(jwt: Data<JwtManager>, token: Refresh) -> Result<Tokens, Rejection> {
//!     Ok(Tokens(jwt.refresh(&token).await?))
//! }
//!
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .session_store(MemoryStore::new())
//!     .build()?;
//! // In the closure of `HttpServer::new`. All workers share the manager, so build it outside.
//! let app = App::new()
//!     .app_data(Data::new(jwt.clone()))
//!     .route("/login", post().to(login))
//!     .route("/protected", get().to(protected))
//!     .route("/transfer", post().to(transfer))
//!     .route("/", get().to(page))
//!     .route("/refresh", post().to(refresh));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Guards find the manager as `web::Data<JwtManager>`. An app that forgets it compiles, but each guard answers 500 and
//! logs what to add. The layers get the manager when they are made.
//!
//! # Guards
//!
//! | argument | admits |
//! |---|---|
//! | [`Access`] | an access token |
//! | [`Fresh`] | a fresh access token |
//! | [`Refresh`] | a refresh token |
//! | [`AnyToken`] | either type |
//! | [`Optional<Access>`], and so on | a request without a token, as `None`; a bad token, such as an expired one, is rejected |
//! | [`Visitor<Access>`], and so on | also a visitor with an expired, revoked or malformed cookie, which the response clears |
//! | [`Logout`] | a token with a valid signature, also an expired or revoked one, and ends its session |
//! | [`Claims<T>`] | an access token whose claims deserialize as `T` |
//! | [`CurrentUser<U, C>`] | an access token whose user still exists in the app's `web::Data<C>` |
//! | a type that you make with [`guard!`] | a token that meets your [`Requirement`]: scopes, a recent login, other locations |
//!
//! A guard of your own is one line:
//!
//! ```
//! use jwt_extended_actix::{Requirement, guard};
//!
//! guard!(ReadOrders = Requirement::access().scopes(["read:orders"]));
//!
//! async fn orders(token: ReadOrders) -> String {
//!     format!("the orders of {}", token.subject())
//! }
//! ```
//!
//! To guard a scope, wrap it in a [`GuardLayer`] with a [`Requirement`] and take the token as `web::ReqData<Admitted>`.
//!
//! `Claims`, `Fresh` and `Rejection` are this crate's arguments and response. The engine has types with the same names:
//! [`token::Claims`], [`token::Fresh`] and [`jwt_extended::Rejection`].
//!
//! # Not `Option<Access>`
//!
//! actix-web's own `Option<T>` swallows every error, so its `None` also stands for an expired, revoked or forged token,
//! and for a store that is down. The compiler cannot refuse it. Take [`Optional<Access>`], or `Result<Access,
//! Rejection>` to answer yourself. Should `Option<Access>` be written all the same, an error in the log says so at the
//! first visitor without a token, and inside of any layer of this crate such a visitor gets the rejection in place of
//! the handler's response: see [`GuardError`].
//!
//! # Layers
//!
//! [`GuardLayer`] guards a scope, or all routes with named exceptions. [`RefreshLayer`] renews cookies that are about
//! to expire. [`BodyLayer`] lets guards read JSON bodies and forms, if tokens or CSRF values may come in them. Each
//! page lists the layer's rules.
//!
//! # WebSockets
//!
//! A handshake is a GET, so no CSRF value guards it, and browsers send cookies with it for every page. Guards accept
//! such a cookie only if the page has the same origin. A page can add no header to a handshake, but it can send a token
//! as a subprotocol, `new WebSocket(url, ["bearer", token])`, if the manager looks for it there:
//!
//! ```
//! use actix_web::{App, Error, HttpRequest, HttpResponse, rt, web};
//! use jwt_extended_actix::{Access, JwtManager, Location, jose::Key};
//!
//! async fn chat(token: Access, request: HttpRequest, body: web::Payload) -> Result<HttpResponse, Error> {
//!     // The answer must name the subprotocol, or the browser closes the connection.
//!     let (response, mut socket, _) = actix_ws::handle_with_protocols(&request, body, &["bearer"])?;
//!     rt::spawn(async move { socket.text(format!("hello {}", token.subject())).await });
//!     Ok(response)
//! }
//!
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .token_location([Location::Cookie, Location::WebSocketProtocol])
//!     .build()?;
//! let app = App::new().app_data(web::Data::new(jwt)).route("/chat", web::get().to(chat));
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
//! # Logs
//!
//! This crate writes events with `tracing`: what a client did wrong at the level DEBUG, and what the app or its store
//! did wrong at ERROR. Without a subscriber they are lost, so set one up, such as that of `tracing-subscriber`.
//!
//! # Responses
//!
//! [`Tokens`] answers with a pair of tokens in the body. [`Cookies`] sets or clears cookies beside any body:
//! `Cookies(…).with(Json(…))`. Both forbid caching. A rejected request is answered with a [`Rejection`]. Its response
//! carries the engine's [`jwt_extended::Rejection`] in its extensions, so that outer layers see the reason.

mod extract;
mod guard;
mod layer;
mod publish;
mod rejection;
mod request;
mod response;
#[cfg(feature = "testing")]
pub mod testing;
mod user;

/// What the macro [`guard!`] needs of this crate and of actix-web. Not for use by apps.
#[doc(hidden)]
pub mod private {
    pub use actix_web::{FromRequest, HttpRequest, dev::Payload};

    pub use jwt_extended::guard_type;

    pub use crate::extract::{Checked, check};
}

pub use extract::{Access, AnyToken, Claims, Fresh, Logout, Optional, Refresh, Visitor, authenticate};
/// The status and the response of [`Reason::App`] and of [`Handler`]s: those of `http` 1, where actix-web has `http`
/// 0.2.
pub use http::{Response, StatusCode};
pub use jwt_extended::{
    self, Admitted, BadException, Config, ConfigError, JwtManager, JwtManagerBuilder, Requirement, Token, TokenPair,
    config::{self, Switch},
    http::{ErrorFormat, Handler, Location, Reason, SameSite, SetCookies, Statuses},
    jose, session, token,
};
pub use layer::{BodyLayer, GuardLayer, Layered, RefreshLayer};
pub use publish::JwkSet;
pub use rejection::{GuardError, Rejection};
pub use request::RequestParts;
pub use response::{Cookies, Tokens, WithCookies};
pub use user::CurrentUser;

/// Compiles the README's program.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
