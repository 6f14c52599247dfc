//! What the targets share: the engine with the keys and the time of the model, and requests made of bytes.

use std::{
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use http::HeaderName;
use jwt_extended::{
    Admitted, JwtManager, ManualClock, Rejection, Requirement, Timestamp,
    config::Switch,
    http::{Location, Request},
    jose::{Key, KeyRing},
};

use crate::model::{
    NOW,
    request::{Guard, Places, Sent},
    token::{KEYS, Secret},
};

/// The configurations.
pub(super) const PLACES: [Places; 3] = [
    Places { locations: &[Location::Header], check_form: false },
    Places {
        locations: &[Location::Cookie, Location::Header, Location::QueryString, Location::Json],
        check_form: true,
    },
    Places { locations: &[Location::WebSocketProtocol, Location::Json, Location::Cookie], check_form: false },
];

/// The manager of each of them.
pub(super) static MANAGERS: LazyLock<[JwtManager; 3]> = LazyLock::new(|| PLACES.map(manager));

/// The keys of the model.
pub(super) static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let [signing, other] = KEYS.map(key);
    KeyRing::new(signing).also_verify(other).unwrap_or_else(|error| panic!("the model's keys: {error}"))
});

fn manager(places: Places) -> JwtManager {
    JwtManager::builder()
        .key_ring(RING.clone())
        .token_location(places.locations.to_vec())
        .csrf_check_form(if places.check_form { Switch::On } else { Switch::Off })
        .clock(ManualClock::new(Timestamp::from_secs(NOW)))
        .build()
        .unwrap_or_else(|error| panic!("the model's configuration: {error}"))
}

fn key(Secret { kid, secret }: Secret) -> Key {
    let key = Key::hs256(secret).and_then(|key| kid.map_or(Ok(key.clone()), |kid| key.with_kid(kid)));
    key.unwrap_or_else(|error| panic!("the model's keys: {error}"))
}

pub(super) fn requirement(guard: Guard) -> Requirement {
    match guard {
        Guard::Access => Requirement::access(),
        Guard::Fresh => Requirement::fresh(),
        Guard::Refresh => Requirement::refresh(),
        Guard::Any => Requirement::any(),
    }
}

/// Asks the engine about a request. Without a store it has nothing to wait for.
pub(super) fn authenticate(jwt: &JwtManager, sent: &Sent, guard: Guard) -> Result<Admitted, Rejection> {
    let answer = pin!(jwt.authenticate(sent, &requirement(guard)));
    match answer.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a guard without a store has waited"),
    }
}

impl Request for Sent {
    fn method(&self) -> &str {
        &self.method
    }

    fn header<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        let name = name.as_str().to_owned();
        self.headers.iter().filter(move |(found, _)| *found == name).map(|(_, value)| &value[..])
    }

    fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    fn body(&self) -> Option<&[u8]> {
        Some(&self.body)
    }
}
