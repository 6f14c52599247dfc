//! Changes of the users in the database, one user at a time.
//!
//! It ends no sessions: they are in a store of their own.

use jwt_extended_axum::jwt_extended::Timestamp;

use super::{Database, DatabaseError};
use crate::{
    sql::{change, micros},
    users::{Scopes, hashes::PasswordHash, names::normalized},
};

impl Database {
    /// Adds a user, and returns the name as it is stored: names that look the same are stored in one spelling.
    ///
    /// # Errors
    /// If the name is invalid, or another user has it or one that looks the same, or the database does not answer.
    pub async fn add(
        &self,
        name: &str,
        hash: &PasswordHash,
        scopes: &Scopes,
        now: Timestamp,
    ) -> Result<String, DatabaseError> {
        const ADD: &str = "INSERT INTO jwt_users (name, password_hash, added_at, scopes) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (name) DO NOTHING";
        let name = normalized(name).ok_or(DatabaseError::Name)?;
        let old = self.lookalikes(&name).await?.into_iter().find(|old| *old != name);
        if let Some(old) = old {
            return Err(DatabaseError::LooksLike(old));
        }
        let added = change!(
            self.pool,
            sqlx::query(ADD).bind(&name).bind(hash.as_str()).bind(micros(now)).bind(scopes.to_string())
        )?;
        if added == 1 { Ok(name) } else { Err(DatabaseError::Taken(name)) }
    }

    /// Changes a user's password.
    ///
    /// # Errors
    /// If there is no such user, or the database does not answer.
    pub async fn set_password(&self, name: &str, hash: &PasswordHash) -> Result<(), DatabaseError> {
        const SET: &str = "UPDATE jwt_users SET password_hash = $2 WHERE name = $1";
        found(name, change!(self.pool, sqlx::query(SET).bind(name).bind(hash.as_str()))?)
    }

    /// Replaces the hash of a user who still has the old one and may log in. Returns whether there is such a user.
    pub(in crate::users) async fn replace_hash(
        &self,
        name: &str,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, DatabaseError> {
        const REPLACE: &str = "UPDATE jwt_users SET password_hash = $3 \
            WHERE name = $1 AND password_hash = $2 AND disabled_at IS NULL";
        Ok(change!(self.pool, sqlx::query(REPLACE).bind(name).bind(old.as_str()).bind(new.as_str()))? > 0)
    }

    /// Changes what the tokens of a user's next logins allow.
    ///
    /// # Errors
    /// If there is no such user, or the database does not answer.
    pub async fn set_scopes(&self, name: &str, scopes: &Scopes) -> Result<(), DatabaseError> {
        const SET: &str = "UPDATE jwt_users SET scopes = $2 WHERE name = $1";
        found(name, change!(self.pool, sqlx::query(SET).bind(name).bind(scopes.to_string()))?)
    }

    /// Blocks further logins of a user. Does not end their sessions.
    ///
    /// # Errors
    /// If there is no such user, or the database does not answer.
    pub async fn disable(&self, name: &str, now: Timestamp) -> Result<(), DatabaseError> {
        const DISABLE: &str = "UPDATE jwt_users SET disabled_at = COALESCE(disabled_at, $2) WHERE name = $1";
        found(name, change!(self.pool, sqlx::query(DISABLE).bind(name).bind(micros(now)))?)
    }

    /// Lets a disabled user log in again.
    ///
    /// # Errors
    /// If there is no such user, or the database does not answer.
    pub async fn enable(&self, name: &str) -> Result<(), DatabaseError> {
        const ENABLE: &str = "UPDATE jwt_users SET disabled_at = NULL WHERE name = $1";
        found(name, change!(self.pool, sqlx::query(ENABLE).bind(name))?)
    }

    /// Removes a user. Does not end their sessions.
    ///
    /// # Errors
    /// If there is no such user, or the database does not answer.
    pub async fn remove(&self, name: &str) -> Result<(), DatabaseError> {
        const REMOVE: &str = "DELETE FROM jwt_users WHERE name = $1";
        found(name, change!(self.pool, sqlx::query(REMOVE).bind(name))?)
    }
}

fn found(name: &str, rows: u64) -> Result<(), DatabaseError> {
    if rows > 0 { Ok(()) } else { Err(DatabaseError::Unknown(name.to_owned())) }
}
