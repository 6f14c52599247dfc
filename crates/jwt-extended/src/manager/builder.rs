//! Building a [`JwtManager`]: options, keys, the store, and the app's own callbacks.

use std::{collections::HashMap, fmt, sync::Arc};

use http::Response;

use super::{Inner, JwtManager, Verification};
use crate::{
    config::{Config, ConfigError, Count, List, Seconds, Secret, Store, Switch, Tolerate, check, with_options},
    entropy::{Entropy, SystemEntropy},
    http::{ErrorFormat, Handler, Location, Rejection, RejectionHandler, Renderer, SameSite, Statuses},
    jose::{Algorithm, Key, KeyRing, VerifyingKey},
    session::RevocationStore,
    time::{Clock, SystemClock},
    token::{Lifetime, Token},
};

/// Gathers what a [`JwtManager`] needs. [`build`](Self::build) reports all mistakes together.
#[must_use = "a builder does nothing until `build` is called"]
pub struct JwtManagerBuilder {
    config: Config,
    signing: Option<Key>,
    verifying: Vec<VerifyingKey>,
    ring: Option<KeyRing>,
    store: Option<Arc<dyn RevocationStore>>,
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
            store: None,
            verification: None,
            handlers: HashMap::new(),
            handler_for_all: None,
            clock: Box::new(SystemClock),
            entropy: Box::new(SystemEntropy),
        }
    }

    /// The key that signs, and checks what it signed.
    pub fn key(mut self, key: Key) -> Self {
        self.signing = Some(key);
        self
    }

    /// One more key that checks: a retired signing key, or the public key of a service whose tokens are accepted.
    pub fn verifying_key(mut self, key: impl Into<VerifyingKey>) -> Self {
        self.verifying.push(key.into());
        self
    }

    /// All keys at once, instead of [`key`](Self::key) and [`verifying_key`](Self::verifying_key). An empty ring is for
    /// those who choose the keys token by token, with [`TokenBuilder::signed_by`](super::TokenBuilder::signed_by) and
    /// [`JwtManager::judge`].
    pub fn key_ring(mut self, ring: KeyRing) -> Self {
        self.ring = Some(ring);
        self
    }

    /// Where revocations are kept. Without one, tokens live until they expire.
    pub fn revocation_store(mut self, store: impl RevocationStore + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// The app's own judgement of every token that is otherwise good; `false` refuses it. Upstream's
    /// `token_verification_loader`.
    pub fn token_verification(mut self, verify: impl Fn(&Token) -> bool + Send + Sync + 'static) -> Self {
        self.verification = Some(Box::new(verify));
        self
    }

    /// The app's own answer to one kind of refusal: upstream's `expired_token_loader` and its six sisters.
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

    /// The app's own answer to every refusal that has no answer of its own by [`on`](Self::on).
    pub fn on_rejection(mut self, answer: impl Fn(&Rejection) -> Response<Vec<u8>> + Send + Sync + 'static) -> Self {
        self.handler_for_all = Some(Arc::new(answer));
        self
    }

    /// The clock, which is the system's unless a test says otherwise.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The source of randomness, which is the system's unless a test says otherwise.
    pub fn entropy(mut self, entropy: impl Entropy + 'static) -> Self {
        self.entropy = Box::new(entropy);
        self
    }

    /// Checks it all.
    ///
    /// # Errors
    /// With every mistake in the configuration and the keys, each saying what to set.
    pub fn build(self) -> Result<JwtManager, ConfigError> {
        let keys = gather(self.ring, self.signing, self.verifying);
        let store = if self.store.is_some() { Store::Present } else { Store::Absent };
        let settings = check(self.config, keys, store).map_err(ConfigError::new)?;
        let refusals = &settings.refusals;
        let renderer = Renderer {
            statuses: refusals.statuses,
            format: refusals.format,
            message_key: refusals.message_key.clone(),
            scheme: refusals.scheme.clone(),
            realm: refusals.realm.clone(),
            handlers: self.handlers,
            handler_for_all: self.handler_for_all,
        };
        Ok(JwtManager {
            inner: Arc::new(Inner {
                settings,
                renderer: Arc::new(renderer),
                store: self.store,
                verification: self.verification,
                clock: self.clock,
                entropy: self.entropy,
            }),
        })
    }
}

/// One ring of the keys that the app made itself; `None` if it made none.
fn gather(
    ring: Option<KeyRing>,
    signing: Option<Key>,
    verifying: Vec<VerifyingKey>,
) -> Result<Option<KeyRing>, String> {
    if ring.is_some() {
        let alone = signing.is_none() && verifying.is_empty();
        return if alone { Ok(ring) } else { Err("give either `key_ring`, or `key` and `verifying_key`".into()) };
    }
    let mut verifying = verifying.into_iter();
    let first = match signing {
        Some(key) => Some(KeyRing::new(key)),
        None => verifying.next().map(KeyRing::verify_only),
    };
    let Some(first) = first else { return Ok(None) };
    verifying.try_fold(first, KeyRing::also_verify).map(Some).map_err(|error| error.to_string())
}

macro_rules! define_setters {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ident $type:ty $(= $default:expr)?;)+) => {
        /// One method for each option of [`Config`].
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
            .finish_non_exhaustive()
    }
}
