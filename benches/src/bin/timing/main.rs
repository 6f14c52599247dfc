//! Whether the time of a check says something about a secret. `cargo xtask timing` runs it, on an idle machine.
//!
//! Each check has two kinds of wrong input, and a control that must be found out: a comparison that stops early, and a
//! user whose hash another program has made at a lower cost. Fails if a check is found out, or a control is not.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]

mod passwords;

use std::{hint::black_box, process::ExitCode};

use jwt_extended::{
    JwtManager,
    jose::{self, Key, KeyRing},
};
use jwt_extended_benches::timing::{LIMIT, welch};

/// How many measurements are made, and how many times the check runs in each.
const MEASUREMENTS: usize = 200_000;
const REPEATED: usize = 4;

const SECRET: &str = "a secret of at least thirty-two bytes, from a safe place";

/// Whether a difference must be found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Check,
    Control,
}

fn main() -> ExitCode {
    let rows = [
        ("first or last byte wrong, HMAC tag", Kind::Check, hmac()),
        ("first or last byte wrong, CSRF value", Kind::Check, csrf()),
        ("control: a comparison that stops early", Kind::Control, stops_early()),
        ("unknown user or wrong password", Kind::Check, passwords::unknown_or_wrong()),
        ("control: a hash that costs less", Kind::Control, passwords::unknown_or_cheap()),
    ];
    let mut passed = true;
    for (what, kind, t) in rows {
        println!("{what:<42} t = {t:.2}");
        passed &= (t.abs() > LIMIT) == (kind == Kind::Control);
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn hmac() -> f64 {
    let ring = KeyRing::new(Key::hs256(SECRET).unwrap());
    let token = jose::sign(ring.signing_key().unwrap(), r#"{"sub":"alice"}"#).unwrap();
    let signature = token.rfind('.').unwrap() + 1;
    let tags = [changed(&token, signature), changed(&token, token.len() - 2)];
    welch(MEASUREMENTS, REPEATED, [&tags[0], &tags[1]], |token| jose::verify(&ring, token).is_ok())
}

fn csrf() -> f64 {
    let jwt = JwtManager::builder().key(Key::hs256(SECRET).unwrap()).build().unwrap();
    let token = jwt.decode_token(&jwt.create_access_token("alice").unwrap()).unwrap();
    let csrf = token.csrf().unwrap();
    let values = [changed(csrf, 0), changed(csrf, csrf.len() - 1)];
    welch(MEASUREMENTS, REPEATED, [&values[0], &values[1]], |value| token.matches_csrf(value.as_bytes()))
}

fn stops_early() -> f64 {
    let secret = "x".repeat(64);
    let inputs = [changed(&secret, 0), changed(&secret, 63)];
    let stops_early = |input: &str| input.bytes().zip(secret.bytes()).all(|(one, two)| black_box(one) == two);
    welch(MEASUREMENTS, REPEATED, [&inputs[0], &inputs[1]], stops_early)
}

/// Replaces one character of base64url.
fn changed(text: &str, at: usize) -> String {
    let other = if text.as_bytes()[at] == b'A' { 'B' } else { 'A' };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}
