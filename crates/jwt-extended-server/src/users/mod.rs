//! Who may log in: users that stand in the configuration file, or in the database of the store.

mod database;
mod listed;
mod passwords;

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

pub use self::{
    database::{Database, DatabaseError, User},
    passwords::hash,
};
use self::{
    listed::Listed,
    passwords::{Busy, Passwords},
};
use crate::StartError;

/// The users that may log in. Cloning is cheap.
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

/// That a password was right: the hash that it fits.
pub struct Proof(String);

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof")
    }
}

/// Why it cannot be said whether somebody may log in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Too many logins wait for their turn.
    #[error("too many logins at once")]
    Busy,
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl Users {
    /// Takes names and hashes.
    ///
    /// # Errors
    /// If a name is empty or there twice, or a hash is not one of Argon2.
    pub fn new(users: impl IntoIterator<Item = (String, String)>) -> Result<Self, StartError> {
        let listed = Listed::new(users)?;
        let passwords = Passwords::new(listed.hashes())?;
        Ok(Self { source: Source::Listed(Arc::new(listed)), passwords })
    }

    /// Those of a database.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn of(database: Database) -> Result<Self, StartError> {
        Ok(Self { source: Source::Database(database), passwords: Passwords::new(std::iter::empty())? })
    }

    /// Whether this is the user's password, and the user may log in: then, what shows it later, too.
    ///
    /// # Errors
    /// If too many others are waiting, or the database does not answer.
    pub async fn check(&self, name: &str, password: Zeroizing<String>) -> Result<Option<Proof>, CheckError> {
        let hash = self.hash_of(name).await?;
        let matches = self.passwords.check(hash.clone(), password).await.map_err(|Busy| CheckError::Busy)?;
        Ok(hash.filter(|_| matches).map(Proof))
    }

    /// Whether the password that was checked is still the user's, and the user may still log in: asked once more after a
    /// login, because either may have changed while the password was checked.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn still(&self, name: &str, proof: &Proof) -> Result<bool, CheckError> {
        Ok(self.hash_of(name).await?.as_deref() == Some(&*proof.0))
    }

    /// Whether there may be tokens of this user. Of those in a database there are none as soon as they are disabled or
    /// removed, because their sessions end with it; whoever is taken out of a file is looked up.
    pub fn knows(&self, name: &str) -> bool {
        match &self.source {
            Source::Listed(listed) => listed.hash_of(name).is_some(),
            Source::Database(_) => true,
        }
    }

    async fn hash_of(&self, name: &str) -> Result<Option<String>, CheckError> {
        Ok(match &self.source {
            Source::Listed(listed) => listed.hash_of(name),
            Source::Database(database) => database.active_hash(name).await?,
        })
    }

    /// Whether there is nobody.
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
mod tests {
    use super::{passwords::AT_ONCE, *};

    fn password(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_is_good() {
        let users = Users::new([("alice".to_owned(), hash("rabbit").unwrap())]).unwrap();
        let proof = users.check("alice", password("rabbit")).await.unwrap().unwrap();
        assert!(users.still("alice", &proof).await.unwrap());
        let others = Users::new([("alice".to_owned(), hash("rabbit").unwrap())]).unwrap();
        assert!(!others.still("alice", &proof).await.unwrap(), "another password, be it the same one again");
        assert!(!users.still("bob", &proof).await.unwrap());
        assert!(users.knows("alice") && !users.knows("bob"));
        assert!(users.check("alice", password("Rabbit")).await.unwrap().is_none());
        assert!(users.check("alice", password("")).await.unwrap().is_none());
        assert!(users.check("bob", password("rabbit")).await.unwrap().is_none());
        assert!(users.check("bob", password("nobody has this password")).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_name_that_nobody_has_takes_as_long_as_a_wrong_password() {
        let users = Users::new([("alice".to_owned(), hash("rabbit").unwrap())]).unwrap();
        let time = async |name: &str| {
            let mut shortest = std::time::Duration::MAX;
            for _ in 0..3 {
                let asked = std::time::Instant::now();
                assert!(users.check(name, password("wrong")).await.unwrap().is_none());
                shortest = shortest.min(asked.elapsed());
            }
            shortest
        };
        let (known, unknown) = (time("alice").await, time("bob").await);
        // They differed by a factor of ten when the hash was not waited for.
        assert!(unknown > known / 3, "{unknown:?} beside {known:?}");
    }

    #[tokio::test]
    async fn a_client_that_goes_away_does_not_make_room_for_another() {
        let users = Users::new([("alice".to_owned(), hash("rabbit").unwrap())]).unwrap();
        for _ in 0..AT_ONCE {
            let mut check = Box::pin(users.check("alice", password("rabbit")));
            // The work has begun when the first poll returns.
            assert!(
                std::future::poll_fn(|context| std::task::Poll::Ready(check.as_mut().poll(context).is_pending())).await
            );
        }
        assert!(users.passwords.gate.available_permits() < AT_ONCE, "the work goes on, and so does its turn");
    }

    #[test]
    fn mistakes_name_the_user() {
        let user = |name: &str, hash: &str| (name.to_owned(), hash.to_owned());
        let refused = |users: Vec<_>| Users::new(users).unwrap_err().to_string();
        let good = hash("rabbit").unwrap();
        assert!(refused(vec![user("alice", "rabbit")]).contains("the user \"alice\" has no usable password_hash"));
        let hollow = "$argon2id$v=19$m=19456,t=2,p=1";
        assert!(refused(vec![user("alice", hollow)]).contains("has no usable password_hash"));
        assert!(refused(vec![user("alice", &good), user("alice", &good)]).contains("is there twice"));
        assert!(refused(vec![user("", &good)]).contains("has no name"));
    }
}
