//! One renewal over the network: the discovery document if there is one, then the key set.
//!
//! It blocks, so it runs on a thread of its own. It does not know what is done with its outcome.

use std::time::{Duration, Instant};

use jwt_extended::jose::{Algorithms, PublishedKeys};

use crate::{FetchError, FetchFailure, client::Client, discovery::Issuer, endpoint::Endpoint};

/// Where the keys are, and how they are fetched.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) origin: Origin,
    pub(crate) algorithms: Algorithms,
    pub(crate) client: Client,
}

#[derive(Clone, Debug)]
pub(crate) enum Origin {
    KeySet(Endpoint),
    Issuer(Box<Issuer>),
}

/// Keys, and how long they may be used.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) keys: PublishedKeys,
    pub(crate) lifetime: Duration,
}

impl Plan {
    pub(crate) fn fetch(&self, deadline: Instant) -> Result<Fetched, FetchError> {
        match &self.origin {
            Origin::KeySet(endpoint) => self.key_set(endpoint, deadline),
            Origin::Issuer(issuer) => self.key_set(&self.discover(issuer, deadline)?, deadline),
        }
    }

    /// Returns the address that a failure of the whole renewal is reported with.
    pub(crate) fn shown(&self) -> &str {
        match &self.origin {
            Origin::KeySet(endpoint) => endpoint.shown(),
            Origin::Issuer(issuer) => issuer.documents[0].shown(),
        }
    }

    fn key_set(&self, endpoint: &Endpoint, deadline: Instant) -> Result<Fetched, FetchError> {
        let answer = self.client.get(endpoint, deadline).map_err(at(endpoint))?;
        let keys = PublishedKeys::parse(&answer.text, self.algorithms).map_err(|why| at(endpoint)(why.into()))?;
        Ok(Fetched { keys, lifetime: answer.lifetime })
    }

    fn discover(&self, issuer: &Issuer, deadline: Instant) -> Result<Endpoint, FetchError> {
        let [openid, oauth] = &issuer.documents;
        let (from, answer) = match self.client.get(openid, deadline) {
            Err(FetchFailure::Status { status: 404 }) => (oauth, self.client.get(oauth, deadline)),
            answer => (openid, answer),
        };
        answer.and_then(|answer| issuer.keys_of(&answer.text)).map_err(at(from))
    }
}

fn at(endpoint: &Endpoint) -> impl Fn(FetchFailure) -> FetchError {
    |why| FetchError { url: endpoint.shown().to_owned(), why }
}
