//! Two server processes on one store: each sees the changes of the other from the next request on.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use test_services::{PgBouncer, Postgres, Redis};

use crate::support::{SECRET, listed_user, member, process::*};

fn demo(store: &str, variables: Variables<'_>) -> Server {
    let all = [&[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", store)], variables].concat();
    Server::demo(&[], &all)
}

fn post(server: &Server, path: &str, token: &str) -> Answer {
    server.send(path, &[("authorization", &format!("Bearer {token}"))], Some(""))
}

fn opens(server: &Server, token: &str) -> bool {
    match server.send("/protected", &[("authorization", &format!("Bearer {token}"))], None).status {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

fn each_sees_the_changes_of_the_other(store: &str) {
    let (one, two) = (demo(store, &[]), demo(store, &[]));
    for _ in 0..20 {
        let (access, refresh) = one.tokens();
        assert!(opens(&two, &access));
        assert_eq!(post(&one, "/logout", &access).status, 200);
        assert!(!opens(&two, &access), "revoked on one, refused on the other");
        assert_eq!(post(&two, "/refresh", &refresh).body, r#"{"msg":"Token has been revoked"}"#);
    }
    let (access, refresh) = two.tokens();
    let next = member(&post(&one, "/refresh", &refresh).body, "refresh_token");
    let last = post(&two, "/refresh", &next);
    assert_eq!(last.status, 200);
    let listed = two.send("/sessions", &[("authorization", &format!("Bearer {access}"))], None).body;
    assert_eq!(listed.matches("\"current\":true").count(), 1, "{listed}");
    assert_eq!(post(&one, "/logout", &access).status, 200);
}

fn sixty_four_parallel_refreshes_give_one_successor(store: &str) {
    // Long enough for a busy machine.
    let grace = [("JWT_REFRESH_GRACE", "5m")];
    let servers = [demo(store, &grace), demo(store, &grace)];
    let (access, refresh) = servers[0].tokens();
    let agents = servers.each_ref();
    let answers: Vec<Answer> = thread::scope(|scope| {
        let refresh = &refresh;
        let threads: Vec<_> =
            (0..64).map(|number| scope.spawn(move || post(agents[number % 2], "/refresh", refresh))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let successors: BTreeSet<_> = answers.iter().map(|answer| member(&answer.body, "refresh_token")).collect();
    assert_eq!(successors.len(), 1);
    let listed = servers[1].send("/sessions", &[("authorization", &format!("Bearer {access}"))], None).body;
    assert_eq!(listed.matches("\"id\"").count(), 1, "one session, no fork: {listed}");
    assert!(answers.iter().all(|answer| opens(&servers[0], &member(&answer.body, "access_token"))));
}

fn a_replay_on_the_other_process_is_detected_and_logged(store: &str) {
    let no_grace = [("JWT_REFRESH_GRACE", "0")];
    let (one, two) = (demo(store, &no_grace), demo(store, &no_grace));
    let (access, stolen) = one.tokens();
    let of_thief = post(&two, "/refresh", &stolen);
    assert_eq!(of_thief.status, 200);
    let replay = post(&one, "/refresh", &stolen);
    let sentence = r#"{"msg":"Token was used before, so its session has ended. Log in again"}"#;
    assert_eq!((replay.status, replay.body.as_str()), (401, sentence));
    assert!(!opens(&two, &access) && !opens(&two, &member(&of_thief.body, "access_token")));
    assert_eq!(post(&two, "/refresh", &member(&of_thief.body, "refresh_token")).status, 401);
    let (_, _, log) = one.end("TERM");
    let event = log.lines().find(|line| line.contains("refresh_token_replayed")).unwrap_or_else(|| panic!("{log}"));
    let event: serde_json::Value = serde_json::from_str(event).unwrap();
    assert_eq!((&event["level"], &event["subject"]), (&"WARN".into(), &"testuser".into()), "{event}");
    assert_eq!((event["session"].as_str().unwrap().len(), event["jti"].as_str().unwrap().len()), (36, 36));
}

#[test]
fn on_redis() {
    let redis = Redis::start();
    each_sees_the_changes_of_the_other(&redis.url());
    sixty_four_parallel_refreshes_give_one_successor(&redis.url());
    a_replay_on_the_other_process_is_detected_and_logged(&redis.url());
}

/// A logout on one process reaches the memory of the other.
fn a_denylist_notices_the_changes_of_the_other(store: &str) {
    let users = listed_user("testuser");
    let config = format!("store = \"{store}\"\n[denylist]\nstaleness_seconds = 60\n{users}");
    let secret = [("JWT_SECRET_KEY", SECRET)];
    let (one, two) = (Server::serve_on(&config, &secret), Server::serve_on(&config, &secret));
    for server in [&one, &two] {
        server.logged("following the store's feed");
    }
    for _ in 0..5 {
        let (access, refresh) = one.tokens();
        assert!(opens(&two, &access) && opens(&two, &access));
        assert_eq!(post(&one, "/logout", &access).status, 200);
        assert!(!opens(&one, &access), "its own logout counts at once");
        assert_eq!(post(&two, "/refresh", &refresh).status, 401, "a refresh asks the store");
        let began = Instant::now();
        while opens(&two, &access) {
            assert!(began.elapsed() < Duration::from_secs(30), "the logout is noticed");
        }
    }
}

#[test]
fn with_a_denylist() {
    let (redis, postgres) = (Redis::start(), Postgres::start());
    a_denylist_notices_the_changes_of_the_other(&redis.url());
    a_denylist_notices_the_changes_of_the_other(&postgres.url());
}

#[test]
fn on_postgresql() {
    let postgres = Postgres::start();
    each_sees_the_changes_of_the_other(&postgres.url());
    sixty_four_parallel_refreshes_give_one_successor(&postgres.url());
    a_replay_on_the_other_process_is_detected_and_logged(&postgres.url());
}

#[test]
fn on_postgresql_behind_pgbouncer() {
    let postgres = Postgres::start();
    let bouncer = PgBouncer::in_front_of(&postgres, 2);
    let absent = run(&["user", "logout", "testuser", "--store", &postgres.url()], &[], b"");
    assert!(absent.err.contains("there is no store at postgres://127.0.0.1:"), "{}", absent.err);
    each_sees_the_changes_of_the_other(&bouncer.url());
    sixty_four_parallel_refreshes_give_one_successor(&bouncer.url());
    let variables = [("JWT_SECRET_KEY", SECRET), ("JWT_STORE", &bouncer.url())];
    for name in ["alice", "bob", "carol"] {
        let added = run(&["user", "add", name], &variables, b"a password\n");
        assert_eq!(added.code, Some(0), "{}", added.err);
    }
    let servers = [Server::serve("", &variables), Server::serve("", &variables)];
    thread::scope(|scope| {
        for server in &servers {
            scope.spawn(move || {
                for name in ["alice", "bob", "carol", "nobody"] {
                    let body = format!(r#"{{"username": "{name}", "password": "a password"}}"#);
                    let status = server.send("/token", &[JSON], Some(&body)).status;
                    assert_eq!(status, if name == "nobody" { 401 } else { 200 }, "{name}");
                }
            });
        }
    });
}

#[test]
fn on_one_sqlite_file() {
    let folder = TempDir::new().unwrap();
    let store = format!("sqlite:{}", folder.path().join("shared.db").display());
    each_sees_the_changes_of_the_other(&store);
    sixty_four_parallel_refreshes_give_one_successor(&store);
    a_replay_on_the_other_process_is_detected_and_logged(&store);
}
