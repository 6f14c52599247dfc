//! Reads the URL of a database. sqlx ignores parameters that it does not know and refuses some URLs that libpq and
//! `SQLAlchemy` accept, so this checks and rewrites a URL before sqlx gets it. No error shows a part of it.

use std::str::FromStr;

use jwt_extended::session::StoreUrl;
use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::shared::error::{SetupError, bad_url};

/// The parameters that sqlx knows, with one name each.
const KNOWN: &[&str] = &[
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "statement-cache-capacity",
];

/// Parameters of other drivers that people have in their URLs, and what to do instead.
const FOREIGN: &[(&str, &str)] = &[
    ("ssl", "write sslmode=require, or sslmode=verify-full with sslrootcert"),
    ("connect_timeout", "leave it out, because the store has a time limit of its own"),
    ("schema", "write options=-csearch_path%3Dname"),
    ("pgbouncer", "leave it out, because the store notices PgBouncer"),
    ("prepare_threshold", "leave it out, because the store notices PgBouncer"),
    ("prepared_statement_cache_size", "leave it out, because the store notices PgBouncer"),
    ("statement_cache_size", "leave it out, because the store notices PgBouncer"),
    ("channel_binding", "leave it out: this store cannot do it"),
    ("target_session_attrs", "leave it out, and name the one server that can write"),
    ("client_encoding", "leave it out: it is UTF-8"),
    ("gssencmode", "leave it out: this store cannot do it"),
    ("sslnegotiation", "leave it out: this store cannot do it"),
];

/// Whether the URL says that a pooler is in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statements {
    /// It says nothing.
    Named,
    /// `statement-cache-capacity=0`: no prepared statement may outlive its transaction.
    Unnamed,
}

/// Returns the options of a URL.
pub(super) fn options(url: &str) -> Result<(PgConnectOptions, Statements), SetupError> {
    let split = StoreUrl::parse(url).map_err(|error| SetupError::BadUrl(error.to_string()))?;
    if !matches!(split.scheme(), "postgres" | "postgresql") {
        return bad("it does not begin with postgres:// or postgresql://");
    }
    if split.hosts().count() > 1 {
        return bad("it names several hosts, and this store connects to one");
    }
    let names: Vec<_> = KNOWN.iter().copied().chain(FOREIGN.iter().map(|(name, _)| *name)).collect();
    let parameters = split.parameters(&names).map_err(|_| unknown(&split))?;
    for (name, value) in &parameters {
        if let Some((_, instead)) = FOREIGN.iter().find(|(foreign, _)| foreign == name) {
            return Err(SetupError::BadUrl(format!("it has the parameter {name}; {instead}")));
        }
        if *name == "sslmode" && PgSslMode::from_str(value).is_err() {
            return bad("its sslmode is none of disable, allow, prefer, require, verify-ca and verify-full");
        }
    }
    let get = |name: &str| parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let statements = match get("statement-cache-capacity") {
        Some("0") => Statements::Unnamed,
        _ => Statements::Named,
    };
    let options = PgConnectOptions::from_str(&rewritten(&split, url, get("host").is_some()))
        .map_err(|error| bad_url(&error))?
        // PgBouncer refuses a connection that asks for it, and the store has no fractions.
        .extra_float_digits(None)
        // Logging a statement costs each call an allocation.
        .disable_statement_logging();
    Ok((options, statements))
}

/// Returns the URL without a driver. Where only a parameter names the host, as for a socket, it gets a host that the
/// parameter replaces: after a user, sqlx insists on one.
fn rewritten(split: &StoreUrl<'_>, url: &str, has_host_parameter: bool) -> String {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let Some(credentials) = split.credentials().filter(|_| has_host_parameter && split.authority().is_empty()) else {
        return format!("postgres://{rest}");
    };
    let after = rest.split_once('@').map_or("", |(_, after)| after);
    format!("postgres://{credentials}@localhost{after}")
}

fn unknown(split: &StoreUrl<'_>) -> SetupError {
    // The message lists only what the store can do.
    let error = split.parameters(KNOWN).err();
    SetupError::BadUrl(error.map_or_else(String::new, |error| error.to_string()))
}

fn bad<T>(why: &str) -> Result<T, SetupError> {
    Err(SetupError::BadUrl(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        options(url).unwrap_err().to_string()
    }

    #[test]
    fn the_urls_of_sqlalchemy_are_accepted() {
        for scheme in ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+asyncpg", "postgresql+psycopg"] {
            let (options, _) = options(&format!("{scheme}://me:p%40ss@host:5433/db?sslmode=require")).unwrap();
            assert_eq!((options.get_host(), options.get_port()), ("host", 5433), "{scheme}");
            assert_eq!((options.get_username(), options.get_database()), ("me", Some("db")), "{scheme}");
        }
    }

    #[test]
    fn a_socket_is_named_in_three_ways() {
        for url in [
            "postgres://me:pw@/db?host=/run/postgresql",
            "postgresql+psycopg2://me@/db?host=/run/postgresql",
            "postgres:///db?host=/run/postgresql&user=me",
            "postgres://me@%2Frun%2Fpostgresql/db",
        ] {
            let (options, _) = options(url).unwrap();
            let socket = options.get_socket().map(|path| path.display().to_string());
            assert_eq!(socket.as_deref(), Some("/run/postgresql"), "{url}");
            assert_eq!((options.get_username(), options.get_database()), ("me", Some("db")), "{url}");
        }
    }

    #[test]
    fn no_parameter_is_ignored() {
        let known = "it knows sslmode, sslrootcert, sslcert, sslkey, host, ";
        for url in ["postgres://h/db?sslmod=require", "postgres://h/db?ssl_mode=require", "postgres://h/db?x"] {
            assert!(refusal(url).contains(known), "{url}: {}", refusal(url));
            assert!(!refusal(url).contains("channel_binding"));
        }
        assert!(refusal("postgres://h/db?ssl=require").contains("the parameter ssl; write sslmode=require"));
        assert!(refusal("postgres://h/db?sslmode=require&connect_timeout=5").contains("leave it out"));
        assert!(refusal("postgres://h/db?sslmode=x").contains("its sslmode is none of disable"));
        assert!(refusal("postgres://h/db?sslmode=require&sslmode=disable").contains("sslmode is there twice"));
        assert!(refusal("postgres://a,b/db").contains("several hosts"));
        assert!(refusal("postgres://me@/db").contains("it has no host"));
    }

    #[test]
    fn a_cache_of_no_statements_stands_for_a_pooler() {
        let of = |url| options(url).unwrap().1;
        assert_eq!(of("postgres://h/db?statement-cache-capacity=0"), Statements::Unnamed);
        assert_eq!(of("postgres://h/db"), Statements::Named);
    }

    #[test]
    fn an_unencoded_password_is_named_as_the_reason() {
        for password in ["hun#ter", "hun@ter", "hun/ter", "hun?ter"] {
            let said = refusal(&format!("postgres://me:{password}@host/db"));
            assert!(said.contains("percent-encode the special characters"), "{said}");
            assert!(!said.contains("hun") && !said.contains("ter@"), "{said}");
        }
    }
}
