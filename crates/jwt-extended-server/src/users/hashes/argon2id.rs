//! Argon2, in memory that is used again.
//!
//! Argon2 takes 19 MiB for a moment. glibc before 2.38 hardly reuses aligned memory of that size: after 120 logins, the
//! server had 1.2 GB instead of 90 MB. So the memory of a few computations is kept.

use std::sync::{Mutex, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::users::passwords::AT_ONCE;

/// The length of a salt, in bytes (RFC 9106 section 4).
const SALT: usize = 16;
/// The most blocks of 1 KiB that are kept. More than 32 MiB goes back to the operating system in any case.
const KEPT: usize = 32 << 10;

/// The memory of computations that have ended.
static IDLE: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// Returns the hash of a password by the server's own parameters, with a random salt. `None` if there is no memory or
/// no randomness.
pub(in crate::users) fn hash(password: &[u8]) -> Option<Zeroizing<String>> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).ok()?;
    let params = Params::default();
    let output =
        compute(Algorithm::default(), Version::default(), &params, password, &salt, Params::DEFAULT_OUTPUT_LEN)?;
    let hash = PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(&params).ok()?,
        salt: Some(Salt::new(&salt).ok()?),
        hash: Some(Output::new(&output).ok()?),
    };
    Some(Zeroizing::new(hash.to_string()))
}

/// Returns whether a password leads to a hash. `None` if it cannot be computed.
pub(super) fn matches(params: &Params, hash: &PasswordHash, password: &[u8]) -> Option<bool> {
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = hash.version.map(Version::try_from).transpose().ok()?.unwrap_or_default();
    let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
    let output = compute(algorithm, version, params, password, salt, expected.len())?;
    Some(output.ct_eq(expected.as_bytes()).into())
}

fn compute(
    algorithm: Algorithm,
    version: Version,
    params: &Params,
    password: &[u8],
    salt: &[u8],
    length: usize,
) -> Option<Zeroizing<Vec<u8>>> {
    let mut output = Zeroizing::new(vec![0; length]);
    let mut memory = Memory::of(params.block_count())?;
    let argon2 = Argon2::new(algorithm, version, params.clone());
    argon2.hash_password_into_with_memory(password, salt, &mut output, memory.blocks()).ok()?;
    Some(output)
}

/// The memory of a computation, which is erased and kept when that ends.
struct Memory {
    all: Vec<Block>,
    needed: usize,
}

impl Memory {
    /// Takes kept memory, or new memory; `None` if there is not enough.
    fn of(needed: usize) -> Option<Self> {
        let kept = if needed <= KEPT { idle().pop() } else { None };
        let mut all = kept.unwrap_or_default();
        if all.len() < needed {
            // Not by resizing, which would copy the old blocks.
            all = Vec::new();
            all.try_reserve_exact(needed).ok()?;
            all.resize(needed, Block::new());
        }
        Some(Self { all, needed })
    }

    fn blocks(&mut self) -> &mut [Block] {
        self.all.get_mut(..self.needed).unwrap_or_default()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.blocks().iter_mut().for_each(Block::zeroize);
        let mut idle = idle();
        if self.needed <= KEPT && idle.len() < usize::from(AT_ONCE) {
            idle.push(std::mem::take(&mut self.all));
        }
    }
}

fn idle() -> std::sync::MutexGuard<'static, Vec<Vec<Block>>> {
    // Nothing panics while it holds the lock.
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_and_is_empty() {
        for needed in [8, 64, 16] {
            let mut memory = Memory::of(needed).unwrap();
            assert_eq!(memory.blocks().len(), needed);
            for block in memory.blocks() {
                assert!(block.as_ref().iter().all(|word| *word == 0));
                block.as_mut().fill(7);
            }
        }
        assert!((1..=usize::from(AT_ONCE)).contains(&idle().len()));
    }

    #[test]
    fn the_crates_own_verifier_agrees() {
        use argon2::password_hash::PasswordVerifier as _;
        let made = hash(b"hazel-otter-52").unwrap();
        let read = PasswordHash::new(&made).unwrap();
        let params = Params::try_from(&read).unwrap();
        for password in [&b"hazel-otter-52"[..], b"hazel-otter-53", b""] {
            let expected = Argon2::default().verify_password(password, &read).is_ok();
            assert_eq!(matches(&params, &read, password), Some(expected));
        }
        assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(*made, *hash(b"hazel-otter-52").unwrap());
    }
}
