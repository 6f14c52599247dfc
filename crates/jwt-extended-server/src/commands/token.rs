//! `jwt-extended-server token inspect`: says what a token holds, and why the server would refuse it.
//!
//! It never prints the signature, so its output is no token. It reads the token from standard input: on a command line,
//! every user of the machine could read it. It changes nothing: a session does not count as used.

use std::{
    io::{self, IsTerminal as _, Read as _, Write as _},
    time::{Duration, SystemTime},
};

use axum::http::{HeaderName, header};
use clap::Subcommand;
use jwt_extended_axum::{
    Location, Reason, Requirement,
    config::List,
    jose::Unverified,
    jwt_extended::{self, Clock as _, SystemClock, Timestamp, http::Request},
};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{
    Output,
    output::{escaped, relative},
};
use crate::{StartError, serve, settings::Source, store::StoreAddress};

/// A question about a token.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Say what a token holds, and whether the server would accept it now. Reads it from standard input.
    ///
    /// Ends with 0 if the server would accept it, otherwise with 1. Never prints the signature.
    Inspect,
}

/// The longest accepted input, in bytes.
const LONGEST: u16 = u16::MAX;

/// The claims that hold times (RFC 7519 section 4.1, OpenID Connect Core section 2).
const TIMES: [&str; 4] = ["exp", "nbf", "iat", "auth_time"];

/// Runs a command with the settings of a server.
pub(crate) async fn run(command: TokenCommand, source: Source, output: Output) -> Result<(), StartError> {
    let TokenCommand::Inspect = command;
    let text = read()?;
    let verdict = Box::pin(judge(&text, &source)).await;
    let now = SystemClock.now();
    let held = Unverified::parse(&text).ok().map(|token| Held::of(&token));
    let (said, error) = match verdict {
        Ok(Verdict::Accepted { note }) => (Some(format!("the server accepts it{note}")), None),
        Ok(Verdict::Refused(why)) => {
            let said = if held.is_some() {
                why.message()
            } else {
                format!("{}; the server says: {}", flaw(&text), why.message())
            };
            (None, Some((StartError::TokenRefused(said), why.code())))
        }
        Err(error) => (None, Some((StartError::TokenUnchecked(Box::new(error)), "unchecked"))),
    };
    let mut json = json!({ "accepted": error.is_none(), "header": null, "claims": null });
    let mut lines = Vec::new();
    if let Some(held) = held {
        lines = held.lines(now);
        json["header"] = held.header.into();
        json["claims"] = held.claims.into();
    }
    if let Some((error, code)) = &error {
        json["code"] = (*code).into();
        json["error"] = error.to_string().into();
    }
    lines.extend(said);
    output.say(&lines.join("\n"), &json)?;
    error.map_or(Ok(()), |(error, _)| Err(error))
}

/// What a server would make of a token.
enum Verdict {
    /// It accepts the token, with a remark.
    Accepted {
        note: &'static str,
    },
    Refused(Box<jwt_extended::Rejection>),
}

/// Asks the guard of a server with these settings. The token counts as sent in the usual header.
async fn judge(token: &str, source: &Source) -> Result<Verdict, StartError> {
    let mut settings = source.load().await.map_err(|error| match error {
        StartError::NoUsers if source.file.is_none() => StartError::NoFileOfUsers,
        error => error,
    })?;
    let mut locations = vec![Location::Header];
    locations.extend(settings.config.token_location.0.iter().copied().filter(|place| *place != Location::Header));
    settings.config.token_location = List(locations);
    "Authorization".clone_into(&mut settings.config.header_name);
    "Bearer".clone_into(&mut settings.config.header_type);
    let is_in_memory = settings.store == StoreAddress::Memory;
    let jwt = serve::state(settings).await?.jwt.clone();
    // Asking for the revocation in the guard would count as a use of the session.
    let requirement = Requirement::any().locations([Location::Header]).skip_revocation_check();
    let token = match jwt.authenticate(&Carrier::of(token), &requirement).await {
        Ok(admitted) => admitted.into_token(),
        Err(refused) => return Ok(Verdict::Refused(Box::new(refused))),
    };
    if is_in_memory {
        let note = ", unless it was revoked: sessions in memory are known only to the server's own process";
        return Ok(Verdict::Accepted { note });
    }
    match jwt.is_revoked(&token).await {
        Ok(false) => Ok(Verdict::Accepted { note: "" }),
        Ok(true) => Ok(Verdict::Refused(Box::new(jwt.reject(Reason::Revoked, None)))),
        Err(error) => Ok(Verdict::Refused(Box::new(jwt.reject(Reason::StoreUnavailable(error), None)))),
    }
}

