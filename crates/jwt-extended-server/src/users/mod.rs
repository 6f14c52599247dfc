//! The users who may log in: listed in the configuration file, or in the store's database.

mod database;
mod hashes;
mod listed;
mod names;
mod new_password;
mod passwords;
mod scopes;

use std::{fmt, sync::Arc};

use jwt_extended_axum::jwt_extended::Login;
use zeroize::Zeroizing;

pub(crate) use self::{
    database::Import,
    names::normalized,
    new_password::{NewPassword, NewPasswordError},
    passwords::{Gate, matches, own_hash},
};
pub use self::{
    database::{Database, DatabaseError, User},
    hashes::{HashError, HashKind, PasswordHash},
    passwords::hash,
    scopes::{Scopes, ScopesError},
};
use self::{
    listed::Listed,
    passwords::{Busy, Passwords},
};
use crate::StartError;

/// The users who may log in. Cloning is cheap.
#[derive(Clone)]
pub struct Users {
    source: Source,
    passwords: Passwords,
}

#[derive(Clone)]
enum Source {
    Listed(Arc<Listed>),
    Database(Database),
}

/// A user to list: as the configuration file names them.
pub struct NewUser {
    /// The name, in any spelling.
    pub name: String,
    /// The hash of the password.
    pub password_hash: Zeroizing<String>,
    /// What the user's tokens allow.
    pub scopes: Vec<String>,
}

impl From<(String, String)> for NewUser {
    /// Takes a name and the hash of a password.
    fn from((name, password_hash): (String, String)) -> Self {
        Self { name, password_hash: password_hash.into(), scopes: Vec::new() }
    }
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("name", &self.name).field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

/// A user who may log in, by the name as it is stored.
struct Found {
    name: String,
    /// `None` if the stored text is no usable hash. Then no password is right.
    hash: Option<Arc<PasswordHash>>,
    scopes: Scopes,
}

/// A password that was correct, with what was stored of its user at that time.
pub struct VerifiedPassword {
    name: String,
    hash: Arc<PasswordHash>,
    scopes: Scopes,
    /// The password, if the hash is to be replaced by one of the server's own kind.
    password: Option<Zeroizing<String>>,
}

impl VerifiedPassword {
    /// Returns the name of the user as it is stored, whatever spelling the login had.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what the user's tokens allow.
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// Gives a login the scopes of the user. Without scopes, its tokens have no such claim.
    pub(crate) fn with_scopes<'a>(&self, login: Login<'a>) -> Login<'a> {
        if self.scopes.is_empty() { login } else { login.scopes(self.scopes.iter()) }
    }
}

impl fmt::Debug for VerifiedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifiedPassword")
    }
}

/// The outcome of a change of password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordChange {
    /// The new password counts from now on.
    Done,
    /// The user has no longer the password that was checked, or is gone.
    Overtaken,
    /// The user is listed in the configuration file, which the server does not change.
    Listed,
}

/// The reason why a password could not be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Too many logins are waiting.
    #[error("too many logins at once")]
    Busy,
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The new password could not be hashed.
    #[error("{0}")]
    Hash(String),
}

impl Users {
    /// Takes a list of users, such as names with their password hashes.
    ///
    /// # Errors
    /// If a name is empty or listed twice, or a hash or a scope cannot be used.
    pub fn new<U: Into<NewUser>>(users: impl IntoIterator<Item = U>) -> Result<Self, StartError> {
        let listed = Listed::new(users.into_iter().map(Into::into))?;
        let passwords = Passwords::new(listed.hashes())?;
        Ok(Self { source: Source::Listed(Arc::new(listed)), passwords })
    }

    /// Takes the users of a database.
    ///
    /// # Errors
    /// If the source of randomness fails.
    pub fn in_database(database: Database) -> Result<Self, StartError> {
        Ok(Self { source: Source::Database(database), passwords: Passwords::new(std::iter::empty())? })
    }

    /// Lets these users wait at a gate that others have used, so that a reload does not double the work at once.
    pub(crate) fn behind(mut self, gate: &Gate) -> Self {
        self.passwords.gate = gate.clone();
        self
    }

    /// Returns how many users are listed; `None` if they are in a database.
    pub(crate) fn listed(&self) -> Option<usize> {
        match &self.source {
            Source::Listed(listed) => Some(listed.count()),
            Source::Database(_) => None,
        }
    }

    /// Checks the password of a user who may log in; `None` if it is wrong or there is no such user. The name may have
    /// any spelling that looks the same (RFC 8265).
    ///
    /// # Errors
    /// If too many logins are waiting, or the database does not answer.
    pub async fn check(&self, name: &str, password: Zeroizing<String>) -> Result<Option<VerifiedPassword>, CheckError> {
        let found = self.find(name).await?;
        let hash = found.as_ref().and_then(|found| found.hash.clone());
        let matches = self.passwords.check(hash, password.clone()).await.map_err(|Busy| CheckError::Busy)?;
        let Some(Found { name, hash: Some(hash), scopes }) = found.filter(|_| matches) else { return Ok(None) };
        let password = hash.is_to_be_replaced(&password).then_some(password);
        Ok(Some(VerifiedPassword { name, hash, scopes, password }))
    }

