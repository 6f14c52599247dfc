#![doc = include_str!("../README.md")]

mod board;
mod builder;
mod cache;
mod client;
mod discovery;
mod endpoint;
mod error;
mod fetch;
mod flight;
mod issuer;
mod lifetime;
mod remote_keys;
mod renewal;
mod swap;

pub use builder::{BuildError, RemoteKeysBuilder};
pub use endpoint::UrlError;
pub use error::{FetchError, FetchFailure};
pub use issuer::{Discover, IssuerError, issuer, issuer_with};
pub use remote_keys::RemoteKeys;
