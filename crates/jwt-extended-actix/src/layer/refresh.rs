//! Renews cookies that are about to expire: upstream's recipe for implicit refresh, without its bug of bringing a
//! logged-out cookie back.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    dev::ServiceRequest,
    http::header::{HeaderValue, SET_COOKIE},
};
use jwt_extended::{Expiring, JwtManager};

use super::Around;
use crate::{Rejection, RequestParts, response::append};

/// Gives a browser a new access cookie when the one it sent is about to expire.
///
/// # Rules
///
/// 1. The new token has the same subject, session, CSRF value and own claims as the old one.
/// 2. The new token is never fresh.
/// 3. Nothing is renewed if this crate rejected the request, or if the response sets or clears a token's cookie itself.
/// 4. Nothing is renewed if the token was revoked, also if that happened while the request was handled.
/// 5. Nothing is renewed after the session has lasted as long as a refresh token lives, or for a token that belongs to
///    no session.
///
/// # Deployment caveats
///
/// - A route without a guard renews too, whatever its response, and also for a request of another site. Renewal tells
///   nobody anything, and lengthens no session. To renew only where users are, wrap the guarded routes.
/// - Renewal ends freshness. If a token must stay fresh for some time, set `within` well below the rest of its life.
/// - Put the layer outside of a [`GuardLayer`](crate::GuardLayer), so that it sees which requests were rejected. The
///   last `.wrap(…)` of an app or a scope is the outermost one.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use actix_web::{App, http::header::SET_COOKIE, test, web};
/// use jwt_extended_actix::{Access, JwtManager, Location, RefreshLayer, jose::Key, token::Lifetime};
///
/// # actix_web::rt::System::new().block_on(async {
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .token_location([Location::Cookie])
///     .access_token_expires(Lifetime::minutes(15))
///     .build()?;
/// let token = jwt.login("alice").await?.access;
///
/// let is_renewed = async |within: Duration| {
///     let app = App::new()
///         .app_data(web::Data::new(jwt.clone()))
///         .route("/", web::get().to(async |_: Access| "hello"))
///         .wrap(RefreshLayer::new(jwt.clone(), within));
///     let cookie = ("Cookie", format!("access_token_cookie={token}"));
///     let request = test::TestRequest::get().insert_header(cookie).to_request();
///     let response = test::call_service(&test::init_service(app).await, request).await;
///     assert_eq!(response.status(), 200);
///     response.headers().contains_key(SET_COOKIE)
/// };
/// assert!(!is_renewed(Duration::from_secs(5 * 60)).await, "the token still lives for 15 minutes");
/// assert!(is_renewed(Duration::from_secs(20 * 60)).await, "it expires within the next 20");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RefreshLayer {
    jwt: JwtManager,
    within: Duration,
}

impl RefreshLayer {
    /// Renews cookies whose token expires within this time.
    pub const fn new(jwt: JwtManager, within: Duration) -> Self {
        Self { jwt, within }
    }
}

impl Around for RefreshLayer {
    type Kept = Option<Expiring>;

    async fn before(&self, request: &mut ServiceRequest) -> Result<Self::Kept, Rejection> {
        Ok(self.jwt.steps().expiring(&RequestParts::of(request.request()), self.within))
    }

    async fn after<B>(&self, expiring: Self::Kept, response: &mut HttpResponse<B>) {
        let rejected = response.extensions().get::<jwt_extended::Rejection>().is_some();
        let Some(expiring) = expiring.filter(|_| !rejected) else { return };
        let set = response.headers().get_all(SET_COOKIE).map(HeaderValue::as_bytes);
        if let Some(cookies) = self.jwt.steps().renew(&expiring, set).await {
            append(cookies, response.headers_mut());
        }
    }
}
