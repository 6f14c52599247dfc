//! The arguments of the `user` commands.
//!
//! It knows where a command may work, and not how it works.

use std::{ffi::OsString, path::Path};

use clap::Subcommand;

use super::import::ImportArguments;
use crate::{
    Scopes, StartError,
    settings::{UserSource, find_store},
    store::StoreAddress,
};

/// A change of users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user. Asks for the password, or reads it from standard input.
    Add {
        /// The new user's name.
        name: String,
        /// The scopes of the user's tokens, with spaces between them, such as "read:orders write:orders".
        #[arg(long, default_value_t)]
        scopes: Scopes,
    },
    /// Add the users of a file with the password hashes of another program, such as a Flask or Django app.
    Import(ImportArguments),
    /// List all users: the name, the kind of the password hash, the scopes, and what is unusual about them.
    List,
    /// Show or change the scopes of a user's tokens.
    ///
    /// A scope that is taken away is missing from the next refresh on, and a new one is there from the next login on.
    Scopes {
        /// The user's name.
        name: String,
        #[command(flatten)]
        change: ScopesChange,
        /// Log the user out everywhere, so that the change counts at once.
        #[arg(long, requires = "ScopesChange")]
        now: bool,
    },
    /// Log a user out everywhere at once, and block further logins.
    Disable {
        /// The user's name.
        name: String,
    },
    /// Let a disabled user log in again.
    Enable {
        /// The user's name.
        name: String,
    },
    /// Change a user's password, and log them out everywhere.
    Password {
        /// The user's name.
        name: String,
    },
    /// Remove a user, and log them out everywhere.
    Remove {
        /// The user's name.
        name: String,
    },
    /// Forget a user's failed logins, so that their next login is not delayed.
    Unlock {
        /// The user's name.
        name: String,
    },
    /// Log a user out everywhere. Also works for users of the configuration file that --config names.
    Logout {
        /// The user's name.
        name: String,
    },
}

/// A change of scopes; nothing to show them.
#[derive(Debug, clap::Args)]
#[group(multiple = true)]
pub(crate) struct ScopesChange {
    /// Replace all scopes by these, with spaces between them.
    #[arg(long, value_name = "SCOPES", conflicts_with_all = ["add", "remove"])]
    set: Option<Scopes>,
    /// Add these scopes.
    #[arg(long, value_name = "SCOPES")]
    add: Option<Scopes>,
    /// Take these scopes away.
    #[arg(long, value_name = "SCOPES")]
    remove: Option<Scopes>,
}

impl UserCommand {
    /// Returns the store that the command changes, which is the one that `serve` would use, and where its users are.
    ///
    /// # Errors
    /// If the command cannot work there.
    pub(crate) fn store(
        &self,
        file: Option<&Path>,
        store: Option<StoreAddress>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(StoreAddress, UserSource), StartError> {
        let (store, users) = find_store(file, store, environment)?;
        let refuse = |why| Err(StartError::NoUserTable(why));
        match self {
            Self::Logout { .. } if store == StoreAddress::Memory => refuse(
                "sessions in memory exist only in the server's own process: restart the server to log everyone out",
            ),
            Self::Unlock { .. } if store == StoreAddress::Memory => refuse(
                "failed logins in memory exist only in the server's own process: restart the server to forget them",
            ),
            Self::Logout { .. } | Self::Unlock { .. } => Ok((store, users)),
            _ if users != UserSource::Store => refuse(
                "the users of this configuration are listed in the file, under [[users]]: change them there, restart the server, and log them out with `user logout`",
            ),
            _ if store.holds_users() => Ok((store, users)),
            _ => refuse(
                "only an SQL store holds users; name one with --store sqlite:PATH or postgres://…, or list [[users]] in the configuration file",
            ),
        }
    }
}

impl ScopesChange {
    /// Returns the new scopes; `None` if nothing is to change.
    pub(super) fn applied_to(&self, old: &Scopes) -> Result<Option<Scopes>, StartError> {
        if let Some(set) = &self.set {
            return Ok(Some(set.clone()));
        }
        if self.add.is_none() && self.remove.is_none() {
            return Ok(None);
        }
        let without = self.remove.as_ref().map_or_else(|| old.clone(), |remove| old.without(remove));
        Ok(Some(self.add.as_ref().map_or(Ok(without.clone()), |add| without.with(add))?))
    }
}
