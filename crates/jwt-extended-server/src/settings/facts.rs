//! What `check` says of good settings: one line of facts, and a line for each section, or the same as JSON. No secrets.

use std::fmt;

use serde_json::{Value, json};

use super::Settings;
use crate::{keys::KeyPlace, users::Users};

impl Settings {
    /// Returns the main facts as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let keys = match &self.keys {
            None => json!({ "in": "options", "algorithm": self.config.algorithm.to_string() }),
            Some(KeyPlace::Store { .. }) => json!({ "in": "store" }),
            Some(KeyPlace::Folder(folder)) => json!({ "in": "folder", "folder": folder.path().display().to_string() }),
        };
        json!({
            "good": true,
            "listen": self.listen.to_string(),
            "metrics_listen": self.metrics_listen.as_ref().map(ToString::to_string),
            "connections": self.limits.connections,
            "store": self.store.to_string(),
            "users": if self.users.is_some() { "file" } else { "store" },
            "listed_users": self.listed_users(),
            "keys": keys,
            "issuers": self.issuers.len(),
            "policies": self.forward_auth.policies(),
            "return_to": self.forward_auth.return_origins().len(),
            "clients": self.clients.count(),
            "cors_origins": self.cors.count(),
            "pages": self.pages.are_on(),
            "guessing": self.guessing.are_on(),
        })
    }

    fn listed_users(&self) -> usize {
        self.users.as_ref().and_then(Users::listed).unwrap_or_default()
    }

    fn main_facts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listen, limits, config, store, users, issuers, keys, .. } = self;
        let users = if users.is_some() { "in the configuration file" } else { "in the store" };
        write!(f, "it listens on {listen}, with at most {} connections; its store is {store}; ", limits.connections)?;
        write!(f, "its users are {users}; ")?;
        match keys {
            None => write!(f, "it signs with {}", config.algorithm)?,
            Some(KeyPlace::Store { .. }) => f.write_str("its keys are sealed in the store")?,
            Some(KeyPlace::Folder(folder)) => write!(f, "its keys are the files in {}", folder.path().display())?,
        }
        match issuers.len() {
            0 => Ok(()),
            1 => f.write_str("; it accepts the tokens of 1 other issuer"),
            more => write!(f, "; it accepts the tokens of {more} other issuers"),
        }
    }
}

impl fmt::Display for Settings {
    /// Writes the main facts in one line, and a line for each section that was checked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.main_facts(f)?;
        let keys = match &self.keys {
            None => "none, so the key is an option",
            Some(KeyPlace::Store { .. }) => "in the store, whose keys are read at the start",
            Some(KeyPlace::Folder(_)) => "in a folder",
        };
        let users = match self.listed_users() {
            0 => "none, so they are in the store".to_owned(),
            listed => counted(listed, "user", "users"),
        };
        let limits = if self.guessing.are_on() { "on" } else { "off" };
        let pages = if self.pages.are_on() { "on" } else { "off" };
        let origins = self.forward_auth.return_origins().len();
        for (section, found) in [
            ("[[users]]", users),
            ("[keys]", keys.to_owned()),
            ("[[issuers]]", counted(self.issuers.len(), "issuer", "issuers")),
            ("[[policies]]", counted(self.forward_auth.policies(), "policy", "policies")),
            ("[forward_auth]", format!("a login may return to {}", counted(origins, "origin", "origins"))),
            ("[[clients]]", counted(self.clients.count(), "client", "clients")),
            ("cors_origins", counted(self.cors.count(), "origin", "origins")),
            ("[pages]", pages.to_owned()),
            ("[guessing]", limits.to_owned()),
        ] {
            write!(f, "\n  {section:<14} {found}")?;
        }
        Ok(())
    }
}

fn counted(number: usize, one: &str, more: &str) -> String {
    match number {
        0 => format!("no {more}"),
        1 => format!("1 {one}"),
        number => format!("{number} {more}"),
    }
}
