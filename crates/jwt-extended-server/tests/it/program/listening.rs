//! A Unix socket instead of a port.

#![cfg(unix)]

use std::{
    io::{Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
};

use tempfile::TempDir;

use crate::support::{SECRET, listed_user, process::*};

/// A folder for a socket, and a configuration file.
struct Site(TempDir);

impl Site {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let config =
            format!("listen = \"unix:{}\"\n{}", folder.path().join("socket").display(), listed_user("testuser"));
        std::fs::write(folder.path().join("server.toml"), config).unwrap();
        Self(folder)
    }

    fn socket(&self) -> PathBuf {
        self.0.path().join("socket")
    }

    fn config(&self) -> String {
        self.0.path().join("server.toml").to_str().unwrap().to_owned()
    }

    fn start(&self) -> Server {
        let command = program(&["serve", "--config", &self.config()], &[("JWT_SECRET_KEY", SECRET)]);
        Server::of(command, |server| &server.err)
    }

    fn refused(&self) -> String {
        refused(&["serve", "--config", &self.config()], &[("JWT_SECRET_KEY", SECRET)])
    }

    /// Asks over the socket, and returns the answer.
    fn ask(&self) -> String {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

#[test]
fn a_unix_socket_is_served_and_removed_at_the_end() {
    let site = Site::new();
    let server = site.start();
    assert_eq!(server.address, site.socket().to_str().unwrap());
    assert!(site.ask().ends_with(r#"{"status":"ok"}"#));
    let (status, _, log) = server.end("TERM");
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!site.socket().exists());
}

#[test]
fn the_socket_of_a_dead_server_is_replaced() {
    let site = Site::new();
    site.start().kill();
    assert!(site.socket().exists());
    let _server = site.start();
    assert!(site.ask().ends_with(r#"{"status":"ok"}"#));
}

#[test]
fn the_socket_of_a_running_server_is_left_alone() {
    let site = Site::new();
    let _other = UnixListener::bind(site.socket()).unwrap();
    let said = site.refused();
    let expected = format!("cannot listen on unix:{}: another program uses it; ", site.socket().display());
    assert!(said.starts_with(&expected), "{said}");
    UnixStream::connect(site.socket()).unwrap();
}

#[test]
fn a_file_that_is_not_a_socket_is_not_replaced() {
    let site = Site::new();
    std::fs::write(site.socket(), "something else").unwrap();
    assert!(site.refused().contains("there is a file that is not a socket"));
    assert_eq!(std::fs::read_to_string(site.socket()).unwrap(), "something else");
}
