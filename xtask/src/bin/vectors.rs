//! Runs the keys and tokens of Wycheproof (<https://github.com/C2SP/wycheproof>, `testvectors_v1/json_web_*_test.json`)
//! through `jwt_extended::jose`, and compares the answers. `cargo xtask vectors DIR` starts it.
//!
//! It judges signatures alone: the payloads of these tokens are no claims.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this command is for")]

use std::{error::Error, fs, path::Path, process::ExitCode};

use jwt_extended::jose::{self, Algorithm, Key, KeyError, KeyRing, Unverified, VerifyingKey};
use serde_json::Value;

/// The files, each with the cases that the engine answers otherwise on purpose.
const FILES: [(&str, &[Exception]); 3] = [
    ("json_web_key_test.json", &[]),
    ("json_web_crypto_test.json", &[]),
    (
        "json_web_signature_test.json",
        &[
            Exception {
                cases: &[263, 267, 271, 275, 323, 328],
                reason: "the payload is not UTF-8, and every payload of ours is JSON",
            },
            Exception { cases: &[349], reason: "the private half has one operation with the name \"sign, verify\"" },
            Exception { cases: &[346, 350], reason: "the header says PS384 and the key PS256" },
            Exception { cases: &[347, 351], reason: "the key says ES521, which is not the name of the header's ES512" },
            Exception { cases: &[372, 373], reason: "the file accepts characters that are no base64url" },
            Exception {
                cases: &[367, 370],
                reason: "the file has lost the padding that these cases are about, so that they are valid",
            },
        ],
    ),
];

/// Cases that the engine answers otherwise on purpose.
struct Exception {
    cases: &'static [u64],
    reason: &'static str,
}

/// How many cases had which outcome.
#[derive(Default)]
struct Count {
    agreed: usize,
    excepted: usize,
    encrypted: usize,
    wrong: usize,
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: cargo xtask vectors DIR");
        return ExitCode::from(2);
    };
    let mut passed = true;
    for (name, exceptions) in FILES {
        match run(&Path::new(&folder).join(name), exceptions) {
            Ok(Count { agreed, excepted, encrypted, wrong }) => {
                println!(
                    "{name}: {agreed} agree, {excepted} differ on purpose, {wrong} differ; {encrypted} are encrypted \
                     (JWE) and not run"
                );
                passed &= wrong == 0;
            }
            Err(error) => {
                eprintln!("{name}: {error}");
                passed = false;
            }
        }
    }
    ExitCode::from(u8::from(!passed))
}

/// Runs every case of a file.
fn run(file: &Path, exceptions: &[Exception]) -> Result<Count, Box<dyn Error>> {
    let file: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    let mut count = Count::default();
    let mut run = 0;
    for group in elements(&file, "testGroups")? {
        for case in elements(group, "tests")? {
            run += 1;
            let Some(token) = case.get("jws") else {
                count.encrypted += 1;
                continue;
            };
            let id = case["tcId"].as_u64().ok_or("a case has no tcId")?;
            let expected = case["result"] == "valid";
            let exception = exceptions.iter().find(|exception| exception.cases.contains(&id));
            let answers = answers(group, &text_of(token));
            if answers.is_empty() {
                return Err(format!("case {id} has no key").into());
            }
            let agrees = answers.iter().all(|(_, answer)| answer.is_ok() == expected);
            match (agrees, exception) {
                (true, None) => count.agreed += 1,
                (false, Some(_)) => count.excepted += 1,
                (true, Some(Exception { reason, .. })) => {
                    println!("case {id} is listed as an exception and agrees: {reason}");
                    count.wrong += 1;
                }
                (false, None) => {
                    println!("case {id} ({}) should be {}: {answers:?}", case["comment"], case["result"]);
                    count.wrong += 1;
                }
            }
        }
    }
    if file["numberOfTests"] == run {
        Ok(count)
    } else {
        Err("it does not have the number of cases that it states".into())
    }
}

/// Returns the answer of each half of the group's key. Both must be the expected one.
fn answers(group: &Value, token: &str) -> Vec<(&'static str, Result<(), String>)> {
    let halves = ["public", "private"].into_iter().filter_map(|half| Some((half, group.get(half)?)));
    halves.map(|(half, key)| (half, check(half, key, token))).collect()
}

fn check(half: &str, key: &Value, token: &str) -> Result<(), String> {
    let ring = ring(half, key, token).map_err(|error| error.to_string())?;
    jose::verify(&ring, token).map(drop).map_err(|error| error.to_string())
}

/// Makes the ring that an app would make of the key or the set.
fn ring(half: &str, key: &Value, token: &str) -> Result<KeyRing, KeyError> {
    let keys = if key.get("keys").is_some() {
        let set = VerifyingKey::from_jwk_set(&key.to_string())?;
        if let Some(error) = set.unusable.into_iter().next() {
            return Err(error);
        }
        set.keys
    } else {
        vec![read(half, key, token)?]
    };
    keys.into_iter().try_fold(KeyRing::empty(), KeyRing::also_verify)
}

/// Reads one key. If it names no algorithm, the app has to: it expects the one of the token.
fn read(half: &str, key: &Value, token: &str) -> Result<VerifyingKey, KeyError> {
    let jwk = key.to_string();
    let named = key.get("alg").is_none().then(|| algorithm_of(token)).flatten();
    match (half, named) {
        ("public", None) => VerifyingKey::from_jwk(&jwk),
        ("public", Some(algorithm)) => VerifyingKey::from_jwk_as(algorithm, &jwk),
        (_, None) => Key::from_jwk(&jwk).map(Into::into),
        (_, Some(algorithm)) => Key::from_jwk_as(algorithm, &jwk).map(Into::into),
    }
}

fn algorithm_of(token: &str) -> Option<Algorithm> {
    let header: Value = serde_json::from_str(&Unverified::header_within(jose::Limits::default(), token).ok()?).ok()?;
    header["alg"].as_str()?.parse().ok()
}

/// Returns a token as text. Some are written as JSON.
fn text_of(token: &Value) -> String {
    token.as_str().map_or_else(|| token.to_string(), str::to_owned)
}

fn elements<'v>(value: &'v Value, name: &str) -> Result<&'v Vec<Value>, String> {
    value[name].as_array().ok_or_else(|| format!("it has no list {name:?}"))
}
