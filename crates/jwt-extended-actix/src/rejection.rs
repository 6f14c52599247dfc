//! Rejections as responses, and what becomes of a rejection that nobody answers.

use std::{cell::Cell, fmt, rc::Rc};

use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError, dev::ServiceResponse, http::StatusCode};
use jwt_extended::{CookieError, http::Failure, session::StoreError, token::IssueError};

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
#[derive(Clone, thiserror::Error)]
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

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
pub struct GuardError {
    rejection: Rejection,
    unanswered: Unanswered,
    answered: Cell<bool>,
}

/// The rejection of a request that nobody has answered, in the request's extensions.
#[derive(Clone, Default)]
struct Unanswered(Rc<Cell<Option<Rejection>>>);

impl GuardError {
    pub(crate) fn new(rejection: Rejection, request: &HttpRequest) -> Self {
        let mut extensions = request.extensions_mut();
        let unanswered = extensions.get::<Unanswered>().cloned().unwrap_or_default();
        extensions.insert(unanswered.clone());
        Self { rejection, unanswered, answered: Cell::new(false) }
    }

    /// Returns the engine's rejection with its reason, or `None` if the guard failed for another reason.
    pub fn rejection(&self) -> Option<&jwt_extended::Rejection> {
        self.rejection.rejection()
    }
}

/// Returns the rejection that must take the place of this response, because nobody has answered it.
pub(crate) fn unanswered<B>(response: &ServiceResponse<B>) -> Option<Rejection> {
    let rejection = response.request().extensions().get::<Unanswered>()?.0.take();
    // Of two guards that reject a request, one answers.
    rejection.filter(|_| response.response().extensions().get::<jwt_extended::Rejection>().is_none())
}

impl Drop for GuardError {
    fn drop(&mut self) {
        if !self.answered.get() {
            const ADVICE: &str = "a guard's rejection was dropped; take `Optional<…>`, not `Option<…>`";
            tracing::error!(rejection = %self.rejection, "{ADVICE}");
            self.unanswered.0.set(Some(self.rejection.clone()));
        }
    }
}

impl ResponseError for GuardError {
    fn status_code(&self) -> StatusCode {
        self.rejection.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        self.answered.set(true);
        self.rejection.error_response()
    }
}

/// The caller answers for the guard.
impl From<GuardError> for Rejection {
    fn from(error: GuardError) -> Self {
        error.answered.set(true);
        error.rejection.clone()
    }
}

impl std::error::Error for GuardError {}

impl fmt::Display for GuardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rejection.fmt(f)
    }
}

impl fmt::Debug for GuardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rejection.fmt(f)
    }
}

/// The error of a guard, for [`Optional`](crate::Optional) and [`Visitor`](crate::Visitor).
///
/// The trait is public because they mention it. It is not exported.
pub trait Refusal: Into<Error> {
    /// Returns why the request is refused; `None` if the guard failed for another reason.
    fn refusal(&self) -> Option<&jwt_extended::Rejection>;

    /// Lets the request go on all the same.
    fn pardon(self);
}

impl Refusal for GuardError {
    fn refusal(&self) -> Option<&jwt_extended::Rejection> {
        self.rejection()
    }

    fn pardon(self) {
        self.answered.set(true);
    }
}

impl Refusal for Rejection {
    fn refusal(&self) -> Option<&jwt_extended::Rejection> {
        self.rejection()
    }

    fn pardon(self) {}
}

macro_rules! causes {
    ($($error:ty),*) => {$(
        impl From<$error> for Rejection {
            fn from(error: $error) -> Self {
                Self(error.into())
            }
        }
    )*};
}

causes!(jwt_extended::Rejection, IssueError, CookieError, StoreError);
