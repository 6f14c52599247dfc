//! Rejections as responses, and what becomes of a rejection that nobody answers.

use std::{cell::Cell, fmt, rc::Rc};

use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError, dev::ServiceResponse, http::StatusCode};
use jwt_extended::http::Failure;

use crate::response::to_actix;

/// A rejected request, or an error of the engine in a handler: every error of the engine converts to it by `?`.
///
/// It wraps the engine's [`jwt_extended::Rejection`], because only a type of this crate can be an actix-web error. The
/// response carries the engine's rejection in its extensions.
///
/// ```
/// use actix_web::web;
/// use jwt_extended_actix::{Access, JwtManager, Rejection};
///
/// async fn leave_everywhere(jwt: web::Data<JwtManager>, token: Access) -> Result<String, Rejection> {
///     Ok(format!("{} sessions ended", jwt.end_all_sessions(&token).await?))
/// }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct Rejection(pub(crate) Failure);

impl Rejection {
    /// Returns the engine's rejection with its reason, or `None` if the handler failed for another reason.
    pub fn rejection(&self) -> Option<&jwt_extended::Rejection> {
        self.0.rejection()
    }
}

impl ResponseError for Rejection {
    fn status_code(&self) -> StatusCode {
        self.error_response().status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = to_actix(self.0.to_response());
        if let Some(rejection) = self.rejection() {
            response.extensions_mut().insert(rejection.clone());
        }
        response
    }
}

/// The rejection of a guard that is an argument, which must become the response.
///
/// actix-web's own `Option<T>` and `Result<T, E>` are arguments too, and the compiler cannot refuse `Option<Access>`:
/// its `None` stands for every rejection, whether the token is missing, forged or cannot be checked. Take
/// [`Optional<Access>`](crate::Optional), or `Result<Access, Rejection>`, which says that the handler itself answers.
///
/// If a rejection is dropped without having become a response, this type logs an error that says so, at the first
/// visitor without a token. Inside a layer of this crate, the rejection then takes the place of the handler's response.
///
/// ```
/// use jwt_extended_actix::{Access, Rejection};
///
/// async fn page(token: Result<Access, Rejection>) -> String {
///     match token {
///         Ok(token) => format!("hello {}", token.subject()),
///         Err(rejection) => format!("not now: {rejection}"),
///     }
/// }
/// ```
#[derive(thiserror::Error)]
#[error("{error}")]
pub struct GuardError {
    /// A [`Rejection`], or the app's own error if the lookup of a user failed.
    error: Error,
    unanswered: Unanswered,
    answered: Cell<bool>,
}

/// The response for a request whose rejection nobody has answered, in the request's extensions.
#[derive(Clone, Default)]
struct Unanswered(Rc<Cell<Option<HttpResponse>>>);

impl GuardError {
    pub(crate) fn new(error: Error, request: &HttpRequest) -> Self {
        let mut extensions = request.extensions_mut();
        let unanswered = extensions.get::<Unanswered>().cloned().unwrap_or_default();
        extensions.insert(unanswered.clone());
        Self { error, unanswered, answered: Cell::new(false) }
    }

    /// Returns the engine's rejection with its reason, or `None` if the guard failed for another reason.
    pub fn rejection(&self) -> Option<&jwt_extended::Rejection> {
        self.error.as_error::<Rejection>()?.rejection()
    }

    pub(crate) fn is_for_missing_token(&self) -> bool {
        self.error.as_error::<Rejection>().is_some_and(|rejection| rejection.0.is_for_missing_token())
    }

    /// Lets the request go on all the same.
    pub(crate) fn pardon(self) {
        self.answered.set(true);
    }
}

/// Returns the response that must take the place of this one, because a guard's rejection was dropped.
pub(crate) fn unanswered<B>(response: &ServiceResponse<B>) -> Option<HttpResponse> {
    let rejected = response.request().extensions().get::<Unanswered>()?.0.take();
    // Of two guards that reject a request, one answers.
    rejected.filter(|_| response.response().extensions().get::<jwt_extended::Rejection>().is_none())
}

impl Drop for GuardError {
    fn drop(&mut self) {
        if !self.answered.get() {
            const ADVICE: &str = "a guard's rejection was dropped; take `Optional<…>`, not `Option<…>`";
            tracing::error!(rejection = %self.error, "{ADVICE}");
            self.unanswered.0.set(Some(self.error.error_response()));
        }
    }
}

impl ResponseError for GuardError {
    fn status_code(&self) -> StatusCode {
        self.error.as_response_error().status_code()
    }

    fn error_response(&self) -> HttpResponse {
        self.answered.set(true);
        self.error.error_response()
    }
}

/// The caller answers for the guard. A lookup of a user that failed becomes a rejection with the status 500.
impl From<GuardError> for Rejection {
    fn from(guard: GuardError) -> Self {
        guard.answered.set(true);
        let rejection = guard.error.as_error::<Self>().cloned();
        rejection.unwrap_or_else(|| Self(Failure::UserLookup(guard.to_string())))
    }
}

/// A guard that the app has written itself.
impl From<Rejection> for GuardError {
    fn from(rejection: Rejection) -> Self {
        Self { error: rejection.into(), unanswered: Unanswered::default(), answered: Cell::new(false) }
    }
}

impl fmt::Debug for GuardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.error, f)
    }
}

impl<E: Into<Failure>> From<E> for Rejection {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}
