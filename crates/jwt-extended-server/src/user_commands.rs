//! `jwt-extended-server user …`: the users in the database of the store. Passwords come by the terminal or by standard
//! input, never on the command line, where every user of the machine could read them.

use std::io::{self, IsTerminal as _, Write as _};

use clap::Subcommand;
use jwt_extended_axum::{
    jwt_extended::{Clock as _, SystemClock},
    session::{EndSessions, SessionStore},
};
use zeroize::Zeroizing;

use crate::{
    Database, StartError,
    settings::Holds,
    store::{Opened, StoreAddress, StoreError},
    users,
};

/// What to do with whom.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user; the password is asked for, or read from standard input.
    Add {
        /// The new user's name.
        name: String,
    },
    /// List all users.
    List,
    /// Log a user out everywhere, at once, and let them log in no longer.
    Disable {
        /// The user's name.
        name: String,
    },
    /// Let a disabled user log in again.
    Enable {
        /// The user's name.
        name: String,
    },
    /// Give a user another password, and log them out everywhere.
    Password {
        /// The user's name.
        name: String,
    },
    /// Remove a user, and log them out everywhere.
    Remove {
        /// The user's name.
        name: String,
    },
    /// Log a user out everywhere, wherever users stand: also one of the configuration file.
    Logout {
        /// The user's name.
        name: String,
    },
}

impl UserCommand {
    /// What it wants of the store.
    pub(crate) const fn wants(&self) -> Holds {
        if matches!(self, Self::Logout { .. }) { Holds::Sessions } else { Holds::Users }
    }
}

/// Does what the command says, in the database of a store.
pub(crate) async fn run(command: UserCommand, store: &StoreAddress) -> Result<(), StartError> {
    let Opened { sessions, users } = store.open().await?;
    let now = || SystemClock.now();
    match (command, users) {
        (UserCommand::Logout { name }, _) => {
            log_out(&*sessions, store, &name).await?;
            say(&format!("{name} is logged out everywhere"))
        }
        (_, None) => Err(StartError::NoUserTable("only a store in SQL holds users")),
        (UserCommand::Add { name }, Some(users)) => {
            let hash = hashed_password(&name)?;
            users.add(&name, &hash, now()).await?;
            say(&format!("added {name}"))
        }
        (UserCommand::List, Some(users)) => list(&users).await,
        (UserCommand::Disable { name }, Some(users)) => {
            // In this order: a login that is under way asks again after it has opened its session.
            users.disable(&name, now()).await?;
            log_out(&*sessions, store, &name).await?;
            say(&format!("disabled {name}, who is logged out everywhere"))
        }
        (UserCommand::Enable { name }, Some(users)) => {
            users.enable(&name).await?;
            say(&format!("{name} may log in again"))
        }
        (UserCommand::Password { name }, Some(users)) => {
            let hash = hashed_password(&name)?;
            users.set_password(&name, &hash).await?;
            log_out(&*sessions, store, &name).await?;
            say(&format!("{name} has a new password, and is logged out everywhere"))
        }
        (UserCommand::Remove { name }, Some(users)) => {
            // If it stops half-way, the name is still there to be removed.
            users.disable(&name, now()).await?;
            log_out(&*sessions, store, &name).await?;
            users.remove(&name).await?;
            say(&format!("removed {name}, who is logged out everywhere"))
        }
    }
}

async fn list(users: &Database) -> Result<(), StartError> {
    for user in users.list().await? {
        say(&format!("{}{}", user.name, if user.active { "" } else { "\tdisabled" }))?;
    }
    Ok(())
}

async fn log_out(sessions: &dyn SessionStore, store: &StoreAddress, subject: &str) -> Result<(), StartError> {
    // How long the server's tokens live is not known here: it is remembered for ever, one line for a user.
    let ending = EndSessions::All { subject, until: None, now: SystemClock.now() };
    let ended = sessions.end(&ending).wait().await;
    ended
        .map(|_| ())
        .map_err(|error| StartError::Store(StoreError::Closed { address: store.to_string(), why: error.to_string() }))
}

/// The hash of the password that is asked for on the terminal, or is the first line of standard input.
pub(crate) fn hashed_password(whose: &str) -> Result<String, StartError> {
    let password = if io::stdin().is_terminal() { ask(whose)? } else { first_line()? };
    if password.is_empty() {
        return Err(StartError::Password("it is empty".to_owned()));
    }
    users::hash(&password)
}

fn ask(whose: &str) -> Result<Zeroizing<String>, StartError> {
    let prompt = |text: String| {
        let read = rpassword::prompt_password(text).map(Zeroizing::new);
        read.map_err(|error| StartError::Password(error.to_string()))
    };
    let password = prompt(format!("Password of {whose}: "))?;
    if *password == *prompt("Once more: ".to_owned())? {
        return Ok(password);
    }
    Err(StartError::Password("the two are not the same".to_owned()))
}

fn first_line() -> Result<Zeroizing<String>, StartError> {
    // Long enough that it does not grow, and leave a copy behind.
    let mut line = Zeroizing::new(String::with_capacity(4096));
    io::stdin().read_line(&mut line).map_err(|error| StartError::Password(error.to_string()))?;
    if line.is_empty() {
        return Err(StartError::Password("nothing came on standard input".to_owned()));
    }
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn say(line: &str) -> Result<(), StartError> {
    writeln!(io::stdout(), "{line}").map_err(|error| StartError::Output(error.to_string()))
}
