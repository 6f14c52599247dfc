//! The demo: two users with public passwords, a random secret, and commands to paste.

use std::net::SocketAddr;

use jwt_extended_axum::{
    Config,
    config::Secret,
    jose::{Family, Key},
    jwt_extended::{Clock as _, SystemClock},
};

use crate::{
    App, AppParts, Attempts, Clients, Cors, Database, DatabaseError, ForwardAuth, ListenAddress, Metadata, Pages,
    StartError, Users,
    attempts::GuessingOptions,
    commands::print,
    forward_auth::ForwardAuthOptions,
    limits::Limits,
    listen::Listener,
    metrics::Metrics,
    pages::{PagesOptions, Playground},
    secrets,
    serve::{Running, shutdown_signal},
    settings::{check, demo_config, manager, refuse_samples, sqlite_in, take_origins, take_store},
    store::{Absence, OpenStore, StoreAddress},
    users::{self, PasswordHash, Scopes},
};

/// The demo's users. Their passwords are public, so they must exist only in the demo.
const USERS: [(&str, &str); 2] = [("testuser", "testpass"), ("admin", "adminpass")];

/// The file of the demo's default store.
const FILE: &str = "jwt-extended-demo.db";

/// Who may reach the demo.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    ThisMachine,
    Everybody,
}

/// Starts the demo and serves until a signal ends it.
pub(crate) async fn run(
    address: SocketAddr,
    audience: Audience,
    store: Option<StoreAddress>,
) -> Result<(), StartError> {
    if audience == Audience::ThisMachine && !address.ip().to_canonical().is_loopback() {
        return Err(StartError::RemoteDemo(address));
    }
    let mut config = demo_config();
    let (named, environment) = take_store(std::env::vars_os())?;
    let (origins, environment) = take_origins(environment)?;
    config.read_env(environment)?;
    let cors = Cors::new(origins.unwrap_or_default(), &config);
    add_random_key(&mut config)?;
    refuse_samples(&config)?;
    let forward_auth = ForwardAuth::new(ForwardAuthOptions::default(), Vec::new())?;
    let pages = Pages::new(PagesOptions::default(), &mut config, &forward_auth, Playground::Shown)?;
    check(&config, &[], None)?;
    let named = store.or(named);
    // A named store may hold real users. They must not get the demo's public passwords.
    let is_ours = named.is_none();
    let store = named.unwrap_or_else(|| sqlite_in(FILE));
    let OpenStore { sessions, users, attempts } = store.open(Absence::Created).await?;
    let users = demo_users(users.filter(|_| is_ours)).await?;
    let metadata = Metadata::of(&config, &Clients::default());
    let jwt = manager(config, Vec::new(), sessions, &users, None)?;
    let address = ListenAddress::Ip(address);
    let listener = Listener::bind(&address).await?;
    let shutdown = shutdown_signal()?;
    greet(&listener.address().unwrap_or(address), &store)?;
    let attempts = Attempts::new(attempts, GuessingOptions::default());
    let clients = Clients::default();
    let app = App::from(AppParts { jwt, users, cors, metadata, forward_auth, clients, attempts, pages });
    Running::new(app.into(), Limits::default(), Metrics::default()).serve(listener, shutdown).await;
    Ok(())
}

/// Returns the demo's users. In the demo's own database their passwords are reset; without a database they are in
/// memory.
async fn demo_users(database: Option<Database>) -> Result<Users, StartError> {
    let hashes = USERS.map(|(name, password)| users::own_hash(password).map(|hash| (name, hash)));
    let hashes = hashes.into_iter().collect::<Result<Vec<_>, _>>()?;
    let Some(database) = database else {
        return Users::new(hashes.iter().map(|(name, hash)| ((*name).to_owned(), hash.as_str().to_owned())));
    };
    for (name, hash) in &hashes {
        match database.add(name, hash, &Scopes::default(), SystemClock.now()).await {
            Err(DatabaseError::Taken(_)) => database.set_password(name, hash).await?,
            added => drop(added?),
        }
        database.enable(name).await?;
    }
    Users::in_database(database)
}

/// Returns an error if one of the demo's users has the public password: in a database that was the demo's, or in a list
/// that was copied from it. A disabled user counts, who may be enabled while the server runs.
pub(crate) async fn refuse_public_passwords(users: &Users) -> Result<(), StartError> {
    for (name, password) in USERS {
        if users.has_password(name, password).await? {
            return Err(StartError::PublicPassword(name));
        }
    }
    Ok(())
}

/// Returns whether a password is the public one of this user.
pub(crate) fn is_public_password(name: &str, password: &str) -> bool {
    let name = users::normalized(name);
    USERS.iter().any(|(user, public)| name.as_deref() == Some(user) && *public == password)
}

/// Returns whether a hash is that of the public password of this user, whose name is normalized.
pub(crate) fn has_public_password(name: &str, hash: &PasswordHash) -> bool {
    USERS.iter().any(|(user, public)| *user == name && users::matches(public, hash))
}

/// Generates a key, unless the environment sets one.
fn add_random_key(config: &mut Config) -> Result<(), StartError> {
    if config.algorithm.family() == Family::Hmac {
        if config.secret_key.is_none() {
            config.secret_key = Some(Secret::from(&**secrets::random::<64>()?));
        }
    } else if config.private_key.is_none() && config.public_key.is_none() {
        let key = Key::generate(config.algorithm).map_err(|_| StartError::Randomness)?;
        config.private_key = key.to_pem().map(|pem| Secret::from(&**pem));
    }
    Ok(())
}

/// Prints the welcome text.
fn greet(address: &ListenAddress, store: &StoreAddress) -> Result<(), StartError> {
    print(format_args!(
        r#"jwt-extended listens on http://{address}

  WARNING: this is a demo. Its users and passwords are public (testuser/testpass, admin/adminpass), its cookies
  travel over plain HTTP, and its secret is lost when it ends. Do not put it on a network.
  Sessions are kept in {store}.

Open http://{address}/ in a browser to log in there, and to see your sessions and your tokens. Or use curl:

Log in and keep the cookies:
  curl -X POST -H "Content-Type: application/json" -d '{{"username": "testuser", "password": "testpass"}}' http://{address}/login -c cookie-jar.txt
Open a protected page:
  curl -X GET http://{address}/protected -b cookie-jar.txt
Refresh the access token. Without the CSRF header, the server refuses:
  curl -X POST -H "X-CSRF-TOKEN: $(awk '$6 == "csrf_refresh_token" {{print $7}}' cookie-jar.txt)" http://{address}/refresh -b cookie-jar.txt -c cookie-jar.txt
List your sessions:
  curl -X GET http://{address}/sessions -b cookie-jar.txt
Log out, which ends the session with its access and refresh tokens:
  curl -X POST -H "X-CSRF-TOKEN: $(awk '$6 == "csrf_access_token" {{print $7}}' cookie-jar.txt)" http://{address}/logout -b cookie-jar.txt -c cookie-jar.txt

Or without cookies:
  TOKEN=$(curl -s -X POST -d username=testuser -d password=testpass http://{address}/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -X POST -H "Authorization: Bearer $TOKEN" http://{address}/transfer

Press Ctrl-C to stop.

"#
    ))
}
