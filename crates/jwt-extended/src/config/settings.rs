//! The checked configuration, in the shape that each lower layer needs.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use http::HeaderName;

use super::{Config, Rings, Tolerate};
use crate::{
    http::{
        CookieNames, CookieSettings, RefusalSettings,
        settings::{CsrfSettings, KindSettings, LocateSettings},
    },
    jose::{Algorithms, Limits, Padding, Typ},
    session::{Retry, StoreKind},
    token::{
        AudiencePolicy, ForeignPolicy, Fresh, IssuePolicy, Issuer, Issuers, Lifetime, Policy, StoreRules,
        VerificationCache,
    },
};

/// How long a cookie lasts if it outlives the browser session: the value of Flask-JWT-Extended.
const LASTING_COOKIE: Duration = Duration::from_secs(31_540_000);

/// The default of `refresh_grace`.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// The longest subject and token id that a store must keep, in bytes. PostgreSQL cannot index some thousand.
const LONGEST_ID: usize = 1024;

/// The default of `max_sessions`: more than a person needs, and few enough that one account fills no store.
const DEFAULT_SESSIONS: u32 = 100;

/// A configuration without mistakes, in the shape that each lower layer needs.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) rings: Rings,
    pub(crate) policy: Policy,
    /// The other issuers whose tokens are accepted.
    pub(crate) issuers: Issuers,
    pub(crate) issue: IssuePolicy,
    pub(crate) locate: LocateSettings,
    pub(crate) cookies: CookieSettings,
    /// Whether a rejection clears cookies that can never be accepted.
    pub(crate) clear_rejected_cookies: bool,
    pub(crate) access_lifetime: Lifetime,
    pub(crate) refresh_lifetime: Lifetime,
    pub(crate) longest_lifetime: Lifetime,
    pub(crate) sessions: SessionSettings,
    /// The freshness of a login's access token.
    pub(crate) login_freshness: Fresh,
    /// That freshness in seconds, for challenges.
    pub(crate) fresh_max_age: u64,
    pub(crate) refusals: RefusalSettings,
    /// How long others may cache the published keys.
    pub(crate) jwks_max_age: Duration,
}

/// How long sessions last, and how many a subject may have.
#[derive(Debug)]
pub(crate) struct SessionSettings {
    /// Counted from the login.
    pub(crate) lifetime: Lifetime,
    /// Whether `session_expires` is set. Only then the lifetime also applies without a store.
    pub(crate) lifetime_is_set: bool,
    /// Counted from the last use; `None` if idle time is not limited.
    pub(crate) idle: Option<Duration>,
    /// How long a used refresh token still gives the same successor.
    pub(crate) grace: Duration,
    /// When the refresh token that was rotated last gives its successor again.
    pub(crate) retry: Retry,
    pub(crate) at_most: Option<NonZeroU32>,
}

/// The header names, parsed.
pub(super) struct HeaderNames {
    pub(super) token: HeaderName,
    pub(super) access_csrf: HeaderName,
    pub(super) refresh_csrf: HeaderName,
}

/// Takes a configuration without mistakes apart.
pub(super) fn settings(
    config: Config,
    rings: Rings,
    issuers: Vec<Issuer>,
    names: HeaderNames,
    store: StoreKind,
) -> Settings {
    let longest_lifetime = longest(&config);
    // A revocation must last as long as the tokens of all issuers.
    let longest_of_all =
        issuers.iter().fold(longest_lifetime, |longest, issuer| longest.max(issuer.provider.longest_lifetime));
    // Without a store nothing can be revoked, so the lifetime of tokens needs no limit.
    let remembered = if store == StoreKind::None { Lifetime::Never } else { longest_lifetime };
    let never = |lifetime| lifetime == Lifetime::Never || config.tolerates(Tolerate::MissingExpiry);
    let access_may_never_expire = never(config.access_token_expires);
    let refresh_may_never_expire = never(config.refresh_token_expires);
    let scheme = if config.header_type.is_empty() { "Bearer" } else { &config.header_type }.to_owned();
    let audience = config.decode_audience.clone().or_else(|| config.encode_audience.clone());
    let longest_id = (store != StoreKind::None).then_some(LONGEST_ID);
    let cache = config.verification_cache.and_then(|tokens| NonZeroUsize::new(tokens.0));
    let cache = cache.map(|tokens| Arc::new(VerificationCache::new(tokens)));
    let policy = Policy {
        limits: Limits {
            max_length: config.max_token_length.0,
            typ: if config.tolerates(Tolerate::ForeignTyp) { Typ::Any } else { Typ::OwnKinds },
            algorithms: Algorithms::ALL,
            padding: if config.tolerates(Tolerate::Padding) { Padding::Ignored } else { Padding::Refused },
        },
        leeway: config.decode_leeway.0,
        identity_claim: config.identity_claim.clone(),
        verify_sub: config.verify_sub.is_on(),
        issuers: config
            .decode_issuer
            .clone()
            .map(|list| list.0)
            .or_else(|| config.encode_issuer.clone().map(|issuer| vec![issuer])),
        audience: match audience {
            Some(list) => AudiencePolicy::OneOf(list.0),
            None if config.tolerates(Tolerate::UnexpectedAudience) => AudiencePolicy::Ignored,
            None => AudiencePolicy::Unexpected,
        },
        access_may_never_expire,
        refresh_may_never_expire,
        missing_type_is_access: config.tolerates(Tolerate::MissingType),
        unknown_type_is_other: config.tolerates(Tolerate::UnknownType),
        loose_times: config.tolerates(Tolerate::LooseTimes),
        any_identity: config.tolerates(Tolerate::AnyIdentity),
        foreign_claims: config.tolerates(Tolerate::ForeignClaims),
        require_jti: store != StoreKind::None,
        longest_id,
        longest_lifetime: remembered,
        cache: cache.clone(),
    };
    let issue = IssuePolicy {
        identity_claim: config.identity_claim.clone(),
        audience: config.encode_audience.clone().map(|list| list.0).unwrap_or_default(),
        issuer: config.encode_issuer.clone(),
        not_before: config.encode_nbf.is_on(),
        csrf: config.cookie_csrf_protect.is_on(),
        max_length: config.max_token_length.0,
        longest_lifetime: remembered,
        access_may_never_expire,
        refresh_may_never_expire,
        any_identity: config.tolerates(Tolerate::AnyIdentity),
        longest_id,
    };
    let rules = StoreRules { limits: policy.limits, leeway: policy.leeway, longest_id, cache };
    let issuers = issuers.into_iter().map(|issuer| Arc::new(ForeignPolicy::new(issuer, rules.clone()))).collect();
    let fresh = config.fresh_token_expires.map(|fresh| fresh.0);
    Settings {
        rings,
        policy,
        issuers: Issuers::new(issuers),
        issue,
        cookies: cookie_settings(&config),
        access_lifetime: config.access_token_expires,
        refresh_lifetime: config.refresh_token_expires,
        longest_lifetime: longest_of_all,
        sessions: session_settings(&config),
        login_freshness: fresh.map_or(Fresh::Always, Fresh::For),
        fresh_max_age: fresh.map_or(0, |fresh| fresh.as_secs()),
        refusals: RefusalSettings {
            statuses: config.error_statuses,
            format: config.error_format,
            message_key: config.error_message_key.clone(),
            scheme,
            realm: config.realm.clone(),
        },
        jwks_max_age: config.jwks_max_age.0,
        clear_rejected_cookies: config.clear_rejected_cookies.is_on(),
        locate: locate_settings(config, names),
    }
}

