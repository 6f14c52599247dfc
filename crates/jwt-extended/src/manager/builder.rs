//! Builds a [`JwtManager`] from options, keys, a store and the app's callbacks.

use std::{collections::HashMap, fmt, sync::Arc};

use http::Response;

use super::{Inner, JwtManager, ReplayHandler, Verification, stores::Stores};
use crate::{
    config::{
        Config, ConfigError, Count, GivenKeys, KeySchedule, List, Seconds, Secret, Switch, Tolerate, check,
        with_options,
    },
    entropy::{Entropy, SystemEntropy},
    http::{ErrorFormat, Handler, Location, Rejection, RejectionHandler, Renderer, SameSite, Statuses},
    jose::{Algorithm, Key, KeyRing, VerifyingKey},
    session::{RevocationStore, SessionStore},
    time::{Clock, SystemClock},
    token::{Issuer, Lifetime, Token},
};

/// Collects options, keys, a store and callbacks for a [`JwtManager`]. [`build`](Self::build) reports all mistakes
/// together.
#[must_use = "a builder does nothing until `build` is called"]
pub struct JwtManagerBuilder {
    config: Config,
    signing: Option<Key>,
    verifying: Vec<VerifyingKey>,
    ring: Option<KeyRing>,
    schedule: Option<KeySchedule>,
    issuers: Vec<Issuer>,
    store: Stores,
    on_replay: Option<ReplayHandler>,
    verification: Option<Verification>,
    handlers: HashMap<Handler, RejectionHandler>,
    handler_for_all: Option<RejectionHandler>,
    clock: Box<dyn Clock>,
    entropy: Box<dyn Entropy>,
}

impl JwtManagerBuilder {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            signing: None,
            verifying: Vec::new(),
            ring: None,
            schedule: None,
            issuers: Vec::new(),
            store: Stores::None,
            on_replay: None,
            verification: None,
            handlers: HashMap::new(),
            handler_for_all: None,
            clock: Box::new(SystemClock),
            entropy: Box::new(SystemEntropy),
        }
    }

    /// Sets the key that signs tokens, and verifies the tokens that it signed.
    pub fn key(mut self, key: Key) -> Self {
        self.signing = Some(key);
        self
    }

    /// Adds a key that only verifies: a retired signing key, or the public key of a service whose tokens are accepted.
    pub fn verifying_key(mut self, key: impl Into<VerifyingKey>) -> Self {
        self.verifying.push(key.into());
        self
    }

    /// Sets all keys at once, instead of [`key`](Self::key) and [`verifying_key`](Self::verifying_key).
    ///
    /// An empty ring is for callers who choose the key of each token, with
    /// [`TokenBuilder::signed_by`](super::TokenBuilder::signed_by) and
    /// [`Steps::authenticate_with`](super::Steps::authenticate_with).
    pub fn key_ring(mut self, ring: KeyRing) -> Self {
        self.ring = Some(ring);
        self
    }

    /// Sets all keys at once, with the times from which each signs, instead of the methods above.
    /// [`JwtManager::replace_key_schedule`] replaces them later.
    pub fn key_schedule(mut self, keys: KeySchedule) -> Self {
        self.schedule = Some(keys);
        self
    }

    /// Accepts the access tokens of another issuer, beside the app's own. Call it once for each issuer.
    pub fn issuer(mut self, issuer: Issuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Sets where revocations are kept. Without a store, tokens are valid until they expire.
    ///
    /// Replaces the store of [`session_store`](Self::session_store).
    pub fn revocation_store(mut self, store: impl RevocationStore + 'static) -> Self {
        self.store = Stores::Revocations(Arc::new(store));
        self
    }

    /// Sets where sessions and revocations are kept: refresh tokens rotate, a replayed one ends its session, and
    /// sessions can be listed and ended.
    ///
    /// A token whose session the store does not know is refused, for example one that was issued before the store was
    /// configured, or after the store has lost its data.
    pub fn session_store(mut self, store: impl SessionStore + 'static) -> Self {
        self.store = Stores::Sessions(Arc::new(store));
        self
    }

    /// Sets a callback for replayed refresh tokens, for example to warn the user. By then the session has ended, and
    /// the replay is logged. The callback runs before the request is answered, so slow work belongs into a separate
    /// task.
    pub fn on_replay(mut self, report: impl Fn(&Token) + Send + Sync + 'static) -> Self {
        self.on_replay = Some(Box::new(report));
        self
    }

    /// Sets the app's own verification of tokens that have passed all other checks; `false` refuses the token.
    /// Flask-JWT-Extended's `token_verification_loader`.
    pub fn token_verification(mut self, verify: impl Fn(&Token) -> bool + Send + Sync + 'static) -> Self {
        self.verification = Some(Box::new(verify));
        self
    }

    /// Sets the app's response to one kind of rejection: Flask-JWT-Extended's `expired_token_loader` and its six
    /// siblings.
    ///
    /// ```
    /// use jwt_extended::{JwtManager, http::Handler};
    ///
    /// let builder = JwtManager::builder().on(Handler::ExpiredToken, |rejection| {
    ///     let mut response = rejection.default_response();
    ///     *response.body_mut() = br#"{"code": "dave", "err": "I can't let you do that"}"#.to_vec();
    ///     response
    /// });
    /// # let _ = builder;
    /// ```
    pub fn on(
        mut self,
        handler: Handler,
        answer: impl Fn(&Rejection) -> Response<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        self.handlers.insert(handler, Arc::new(answer));
        self
    }

    /// Sets the app's response to every rejection that [`on`](Self::on) does not cover.
    pub fn on_rejection(mut self, answer: impl Fn(&Rejection) -> Response<Vec<u8>> + Send + Sync + 'static) -> Self {
        self.handler_for_all = Some(Arc::new(answer));
        self
    }

    /// Sets the clock: by default the system's. Tests set a [`ManualClock`](crate::ManualClock).
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Sets the source of randomness: by default the operating system's.
    pub fn entropy(mut self, entropy: impl Entropy + 'static) -> Self {
        self.entropy = Box::new(entropy);
        self
    }

    /// Checks options and keys, and builds the manager.
    ///
    /// # Errors
    /// With every mistake in the configuration and the keys. Each says what to set.
    pub fn build(self) -> Result<JwtManager, ConfigError> {
        let keys = gather(self.schedule, self.ring, self.signing, self.verifying);
        let settings = check(self.config, keys, self.issuers, self.store.kind()).map_err(ConfigError::new)?;
        let renderer = Renderer {
            settings: settings.refusals.clone(),
            handlers: self.handlers,
            handler_for_all: self.handler_for_all,
        };
        Ok(JwtManager {
            inner: Arc::new(Inner {
                settings,
                renderer: Arc::new(renderer),
                store: self.store,
                on_replay: self.on_replay,
                verification: self.verification,
                clock: self.clock,
                entropy: self.entropy,
            }),
        })
    }
}

