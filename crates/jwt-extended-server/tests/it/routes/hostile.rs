//! No request may make a route panic, return a 5xx status, or return anything but JSON.

use crate::support::app::*;

const ROUTES: [(&str, &str); 8] = [
    ("POST", "/login"),
    ("POST", "/token"),
    ("GET", "/protected"),
    ("GET", "/partially-protected"),
    ("POST", "/refresh"),
    ("POST", "/transfer"),
    ("POST", "/logout"),
    ("GET", "/healthz"),
];

#[tokio::test]
async fn the_health_check_says_ok() {
    app().get("/healthz", &[]).await.is(200, r#"{"status":"ok"}"#);
}

#[tokio::test]
async fn an_unknown_path_gets_404() {
    let app = app();
    for path in ["/", "/nowhere", "/protected/", "//protected", "/PROTECTED", "/protected%20", "/../login", "/?x"] {
        for method in ["GET", "POST", "OPTIONS", "BREW"] {
            app.send(method, path, &[], b"").await.says(404, "There is nothing at this address");
        }
    }
}

#[tokio::test]
async fn another_method_gets_405_with_the_allowed_methods() {
    let app = app();
    for (method, path) in ROUTES {
        for other in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            if other == method {
                continue;
            }
            let answer = app.send(other, path, &[], b"").await;
            answer.says(405, "This address has other methods");
            assert!(answer.header("allow").split(',').any(|allowed| allowed == method), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let app = app();
    let (access, _) = app.bearers().await;
    for (path, headers, status) in [
        ("/healthz", &[][..], 200),
        ("/protected", &[], 401),
        ("/protected", &[("authorization", &*access)], 200),
        ("/partially-protected", &[], 200),
    ] {
        let head = app.send("HEAD", path, headers, b"").await;
        assert_eq!((head.status, head.body.as_str()), (status, ""), "{path}");
        assert_eq!(head.header("content-type"), "application/json");
    }
    for path in ["/login", "/logout"] {
        assert_eq!(app.send("HEAD", path, &[], b"").await.status, 405, "{path}");
    }
}

/// Sends a request, and asserts what must be true of every response.
async fn send(app: &TestApp, method: &str, path: &str, headers: &[(&str, &[u8])], body: &[u8]) {
    let answer = app.send_bytes(method, path, headers, body).await;
    let sent = || {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name, value.escape_ascii().to_string())).collect();
        format!("{method} {path} {headers:?} {}", body[..body.len().min(100)].escape_ascii())
    };
    assert!(answer.status >= 200 && answer.status < 500, "{}: {answer:?}", sent());
    if answer.body.is_empty() {
        assert_eq!(method, "HEAD", "{}: {answer:?}", sent());
    } else {
        let json: Result<serde_json::Value, _> = serde_json::from_str(&answer.body);
        assert!(json.is_ok_and(|json| json.is_object()), "{}: {answer:?}", sent());
    }
    assert_eq!(answer.header("content-type"), "application/json", "{}", sent());
    let sets_cookies = !answer.all("set-cookie").is_empty();
    assert!(!sets_cookies || answer.header("cache-control") == "no-store", "{}: {answer:?}", sent());
}

#[tokio::test]
async fn no_request_gets_a_5xx_or_a_body_that_is_not_json() {
    let app = app();
    let browser = app.browser().await;
    let long = "a".repeat(20_000);
    let dots = ".".repeat(20_000);
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.";
    let cookie = |value: &str| format!("access_token_cookie={value}; refresh_token_cookie={value}").into_bytes();
    let bearer = |value: &str| format!("Bearer {value}").into_bytes();
    let hostile: Vec<Vec<(&str, Vec<u8>)>> = vec![
        vec![],
        vec![("authorization", b"\xff\xfe\x80".to_vec())],
        vec![("authorization", b"Bearer \xf0\x9f\x94\x91".to_vec())],
        vec![("authorization", b"Bearer".to_vec())],
        vec![("authorization", b"Bearer , , ,".to_vec())],
        vec![("authorization", bearer(&long))],
        vec![("authorization", bearer(&dots))],
        vec![("authorization", bearer(none))],
        vec![("authorization", bearer("a.b.c")), ("authorization", bearer("a.b.c"))],
        vec![("authorization", bearer(&browser.access)), ("cookie", browser.cookies().into())],
        vec![("cookie", b"\xff=\xff; access_token_cookie=\xff".to_vec())],
        vec![("cookie", cookie(&long))],
        vec![("cookie", cookie(none)), ("x-csrf-token", b"\xff".to_vec())],
        vec![("cookie", b";;;===;access_token_cookie;=x".to_vec())],
        vec![("cookie", browser.cookies().into()), ("x-csrf-token", long.clone().into())],
        vec![("cookie", browser.cookies().into()), ("sec-fetch-site", b"\xff".to_vec())],
        vec![("content-encoding", b"gzip".to_vec()), ("transfer-encoding", b"chunked".to_vec())],
        vec![("content-length", b"99999999999999999999".to_vec()), ("expect", b"100-continue".to_vec())],
        vec![("accept", b"image/png".to_vec()), ("host", b"\xff".to_vec())],
    ];
    let multipart = b"multipart/form-data; boundary=a";
    let types: [&[u8]; 7] =
        [b"", b"application/json", b"application/x-www-form-urlencoded", multipart, b"\xff", b"a/b;;;", b";"];
    let bodies: [&[u8]; 7] = [
        b"",
        b"{}",
        b"--a\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\n",
        b"[[[[",
        b"\xff\x00",
        b"username=%ff&password",
        b"{\"access_token\": 1}",
    ];
    let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "BREW"];
    let paths = ROUTES.map(|(_, path)| path);
    let more = ["/?jwt=%ff", "/protected?jwt=%ff&jwt=a&&&=", "/%00", "/login/%2e%2e/protected", "*"];
    for path in paths.into_iter().chain(more) {
        for method in methods {
            for (turn, headers) in hostile.iter().enumerate() {
                // All combinations would take too long: each set of headers meets every content type and body on some
                // route.
                let both = (types[turn % types.len()], bodies[(turn + path.len()) % bodies.len()]);
                let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
                headers.push(("content-type", both.0));
                send(&app, method, path, &headers, both.1).await;
            }
            for kind in types {
                for body in bodies {
                    send(&app, method, path, &[("content-type", kind)], body).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn no_credentials_get_a_5xx() {
    let app = app();
    for text in ["", "\0", "\u{10ffff}", "a\r\nb: c", "../../etc/passwd", "' OR 1=1 --", &"é".repeat(20_000)] {
        for (name, password) in [(text, "testpass"), ("testuser", text)] {
            let body = serde_json::json!({ "username": name, "password": password }).to_string();
            let answer = app.post("/login", &[JSON], &body).await;
            answer.says(401, "Bad username or password");
        }
    }
}