/// Returns how long a token may live.
pub(super) fn longest(config: &Config) -> Lifetime {
    config.longest_lifetime.unwrap_or_else(|| config.access_token_expires.max(config.refresh_token_expires))
}

fn session_settings(config: &Config) -> SessionSettings {
    SessionSettings {
        lifetime: config.session_expires.unwrap_or(config.refresh_token_expires),
        lifetime_is_set: config.session_expires.is_some(),
        idle: config.session_idle_expires.map(|idle| idle.0),
        grace: config.refresh_grace.map_or(DEFAULT_GRACE, |grace| grace.0),
        retry: if config.refresh_retry.is_on() { Retry::UntilSuccessorIsUsed } else { Retry::InGrace },
        at_most: NonZeroU32::new(
            config.max_sessions.map_or(DEFAULT_SESSIONS, |count| u32::try_from(count.0).unwrap_or(u32::MAX)),
        ),
    }
}

fn cookie_settings(config: &Config) -> CookieSettings {
    CookieSettings {
        access: CookieNames {
            token: config.access_cookie_name.clone(),
            token_path: config.access_cookie_path.clone(),
            csrf: config.access_csrf_cookie_name.clone(),
            csrf_path: config.access_csrf_cookie_path.clone(),
        },
        refresh: CookieNames {
            token: config.refresh_cookie_name.clone(),
            token_path: config.refresh_cookie_path.clone(),
            csrf: config.refresh_csrf_cookie_name.clone(),
            csrf_path: config.refresh_csrf_cookie_path.clone(),
        },
        secure: config.cookie_secure.is_on(),
        partitioned: config.cookie_partitioned.is_on(),
        domain: config.cookie_domain.clone(),
        former_domains: config.former_cookie_domains.clone().map(|list| list.0).unwrap_or_default(),
        same_site: config.cookie_samesite,
        max_age: (!config.session_cookie.is_on()).then_some(LASTING_COOKIE),
        csrf_in_cookies: config.cookie_csrf_protect.is_on() && config.csrf_in_cookies.is_on(),
    }
}

fn locate_settings(config: Config, names: HeaderNames) -> LocateSettings {
    LocateSettings {
        refuse_several: !config.tolerates(Tolerate::SeveralTokens),
        flask_header: config.tolerates(Tolerate::FlaskHeader),
        locations: config.token_location.0,
        header_name: names.token,
        header_display: config.header_name,
        header_type: config.header_type,
        query_name: config.query_string_name,
        query_prefix: config.query_string_value_prefix,
        access: KindSettings {
            cookie_name: config.access_cookie_name,
            json_key: config.json_key,
            csrf_header: names.access_csrf,
            csrf_field: config.access_csrf_field_name,
        },
        refresh: KindSettings {
            cookie_name: config.refresh_cookie_name,
            json_key: config.refresh_json_key,
            csrf_header: names.refresh_csrf,
            csrf_field: config.refresh_csrf_field_name,
        },
        csrf: config.cookie_csrf_protect.is_on().then_some(CsrfSettings {
            methods: config.csrf_methods.0,
            check_form: config.csrf_check_form.is_on(),
            refuse_cross_site: config.csrf_refuse_cross_site.is_on(),
            refuse_same_site: config.csrf_refuse_same_site.is_on(),
        }),
    }
}
