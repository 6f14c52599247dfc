//! `key …` and the section `[keys]`: keys that are replaced while servers run.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{SECRET, listed_user, member, process::*};

const MASTER: &str = "pNe0Zl1dGJQ8m5xrYw2uV7cTkHs9oLfB4aXqEiR3tU8=";
const OTHER: &str = "gC8vJx1nQz5tWm3bRk7yPd0hLs9fAu2eTi6oGXqVw4E=";

/// A database in a temporary folder, whose keys are sealed under [`MASTER`].
struct Site {
    _folder: TempDir,
    store: String,
}

impl Site {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = format!("sqlite:{}", folder.path().join("site.db").display());
        Self { _folder: folder, store }
    }

    fn run(&self, master: &str, arguments: &[&str]) -> Ended {
        let all = [&["key", "--store", &self.store], arguments].concat();
        run(&all, &[("JWT_MASTER_KEY", master)], b"")
    }

    /// Runs a `key` command, and returns its JSON.
    #[track_caller]
    fn key(&self, arguments: &[&str]) -> Value {
        let ended = self.run(MASTER, &[arguments, &["--json"]].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        serde_json::from_str(&ended.out).unwrap()
    }

    /// Runs a `key` command that fails, and returns its line.
    #[track_caller]
    fn refused(&self, master: &str, arguments: &[&str]) -> String {
        let ended = self.run(master, arguments);
        assert_eq!((ended.code, ended.out.as_str(), ended.err.lines().count()), (Some(1), "", 1), "{}", ended.err);
        ended.err
    }

    fn server(&self) -> Server {
        let config = format!("[keys]\nsource = \"store\"\n{}", listed_user("testuser"));
        Server::serve(&config, &[("JWT_MASTER_KEY", MASTER), ("JWT_STORE", &self.store)])
    }
}

fn kid(value: &Value) -> String {
    value["kid"].as_str().unwrap().to_owned()
}

fn kid_of(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    member(str::from_utf8(&header).unwrap(), "kid")
}

fn published(server: &Server) -> BTreeSet<String> {
    let set: Value = serde_json::from_str(&server.send("/.well-known/jwks.json", &[], None).body).unwrap();
    set["keys"].as_array().unwrap().iter().map(kid).collect()
}

fn status(server: &Server, path: &str, token: &str) -> u16 {
    ask(server, path, token).status
}

/// Sends a request with a token. A store on a busy machine may not answer in time: that says nothing of the token, and
/// a client asks again.
fn ask(server: &Server, path: &str, token: &str) -> Answer {
    let body = (path != "/protected").then_some("");
    let headers = [("authorization", format!("Bearer {token}"))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answers = std::iter::repeat_with(|| server.send(path, &headers, body));
    let mut tries = answers.take(5).skip_while(|answer| answer.status == 503);
    tries.next().expect("the store answers within five tries")
}

/// Waits until something holds; a server looks for changes every few seconds.
#[track_caller]
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_mins(1), "never: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn keys_are_made_listed_rotated_and_retired() {
    let site = Site::new();
    let first = site.key(&["generate"]);
    assert_eq!([&first["action"], &first["state"], &first["algorithm"]], ["added", "active", "ES256"]);
    let next = site.key(&["next", "--algorithm", "EdDSA"]);
    assert_eq!([&next["state"], &next["algorithm"]], ["next", "EdDSA"]);
    assert!(site.refused(MASTER, &["next"]).contains("is already the next key; `key rotate`"));
    assert!(site.refused(MASTER, &["retire", &kid(&first)]).contains("signs now, so it cannot be retired"));
    assert!(site.refused(MASTER, &["retire", "unknown"]).contains("there is no key unknown"));
    assert!(site.refused(MASTER, &["retire", "-A"]).contains("there is no key -A"), "a kid may begin with a hyphen");
    let rotated = site.key(&["rotate"]);
    let published = next["published_at"].as_u64().unwrap();
    assert_eq!(rotated["signs_from"].as_u64(), Some(published + 310), "after jwks_max_age and two looks");
    assert_eq!((kid(&rotated), &rotated["old"], &rotated["early"]), (kid(&next), &first["kid"], &false.into()));
    assert_eq!(site.key(&["rotate", "--now"])["early"], true);
    let listed = site.key(&["list"]);
    let states: Vec<_> = listed.as_array().unwrap().iter().map(|key| (kid(key), &key["state"])).collect();
    assert!(states.contains(&(kid(&first), &"retired".into())) && states.contains(&(kid(&next), &"active".into())));
    assert_eq!(site.key(&["retire", &kid(&first)])["action"], "retired");
    assert_eq!(site.key(&["list"]).as_array().unwrap().len(), 1);
    let text = site.run(MASTER, &["list"]).out;
    assert_eq!(text, format!("{}\tEdDSA\tactive: signs\n", kid(&next)));
}

