//! [`FetchError`]: why keys could not be fetched, for logs and for whoever watches a service.
//!
//! No message contains a key, a query or anything else that a server sent beyond names and addresses.

use jwt_extended::jose::KeyError;

use crate::UrlError;

/// Why the keys could not be fetched, and from where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot get keys from {url}: {why}")]
#[non_exhaustive]
pub struct FetchError {
    /// The address of the document at fault, without its query.
    pub url: String,
    /// The reason.
    pub why: FetchFailure,
}

/// Why a document could not be fetched or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchFailure {
    /// The answer was not complete in time.
    #[error("there was no complete answer within 2.5 seconds; check that this computer can reach it")]
    Timeout,
    /// The name is unknown, or nothing accepts connections there.
    #[error("cannot connect ({0}); check the address, and the proxy if there must be one")]
    Unreachable(String),
    /// The server's certificate is not trusted, or TLS failed otherwise.
    #[error("TLS failed ({0}); if a private authority signed the certificate, name it with `root_certificates`")]
    Tls(String),
    /// The system trusts no authority, as in many small containers.
    #[error("this system has no root certificates; install the package ca-certificates, or use `root_certificates`")]
    NoRoots,
    /// The server sends elsewhere. Keys are only taken from the address that the app names.
    #[error("it answers with status {status}, a redirect, which is not followed; configure the address it leads to")]
    Redirect {
        /// The status.
        status: u16,
    },
    /// Any other status than 200.
    #[error("it answers with status {status} instead of 200")]
    Status {
        /// The status.
        status: u16,
    },
    /// The answer is longer than a document of keys may be.
    #[error("the answer has more than 512 KiB; check that the address is that of a JWK Set or an issuer")]
    TooLarge,
    /// The connection ended too early.
    #[error("the connection ended before the answer was complete")]
    CutOff,
    /// The answer breaks HTTP.
    #[error("the answer is not HTTP ({0})")]
    NotHttp(String),
    /// The answer is not UTF-8.
    #[error("the answer is not text in UTF-8")]
    NotText,
    /// The discovery document does not say what it must.
    #[error("it is no discovery document with the members \"issuer\" and \"jwks_uri\", each once and a string")]
    Discovery,
    /// The discovery document is that of another issuer (RFC 8414 section 3.3).
    #[error("it names the issuer {named:?}; pass exactly that to `discover` if it is the one you trust")]
    OtherIssuer {
        /// The issuer that the document names, cut to 200 characters.
        named: String,
    },
    /// The address of the keys, in the discovery document, cannot be used.
    #[error("its \"jwks_uri\" cannot be used: {0}")]
    JwksUri(UrlError),
    /// The set cannot be used as a whole.
    #[error("the key set is refused: {0}")]
    Keys(#[from] KeyError),
    /// The process cannot start a thread.
    #[error("cannot start a thread to fetch them; raise the limit of threads for this process")]
    NoThread,
    /// The fetch ended without a result, which is a mistake in this crate or its HTTP client.
    #[error("the fetch failed unexpectedly; please report it with the log")]
    Crashed,
}
