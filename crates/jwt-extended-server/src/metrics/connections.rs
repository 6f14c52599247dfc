//! The metrics of connections: how many are open, and what happens at the limit.

use std::io;

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};

use super::Counters;

/// What the places for connections count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections {
    limit: Gauge,
    open: Gauge,
    waiting: Gauge,
    accepted: Counter,
    limit_reached: Counter,
    made_room: Counter,
    turned_away: Counter,
    accept_errors: Counters,
}

/// The reason why the system does not let the server accept a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AcceptError {
    /// The process, or the system, has too many open files.
    OutOfFiles,
    /// Another one.
    Other,
}

impl AcceptError {
    const ALL: [Self; 2] = [Self::OutOfFiles, Self::Other];

    /// Classifies an error of the system.
    fn of(error: &io::Error) -> Self {
        // EMFILE and ENFILE have these numbers on every Unix, and Rust has no kind for them.
        match error.raw_os_error() {
            Some(23 | 24) if cfg!(unix) => Self::OutOfFiles,
            _ => Self::Other,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::OutOfFiles => "out_of_files",
            Self::Other => "other",
        }
    }
}

impl Connections {
    pub(super) fn register(&self, registry: &mut Registry) {
        for reason in AcceptError::ALL {
            drop(self.accept_errors.get_or_create(&[("reason", reason.word())]));
        }
        registry.register("connections_limit", "How many connections may be open", self.limit.clone());
        registry.register("connections_open", "Connections that are open", self.open.clone());
        let help = "Open connections that wait for their client, and may lose their place to a new one";
        registry.register("connections_waiting", help, self.waiting.clone());
        registry.register("connections_accepted", "Connections that got a place", self.accepted.clone());
        let help = "New connections that found all places taken";
        registry.register("connections_limit_reached", help, self.limit_reached.clone());
        let help = "Connections that were closed to make room for a new one";
        registry.register("connections_closed_for_room", help, self.made_room.clone());
        let help = "New connections that were closed, because every other one had a request in work";
        registry.register("connections_turned_away", help, self.turned_away.clone());
        let help = "Errors of the system when accepting connections";
        registry.register("accept_errors", help, self.accept_errors.clone());
    }

    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.set(number(limit));
    }

    /// Sets how many connections are open, and how many of them wait for their client.
    pub(crate) fn set_open(&self, open: usize, waiting: usize) {
        self.open.set(number(open));
        self.waiting.set(number(waiting));
    }

    pub(crate) fn count_accepted(&self) {
        self.accepted.inc();
    }

    pub(crate) fn count_closed_for_room(&self) {
        self.made_room.inc();
    }

    pub(crate) fn count_limit_reached(&self) {
        self.limit_reached.inc();
    }

    pub(crate) fn count_turned_away(&self) {
        self.turned_away.inc();
    }

    pub(crate) fn count_error(&self, error: &io::Error) {
        self.accept_errors.get_or_create(&[("reason", AcceptError::of(error).word())]).inc();
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
