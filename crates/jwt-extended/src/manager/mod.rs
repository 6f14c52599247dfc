//! [`JwtManager`]: the one value that an app holds. It has the configuration, the keys, the clock and the store, and
//! calls the lower layers in order.

mod builder;
mod cookies;
mod foreign;
mod guard_type;
mod issuing;
mod limits;
mod login;
mod logout;
mod lookup;
mod pair;
mod publishing;
mod refresh;
mod renewal;
mod rotation;
#[cfg(feature = "routes")]
mod routes;
mod sessions;
mod steps;
mod stores;
mod visitor;

use std::{fmt, sync::Arc};

pub use builder::JwtManagerBuilder;
pub use cookies::CookieWriter;
pub use foreign::KnownIssuer;
pub use issuing::TokenBuilder;
pub use login::{EarlierSessions, Login};
pub use logout::LoggedOut;
pub use lookup::UserError;
pub use pair::TokenPair;
pub use refresh::Refreshing;
pub use renewal::Expiring;
pub use rotation::Rotation;
#[cfg(feature = "routes")]
pub use routes::{BODY_LIMIT, BadException, RouteGuard};
pub use steps::{Judge, Steps};
use stores::Stores;
pub use visitor::Visitor;

use crate::{
    config::{Config, KeySchedule, ReplaceKeysError, Settings},
    entropy::Entropy,
    guard::{self, Examined, Refusal, Requirement, verify_text},
    http::{Location, Reason, Rejection, Renderer, Request, refuse_cross_site},
    jose::KeyRing,
    session::{StoreError, TokenIds, TokenStatus},
    time::{Clock, Timestamp},
    token::{Token, TokenError, TokenType},
};

/// The one value that an app holds: issues tokens, checks requests, sets cookies, revokes. Cloning is cheap, and there
/// is no global state: two managers in one process share nothing.
///
/// [`steps`](Self::steps) has what faces need, and callers who issue tokens one by one.
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

/// The app's own verification of a token: Flask-JWT-Extended's `token_verification_loader`.
type Verification = Box<dyn Fn(&Token) -> bool + Send + Sync>;

/// The app's reaction to a replayed refresh token.
type ReplayHandler = Box<dyn Fn(&Token) + Send + Sync>;

/// The token that a request was admitted with, and its location in the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    token: Token,
}

impl Admitted {
    /// Returns the token.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Returns where in the request it was: Flask-JWT-Extended's `get_jwt_request_location()`.
    pub fn location(&self) -> Location {
        // A token that was admitted came in a request, which noted where.
        self.token.location().unwrap_or(Location::Header)
    }

    /// Returns the token alone.
    pub fn into_token(self) -> Token {
        self.token
    }
}

impl JwtManager {
    /// Starts building a manager from the defaults.
    pub fn builder() -> JwtManagerBuilder {
        JwtManagerBuilder::new(Config::default())
    }

    /// Starts building a manager from a configuration that was read from a file or the environment.
    pub fn from_config(config: Config) -> JwtManagerBuilder {
        JwtManagerBuilder::new(config)
    }

