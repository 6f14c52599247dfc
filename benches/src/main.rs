//! Measures the engine beside jsonwebtoken, jwt-simple and the bare primitive, and prints one table in Markdown.
//!
//! Everything is measured in turns: each round runs each program for a few milliseconds, and the ratios are those
//! within a round. So a machine whose speed changes does not change the ratios. `cargo xtask bench` runs it, with the
//! number of rounds as its argument (31 by default).
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]

mod bare;
mod engine;
mod peers;
mod rounds;
mod token;

use jwt_extended::jose::{Algorithm, Key};
use rounds::{Program, Table};
use token::Sample;

/// The algorithms, in the order of the table.
const ALGORITHMS: [Algorithm; 14] = [
    Algorithm::HS256,
    Algorithm::HS384,
    Algorithm::HS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::Ed25519,
    Algorithm::MlDsa44,
];

fn main() {
    let rounds = std::env::args().nth(1).and_then(|rounds| rounds.parse().ok()).unwrap_or(31);
    println!("Verify: a whole guarded request, the others only the token. Median of {rounds} rounds.\n");
    let mut table = Table::new(["bare", "jsonwebtoken", "jwt-simple"]);
    for algorithm in ALGORITHMS {
        let sample = Sample::new(algorithm);
        let ours = engine::guard(&sample);
        let peers = [bare::verify(&sample), peers::jsonwebtoken_verify(&sample), peers::jwt_simple_verify(&sample)];
        table.row(algorithm.name(), rounds, ours, peers);
    }
    println!("{table}");
    println!("Sign: the same claims, given as a struct.\n");
    let mut table = Table::new(["bare", "jsonwebtoken", "jwt-simple"]);
    for algorithm in ALGORITHMS {
        let sample = Sample::new(algorithm);
        let peers = [bare::sign(&sample), peers::jsonwebtoken_sign(&sample), peers::jwt_simple_sign(&sample)];
        table.row(algorithm.name(), rounds, engine::sign(&sample), peers);
    }
    println!("{table}");
    println!("A repeated token, with `verification_cache` and without.\n");
    let mut table = Table::new(["without"]);
    for algorithm in [Algorithm::ES256, Algorithm::RS256, Algorithm::Ed25519] {
        let sample = Sample::new(algorithm);
        table.row(algorithm.name(), rounds, engine::cached_guard(&sample), [Some(engine::guard(&sample))]);
    }
    println!("{table}");
}

/// Makes a key that every library can read.
fn key(algorithm: Algorithm) -> Key {
    Key::generate(algorithm).unwrap()
}

/// Boxes a program.
fn program(run: impl FnMut() + 'static) -> Program {
    Box::new(run)
}
