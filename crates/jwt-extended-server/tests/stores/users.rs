//! The users in PostgreSQL: a table of an earlier version, an import, a renewed hash and scopes.

use test_services::{PgBouncer, Postgres};

use crate::support::{SECRET, member, process::*};

/// Hashes of `correct horse é` by Werkzeug.
const WERKZEUG: &str = "scrypt:1024:8:1$9aJCAKF0gzxrZTDJ$527d604e424193aced2a4fb72dbe0754feba27060a0e2b61949892b342e688ae6ffe394c61ef3a45afe4d617b3fb7e3c9d3eb05fc4df6612336d01d567e758d6";

/// Runs a `user` command, and returns its output.
#[track_caller]
fn user(store: &str, arguments: &[&str], input: &str) -> String {
    let ended = run(&[&["user"], arguments].concat(), &[("JWT_STORE", store)], input.as_bytes());
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    ended.out
}

fn log_in(server: &Server) -> Answer {
    server.send("/token", &[JSON], Some(r#"{"username": "alice", "password": "correct horse é"}"#))
}

fn people_come_and_log_in(store: &str) {
    let text = format!("username,password_hash,scopes,disabled\nalice,{WERKZEUG},read write,\nbob,{WERKZEUG},,true\n");
    user(store, &["import", "-"], &text);
    let again = run(&["user", "import", "-"], &[("JWT_STORE", store)], (text + "carol,rabbit,,\n").as_bytes());
    assert_eq!((again.code, again.err.lines().count()), (Some(1), 4), "{}", again.err);
    let listed = "alice\twerkzeug-scrypt\tread write\nbob\twerkzeug-scrypt\t-\tdisabled\n";
    assert_eq!(user(store, &["list"], ""), listed);
    let servers = [(); 2].map(|()| Server::serve("", &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", store)]));
    std::thread::scope(|scope| {
        for number in 0..8 {
            let server = &servers[number % 2];
            scope.spawn(move || assert_eq!(log_in(server).status, 200));
        }
    });
    user(store, &["scopes", "alice", "--remove", "write"], "");
    assert_eq!(user(store, &["list"], "").lines().next(), Some("alice\targon2id\tread"));
    let refresh = format!("Bearer {}", member(&log_in(&servers[0]).body, "refresh_token"));
    assert_eq!(servers[1].send("/refresh", &[("authorization", &refresh)], Some("")).status, 200);
}

#[test]
fn people_come_to_postgresql() {
    people_come_and_log_in(&Postgres::start().url());
}

#[test]
fn people_come_to_postgresql_behind_pgbouncer() {
    let postgres = Postgres::start();
    people_come_and_log_in(&PgBouncer::in_front_of(&postgres, 2).url());
}

#[test]
fn a_table_of_an_earlier_version_in_postgresql_gets_the_scopes() {
    let postgres = Postgres::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pool = sqlx::PgPool::connect(&postgres.url()).await.unwrap();
        sqlx::raw_sql(include_str!("../../migrations/users.sql")).execute(&pool).await.unwrap();
        pool.close().await;
    });
    user(&postgres.url(), &["add", "alice", "--scopes", "read"], "a password\n");
    assert_eq!(user(&postgres.url(), &["list"], ""), "alice\targon2id\tread\n");
}
