//! The command line.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use zeroize::Zeroizing;

use crate::{
    StartError, demo, logging, serve,
    settings::{Settings, address},
    users,
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
        #[command(flatten)]
        log: Log,
    },
    /// Start with a configuration of your own.
    Serve {
        /// The configuration file, in TOML; see example.toml. It names the users.
        #[arg(long, short)]
        config: Option<PathBuf>,
        /// Where to listen, whatever the file says: an IP address and a port.
        #[arg(long, value_parser = address)]
        listen: Option<SocketAddr>,
        #[command(flatten)]
        log: Log,
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
        Action::Demo { listen, log } => {
            logging::start(log);
            demo::run(listen).await
        }
        Action::Serve { config, listen, log } => {
            logging::start(log);
            serve::run(Settings::load(config.as_deref(), listen, std::env::vars_os())?).await
        }
        Action::HashPassword => hash_password(),
    }
}

fn hash_password() -> Result<(), StartError> {
    // Long enough that it does not grow, and leave a copy behind.
    let mut line = Zeroizing::new(String::with_capacity(4096));
    io::stdin().read_line(&mut line).map_err(|error| StartError::Password(error.to_string()))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(StartError::Password("nothing came on standard input".to_owned()));
    }
    writeln!(io::stdout(), "{}", users::hash(password)?).map_err(|error| StartError::Output(error.to_string()))
}
