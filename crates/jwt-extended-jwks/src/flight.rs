//! [`Flight`]: a fetch in flight, which any number of callers wait for, with or without an async runtime.
//!
//! Does not know what is fetched.

use std::{
    process,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use event_listener::{Event, Listener as _};

/// How long a renewal may take: discovery and the set together, with resolving names and connecting.
const LIMIT: Duration = Duration::from_millis(2500);
/// How long its client may take. It ends earlier than the flight, so that its own error is the one that is reported.
const CLIENT_LIMIT: Duration = Duration::from_millis(2400);
/// How much longer before others give it up, on a computer that is too busy to run its thread.
const GRACE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Flight {
    /// The process that fetches. A forked child inherits the flight, but not the thread.
    process: u32,
    pub(crate) deadline: Instant,
    pub(crate) client_deadline: Instant,
    landed: AtomicBool,
    event: Event,
}

impl Flight {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            process: process::id(),
            deadline: now + LIMIT,
            client_deadline: now + CLIENT_LIMIT,
            landed: AtomicBool::new(false),
            event: Event::new(),
        }
    }

    /// Returns whether nobody will ever end it. Whoever finds out starts another one, and must not wait for this one:
    /// the locks inside may be those that another thread held when the process forked.
    pub(crate) fn is_lost(&self) -> bool {
        self.process != process::id() || Instant::now() > self.deadline + GRACE
    }

    /// Wakes all who wait.
    pub(crate) fn land(&self) {
        self.landed.store(true, Ordering::SeqCst);
        self.event.notify(usize::MAX);
    }

    pub(crate) async fn landed(&self) {
        let landing = self.event.listen();
        if !self.landed.load(Ordering::SeqCst) {
            landing.await;
        }
    }

    /// Waits on this thread.
    pub(crate) fn landed_blocking(&self) {
        let landing = self.event.listen();
        if !self.landed.load(Ordering::SeqCst) {
            // The thread that fetches lands in time; this holds even if it was killed.
            landing.wait_deadline(self.deadline + GRACE);
        }
    }

    /// Only models of interleavings look at it.
    #[cfg(all(test, interleavings))]
    pub(crate) fn has_landed(&self) -> bool {
        self.landed.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Flight {
        pub(crate) fn of_process(process: u32) -> Self {
            Self { process, ..Self::new() }
        }

        pub(crate) fn overdue() -> Self {
            Self::overdue_by(GRACE * 2)
        }

        fn overdue_by(by: Duration) -> Self {
            let past = Instant::now().checked_sub(by).unwrap();
            Self { deadline: past, client_deadline: past, ..Self::new() }
        }
    }

    #[test]
    fn a_flight_is_lost_a_second_after_its_deadline() {
        assert!(!Flight::overdue_by(Duration::ZERO).is_lost());
        assert!(Flight::overdue_by(GRACE).is_lost());
    }
}
