//! JWT authentication for axum: the argument's type is the guard.
//!
//! ```
//! use axum::{Router, extract::{FromRef, State}, routing::{get, post}};
//! use jwt_extended_axum::{Access, Fresh, JwtManager, Refresh, Rejection, Tokens, jose::Key};
//!
//! #[derive(Clone)]
//! struct AppState {
//!     jwt: JwtManager,
//! }
//!
//! impl FromRef<AppState> for JwtManager {
//!     fn from_ref(state: &AppState) -> Self {
//!         state.jwt.clone()
//!     }
//! }
//!
//! async fn login(State(app): State<AppState>) -> Result<Tokens, Rejection> {
//!     // Check the password first; then: a fresh access token and a refresh token, one session.
//!     Ok(Tokens(app.jwt.login("alice").await?))
//! }
//! async fn protected(token: Access) -> String {
//!     format!("hello {}", token.subject())
//! }
//! async fn transfer(_: Fresh) -> &'static str {
//!     "done"
//! }
//! async fn refresh(State(app): State<AppState>, token: Refresh) -> Result<Tokens, Rejection> {
//!     Ok(Tokens(app.jwt.refresh(&token).await?))
//! }
//! async fn page(token: Option<Access>) -> String {
//!     token.map_or("hello, whoever you are".to_owned(), |token| format!("hello {}", token.subject()))
//! }
//!
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .build()?;
//! let app: Router = Router::new()
//!     .route("/login", post(login))
//!     .route("/protected", get(protected))
//!     .route("/transfer", post(transfer))
//!     .route("/refresh", post(refresh))
//!     .route("/", get(page))
//!     .with_state(AppState { jwt });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guards
//!
//! | argument | lets in |
//! |---|---|
//! | [`Access`] | an access token |
//! | [`Fresh`] | an access token that is fresh |
//! | [`Refresh`] | a refresh token |
//! | [`AnyToken`] | either |
//! | `Option<Access>`, and so on | a request without a token as `None`; a bad token, such as an expired one, is refused |
//! | `Result<Access, Rejection>`, and so on | every request: for pages that a browser with an old cookie must see too |
//! | [`Claims<T>`] | an access token whose claims are a `T` |
//! | [`CurrentUser<U>`] | an access token whose user the app still has |
//!
//! For other requirements (places of its own, no revocation check) put a [`GuardLayer`] with a [`Requirement`] around the
//! route, and take the [`Admitted`] token out of the request by `Extension<Admitted>`; or make an argument of your own with
//! [`authenticate`].
//!
//! The names `Claims`, `Fresh` and `Rejection` are arguments and answers here; the engine's own of these names are
//! [`token::Claims`], [`token::Fresh`] and [`jwt_extended::Rejection`].
//!
//! A guard needs a [`JwtManager`] in the router's state; a router without one does not compile:
//!
//! ```compile_fail
//! async fn protected(_: jwt_extended_axum::Access) {}
//!
//! let app: axum::Router = axum::Router::new().route("/", axum::routing::get(protected)).with_state(());
//! ```
//!
//! # Layers
//!
//! [`GuardLayer`] guards a group of routes, or all with named exceptions. [`RefreshLayer`] renews cookies in passing.
//! [`BodyLayer`] lets guards see JSON bodies and forms, if tokens or CSRF values may come in them.
//!
//! # Responses
//!
//! [`Tokens`] answers a pair in the body, [`Cookies`] sets or clears cookies beside any body: `(Cookies(…), Json(…))`. Both
//! forbid caching. A refused request is a [`Rejection`]; its reason rides in the response's extensions, as the engine's
//! [`jwt_extended::Rejection`], for layers outside to see.

mod extract;
mod layer;
mod response;
mod user;

pub use extract::{Access, AnyToken, Claims, Fresh, Refresh, authenticate};
pub use jwt_extended::{
    self, Admitted, Config, ConfigError, JwtManager, JwtManagerBuilder, Requirement, Token, TokenPair,
    config::{self, Switch},
    http::{ErrorFormat, Handler, Location, Reason, SameSite, SetCookies, Statuses},
    jose, session, token,
};
pub use layer::{BadException, BodyLayer, BodyService, GuardLayer, GuardService, RefreshLayer, RefreshService};
pub use response::{Cookies, Rejection, Tokens};
pub use user::{CurrentUser, UserRejection};