    /// Checks a request: finds its token and checks it against the requirement, the store and the app's own
    /// verification.
    ///
    /// Everything but the store is checked before this returns, so the future does not borrow the request.
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
        self.admit(examined, requirement.checks_revocation(), now)
    }

    /// Checks a request for which a token is optional (`optional=True`): returns `None` without a token, and still
    /// refuses an invalid one.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate), except for a missing token.
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

    /// Refuses a request that the browser marks as sent by another site. A login that sets cookies needs this check:
    /// otherwise another site could log its visitor in as somebody else.
    ///
    /// # Errors
    /// If the request is cross-site, unless `csrf_refuse_cross_site` or `cookie_csrf_protect` is off. With
    /// `csrf_refuse_same_site`, also if it is from another host or port of the same site.
    pub fn refuse_cross_site(&self, request: &impl Request) -> Result<(), Rejection> {
        refuse_cross_site(&self.inner.settings.locate, request).map_err(|error| self.reject(Reason::Csrf(error), None))
    }

    /// Verifies a token that did not come by HTTP: its signature and its claims, but neither the store nor the app's
    /// own verification. Flask-JWT-Extended's `decode_token`.
    ///
    /// # Errors
    /// If the token is not acceptable now, or names an issuer whose key is not known yet: this method does not wait for
    /// keys. [`TokenError::Expired`] holds the token, for callers who accept it anyway.
    pub fn decode_token(&self, token: &str) -> Result<Token, TokenError> {
        let now = self.now();
        verify_text(&self.inner.settings, self.inner.settings.rings.load().at(now), token, now)
    }

    /// Makes a rejection in the app's name that looks like all others: for a user who no longer exists, or a claim that
    /// the app does not accept.
    pub fn reject(&self, reason: Reason, token: Option<Token>) -> Rejection {
        match &reason {
            Reason::StoreUnavailable(error) => {
                tracing::error!(%error, "the store failed, so the request is refused");
            }
            Reason::Issue(error) => tracing::error!(%error, "a token could not be issued"),
            Reason::Misconfigured(error) => {
                tracing::error!(%error, "the app is misconfigured, so the request is refused");
            }
            _ => {}
        }
        let place = token.as_ref().and_then(|token| Some((token.location()?, token.token_type())));
        self.refuse(Refusal { reason, token, place, awaits: None })
    }

    /// Returns the keys of this moment. An app may publish their public halves ([`KeyRing::to_jwk_set`],
    /// [`jwk_set_response`](Self::jwk_set_response)).
    pub fn key_ring(&self) -> Arc<KeyRing> {
        let rings = self.inner.settings.rings.load();
        // Reading the clock costs as much as the rest of this.
        let now = if rings.is_constant() { Timestamp::default() } else { self.now() };
        Arc::clone(rings.shared_at(now))
    }

    /// Replaces the schedule of the keys while requests are served: the next token is signed and checked by it. All
    /// clones of the manager take it up. Its keys obey the rules of [`KeySchedule`].
    ///
    /// A key that the new schedule leaves out is refused from now on, and so are its tokens.
    ///
    /// ```
    /// use jwt_extended::{JwtManager, config::{KeySchedule, ScheduledKey}, jose::Key};
    ///
    /// let old = ScheduledKey::new(Key::hs256("the secret that has signed until today, now retired")?.with_kid("old")?);
    /// let new = ScheduledKey::new(Key::hs256("the secret that signs from today, thirty-two bytes")?.with_kid("new")?);
    /// let jwt = JwtManager::builder().key_schedule(KeySchedule::new().key(old.clone())).build()?;
    /// let token = jwt.create_access_token("alice")?;
    ///
    /// jwt.replace_key_schedule(&KeySchedule::new().key(new.clone()).key(old))?;
    /// assert_eq!(jwt.key_ring().signing_key().and_then(Key::kid), Some("new"));
    /// assert!(jwt.decode_token(&token).is_ok());
    ///
    /// jwt.replace_key_schedule(&KeySchedule::new().key(new))?;
    /// assert!(jwt.decode_token(&token).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the manager was not built with [`key_schedule`](JwtManagerBuilder::key_schedule), or two keys have one
    /// `kid`. Then the keys stay as they are.
    pub fn replace_key_schedule(&self, keys: &KeySchedule) -> Result<(), ReplaceKeysError> {
        self.inner.settings.rings.replace(keys)
    }

    /// Returns the locations where guards look for tokens.
    pub fn token_location(&self) -> &[Location] {
        &self.inner.settings.locate.locations
    }

    /// Returns the time by the manager's clock.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Makes a rejection, which clears the cookie that was refused if the app wants it.
    fn refuse(&self, refusal: Refusal) -> Rejection {
        let Refusal { reason, token, place, .. } = refusal;
        tracing::debug!(code = reason.code(), "the request is refused");
        let cookies =
            if self.inner.settings.clear_rejected_cookies { self.useless_cookies(&reason, place) } else { None };
        let rejection = Rejection::new(reason, token, Arc::clone(&self.inner.renderer)).at(place);
        match cookies {
            Some(cookies) => rejection.with_cookies(cookies),
            None => rejection,
        }
    }

    /// Makes the checks that need no I/O.
    fn examine(
        &self,
        request: &impl Request,
        requirement: &Requirement,
        now: Timestamp,
    ) -> Result<Examined, Rejection> {
        self.steps().demand_body(request, requirement)?;
        guard::examine(&self.inner.settings, request, requirement, now).map_err(|refusal| self.refuse(refusal))
    }

    /// Makes the checks that follow: with new keys, if the token waits for them, then the store, and the app's own
    /// verification.
    async fn admit(
        &self,
        examined: Result<Examined, Rejection>,
        checks_revocation: bool,
        now: Timestamp,
    ) -> Result<Admitted, Rejection> {
        let token = match examined? {
            Examined::Met(token) => token,
            Examined::Waiting(waiting) => {
                waiting.issuer.keys().renew().await;
                waiting.examine(&self.inner.settings, self.now()).map_err(|refusal| self.refuse(refusal))?
            }
        };
        if checks_revocation {
            self.refuse_revoked(&token, now).await?;
        }
        if !self.verifies(&token) {
            return Err(self.reject(Reason::Verification, Some(token)));
        }
        Ok(Admitted { token })
    }

    /// Runs the app's own verification.
    fn verifies(&self, token: &Token) -> bool {
        self.inner.verification.as_ref().is_none_or(|verify| verify(token))
    }

    /// Refuses a token that the store reports as revoked, or about which it cannot answer.
    async fn refuse_revoked(&self, token: &Token, now: Timestamp) -> Result<(), Rejection> {
        let status = match token.token_type() {
            TokenType::Refresh => self.inner.store.ask(&self.ids(token, now)).await,
            TokenType::Access | TokenType::Other => self.status(token, now).await,
        };
        match status {
            Ok(TokenStatus::Active) => Ok(()),
            Ok(TokenStatus::Revoked) => Err(self.reject(Reason::Revoked, Some(token.clone()))),
            Err(error) => Err(self.reject(Reason::StoreUnavailable(error), None)),
        }
    }

    /// Returns what the store needs to know about a token.
    fn ids<'a>(&self, token: &'a Token, now: Timestamp) -> TokenIds<'a> {
        token.ids(now, self.leeway(), self.inner.store.kind())
    }

    async fn status(&self, token: &Token, now: Timestamp) -> Result<TokenStatus, StoreError> {
        self.inner.store.status(&self.ids(token, now)).await
    }
}

impl fmt::Debug for JwtManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtManager")
            .field("ring", &self.key_ring())
            .field("token_location", &self.inner.settings.locate.locations)
            .field("store", &self.inner.store.kind())
            .finish_non_exhaustive()
    }
}
