//! `jwt-extended-server user …`: changes the users in the store's database, and logs users out.

mod arguments;
mod import;
mod password;

use jwt_extended_axum::jwt_extended::{Clock as _, SystemClock};
use serde_json::{Value, json};

pub(crate) use self::{arguments::UserCommand, password::hashed_password};
use super::{Output, changed, counted, is_known, log_out, subject_of};
use crate::{
    Database, Scopes, StartError,
    attempts::unlock,
    audit::Name,
    settings::UserSource,
    store::{Absence, OpenStore, StoreAddress},
    users::DatabaseError,
};

/// Runs a command on a store.
pub(crate) async fn run(
    command: UserCommand,
    store: &StoreAddress,
    source: &UserSource,
    output: Output,
) -> Result<(), StartError> {
    // A new store has no users and no sessions, so any other command would do nothing there and say that it did.
    let absence = match command {
        UserCommand::Import(arguments) => return import::run(arguments, store, output).await,
        UserCommand::Add { .. } => Absence::Created,
        _ => Absence::Refused,
    };
    let OpenStore { sessions, users, attempts } = store.open(absence).await?;
    let now = || SystemClock.now();
    match (command, users) {
        (UserCommand::Logout { name }, users) => {
            let name = subject_of(&name, users.as_ref()).await?;
            if !is_known(&name, source, users.as_ref(), &*sessions, store).await? {
                return Err(StartError::NobodyToLogOut { name, store: store.to_string() });
            }
            let ended = log_out(&*sessions, store, &name).await?;
            changed(Name::SessionEnded, &name).ended(ended).reason("logged_out").record();
            say_ended(output, &format!("{name} is logged out"), "logged_out", &name, ended, store)
        }
        (UserCommand::Unlock { name }, users) => {
            let name = subject_of(&name, users.as_ref()).await?;
            let unlocked = unlock(&attempts, &name).await?;
            if unlocked == 0 && !is_known(&name, source, users.as_ref(), &*sessions, store).await? {
                return Err(StartError::NobodyToUnlock { name, store: store.to_string() });
            }
            let json =
                json!({ "action": "unlocked", "name": name, "had_failures": unlocked > 0, "store": store.to_string() });
            let said = match unlocked {
                0 => format!("{name} had no failed logins in {store}"),
                _ => format!("unlocked {name}: the failed logins in {store} are forgotten"),
            };
            output.say(&said, &json)
        }
        (_, None) | (UserCommand::Import(_), _) => Err(StartError::NoUserTable("only an SQL store holds users")),
        (UserCommand::Add { name, scopes }, Some(users)) => {
            let hash = hashed_password(&name)?;
            let name = users.add(&name, &hash, &scopes, now()).await?;
            changed(Name::UserAdded, &name).record();
            let json =
                json!({ "action": "added", "name": name, "scopes": list_of(&scopes), "store": store.to_string() });
            output.say(&format!("added {name} to {store}"), &json)
        }
        (UserCommand::List, Some(users)) => list(&users, store, output).await,
        (UserCommand::Scopes { name, change, now }, Some(users)) => {
            let name = stored_name(&users, &name, store).await?;
            let old = users.find(&name).await?.map(|user| user.scopes).unwrap_or_default();
            let Some(new) = change.applied_to(&old)? else {
                return output.say(&said_of(&name, &old), &json!({ "name": name, "scopes": list_of(&old) }));
            };
            // Before the sessions end, because a login in flight asks for the scopes again when it has opened its own.
            users.set_scopes(&name, &new).await?;
            let said = said_of(&name, &new);
            let mut json = json!({ "action": "scopes_changed", "name": name, "scopes": list_of(&new) });
            let event = changed(Name::ScopesChanged, &name);
            if !now {
                event.record();
                let when =
                    "a scope that was taken away ends with the next refresh, a new one begins with the next login";
                return output.say(&format!("{said}: {when}"), &json);
            }
            let ended = log_out(&*sessions, store, &name).await?;
            event.ended(ended).record();
            json["sessions_ended"] = ended.into();
            json["store"] = store.to_string().into();
            output.say(&format!("{said}, and is logged out everywhere: {}", said_ended(ended, store)), &json)
        }
        (UserCommand::Disable { name }, Some(users)) => {
            let name = stored_name(&users, &name, store).await?;
            // In this order, because a login in flight checks the user again after it has opened its session.
            users.disable(&name, now()).await?;
            let ended = log_out(&*sessions, store, &name).await?;
            changed(Name::UserDisabled, &name).ended(ended).record();
            say_ended(output, &format!("disabled {name}, who is logged out"), "disabled", &name, ended, store)
        }
        (UserCommand::Enable { name }, Some(users)) => {
            let name = stored_name(&users, &name, store).await?;
            users.enable(&name).await?;
            changed(Name::UserEnabled, &name).record();
            output.say(&format!("{name} may log in again"), &json!({ "action": "enabled", "name": name }))
        }
        (UserCommand::Password { name }, Some(users)) => {
            let name = stored_name(&users, &name, store).await?;
            let hash = hashed_password(&name)?;
            users.set_password(&name, &hash).await?;
            let ended = log_out(&*sessions, store, &name).await?;
            changed(Name::PasswordChanged, &name).ended(ended).record();
            let said = format!("{name} has a new password, and is logged out");
            say_ended(output, &said, "password_changed", &name, ended, store)
        }
        (UserCommand::Remove { name }, Some(users)) => {
            let name = stored_name(&users, &name, store).await?;
            // Removed last, so that an interrupted removal can be repeated.
            users.disable(&name, now()).await?;
            let ended = log_out(&*sessions, store, &name).await?;
            users.remove(&name).await?;
            changed(Name::UserRemoved, &name).ended(ended).record();
            say_ended(output, &format!("removed {name}, who is logged out"), "removed", &name, ended, store)
        }
    }
}

