//! `jwt-extended-server key …`: makes, rotates and retires the sealed keys in the store's database.

mod arguments;

use jwt_extended_axum::{
    config::KeyState,
    jose::Algorithm,
    jwt_extended::{Clock as _, SystemClock, Timestamp},
};
use serde_json::{Value, json};

pub(crate) use self::arguments::{KeyCommand, Target};
use super::{Output, output::rounded};
use crate::{
    StartError,
    keys::{self, KeyRow, KeyTable, KeysError, Outcome, Plan, generate},
    store::Absence,
};

/// Runs a command on the keys of a store.
pub(crate) async fn run(command: KeyCommand, target: Target, output: Output) -> Result<(), StartError> {
    let absence = if matches!(command, KeyCommand::Generate { .. }) { Absence::Created } else { Absence::Refused };
    let database = target.store.open(absence).await?.users.ok_or(KeysError::NoKeyTable)?;
    let table = KeyTable::open(database.pool).await?;
    let rows = table.rows().await?;
    KeyTable::demand_master(&rows, &target.master)?;
    let keys = Keys { table, target, output };
    let plan = Plan { rows: &rows, now: SystemClock.now(), publication: keys.target.publication };
    match command {
        KeyCommand::Generate { algorithm } if rows.is_empty() => keys.add(plan, algorithm, Some(plan.now)).await,
        KeyCommand::Generate { algorithm } | KeyCommand::Next { algorithm } => {
            keys.demand_keys(plan)?;
            keys.add(plan, algorithm, None).await
        }
        KeyCommand::List => {
            // Also opens each key, so that it finds one that was changed.
            keys.table.keys(&rows, &keys.target.master).await?;
            keys.list(plan)
        }
        KeyCommand::Rotate { now } => {
            keys.demand_keys(plan)?;
            keys.rotate(plan, if now { When::Now } else { When::Ready }).await
        }
        KeyCommand::Retire { kid } => keys.retire(plan, &kid).await,
    }
}

/// What follows from the choice of a shared secret.
const SECRET_WARNING: &str = "; warning: it is a shared secret, which is never published, so only the servers on this \
                              store can verify the tokens that it signs";

/// When the next key signs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// When everybody knows it.
    Ready,
    /// At once.
    Now,
}

struct Keys {
    table: KeyTable,
    target: Target,
    output: Output,
}

impl Keys {
    fn demand_keys(&self, plan: Plan<'_>) -> Result<(), KeysError> {
        if plan.rows.is_empty() { Err(KeysError::NoKeys(self.target.store.to_string())) } else { Ok(()) }
    }

    /// Makes the successor of the key that signs, or the first key.
    async fn create(
        &self,
        plan: Plan<'_>,
        algorithm: Option<Algorithm>,
        signs_from: Option<Timestamp>,
    ) -> Result<KeyRow, KeysError> {
        if let Some(next) = plan.next() {
            return Err(KeysError::HasNext(next.kid.clone()));
        }
        let algorithm = algorithm.unwrap_or(self.target.algorithm);
        let new = generate(algorithm)?;
        let follows = plan.active().map(|row| row.kid.as_str());
        match self.table.add(&new, &self.target.master, follows, plan.now, signs_from).await? {
            Outcome::Lost => Err(KeysError::Meanwhile),
            Outcome::Done => {
                let kid = new.key.kid().unwrap_or_default().to_owned();
                let (algorithm, master_id) = (algorithm.to_string(), self.target.master.id().to_owned());
                Ok(KeyRow { kid, algorithm, master_id, published_at: plan.now, signs_from })
            }
        }
    }

    async fn add(
        &self,
        plan: Plan<'_>,
        algorithm: Option<Algorithm>,
        signs_from: Option<Timestamp>,
    ) -> Result<(), StartError> {
        let row = self.create(plan, algorithm, signs_from).await?;
        let (kid, algorithm, store) = (&row.kid, &row.algorithm, &self.target.store);
        let (does, secret) =
            if is_published(&row) { ("published and accepted", "") } else { ("accepted", SECRET_WARNING) };
        let said = match (signs_from, plan.active()) {
            (Some(_), _) => format!("added {kid} ({algorithm}) to {store}: it signs from now on{secret}"),
            (None, Some(active)) => format!(
                "added {kid} ({algorithm}) to {store}: it is {does}, and `key rotate` makes it sign instead of {} \
                 ({}){secret}",
                active.kid, active.algorithm
            ),
            (None, None) => {
                format!("added {kid} ({algorithm}) to {store}: it is {does}, and `key rotate` makes it sign{secret}")
            }
        };
        let mut json = json_of(&row, if signs_from.is_some() { KeyState::Active } else { KeyState::Next }, None);
        json["action"] = "added".into();
        json["store"] = store.to_string().into();
        self.output.say(&said, &json)
    }

