//! The server behind real proxies, by the configurations in the folder `proxies`, with a small app behind them.
//!
//! Needs nginx, Caddy and `HAProxy`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod app;
mod questions;

#[path = "../support/mod.rs"]
mod support;

use app::App;
use support::{listed_user, process::*};
use test_services::{Proxy, ProxyKind, free_port};

const SECTIONS: &str = r#"
[forward_auth]
login_page = "https://login.example/"
return_to = ["http://localhost"]
renew = "1m"
[jwt]
token_location = ["headers", "cookies"]
cookie_secure = false
[[policies]]
name = "assets"
paths = ["/assets/{*file}"]
public = true
[[policies]]
name = "transfer"
paths = ["/transfer"]
fresh = true
"#;

/// The login server, a proxy and an app.
struct Setup {
    login: Server,
    app: App,
    proxy: Proxy,
}

impl Setup {
    fn start(kind: ProxyKind) -> Self {
        let login =
            Server::serve(&format!("{SECTIONS}{}", listed_user("testuser")), &[("JWT_SECRET_KEY", support::SECRET)]);
        let (app, port) = (App::start(), free_port());
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/proxies");
        let ports = [("8080", port), ("5000", login.port()), ("8000", app.port)];
        let proxy = Proxy::start(kind, folder, &ports, port);
        Self { login, app, proxy }
    }

    /// Sends a request through the proxy: `GET /page`.
    fn send(&self, request: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (method, path) = request.split_once(' ').unwrap();
        let length = body.len().to_string();
        let of_body: &[_] = if body.is_empty() { &[] } else { &[("Content-Length", &*length)] };
        let has_connection = headers.iter().any(|(name, _)| *name == "Connection");
        let connection: &[_] = if has_connection { &[] } else { &[("Connection", "close")] };
        let lines = headers.iter().chain(of_body).chain(connection).map(|(name, value)| format!("{name}: {value}\r\n"));
        let lines: String = lines.collect();
        let text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{lines}");
        Answer::parse(&send_raw(&format!("127.0.0.1:{}", self.proxy.port()), format!("{text}\r\n{body}").as_bytes()))
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(&format!("GET {path}"), headers, "")
    }

    /// Logs in through the proxy, and returns the cookies and the CSRF value of the access token.
    fn log_in(&self) -> (String, String) {
        let login = self.send("POST /auth/login", &[JSON], self.login.credentials);
        assert_eq!(login.status, 200, "{login:?}");
        let names = ["access_token_cookie", "refresh_token_cookie", "csrf_access_token", "csrf_refresh_token"];
        let cookies: Vec<_> = names.iter().map(|name| format!("{name}={}", login.cookie(name))).collect();
        (cookies.join("; "), login.cookie("csrf_access_token"))
    }
}

/// Makes a module with all questions for each proxy.
macro_rules! behind {
    ($($module:ident: $kind:expr;)*) => {$(
        mod $module {
            use super::*;

            #[test]
            fn every_question_is_answered() {
                questions::all(&Setup::start($kind));
            }

            #[test]
            fn without_the_login_server_nothing_reaches_the_app() {
                questions::without_login_server(Setup::start($kind));
            }
        }
    )*};
}

behind! {
    nginx: ProxyKind::Nginx;
    caddy: ProxyKind::Caddy;
    haproxy: ProxyKind::HaProxy;
}
