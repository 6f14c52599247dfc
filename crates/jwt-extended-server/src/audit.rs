//! Audit events: what happened to sessions, users and keys, each as one log line with a stable name and stable fields.
//!
//! docs/AUDIT.md lists them. No field holds a token or a password. Texts of clients are cut off, and their control
//! characters are escaped.

use std::{fmt, net::IpAddr};

use jwt_extended_axum::{Reason, Rejection, Token};
use tracing::Level;

/// The longest text of a field, in characters. A name of a user has at most 255 bytes.
const LONGEST: usize = 255;

/// Makes the names, with the level of each.
macro_rules! names {
    ($($name:ident = $text:literal, $level:ident;)*) => {
        /// The name of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Name {
            $(#[doc = concat!("`", $text, "`")] $name,)*
        }

        impl Name {
            /// All names.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name),*];

            const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            const fn level(self) -> Level {
                match self { $(Self::$name => Level::$level,)* }
            }
        }
    };
}

names! {
    SessionOpened = "session_opened", INFO;
    SessionRefreshed = "session_refreshed", INFO;
    SessionReplayed = "session_replayed", WARN;
    SessionEnded = "session_ended", INFO;
    PasswordChanged = "password_changed", INFO;
    UserAdded = "user_added", INFO;
    UserDisabled = "user_disabled", INFO;
    UserEnabled = "user_enabled", INFO;
    UserRemoved = "user_removed", INFO;
    ScopesChanged = "scopes_changed", INFO;
    AdministrationRefused = "administration_refused", WARN;
    AccountLocked = "account_locked", WARN;
    ClientLocked = "client_locked", WARN;
    AddressLocked = "address_locked", WARN;
    KeyAdded = "key_added", INFO;
    KeyRotated = "key_rotated", INFO;
    KeyRetired = "key_retired", INFO;
}

/// Who caused an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// The user of the event, by a request.
    User,
    /// Somebody who ran a command on the server's machine.
    Command,
    /// The server itself, when it sees that something has changed.
    Server,
}

/// An event, until it is logged by [`record`](Self::record).
#[must_use = "an event is logged by `record`"]
pub(crate) struct Event {
    name: Name,
    by: Actor,
    subject: Option<String>,
    session: Option<String>,
    jti: Option<String>,
    client: Option<String>,
    address: Option<String>,
    ended: Option<u64>,
    reason: Option<String>,
    kid: Option<String>,
    from: Option<u64>,
    client_id: Option<String>,
    failures: Option<i64>,
}

impl Event {
    pub(crate) fn new(name: Name, by: Actor) -> Self {
        let (subject, session, jti, client, address, ended, reason) = Default::default();
        let (kid, from, client_id, failures) = Default::default();
        Self { name, by, subject, session, jti, client, address, ended, reason, kid, from, client_id, failures }
    }

    /// Names the user.
    pub(crate) fn subject(mut self, subject: &str) -> Self {
        self.subject = Some(bounded(subject));
        self
    }

    /// Names the session. A text that is no id of a session is left out: a client may send a token instead.
    pub(crate) fn session(mut self, session: Option<&str>) -> Self {
        self.session = session.filter(|id| is_id(id)).map(str::to_owned);
        self
    }

    /// Names the subject, the session and the id of a token.
    fn token(self, token: &Token) -> Self {
        let jti = token.jti().map(bounded);
        Self { jti, ..self.subject(token.subject()).session(token.session()) }
    }

    /// Names the device, as it calls itself.
    pub(crate) fn client(mut self, client: Option<&str>) -> Self {
        self.client = client.map(bounded);
        self
    }

    /// Names where the request came from.
    pub(crate) fn address(mut self, Address(address): Address) -> Self {
        self.address = address.map(|address| address.to_string());
        self
    }

    /// Names the address or the network whose failures were counted, and how many there were.
    pub(crate) fn failures(mut self, address: impl fmt::Display, failures: i64) -> Self {
        (self.address, self.failures) = (Some(address.to_string()), Some(failures));
        self
    }

