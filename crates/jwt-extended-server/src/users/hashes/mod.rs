//! The hashes of passwords: those that the server makes, and those that people bring from other programs.
//!
//! It knows functions and their costs, and nothing of users and of the database.

pub(super) mod argon2id;
mod formats;
mod function;

use std::fmt;

use zeroize::Zeroizing;

use self::function::Function;

/// The longest text of a hash, in bytes. The longest that programs write have less than 300.
const LONGEST: usize = 1024;
/// The most memory that checking a password may take, in bytes.
const MOST_MEMORY: u64 = 1 << 30;
/// The longest time that checking a password may take, in nanoseconds: 15 seconds.
const MOST_TIME: u64 = 15_000_000_000;

/// A password hash that can be checked at a bearable cost.
#[derive(Clone)]
pub struct PasswordHash {
    kind: HashKind,
    function: Function,
    text: Zeroizing<String>,
}

/// The kind of a hash: the program and the function, such as `werkzeug-scrypt`. A function alone, such as `argon2id`,
/// is a hash in the usual form of that function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashKind(&'static str);

/// The reason why a text is no usable password hash. The text itself is not shown: with it, one could guess passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// The format is unknown.
    #[error("is in no format that the server knows; the README lists them")]
    Unknown,
    /// The text is not complete, or has been changed.
    #[error("is a damaged hash of the kind {0}")]
    Damaged(HashKind),
    /// Checking a password would take too long or too much memory.
    #[error("is a hash of the kind {0} that takes more than 1 GiB of memory or 15 seconds to check")]
    TooCostly(HashKind),
    /// Django's mark of a user who has no password.
    #[error("begins with \"!\", which is how Django marks a user without a password")]
    NoPassword,
}

impl PasswordHash {
    /// Reads a hash.
    ///
    /// # Errors
    /// If the format is unknown, the text is damaged, or a check would cost too much.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        if text.starts_with('!') {
            return Err(HashError::NoPassword);
        }
        if text.len() > LONGEST {
            return Err(HashError::Unknown);
        }
        let (kind, function) = formats::read(text).ok_or(HashError::Unknown)?;
        let function = function.ok_or(HashError::Damaged(kind))?;
        if function.memory() > MOST_MEMORY || function.time() > MOST_TIME {
            return Err(HashError::TooCostly(kind));
        }
        Ok(Self { kind, function, text: Zeroizing::new(text.to_owned()) })
    }

    /// Returns the kind.
    pub fn kind(&self) -> HashKind {
        self.kind
    }

    /// Returns the text as it was read.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether a password matches. Takes as long and as much memory as the hash says.
    pub(super) fn matches(&self, password: &str) -> bool {
        self.function.matches(password.as_bytes())
    }

    /// Returns about how long a check takes, to compare costs.
    pub(super) fn cost(&self) -> u64 {
        self.function.time()
    }

    /// Returns whether the server's own kind of hash should take its place, once this one has matched the password.
    ///
    /// bcrypt reads only 72 bytes. A longer password may have a typing error after them, and a new hash would demand
    /// that error from then on.
    pub(super) fn is_to_be_replaced(&self, password: &str) -> bool {
        !self.function.is_current() && (password.len() <= 72 || !self.function.reads_only_72_bytes())
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({})", self.kind)
    }
}

impl fmt::Display for HashKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests;
