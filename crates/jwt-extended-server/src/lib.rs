//! A server that runs jwt-extended: login, refresh and logout, ready to use.
//!
//! The program is `jwt-extended-server`; this library is its parts, so that tests can reach them.

mod cli;
mod demo;
mod logging;
mod routes;
mod secrets;
mod serve;
mod settings;
mod users;

pub use cli::{Command, run};
pub use routes::{App, router};
pub use secrets::is_sample;
pub use settings::{Settings, StartError};
pub use users::{Busy, Users, hash};
