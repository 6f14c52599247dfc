//! What can be wrong with the server's keys. Each message is one line that says what to do.

use std::path::PathBuf;

use jwt_extended_axum::{
    config::{FileError, ReplaceKeysError},
    jose::{Algorithm, KeyError},
};

use super::folder::FolderError;
use crate::sql::Unavailable;

/// An error of the server's keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The section names no place, or two.
    #[error("[keys] needs either source = \"store\" or folder = \"PATH\"")]
    Place,
    /// There are keys in a section of their own and in options.
    #[error(
        "keys are given twice: leave out the section [keys], or secret_key, private_key and public_key with their JWT_… variables"
    )]
    Twice,
    /// The option is for other keys.
    #[error("[jwt] algorithm is for secret_key and private_key; beside [keys], set algorithm under [keys]")]
    Algorithm,
    /// Files are not made by the server.
    #[error("rotate_every needs source = \"store\": the server makes no files; add a file to the folder to rotate")]
    RotatesFiles,
    /// The key would be replaced before everybody knows the next one.
    #[error("rotate_every must be at least an hour, and at least twice jwks_max_age")]
    TooOften,
    /// Files cannot hold shared secrets.
    #[error("the keys of a folder are PEM files, so [keys] algorithm must be asymmetric, such as \"ES256\"")]
    SecretInFolder,
    /// The store has no tables.
    #[error(
        "only an SQL store holds keys; use sqlite:PATH or postgres://…, or keep the keys as PEM files: folder = \"PATH\" under [keys]"
    )]
    NoKeyTable,
    /// The keys are files.
    #[error("the keys of this configuration are the PEM files in {}: add a file to rotate, and remove one to retire it", .0.display())]
    InFolder(PathBuf),
    /// There is no master key.
    #[error(
        "there is no master key; set JWT_MASTER_KEY to the output of `openssl rand -base64 32`, or JWT_MASTER_KEY_FILE to a file that holds it"
    )]
    NoMasterKey,
    /// The master key is given by value and by file.
    #[error("JWT_MASTER_KEY and JWT_MASTER_KEY_FILE are both given; leave one of them out")]
    MasterKeyTwice,
    /// The file of the master key cannot be read.
    #[error("JWT_MASTER_KEY_FILE: {0}")]
    MasterKeyFile(FileError),
    /// The master key is no random key.
    #[error(
        "JWT_MASTER_KEY must be 32 random bytes in base64; make it with `openssl rand -base64 32`, because a sample or a password protects nothing"
    )]
    BadMasterKey,
    /// The master key is given, and no file that says what it is for.
    #[error(
        "JWT_MASTER_KEY is set, so the keys are those of a configuration file; name that file with --config, or unset \
         the variable"
    )]
    MasterKeyWithoutFile,
    /// Nothing is sealed under the master key.
    #[error("JWT_MASTER_KEY is set, but there is no [keys] with source = \"store\"; add it, or leave out the variable")]
    UnusedMasterKey,
    /// The keys were sealed under another master key.
    #[error(
        "wrong master key: the key {kid} is sealed under the master key {sealed}, and JWT_MASTER_KEY is {given}; set JWT_MASTER_KEY to the former"
    )]
    WrongMasterKey {
        /// The key.
        kid: String,
        /// The fingerprint of the master key that it was sealed under.
        sealed: String,
        /// The fingerprint of the one that is given.
        given: String,
    },
    /// A sealed key is not what was sealed.
    #[error("the sealed key {0} was changed after it was written; restore the table jwt_keys, or retire the key")]
    Changed(String),
    /// The row names an algorithm that this version does not know.
    #[error("the key {0} is for an algorithm that this version does not know; update the server")]
    UnknownAlgorithm(String),
    /// There are no keys yet.
    #[error("there are no keys in {0}; make the first with `jwt-extended-server key generate`")]
    NoKeys(String),
    /// No key signs at this time.
    #[error("no key signs now; `key list` shows when the next one does, and `key rotate --now` makes it sign")]
    NoneSigns,
    /// A successor is already there.
    #[error("{0} is already the next key; `key rotate` makes it sign")]
    HasNext(String),
    /// Another process has changed the keys at the same time.
    #[error(
        "another process changed the keys at the same time; look at `key list`, and run the command again if need be"
    )]
    Meanwhile,
    /// There is no such key.
    #[error("there is no key {0}; `key list` shows all keys")]
    Unknown(String),
    /// The key signs.
    #[error("{0} signs now, so it cannot be retired; run `key rotate --now` first, and then retire it")]
    Signs(String),
    /// A key is invalid.
    #[error("a key cannot be used: {0}")]
    Key(KeyError),
    /// The key cannot be written as text.
    #[error("a key for {0} cannot be stored; choose another algorithm, such as ES256")]
    Unstorable(Algorithm),
    /// The schedule is invalid.
    #[error(transparent)]
    Schedule(#[from] ReplaceKeysError),
    /// The files cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The source of randomness failed.
    #[error("the operating system provides no random numbers")]
    Randomness,
    /// The database did not answer.
    #[error("the keys in the store cannot be read or changed: {0}")]
    Unavailable(String),
}

impl From<Unavailable> for KeysError {
    fn from(Unavailable(why): Unavailable) -> Self {
        Self::Unavailable(why)
    }
}
