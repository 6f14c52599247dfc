//! What a proxy asks for in the query of its question: a policy, demands of its own, and the form of the answer.

use std::time::Duration;

use jwt_extended_axum::token::Lifetime;
use serde::Deserialize;
use url::form_urlencoded;

use super::policy::{Access, Demands, Policies};

/// The query of a question. Empty, it leaves everything to the configuration.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) access: Option<Access>,
    pub(super) login: Login,
    pub(super) cookies: CookieFields,
}

/// How a browser that must log in is told where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Login {
    /// With a redirect, which the proxy passes on.
    #[default]
    Redirect,
    /// With 401 and a `Location`, of which the proxy makes the redirect: nginx passes no redirect on.
    Location,
}

/// The header fields of new cookies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum CookieFields {
    /// `Set-Cookie`, once for each cookie.
    #[default]
    SetCookie,
    /// Also `X-Set-Cookie-1`, `X-Set-Cookie-2` and so on, for proxies that pass on one field of each name.
    Numbered,
}

/// Why a query cannot be understood. For the log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadQuery {
    #[error("the proxy asks for the policy \"{0}\", which the configuration does not have")]
    NoPolicy(String),
    #[error("the proxy asks for a policy and for demands of its own; leave one of them out")]
    Both,
    #[error(
        "the parameters of /verify are policy, or fresh=true, scopes and max_age; login=location; and cookies=numbered"
    )]
    Unknown,
}

impl Asked {
    pub(super) fn read(query: Option<&str>, policies: &Policies) -> Result<Self, BadQuery> {
        let (mut asked, mut policy, mut demands) = (Self::default(), None, None::<Demands>);
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let own = || Demands::default();
            match (&*name, &*value) {
                ("policy", name) => policy = Some(name.to_owned()),
                ("fresh", "true") => demands.get_or_insert_with(own).fresh = true,
                ("scopes", scopes) => {
                    let scopes = scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned);
                    demands.get_or_insert_with(own).scopes.extend(scopes);
                }
                ("max_age", time) => demands.get_or_insert_with(own).max_age = Some(duration(time)?),
                ("login", "location") => asked.login = Login::Location,
                ("cookies", "numbered") => asked.cookies = CookieFields::Numbered,
                _ => return Err(BadQuery::Unknown),
            }
        }
        asked.access = match (policy, demands) {
            (Some(_), Some(_)) => return Err(BadQuery::Both),
            (Some(name), None) => Some(policies.named(&name).cloned().ok_or(BadQuery::NoPolicy(name))?),
            (None, Some(demands)) => Some(demands.access()),
            (None, None) => None,
        };
        Ok(asked)
    }
}

fn duration(text: &str) -> Result<Duration, BadQuery> {
    let text = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
    Lifetime::deserialize(text).ok().and_then(Lifetime::duration).ok_or(BadQuery::Unknown)
}
