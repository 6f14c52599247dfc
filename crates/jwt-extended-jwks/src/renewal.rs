//! [`Renewal`]: holds the cache, and renews it on short-lived threads, one fetch at a time.
//!
//! [`Board`] decides who fetches; this module fetches.

use std::{
    fmt,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Instant,
};

use jwt_extended::{Clock, Timestamp};

use crate::{
    FetchError, FetchFailure,
    board::{Asked, Board},
    cache::Cache,
    fetch::{Fetched, Plan},
    flight::Flight,
};

pub(crate) struct Renewal {
    pub(crate) plan: Plan,
    pub(crate) clock: Box<dyn Clock>,
    board: Board<Cache>,
}

impl Renewal {
    pub(crate) fn new(plan: Plan, clock: Box<dyn Clock>) -> Self {
        Self { plan, clock, board: Board::new() }
    }

    /// Calls a function with what is known now.
    pub(crate) fn known<T>(&self, read: impl FnOnce(&Cache) -> T) -> T {
        self.board.read(read)
    }

    /// Returns the flight to wait for: the one in flight, or a new one if the last is long enough ago.
    pub(crate) fn ask(self: &Arc<Self>) -> Option<Arc<Flight>> {
        match self.board.ask(|known| known.may_ask(self.clock.now())) {
            Asked::Wait(flight) => Some(flight),
            Asked::Start(flight) => {
                self.start(&flight, self.clock.now());
                Some(flight)
            }
            Asked::TooSoon => None,
        }
    }

    fn start(self: &Arc<Self>, flight: &Arc<Flight>, asked: Timestamp) {
        let (renewal, own) = (Arc::clone(self), Arc::clone(flight));
        let started = spawn(move || renewal.land(&own, asked, &renewal.fetch(&own)));
        if started.is_err() {
            self.land(flight, asked, &Err(self.failure(FetchFailure::NoThread)));
        }
    }

    /// Fetches on a second thread, so that the deadline holds whatever the system's resolver, the HTTP client or a
    /// fork do to it.
    fn fetch(self: &Arc<Self>, flight: &Flight) -> Result<Fetched, FetchError> {
        let (sender, outcome) = mpsc::sync_channel(1);
        let (renewal, deadline) = (Arc::clone(self), flight.client_deadline);
        let started = spawn(move || {
            // Nobody receives it if the flight has landed without it.
            let _ = sender.send(renewal.plan.fetch(deadline));
        });
        if started.is_err() {
            return Err(self.failure(FetchFailure::NoThread));
        }
        outcome.recv_timeout(flight.deadline.saturating_duration_since(Instant::now())).unwrap_or_else(|error| {
            Err(self.failure(match error {
                RecvTimeoutError::Timeout => FetchFailure::Timeout,
                RecvTimeoutError::Disconnected => FetchFailure::Crashed,
            }))
        })
    }

    fn failure(&self, why: FetchFailure) -> FetchError {
        FetchError { url: self.plan.shown().to_owned(), why }
    }

    /// Publishes the outcome, wakes all who wait, and only then logs: a child that was forked while a thread wrote to
    /// the log may wait there forever.
    fn land(&self, flight: &Arc<Flight>, asked: Timestamp, outcome: &Result<Fetched, FetchError>) {
        if let Some(before) = self.board.land(flight, |before| before.after(asked, outcome)) {
            self.log(&before, outcome);
        }
    }

    fn log(&self, before: &Cache, outcome: &Result<Fetched, FetchError>) {
        let url = self.plan.shown();
        match outcome {
            Err(error) if before.error() != Some(error) => {
                tracing::warn!(%error, "{}", if before.len() == 0 { NO_KEYS } else { OLD_KEYS });
            }
            Err(_) => {}
            Ok(fetched) => {
                for skipped in fetched.keys.skipped.iter().filter(|skipped| before.is_news(skipped)) {
                    tracing::warn!(url, kid = ?skipped.kid, why = %skipped.why, "a published key is not used");
                }
                if fetched.keys.ring.verifying_keys().is_empty() && (before.len() > 0 || !before.has_asked()) {
                    tracing::warn!(url, "the issuer publishes no key that can be used: its tokens are refused");
                }
                if before.error().is_some() {
                    tracing::info!(url, "the issuer's keys can be fetched again");
                }
            }
        }
    }
}

const NO_KEYS: &str = "cannot fetch the issuer's keys, so its tokens cannot be checked; trying again every 30 seconds";
const OLD_KEYS: &str = "cannot renew the issuer's keys; the last ones serve for at most a day after they expire";

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RemoteKeys");
        shown.field("url", &self.plan.shown()).field("keys", &self.known(Cache::len)).finish_non_exhaustive()
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name("jwt-jwks".to_owned()).spawn(work).map(drop)
}

#[cfg(test)]
mod tests {
    use std::{
        net::TcpListener,
        pin::pin,
        process,
        task::{Context, Poll, Waker},
    };

    use super::*;
    use crate::RemoteKeys;

    /// Keys whose fetches fail at once, with this flight left behind.
    fn with_flight(flight: Flight) -> RemoteKeys {
        let keys = RemoteKeys::jwk_set("http://127.0.0.1:1/").allow_loopback_http().build().unwrap();
        keys.renewal.board.leave(flight);
        keys
    }

    #[test]
    fn a_fetch_that_a_forked_child_inherits_is_lost() {
        let keys = with_flight(Flight::of_process(process::id() ^ 1));
        let error = keys.ready_blocking().unwrap_err();
        assert!(matches!(error.why, FetchFailure::Unreachable(_)), "{error}");
        assert!(keys.renewal.board.flight().is_none());
    }

    #[test]
    fn a_fetch_that_is_overdue_is_lost() {
        let keys = with_flight(Flight::overdue());
        assert!(matches!(keys.ready_blocking().unwrap_err().why, FetchFailure::Unreachable(_)));
    }

    #[test]
    fn a_fetch_that_lands_after_its_successor_is_ignored() {
        let keys = with_flight(Flight::overdue());
        let overdue = keys.renewal.board.flight().unwrap();
        let error = keys.ready_blocking().unwrap_err();
        let late = Err(keys.renewal.failure(FetchFailure::Crashed));
        keys.renewal.land(&overdue, keys.renewal.clock.now(), &late);
        assert_eq!(keys.last_error(), Some(error));
    }

    #[test]
    fn waiting_ends_even_if_the_thread_was_killed() {
        Flight::overdue().landed_blocking();
    }

    #[test]
    fn nobody_waits_for_a_fetch_that_has_landed() {
        let flight = Flight::new();
        flight.land();
        assert_eq!(pin!(flight.landed()).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
    }

    #[test]
    fn a_client_that_ignores_the_deadline_is_left_behind() {
        // It accepts connections and never answers.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let keys = RemoteKeys::jwk_set(url).allow_loopback_http().build().unwrap();
        let mut flight = Flight::new();
        flight.deadline = Instant::now();
        assert!(flight.client_deadline > flight.deadline, "the client may go on");
        let error = keys.renewal.fetch(&flight).map(drop).unwrap_err();
        assert_eq!((error.why, error.url), (FetchFailure::Timeout, keys.renewal.plan.shown().to_owned()));
    }
}
