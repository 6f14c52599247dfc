//! A whole request through a guard: admitted if and only if the model admits it, and with the same token.

use super::setup::{MANAGERS, PLACES, authenticate};
use crate::model::{
    request::{Guard, Sent, judge},
    token::{KEYS, Verdict, sign},
};

/// The input is text in lines:
///
/// ```text
/// POST 0                          the method, and which guard
/// key 0 {"alg":"HS256"} {"sub":…}  a token: the key that signs, the header up to the first space, the claims
/// Authorization: Bearer {0}        headers, in which {0} is replaced by the first token
/// ?jwt={0}                         the query string
///
/// {"access_token":"{0}"}           after an empty line, the body
/// ```
pub(crate) fn guard(data: &[u8]) {
    let mut tokens: Vec<String> = Vec::new();
    let mut sent = Sent::default();
    let mut rest = data;
    let mut guard = Guard::Access;
    let mut at = 0;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if line.is_empty() {
            sent.body = with_tokens(rest, &tokens);
            break;
        }
        match line {
            _ if at == 0 => (sent.method, guard) = first_line(line),
            [b'k', b'e', b'y', b' ', key, b' ', parts @ ..] => tokens.push(token(*key, parts)),
            [b'?', query @ ..] => sent.query = String::from_utf8(with_tokens(query, &tokens)).ok(),
            header => sent.headers.extend(name_and_value(header, &tokens)),
        }
        at += 1;
    }
    check(&sent, guard);
}

/// Compares the engine with the model, in each configuration.
pub(super) fn check(sent: &Sent, guard: Guard) {
    for (jwt, places) in MANAGERS.iter().zip(PLACES) {
        let model = judge(sent, places, guard);
        match (authenticate(jwt, sent, guard), &model) {
            (Ok(admitted), Verdict::Valid((location, facts))) => {
                assert_eq!(admitted.location(), *location);
                assert_eq!(admitted.token().subject(), facts.subject);
                assert_eq!(admitted.token().csrf(), facts.csrf.as_deref());
            }
            (Err(_), Verdict::Invalid) | (_, Verdict::Unsure) => {}
            (Ok(admitted), Verdict::Invalid) => panic!("admitted only by the engine, with {:?}", admitted.location()),
            (Err(rejection), Verdict::Valid(facts)) => {
                panic!("admitted only by the model, with {facts:?}: {}", rejection.message())
            }
        }
    }
}

fn first_line(line: &[u8]) -> (String, Guard) {
    let line = String::from_utf8_lossy(line);
    let (method, guard) = line.split_once(' ').unwrap_or((&line, ""));
    let guard = match guard {
        "1" => Guard::Fresh,
        "2" => Guard::Refresh,
        "3" => Guard::Any,
        _ => Guard::Access,
    };
    (method.to_owned(), guard)
}

/// A key that the ring does not have signs as well, so that forged tokens are among the inputs.
fn token(key: u8, parts: &[u8]) -> String {
    let secret = match key {
        b'0' => KEYS[0].secret,
        b'1' => KEYS[1].secret,
        _ => "a secret that the ring does not know",
    };
    let end = parts.iter().position(|byte| *byte == b' ').unwrap_or(parts.len());
    sign(secret, &parts[..end], parts.get(end + 1..).unwrap_or_default())
}

fn name_and_value(line: &[u8], tokens: &[String]) -> Option<(String, Vec<u8>)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = str::from_utf8(&line[..colon]).ok()?.to_ascii_lowercase();
    Some((name, with_tokens(line[colon + 1..].trim_ascii_start(), tokens)))
}

/// Replaces `{0}` and so on.
fn with_tokens(text: &[u8], tokens: &[String]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, more)) = rest.split_first() {
        match more {
            [digit @ b'0'..=b'9', b'}', after @ ..] if *first == b'{' => {
                out.extend_from_slice(tokens.get(usize::from(digit - b'0')).map(String::as_bytes).unwrap_or_default());
                rest = after;
            }
            _ => {
                out.push(*first);
                rest = more;
            }
        }
    }
    out
}
