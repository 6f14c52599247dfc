//! Sessions that outlive the process, in an SQLite file.

use tempfile::TempDir;

use crate::support::{SECRET, process::*};

fn status(server: &Server, path: &str, bearer: &str) -> u16 {
    let body = (path != "/protected").then_some("");
    server.send(path, &[("authorization", &format!("Bearer {bearer}"))], body).status
}

#[test]
fn the_demo_uses_a_file_in_the_current_folder_by_default() {
    let folder = TempDir::new().unwrap();
    let mut command = program(&["demo", "--listen", "127.0.0.1:0"], &[("JWT_SECRET_KEY", SECRET)]);
    command.env_remove("JWT_STORE").current_dir(folder.path());
    let server = Server::of(command, |server| &server.out);
    assert!(server.log_in().status == 200);
    let (_, banner, _) = server.end("TERM");
    let file = folder.path().canonicalize().unwrap().join("jwt-extended-demo.db");
    assert!(banner.contains(&format!("kept in sqlite:{}.", file.display())), "{banner}");
    assert!(file.is_file());
}

#[test]
fn sessions_and_logouts_survive_a_restart() {
    let folder = TempDir::new().unwrap();
    let store = format!("sqlite:{}", folder.path().join("a file.db").display());
    let start = || Server::demo(&["--store", &store], &[("JWT_SECRET_KEY", SECRET)]);
    let server = start();
    let [(kept, refresh), (ended, ended_refresh)] = [server.tokens(), server.tokens()];
    assert_eq!(status(&server, "/logout", &ended), 200);
    server.end("TERM");
    let server = start();
    assert_eq!((status(&server, "/protected", &kept), status(&server, "/protected", &ended)), (200, 401));
    assert_eq!((status(&server, "/refresh", &refresh), status(&server, "/refresh", &ended_refresh)), (200, 401));
}

#[test]
fn a_sqlite_url_names_the_file_that_sqlalchemy_would_open() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().canonicalize().unwrap();
    let here = path.to_str().unwrap();
    for (url, file) in [
        ("sqlite:a.db".to_owned(), "a.db"),
        ("sqlite:///b.db".to_owned(), "b.db"),
        ("sqlite://c.db?mode=rwc".to_owned(), "c.db"),
        (format!("sqlite:///{here}/d.db"), "d.db"),
        (format!("sqlite:{here}/e.db"), "e.db"),
    ] {
        let mut command = program(&["serve", "--listen", "127.0.0.1:0"], &[("JWT_SECRET_KEY", SECRET)]);
        command.env("JWT_STORE", &url).current_dir(&path);
        let server = Server::of(command, |server| &server.err);
        assert!(server.first_line.contains(&format!("sqlite:{here}/{file}\"")), "{url}: {}", server.first_line);
        assert!(path.join(file).is_file(), "{url}");
        assert_eq!(std::fs::read_dir(&path).unwrap().flatten().filter(|file| file.path().is_dir()).count(), 0);
    }
}

#[test]
fn a_sqlite_url_that_may_mean_another_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.db");
    let serve = |store: &str| refused(&["serve"], &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", store)]);
    let said = serve(&format!("sqlite:{}?mode=rw", file.display()));
    assert!(said.contains("there is no file ") && said.ends_with("/a.db"), "{said}");
    assert!(serve("sqlite:a.db?mode=ro").contains("mode=ro cannot work"));
    assert!(serve("sqlite:a.db?cache=shared").contains("the only parameters are mode=rwc and mode=rw"));
    std::fs::write(&file, "").unwrap();
    let said = serve(&format!("sqlite://{}", file.display()));
    assert!(said.ends_with(&format!("; write sqlite:{}", file.display())), "{said}");
}

#[test]
fn a_store_that_cannot_be_opened_shows_no_password() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path().to_str().unwrap();
    let quiet = ["demo", "--listen", "127.0.0.1:0", "--log-level", "error"];
    let demo = |store: &str| refused(&quiet, &[("JWT_STORE", store)]);
    assert_eq!(demo("mysql://host"), "the store must be sqlite:PATH, postgres://…, redis://… or memory");
    let said = demo(&format!("sqlite:{folder}/no/such/folder.db"));
    assert!(said.starts_with(&format!("cannot open the store sqlite:{folder}/no/such/folder.db: ")), "{said}");
    let said = demo(&format!("sqlite:{folder}"));
    assert!(said.starts_with(&format!("cannot open the store sqlite:{folder}: ")), "{said}");
    let no_database = format!("{folder}/no.db");
    std::fs::write(&no_database, "this is no database, and longer than a header".repeat(100)).unwrap();
    let said = demo(&format!("sqlite:{no_database}"));
    assert!(said.starts_with("cannot open the store "), "{said}");
    for address in ["redis://me:hush-hush@127.0.0.1:1/0", "postgres://me:hush-hush@127.0.0.1:1/db"] {
        let said = demo(address);
        assert!(said.starts_with("cannot open the store ") && said.contains("127.0.0.1:1"), "{said}");
        assert!(!said.contains("hush"), "{said}");
    }
    for address in ["postgres://me:hush?hush@127.0.0.1:1/db", "redis://:hush#hush@127.0.0.1:1", "mysql://me:hush@h"] {
        let file = format!("store = \"{address}\"\n");
        let path = format!("{folder}/server.toml");
        std::fs::write(&path, file).unwrap();
        let on_command_line = run(&["demo", "--store", address], &[("JWT_SECRET_KEY", SECRET)], b"").err;
        let in_file = run(&["serve", "--config", &path], &[("JWT_SECRET_KEY", SECRET)], b"").err;
        for said in [demo(address), on_command_line, in_file] {
            assert!(said.contains("percent-encode") || said.contains("the store must be "), "{said}");
            assert!(!said.contains("hush") && !said.contains("127.0.0.1"), "{said}");
        }
    }
}