/// Returns the keys that the app has set.
fn gather(
    schedule: Option<KeySchedule>,
    ring: Option<KeyRing>,
    signing: Option<Key>,
    verifying: Vec<VerifyingKey>,
) -> Result<GivenKeys, String> {
    let has_single_keys = signing.is_some() || !verifying.is_empty();
    match (schedule, ring) {
        (None, None) => {}
        (Some(schedule), None) if !has_single_keys => return Ok(GivenKeys::Schedule(schedule)),
        (None, Some(ring)) if !has_single_keys => return Ok(GivenKeys::Ring(ring)),
        (None, Some(_)) => return Err("give either `key_ring`, or `key` and `verifying_key`".into()),
        (Some(_), _) => return Err("give `key_schedule` alone, without `key_ring`, `key` and `verifying_key`".into()),
    }
    let mut verifying = verifying.into_iter();
    let first = match signing {
        Some(key) => Some(KeyRing::new(key)),
        None => verifying.next().map(KeyRing::verify_only),
    };
    let Some(first) = first else { return Ok(GivenKeys::None) };
    verifying.try_fold(first, KeyRing::also_verify).map(GivenKeys::Ring).map_err(|error| error.to_string())
}

macro_rules! define_setters {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ident $type:ty $(= $default:expr)?;)+) => {
        /// A method for each option of [`Config`].
        impl JwtManagerBuilder {
            $(
                $(#[doc = $doc])+
                pub fn $name(mut self, value: impl Into<$type>) -> Self {
                    self.config.$name = define_setters!(@wrap $kind value.into());
                    self
                }
            )+
        }
    };
    (@wrap plain $value:expr) => { $value };
    (@wrap optional $value:expr) => { Some($value) };
}

with_options!(define_setters);

impl fmt::Debug for JwtManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtManagerBuilder")
            .field("config", &self.config)
            .field("signing", &self.signing)
            .field("verifying", &self.verifying)
            .field("ring", &self.ring)
            .field("issuers", &self.issuers)
            .finish_non_exhaustive()
    }
}