/// Returns the name of a user as the store has it.
async fn stored_name(users: &Database, name: &str, store: &StoreAddress) -> Result<String, StartError> {
    users.stored_name(name).await.map_err(|error| match error {
        DatabaseError::Unknown(name) => StartError::NoSuchUser { name, store: store.to_string() },
        error => error.into(),
    })
}

fn list_of(scopes: &Scopes) -> Vec<&str> {
    scopes.iter().collect()
}

fn said_of(name: &str, scopes: &Scopes) -> String {
    if scopes.is_empty() { format!("{name} has no scopes") } else { format!("{name} has the scopes {scopes}") }
}

async fn list(users: &Database, store: &StoreAddress, output: Output) -> Result<(), StartError> {
    let (mut lines, mut entries) = (Vec::new(), Vec::new());
    for user in users.list().await? {
        let hash = user.hash.map(|kind| kind.to_string());
        let is_old = user.has_old_spelling();
        let scopes = if user.scopes.is_empty() { "-".to_owned() } else { user.scopes.to_string() };
        let shown = hash.as_deref().unwrap_or("unusable hash");
        let disabled = if user.active { "" } else { "\tdisabled" };
        let old = if is_old { "\told spelling" } else { "" };
        lines.push(format!("{}\t{shown}\t{scopes}{disabled}{old}", user.name));
        entries.push(json!({
            "name": user.name, "hash": hash, "scopes": list_of(&user.scopes), "active": user.active, "old_spelling": is_old,
        }));
    }
    let said = if lines.is_empty() { format!("there are no users in {store}") } else { lines.join("\n") };
    output.say(&said, &Value::from(entries))
}

/// Reports a change that has ended sessions.
fn say_ended(
    output: Output,
    said: &str,
    action: &str,
    name: &str,
    ended: u64,
    store: &StoreAddress,
) -> Result<(), StartError> {
    let json = json!({ "action": action, "name": name, "sessions_ended": ended, "store": store.to_string() });
    output.say(&format!("{said} everywhere: {}", said_ended(ended, store)), &json)
}

/// Says how many sessions ended, and where.
fn said_ended(ended: u64, store: &StoreAddress) -> String {
    match ended {
        0 => format!("no session was open in {store}"),
        some => format!("{} ended in {store}", counted(some, "session")),
    }
}
