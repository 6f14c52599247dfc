//! Reads bodies for guards. actix-web gives the body only to one argument of a handler, and a guard is rarely that one.

use actix_web::{HttpMessage, dev::ServiceRequest, web};
use jwt_extended::{
    BODY_LIMIT,
    http::{BodyKind, Failure},
};

use super::Around;
use crate::{Rejection, RequestParts, request::Body};

/// Reads JSON bodies and forms before the routes run, so that [`Access`](crate::Access) and the other guards can search
/// them: for a token (location `json`) or a CSRF value (option `csrf_check_form`).
///
/// # Rules
///
/// 1. A body that is JSON or a form, by its `Content-Type`, is read to its end. Any other body is left unread and still
///    streams to the handler.
/// 2. The handler receives the same body.
/// 3. A body over the limit, 2 MiB by default, is answered with 413. A body that cannot be read is answered with 400.
/// 4. Several of these layers, or one of them and a [`GuardLayer`](crate::GuardLayer), read a body only once.
///
/// # Deployment caveats
///
/// - A guard that may need the body, on a route without this layer, answers 500 and logs why. It does not guess.
/// - A [`GuardLayer`](crate::GuardLayer) reads the body itself and does not need this layer.
///
/// # Example
///
/// ```
/// use actix_web::{App, test, web};
/// use jwt_extended_actix::{Access, BodyLayer, JwtManager, Location, jose::Key};
///
/// # actix_web::rt::System::new().block_on(async {
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .token_location([Location::Json])
///     .build()?;
/// let token = jwt.create_access_token("alice")?;
/// let app = App::new()
///     .app_data(web::Data::new(jwt))
///     .route("/echo", web::post().to(async |_: Access, body: String| body))
///     .wrap(BodyLayer::new().limit(1000));
/// let app = test::init_service(app).await;
///
/// let send = async |body: String| {
///     let request = test::TestRequest::post().uri("/echo").insert_header(("content-type", "application/json"));
///     test::call_service(&app, request.set_payload(body).to_request()).await.status()
/// };
/// assert_eq!(send(format!(r#"{{"access_token": "{token}"}}"#)).await, 200);
/// assert_eq!(send("{}".to_owned()).await, 401);
/// assert_eq!(send("x".repeat(1001)).await, 413);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BodyLayer {
    limit: usize,
}

impl BodyLayer {
    /// Reads bodies of up to 2 MiB.
    pub const fn new() -> Self {
        Self { limit: BODY_LIMIT }
    }

    /// Sets the longest body in bytes.
    pub const fn limit(self, bytes: usize) -> Self {
        Self { limit: bytes }
    }
}

impl Default for BodyLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl Around for BodyLayer {
    type Kept = ();

    async fn before(&self, request: &mut ServiceRequest) -> Result<(), Rejection> {
        read(request, self.limit).await
    }
}

/// Reads the body if guards search bodies of its kind, and leaves a copy in the request's extensions.
pub(super) async fn read(request: &mut ServiceRequest, limit: usize) -> Result<(), Rejection> {
    let searched = BodyKind::of(&RequestParts::of(request.request())).is_searched();
    if !searched || request.extensions().get::<Body>().is_some() {
        return Ok(());
    }
    let unreadable = |_| Rejection(Failure::BodyUnreadable);
    let payload = request.extract::<web::Payload>().await.map_err(unreadable)?;
    let read = payload.to_bytes_limited(limit).await.map_err(|_| Rejection(Failure::BodyTooLong))?;
    let bytes = read.map_err(unreadable)?;
    request.set_payload(bytes.clone().into());
    request.extensions_mut().insert(Body(bytes));
    Ok(())
}
