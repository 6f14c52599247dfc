//! Guards many routes at once: a scope, or all routes except those that the app names.

use std::sync::Arc;

use actix_web::{HttpMessage, dev::ServiceRequest};
use jwt_extended::{BadException, JwtManager, Requirement, RouteGuard};

use super::{Around, body::read};
use crate::{Rejection, RequestParts};

/// Rejects every request that does not meet a requirement, except on the paths that the app names.
///
/// # Rules
///
/// 1. If a request meets the [`Requirement`], the layer passes it to the routes with its token in the extensions. The
///    handler takes the token as `ReqData<Admitted>` ([`Admitted`](jwt_extended::Admitted)). The layer answers all
///    other requests with a [`Rejection`].
/// 2. An exception is a path pattern: `{name}` is one segment, and `{*name}` the rest of the path. The layer compares
///    it with the path as the client sent it: case-sensitive, and not percent-decoded. If a pattern is invalid,
///    [`except`](Self::except) fails.
/// 3. A path is never an exception if one of its segments is `..`, plain or percent-encoded, or contains `%2f` or
///    `%5c`.
/// 4. OPTIONS requests pass without a check, because browsers send them without a token before a request to another
///    origin.
/// 5. If the token or the CSRF value may be in the body, the layer reads the body first, as a
///    [`BodyLayer`](crate::BodyLayer) does.
///
/// # Deployment caveats
///
/// - A guard for access tokens around all routes also rejects the refresh tokens that `/refresh` needs. Make `/refresh`
///   an exception, and guard it with the extractor [`Refresh`](crate::Refresh).
/// - `App::wrap` also guards paths without a route, so that strangers cannot find out which paths exist.
/// - Inside a scope, the layer sees the whole path. Write exceptions with the scope's prefix.
/// - actix-web's `NormalizePath` changes the path for the layers inside of it, so wrap it last.
/// - A route that answers OPTIONS with more than CORS headers needs a guard extractor (rule 4).
///
/// # Example
///
/// ```
/// use actix_web::{App, http::Method, test, web};
/// use jwt_extended_actix::{Admitted, GuardLayer, JwtManager, Requirement, jose::Key};
///
/// async fn accounts(admitted: web::ReqData<Admitted>) -> String {
///     format!("the accounts of {}", admitted.token().subject())
/// }
///
/// # actix_web::rt::System::new().block_on(async {
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .build()?;
/// let transfers = web::resource("/transfers")
///     .route(web::post().to(async || "done"))
///     .wrap(GuardLayer::new(jwt.clone(), Requirement::fresh()));
/// let guard = GuardLayer::new(jwt.clone(), Requirement::access()).except("/login")?.except("/assets/{*file}")?;
/// let app = App::new()
///     .route("/login", web::post().to(async || "welcome"))
///     .route("/accounts", web::get().to(accounts))
///     .service(transfers)
///     .wrap(guard);
/// let app = test::init_service(app).await;
///
/// let status = async |method: Method, path: &str, token: Option<&str>| {
///     let mut request = test::TestRequest::with_uri(path).method(method);
///     if let Some(token) = token {
///         request = request.insert_header(("Authorization", format!("Bearer {token}")));
///     }
///     test::call_service(&app, request.to_request()).await.status()
/// };
/// assert_eq!(status(Method::POST, "/login", None).await, 200);
/// assert_eq!(status(Method::GET, "/accounts", None).await, 401);
/// assert_eq!(status(Method::GET, "/no/such/path", None).await, 401);
/// assert_eq!(status(Method::GET, "/assets/../accounts", None).await, 401);
///
/// let token = jwt.create_access_token("alice")?;
/// assert_eq!(status(Method::GET, "/accounts", Some(&token)).await, 200);
/// assert_eq!(status(Method::POST, "/transfers", Some(&token)).await, 401, "the token is not fresh");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct GuardLayer {
    guard: Arc<RouteGuard>,
}

impl GuardLayer {
    /// Creates a layer that guards with this requirement.
    pub fn new(jwt: JwtManager, requirement: Requirement) -> Self {
        Self { guard: Arc::new(RouteGuard::new(jwt, requirement)) }
    }

    /// Sets the maximum size, in bytes, of a body that the layer reads to find a token or a CSRF value. The default is
    /// 2 MiB.
    pub fn body_limit(self, bytes: usize) -> Self {
        Self { guard: Arc::new(Arc::unwrap_or_clone(self.guard).body_limit(bytes)) }
    }

    /// Leaves a path unguarded. `{*file}` needs at least one character: `/login`, `/users/{id}`, `/static/{*file}`.
    ///
    /// # Errors
    /// If the path does not begin with `/`, is not a valid pattern, or is the same pattern as another exception.
    pub fn except(self, path: &str) -> Result<Self, BadException> {
        Ok(Self { guard: Arc::new(Arc::unwrap_or_clone(self.guard).except(path)?) })
    }
}

impl Around for GuardLayer {
    type Kept = ();

    async fn before(&self, request: &mut ServiceRequest) -> Result<(), Rejection> {
        if self.guard.passes(&RequestParts::of(request.request()), request.path()) {
            return Ok(());
        }
        if let Some(limit) = self.guard.needed_body() {
            read(request, limit).await?;
        }
        let admitted = self.guard.authenticate(&RequestParts::of(request.request())).await?;
        request.extensions_mut().insert(admitted);
        Ok(())
    }
}
