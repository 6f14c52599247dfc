//! Reads a new password, from the terminal or from standard input.
//!
//! On a command line, every user of the machine could read it.

use std::io::{self, IsTerminal as _};

use zeroize::Zeroizing;

use crate::{
    StartError, demo,
    users::{self, PasswordHash},
};

/// Returns the hash of a password, from the terminal or from the first line of standard input.
pub(crate) fn hashed_password(whose: &str) -> Result<PasswordHash, StartError> {
    let password = if io::stdin().is_terminal() { ask(whose)? } else { first_line()? };
    if password.is_empty() {
        return Err(StartError::Password("it is empty".to_owned()));
    }
    if demo::is_public_password(whose, &password) {
        return Err(StartError::Password("it is the demo's, which everybody knows".to_owned()));
    }
    users::own_hash(&password)
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
