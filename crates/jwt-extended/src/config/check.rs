//! Finds all mistakes of a configuration at once. Each says what to set.

use std::{slice, time::Duration};

use http::HeaderName;

use super::{
    Config, KeySchedule, List, Settings,
    keys::rings,
    settings::{HeaderNames, longest, settings},
};
use crate::{
    http::SameSite,
    jose::KeyRing,
    session::StoreKind,
    token::{Issuer, LOGIN_CLAIMS, Lifetime, OUR_CLAIMS},
};

/// The largest `decode_leeway`.
const MAX_LEEWAY: Duration = Duration::from_secs(300);

/// The largest `refresh_grace`: enough for requests that were sent together.
const MAX_GRACE: Duration = Duration::from_secs(300);

/// The keys that the app passed to the builder.
#[derive(Debug)]
pub(crate) enum GivenKeys {
    None,
    Ring(KeyRing),
    Schedule(KeySchedule),
}

/// The largest `verification_cache`.
const MAX_CACHED: usize = 1_000_000;
/// The largest `jwks_max_age`. Nobody learns sooner that a key is gone.
const MAX_PUBLISHED: Duration = Duration::from_secs(86_400);

/// Checks a configuration, together with the keys that the app passed to the builder: `Err` if they do not go together.
pub(crate) fn check(
    config: Config,
    keys: Result<GivenKeys, String>,
    issuers: Vec<Issuer>,
    store: StoreKind,
) -> Result<Settings, Vec<String>> {
    let mut mistakes = Mistakes::default();
    let rings = mistakes.take(keys.and_then(|keys| rings(&config, keys, !issuers.is_empty(), longest(&config))));
    mistakes.times(&config);
    mistakes.sessions(&config, store);
    mistakes.claims(&config);
    mistakes.issuers(&config, &issuers);
    let names = mistakes.header_names(&config);
    mistakes.places(&config);
    mistakes.cookies(&config);
    match (rings, names) {
        (Some(rings), Some(names)) if mistakes.0.is_empty() => Ok(settings(config, rings, issuers, names, store)),
        _ => Err(mistakes.0),
    }
}

#[derive(Default)]
struct Mistakes(Vec<String>);

impl Mistakes {
    fn take<T>(&mut self, result: Result<T, String>) -> Option<T> {
        result.map_err(|mistake| self.0.push(mistake)).ok()
    }

    fn demand(&mut self, holds: bool, mistake: impl Into<String>) {
        if !holds {
            self.0.push(mistake.into());
        }
    }

    fn times(&mut self, config: &Config) {
        for (name, lifetime) in [
            ("access_token_expires", config.access_token_expires),
            ("refresh_token_expires", config.refresh_token_expires),
        ] {
            let short = lifetime.duration().is_some_and(|duration| duration < Duration::from_secs(1));
            self.demand(!short, format!("{name} must be at least one second, or never"));
        }
        let longest = config.access_token_expires.max(config.refresh_token_expires);
        if let Some(limit) = config.longest_lifetime {
            self.demand(
                limit.max(longest) == limit,
                "longest_lifetime must be at least as long as access_token_expires and refresh_token_expires",
            );
        }
        self.demand(config.decode_leeway.0 <= MAX_LEEWAY, "decode_leeway must be at most 300 seconds");
        let no_freshness = config.fresh_token_expires.is_some_and(|fresh| fresh.0.is_zero());
        self.demand(!no_freshness, "fresh_token_expires must be longer than zero");
        self.demand(
            config.verification_cache.is_none_or(|tokens| tokens.0 <= MAX_CACHED),
            "verification_cache must be at most a million tokens; each takes about two kilobytes",
        );
        self.demand(config.jwks_max_age.0 <= MAX_PUBLISHED, "jwks_max_age must be at most a day");
        self.demand(config.max_token_length.0 >= 256, "max_token_length must be at least 256 bytes");
    }