    fn list(&self, plan: Plan<'_>) -> Result<(), StartError> {
        let (mut lines, mut entries) = (Vec::new(), Vec::new());
        for row in plan.rows {
            let state = plan.state(row);
            let end = plan.end(row);
            let when = match (state, row.signs_from) {
                (KeyState::Next, None) => {
                    format!("next: ready to sign {}", said_of(plan.ready(row), plan.now))
                }
                (KeyState::Next, Some(begin)) => format!("next: signs {}", said_of(begin, plan.now)),
                (KeyState::Active, _) => "active: signs".to_owned(),
                _ => "retired: accepted until its last token has expired".to_owned(),
            };
            lines.push(format!("{}\t{}\t{when}", row.kid, row.algorithm));
            entries.push(json_of(row, state, end));
        }
        let store = &self.target.store;
        let said = if lines.is_empty() { format!("there are no keys in {store}") } else { lines.join("\n") };
        self.output.say(&said, &Value::from(entries))
    }

    async fn rotate(&self, plan: Plan<'_>, when: When) -> Result<(), StartError> {
        let old = plan.active().map(|row| row.kid.clone());
        let next = match plan.next() {
            Some(next) => next.clone(),
            None => self.create(plan, None, None).await?,
        };
        let begin = if when == When::Now { plan.now } else { plan.ready(&next) };
        if self.table.sign_from(&next.kid, begin, plan.now).await? == Outcome::Lost {
            return Err(KeysError::Meanwhile.into());
        }
        let (kid, is_early) = (&next.kid, plan.ready(&next) > begin);
        let old_said = old.as_deref().unwrap_or("no other key");
        let warning = if is_early {
            "; warning: not every process and no cached JWK Set knows it yet, so good tokens may be refused for a while"
        } else {
            ""
        };
        let secret = if is_published(&next) { "" } else { SECRET_WARNING };
        let said = format!(
            "{kid} signs {}, instead of {old_said}, which stays accepted until its last token has \
             expired{warning}{secret}",
            said_of(begin, plan.now)
        );
        let json = json!({
            "action": "rotated", "kid": kid, "old": old, "signs_from": begin.as_secs(), "early": is_early,
            "store": self.target.store.to_string(),
        });
        self.output.say(&said, &json)
    }

    async fn retire(&self, plan: Plan<'_>, kid: &str) -> Result<(), StartError> {
        let row = plan.rows.iter().find(|row| row.kid == kid).ok_or_else(|| KeysError::Unknown(kid.to_owned()))?;
        let state = plan.state(row);
        if state == KeyState::Active || self.table.remove(kid, plan.now).await? == Outcome::Lost {
            return Err(KeysError::Signs(kid.to_owned()).into());
        }
        let store = self.target.store.to_string();
        let said = format!(
            "retired {kid}, and removed it from {store}: every server refuses its tokens within {} s",
            keys::POLL.as_secs() * 2
        );
        self.output.say(&said, &json!({ "action": "retired", "kid": kid, "store": store }))
    }
}

/// Returns whether the JWK Set has the key.
fn is_published(row: &KeyRow) -> bool {
    row.algorithm.parse().is_ok_and(keys::is_published)
}

/// Describes a key, without the key itself. Times are seconds since 1970.
fn json_of(row: &KeyRow, state: KeyState, end: Option<Timestamp>) -> Value {
    let state = match state {
        KeyState::Next => "next",
        KeyState::Active => "active",
        _ => "retired",
    };
    json!({
        "kid": row.kid, "algorithm": row.algorithm, "state": state, "published_at": row.published_at.as_secs(),
        "signs_from": row.signs_from.map(Timestamp::as_secs), "signs_until": end.map(Timestamp::as_secs),
        "published": is_published(row), "master_key": row.master_id,
    })
}

/// Says when something begins.
fn said_of(time: Timestamp, now: Timestamp) -> String {
    rounded(time.saturating_duration_since(now)).map_or_else(|| "from now on".to_owned(), |wait| format!("in {wait}"))
}
