//! The command line.

use std::{
    convert::Infallible,
    fmt,
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    str::FromStr,
};

use clap::{Args, Parser, Subcommand};

use crate::{
    ListenAddress, StartError,
    client_commands::new_client,
    demo,
    key_commands::{self, KeyCommand},
    listen, logging, serve,
    settings::{Overrides, Source},
    store::StoreAddress,
    user_commands::{self, Output, UserCommand, hashed_password},
};

/// A login server: login, refresh and logout. Reads its options from `JWT_…` environment variables as well.
#[derive(Debug, Parser)]
#[command(name = "jwt-extended-server", version)]
pub struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start with two demo users and a random secret, to try it out.
    Demo {
        /// The IP address and port to listen on.
        #[arg(long, default_value = "127.0.0.1:5000", value_parser = listen::parse_ip)]
        listen: SocketAddr,
        /// Let other machines reach the demo: everybody there can log in, because its passwords are public.
        #[arg(long)]
        allow_remote: bool,
        /// The store of sessions and users: sqlite:PATH, postgres://…, redis://… or memory. `JWT_STORE` sets it too.
        #[arg(long)]
        store: Option<Store>,
        #[command(flatten)]
        log: logging::Log,
    },
    /// Start with your own configuration.
    Serve(Serve),
    /// Check the configuration as `serve` does, without touching a store or an address.
    Check(Serve),
    /// Add, list, disable and remove the users in the store's database, and log users out.
    User {
        /// The store, as for `serve`.
        #[arg(long, global = true)]
        store: Option<Store>,
        /// The configuration file that names the store.
        #[arg(long, short, global = true)]
        config: Option<PathBuf>,
        /// Write an audit event about each change to standard error, as the server logs them.
        #[arg(long, global = true)]
        audit: bool,
        /// Print the result as JSON, in one line.
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Make, list, rotate and retire the signing keys that are sealed in the store's database; see docs/KEYS.md.
    Key {
        /// The store, as for `serve`.
        #[arg(long, global = true)]
        store: Option<Store>,
        /// The configuration file that names the store.
        #[arg(long, short, global = true)]
        config: Option<PathBuf>,
        /// Print the result as JSON, in one line.
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Read a password from standard input and print its hash for the configuration file.
    HashPassword,
    /// Make the secret of a service that may ask about tokens, and print it with its section of the configuration file.
    NewClient {
        /// The name of the client.
        id: String,
        /// Print the result as JSON, in one line.
        #[arg(long)]
        json: bool,
    },
}

/// The options of the server itself.
#[derive(Debug, Args)]
struct Serve {
    /// The configuration file, in TOML; see example.toml.
    #[arg(long, short)]
    config: Option<PathBuf>,
    /// The IP address and port to listen on, or unix:PATH. Overrides the file.
    #[arg(long)]
    listen: Option<ListenAddress>,
    /// The store of sessions and users: sqlite:PATH, postgres://…, redis://… or memory. Overrides `JWT_STORE` and
    /// the file. An address with a password belongs in `JWT_STORE`. [default: sqlite:jwt-extended.db]
    #[arg(long)]
    store: Option<Store>,
    /// The IP address and port, or unix:PATH, where Prometheus reads `/metrics`. Overrides the file.
    #[arg(long)]
    metrics_listen: Option<ListenAddress>,
    #[command(flatten)]
    log: logging::Log,
}

impl Serve {
    /// Starts logging, and returns where the configuration is.
    fn source(self) -> Result<Source, StartError> {
        logging::start(self.log);
        let store = Store::read(self.store)?;
        let overrides = Overrides { listen: self.listen, store, metrics_listen: self.metrics_listen };
        Ok(Source { file: self.config, overrides })
    }
}

/// The text of an address. The parser of the command line shows a value that it rejects, so it gets no chance to: the
/// address may hold a password.
#[derive(Clone)]
struct Store(String);

impl Store {
    fn read(given: Option<Self>) -> Result<Option<StoreAddress>, StartError> {
        Ok(given.map(|Self(text)| text.parse()).transpose()?)
    }
}

impl FromStr for Store {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store(…)")
    }
}

/// Runs a command. A server runs until a signal ends it.
///
/// # Errors
/// If the command fails, or the server cannot start.
pub async fn run(command: Command) -> Result<(), StartError> {
    match command.action {
        Action::Demo { listen, allow_remote, store, log } => {
            logging::start(log);
            let audience = if allow_remote { demo::Audience::Everybody } else { demo::Audience::ThisMachine };
            demo::run(listen, audience, Store::read(store)?).await
        }
        Action::Serve(options) => serve::run(options.source()?).await,
        Action::Check(options) => check(&options.source()?).await,
        Action::User { store, config, audit, json, command } => {
            if audit {
                logging::start(logging::Log::of_audit());
            }
            let output = if json { Output::Json } else { Output::Text };
            let (store, users) = command.store(config.as_deref(), Store::read(store)?, std::env::vars_os())?;
            user_commands::run(command, &store, users, output).await.inspect_err(user_commands::refused)
        }
        Action::Key { store, config, json, command } => {
            let output = if json { Output::Json } else { Output::Text };
            let target = key_commands::Target::find(config.as_deref(), Store::read(store)?, std::env::vars_os())?;
            key_commands::run(command, target, output).await
        }
        Action::HashPassword => hash_password(),
        Action::NewClient { id, json } => new_client(&id, if json { Output::Json } else { Output::Text }),
    }
}

async fn check(source: &Source) -> Result<(), StartError> {
    let settings = source.load().await?;
    writeln!(io::stdout(), "the configuration is good: {settings}")
        .map_err(|error| StartError::Output(error.to_string()))
}

fn hash_password() -> Result<(), StartError> {
    let hash = hashed_password("the user")?;
    writeln!(io::stdout(), "{}", hash.as_str()).map_err(|error| StartError::Output(error.to_string()))
}