    fn sessions(&mut self, config: &Config, store: StoreKind) {
        let short =
            config.session_expires.and_then(Lifetime::duration).is_some_and(|life| life < Duration::from_secs(1));
        self.demand(!short, "session_expires must be at least one second, or never");
        let idle = config.session_idle_expires;
        let short = idle.is_some_and(|idle| idle.0 < Duration::from_secs(1));
        self.demand(!short, "session_idle_expires must be at least one second; leave it out for no limit");
        self.demand(
            config.refresh_grace.is_none_or(|grace| grace.0 <= MAX_GRACE),
            "refresh_grace must be at most 300 seconds",
        );
        self.demand(
            config.max_sessions.is_none_or(|count| count.0 > 0),
            "max_sessions must be at least one; leave it out for 100",
        );
        for (name, is_set) in [
            ("session_idle_expires", idle.is_some()),
            ("refresh_grace", config.refresh_grace.is_some()),
            ("refresh_retry", config.refresh_retry.is_on()),
            ("max_sessions", config.max_sessions.is_some()),
        ] {
            self.demand(
                !is_set || store == StoreKind::Sessions,
                format!("{name} needs a store that keeps sessions; give the manager one with `session_store`"),
            );
        }
    }

    fn claims(&mut self, config: &Config) {
        let name = config.identity_claim.as_str();
        self.demand(
            !name.is_empty() && !OUR_CLAIMS.contains(&name) && !LOGIN_CLAIMS.contains(&name),
            "identity_claim must be a name that no other claim of the token has; usually \"sub\"",
        );
        for (name, list) in [
            ("encode_audience", &config.encode_audience),
            ("decode_audience", &config.decode_audience),
            ("decode_issuer", &config.decode_issuer),
        ] {
            let empty = |list: &List<String>| list.0.is_empty() || list.0.iter().any(String::is_empty);
            self.demand(
                !list.as_ref().is_some_and(empty),
                format!("{name} must name at least one value, and no empty one"),
            );
        }
        let no_issuer = config.encode_issuer.as_deref() == Some("");
        self.demand(!no_issuer, "encode_issuer must not be empty; leave it out if there is none");
        let foreign = |own: Option<&[String]>, accepted: &Option<List<String>>| {
            own.zip(accepted.as_ref()).is_some_and(|(own, accepted)| !own.iter().any(|one| accepted.0.contains(one)))
        };
        self.demand(
            !foreign(config.encode_audience.as_ref().map(|list| &*list.0), &config.decode_audience),
            "decode_audience must contain one of encode_audience, or the app would refuse its own tokens",
        );
        self.demand(
            !foreign(config.encode_issuer.as_ref().map(slice::from_ref), &config.decode_issuer),
            "decode_issuer must contain encode_issuer, or the app would refuse its own tokens",
        );
        self.demand(!config.error_message_key.is_empty(), "error_message_key cannot be empty; usually \"msg\"");
        let realm = config.realm.as_deref().unwrap_or_default();
        self.demand(realm.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "realm must be printable ASCII");
    }

    fn issuers(&mut self, config: &Config, issuers: &[Issuer]) {
        for (at, issuer) in issuers.iter().enumerate() {
            let name = issuer.name();
            self.demand(!name.is_empty(), "an issuer has no name; give the `iss` of its tokens");
            self.demand(
                !issuer.audiences.is_empty() && !issuer.audiences.iter().any(String::is_empty),
                format!("the issuer {name} has no audience; name this app with `audience`, or it would accept tokens for other apps"),
            );
            self.demand(
                !issuer.provider.is_open || issuer.subjects.is_some(),
                format!("anybody can get a token of {name}; name the ones that are admitted with `subjects`"),
            );
            let repeated = issuers[..at].iter().any(|other| other.name() == name);
            self.demand(!repeated, format!("the issuer {name} is given twice"));
            let own = config.encode_issuer.as_deref() == Some(name)
                || config.decode_issuer.as_ref().is_some_and(|list| list.0.iter().any(|own| own == name));
            self.demand(
                !own,
                format!("the issuer {name} is also this app's own; leave it out of encode_issuer and decode_issuer"),
            );
        }
    }

