//! What is asked of every proxy. Each function is one fact.

use super::{Answer, Setup, support::process::JSON};

/// Asks everything of one setup.
pub(crate) fn all(setup: &Setup) {
    a_stranger_does_not_reach_the_app(setup);
    the_app_learns_who_it_is(setup);
    no_client_says_who_it_is(setup);
    no_client_ends_a_header_on_the_way(setup);
    only_websockets_upgrade(setup);
    a_cookie_needs_its_csrf_value_and_the_body_arrives(setup);
    policies_decide_by_the_path(setup);
    the_query_is_not_that_of_the_question(setup);
    a_browser_is_sent_to_the_login_page(setup);
    all_renewed_cookies_reach_the_browser(setup);
    strangers_cannot_ask(setup);
}

/// The identity's headers in the text of a request that the app received.
fn identity(text: &str) -> Vec<&str> {
    let is_identity = |line: &&str| line.starts_with("remote");
    text.lines().filter(is_identity).filter(|line| !line.ends_with(": ")).collect()
}

#[track_caller]
fn is_refused(setup: &Setup, answer: &Answer, status: u16, before: usize) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(setup.app.requests(), before, "the app was reached");
}

fn a_stranger_does_not_reach_the_app(setup: &Setup) {
    let before = setup.app.requests();
    let answer = setup.get("/page", &[]);
    is_refused(setup, &answer, 401, before);
    assert_eq!(challenges(&answer), ["Bearer"], "{answer:?}");
    let answer = setup.get("/page", &[("Authorization", "Bearer nonsense")]);
    is_refused(setup, &answer, 401, before);
    let challenges = challenges(&answer);
    assert!(challenges.len() == 1 && challenges[0].contains("invalid_token"), "{answer:?}");
}

fn challenges(answer: &Answer) -> Vec<&str> {
    let headers = answer.headers.iter().filter(|(name, _)| name == "www-authenticate");
    headers.map(|(_, value)| value.as_str()).collect()
}

fn the_app_learns_who_it_is(setup: &Setup) {
    let (access, _) = setup.login.tokens();
    let bearer = format!("Bearer {access}");
    for path in ["/page", "/page?x=y%20z", "/a%20b/c;d=e"] {
        let answer = setup.get(path, &[("Authorization", &bearer)]);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body.starts_with(&format!("GET {path} HTTP/1.1\n")), "{answer:?}");
        let identity = identity(&answer.body);
        assert!(identity.contains(&"remote-user: testuser"), "{identity:?}");
        assert!(identity.iter().any(|line| line.starts_with("remote-session: ")), "{identity:?}");
    }
}

fn no_client_says_who_it_is(setup: &Setup) {
    let (access, _) = setup.login.tokens();
    let bearer = format!("Bearer {access}");
    let names = ["Remote-User", "remote-user", "REMOTE-USER", "Remote_User", "REMOTE_USER", "Remote.User"];
    let facts =
        ["Remote-Issuer", "Remote-Session", "Remote-Scopes", "Remote-Token-Id", "Remote_Session", "Remote-Token_Id"];
    for name in names.into_iter().chain(facts) {
        let public = setup.get("/assets/a.css", &[(name, "root")]);
        assert_eq!((public.status, identity(&public.body)), (200, vec![]), "{name}: {public:?}");
        let user = setup.get("/page", &[("Authorization", &bearer), (name, "root"), (name, "root")]);
        let identity = identity(&user.body);
        assert!(!identity.iter().any(|line| line.contains("root")), "{name}: {identity:?}");
        assert!(identity.contains(&"remote-user: testuser"), "{name}: {identity:?}");
    }
}

fn no_client_ends_a_header_on_the_way(setup: &Setup) {
    let (access, _) = setup.login.tokens();
    let bearer = format!("Bearer {access}");
    for value in ["close, Remote-User", "Remote-User, close", "close, X-Forwarded-Method"] {
        let answer = setup.get("/page", &[("Authorization", &bearer), ("Connection", value)]);
        assert!(identity(&answer.body).contains(&"remote-user: testuser"), "{value}: {answer:?}");
    }
}