/// Says plainly why a text cannot be taken apart. The server's own messages are those that clients look for.
fn flaw(text: &str) -> &'static str {
    if text.split('.').count() == 3 {
        "the text has the three parts of a JWT, but they were cut off or changed"
    } else {
        "the text is no signed JWT, which has three parts with dots between them: header.payload.signature"
    }
}

/// A request that carries a token.
struct Carrier(Zeroizing<Vec<u8>>);

impl Carrier {
    fn of(token: &str) -> Self {
        Self(Zeroizing::new(format!("Bearer {token}").into_bytes()))
    }
}

impl Request for Carrier {
    fn method(&self) -> &'static str {
        "GET"
    }

    fn header<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        (name == header::AUTHORIZATION).then_some(&**self.0).into_iter()
    }

    fn query(&self) -> Option<&str> {
        None
    }
}

/// What a token says, which nobody has checked. Without the signature.
struct Held {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Held {
    fn of(token: &Unverified) -> Self {
        // Both are strict JSON objects, or the token could not have been taken apart.
        let object = |text| serde_json::from_str(text).unwrap_or_default();
        Self { header: object(token.header()), claims: object(token.payload()) }
    }

    fn lines(&self, now: Timestamp) -> Vec<String> {
        let mut lines = vec!["header".to_owned()];
        lines.extend(self.header.iter().map(|(name, value)| line(name, value)));
        lines.push("claims".to_owned());
        lines.extend(self.claims.iter().map(|(name, value)| {
            let line = line(name, value);
            match value.as_f64().filter(|_| TIMES.contains(&&**name)).and_then(timestamp) {
                None => line,
                Some(time) => format!("{line}  {}, {}", date(time), relative(time, now)),
            }
        }));
        lines
    }
}

fn line(name: &str, value: &Value) -> String {
    format!("  {:<10} {}", escaped(name), escaped(&value.to_string()))
}

/// Returns the whole seconds of a numeric date. `None` before 1970 and after 9999, which no token needs.
fn timestamp(seconds: f64) -> Option<Timestamp> {
    let is_sensible = (0.0..253_402_300_800.0).contains(&seconds);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
    is_sensible.then(|| Timestamp::from_secs(seconds as u64))
}

fn date(time: Timestamp) -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs()))
}

/// Reads a token, also one that was copied with its scheme.
fn read() -> Result<Zeroizing<String>, StartError> {
    if io::stdin().is_terminal() {
        // If standard error is closed, the command waits without a prompt.
        let _ = write!(io::stderr(), "Token, then Ctrl-D: ");
    }
    // Large enough not to be reallocated, which would leave a copy of the token in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST.into()));
    io::stdin().take(LONGEST.into()).read_to_end(&mut bytes).map_err(|error| StartError::Input(error.to_string()))?;
    let text = String::from_utf8_lossy(&bytes);
    let token = text.trim();
    let token = token.strip_prefix("Bearer ").unwrap_or(token).trim_start();
    let is_one = !token.is_empty() && !token.contains(char::is_whitespace);
    if is_one { Ok(Zeroizing::new(token.to_owned())) } else { Err(StartError::NoToken) }
}