#[test]
fn a_shared_secret_beside_a_key_pair_is_said_to_be_unpublished() {
    let site = Site::new();
    let first = kid(&site.key(&["generate"]));
    let said = site.run(MASTER, &["generate", "--algorithm", "HS256"]).out;
    let parts = [
        format!("it is accepted, and `key rotate` makes it sign instead of {first} (ES256); "),
        "it is a shared secret, which is never published".to_owned(),
    ];
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    let listed = site.key(&["list"]);
    let published: Vec<_> = listed.as_array().unwrap().iter().map(|key| &key["published"]).collect();
    assert!(published.contains(&&true.into()) && published.contains(&&false.into()), "{listed}");
    assert!(site.run(MASTER, &["rotate", "--now"]).out.contains("it is a shared secret"));
    let log = site.server().end("TERM").2;
    assert!(log.contains("lacks the key that signs, because a shared secret signs; run `key rotate` so that"), "{log}");
}

#[test]
fn the_advice_on_a_shared_secret_names_the_section() {
    let site = Site::new();
    site.key(&["generate", "--algorithm", "HS256"]);
    let config = format!("[keys]\nsource = \"store\"\nalgorithm = \"HS256\"\n{}", listed_user("testuser"));
    let server = Server::serve(&config, &[("JWT_MASTER_KEY", MASTER), ("JWT_STORE", &site.store)]);
    let log = server.end("TERM").2;
    assert!(log.contains("jwks.json has no keys") && log.contains("under [keys], and run `key rotate`"), "{log}");
    assert!(!log.contains("JWT_PRIVATE_KEY"), "{log}");
}

#[test]
fn no_command_prints_a_key() {
    let site = Site::new();
    let said = ["generate", "next", "rotate", "list"].map(|command| {
        let Ended { out, err, .. } = site.run(MASTER, &[command, "--json"]);
        out + &err
    });
    assert!(said.iter().all(|text| !text.contains("PRIVATE") && !text.contains(MASTER)), "{said:?}");
}

