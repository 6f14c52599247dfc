//! Chooses ports for servers.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    net::TcpListener,
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
};

/// The lowest port that is handed out.
const FIRST: u16 = 10_000;
/// How many ports there are to choose from. They lie below the range that systems use for outgoing connections, which
/// starts at 32768 or later. Otherwise such a connection could take the port of a server that a test has stopped.
const COUNT: u16 = 20_000;

/// Returns a port that is free now and that this process has not handed out before.
///
/// Each process starts at a random place, so that test programs that run at the same time rarely meet.
pub fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
        let random = RandomState::new().hash_one(std::process::id()) % u64::from(COUNT);
        AtomicU16::new(u16::try_from(random).unwrap_or_default())
    });
    (0..COUNT)
        .map(|_| FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("there is a free port")
}
