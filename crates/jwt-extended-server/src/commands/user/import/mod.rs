//! `user import`: adds the users of a file, with the password hashes that another program has made.
//!
//! It checks the whole file first, and then adds all users or none.

mod rows;

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    fs,
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::PathBuf,
};

use jwt_extended_axum::jwt_extended::{Clock as _, SystemClock};
use serde_json::json;
use zeroize::Zeroizing;

use self::rows::{Format, Mistake, Row};
use crate::{
    Database, Scopes, StartError,
    audit::Name,
    commands::{
        changed,
        output::{Output, complain, counted},
    },
    demo,
    store::{Absence, OpenError, StoreAddress},
    users::{Import, PasswordHash, normalized},
};

/// How many mistakes are shown.
const SHOWN: usize = 20;

/// The arguments of the command.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportArguments {
    /// The file, or - for standard input: CSV whose first line is
    /// `username,password_hash`, and if you like scopes and disabled, or one JSON object per line.
    file: PathBuf,
    /// The format. By default, a file that begins with { has lines of JSON.
    #[arg(long)]
    format: Option<Format>,
    /// Check everything, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Leave out users who exist already. They keep their passwords. Otherwise, they are a mistake.
    #[arg(long)]
    skip_existing: bool,
}

/// Runs the command.
pub(super) async fn run(arguments: ImportArguments, store: &StoreAddress, output: Output) -> Result<(), StartError> {
    let bytes = arguments.bytes()?;
    let (rows, mistakes) = rows::read(&bytes, arguments.format);
    let mut checked = Checked { users: Vec::new(), skipped: 0, mistakes };
    // Created only for a file without mistakes.
    let existing = match store.open(Absence::Refused).await {
        Ok(open) => open.users,
        Err(StartError::Store(OpenError::Missing { .. })) => None,
        Err(error) => return Err(error),
    };
    checked.take(rows, &names(existing.as_ref()).await?, &arguments);
    if !checked.mistakes.is_empty() {
        return Err(checked.complain(&arguments, output)?);
    }
    if !arguments.dry_run {
        let users = match existing {
            Some(users) => Some(users),
            None => store.open(Absence::Created).await?.users,
        };
        let users = users.ok_or(StartError::NoUserTable("only an SQL store holds users"))?;
        let progress = Progress::of(checked.users.len());
        let imported = users.import(&checked.users, SystemClock.now(), |done| progress.show(done)).await;
        progress.end();
        imported?;
        for user in &checked.users {
            changed(Name::UserAdded, &user.name).reason("imported").record();
        }
    }
    checked.report(&arguments, store, output)
}

/// Returns the stored name of each user by its normalized spelling.
async fn names(users: Option<&Database>) -> Result<HashMap<String, String>, StartError> {
    let Some(users) = users else { return Ok(HashMap::new()) };
    let names = users.list().await?.into_iter().map(|user| user.name);
    Ok(names.map(|name| (normalized(&name).unwrap_or_else(|| name.clone()), name)).collect())
}

impl ImportArguments {
    fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, StartError> {
        let mut bytes = Zeroizing::new(Vec::new());
        let read = if self.is_standard_input() {
            io::stdin().read_to_end(&mut bytes).map(|_| ())
        } else {
            fs::read(&self.file).map(|read| *bytes = read)
        };
        read.map_err(|error| StartError::Unreadable { path: self.shown(), why: error.to_string() })?;
        Ok(bytes)
    }

    fn is_standard_input(&self) -> bool {
        self.file.as_os_str() == "-"
    }

    fn shown(&self) -> String {
        if self.is_standard_input() { "standard input".to_owned() } else { self.file.display().to_string() }
    }
}

/// The users of a file, and everything that is wrong with it.
struct Checked {
    users: Vec<Import>,
    skipped: usize,
    mistakes: Vec<Mistake>,
}

