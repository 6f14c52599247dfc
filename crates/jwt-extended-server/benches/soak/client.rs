//! A client that logs in, uses its session in all ways, logs out, and remembers what the server has acknowledged.

use std::{
    fmt::Write as _,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    faults::Windows,
    support::{
        PASSWORD, member,
        process::{Answer, FORM, JSON, Server},
    },
};

/// So many that each has few sessions.
pub(crate) const USERS: u32 = 200;

/// Returns the name of a user.
pub(crate) fn user(number: u32) -> String {
    format!("user{number}")
}

/// The pause between two requests of a client.
const PAUSE: Duration = Duration::from_millis(15);

/// The grace time of a rotated refresh token. If the store has failed for longer, a repeated refresh counts as theft.
const GRACE: Duration = Duration::from_secs(9);

const KINDS: [&str; 8] = ["login", "guarded", "verify", "refresh", "sessions", "logout", "bad", "open"];

/// What all clients have done together.
#[derive(Default)]
pub(crate) struct Figures {
    requests: [AtomicU64; KINDS.len()],
    /// Answers with 503, during a fault and otherwise.
    unavailable: [AtomicU64; 2],
    /// Sessions that a fault has made doubtful: their refresh was not answered within the grace time.
    doubtful: AtomicU64,
    slowest: AtomicU64,
    /// Access tokens of sessions that were left open.
    open: Mutex<Vec<String>>,
    /// Access tokens of sessions that have ended.
    ended: Mutex<Vec<String>>,
}

impl Figures {
    pub(crate) fn line(&self) -> String {
        let mut line = String::new();
        for (kind, count) in KINDS.iter().zip(&self.requests) {
            let _ = write!(line, "{} {kind}, ", count.load(Relaxed));
        }
        let [excused, others] = [0, 1].map(|kind| self.unavailable[kind].load(Relaxed));
        let (doubtful, slowest) = (self.doubtful.load(Relaxed), self.slowest.load(Relaxed));
        let _ = write!(
            line,
            "503 in faults {excused} times and otherwise {others}, {doubtful} doubtful, slowest otherwise {slowest} ms"
        );
        line
    }

    /// Returns which part of all requests got 503 without a fault: a busy machine may keep the store from answering in
    /// time.
    pub(crate) fn unexcused(&self) -> f64 {
        let all: u64 = self.requests.iter().map(|count| count.load(Relaxed)).sum();
        let [all, unexcused] = [all, self.unavailable[1].load(Relaxed)].map(|count| u32::try_from(count).unwrap());
        f64::from(unexcused) / f64::from(all.max(1))
    }

    /// Asks about each session that was left open or ended, and returns how many there are.
    pub(crate) fn check_what_was_acknowledged(&self, server: &Server) -> usize {
        let (open, ended) = (self.open.lock().unwrap(), self.ended.lock().unwrap());
        let status = |access: &str| guarded(server, "/protected", access).status;
        for access in open.iter() {
            assert_eq!(status(access), 200, "a session was lost");
        }
        for access in ended.iter() {
            assert_eq!(status(access), 401, "a logout was lost");
        }
        open.len() + ended.len()
    }
}

fn guarded(server: &Server, path: &str, token: &str) -> Answer {
    server.send(path, &[("authorization", &format!("Bearer {token}"))], None)
}

/// A client with at most one session.
pub(crate) struct Client<'a> {
    number: u32,
    server: &'a Server,
    windows: &'a Windows,
    figures: &'a Figures,
    session: Option<(String, String)>,
    /// The state of a generator of pseudo-random numbers.
    random: u64,
}

impl<'a> Client<'a> {
    pub(crate) fn new(number: u32, server: &'a Server, windows: &'a Windows, figures: &'a Figures) -> Self {
        Self { number, server, windows, figures, session: None, random: number.into() }
    }

    pub(crate) fn run(mut self, ending: &AtomicBool) {
        while !ending.load(Relaxed) {
            thread::sleep(PAUSE);
            match self.session.take() {
                None => self.log_in(),
                Some(session) => self.session = self.use_session(session),
            }
        }
        self.figures.open.lock().unwrap().extend(self.session.map(|(access, _)| access));
    }

