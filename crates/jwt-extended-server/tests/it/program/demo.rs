//! The demo's public passwords let nobody into a real server, and nobody from elsewhere into the demo.

use tempfile::TempDir;

use super::users::{Site, login};
use crate::support::{SECRET, process::*};

/// A folder with the database of a demo that has run there.
fn after_a_demo() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let mut command = program(&["demo", "--listen", "127.0.0.1:0"], &[]);
    command.env_remove("JWT_STORE").current_dir(folder.path());
    Server::of(command, |server| &server.out).end("TERM");
    let store = format!("sqlite:{}", folder.path().join("jwt-extended-demo.db").display());
    (folder, store)
}

fn refused_serve(store: &str) -> String {
    refused(&["serve", "--listen", "127.0.0.1:0"], &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", store)])
}

fn user(store: &str, arguments: &[&str], password: &[u8]) -> Ended {
    run(&[&["user", "--store", store], arguments].concat(), &[], password)
}

#[test]
fn serve_refuses_the_public_passwords_of_the_demo() {
    let (_folder, store) = after_a_demo();
    let said = refused_serve(&store);
    assert!(said.starts_with("the user \"testuser\" has the demo's password, which everybody knows"), "{said}");
    assert_eq!(user(&store, &["disable", "testuser"], b"").code, Some(0));
    assert!(refused_serve(&store).contains("\"testuser\""), "the user may be enabled again");
    assert_eq!(user(&store, &["remove", "testuser"], b"").code, Some(0));
    let said = refused_serve(&store);
    assert!(said.contains("\"admin\"") && said.contains("`user password admin`"), "{said}");
    assert_eq!(user(&store, &["password", "admin"], b"another password\n").code, Some(0));
    let server = Server::serve("", &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", &store)]);
    assert_eq!(login(&server, "admin", "adminpass").status, 401);
    assert_eq!(login(&server, "admin", "another password").status, 200);
}

#[test]
fn serve_refuses_the_public_passwords_in_a_file() {
    let hash = jwt_extended_server::hash("adminpass").unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("[[users]]\nusername = \"Admin\"\npassword_hash = \"{hash}\"\n")).unwrap();
    let serve = ["serve", "--config", file.path().to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let said = refused(&serve, &[("JWT_SECRET_KEY", SECRET)]);
    assert!(said.starts_with("the user \"admin\" has the demo's password"), "{said}");
    assert!(said.contains("another password_hash"), "{said}");
}

#[test]
fn no_command_gives_a_user_the_public_password() {
    let site = Site::new();
    let refused = site.user(&["add", "Admin "], "adminpass\n").unwrap_err();
    assert!(refused.contains("it is the demo's, which everybody knows"), "{refused}");
    site.user(&["add", "admin"], "testpass\n").unwrap();
    assert!(site.user(&["password", "admin"], "adminpass\n").is_err());
}

#[test]
fn the_demo_listens_only_on_this_machine_unless_told() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let said = refused(&["demo", "--listen", address], &[]);
        assert!(said.contains("listens only on this machine") && said.contains("--allow-remote"), "{said}");
    }
    let mut command = program(&["demo", "--listen", "0.0.0.0:0", "--allow-remote"], &[]);
    command.stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.starts_with("jwt-extended listens on http://0.0.0.0:"), "{line}");
}
