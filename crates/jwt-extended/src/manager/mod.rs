//! [`JwtManager`]: the one value that an app holds. It has the configuration, the keys, the clock and the store, and asks
//! the lower floors in order.

mod builder;
mod cookies;
mod issuing;
mod login;
mod renewal;
mod revoking;
mod sessions;
mod stores;

use std::{fmt, sync::Arc};

pub use builder::JwtManagerBuilder;
pub use issuing::TokenBuilder;
pub use login::TokenPair;
pub use renewal::Expiring;
use sessions::ReplayHandler;
pub use sessions::Rotation;
use stores::Stores;

use crate::{
    config::{Config, Settings},
    entropy::Entropy,
    guard::{self, Requirement},
    http::{BodyKind, Located, Location, Reason, Rejection, Renderer, Request, refuse_cross_site},
    jose::KeyRing,
    session::{Standing, StoreError},
    time::{Clock, Timestamp},
    token::{Token, TokenError, verify},
};

/// The one value that an app holds: makes tokens, checks requests, sets cookies, revokes. Cloning is cheap, and nothing is
/// global: two managers in one process know nothing of each other.
///
/// ```
/// use jwt_extended::{JwtManager, http::Location, jose::Key, session::MemoryStore};
///
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .token_location([Location::Header, Location::Cookie])
///     .session_store(MemoryStore::new())
///     .build()?;
/// let token = jwt.create_access_token("alice")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct JwtManager {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    renderer: Arc<Renderer>,
    store: Stores,
    on_replay: Option<ReplayHandler>,
    verification: Option<Verification>,
    clock: Box<dyn Clock>,
    entropy: Box<dyn Entropy>,
}

/// The app's own judgement of a token: upstream's `token_verification_loader`.
type Verification = Box<dyn Fn(&Token) -> bool + Send + Sync>;

/// A token that a request was let in with, and where in the request it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    token: Token,
    location: Location,
}

impl Admitted {
    /// The token.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Where it was: upstream's `get_jwt_request_location()`.
    pub fn location(&self) -> Location {
        self.location
    }

    /// The token alone.
    pub fn into_token(self) -> Token {
        self.token
    }
}

impl JwtManager {
    /// Starts from the defaults.
    pub fn builder() -> JwtManagerBuilder {
        JwtManagerBuilder::new(Config::default())
    }

    /// Starts from a configuration that was read from somewhere.
    pub fn from_config(config: Config) -> JwtManagerBuilder {
        JwtManagerBuilder::new(config)
    }

