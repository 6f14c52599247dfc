//! Measures requests a second through axum and actix-web: an open route, and the same one guarded, over the store in
//! memory and over SQLite. `cargo xtask requests` runs it; it needs wrk.
//!
//! All servers are in this process. wrk calls their routes in turns, and a ratio compares the two runs of one round.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program for developers"
)]

mod servers;

use std::process::Command;

use jwt_extended_benches::median;
use servers::{SERVERS, Server};

/// How long wrk calls a route in a round.
const TURN: &str = "2s";
/// How many connections it has.
const CONNECTIONS: &str = "16";

#[tokio::main]
async fn main() {
    let rounds = std::env::args().nth(1).and_then(|rounds| rounds.parse().ok()).unwrap_or(31);
    let folder = tempfile::tempdir().unwrap();
    let mut running = Vec::new();
    for (name, start) in SERVERS {
        running.push((name, start(folder.path().join(format!("{name}.db"))).await));
    }
    tokio::task::spawn_blocking(move || measure(&running, rounds)).await.unwrap();
}

fn measure(running: &[(&str, Server)], rounds: u32) {
    println!("| server | open | guarded | ratio |\n|---|---|---|---|");
    let mut figures: Vec<[Vec<f64>; 3]> = running.iter().map(|_| Default::default()).collect();
    for _ in 0..rounds {
        for ((_, server), [open, guarded, ratios]) in running.iter().zip(&mut figures) {
            let (free, checked) = (wrk(server, "open"), wrk(server, "guarded"));
            open.push(free);
            guarded.push(checked);
            ratios.push(checked / free);
        }
    }
    for ((name, _), [open, guarded, ratios]) in running.iter().zip(&mut figures) {
        let (open, guarded, ratio) = (median(open), median(guarded), median(ratios));
        let (low, high) = (ratios[0], ratios[ratios.len() - 1]);
        println!("| {name} | {open:.0} | {guarded:.0} | {ratio:.2} ({low:.2} to {high:.2}) |");
    }
}

/// Returns how many requests a second a route answers, all of them with success.
fn wrk(server: &Server, route: &str) -> f64 {
    let address = format!("http://127.0.0.1:{}/{route}", server.port);
    let authorization = format!("Authorization: Bearer {}", server.token);
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", "-c", CONNECTIONS, "-d", TURN, "-H", &authorization, &address]);
    let output = wrk.output().expect("wrk starts; install Debian's wrk");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("Non-2xx"), "{said}");
    let rate = said.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    rate.and_then(|rate| rate.trim().parse().ok()).unwrap_or_else(|| panic!("wrk said: {said}"))
}
