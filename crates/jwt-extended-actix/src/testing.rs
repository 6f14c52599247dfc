//! Helpers for those who test their apps: those of [`jwt_extended::testing`], and requests of [`actix_web::test`] that
//! are logged in.
//!
//! Behind the feature `testing`, for `[dev-dependencies]`. A release build with it fails, so that no server goes out
//! with keys that everybody knows. To run tests in release mode, add the feature `testing-in-release`.
//!
//! ```toml
//! [dev-dependencies]
//! jwt-extended-actix = { version = "0.1", features = ["testing"] }
//! ```
//!
//! ```
//! use std::time::Duration;
//!
//! use actix_web::{App, test::{TestRequest, call_service, init_service}, web::{Data, get, post}};
//! use jwt_extended_actix::{
//!     Access, Fresh, Location,
//!     testing::{self, FailingStore, LogIn as _, SentToken, TestTokens},
//! };
//!
//! # actix_web::rt::System::new().block_on(async {
//! let (store, outage) = FailingStore::new();
//! let (builder, clock) = testing::manager();
//! // The options of your app. An app that is built by `from_config` gets `.clock(…)` instead of this builder.
//! let jwt = builder.token_location([Location::Header, Location::Cookie]).session_store(store).build()?;
//! let routes = App::new()
//!     .app_data(Data::new(jwt.clone()))
//!     .route("/", get().to(async |_: Access| "hello"))
//!     .route("/transfer", post().to(async |_: Fresh| "done"));
//! let app = init_service(routes).await;
//! let tokens = TestTokens::of(&jwt);
//! let status = async |request: TestRequest, token: SentToken| {
//!     call_service(&app, request.logged_in(token).to_request()).await.status().as_u16()
//! };
//! let page = || TestRequest::get();
//! let transfer = || TestRequest::post().uri("/transfer");
//!
//! // A token in one line, in a header, or in cookies with its CSRF value.
//! assert_eq!(status(page(), tokens.access("alice").into()).await, 200);
//! assert_eq!(status(transfer(), tokens.access("alice").into()).await, 401);
//! assert_eq!(status(transfer(), tokens.access("alice").fresh().in_cookies().into()).await, 200);
//! assert_eq!(status(page(), tokens.access("alice").expired().into()).await, 401);
//! assert_eq!(status(page(), tokens.access("alice").revoked().await).await, 401);
//!
//! // The tokens of a login, which has a session.
//! let pair = jwt.login("alice").await?;
//! assert_eq!(status(transfer(), tokens.sent_in_cookies(&pair.access)).await, 200);
//! let early = tokens.sent(&pair.access);
//!
//! // Time passes, and the store is down.
//! clock.advance(Duration::from_secs(3600));
//! assert_eq!(status(page(), early).await, 401);
//! outage.begin();
//! assert_eq!(status(page(), tokens.access("alice").into()).await, 503);
//! outage.end();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use actix_web::test::TestRequest;
pub use jwt_extended::testing::*;

use crate::response::to_actix_header;

/// Logs requests of tests in.
pub trait LogIn {
    /// Adds the headers with which a client sends the token: a [`TestToken`], or a [`SentToken`].
    fn logged_in(self, token: impl Into<SentToken>) -> Self;
}

impl LogIn for TestRequest {
    fn logged_in(self, token: impl Into<SentToken>) -> Self {
        let headers = token.into().headers().into_iter();
        headers.filter_map(|(name, value)| to_actix_header(&name, &value)).fold(self, Self::append_header)
    }
}
