//! The commands that administer a server: users, sessions, keys, clients and tokens.
//!
//! Each works on the store that the server uses, and reports in words or as JSON. They know nothing of routes.

pub(crate) mod client;
pub(crate) mod key;
mod output;
pub(crate) mod session;
pub(crate) mod token;
pub(crate) mod user;

use jwt_extended_axum::{
    jwt_extended::{Clock as _, SystemClock},
    session::{EndSessions, SessionStore, StoreError},
};

pub(crate) use self::output::{Output, counted, print};
use crate::{
    Database, StartError,
    audit::{Actor, Event, Name},
    settings::UserSource,
    store::{OpenError, StoreAddress},
    users::{self, DatabaseError},
};

/// Begins the audit event of a change.
fn changed(name: Name, subject: &str) -> Event {
    Event::new(name, Actor::Command).subject(subject)
}

/// Records that a command was refused, or has failed.
pub(crate) fn refused(error: &StartError) {
    Event::new(Name::AdministrationRefused, Actor::Command).reason(&error.to_string()).record();
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

/// Whether somebody of this name can have sessions: a user of the store or of the file, or one who was removed and
/// still has some.
async fn is_known(
    name: &str,
    source: &UserSource,
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

/// Ends a user's sessions, and returns how many there were.
async fn log_out(sessions: &dyn SessionStore, store: &StoreAddress, subject: &str) -> Result<u64, StartError> {
    // This command does not know how long the server's tokens live. So the store keeps the cut-off, one row per user.
    let end = EndSessions::All { subject, until: None, now: SystemClock.now() };
    sessions.end(&end).wait().await.map_err(|error| failed(store, &error))
}

fn failed(store: &StoreAddress, error: &StoreError) -> StartError {
    StartError::Store(OpenError::Unreachable { address: store.to_string(), why: error.to_string() })
}
