//! The clients of the server: services that ask about tokens or revoke them, and prove who they are with a secret.
//!
//! It knows their secrets, rights and rates, and nothing of tokens and HTTP.

mod options;
mod secret;

use std::{collections::HashMap, fmt, num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::{InMemoryState, NotKeyed},
};

use self::secret::SecretHash;
pub(crate) use self::{
    options::{ClientOptions, check_id},
    secret::ClientSecret,
};

/// How many requests a client may send in a second, unless its `rate_limit` says otherwise.
const USUAL_RATE: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// The clients of the configuration file. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct Clients(Arc<HashMap<String, Client>>);

/// A service that may use the endpoints for clients.
pub(crate) struct Client {
    id: String,
    hashes: Vec<SecretHash>,
    rights: Vec<Right>,
    limiter: RateLimiter<NotKeyed, InMemoryState, DefaultClock>,
}

/// Something that a client may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Right {
    /// Ask about tokens (RFC 7662).
    Introspect,
    /// Revoke tokens (RFC 7009).
    Revoke,
}

/// A mistake in the section `[[clients]]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientsError {
    /// The name of a client cannot be sent, or is missing.
    #[error("a client's id must be 1 to 255 visible ASCII characters without colon, quote and backslash")]
    Id,
    /// Two clients have one name.
    #[error("the client \"{0}\" is listed twice")]
    Twice(String),
    /// The secrets of a client are no hashes.
    #[error(
        "the client \"{0}\" needs secret_sha256, one or several SHA-256 hashes with 64 hexadecimal digits each; make a \
         secret and its hash with `jwt-extended-server new-client {0}`"
    )]
    Hash(String),
    /// A client may do nothing.
    #[error("the client \"{0}\" may do nothing; give it `may = [\"introspect\"]`, [\"revoke\"] or both")]
    NoRights(String),
}

impl Clients {
    /// Checks the sections of a file.
    pub(crate) fn new(options: Vec<ClientOptions>) -> Result<Self, ClientsError> {
        let mut clients = HashMap::new();
        for options in options {
            let client = options.check()?;
            if let Some(client) = clients.insert(client.id.clone(), client) {
                return Err(ClientsError::Twice(client.id));
            }
        }
        Ok(Self(Arc::new(clients)))
    }

    /// Returns how many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the client of a name, if the secret is one of its own.
    pub(crate) fn find(&self, id: &str, secret: &ClientSecret) -> Option<&Client> {
        let client = self.0.get(id)?;
        // Every hash is compared, in constant time.
        let matches = client.hashes.iter().fold(false, |found, hash| found | hash.matches(secret));
        matches.then_some(client)
    }
}

impl Client {
    /// Returns whether the client may do this.
    pub(crate) fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }

    /// Counts a request, or returns how long the client must wait until it may send the next.
    pub(crate) fn count_request(&self) -> Result<(), Duration> {
        self.limiter.check().map_err(|full| full.wait_time_from(DefaultClock::default().now()))
    }
}

impl fmt::Debug for Client {
    /// Leaves out the hashes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("id", &self.id).field("rights", &self.rights).finish_non_exhaustive()
    }
}

fn limiter(rate: NonZeroU32) -> RateLimiter<NotKeyed, InMemoryState, DefaultClock> {
    RateLimiter::direct(Quota::per_second(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "YmlnIHNlY3JldCBvZiB0aGUgb3JkZXJzIHNlcnZpY2U";

    fn clients(toml: &str) -> Result<Clients, String> {
        Clients::from_toml(toml)
    }

    fn listed(id: &str, more: &str) -> String {
        let hash = ClientSecret::from(SECRET.to_owned()).hash();
        format!("[[clients]]\nid = \"{id}\"\nsecret_sha256 = \"{hash}\"\n{more}\n")
    }

    fn secret(text: &str) -> ClientSecret {
        ClientSecret::from(text.to_owned())
    }

    #[test]
    fn a_client_is_found_by_its_name_and_its_secret() {
        let clients = clients(&listed("orders", "")).unwrap();
        assert_eq!(clients.find("orders", &secret(SECRET)).unwrap().id, "orders");
        for (id, text) in [("orders", ""), ("orders", "other"), ("other", SECRET), ("", "")] {
            assert!(clients.find(id, &secret(text)).is_none(), "{id} {text}");
        }
    }

    #[test]
    fn a_client_may_only_introspect_unless_told_otherwise() {
        let rights = |more: &str| {
            let clients = clients(&listed("orders", more)).unwrap();
            let client = clients.find("orders", &secret(SECRET)).unwrap();
            (client.may(Right::Introspect), client.may(Right::Revoke))
        };
        assert_eq!(rights(""), (true, false));
        assert_eq!(rights("may = [\"revoke\"]"), (false, true));
        assert_eq!(rights("may = [\"introspect\", \"revoke\"]"), (true, true));
    }

    #[test]
    fn a_client_has_two_secrets_while_one_replaces_the_other() {
        let hashes = [SECRET, "next"].map(|text| format!("\"{}\"", secret(text).hash())).join(", ");
        let clients = clients(&format!("[[clients]]\nid = \"orders\"\nsecret_sha256 = [{hashes}]\n")).unwrap();
        for (text, is_right) in [(SECRET, true), ("next", true), ("last", false)] {
            assert_eq!(clients.find("orders", &secret(text)).is_some(), is_right, "{text}");
        }
    }

    #[test]
    fn mistakes_are_refused_with_the_name_of_the_client() {
        let error = |toml: &str| clients(toml).unwrap_err();
        assert_eq!(error(&listed("", "")), ClientsError::Id.to_string());
        assert_eq!(error(&listed("a:b", "")), ClientsError::Id.to_string());
        assert_eq!(
            error(&[listed("a", ""), listed("a", "")].concat()),
            ClientsError::Twice("a".to_owned()).to_string()
        );
        assert_eq!(error(&listed("a", "may = []")), ClientsError::NoRights("a".to_owned()).to_string());
        for hash in ["\"\"", "[]", "\"a secret\"", "\"abcd\""] {
            let toml = format!("[[clients]]\nid = \"a\"\nsecret_sha256 = {hash}\n");
            assert_eq!(error(&toml), ClientsError::Hash("a".to_owned()).to_string(), "{hash}");
        }
    }

    #[test]
    fn a_client_that_asks_too_often_must_wait() {
        let clients = clients(&listed("orders", "rate_limit = 2")).unwrap();
        let client = clients.find("orders", &secret(SECRET)).unwrap();
        assert_eq!([client.count_request(), client.count_request()], [Ok(()), Ok(())]);
        let wait = client.count_request().unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_millis(500), "{wait:?}");
    }

    #[test]
    fn neither_secrets_nor_hashes_are_shown() {
        let clients = clients(&listed("orders", "")).unwrap();
        let shown = format!("{clients:?} {:?}", secret(SECRET));
        assert!(!shown.contains(SECRET) && !shown.contains(&secret(SECRET).hash()), "{shown}");
    }
}
