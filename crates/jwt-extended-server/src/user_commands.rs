//! `jwt-extended-server user …`: changes the users in the store's database, and logs users out.
//!
//! Passwords come from the terminal or from standard input. On a command line, every user of the machine could read
//! them.

use std::{
    ffi::OsString,
    io::{self, IsTerminal as _, Write as _},
    path::Path,
};

use clap::Subcommand;
use jwt_extended_axum::{
    jwt_extended::{Clock as _, SystemClock},
    session::{EndSessions, SessionStore, StoreError},
};
use zeroize::Zeroizing;

use crate::{
    Database, StartError, demo,
    settings::{UserSource, find_store},
    store::{Absence, OpenError, OpenStore, StoreAddress},
    users::{self, DatabaseError},
};

/// A change of users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user. Asks for the password, or reads it from standard input.
    Add {
        /// The new user's name.
        name: String,
    },
    /// List all users.
    List,
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
    /// Log a user out everywhere. Also works for users of the configuration file that --config names.
    Logout {
        /// The user's name.
        name: String,
    },
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
            Self::Logout { .. } => Ok((store, users)),
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

/// Runs a command on a store.
pub(crate) async fn run(command: UserCommand, store: &StoreAddress, source: UserSource) -> Result<(), StartError> {
    // A new store has no users and no sessions, so any other command would do nothing there and say that it did.
    let absence = if matches!(command, UserCommand::Add { .. }) { Absence::Created } else { Absence::Refused };
    let OpenStore { sessions, users } = store.open(absence).await?;
    let now = || SystemClock.now();
    match (command, users) {
        (UserCommand::Logout { name }, users) => {
            let name = subject_of(&name, users.as_ref()).await?;
            if !is_known(&name, source, users.as_ref(), &*sessions, store).await? {
                return Err(StartError::NobodyToLogOut { name, store: store.to_string() });
            }
            let ended = log_out(&*sessions, store, &name).await?;
            say(&format!("{name} is logged out everywhere: {ended}"))
        }
        (_, None) => Err(StartError::NoUserTable("only an SQL store holds users")),
        (UserCommand::Add { name }, Some(users)) => {
            let hash = hashed_password(&name)?;
            let name = users.add(&name, &hash, now()).await?;
            say(&format!("added {name} to {store}"))
        }
        (UserCommand::List, Some(users)) => list(&users).await,
        (UserCommand::Disable { name }, Some(users)) => {
            let name = users.stored_name(&name).await?;
            // In this order, because a login in flight checks the user again after it has opened its session.
            users.disable(&name, now()).await?;
            let ended = log_out(&*sessions, store, &name).await?;
            say(&format!("disabled {name}, who is logged out everywhere: {ended}"))
        }
        (UserCommand::Enable { name }, Some(users)) => {
            let name = users.stored_name(&name).await?;
            users.enable(&name).await?;
            say(&format!("{name} may log in again"))
        }
        (UserCommand::Password { name }, Some(users)) => {
            let name = users.stored_name(&name).await?;
            let hash = hashed_password(&name)?;
            users.set_password(&name, &hash).await?;
            let ended = log_out(&*sessions, store, &name).await?;
            say(&format!("{name} has a new password, and is logged out everywhere: {ended}"))
        }
        (UserCommand::Remove { name }, Some(users)) => {
            let name = users.stored_name(&name).await?;
            // Removed last, so that an interrupted removal can be repeated.
            users.disable(&name, now()).await?;
            let ended = log_out(&*sessions, store, &name).await?;
            users.remove(&name).await?;
            say(&format!("removed {name}, who is logged out everywhere: {ended}"))
        }
    }
}

/// Returns the subject of a user's tokens: the name as it is stored. Users of the file are not in the database.
async fn subject_of(name: &str, users: Option<&Database>) -> Result<String, StartError> {
    let stored = match users {
        Some(users) => users.stored_name(name).await,
        None => Err(DatabaseError::Unknown(name.to_owned())),
    };
    match stored {
        Err(DatabaseError::Unknown(_)) => Ok(users::normalized(name).unwrap_or_else(|| name.to_owned())),
        stored => Ok(stored?),
    }
}

async fn list(users: &Database) -> Result<(), StartError> {
    for user in users.list().await? {
        let disabled = if user.active { "" } else { "\tdisabled" };
        let old = if user.has_old_spelling() { "\told spelling" } else { "" };
        say(&format!("{}{disabled}{old}", user.name))?;
    }
    Ok(())
}

/// Whether somebody of this name can have sessions: a user of the store or of the file, or one who was removed and
/// still has some.
async fn is_known(
    name: &str,
    source: UserSource,
    users: Option<&Database>,
    sessions: &dyn SessionStore,
    store: &StoreAddress,
) -> Result<bool, StartError> {
    if let UserSource::File(names) = source
        && names.iter().any(|known| users::normalized(known).as_deref() == Some(name))
    {
        return Ok(true);
    }
    if let Some(users) = users
        && users.find(name).await?.is_some()
    {
        return Ok(true);
    }
    let open = sessions.list(name, SystemClock.now()).wait().await;
    open.map(|open| !open.is_empty()).map_err(|error| failed(store, &error))
}

/// Ends a user's sessions, and says how many there were, and where.
async fn log_out(sessions: &dyn SessionStore, store: &StoreAddress, subject: &str) -> Result<String, StartError> {
    // This command does not know how long the server's tokens live. So the store keeps the cut-off, one row per user.
    let end = EndSessions::All { subject, until: None, now: SystemClock.now() };
    let ended = sessions.end(&end).wait().await.map_err(|error| failed(store, &error))?;
    let sessions = match ended {
        0 => "no session was open".to_owned(),
        1 => "1 session ended".to_owned(),
        many => format!("{many} sessions ended"),
    };
    Ok(format!("{sessions} in {store}"))
}

fn failed(store: &StoreAddress, error: &StoreError) -> StartError {
    StartError::Store(OpenError::Unreachable { address: store.to_string(), why: error.to_string() })
}

/// Returns the hash of a password, from the terminal or from the first line of standard input.
pub(crate) fn hashed_password(whose: &str) -> Result<String, StartError> {
    let password = if io::stdin().is_terminal() { ask(whose)? } else { first_line()? };
    if password.is_empty() {
        return Err(StartError::Password("it is empty".to_owned()));
    }
    if demo::is_public_password(whose, &password) {
        return Err(StartError::Password("it is the demo's, which everybody knows".to_owned()));
    }
    users::hash(&password)
}

fn ask(whose: &str) -> Result<Zeroizing<String>, StartError> {
    let prompt = |text: String| {
        let read = rpassword::prompt_password(text).map(Zeroizing::new);
        read.map_err(|error| StartError::Password(error.to_string()))
    };
    let password = prompt(format!("Password of {whose}: "))?;
    if *password == *prompt("Repeat it: ".to_owned())? {
        return Ok(password);
    }
    Err(StartError::Password("the two passwords differ".to_owned()))
}

fn first_line() -> Result<Zeroizing<String>, StartError> {
    // Large enough not to be reallocated, which would leave a copy of the password in memory.
    let mut line = Zeroizing::new(String::with_capacity(4096));
    io::stdin().read_line(&mut line).map_err(|error| StartError::Password(error.to_string()))?;
    if line.is_empty() {
        return Err(StartError::Password("standard input is empty".to_owned()));
    }
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn say(line: &str) -> Result<(), StartError> {
    writeln!(io::stdout(), "{line}").map_err(|error| StartError::Output(error.to_string()))
}
