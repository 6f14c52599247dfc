//! Recognizes the RSA keys of a flawed generator in smart cards and TPMs (ROCA, CVE-2017-15361), by their modulus.
//!
//! That generator made primes of the form `k * M + 65537^a mod M`, where `M` is a product of small primes. So modulo
//! each of these, the modulus is a power of 65537. One random modulus in 240 million looks the same.
//!
//! Knows numbers, but not keys.

/// The smallest product `M` that the generator used, for keys of 512 bits, consists of the odd primes up to this one.
const LARGEST_PRIME: u32 = 167;
const GENERATOR: u32 = 65_537;

/// Returns whether a modulus has the fingerprint of the flawed generator.
pub(super) fn has_fingerprint(modulus: &[u8]) -> bool {
    // Four of five other moduli fail by 11, so this costs next to nothing.
    (3..=LARGEST_PRIME).filter(|number| is_prime(*number)).all(|prime| {
        let remainder = modulus.iter().fold(0, |remainder, byte| (remainder * 256 + u32::from(*byte)) % prime);
        is_power_of_generator(remainder, prime)
    })
}

/// Returns whether a number is in the subgroup that 65537 generates modulo a prime.
fn is_power_of_generator(number: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == number {
            return true;
        }
        power = power * (GENERATOR % prime) % prime;
        // The powers of a number that is no multiple of the prime come back to 1.
        if power == 1 {
            return false;
        }
    }
}

fn is_prime(number: u32) -> bool {
    (2..number).take_while(|factor| factor * factor <= number).all(|factor| !number.is_multiple_of(factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_reaches_few_numbers_modulo_some_primes() {
        let reached = |prime: u32| (0..prime).filter(|number| is_power_of_generator(*number, prime)).count();
        // 65537 is -1 modulo 11, and 10 modulo 37, whose cube is 1. Modulo 167 it reaches everything but 0.
        assert_eq!([11, 37, 167].map(reached), [2, 3, 166]);
    }

    #[test]
    fn a_power_of_the_generator_has_the_fingerprint() {
        assert!(has_fingerprint(&[1]) && has_fingerprint(&GENERATOR.to_be_bytes()));
        assert!(has_fingerprint(&(u64::from(GENERATOR) * u64::from(GENERATOR)).to_be_bytes()));
        assert!(!has_fingerprint(&(GENERATOR + 1).to_be_bytes()));
        assert!(!has_fingerprint(&[]) && !has_fingerprint(&[0; 256]));
    }
}
