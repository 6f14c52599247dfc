//! Randomness, and the random ids made of it.
//!
//! A token's `jti` and `csrf` and a session's `sid` are UUIDs (RFC 9562). The manager gets its source of randomness as
//! a value, so that tests can choose it.

use uuid::{Builder, Uuid, Variant};

use crate::time::Timestamp;

/// A source of random bytes. Any `Fn(&mut [u8]) -> Result<(), EntropyError>` is one.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with bytes that nobody can guess.
    ///
    /// # Errors
    /// If the source fails.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError>;
}

impl<F: Fn(&mut [u8]) -> Result<(), EntropyError> + Send + Sync> Entropy for F {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        self(buffer)
    }
}

/// The source of randomness failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness failed, so no token can be issued")]
pub struct EntropyError;

/// The operating system's source. It is called each time, so there is no state that a forked process could repeat.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(buffer).map_err(|_| EntropyError)
    }
}

/// Returns a random UUID (version 4).
pub(crate) fn random_uuid(bytes: [u8; 16]) -> Uuid {
    Builder::from_random_bytes(bytes).into_uuid()
}

/// Returns an id for a session that opens at this time: a UUID of version 7 whose sub-millisecond field is filled (RFC
/// 9562 section 6.2, method 3). So the id says to the microsecond when the session was opened.
pub(crate) fn session_id(opened: Timestamp, random: [u8; 8]) -> Uuid {
    let micros = opened.as_micros();
    let fraction = micros % 1000 * 4096 / 1000;
    let [_, _, high, low] = u32::try_from(fraction).unwrap_or(0).to_be_bytes();
    let mut tail = [0; 10];
    tail[0] = high;
    tail[1] = low;
    tail[2..].copy_from_slice(&random);
    Builder::from_unix_timestamp_millis(micros / 1000, &tail).into_uuid()
}

/// Returns when the session with this id was opened, if the id is one of ours.
pub(crate) fn session_opened(sid: &str) -> Option<Timestamp> {
    let uuid = Uuid::try_parse(sid).ok()?;
    if uuid.get_version_num() != 7 || uuid.get_variant() != Variant::RFC4122 {
        return None;
    }
    let bytes = uuid.as_bytes();
    let millis = bytes[..6].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let fraction = u64::from(u16::from_be_bytes([bytes[6] & 0x0f, bytes[7]]));
    Some(Timestamp::from_micros(millis.saturating_mul(1000) + (fraction * 1000).div_ceil(4096)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_random_uuid_is_of_version_4() {
        let uuid = random_uuid([0xff; 16]);
        assert_eq!((uuid.get_version_num(), uuid.get_variant()), (4, Variant::RFC4122));
    }

    #[test]
    fn other_ids_do_not_say_when() {
        for sid in ["", "a session", "5f8a3a0e-1d1e-4b0e-8f5e-5b1f0a9c6d7e"] {
            assert_eq!(session_opened(sid), None);
        }
    }

    proptest! {
        #[test]
        fn a_session_id_says_when_it_was_opened(micros in 0..253_402_300_799_000_000_u64, random: [u8; 8]) {
            let opened = Timestamp::from_micros(micros);
            let sid = session_id(opened, random);
            prop_assert_eq!(sid.get_version_num(), 7);
            prop_assert_eq!(session_opened(&sid.to_string()), Some(opened));
        }
    }
}
