//! The interface for keys that this process does not hold.

/// A key that lives elsewhere: in an HSM, a key service, or another library.
///
/// It is used only with the algorithm that it was registered for.
pub trait ExternalKey: Send + Sync {
    /// Returns the signature of a message in the form of RFC 7518, or `None` if signing fails.
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>>;

    /// Returns whether this key made the signature for the message. Any failure counts as `false`.
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}
