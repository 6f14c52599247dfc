//! A `PgBouncer` in front of a PostgreSQL server.

use std::fs;

use tempfile::TempDir;

use crate::{
    Postgres,
    port::free_port,
    postgres::{as_postgres, give_to_postgres},
    process::Process,
};

const MISSING: &str = "PgBouncer is missing; install Debian's pgbouncer";

/// A `PgBouncer` in transaction mode: each transaction of a client may get another connection to the server.
#[derive(Debug)]
pub struct PgBouncer {
    _process: Process,
    port: u16,
    _folder: TempDir,
}

impl PgBouncer {
    /// Starts one that has this many connections to the server.
    pub fn in_front_of(postgres: &Postgres, connections: u32) -> Self {
        Self::with(postgres, connections, "")
    }

    /// Starts one with further lines of configuration.
    pub fn with(postgres: &Postgres, connections: u32, lines: &str) -> Self {
        let (port, folder) = (free_port(), TempDir::new().expect("a temporary folder can be made"));
        let (users, file) = (folder.path().join("users.txt"), folder.path().join("pgbouncer.ini"));
        let configuration = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\n\
             default_pool_size = {connections}\nmax_client_conn = 500\n{lines}\n",
            postgres.port(),
            users.display(),
        );
        fs::write(&users, "\"test\" \"\"\n\"app\" \"\"\n").expect("a temporary file can be written");
        fs::write(&file, configuration).expect("a temporary file can be written");
        // It refuses to run as root, as PostgreSQL does.
        give_to_postgres(folder.path());
        let mut command = as_postgres("pgbouncer".as_ref());
        command.arg(&file).env("PATH", path());
        Self { _process: Process::listening(&mut command, port, MISSING), port, _folder: folder }
    }

    /// Returns the address of the database `postgres`, through it.
    pub fn url(&self) -> String {
        format!("postgres://test:secret@127.0.0.1:{}/postgres", self.port)
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// Returns the path of programs, with the folder where Debian puts servers.
fn path() -> String {
    std::env::var("PATH").unwrap_or_default() + ":/usr/sbin"
}
