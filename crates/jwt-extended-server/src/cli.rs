//! The command line.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    StartError, demo, logging, serve,
    settings::{Overrides, Settings, address, store_of_users},
    store::StoreAddress,
    user_commands::{self, UserCommand, hashed_password},
};

/// Login, refresh and logout, ready to use. Every `JWT_…` option of the environment is honoured.
#[derive(Debug, Parser)]
#[command(name = "jwt-extended-server", version)]
pub struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start with two demo users and a random secret, for trying it out.
    Demo {
        /// Where to listen: an IP address and a port.
        #[arg(long, default_value = "127.0.0.1:5000", value_parser = address)]
        listen: SocketAddr,
        /// Where sessions and users are kept: sqlite:PATH, postgres://…, redis://… or memory. Also by `JWT_STORE`.
        #[arg(long)]
        store: Option<StoreAddress>,
        #[command(flatten)]
        log: Log,
    },
    /// Start with a configuration of your own.
    Serve {
        /// The configuration file, in TOML; see example.toml.
        #[arg(long, short)]
        config: Option<PathBuf>,
        /// Where to listen, whatever the file says: an IP address and a port.
        #[arg(long, value_parser = address)]
        listen: Option<SocketAddr>,
        /// Where sessions and users are kept, whatever the file says: sqlite:PATH, postgres://…, redis://… or memory. An
        /// address with a password belongs in `JWT_STORE`. [default: sqlite:jwt-extended.db]
        #[arg(long)]
        store: Option<StoreAddress>,
        #[command(flatten)]
        log: Log,
    },
    /// Add, list, disable and remove the users in the store's database, and log users out.
    User {
        /// The store, as for `serve`.
        #[arg(long, global = true)]
        store: Option<StoreAddress>,
        /// The configuration file that names the store.
        #[arg(long, short, global = true)]
        config: Option<PathBuf>,
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Read a password from standard input and print its hash for the configuration file.
    HashPassword,
}

/// How to log.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Log {
    /// One JSON object a line, or text.
    #[arg(long, value_enum, default_value_t = LogFormat::Json)]
    pub(crate) log_format: LogFormat,
    /// The least important lines to log: error, warn, info, debug or trace.
    #[arg(long, default_value = "info")]
    pub(crate) log_level: tracing::Level,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    Json,
    Text,
}

/// Does what the command says. Returns when the server has ended.
///
/// # Errors
/// If it could not start.
pub async fn run(command: Command) -> Result<(), StartError> {
    match command.action {
        Action::Demo { listen, store, log } => {
            logging::start(log);
            demo::run(listen, store).await
        }
        Action::Serve { config, listen, store, log } => {
            logging::start(log);
            let overrides = Overrides { listen, store };
            serve::run(Settings::load(config.as_deref(), overrides, std::env::vars_os())?).await
        }
        Action::User { store, config, command } => {
            let store = store_of_users(config.as_deref(), store, command.wants(), std::env::vars_os())?;
            user_commands::run(command, &store).await
        }
        Action::HashPassword => hash_password(),
    }
}

fn hash_password() -> Result<(), StartError> {
    let hash = hashed_password("the user")?;
    writeln!(io::stdout(), "{hash}").map_err(|error| StartError::Output(error.to_string()))
}
