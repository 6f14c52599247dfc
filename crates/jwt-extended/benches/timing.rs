//! Whether the time of a check says something about a secret: Welch's t-test on two kinds of wrong input, in the manner
//! of dudect (Reparaz, Balasch and Verbauwhede 2017).
//!
//! The two kinds take turns at random, and the slowest measurements are left out, because other programs make them. A
//! value of |t| below 4.5 shows no difference. The control is a comparison that stops early: it must be found out.
//!
//! Run with `cargo bench -p jwt-extended --bench timing`, on an idle machine.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts and times are far below 2^52")]

use std::{hint::black_box, process::ExitCode, time::Instant};

use jwt_extended::{
    JwtManager,
    jose::{self, Key, KeyRing},
};

/// The limit of dudect.
const LIMIT: f64 = 4.5;
/// How many measurements are made, and how many times the check runs in each.
const MEASUREMENTS: usize = 200_000;
const REPEATED: usize = 4;
/// The part of the measurements that counts, in percent: the fastest ones.
const KEPT: usize = 90;

const SECRET: &str = "a secret of at least thirty-two bytes, from a safe place";

/// Pseudo-random numbers, the same in each run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Measures a check with two kinds of input, and returns t.
fn welch(measurements: usize, inputs: [&str; 2], check: impl Fn(&str) -> bool) -> f64 {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut times = Vec::with_capacity(measurements);
    for _ in 0..measurements {
        let kind = (random.next() >> 40) as usize & 1;
        let input = inputs[kind];
        let start = Instant::now();
        for _ in 0..REPEATED {
            black_box(check(black_box(input)));
        }
        times.push((start.elapsed().as_nanos() as f64, kind));
    }
    let mut sorted: Vec<f64> = times.iter().map(|(time, _)| *time).collect();
    sorted.sort_by(f64::total_cmp);
    let limit = sorted[sorted.len() * KEPT / 100];
    let of = |wanted: usize| {
        times.iter().filter(move |(time, kind)| *kind == wanted && *time <= limit).map(|(time, _)| *time)
    };
    let [(n0, mean0, variance0), (n1, mean1, variance1)] = [0, 1].map(|kind| {
        let count = of(kind).count() as f64;
        let mean = of(kind).sum::<f64>() / count;
        (count, mean, of(kind).map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0))
    });
    (mean0 - mean1) / (variance0 / n0 + variance1 / n1).sqrt()
}

/// Replaces one character of base64url.
fn changed(text: &str, at: usize) -> String {
    let other = if text.as_bytes()[at] == b'A' { 'B' } else { 'A' };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

fn main() -> ExitCode {
    // Run once among the tests, it only shows that it works.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let measurements = if is_test { 1_000 } else { MEASUREMENTS };

    let ring = KeyRing::new(Key::hs256(SECRET).unwrap());
    let token = jose::sign(ring.signing_key().unwrap(), r#"{"sub":"alice"}"#).unwrap();
    let signature = token.rfind('.').unwrap() + 1;
    let tags = [changed(&token, signature), changed(&token, token.len() - 2)];
    let hmac = welch(measurements, [&tags[0], &tags[1]], |token| jose::verify(&ring, token).is_ok());

    let jwt = JwtManager::builder().key(Key::hs256(SECRET).unwrap()).build().unwrap();
    let token = jwt.decode_token(&jwt.create_access_token("alice").unwrap()).unwrap();
    let csrf = token.csrf().unwrap();
    let values = [changed(csrf, 0), changed(csrf, csrf.len() - 1)];
    let csrf = welch(measurements, [&values[0], &values[1]], |value| token.matches_csrf(value.as_bytes()));

    let secret = "x".repeat(64);
    let inputs = [changed(&secret, 0), changed(&secret, 63)];
    let stops_early = |input: &str| input.bytes().zip(secret.bytes()).all(|(one, two)| black_box(one) == two);
    let control = welch(measurements, [&inputs[0], &inputs[1]], stops_early);

    println!("first or last byte wrong, HMAC tag:        t = {hmac:.2}");
    println!("first or last byte wrong, CSRF value:      t = {csrf:.2}");
    println!("control, a comparison that stops early:    t = {control:.2}");
    let passed = hmac.abs() < LIMIT && csrf.abs() < LIMIT && control.abs() > LIMIT;
    if is_test || passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
