//! The command line.

use std::{convert::Infallible, fmt, net::SocketAddr, path::PathBuf, str::FromStr};

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use serde_json::json;

use crate::{
    ListenAddress, StartError,
    commands::{
        Output,
        client::new_client,
        key::{self, KeyCommand},
        print, refused,
        session::{self, SessionCommand},
        token::{self, TokenCommand},
        user::{self, UserCommand, hashed_password},
    },
    demo, listen, logging, serve,
    settings::{Overrides, Source, find_store},
    store::StoreAddress,
};

/// The name of the program.
const PROGRAM: &str = "jwt-extended-server";

/// Where shells look for such a script.
const INSTALL: &str = "\
Put the script where your shell looks for it, and open a new shell:

  bash, which needs the package bash-completion:
    mkdir -p ~/.local/share/bash-completion/completions
    jwt-extended-server completions bash > ~/.local/share/bash-completion/completions/jwt-extended-server

  zsh:
    mkdir -p ~/.zfunc
    jwt-extended-server completions zsh > ~/.zfunc/_jwt-extended-server
    and in ~/.zshrc, before any other compinit:  fpath+=(~/.zfunc); autoload -Uz compinit; compinit

  fish:
    mkdir -p ~/.config/fish/completions
    jwt-extended-server completions fish > ~/.config/fish/completions/jwt-extended-server.fish";

/// A login server: login, refresh and logout. Reads its options from `JWT_…` environment variables as well.
#[derive(Debug, Parser)]
#[command(name = PROGRAM, version)]
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
    Check {
        #[command(flatten)]
        serve: Serve,
        /// Print the result as JSON, in one line.
        #[arg(long)]
        json: bool,
    },
    /// Add, list, disable and remove the users in the store's database, and log users out.
    User {
        #[command(flatten)]
        place: Place,
        /// Write an audit event about each change to standard error, as the server logs them.
        #[arg(long, global = true)]
        audit: bool,
        #[command(subcommand)]
        command: UserCommand,
    },
    /// List and end sessions.
    Session {
        #[command(flatten)]
        place: Place,
        /// Write an audit event about each change to standard error, as the server logs them.
        #[arg(long, global = true)]
        audit: bool,
        #[command(subcommand)]
        command: SessionCommand,
    },
    /// Say what a token holds, and why the server would refuse it.
    Token {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Make, list, rotate and retire the signing keys that are sealed in the store's database; see docs/KEYS.md.
    Key {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Read a password from standard input and print its hash for the configuration file.
    HashPassword {
        /// Print the result as JSON, in one line.
        #[arg(long)]
        json: bool,
    },
    /// Print a script that completes this program's commands and options in a shell.
    #[command(after_help = INSTALL)]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Make the secret of a service that may ask about tokens, and print it with its section of the configuration file.
    NewClient {
        /// The name of the client.
        id: String,
        /// Print the result as JSON, in one line.
        #[arg(long)]
        json: bool,
    },
}

/// Where a command works, and how it reports.
#[derive(Debug, Args)]
struct Place {
    /// The store, as for `serve`.
    #[arg(long, global = true)]
    store: Option<Store>,
    /// The configuration file that names the store.
    #[arg(long, short, global = true)]
    config: Option<PathBuf>,
    /// Print the result as JSON, in one line.
    #[arg(long, global = true)]
    json: bool,
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
    let output = command.action.output();
    let done = perform(command.action).await;
    if let Err(error) = &done {
        output.fail(error)?;
    }
    done
}

impl Action {
    /// Returns how the command reports.
    fn output(&self) -> Output {
        match self {
            Self::Demo { .. } | Self::Serve(_) | Self::Completions { .. } => Output::Text,
            Self::Check { json, .. } | Self::HashPassword { json } | Self::NewClient { json, .. } => output(*json),
            Self::User { place, .. }
            | Self::Session { place, .. }
            | Self::Token { place, .. }
            | Self::Key { place, .. } => output(place.json),
        }
    }
}

async fn perform(action: Action) -> Result<(), StartError> {
    match action {
        Action::Demo { listen, allow_remote, store, log } => {
            logging::start(log);
            let audience = if allow_remote { demo::Audience::Everybody } else { demo::Audience::ThisMachine };
            demo::run(listen, audience, Store::read(store)?).await
        }
        Action::Serve(options) => serve::run(options.source()?).await,
        Action::Check { serve, json } => check(&serve.source()?, output(json)).await,
        Action::User { place: Place { store, config, json }, audit, command } => {
            start_audit(audit);
            let (store, users) = command.store(config.as_deref(), Store::read(store)?, std::env::vars_os())?;
            user::run(command, &store, &users, output(json)).await.inspect_err(refused)
        }
        Action::Session { place: Place { store, config, json }, audit, command } => {
            start_audit(audit);
            let (store, users) = find_store(config.as_deref(), Store::read(store)?, std::env::vars_os())?;
            session::run(command, &store, &users, output(json)).await.inspect_err(refused)
        }
        Action::Token { place: Place { store, config, json }, command } => {
            let overrides = Overrides { store: Store::read(store)?, ..Overrides::default() };
            token::run(command, Source { file: config, overrides }, output(json)).await
        }
        Action::Key { place: Place { store, config, json }, command } => {
            let target = key::Target::find(config.as_deref(), Store::read(store)?, std::env::vars_os())?;
            key::run(command, target, output(json)).await
        }
        Action::HashPassword { json } => hash_password(output(json)),
        Action::NewClient { id, json } => new_client(&id, output(json)),
        Action::Completions { shell } => complete(shell),
    }
}

fn output(json: bool) -> Output {
    if json { Output::Json } else { Output::Text }
}

fn start_audit(audit: bool) {
    if audit {
        logging::start(logging::Log::of_audit());
    }
}

async fn check(source: &Source, output: Output) -> Result<(), StartError> {
    let settings = source.load().await?;
    output.say(&format!("the configuration is good: {settings}"), &settings.to_json())
}

fn hash_password(output: Output) -> Result<(), StartError> {
    let hash = hashed_password("the user")?;
    output.say(hash.as_str(), &json!({ "password_hash": hash.as_str() }))
}

/// Prints the whole script at once: the generator panics if standard output is closed.
fn complete(shell: Shell) -> Result<(), StartError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Command::command(), PROGRAM, &mut script);
    print(format_args!("{}", String::from_utf8_lossy(&script)))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    fn each_leaf(command: &clap::Command, path: &str, look: &mut impl FnMut(&clap::Command, &str)) {
        let path = format!("{path} {}", command.get_name());
        if !command.has_subcommands() {
            look(command, path.trim());
        }
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            each_leaf(inner, &path, look);
        }
    }

    #[test]
    fn every_command_that_ends_by_itself_has_json() {
        let mut command = Command::command();
        command.build();
        let mut without = Vec::new();
        each_leaf(&command, "", &mut |leaf, path| {
            if !leaf.get_arguments().any(|argument| argument.get_id() == "json") {
                without.push(path.to_owned());
            }
        });
        let expected = ["demo", "serve", "completions"].map(|name| format!("jwt-extended-server {name}"));
        assert_eq!(without, expected);
    }

    #[test]
    fn every_shell_completes_the_commands() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Command::command(), "jwt-extended-server", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("inspect") && script.contains("completions"), "{shell}");
        }
    }
}
