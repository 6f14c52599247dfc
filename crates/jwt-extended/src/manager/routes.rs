//! [`RouteGuard`]: guards many routes at once, except the paths that the app names. The layers of the faces are made of
//! it. It sees requests by [`Request`], and paths as text.

use std::fmt;

use http::Method;

use super::{Admitted, JwtManager};
use crate::{
    guard::Requirement,
    http::{Rejection, Request},
};

/// The longest body, in bytes, that a face reads for guards by default: the limit of axum's and actix-web's own JSON
/// extractors.
pub const BODY_LIMIT: usize = 2 * 1024 * 1024;

/// Guards many routes at once, except the paths that the app names. For faces: their `GuardLayer` is made of it.
///
/// ```
/// use jwt_extended::{JwtManager, Requirement, RouteGuard, jose::Key};
///
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .build()?;
/// let guard = RouteGuard::new(jwt, Requirement::access()).except("/login")?.except("/assets/{*file}")?;
///
/// let passes = |path: &str| {
///     let (request, ()) = http::Request::post(path).body(()).unwrap().into_parts();
///     guard.passes(&request, path)
/// };
/// assert!(passes("/login"));
/// assert!(passes("/assets/logo.svg"));
/// assert!(!passes("/accounts"));
/// assert!(!passes("/assets/../accounts"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RouteGuard {
    jwt: JwtManager,
    requirement: Requirement,
    exceptions: matchit::Router<()>,
    body_limit: usize,
}

/// The error for an exception that is not a path pattern, or is the same pattern as another exception.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{path}\" cannot be an exception: {why}")]
pub struct BadException {
    path: String,
    why: String,
}

impl RouteGuard {
    /// Guards with this requirement. Nothing is excepted.
    pub fn new(jwt: JwtManager, requirement: Requirement) -> Self {
        Self { jwt, requirement, exceptions: matchit::Router::new(), body_limit: BODY_LIMIT }
    }

    /// Leaves a path unguarded: `/login`, `/users/{id}`, `/static/{*file}`. `{*file}` needs at least one character.
    ///
    /// # Errors
    /// If the path does not begin with `/`, is not a valid pattern, or is the same pattern as another exception.
    pub fn except(mut self, path: &str) -> Result<Self, BadException> {
        let bad = |why: String| BadException { path: path.to_owned(), why };
        if !path.starts_with('/') {
            return Err(bad("it must begin with /".to_owned()));
        }
        // In routes of actix-web, these are a regular expression and the rest of the path.
        if path.contains("}*")
            || path.split('}').any(|part| part.split_once('{').is_some_and(|(_, name)| name.contains(':')))
        {
            return Err(bad("write {name} for one segment, and {*name} for the rest of the path".to_owned()));
        }
        self.exceptions.insert(path, ()).map_err(|error| bad(error.to_string()))?;
        Ok(self)
    }

    /// Sets the longest body, in bytes, that the face reads to find a token or a CSRF value: [`BODY_LIMIT`] by default.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Returns whether a request passes without a check: to an excepted path, or any OPTIONS, because browsers send a
    /// CORS preflight without tokens.
    ///
    /// The path is that of the request line, still percent-encoded. It is never excepted if it has a `..` segment,
    /// plain or percent-encoded, or an encoded slash or backslash: a framework may not resolve these, but a file server
    /// behind an exception may, and would serve files outside the exception without a check.
    pub fn passes(&self, request: &impl Request, path: &str) -> bool {
        request.method() == Method::OPTIONS.as_str() || (self.exceptions.at(path).is_ok() && !climbs(path))
    }

    /// Returns the longest body that the face must read before [`authenticate`](Self::authenticate), or `None` if no
    /// token or CSRF value can come in a body.
    pub fn needed_body(&self) -> Option<usize> {
        self.jwt.steps().needs_body(&self.requirement).then_some(self.body_limit)
    }

    /// Checks a request that does not [pass](Self::passes).
    ///
    /// # Errors
    /// As [`JwtManager::authenticate`].
    pub fn authenticate<R: Request>(
        &self,
        request: &R,
    ) -> impl Future<Output = Result<Admitted, Rejection>> + use<'_, R> {
        self.jwt.authenticate(request, &self.requirement)
    }
}

impl fmt::Debug for RouteGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteGuard").field("requirement", &self.requirement).finish_non_exhaustive()
    }
}

/// Returns whether a path may lead out of the folder that it seems to be in.
fn climbs(path: &str) -> bool {
    path.split(['/', '\\']).any(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == ".." || segment.contains("%2f") || segment.contains("%5c")
    })
}
