//! A login server with users in a database, and a browser in front of it.

use tempfile::TempDir;
use test_services::Browser;

use crate::support::{
    PASSWORD, SECRET,
    process::{Server, program, run},
};

/// A user's name and password.
pub(crate) const ALICE: (&str, &str) = ("alice", PASSWORD);

/// A server and its database.
pub(crate) struct Site {
    pub(crate) server: Server,
    _folder: TempDir,
}

impl Site {
    /// Starts a server with sections of the configuration file.
    pub(crate) fn start(sections: &str) -> Self {
        let folder = in_memory();
        let store = format!("sqlite:{}", folder.path().join("users.db").display());
        let variables = [("JWT_STORE", &*store), ("JWT_SECRET_KEY", SECRET)];
        let (name, password) = ALICE;
        let added = run(&["user", "add", name], &variables, password.as_bytes());
        assert_eq!(added.code, Some(0), "{}", added.err);
        Self { server: Server::serve(sections, &variables), _folder: folder }
    }

    /// Starts the demo with its database, which has a playground.
    pub(crate) fn demo() -> Self {
        let folder = in_memory();
        let mut command = program(&["demo", "--listen", "127.0.0.1:0"], &[]);
        command.env_remove("JWT_STORE").current_dir(folder.path());
        Self { server: Server::of(command, |server| &server.out), _folder: folder }
    }

    /// Returns an address on the name by which browsers take plain HTTP for secure.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.server.port())
    }
}

/// Makes a folder for a database, in memory where the system has that. A browser keeps the disk busy, and the server
/// waits for its database only for a second.
fn in_memory() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// Logs in by the form that the browser shows.
pub(crate) fn fill_in(browser: &Browser, (name, password): (&str, &str)) {
    browser.type_into("#username", name);
    browser.type_into("#password", password);
    browser.click("form button");
}

/// Opens a server's first page and logs in.
pub(crate) fn log_in(browser: &Browser, site: &Site, user: (&str, &str)) {
    browser.open(&site.at("/"));
    fill_in(browser, user);
    browser.wait_for_text("Your account");
}
