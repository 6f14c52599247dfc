//! [`Algorithms`]: which signature algorithms a verifier accepts, as a set that is copied freely.
//!
//! Must not know keys: it restricts the keys that others choose.

use std::fmt;

use super::{Algorithm, Family};

/// A set of signature algorithms (RFC 8725 section 3.1).
///
/// ```
/// use jwt_extended::jose::{Algorithm, Algorithms};
///
/// let accepted = Algorithms::from([Algorithm::RS256, Algorithm::ES256]);
/// assert!(accepted.contains(Algorithm::ES256) && !accepted.contains(Algorithm::HS256));
/// assert!(!Algorithms::ASYMMETRIC.contains(Algorithm::HS256));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Algorithms(u32);

impl Algorithms {
    /// Every algorithm.
    pub const ALL: Self = {
        let (mut set, mut at) = (0, 0);
        while at < Algorithm::ALL.len() {
            set |= bit(Algorithm::ALL[at]);
            at += 1;
        }
        Self(set)
    };

    /// Every algorithm with a public and a private key, so not HMAC.
    pub const ASYMMETRIC: Self =
        Self(Self::ALL.0 & !(bit(Algorithm::HS256) | bit(Algorithm::HS384) | bit(Algorithm::HS512)));

    /// Returns whether the set has this algorithm.
    pub const fn contains(self, algorithm: Algorithm) -> bool {
        self.0 & bit(algorithm) != 0
    }

    /// Returns whether the set has an algorithm that is keyed with a shared secret.
    pub fn has_shared_secrets(self) -> bool {
        self.iter().any(|algorithm| algorithm.family() == Family::Hmac)
    }

    /// Returns the algorithms, in the order of [`Algorithm::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL.into_iter().filter(move |algorithm| self.contains(*algorithm))
    }
}

const fn bit(algorithm: Algorithm) -> u32 {
    1 << algorithm as u32
}

impl<T: IntoIterator<Item = Algorithm>> From<T> for Algorithms {
    fn from(algorithms: T) -> Self {
        Self(algorithms.into_iter().fold(0, |set, algorithm| set | bit(algorithm)))
    }
}

impl fmt::Debug for Algorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_the_algorithms_it_was_made_of() {
        for algorithm in Algorithm::ALL {
            let alone = Algorithms::from([algorithm]);
            assert_eq!(alone.iter().collect::<Vec<_>>(), [algorithm]);
            assert!(Algorithms::ALL.contains(algorithm));
            assert_eq!(Algorithms::ASYMMETRIC.contains(algorithm), algorithm.family() != Family::Hmac);
        }
        assert_eq!(Algorithms::ALL, Algorithms::from(Algorithm::ALL));
        assert!(!Algorithms::ASYMMETRIC.has_shared_secrets() && Algorithms::ALL.has_shared_secrets());
    }
}
