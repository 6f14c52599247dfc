//! The rules for a password that a user chooses (NIST SP 800-63B section 3.1.1).
//!
//! It knows the text, and nothing of hashes and accounts. Administrators may give any password by the command.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::names::{normalized, normalized_password};
use crate::demo;

/// The fewest characters.
const SHORTEST: usize = 8;
/// The most bytes.
const LONGEST: usize = 1024;
/// How many different characters it has at least.
const DIFFERENT: usize = 4;

/// A password that a user may choose.
pub(crate) struct NewPassword(Zeroizing<String>);

/// A rule that a new password breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewPasswordError {
    Short,
    Long,
    /// It repeats a few characters.
    Monotonous,
    /// It is the user's name.
    Name,
    /// It is the password of the demo.
    Public,
    /// It is the old one.
    Unchanged,
}

impl NewPasswordError {
    /// Returns the message for the user.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Short => "The new password needs at least 8 characters",
            Self::Long => "The new password must not have more than 1024 bytes",
            Self::Monotonous => "The new password needs at least 4 different characters",
            Self::Name => "The new password must not be the username",
            Self::Public => "The new password is the demo's, which everybody knows",
            Self::Unchanged => "The new password must differ from the old one",
        }
    }
}

impl NewPassword {
    /// Checks the password that the user of this name chose in place of an old one.
    pub(crate) fn parse(name: &str, old: &str, new: &str) -> Result<Self, NewPasswordError> {
        if new.len() > LONGEST {
            return Err(NewPasswordError::Long);
        }
        let password = normalized_password(new);
        if password.chars().count() < SHORTEST {
            return Err(NewPasswordError::Short);
        }
        if *password == *normalized_password(old) {
            return Err(NewPasswordError::Unchanged);
        }
        // The demo's passwords are short words; it says more to name them first.
        if demo::is_public_password(name, &password) {
            return Err(NewPasswordError::Public);
        }
        if password.chars().collect::<BTreeSet<_>>().len() < DIFFERENT {
            return Err(NewPasswordError::Monotonous);
        }
        if normalized(&password).is_some_and(|password| normalized(name) == Some(password)) {
            return Err(NewPasswordError::Name);
        }
        Ok(Self(password))
    }

    /// Returns the text, to hash it.
    pub(super) fn into_text(self) -> Zeroizing<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(new: &str) -> Result<(), NewPasswordError> {
        NewPassword::parse("alice.liddell", "hazel-otter-52", new).map(drop)
    }

    #[test]
    fn a_new_password_has_eight_characters_of_any_kind() {
        for good in ["12345678", "eight ch", "pässwörd", "日本語日本語の日", "🐘🐘🦊🦊🐝🐝🐻🐻"]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for short in ["", "1234567", "\u{1f418}\u{1f98a}"] {
            assert_eq!(check(short), Err(NewPasswordError::Short), "{short}");
        }
    }

    #[test]
    fn passwords_that_anybody_would_guess_are_refused() {
        assert_eq!(check("aaaaaaaaab"), Err(NewPasswordError::Monotonous));
        assert_eq!(check("Alice.Liddell"), Err(NewPasswordError::Name));
        assert_eq!(check("hazel-otter-52"), Err(NewPasswordError::Unchanged));
        assert_eq!(NewPassword::parse("testuser", "x", "testpass").err(), Some(NewPasswordError::Public));
        assert_eq!(check(&"ab12".repeat(257)), Err(NewPasswordError::Long));
    }
}