    /// Checks a request: finds its token and judges it by the requirement, the store and the app's own verification.
    ///
    /// All but the store is asked at once; the future does not hold on to the request.
    ///
    /// # Errors
    /// A [`Rejection`], ready to be sent, if the request must not pass.
    pub fn authenticate<'a, R: Request>(
        &'a self,
        request: &R,
        requirement: &Requirement,
    ) -> impl Future<Output = Result<Admitted, Rejection>> + use<'a, R> {
        let now = self.now();
        let examined = self.examine(request, requirement, now);
        let asks_store = requirement.checks_revocation();
        async move {
            let (token, location) = examined?;
            if asks_store {
                self.refuse_revoked(&token, now).await?;
            }
            if !self.verifies(&token) {
                return Err(self.reject(Reason::Verification, Some(token)));
            }
            Ok(Admitted { token, location })
        }
    }

    /// The first half of [`authenticate`](Self::authenticate): finds the request's token. For those who choose the key by
    /// what the token says (upstream's `decode_key_loader`); the second half is [`judge`](Self::judge).
    ///
    /// # Errors
    /// If there is no token, or it is carried in a malformed way.
    pub fn locate<'r>(&self, request: &'r impl Request, requirement: &Requirement) -> Result<Located<'r>, Rejection> {
        self.demand_body(request, requirement)?;
        guard::find(&self.inner.settings, request, requirement).map_err(|(reason, token)| self.reject(reason, token))
    }

    /// The second half of [`authenticate`](Self::authenticate): judges the token that was found, by the keys of this ring
    /// and not of the manager's own. The store and the app's own verification are not asked.
    ///
    /// # Errors
    /// If the token must not pass.
    pub fn judge(&self, located: &Located<'_>, ring: &KeyRing, requirement: &Requirement) -> Result<Token, Rejection> {
        guard::judge(&self.inner.settings, ring, located, requirement, self.now())
            .map_err(|(reason, token)| self.reject(reason, token))
    }

    /// Checks a request that may do without a token (`optional=True`): no token is `None`, and a bad one is still refused.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate), but for the lack of a token.
    pub async fn authenticate_optional(
        &self,
        request: &impl Request,
        requirement: &Requirement,
    ) -> Result<Option<Admitted>, Rejection> {
        match self.authenticate(request, requirement).await {
            Ok(admitted) => Ok(Some(admitted)),
            Err(rejection) if matches!(rejection.reason(), Reason::Missing(_)) => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }

    /// Whether guards around routes let a request pass unseen: every OPTIONS, as browsers send it without tokens before a
    /// request to another origin. A route that answers OPTIONS with more than CORS headers must guard itself.
    pub fn exempts(&self, request: &impl Request) -> bool {
        request.method() == "OPTIONS"
    }

    /// The check that a login needs which sets cookies: that the browser does not say another site sent the request, which
    /// could log its visitor in as somebody else.
    ///
    /// # Errors
    /// If the request is cross-site, unless `csrf_refuse_cross_site` or `cookie_csrf_protect` is off.
    pub fn refuse_cross_site(&self, request: &impl Request) -> Result<(), Rejection> {
        refuse_cross_site(&self.inner.settings.locate, request).map_err(|error| self.reject(Reason::Csrf(error), None))
    }

    /// Whether a guard with this requirement needs to see the body: for the JSON location, or a CSRF form field.
    pub fn needs_body(&self, requirement: &Requirement) -> bool {
        let locate = &self.inner.settings.locate;
        locate.needs_body(requirement.places(&locate.locations))
    }

    /// Checks a token that did not come by HTTP: its signature and its claims. The store and the app's own verification are
    /// not asked. Upstream's `decode_token`.
    ///
    /// # Errors
    /// If it is not acceptable now. [`TokenError::Expired`] holds the token, for those who accept it all the same.
    pub fn decode_token(&self, token: &str) -> Result<Token, TokenError> {
        self.decode_token_with(&self.inner.settings.ring, token)
    }

    /// As [`decode_token`](Self::decode_token), by the keys of this ring and not of the manager's own.
    ///
    /// # Errors
    /// As [`decode_token`](Self::decode_token).
    pub fn decode_token_with(&self, ring: &KeyRing, token: &str) -> Result<Token, TokenError> {
        verify(&self.inner.settings.policy, ring, token, self.now())
    }

    /// A refusal of the app's own, which looks like all others: for a user who is gone, or a claim that will not do.
    pub fn reject(&self, reason: Reason, token: Option<Token>) -> Rejection {
        match &reason {
            Reason::StoreUnavailable(error) => {
                tracing::error!(%error, "the store failed; the request is refused");
            }
            Reason::Issue(error) => tracing::error!(%error, "a token could not be issued"),
            Reason::Misconfigured(error) => tracing::error!(%error, "the request is refused"),
            _ => tracing::debug!(code = reason.code(), "the request is refused"),
        }
        Rejection::new(reason, token, Arc::clone(&self.inner.renderer))
    }

    /// The keys, whose public halves an app may publish.
    pub fn key_ring(&self) -> &KeyRing {
        &self.inner.settings.ring
    }

    /// The places where tokens are looked for.
    pub fn token_location(&self) -> &[Location] {
        &self.inner.settings.locate.locations
    }

    /// The time by the manager's clock.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// The checks that need no waiting.
    fn examine(
        &self,
        request: &impl Request,
        requirement: &Requirement,
        now: Timestamp,
    ) -> Result<(Token, Location), Rejection> {
        self.demand_body(request, requirement)?;
        guard::examine(&self.inner.settings, request, requirement, now)
            .map_err(|(reason, token)| self.reject(reason, token))
    }

    /// Refuses a request whose body the face has not handed over, though a guard would look into it.
    fn demand_body(&self, request: &impl Request, requirement: &Requirement) -> Result<(), Rejection> {
        // What the body is, is asked last: most apps look into none.
        if !request.has_body() && self.needs_body(requirement) && BodyKind::of(request) != BodyKind::Other {
            const UNSEEN: &str = "a token or a CSRF value may come in the body, which the face did not hand over";
            return Err(self.reject(Reason::Misconfigured(UNSEEN), None));
        }
        Ok(())
    }

    /// The app's own judgement.
    fn verifies(&self, token: &Token) -> bool {
        self.inner.verification.as_ref().is_none_or(|verify| verify(token))
    }

    /// Asks the store, and refuses a token that does not stand or cannot be told to.
    async fn refuse_revoked(&self, token: &Token, now: Timestamp) -> Result<(), Rejection> {
        match self.standing(token, now).await {
            Ok(Standing::Good) => Ok(()),
            Ok(Standing::Revoked) => Err(self.reject(Reason::Revoked, Some(token.clone()))),
            Err(error) => Err(self.reject(Reason::StoreUnavailable(error), None)),
        }
    }

    async fn standing(&self, token: &Token, now: Timestamp) -> Result<Standing, StoreError> {
        self.inner.store.standing(&token.ids(now, self.leeway())).await
    }
}

impl fmt::Debug for JwtManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtManager")
            .field("ring", &self.inner.settings.ring)
            .field("token_location", &self.inner.settings.locate.locations)
            .field("store", &self.inner.store.kind())
            .finish_non_exhaustive()
    }
}
