//! What the stores for both databases share.
//!
//! - `sessions`: the methods of `SessionStore`, written once.
//! - `steps`: the statements of each method, written once.
//! - `connection`: the operations of a connection that the steps use.

pub(crate) mod connection;
#[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "only a connection over a network can break"))]
pub(crate) mod connections;
pub(crate) mod error;
pub(crate) mod migrations;
pub(crate) mod sessions;
pub(crate) mod steps;
pub(crate) mod stored;

use std::time::Duration;

/// The default limit for a call.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);
