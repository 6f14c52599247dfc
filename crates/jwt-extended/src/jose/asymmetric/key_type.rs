//! The `AlgorithmIdentifier` in front of a key in SPKI and PKCS#8 (RFC 3279, RFC 5480, RFC 8410, RFC 9881).
//!
//! Distinguishes kinds of key and curves, so that the error can name the right one. Must not read the key itself.

use aws_lc_rs::signature::RsaSignatureEncoding;

use super::{
    der::{NULL, NotDer, OBJECT_IDENTIFIER, Reader},
    scheme::{Curve, Lattice, Scheme},
};
use crate::jose::{Algorithm, KeyError};

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The kinds of key that are supported, with what the algorithm says of them.
pub(super) enum Kind {
    Rsa(&'static RsaSignatureEncoding),
    Curve(Curve),
    Edwards,
    Lattice(Lattice),
}

/// An `AlgorithmIdentifier`, which precedes a key.
pub(super) struct KeyType<'d> {
    oid: &'d [u8],
    parameters: Parameters<'d>,
}

#[derive(PartialEq, Eq)]
enum Parameters<'d> {
    Absent,
    Null,
    Oid(&'d [u8]),
    /// A curve written out in numbers. It could imitate a known curve (CVE-2020-0601).
    Other,
}

impl<'d> KeyType<'d> {
    pub(super) fn read(envelope: &mut Reader<'d>) -> Result<Self, NotDer> {
        let mut elements = envelope.sequence()?;
        let oid = elements.read(OBJECT_IDENTIFIER)?;
        let parameters = match elements.tag() {
            None => Parameters::Absent,
            Some(NULL) => {
                Reader::new(elements.read(NULL)?).end()?;
                Parameters::Null
            }
            Some(OBJECT_IDENTIFIER) => Parameters::Oid(elements.read(OBJECT_IDENTIFIER)?),
            Some(tag) => {
                elements.read(tag)?;
                Parameters::Other
            }
        };
        elements.end()?;
        Ok(Self { oid, parameters })
    }

    /// Returns the kind, if the algorithm needs it.
    pub(super) fn kind(&self, algorithm: Algorithm, scheme: Scheme) -> Result<Kind, KeyError> {
        let malformed = |why| Err(KeyError::Malformed { algorithm, why });
        match (scheme, self.oid, &self.parameters) {
            (Scheme::Rsa { sign, .. }, RSA_ENCRYPTION, Parameters::Null) => Ok(Kind::Rsa(sign)),
            (Scheme::Rsa { .. }, RSASSA_PSS, _) => {
                malformed("its OID is id-RSASSA-PSS; write it as a plain RSA key (rsaEncryption)")
            }
            (Scheme::EllipticCurve(curve), EC_PUBLIC_KEY, Parameters::Oid(stated)) if *stated == curve.oid => {
                Ok(Kind::Curve(curve))
            }
            (Scheme::EllipticCurve(_), EC_PUBLIC_KEY, Parameters::Other) => {
                malformed("its curve is written out in numbers; name it (`openssl ec -param_enc named_curve`)")
            }
            (Scheme::Edwards, ED25519, Parameters::Absent) => Ok(Kind::Edwards),
            (Scheme::Lattice(lattice), stated, Parameters::Absent) if stated == lattice.oid => {
                Ok(Kind::Lattice(lattice))
            }
            (Scheme::Rsa { .. }, RSA_ENCRYPTION, _) | (Scheme::Edwards, ED25519, _) => {
                malformed("the parameters beside its OID do not belong to this kind of key")
            }
            _ => Err(scheme.mismatch(algorithm)),
        }
    }
}