    /// Returns whether a user, disabled or not, has this password. Its time shows whether there is such a user, so it
    /// is not for requests.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(crate) async fn has_password(&self, name: &str, password: &str) -> Result<bool, CheckError> {
        let hash = match &self.source {
            Source::Listed(listed) => listed.find(name).and_then(|found| found.hash),
            Source::Database(database) => database.find(name).await?.and_then(|user| user.usable_hash()),
        };
        let Some(hash) = hash else { return Ok(false) };
        let password = Zeroizing::new(password.to_owned());
        self.passwords.check(Some(hash), password).await.map_err(|Busy| CheckError::Busy)
    }

    /// Returns whether the user may still log in with the password that was checked, and still has the scopes. Ask
    /// again after a login: the user may have been disabled, or the password or the scopes changed, during the check.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub async fn is_still_valid(&self, password: &VerifiedPassword) -> Result<bool, CheckError> {
        let Some(found) = self.find(&password.name).await? else { return Ok(false) };
        let Some(hash) = found.hash.filter(|_| found.name == password.name) else { return Ok(false) };
        if !password.scopes.are_within(&found.scopes) {
            return Ok(false);
        }
        match &password.password {
            _ if hash.as_str() == password.hash.as_str() => Ok(true),
            // A login of the same user at the same time may have replaced the hash by a new one of the same password.
            Some(given) => self.passwords.check(Some(hash), given.clone()).await.map_err(|Busy| CheckError::Busy),
            None => Ok(false),
        }
    }

    /// Replaces a hash of another program, or one at a lower cost, by one of the server's own kind. Only the hash that
    /// matched is replaced: if the password has been changed since, nothing happens. Users of the file keep theirs.
    ///
    /// A failure is logged. The next login tries again.
    pub async fn renew_hash(&self, password: &VerifiedPassword) {
        let (Source::Database(database), Some(given)) = (&self.source, &password.password) else { return };
        let why = match self.passwords.hash(given.clone()).await {
            Ok(Ok(new)) => match database.replace_hash(&password.name, &password.hash, &new).await {
                Ok(_) => return,
                Err(error) => error.to_string(),
            },
            Ok(Err(error)) => error.to_string(),
            Err(Busy) => CheckError::Busy.to_string(),
        };
        let (subject, kind) = (&password.name, password.hash.kind());
        tracing::warn!(subject, %kind, why, "a user's password hash could not be replaced; the next login tries again");
    }

    /// Gives a user another password in place of the one that was checked, unless that has changed meanwhile. Ends no
    /// session.
    ///
    /// # Errors
    /// As [`check`](Self::check), and if the password cannot be hashed.
    pub(crate) async fn change_password(
        &self,
        password: &VerifiedPassword,
        new: NewPassword,
    ) -> Result<PasswordChange, CheckError> {
        let Source::Database(database) = &self.source else { return Ok(PasswordChange::Listed) };
        let hash = self.passwords.hash(new.into_text()).await.map_err(|Busy| CheckError::Busy)?;
        let hash = hash.map_err(|error| CheckError::Hash(error.to_string()))?;
        let is_replaced = database.replace_hash(&password.name, &password.hash, &hash).await?;
        Ok(if is_replaced { PasswordChange::Done } else { PasswordChange::Overtaken })
    }

    /// Returns the scopes of a user by the name as it is stored; none for a disabled or unknown one.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn scopes_of(&self, name: &str) -> Result<Scopes, CheckError> {
        let found = self.find(name).await?.filter(|found| found.name == name);
        Ok(found.map(|found| found.scopes).unwrap_or_default())
    }

    /// Returns whether tokens of this user may be accepted. A listed user is looked up, because removing them from the
    /// file ends no session. A user of a database is not: disabling or removing them ends their sessions.
    pub fn may_have_tokens(&self, name: &str) -> bool {
        match &self.source {
            Source::Listed(listed) => listed.has(name),
            Source::Database(_) => true,
        }
    }

    /// Returns a user who may log in.
    async fn find(&self, name: &str) -> Result<Option<Found>, CheckError> {
        Ok(match &self.source {
            Source::Listed(listed) => listed.find(name),
            Source::Database(database) => database.find(name).await?.filter(|user| user.active).map(|user| {
                let hash = user.usable_hash();
                Found { name: user.name, hash, scopes: user.scopes }
            }),
        })
    }

    /// Returns whether there are no users.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn is_empty(&self) -> Result<bool, CheckError> {
        Ok(match &self.source {
            Source::Listed(listed) => listed.is_empty(),
            Source::Database(database) => database.is_empty().await?,
        })
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match self.source {
            Source::Listed(_) => "listed",
            Source::Database(_) => "database",
        };
        f.debug_struct("Users").field("source", &source).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