    /// Names the program that gave a wrong secret.
    pub(crate) fn client_id(mut self, id: &str) -> Self {
        self.client_id = Some(bounded(id));
        self
    }

    /// Names the key.
    pub(crate) fn kid(mut self, kid: &str) -> Self {
        self.kid = Some(bounded(kid));
        self
    }

    /// Says from when, in seconds since 1970.
    pub(crate) fn from(mut self, from: u64) -> Self {
        self.from = Some(from);
        self
    }

    /// Says how many sessions ended.
    pub(crate) fn ended(mut self, ended: u64) -> Self {
        self.ended = Some(ended);
        self
    }

    /// Says why.
    pub(crate) fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(bounded(reason));
        self
    }

    /// Logs it. Without a logger, which the commands start only with `--audit`, nothing happens.
    pub(crate) fn record(self) {
        let Self { name, by, subject, session, jti, client, address, ended, reason, kid, from, client_id, failures } =
            self;
        let by = match by {
            Actor::User => "user",
            Actor::Command => "command",
            Actor::Server => "server",
        };
        let event = name.text();
        // The level of a log line is a constant.
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    event, by, subject, session, jti, client, address, ended, reason, kid, from, client_id, failures,
                    "audit"
                )
            };
        }
        if name.level() == Level::WARN { log!(warn) } else { log!(info) }
    }
}

/// Records that a refresh token was used: refreshed, or found to be stolen. Other refusals change nothing.
pub(crate) fn refreshed<T>(outcome: &Result<T, Rejection>, token: &Token, address: Address) {
    let name = match outcome {
        Ok(_) => Name::SessionRefreshed,
        Err(error) if is_replay(error) => Name::SessionReplayed,
        Err(_) => return,
    };
    Event::new(name, Actor::User).token(token).address(address).record();
}

fn is_replay(error: &Rejection) -> bool {
    error.rejection().is_some_and(|rejection| matches!(rejection.reason(), Reason::Replayed))
}

/// Records the ends of the sessions of tokens that logged out, each once.
pub(crate) fn logged_out(tokens: &[Token], address: Address) {
    for (place, token) in tokens.iter().enumerate() {
        let is_known = |earlier: &Token| earlier.session().is_some() && earlier.session() == token.session();
        if !tokens.iter().take(place).any(is_known) {
            Event::new(Name::SessionEnded, Actor::User).token(token).address(address).reason("logout").record();
        }
    }
}

/// The address of the client that sent a request; unknown without a network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address(Option<IpAddr>);

impl From<Option<IpAddr>> for Address {
    fn from(client: Option<IpAddr>) -> Self {
        Self(client)
    }
}

/// Returns whether a text has the form of the ids of sessions.
fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Returns the beginning of a text, with control characters escaped.
fn bounded(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(LONGEST) {
        if c.is_control() { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../docs/AUDIT.md");

    #[test]
    fn the_page_lists_every_event() {
        let rows = PAGE.lines().filter_map(|line| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            Some((cells.next()?.trim_matches('`'), cells.next().filter(|level| ["INFO", "WARN"].contains(level))?))
        });
        let listed: Vec<_> = rows.map(|(name, level)| (name, level.to_owned())).collect();
        let expected: Vec<_> = Name::ALL.iter().map(|name| (name.text(), name.level().to_string())).collect();
        assert_eq!(listed, expected);
        for (name, _) in listed {
            assert!(PAGE.contains(&format!("\"event\":\"{name}\"")), "no example of {name}");
        }
    }

    #[test]
    fn texts_are_cut_off_and_control_characters_escaped() {
        assert_eq!(bounded("a\nb\u{1b}[0m"), "a\\u{a}b\\u{1b}[0m");
        assert_eq!(bounded(&"é".repeat(1000)).chars().count(), LONGEST);
    }

    #[test]
    fn a_token_is_no_id_of_a_session() {
        assert!(is_id("0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e"));
        for text in ["", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7\n"] {
            assert!(!is_id(text), "{text}");
        }
    }
}
