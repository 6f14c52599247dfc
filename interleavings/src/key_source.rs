//! The fetches of an issuer's keys, asked for by several threads.

use std::sync::Arc;

use loom::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crate::{
    board::{Asked, Board},
    every_order,
    flight::Flight,
};

/// How many fetches have ended. After one, another must wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fetched(usize);

/// The board, and how many flights were started.
struct Model {
    board: Board<Fetched>,
    started: AtomicUsize,
}

impl Model {
    fn new() -> Arc<Self> {
        Arc::new(Self { board: Board::new(), started: AtomicUsize::new(0) })
    }

    /// Asks, and flies if it is up to this thread. Returns the flight that it would wait for.
    fn ask(&self) -> Option<Arc<Flight>> {
        match self.board.ask(|fetched| *fetched == Fetched(0)) {
            Asked::Wait(flight) => Some(flight),
            Asked::Start(flight) => {
                self.started.fetch_add(1, Ordering::SeqCst);
                self.board.land(&flight, |before| Fetched(before.0 + 1));
                Some(flight)
            }
            Asked::TooSoon => None,
        }
    }

    fn known(&self) -> Fetched {
        self.board.read(|fetched| *fetched)
    }
}

#[test]
fn threads_that_ask_at_once_share_one_fetch() {
    every_order(|| {
        let model = Model::new();
        let others: [_; 2] = std::array::from_fn(|_| {
            let model = Arc::clone(&model);
            thread::spawn(move || model.ask())
        });
        let own = model.ask();
        let flights = others.map(|other| other.join().unwrap());
        assert_eq!((model.started.load(Ordering::SeqCst), model.known()), (1, Fetched(1)));
        for flight in flights.into_iter().chain([own]).flatten() {
            assert!(flight.has_landed(), "whoever waits for it is woken");
        }
        assert!(model.board.flight().is_none());
    });
}

#[test]
fn whoever_is_told_to_wait_no_more_sees_the_news() {
    every_order(|| {
        let model = Model::new();
        let other = {
            let model = Arc::clone(&model);
            thread::spawn(move || model.ask())
        };
        if model.ask().is_none_or(|flight| flight.has_landed()) {
            assert_eq!(model.known(), Fetched(1));
        }
        other.join().unwrap();
    });
}

#[test]
fn a_lost_fetch_is_replaced_by_one_other() {
    every_order(|| {
        let model = Model::new();
        model.board.leave(Flight::of_process(std::process::id() ^ 1));
        let lost = model.board.flight().unwrap();
        let other = {
            let model = Arc::clone(&model);
            thread::spawn(move || model.ask())
        };
        model.ask();
        // The one that was given up comes back late.
        let published = model.board.land(&lost, |_| Fetched(100)).is_some();
        other.join().unwrap();
        assert_eq!((published, model.known()), (false, Fetched(1)));
    });
}
