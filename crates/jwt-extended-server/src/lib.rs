//! A server that runs jwt-extended: login, refresh and logout, ready to use.
//!
//! The program is `jwt-extended-server`. This library contains its parts, so that tests can use them.

mod answered;
mod attempts;
mod audit;
mod cli;
mod client;
mod clients;
mod commands;
mod config_file;
mod connections;
mod cors;
mod demo;
mod denylist;
mod error;
mod forward_auth;
mod keys;
mod limits;
mod listen;
mod logging;
mod metrics;
mod observe;
mod pages;
mod reload;
mod routes;
mod secrets;
mod serve;
mod settings;
mod sql;
mod store;
mod users;

pub use attempts::{Attempts, ClientAddress, CountersError, Guess, Permit, Refused};
pub use cli::{Command, run};
pub use clients::{Clients, ClientsError};
pub use cors::{Cors, Origin, OriginError};
pub use error::StartError;
pub use forward_auth::{ForwardAuth, ForwardAuthError, HeaderNameError, PolicyError};
pub use keys::{FolderError, KeysError};
pub use listen::ListenAddress;
pub use pages::{LanguageError, LogoError, Pages, PagesError};
pub use routes::{App, AppParts, Metadata, router};
pub use secrets::is_sample;
pub use settings::{Overrides, Settings};
pub use store::{OpenError, StoreAddress};
pub use users::{
    CheckError, Database, DatabaseError, HashError, HashKind, NewUser, PasswordHash, Scopes, ScopesError, User, Users,
    VerifiedPassword, hash,
};
