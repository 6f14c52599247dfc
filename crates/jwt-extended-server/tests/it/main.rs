//! The server's tests as one test program, because linking one is faster than linking two: the real program, and its
//! routes without a process. The tests that need Redis and PostgreSQL are in `stores`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod program {
    //! The real program: command line, files, logs, signals.
    pub(crate) mod refusals;

    mod audits;
    mod checks;
    mod connections;
    mod demo;
    mod files;
    mod guessing;
    mod imports;
    mod issuers;
    mod keys;
    mod lifetimes;
    mod listening;
    mod logs;
    mod metrics;
    mod options;
    mod outputs;
    mod pages;
    mod passwords;
    #[cfg(unix)]
    mod reloads;
    mod renewals;
    mod restarts;
    mod scopes;
    mod sessions;
    mod spellings;
    mod systemd;
    mod tokens;
    mod users;
}

mod routes {
    //! The routes, without a process and a network.
    mod clients;
    mod cors;
    mod forward_auth;
    mod guarded;
    mod guessing;
    mod hostile;
    mod keys;
    mod login;
    mod logout;
    mod openapi;
    mod pages;
    mod refresh;
    mod renewal;
    mod sessions;
}
