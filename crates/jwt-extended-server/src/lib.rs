//! A server that runs jwt-extended: login, refresh and logout, ready to use.
//!
//! The program is `jwt-extended-server`; this library is its parts, so that tests can reach them.

mod cli;
mod demo;
mod error;
mod logging;
mod routes;
mod secrets;
mod serve;
mod settings;
mod store;
mod user_commands;
mod users;

pub use cli::{Command, run};
pub use error::StartError;
pub use routes::{App, router};
pub use secrets::is_sample;
pub use settings::{Overrides, Settings};
pub use store::{StoreAddress, StoreError};
pub use users::{CheckError, Database, DatabaseError, Proof, User, Users, hash};