    /// Sends a request until it is answered by something else than 503.
    fn ask(&self, kind: &str, send: impl Fn(&Server) -> Answer) -> Answer {
        loop {
            let asked = Instant::now();
            let answer = send(self.server);
            let answered = Instant::now();
            let place = KINDS.iter().position(|known| *known == kind).unwrap();
            self.figures.requests[place].fetch_add(1, Relaxed);
            let is_excused = self.windows.meet(asked, answered);
            if !is_excused {
                let took = u64::try_from((answered - asked).as_millis()).unwrap();
                self.figures.slowest.fetch_max(took, Relaxed);
            }
            if answer.status != 503 {
                return answer;
            }
            self.figures.unavailable[usize::from(!is_excused)].fetch_add(1, Relaxed);
            thread::sleep(Duration::from_millis(200));
        }
    }

    fn log_in(&mut self) {
        self.number = (self.number + 1) % USERS;
        let body = format!(r#"{{"username": "{}", "password": "{PASSWORD}"}}"#, user(self.number));
        let answer = self.ask("login", |server| server.send("/token", &[JSON], Some(&body)));
        assert_eq!(answer.status, 200, "{answer:?}");
        self.session = Some((member(&answer.body, "access_token"), member(&answer.body, "refresh_token")));
    }

    /// Sends one request, and returns the session if it is still open.
    fn use_session(&mut self, (access, refresh): (String, String)) -> Option<(String, String)> {
        let (choice, bad) = (self.next_random() % 1000, self.next_random());
        let bearer = format!("Bearer {access}");
        let expect = |kind, path: &str, status| {
            let answer = self.ask(kind, |server| guarded(server, path, &access));
            assert_eq!(answer.status, status, "{path}: {answer:?}");
        };
        match choice {
            0..600 => expect("guarded", "/protected", 200),
            600..750 => {
                let headers =
                    [("authorization", &*bearer), ("x-forwarded-method", "GET"), ("x-forwarded-uri", "/page")];
                let answer = self.ask("verify", |server| server.send("/verify", &headers, None));
                assert_eq!(answer.status, 204, "{answer:?}");
            }
            750..850 => return self.refresh(&refresh),
            850..880 => expect("sessions", "/sessions", 200),
            880..900 => expect("open", "/healthz", 200),
            900..950 => self.send_bad(&access, bad),
            950..985 => {}
            985..995 => {
                let answer =
                    self.ask("logout", |server| server.send("/logout", &[("authorization", &bearer)], Some("")));
                // Where the first answer was lost, the session has ended already.
                assert!([200, 401].contains(&answer.status), "{answer:?}");
                self.figures.ended.lock().unwrap().push(access);
                return None;
            }
            _ => {
                self.figures.open.lock().unwrap().push(access);
                return None;
            }
        }
        Some((access, refresh))
    }

    fn refresh(&self, refresh: &str) -> Option<(String, String)> {
        let begun = Instant::now();
        let bearer = format!("Bearer {refresh}");
        let answer = self.ask("refresh", |server| server.send("/refresh", &[("authorization", &bearer)], Some("")));
        if answer.status == 401 && begun.elapsed() > GRACE {
            self.figures.doubtful.fetch_add(1, Relaxed);
            return None;
        }
        assert_eq!(answer.status, 200, "{answer:?}");
        Some((member(&answer.body, "access_token"), member(&answer.body, "refresh_token")))
    }

    /// Sends what no good client sends.
    fn send_bad(&self, access: &str, choice: u64) {
        let changed = format!("{}x", &access[..access.len() - 1]);
        let (status, answer) = match choice % 3 {
            0 => (401, self.ask("bad", |server| guarded(server, "/protected", &changed))),
            1 => (401, self.ask("bad", |server| server.send("/protected", &[], None))),
            _ => (400, self.ask("bad", |server| server.send("/token", &[FORM], Some("username=%00")))),
        };
        assert_eq!(answer.status, status, "{answer:?}");
    }

    /// A linear congruential generator: the clients only need to differ.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.random >> 33
    }
}
