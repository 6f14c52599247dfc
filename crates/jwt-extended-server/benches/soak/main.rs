//! The server on PostgreSQL for a long time, with mixed requests and faults: nothing that it has acknowledged is lost,
//! no request is dropped, and its memory stays flat.
//!
//! Every minute has one fault: the store is frozen, the store is restarted, the configuration is read again, or slow
//! clients hold connections. During a fault of the store, 503 is a good answer.
//!
//! `cargo bench -p jwt-extended-server --features store-tests --bench soak -- 30` runs it for 30 minutes, and `--test`
//! for a moment, in which each fault happens once.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a program for developers")]

mod client;
mod faults;
mod process;

#[path = "../../tests/support/mod.rs"]
mod support;

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use client::{Client, Figures};
use faults::{Faults, Site};
use process::Usage;

const CLIENTS: u32 = 12;
const MINUTE: Duration = Duration::from_mins(1);

fn main() {
    let (time, every) = times(std::env::args().skip(1));
    let mut site = Site::start();
    let (figures, ending) = (Figures::default(), AtomicBool::new(false));
    let started = Instant::now();
    let mut usages = Vec::new();
    thread::scope(|scope| {
        let (server, windows) = (&site.server, &site.windows);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (figures, ending) = (&figures, &ending);
                scope.spawn(move || Client::new(number, server, windows, figures).run(ending))
            })
            .collect();
        let mut faults = Faults::new(&mut site.postgres, server, windows);
        while started.elapsed() < time && !clients.iter().any(thread::ScopedJoinHandle::is_finished) {
            faults.cause_next();
            faults.wait(every);
            let usage = Usage::of(server.id());
            println!("{:6.1} min: {usage}, {}", started.elapsed().as_secs_f64() / 60.0, figures.line());
            usages.push(usage);
        }
        ending.store(true, Relaxed);
    });
    let checked = figures.check_what_was_acknowledged(&site.server);
    println!("{:.1} min, {}", started.elapsed().as_secs_f64() / 60.0, figures.line());
    println!("{checked} acknowledged sessions and logouts hold");
    assert!(figures.unexcused() < 0.001, "requests got 503 without a fault");
    if let Some(growth) = process::growth(&usages) {
        println!("memory: {growth:+.1} % from the second fifth of the time to the last");
        assert!(growth < 10.0, "the memory is not flat");
    }
}

/// Returns how long to run, and how much of it follows each fault.
fn times(mut arguments: impl Iterator<Item = String>) -> (Duration, Duration) {
    match arguments.find_map(|argument| argument.parse::<u32>().ok()) {
        Some(minutes) => (minutes * MINUTE, MINUTE),
        None => (Duration::from_secs(8), Duration::from_secs(1)),
    }
}