    fn header_names(&mut self, config: &Config) -> Option<HeaderNames> {
        let mut name = |option: &str, name: &str| {
            let usual = if option == "header_name" { "Authorization" } else { "X-CSRF-TOKEN" };
            let parsed = HeaderName::try_from(name).map_err(|_| match name {
                "" => format!("{option} cannot be empty; usually \"{usual}\""),
                _ => format!("{option} must be a header's name, such as \"{usual}\""),
            });
            self.take(parsed)
        };
        let token = name("header_name", &config.header_name);
        let access_csrf = name("access_csrf_header_name", &config.access_csrf_header_name);
        let refresh_csrf = name("refresh_csrf_header_name", &config.refresh_csrf_header_name);
        self.demand(
            config.header_type.is_empty() || is_http_token(&config.header_type),
            "header_type must be one word, such as \"Bearer\", or empty",
        );
        Some(HeaderNames { token: token?, access_csrf: access_csrf?, refresh_csrf: refresh_csrf? })
    }

    fn places(&mut self, config: &Config) {
        let locations = &config.token_location.0;
        let repeated = locations.iter().enumerate().any(|(at, location)| locations[..at].contains(location));
        self.demand(
            !locations.is_empty() && !repeated,
            "token_location must contain at least one of \"headers\", \"cookies\", \"query_string\", or \"json\", each at most once",
        );
        for (name, value) in [
            ("query_string_name", &config.query_string_name),
            ("json_key", &config.json_key),
            ("refresh_json_key", &config.refresh_json_key),
            ("access_csrf_field_name", &config.access_csrf_field_name),
            ("refresh_csrf_field_name", &config.refresh_csrf_field_name),
        ] {
            self.demand(!value.is_empty(), format!("{name} cannot be empty"));
        }
        let methods = &config.csrf_methods.0;
        let capitals = |method: &String| is_http_token(method) && !method.bytes().any(|byte| byte.is_ascii_lowercase());
        self.demand(
            methods.iter().all(capitals),
            "csrf_methods must be names of methods in capitals, such as \"POST\"",
        );
        self.demand(
            !config.cookie_csrf_protect.is_on() || !methods.is_empty(),
            "csrf_methods cannot be empty; to do without protection, turn cookie_csrf_protect off",
        );
    }

    fn cookies(&mut self, config: &Config) {
        let cookies = [
            ("access_cookie", &config.access_cookie_name, &config.access_cookie_path),
            ("refresh_cookie", &config.refresh_cookie_name, &config.refresh_cookie_path),
            ("access_csrf_cookie", &config.access_csrf_cookie_name, &config.access_csrf_cookie_path),
            ("refresh_csrf_cookie", &config.refresh_csrf_cookie_name, &config.refresh_csrf_cookie_path),
        ];
        let secure = config.cookie_secure.is_on();
        for (at, (option, name, path)) in cookies.iter().enumerate() {
            self.demand(
                is_http_token(name),
                format!("{option}_name must be a cookie's name: letters, digits, - and _"),
            );
            let printable = path.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b';');
            self.demand(
                path.starts_with('/') && printable,
                format!("{option}_path must begin with / and be printable ASCII"),
            );
            let same = cookies[..at].iter().find(|(_, other, _)| other == name);
            if let Some((other, ..)) = same {
                self.0.push(format!("{option}_name and {other}_name must differ"));
            }
            let prefixed =
                |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
            self.demand(
                !prefixed("__Host-") || (secure && path.as_str() == "/" && config.cookie_domain.is_none()),
                format!(
                    "{option}_name begins with __Host-: set cookie_secure, leave out cookie_domain, and use the path /"
                ),
            );
            self.demand(
                !prefixed("__Secure-") || secure,
                format!("{option}_name begins with __Secure-: set cookie_secure"),
            );
        }
        self.demand(config.cookie_samesite != SameSite::None || secure, "cookie_samesite None needs cookie_secure");
        self.demand(!config.cookie_partitioned.is_on() || secure, "cookie_partitioned needs cookie_secure");
        let domain = config.cookie_domain.as_deref();
        let plain = |domain: &str| {
            !domain.is_empty() && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        };
        self.demand(domain.is_none_or(plain), "cookie_domain must be a host's name, such as \"example.com\"");
        self.demand(
            config.former_cookie_domains.iter().flat_map(|list| &list.0).all(|domain| plain(domain)),
            "former_cookie_domains must be names of hosts, such as \"example.com\"",
        );
    }
}

/// Returns true if a text is a `token` of RFC 9110 section 5.6.2.
fn is_http_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
