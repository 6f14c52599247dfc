//! The demo: two users whose passwords everyone knows, a random secret, and lines to paste.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
};

use jwt_extended_axum::{
    Config,
    config::Secret,
    jose::{Family, Key},
    jwt_extended::{Clock as _, SystemClock},
};

use crate::{
    App, Database, DatabaseError, StartError, Users, secrets,
    serve::{listen, serve, signal_to_end},
    settings::{demo_config, manager, refuse_samples, take_store, usual_store},
    store::{Opened, StoreAddress},
    users,
};

/// The demo's users. Their passwords are public: they exist for the demo alone.
const USERS: [(&str, &str); 2] = [("testuser", "testpass"), ("admin", "adminpass")];

/// The file of the demo's store, unless another store is named.
const FILE: &str = "jwt-extended-demo.db";

/// Starts the demo and serves until a signal ends it.
pub(crate) async fn run(address: SocketAddr, store: Option<StoreAddress>) -> Result<(), StartError> {
    let mut config = demo_config();
    let (named, environment) = take_store(std::env::vars_os())?;
    config.read_env(environment)?;
    add_random_key(&mut config)?;
    refuse_samples(&config)?;
    let named = store.or(named);
    // A store that somebody has named may hold the users of somebody else, who must not get passwords that everyone knows.
    let is_ours = named.is_none();
    let store = named.unwrap_or_else(|| usual_store(FILE));
    let Opened { sessions, users } = store.open().await?;
    let users = demo_users(users.filter(|_| is_ours)).await?;
    let jwt = manager(config, sessions, &users)?;
    let listener = listen(address).await?;
    let end = signal_to_end()?;
    greet(listener.local_addr().unwrap_or(address), &store).map_err(|error| StartError::Output(error.to_string()))?;
    serve(listener, end, App { jwt, users }).await
}

/// The demo's users: in its own database, whatever passwords they had there, or in memory.
async fn demo_users(database: Option<Database>) -> Result<Users, StartError> {
    let mut listed = Vec::new();
    for (name, password) in USERS {
        listed.push((name.to_owned(), users::hash(password)?));
    }
    let Some(database) = database else { return Users::new(listed) };
    for (name, hash) in &listed {
        match database.add(name, hash, SystemClock.now()).await {
            Err(DatabaseError::Taken(_)) => database.set_password(name, hash).await?,
            added => added?,
        }
        database.enable(name).await?;
    }
    Users::of(database)
}

/// A new key at each start, unless the environment brings one.
fn add_random_key(config: &mut Config) -> Result<(), StartError> {
    if config.algorithm.family() == Family::Hmac {
        if config.secret_key.is_none() {
            config.secret_key = Some(Secret::from(&**secrets::random()?));
        }
    } else if config.private_key.is_none() && config.public_key.is_none() {
        let key = Key::generate(config.algorithm).map_err(|_| StartError::Randomness)?;
        config.private_key = key.to_pem().map(|pem| Secret::from(&**pem));
    }
    Ok(())
}

/// What a newcomer reads.
fn greet(address: SocketAddr, store: &StoreAddress) -> io::Result<()> {
    writeln!(
        io::stdout(),
        r#"jwt-extended listens on http://{address}

  WARNING: this is a demo. Its users and their passwords are public (testuser/testpass, admin/adminpass), its
  cookies travel over plain HTTP, and its secret is forgotten when it ends. Do not put it on a network.
  Sessions are kept in {store}.

Log in, and keep the cookies:
  curl -X POST -H "Content-Type: application/json" -d '{{"username": "testuser", "password": "testpass"}}' http://{address}/login -c cookie-jar.txt
Open a protected page:
  curl -X GET http://{address}/protected -b cookie-jar.txt
Refresh the access token. Without the CSRF header, this is refused:
  curl -X POST -H "X-CSRF-TOKEN: $(awk '$6 == "csrf_refresh_token" {{print $7}}' cookie-jar.txt)" http://{address}/refresh -b cookie-jar.txt -c cookie-jar.txt
List the sessions of the user who is logged in:
  curl -X GET http://{address}/sessions -b cookie-jar.txt
Log out, which ends the session: its access and its refresh tokens:
  curl -X POST -H "X-CSRF-TOKEN: $(awk '$6 == "csrf_access_token" {{print $7}}' cookie-jar.txt)" http://{address}/logout -b cookie-jar.txt -c cookie-jar.txt

Or without cookies:
  TOKEN=$(curl -s -X POST -d username=testuser -d password=testpass http://{address}/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -X POST -H "Authorization: Bearer $TOKEN" http://{address}/transfer

Ctrl-C ends it.
"#
    )
}