#[test]
fn a_wrong_master_key_is_one_clear_line() {
    let site = Site::new();
    site.key(&["generate"]);
    let config = format!("[keys]\nsource = \"store\"\n{}", listed_user("alice"));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let serve = ["serve", "--config", file.path().to_str().unwrap()];
    let said = refused(&serve, &[("JWT_MASTER_KEY", OTHER), ("JWT_STORE", &site.store)]);
    assert!(said.starts_with("wrong master key: the key "), "{said}");
    for command in [&["generate"][..], &["list"], &["next"], &["rotate"], &["retire", "a"]] {
        assert!(site.refused(OTHER, command).starts_with("error: wrong master key: the key "), "{command:?}");
    }
    assert!(site.refused("hush", &["list"]).contains("must be 32 random bytes in base64"));
    let none = run(&["key", "--store", &site.store, "list"], &[], b"");
    assert!(none.err.contains("there is no master key; set JWT_MASTER_KEY"), "{}", none.err);
    assert_eq!(site.key(&["list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_rotation_under_load_refuses_no_good_token() {
    let site = Site::new();
    let first = kid(&site.key(&["generate"]));
    let servers = [site.server(), site.server()];
    let (old_access, old_refresh) = servers[0].tokens();
    assert_eq!(kid_of(&old_access), first);
    let (stop, rounds) = (AtomicBool::new(false), AtomicUsize::new(0));
    let next = thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|number| {
                let (servers, stop, rounds) = (&servers, &stop, &rounds);
                scope.spawn(move || {
                    let (here, there) = (&servers[number % 2], &servers[(number + 1) % 2]);
                    let (mut access, mut refresh) = here.tokens();
                    while !stop.load(Ordering::Relaxed) {
                        assert_eq!(
                            [status(here, "/protected", &access), status(there, "/protected", &access)],
                            [200; 2]
                        );
                        let answer = ask(there, "/refresh", &refresh);
                        assert_eq!(answer.status, 200, "{}", answer.body);
                        (access, refresh) =
                            (member(&answer.body, "access_token"), member(&answer.body, "refresh_token"));
                        rounds.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let next = kid(&site.key(&["next"]));
        let both = BTreeSet::from([first.clone(), next.clone()]);
        eventually("both servers publish both keys", || {
            workers.iter().any(thread::ScopedJoinHandle::is_finished)
                || servers.iter().all(|server| published(server) == both)
        });
        // Both servers know the key, and no other service caches the set: it may sign at once.
        site.key(&["rotate", "--now"]);
        eventually("both servers sign with the new key", || {
            workers.iter().any(thread::ScopedJoinHandle::is_finished)
                || servers.iter().all(|server| kid_of(&server.tokens().0) == next)
        });
        stop.store(true, Ordering::Relaxed);
        next
    });
    assert!(rounds.load(Ordering::Relaxed) > 8);
    assert_eq!(status(&servers[1], "/protected", &old_access), 200);
    assert_eq!(status(&servers[1], "/refresh", &old_refresh), 200);
    site.key(&["retire", &first]);
    eventually("the tokens of a retired key are refused", || {
        servers.iter().all(|server| status(server, "/protected", &old_access) == 401)
    });
    assert_eq!(published(&servers[0]), BTreeSet::from([next]));
    let log = servers.map(|server| server.end("TERM").2).concat();
    for event in ["key_added", "key_rotated", "key_retired"] {
        let lines =
            log.lines().filter(|line| line.contains(&format!(r#""audit","event":"{event}","by":"server","kid":"#)));
        assert_eq!(lines.count(), 2, "each server logs {event}: {log}");
    }
}

#[test]
fn key_files_are_taken_up_while_the_server_runs() {
    let folder = TempDir::new().unwrap();
    let put = |name: &str| {
        let pem = jwt_extended::jose::Key::generate(jwt_extended::jose::Algorithm::ES256).unwrap().to_pem().unwrap();
        // Renamed into place, so that no server reads half a file.
        let path = folder.path().join("new");
        std::fs::write(&path, &*pem).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::rename(path, folder.path().join(name)).unwrap();
    };
    put("2026-01.pem");
    let config = format!("[keys]\nfolder = \"{}\"\n{}", folder.path().display(), listed_user("testuser"));
    let server = Server::serve(&config, &[]);
    let (access, _) = server.tokens();
    assert_eq!(kid_of(&access), "2026-01");
    put("2026-02.pem");
    let both = BTreeSet::from(["2026-01".to_owned(), "2026-02".to_owned()]);
    eventually("the new file is published", || published(&server) == both);
    assert_eq!(kid_of(&server.tokens().0), "2026-01", "it is published before it signs");
    std::fs::remove_file(folder.path().join("2026-01.pem")).unwrap();
    eventually("the lone file signs", || kid_of(&server.tokens().0) == "2026-02");
    assert_ne!(status(&server, "/protected", &access), 200);
}

#[test]
fn check_says_that_the_keys_are_files() {
    let folder = TempDir::new().unwrap();
    let pem = jwt_extended::jose::Key::generate(jwt_extended::jose::Algorithm::ES256).unwrap().to_pem().unwrap();
    let path = folder.path().join("2026-01.pem");
    std::fs::write(&path, &*pem).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let config = folder.path().join("server.toml");
    let section = format!("[keys]\nfolder = \"{}\"\n{}", folder.path().display(), listed_user("alice"));
    std::fs::write(&config, section).unwrap();
    let check = |arguments: &[&str]| {
        let all = [&["check", "--config", config.to_str().unwrap()], arguments].concat();
        let ended = run(&all, &[], b"");
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        ended.out
    };
    let said = check(&[]);
    assert!(said.contains(&format!("its keys are the files in {}", folder.path().display())), "{said}");
    assert!(said.contains("[keys]         in a folder"), "{said}");
    let json: Value = serde_json::from_str(&check(&["--json"])).unwrap();
    assert_eq!(json["keys"]["in"], "folder");
}

#[test]
fn check_finds_the_mistakes_of_the_section() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().display();
    let check = |config: &str, variables: Variables<'_>| {
        let file = folder.path().join("server.toml");
        std::fs::write(&file, format!("{config}\n{}", listed_user("alice"))).unwrap();
        let mut command = program(&["check", "--config", file.to_str().unwrap()], variables);
        command.env("JWT_STORE", "sqlite:never-opened.db").current_dir(folder.path());
        let ended = finish(command, b"");
        (ended.code, ended.out + &ended.err)
    };
    let master = ("JWT_MASTER_KEY", MASTER);
    let (code, said) = check("[keys]\nsource = \"store\"\nrotate_every = \"30d\"", &[master]);
    assert!(code == Some(0) && said.contains("its keys are sealed in the store"), "{said}");
    let folder_section = format!("[keys]\nfolder = \"{path}\"");
    for (config, variables, wanted) in [
        ("[keys]\nsource = \"store\"", &[][..], "there is no master key"),
        ("[keys]\nsource = \"store\"", &[master, ("JWT_SECRET_KEY", SECRET)], "keys are given twice"),
        ("[keys]\nsource = \"store\"\nfolder = \"x\"", &[master], "either source = \"store\" or folder"),
        ("[keys]", &[master], "either source = \"store\" or folder"),
        ("[keys]\nsource = \"store\"\nrotate_every = \"1m\"", &[master], "rotate_every must be at least an hour"),
        ("[keys]\nsource = \"redis\"", &[master], "server.toml, line 2"),
        ("[jwt]\nalgorithm = \"RS256\"\n[keys]\nsource = \"store\"", &[master], "set algorithm under [keys]"),
        ("", &[master, ("JWT_SECRET_KEY", SECRET)], "JWT_MASTER_KEY is set, but"),
        (&folder_section, &[], "there is no file NAME.pem"),
        (&format!("{folder_section}\nrotate_every = \"30d\""), &[], "rotate_every needs source"),
        (&format!("{folder_section}\nalgorithm = \"HS256\""), &[], "must be asymmetric"),
    ] {
        let (code, said) = check(config, variables);
        assert!(code == Some(1) && said.contains(wanted) && said.lines().count() == 1, "{config}: {said}");
    }
    assert!(!folder.path().join("never-opened.db").exists());
    let redis = run(&["key", "list", "--store", "memory"], &[master], b"");
    assert!(redis.err.contains("folder = \"PATH\" under [keys]"), "{}", redis.err);
}
