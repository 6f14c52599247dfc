//! The sections `[forward_auth]` and `[[policies]]` of the configuration file, checked.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use ipnet::IpNet;
use jwt_extended_axum::token::Lifetime;
use serde::Deserialize;
use url::Url;

use super::{
    ForwardAuth, Inner,
    forwarded::Proxies,
    identity::{HeaderNameError, HeaderNames, IdentityHeaders},
    policy::{Policies, PolicyError, PolicyOptions},
};
use crate::Origin;

/// The section `[forward_auth]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ForwardAuthOptions {
    /// The proxies whose `X-Forwarded-…` headers count.
    trusted_proxies: Vec<Network>,
    /// Where browsers are sent to log in.
    login_page: Option<Url>,
    /// The origins to which they return.
    return_to: Vec<Origin>,
    /// How long before its end an access cookie is renewed. `None` if that is off.
    renew: Option<Lifetime>,
    headers: HeaderNames,
}

impl Default for ForwardAuthOptions {
    fn default() -> Self {
        let this_machine = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        Self {
            trusted_proxies: this_machine.map(|address| Network(address.into())).into(),
            login_page: None,
            return_to: Vec::new(),
            renew: None,
            headers: HeaderNames::default(),
        }
    }
}

/// An address, or a network such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Network(IpNet);

impl TryFrom<String> for Network {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let network = text.parse().or_else(|_| text.parse().map(|address: IpAddr| address.into()));
        network.map(Self).map_err(|_| "trusted_proxies must be addresses or networks, such as 10.0.0.1 or 10.0.0.0/8")
    }
}

/// A mistake in the sections `[forward_auth]` and `[[policies]]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardAuthError {
    /// A policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A header cannot be used.
    #[error(transparent)]
    Header(#[from] HeaderNameError),
    /// The login page is no page.
    #[error("forward_auth.login_page must begin with https:// or http://")]
    LoginPage,
    /// Browsers could never come back from the login page.
    #[error("forward_auth.login_page needs return_to, the origins of the apps, such as [\"https://app.example.com\"]")]
    NoReturn,
}

impl ForwardAuth {
    /// Checks the options.
    ///
    /// # Errors
    /// If a policy, a header or the login page cannot be used.
    pub(crate) fn new(options: ForwardAuthOptions, policies: Vec<PolicyOptions>) -> Result<Self, ForwardAuthError> {
        let ForwardAuthOptions { trusted_proxies, login_page, return_to, renew, headers } = options;
        if login_page.as_ref().is_some_and(|page| !matches!(page.scheme(), "http" | "https")) {
            return Err(ForwardAuthError::LoginPage);
        }
        if login_page.is_some() && return_to.is_empty() {
            return Err(ForwardAuthError::NoReturn);
        }
        Ok(Self(Arc::new(Inner {
            proxies: Proxies::new(trusted_proxies.into_iter().map(|Network(network)| network).collect()),
            policies: Policies::new(policies)?,
            headers: IdentityHeaders::new(headers)?,
            login_page,
            return_to,
            renew: renew.and_then(Lifetime::duration),
        })))
    }

    /// Reads the two sections from the text of a configuration file in TOML, for tests.
    ///
    /// # Errors
    /// The text of the mistake.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Sections {
            #[serde(default)]
            forward_auth: ForwardAuthOptions,
            #[serde(default)]
            policies: Vec<PolicyOptions>,
        }
        let sections: Sections = toml::from_str(text).map_err(|error| error.to_string())?;
        Self::new(sections.forward_auth, sections.policies).map_err(|error| error.to_string())
    }
}