impl Checked {
    /// Checks rows. `existing` are the stored names of the users by their normalized spelling.
    fn take(&mut self, rows: Vec<Row>, existing: &HashMap<String, String>, arguments: &ImportArguments) {
        let mut lines = HashMap::new();
        for row in rows {
            let mut mistake = |why: String| self.mistakes.push(Mistake { line: row.line, why });
            let name = normalized(&row.username);
            match &name {
                None => mistake(
                    "the name must have 1 to 255 bytes, no control or invisible characters, and no symbols outside of ASCII"
                        .to_owned(),
                ),
                Some(name) => {
                    match lines.entry(name.clone()) {
                        Entry::Occupied(line) => mistake(format!("{name} is the same user as in line {}", line.get())),
                        Entry::Vacant(place) => drop(place.insert(row.line)),
                    }
                    if let Some(stored) = existing.get(name).filter(|_| !arguments.skip_existing) {
                        mistake(format!("the user {stored} exists already; --skip-existing leaves such users out"));
                    }
                }
            }
            let hash = PasswordHash::parse(&row.password_hash);
            let scopes = row.scopes.parse::<Scopes>();
            match (&name, &hash) {
                (_, Err(error)) => mistake(format!("the password_hash {error}")),
                (Some(name), Ok(hash)) if demo::has_public_password(name, hash) => {
                    mistake(format!("{name} has the demo's password, which everybody knows"));
                }
                _ => {}
            }
            if let Err(error) = &scopes {
                mistake(error.to_string());
            }
            if row.disabled.is_none() {
                mistake("disabled must be true, false or empty (or t, f, yes, no, 1 or 0)".to_owned());
            }
            let (Some(name), Ok(hash), Ok(scopes), Some(disabled)) = (name, hash, scopes, row.disabled) else {
                continue;
            };
            if existing.contains_key(&name) {
                self.skipped += 1;
            } else {
                self.users.push(Import { name, hash, scopes, active: !disabled });
            }
        }
    }

    /// Shows the mistakes, and returns the error. Programs get all of them.
    fn complain(mut self, arguments: &ImportArguments, output: Output) -> Result<StartError, StartError> {
        self.mistakes.sort_by_key(|mistake| mistake.line);
        for Mistake { line, why } in self.mistakes.iter().take(SHOWN) {
            complain(&format!("line {line}: {why}"));
        }
        let mistakes = self.mistakes.len();
        if mistakes > SHOWN {
            complain(&format!("and {} more", mistakes - SHOWN));
        }
        let error = StartError::Import { file: arguments.shown(), mistakes };
        let all: Vec<_> =
            self.mistakes.iter().map(|Mistake { line, why }| json!({ "line": line, "why": why })).collect();
        output.say("", &json!({ "error": error.to_string(), "mistakes": all }))?;
        Ok(error)
    }

    fn report(&self, arguments: &ImportArguments, store: &StoreAddress, output: Output) -> Result<(), StartError> {
        let (users, skipped) = (self.users.len(), self.skipped);
        let disabled = self.users.iter().filter(|user| !user.active).count();
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for user in &self.users {
            *kinds.entry(user.hash.kind().to_string()).or_default() += 1;
        }
        let verb = if arguments.dry_run { "would import" } else { "imported" };
        let mut parts = vec![format!("{verb} {} into {store}", counted(users as u64, "user"))];
        let counts: Vec<_> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        if !counts.is_empty() {
            parts.push(counts.join(", "));
        }
        if disabled > 0 {
            parts.push(format!("{disabled} disabled"));
        }
        if skipped > 0 {
            parts.push(format!("{skipped} skipped, who existed already"));
        }
        let json = json!({
            "action": "imported", "dry_run": arguments.dry_run, "imported": users, "disabled": disabled,
            "skipped": skipped, "hashes": kinds, "store": store.to_string(),
        });
        output.say(&parts.join("; "), &json)
    }
}

/// Shows how far it is, on a terminal.
struct Progress {
    all: usize,
    is_shown: bool,
}

impl Progress {
    fn of(all: usize) -> Self {
        Self { all, is_shown: io::stderr().is_terminal() }
    }

    fn show(&self, done: usize) {
        if self.is_shown {
            // If nothing can be shown, the import still goes on.
            let _ = write!(io::stderr(), "\r{done} of {} users", self.all);
        }
    }

    fn end(&self) {
        if self.is_shown {
            let _ = writeln!(io::stderr());
        }
    }
}
