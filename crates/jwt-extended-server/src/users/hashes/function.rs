//! The functions that make hashes of passwords, with their parameters.
//!
//! It knows nothing of the formats in which programs write them.

use argon2::{Params, password_hash::phc};
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::argon2id;

/// The version of Argon2 that the server uses.
const ARGON2_VERSION: u32 = 0x13;

/// A function with its parameters, its salt and its result.
#[derive(Clone)]
pub(super) enum Function {
    Argon2 { params: Params, hash: Box<phc::PasswordHash> },
    Scrypt { cost: ScryptCost, salt: Zeroizing<Vec<u8>>, output: Zeroizing<Vec<u8>> },
    Pbkdf2 { digest: Digest, rounds: u32, salt: Zeroizing<Vec<u8>>, output: Zeroizing<Vec<u8>> },
    Bcrypt { text: Zeroizing<String>, cost: u32, input: BcryptInput },
}

/// The parameters of scrypt.
#[derive(Clone, Copy)]
pub(super) struct ScryptCost {
    /// The exponent of N, which is a power of two.
    pub(super) log_n: u8,
    pub(super) r: u32,
    pub(super) p: u32,
}

/// The hash function inside of PBKDF2.
#[derive(Clone, Copy)]
pub(super) enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

/// The text that bcrypt gets.
#[derive(Clone, Copy)]
pub(super) enum BcryptInput {
    /// The password.
    Password,
    /// The SHA-256 of the password in hexadecimal, as Django does it.
    Sha256,
}

impl Function {
    /// Returns whether a password leads to this result.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        match self {
            Self::Argon2 { params, hash } => argon2id::matches(params, hash, password).unwrap_or(false),
            Self::Scrypt { cost, salt, output } => {
                let Ok(params) = scrypt::Params::new(cost.log_n, cost.r, cost.p) else { return false };
                let mut result = Zeroizing::new(vec![0; output.len()]);
                scrypt::scrypt(password, salt, &params, &mut result).is_ok() && bool::from(result.ct_eq(output))
            }
            Self::Pbkdf2 { digest, rounds, salt, output } => {
                let mut result = Zeroizing::new(vec![0; output.len()]);
                match digest {
                    Digest::Sha1 => pbkdf2_hmac::<Sha1>(password, salt, *rounds, &mut result),
                    Digest::Sha256 => pbkdf2_hmac::<Sha256>(password, salt, *rounds, &mut result),
                    Digest::Sha512 => pbkdf2_hmac::<Sha512>(password, salt, *rounds, &mut result),
                }
                result.ct_eq(output).into()
            }
            Self::Bcrypt { text, input, .. } => match input {
                BcryptInput::Password => bcrypt::verify(password, text).unwrap_or(false),
                BcryptInput::Sha256 => bcrypt::verify(&*sha256_hex(password), text).unwrap_or(false),
            },
        }
    }

    /// Returns how much memory a check takes, in bytes.
    pub(super) fn memory(&self) -> u64 {
        match self {
            Self::Argon2 { params, .. } => u64::from(params.m_cost()) << 10,
            Self::Scrypt { cost, .. } => {
                let block = 128 * u64::from(cost.r);
                let n = 1_u64.checked_shl(cost.log_n.into()).unwrap_or(u64::MAX);
                block.saturating_mul(n.saturating_add(cost.p.into()))
            }
            Self::Pbkdf2 { .. } | Self::Bcrypt { .. } => 0,
        }
    }

    /// Returns about how long a check takes, in nanoseconds. The figures are of a slow core; on most it takes half.
    pub(super) fn time(&self) -> u64 {
        let (steps, each) = match self {
            Self::Argon2 { params, .. } => (u64::from(params.m_cost()) * u64::from(params.t_cost()), 1_200),
            Self::Scrypt { cost, .. } => {
                let n = 1_u64.checked_shl(cost.log_n.into()).unwrap_or(u64::MAX);
                (n.saturating_mul(cost.r.into()).saturating_mul(cost.p.into()), 500)
            }
            Self::Pbkdf2 { digest, rounds, output, .. } => {
                let blocks = output.len().div_ceil(digest.size()) as u64;
                let each = if matches!(digest, Digest::Sha512) { 1_300 } else { 650 };
                (blocks.saturating_mul((*rounds).into()), each)
            }
            Self::Bcrypt { cost, .. } => (1_u64.checked_shl(*cost).unwrap_or(u64::MAX), 90_000),
        };
        steps.saturating_mul(each)
    }

    /// Returns whether it is the server's own function, at no lower cost than its own.
    pub(super) fn is_current(&self) -> bool {
        let Self::Argon2 { params, hash } = self else { return false };
        let (own, cost) = (Params::DEFAULT, u64::from(params.m_cost()) * u64::from(params.t_cost()));
        hash.algorithm.as_str() == "argon2id"
            && hash.version.is_none_or(|version| version == ARGON2_VERSION)
            && cost >= u64::from(own.m_cost()) * u64::from(own.t_cost())
    }

    /// Returns whether the rest of a longer password makes no difference.
    pub(super) fn reads_only_72_bytes(&self) -> bool {
        matches!(self, Self::Bcrypt { input: BcryptInput::Password, .. })
    }
}

impl Digest {
    /// Returns the length of its result, in bytes.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

fn sha256_hex(password: &[u8]) -> Zeroizing<Vec<u8>> {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(password)));
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    Zeroizing::new(digits.map(|digit| DIGITS[usize::from(digit)]).collect())
}
