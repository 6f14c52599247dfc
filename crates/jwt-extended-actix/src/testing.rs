//! Helpers for those who test their apps: those of [`jwt_extended::testing`], and requests of [`actix_web::test`] that
//! are logged in.
//!
//! Behind the feature `testing`, for `[dev-dependencies]`. A release build with it fails, so that no server goes out
//! with keys that everybody knows. To run tests in release mode, add the feature `testing-in-release`.
//!
//! ```
//! use actix_web::{App, test::{TestRequest, call_service, init_service}, web::{Data, get}};
//! use jwt_extended_actix::{Access, testing::{self, LogIn as _, TestTokens}};
//!
//! # actix_web::rt::System::new().block_on(async {
//! let (builder, clock) = testing::manager();
//! let jwt = builder.build()?;
//! let routes = App::new().app_data(Data::new(jwt.clone())).route("/", get().to(async |_: Access| "hello"));
//! let app = init_service(routes).await;
//!
//! let request = TestRequest::get().logged_in(&TestTokens::of(&jwt).access("alice"));
//! assert_eq!(call_service(&app, request.to_request()).await.status(), 200);
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
