//! [`Steps`]: the steps that the manager's methods are made of, for faces and for callers who issue tokens one by one.

use std::sync::OnceLock;

use super::{Admitted, JwtManager};
#[cfg(feature = "testing")]
use crate::http::settings::LocateSettings;
use crate::{
    guard::{self, Examined, Requirement, Waiting, verify_text},
    http::{BodyKind, Located, Reason, Rejection, Request},
    jose::KeyRing,
    token::{Token, TokenError},
};

/// The steps that a [`JwtManager`]'s methods are made of: for faces, and for callers who issue tokens one by one.
///
/// An app that uses a face needs none of them.
///
/// ```
/// use jwt_extended::{JwtManager, Requirement, jose::Key};
///
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .build()?;
/// let session = jwt.steps().new_session()?;
/// let token = jwt.access_token("alice").session(&session).create()?;
/// assert_eq!(jwt.decode_token(&token)?.session(), Some(&*session));
/// assert!(!jwt.steps().needs_body(&Requirement::access()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    pub(super) manager: &'a JwtManager,
}

/// Verifies a located token with the keys of a ring: its signature and claims.
pub type Judge<'j> = dyn Fn(&KeyRing) -> Result<Token, Rejection> + Sync + 'j;

impl JwtManager {
    /// Returns the steps that this manager's methods are made of.
    pub fn steps(&self) -> Steps<'_> {
        Steps { manager: self }
    }
}

impl<'a> Steps<'a> {
    /// Finds a request's token without verifying it.
    ///
    /// # Errors
    /// If there is no token, or the request carries it in a malformed way.
    pub fn locate<'r>(self, request: &'r impl Request, requirement: &Requirement) -> Result<Located<'r>, Rejection> {
        self.demand_body(request, requirement)?;
        guard::find(&self.manager.inner.settings, request, requirement).map_err(|refusal| self.manager.refuse(refusal))
    }

    /// Checks a request as [`JwtManager::authenticate`] does, with keys that the caller chooses for the located token
    /// (Flask-JWT-Extended's `decode_key_loader`).
    ///
    /// `judge` gets the located token and a function that verifies it with a key ring. It is called again for each
    /// other cookie of the same name. For a token that [names another issuer](Self::issuer_named_in), the function
    /// takes the keys of that issuer, whatever the ring.
    ///
    /// Everything but the store is checked before this returns; the future asks the store and the app's own
    /// verification, and does not borrow the request. If another issuer's keys are needed first, it waits for them.
    ///
    /// # Errors
    /// As [`JwtManager::authenticate`], and those of `judge`.
    pub fn authenticate_with<R: Request, E: From<Rejection>, J>(
        self,
        request: &R,
        requirement: &Requirement,
        mut judge: J,
    ) -> Result<impl Future<Output = Result<Admitted, Rejection>> + use<'a, R, E, J>, E>
    where
        J: FnMut(&str, &Judge<'_>) -> Result<Token, E>,
    {
        let (manager, now) = (self.manager, self.manager.now());
        let settings = &manager.inner.settings;
        let located = self.locate(request, requirement)?;
        let awaited = OnceLock::new();
        let verify = |text: &str| {
            judge(text, &|ring| {
                guard::verify_one(settings, ring, &located, text, now).map_err(|mut refusal| {
                    if let Some(issuer) = refusal.awaits.take() {
                        // Of several tokens, the first decides whose keys are asked for.
                        let _ = awaited.set(issuer);
                    }
                    manager.refuse(refusal)
                })
            })
        };
        let chosen = guard::choose(settings, &located, verify, |refusal| manager.refuse(refusal).into());
        let examined = match (chosen, awaited.into_inner()) {
            (Ok(token), _) => {
                let met = guard::meets(settings, &located, token, requirement, now);
                Examined::Met(met.map_err(|refusal| manager.refuse(refusal))?)
            }
            (Err(_), Some(issuer)) => Examined::Waiting(Box::new(Waiting::new(issuer, located, requirement))),
            (Err(error), None) => return Err(error),
        };
        Ok(manager.admit(Ok(examined), requirement.checks_revocation(), now))
    }

    /// Verifies a token as [`JwtManager::decode_token`] does, by the keys of this ring instead of the manager's.
    ///
    /// # Errors
    /// As [`JwtManager::decode_token`].
    pub fn decode_with(self, ring: &KeyRing, token: &str) -> Result<Token, TokenError> {
        verify_text(&self.manager.inner.settings, ring, token, self.manager.now())
    }

    /// Returns where the manager looks for tokens, and by which names.
    #[cfg(feature = "testing")]
    pub(crate) fn locate_settings(self) -> &'a LocateSettings {
        &self.manager.inner.settings.locate
    }

    /// Returns how much longer than it says a token is accepted.
    #[cfg(feature = "testing")]
    pub(crate) fn leeway(self) -> std::time::Duration {
        self.manager.leeway()
    }

    /// Returns whether a guard with this requirement needs the body: for the JSON location, or for a CSRF form field.
    pub fn needs_body(self, requirement: &Requirement) -> bool {
        let locate = &self.manager.inner.settings.locate;
        locate.needs_body(requirement.locations_or(&locate.locations))
    }

    /// Refuses a request whose body the face has not passed on, although a guard must look into it.
    pub(super) fn demand_body(self, request: &impl Request, requirement: &Requirement) -> Result<(), Rejection> {
        // The kind of the body is checked last, because few apps look into bodies.
        if !request.has_body() && self.needs_body(requirement) && BodyKind::of(request).is_searched() {
            const UNSEEN: &str = "a token or a CSRF value may be in the body, which the face did not pass on: in axum and \
                                  actix-web, wrap the routes in a `BodyLayer`";
            return Err(self.manager.reject(Reason::Misconfigured(UNSEEN), None));
        }
        Ok(())
    }
}
