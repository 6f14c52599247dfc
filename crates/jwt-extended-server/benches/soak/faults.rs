//! The server with its store, and what happens to them.

use std::{
    io::Write as _,
    net::TcpStream,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use tempfile::NamedTempFile;
use test_services::Postgres;

use crate::{
    client::{USERS, user},
    support::{
        SECRET, listed_user,
        process::{Server, program},
    },
};

/// How long a fault of the store lasts.
const FAULT: Duration = Duration::from_secs(2);
/// How long after it the server may still answer 503, on a busy machine.
const RECOVERY: Duration = Duration::from_secs(8);
const SLOW_CLIENTS: usize = 300;

/// A server with its store.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) postgres: Postgres,
    pub(crate) windows: Windows,
    /// Read again by SIGHUP.
    _config: NamedTempFile,
}

impl Site {
    pub(crate) fn start() -> Self {
        let postgres = Postgres::start();
        let config = NamedTempFile::new().unwrap();
        let users: String = (0..USERS).map(|number| listed_user(&user(number))).collect();
        // Whatever was acknowledged is asked for at the end.
        let options = "[limits]\nhead_seconds = 5\n[jwt]\naccess_token_expires = \"2d\"\nmax_sessions = 1000000\n";
        std::fs::write(config.path(), format!("{options}{users}")).unwrap();
        let arguments = ["serve", "--config", config.path().to_str().unwrap(), "--listen", "127.0.0.1:0"];
        let url = postgres.url();
        let variables = [("JWT_SECRET_KEY", SECRET), ("JWT_STORE", &url), ("JWT_TOKEN_LOCATION", "headers")];
        let server = Server::of(program(&arguments, &variables), |server| &server.err);
        Self { server, postgres, windows: Windows::default(), _config: config }
    }
}

/// The times in which the store does not answer.
#[derive(Default)]
pub(crate) struct Windows(Mutex<Vec<(Instant, Option<Instant>)>>);

impl Windows {
    fn open(&self) {
        self.0.lock().unwrap().push((Instant::now(), None));
    }

    fn close(&self) {
        self.0.lock().unwrap().last_mut().unwrap().1 = Some(Instant::now() + RECOVERY);
    }

    /// Returns whether a request between these times may have met a fault.
    pub(crate) fn meet(&self, asked: Instant, answered: Instant) -> bool {
        let windows = self.0.lock().unwrap();
        windows.iter().any(|(begin, end)| answered >= *begin && end.is_none_or(|end| asked <= end))
    }
}

/// The faults, one after another.
pub(crate) struct Faults<'a> {
    postgres: &'a mut Postgres,
    server: &'a Server,
    windows: &'a Windows,
    caused: usize,
    slow: Vec<TcpStream>,
}

impl<'a> Faults<'a> {
    pub(crate) fn new(postgres: &'a mut Postgres, server: &'a Server, windows: &'a Windows) -> Self {
        Self { postgres, server, windows, caused: 0, slow: Vec::new() }
    }

    pub(crate) fn cause_next(&mut self) {
        self.slow.clear();
        match self.caused % 4 {
            0 => self.server.signal("HUP"),
            1 => {
                self.windows.open();
                self.postgres.freeze();
                thread::sleep(FAULT);
                self.postgres.go_on();
                self.windows.close();
            }
            2 => {
                for _ in 0..SLOW_CLIENTS {
                    let mut stream = TcpStream::connect(&self.server.address).unwrap();
                    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").unwrap();
                    self.slow.push(stream);
                }
            }
            _ => {
                self.windows.open();
                self.postgres.stop();
                thread::sleep(FAULT);
                self.postgres.start_again();
                self.windows.close();
            }
        }
        self.caused += 1;
    }

    /// Waits, and reads the log meanwhile, so that it does not fill the memory of this program.
    pub(crate) fn wait(&self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            let _ = self.server.err.lock().unwrap().try_iter().count();
            thread::sleep(Duration::from_millis(200));
        }
    }
}