fn only_websockets_upgrade(setup: &Setup) {
    for (upgrade, passes) in [("h2c", false), ("h2c, websocket", false), ("websocket", true), ("WebSocket", true)] {
        let headers = [
            ("Upgrade", upgrade),
            ("Connection", "close, Upgrade, HTTP2-Settings"),
            ("HTTP2-Settings", "AAMAAABk"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let answer = setup.get("/assets/a", &headers);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body.contains("\nupgrade: "), passes, "{upgrade}: {answer:?}");
    }
}

fn a_cookie_needs_its_csrf_value_and_the_body_arrives(setup: &Setup) {
    let (cookies, csrf) = setup.log_in();
    let before = setup.app.requests();
    let cookie = ("Cookie", &*cookies);
    let answer = setup.send("POST /page", &[cookie, JSON], "{}");
    is_refused(setup, &answer, 401, before);
    let smuggled = [cookie, ("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/assets/a"), JSON];
    is_refused(setup, &setup.send("POST /page", &smuggled, "{}"), 401, before);
    let other_site = [cookie, ("X-CSRF-TOKEN", &*csrf), ("Sec-Fetch-Site", "cross-site"), JSON];
    is_refused(setup, &setup.send("POST /page", &other_site, "{}"), 401, before);
    let answer = setup.send("POST /page", &[cookie, ("X-CSRF-TOKEN", &csrf), JSON], r#"{"a": "b"}"#);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.ends_with("{\"a\": \"b\"}"), "{answer:?}");
    assert!(answer.body.starts_with("POST /page HTTP/1.1\n"), "{answer:?}");
}

fn policies_decide_by_the_path(setup: &Setup) {
    let (_, refresh) = setup.login.tokens();
    let refreshed = setup.login.send("/refresh", &[("Authorization", &format!("Bearer {refresh}"))], Some(""));
    let stale = format!("Bearer {}", super::support::member(&refreshed.body, "access_token"));
    let before = setup.app.requests();
    is_refused(setup, &setup.send("OPTIONS /transfer", &[], ""), 401, before);
    for path in ["/transfer", "/Transfer/", "/tr%61nsfer", "/transfer?x=y"] {
        is_refused(setup, &setup.get(path, &[("Authorization", &stale)]), 401, before);
    }
    for path in ["/assets/%2e%2e%2ftransfer", "/assets/..%2ftransfer", "//transfer", "/assets/x#/../../transfer"] {
        let answer = setup.get(path, &[("Authorization", &stale)]);
        assert!(matches!(answer.status, 400 | 401 | 403), "{path}: {answer:?}");
        assert_eq!(setup.app.requests(), before, "{path}");
    }
    let (fresh, _) = setup.login.tokens();
    assert_eq!(setup.get("/transfer", &[("Authorization", &format!("Bearer {fresh}"))]).status, 200);
}

fn the_query_is_not_that_of_the_question(setup: &Setup) {
    let before = setup.app.requests();
    for path in ["/page?policy=assets", "/page?policy=assets&login=redirect"] {
        is_refused(setup, &setup.get(path, &[]), 401, before);
    }
}

fn a_browser_is_sent_to_the_login_page(setup: &Setup) {
    let before = setup.app.requests();
    let page = [("Accept", "text/html"), ("Sec-Fetch-Mode", "navigate")];
    let answer = setup.get("/page?x=y", &page);
    is_refused(setup, &answer, 302, before);
    let expected = "https://login.example/?return_to=http%3A%2F%2Flocalhost%2Fpage%3Fx%3Dy";
    assert_eq!(answer.header("location"), expected);
    assert!(challenges(&answer).len() <= 1, "{answer:?}");
    let hostile = [page[0], ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "javascript")];
    assert_eq!(setup.get("/page?x=y", &hostile).header("location"), expected);
}

fn all_renewed_cookies_reach_the_browser(setup: &Setup) {
    let (cookies, _) = setup.log_in();
    let (_, refresh) = cookies.split_once("refresh_token_cookie=").unwrap();
    let refresh = format!("refresh_token_cookie={}", refresh.split(';').next().unwrap());
    // Two tabs at once.
    for _ in 0..2 {
        let answer = setup.get("/page", &[("Cookie", &refresh)]);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(identity(&answer.body).contains(&"remote-user: testuser"), "{answer:?}");
        for name in ["access_token_cookie", "csrf_access_token", "refresh_token_cookie", "csrf_refresh_token"] {
            assert!(!answer.cookie(name).is_empty());
        }
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
        let renewed = format!("access_token_cookie={}", answer.cookie("access_token_cookie"));
        let next = setup.get("/page", &[("Cookie", &renewed)]);
        assert_eq!((next.status, next.header("set-cookie")), (200, ""), "{next:?}");
    }
}

fn strangers_cannot_ask(setup: &Setup) {
    let before = setup.app.requests();
    let asked = [("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/assets/a")];
    for path in ["/auth/verify", "/auth/verify?policy=assets", "/auth/verify/assets/a"] {
        is_refused(setup, &setup.get(path, &asked), 404, before);
    }
}

/// Kills the login server.
pub(crate) fn without_login_server(setup: Setup) {
    let Setup { login, app, proxy } = setup;
    let (access, _) = login.tokens();
    login.kill();
    let bearer = format!("Authorization: Bearer {access}");
    for path in ["/page", "/assets/a.css"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{bearer}\r\n\r\n");
        let address = format!("127.0.0.1:{}", proxy.port());
        let answer = Answer::parse(&super::send_raw(&address, request.as_bytes()));
        assert!((500..=503).contains(&answer.status), "{path}: {answer:?}");
    }
    assert_eq!(app.requests(), 0);
}
