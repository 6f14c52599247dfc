//! A web server of somebody else, whose pages attack the login server.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    thread,
};

/// A web server that answers every request with one page.
pub(crate) struct Elsewhere {
    pub(crate) port: u16,
}

impl Elsewhere {
    /// Starts it. It ends with the program.
    pub(crate) fn start(page: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let length = page.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{page}"
        );
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let answer = answer.clone();
                // A browser also opens connections that it may need later.
                thread::spawn(move || {
                    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                    // Fails if the browser no longer wants it.
                    let _ = stream.write_all(answer.as_bytes());
                });
            }
        });
        Self { port }
    }

    /// Returns its address at a host.
    pub(crate) fn at(&self, host: &str) -> String {
        format!("http://{host}:{}/", self.port)
    }
}
