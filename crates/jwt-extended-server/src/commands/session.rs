//! `jwt-extended-server session …`: lists and ends sessions, of whichever user.

use clap::Subcommand;
use jwt_extended_axum::{
    jwt_extended::{Clock as _, SystemClock, Timestamp},
    session::{EndSessions, Session},
};
use serde_json::{Value, json};

use super::{
    Output, failed, is_known,
    output::{escaped, relative},
    subject_of,
};
use crate::{
    StartError,
    audit::{Actor, Event, Name},
    settings::UserSource,
    store::{Absence, OpenStore, StoreAddress},
};

/// A question about sessions, or their end.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List the open sessions of a user, the latest first: the id, the device, when it was opened and last used.
    List {
        /// The user's name.
        name: String,
    },
    /// End one session: its access and refresh tokens are refused from now on. `user logout` ends all of a user.
    End {
        /// The session, as `list` shows it.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
}

/// Runs a command on a store.
pub(crate) async fn run(
    command: SessionCommand,
    store: &StoreAddress,
    source: &UserSource,
    output: Output,
) -> Result<(), StartError> {
    if *store == StoreAddress::Memory {
        return Err(StartError::NoUserTable(
            "sessions in memory exist only in the server's own process; name the server's store with --store, JWT_STORE or --config",
        ));
    }
    let opened = store.open(Absence::Refused).await?;
    match command {
        SessionCommand::List { name } => list(&name, opened, store, source, output).await,
        SessionCommand::End { id } => end(&id, opened, store, output).await,
    }
}

async fn list(
    name: &str,
    OpenStore { sessions, users, .. }: OpenStore,
    store: &StoreAddress,
    source: &UserSource,
    output: Output,
) -> Result<(), StartError> {
    let name = subject_of(name, users.as_ref()).await?;
    let now = SystemClock.now();
    let open = sessions.list(&name, now).wait().await.map_err(|error| failed(store, &error))?;
    if open.is_empty() && !is_known(&name, source, users.as_ref(), &*sessions, store).await? {
        return Err(StartError::NobodyWithSessions { name, store: store.to_string() });
    }
    let lines: Vec<_> = open.iter().map(|session| line(session, now)).collect();
    let said = if open.is_empty() { format!("{name} has no open session in {store}") } else { lines.join("\n") };
    output.say(&said, &Value::from(open.iter().map(json_of).collect::<Vec<_>>()))
}

async fn end(
    id: &str,
    OpenStore { sessions, .. }: OpenStore,
    store: &StoreAddress,
    output: Output,
) -> Result<(), StartError> {
    let end = EndSessions::One { session: id, subject: None, now: SystemClock.now() };
    let ended = sessions.end(&end).wait().await.map_err(|error| failed(store, &error))?;
    if ended == 0 {
        return Err(StartError::NoSuchSession { id: id.to_owned(), store: store.to_string() });
    }
    // The store does not say whose session it was.
    Event::new(Name::SessionEnded, Actor::Command).session(Some(id)).ended(ended).reason("one_session").record();
    let json = json!({ "action": "ended", "id": id, "sessions_ended": ended, "store": store.to_string() });
    output.say(&format!("the session {id} in {store} has ended: its tokens are refused"), &json)
}

fn line(session: &Session, now: Timestamp) -> String {
    let label = session.label.as_deref().map_or_else(|| "-".to_owned(), escaped);
    let ends = session.ends.map_or_else(|| "never".to_owned(), |ends| relative(ends, now));
    let (opened, used) = (relative(session.opened, now), relative(session.last_used, now));
    format!("{}\t{label}\topened {opened}\tused {used}\tends {ends}", session.id)
}

/// Describes a session. Times are seconds since 1970.
fn json_of(session: &Session) -> Value {
    json!({
        "id": session.id, "label": session.label, "opened": session.opened.as_secs(),
        "last_used": session.last_used.as_secs(), "ends": session.ends.map(Timestamp::as_secs),
    })
}
