//! The scopes of a user: the words that their tokens carry, by which routes decide.
//!
//! It knows how they are written, and not what they allow.

use std::{collections::BTreeSet, fmt, str::FromStr};

/// The longest list of scopes, in bytes. Every token carries it, and a browser takes no cookie of more than 4096.
const LONGEST: usize = 1000;

/// The scopes of a user, each once, in alphabetical order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<String>);

/// The reason why a text is no list of scopes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopesError {
    /// A scope is empty or has characters that scopes must not have (RFC 6749 section 3.3).
    #[error("a scope is a word of printable ASCII characters without quotation marks and backslashes, unlike {0:?}")]
    Word(String),
    /// All scopes together are too long.
    #[error("the scopes of a user have at most {LONGEST} bytes, because every token carries them")]
    TooLong,
}

impl Scopes {
    /// Takes scopes one by one.
    ///
    /// # Errors
    /// If one is not a single word, or all together are too long.
    pub fn new<T: Into<String>>(scopes: impl IntoIterator<Item = T>) -> Result<Self, ScopesError> {
        let scopes: BTreeSet<String> = scopes.into_iter().map(Into::into).collect();
        if let Some(bad) = scopes.iter().find(|scope| !is_scope(scope)) {
            return Err(ScopesError::Word(bad.clone()));
        }
        let scopes = Self(scopes);
        if scopes.to_string().len() <= LONGEST { Ok(scopes) } else { Err(ScopesError::TooLong) }
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns each scope.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Returns whether this is one of them.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Returns whether all of these are also in the others.
    pub fn are_within(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// Adds others.
    ///
    /// # Errors
    /// If all together are too long.
    pub fn with(&self, others: &Self) -> Result<Self, ScopesError> {
        Self::new(self.0.union(&others.0).cloned())
    }

    /// Takes others away.
    pub fn without(&self, others: &Self) -> Self {
        Self(self.0.difference(&others.0).cloned().collect())
    }
}

impl FromStr for Scopes {
    type Err = ScopesError;

    /// Reads words with spaces between them.
    fn from_str(text: &str) -> Result<Self, ScopesError> {
        Self::new(text.split(' ').filter(|word| !word.is_empty()))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, scope) in self.0.iter().enumerate() {
            write!(f, "{}{scope}", if number == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        text.parse().unwrap()
    }

    #[test]
    fn scopes_are_sorted_words_each_once() {
        assert_eq!(scopes("write:orders  read:orders write:orders ").to_string(), "read:orders write:orders");
        assert!(scopes("").is_empty() && scopes(" ").is_empty());
    }

    #[test]
    fn a_scope_is_one_printable_word() {
        for word in ["a b", "", "a\"b", "a\\b", "a\tb", "\u{e9}", "a\u{7f}"] {
            assert_eq!(Scopes::new([word]), Err(ScopesError::Word(word.to_owned())));
        }
        assert_eq!("x".repeat(LONGEST + 1).parse::<Scopes>(), Err(ScopesError::TooLong));
        assert!("x".repeat(LONGEST).parse::<Scopes>().is_ok());
    }

    #[test]
    fn scopes_are_added_and_taken_away() {
        let both = scopes("a").with(&scopes("b")).unwrap();
        assert_eq!(both, scopes("a b"));
        assert_eq!(both.without(&scopes("a c")), scopes("b"));
        assert!(scopes("a").are_within(&both) && !both.are_within(&scopes("a")));
    }
}
