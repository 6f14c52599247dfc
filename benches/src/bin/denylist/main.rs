//! A model of a million users on a hundred processes that share a store, with a denylist in each: memory, questions to
//! the store, messages of the feed, and how stale an answer can be. docs/DENYLIST.md has its tables.
//!
//! The memory is measured with the real denylist. The rest is simulated from a fixed seed, so each run prints the same.
//! Run it with `cargo run --release -p jwt-extended-benches --bin denylist`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a model")]

mod feed;
mod memory;
mod questions;

/// The users, each with one session and a request every ten seconds.
const USERS: usize = 1_000_000;
const REQUESTS_EACH: f64 = 0.1;
/// The processes, among which the requests are spread at random.
const PROCESSES: usize = 100;
/// A session lasts for eight hours, then the user logs in again.
const SESSION: f64 = 8.0 * 3600.0;
/// An access token is refreshed after a quarter of an hour.
const REFRESH: f64 = 900.0;
/// Sessions that end each second: by a logout, at the end of the day.
const ENDS: f64 = USERS as f64 / SESSION;

/// A generator of random numbers (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from zero to below one.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.unit() * limit as f64) as usize
    }

    /// Returns the time until the next of events that come independently, so many a second.
    fn until_next(&mut self, rate: f64) -> f64 {
        -(1.0 - self.unit()).ln() / rate
    }

    /// Returns a number that is normally distributed around zero.
    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

fn main() {
    println!("{USERS} users, {PROCESSES} processes, {:.0} requests a second.\n", USERS as f64 * REQUESTS_EACH);
    println!("Memory of one process\n\n{}", memory::table());
    println!("Questions to the store, a second\n\n{}", questions::table());
    println!("The feed: commands of all processes, and staleness\n\n{}", feed::table());
}
