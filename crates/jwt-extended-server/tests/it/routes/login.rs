//! `/login` and `/token`: take credentials, and return cookies or tokens.

use serde_json::{Value, json};

use crate::support::{
    LOGGED_IN,
    {app::*, member},
};

const SHAPE: &str = "Send username and password, as JSON or as a form";
const BAD: &str = "Bad username or password";

#[tokio::test]
async fn a_login_by_json_or_by_form_sets_four_cookies() {
    let app = app();
    for (content_type, body) in [
        (JSON.1, CREDENTIALS),
        ("application/json; charset=utf-8", CREDENTIALS),
        ("application/json", r#"{"password":"testpass","remember":true,"username":"testuser"}"#),
        (FORM.1, "username=testuser&password=testpass"),
        ("application/x-www-form-urlencoded;charset=UTF-8", "password=test%70ass&x=y&username=testuser"),
    ] {
        let login = app.post("/login", &[("content-type", content_type)], body).await;
        login.is(200, LOGGED_IN);
        assert_eq!(login.header("cache-control"), "no-store");
        let lines = login.all("set-cookie");
        let names = ["access_token_cookie", "csrf_access_token", "refresh_token_cookie", "csrf_refresh_token"];
        assert_eq!(lines.len(), names.len(), "{lines:?}");
        for (line, name) in lines.iter().zip(names) {
            let attributes = line.strip_prefix(&format!("{name}={}", login.cookie(name))).unwrap();
            // Scripts may read the CSRF values, and nothing else.
            let expected =
                if name.starts_with("csrf") { "; Path=/; SameSite=Lax" } else { "; HttpOnly; Path=/; SameSite=Lax" };
            assert_eq!(attributes, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn cookies_are_secure_if_configured() {
    let app = app_with(builder().cookie_secure(jwt_extended_axum::config::Switch::On));
    let login = app.post("/login", &[JSON], CREDENTIALS).await;
    assert!(login.all("set-cookie").iter().all(|line| line.contains("; Secure")), "{login:?}");
}

#[tokio::test]
async fn a_login_ignores_and_replaces_earlier_tokens() {
    let app = app();
    let old = app.browser().await;
    for headers in [
        vec![JSON, ("cookie", &old.cookies())],
        vec![JSON, ("cookie", "access_token_cookie=garbage; access_token_cookie=twice")],
        vec![JSON, ("authorization", "Bearer garbage"), ("sec-fetch-site", "same-origin")],
    ] {
        let login = app.post("/login", &headers, CREDENTIALS).await;
        login.is(200, LOGGED_IN);
        assert_ne!(login.cookie("access_token_cookie"), old.access);
        assert_ne!(login.cookie("csrf_access_token"), old.access_csrf);
        assert_ne!(login.cookie("csrf_refresh_token"), old.refresh_csrf);
    }
}

#[tokio::test]
async fn the_servers_own_rejections_have_the_configured_format() {
    let problem = jwt_extended_axum::ErrorFormat::ProblemDetails;
    let app = app_with(builder().error_format(problem).realm("demo"));
    let refused = app.post("/login", &[JSON], r#"{"username":"testuser","password":"wrong"}"#).await;
    let expected =
        r#"{"code":"bad_credentials","detail":"Bad username or password","status":401,"title":"Unauthorized"}"#;
    assert_eq!((refused.status, refused.body.as_str()), (401, expected));
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"demo\"");
    let nowhere = app.post("/nowhere", &[], "").await;
    assert_eq!((nowhere.status, nowhere.header("content-type")), (404, "application/problem+json"));
}

#[tokio::test]
async fn another_site_cannot_log_its_visitor_in() {
    let app = app();
    let forged = [FORM, ("sec-fetch-site", "cross-site")];
    let refused = app.post("/login", &forged, "username=testuser&password=testpass").await;
    refused.is(401, r#"{"msg":"Cross-site requests with cookies are refused"}"#);
    assert!(refused.all("set-cookie").is_empty());
    let token = app.post("/token", &forged, "username=testuser&password=testpass").await;
    assert_eq!(token.status, 200, "the other site's page cannot read the tokens in the body");
}

#[tokio::test]
async fn token_returns_the_pair_in_the_body_and_sets_no_cookie() {
    let app = app();
    for (header, body) in [(JSON, CREDENTIALS), (FORM, "username=testuser&password=testpass")] {
        let answer = app.post("/token", &[header], body).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.all("set-cookie"), [""; 0]);
        let (access, refresh) = (member(&answer.body, "access_token"), member(&answer.body, "refresh_token"));
        let whole: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            whole,
            json!({
                "access_token": access, "refresh_token": refresh, "token_type": "Bearer",
                "expires_in": 15 * 60, "refresh_expires_in": 30 * 24 * 60 * 60
            })
        );
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let app = app();
    for path in ["/login", "/token"] {
        let mut answers = Vec::new();
        for (name, password) in [
            ("testuser", "wrong"),
            ("nobody", "testpass"),
            ("nobody", "nobody has this password"),
            ("", ""),
            ("testuser", ""),
            ("testuser", "TESTPASS"),
            ("testuser", "testpass "),
            ("test\u{200b}user", "testpass"),
            ("testuser\0", "testpass"),
            ("admin", "testpass"),
        ] {
            let body = json!({ "username": name, "password": password }).to_string();
            answers.push(app.post(path, &[JSON], &body).await);
        }
        answers.push(app.post(path, &[FORM], "username=testuser&password=%FF%FE").await);
        for answer in &answers {
            answer.says(401, BAD);
            assert_eq!(answer, &answers[0]);
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            assert_eq!(answer.all("set-cookie"), [""; 0]);
        }
    }
}

#[tokio::test]
async fn a_body_without_two_texts_is_refused_with_400() {
    let app = app();
    for body in [
        "",
        "{",
        "null",
        "true",
        "17",
        "\"testuser\"",
        "[]",
        r#"["testuser", "testpass"]"#,
        r#"[{"username": "testuser", "password": "testpass"}]"#,
        "{}",
        r#"{"username": "testuser"}"#,
        r#"{"password": "testpass"}"#,
        r#"{"Username": "testuser", "password": "testpass"}"#,
        r#"{"username": "testuser", "password": null}"#,
        r#"{"username": "testuser", "password": 1}"#,
        r#"{"username": ["testuser"], "password": "testpass"}"#,
        r#"{"username": {"$ne": ""}, "password": {"$ne": ""}}"#,
        r#"{"username": "testuser", "password": "wrong", "password": "testpass"}"#,
        r#"{"username": "nobody", "username": "testuser", "password": "testpass"}"#,
        r#"{"username": "testuser", "password": "testpass"} {}"#,
        r#"{"username": "testuser", "password": "testpass",}"#,
        r#"{"username": "testuser", "password": "\ud800"}"#,
        "\u{feff}{\"username\": \"testuser\", \"password\": \"testpass\"}",
    ] {
        for path in ["/login", "/token"] {
            let answer = app.post(path, &[JSON], body).await;
            assert_eq!((answer.status, body), (400, body), "{path}: {answer:?}");
            answer.says(400, SHAPE);
        }
    }
    for body in [
        "",
        "username=testuser",
        "password=testpass",
        "username=testuser&password=wrong&password=testpass",
        "username[]=testuser&password[]=testpass",
    ] {
        app.post("/login", &[FORM], body).await.says(400, SHAPE);
    }
}

#[tokio::test]
async fn a_body_that_is_not_text_is_refused_with_400() {
    let app = app();
    let deep = "[".repeat(5000);
    for body in [
        &b"\xff\xfe"[..],
        b"{\"username\": \"testuser\", \"password\": \"\xff\"}",
        b"{\"username\": \"\xc3\x28\", \"password\": \"testpass\"}",
        b"\x1f\x8b\x08\x00",
        b"\0",
        deep.as_bytes(),
    ] {
        app.send("POST", "/login", &[JSON], body).await.says(400, SHAPE);
    }
}

#[tokio::test]
async fn another_content_type_is_refused_with_415() {
    let app = app();
    for content_type in ["text/plain", "text/json", "multipart/mixed; boundary=x", "", "application/jsonp", "x"] {
        app.post("/login", &[("content-type", content_type)], "username=testuser").await.says(415, SHAPE);
    }
    app.post("/login", &[], "").await.says(415, SHAPE);
    app.post("/login", &[MULTIPART, MULTIPART], &multipart(&[USERNAME])).await.says(415, SHAPE);
}

#[tokio::test]
async fn json_without_its_content_type_is_told_to_name_it() {
    let app = app();
    let named = "The body looks like JSON. Send it with the header Content-Type: application/json";
    for path in ["/login", "/token"] {
        // As `curl -d` sends it.
        app.post(path, &[FORM], CREDENTIALS).await.says(400, named);
        app.post(path, &[], CREDENTIALS).await.says(415, named);
        app.post(path, &[("content-type", "text/plain")], &format!("\n {CREDENTIALS}")).await.says(415, named);
        app.post(path, &[JSON, FORM], CREDENTIALS).await.says(415, named);
    }
}

const MULTIPART: (&str, &str) = ("content-type", "multipart/form-data; boundary=XyZ");

/// Returns a body as `FormData` sends it: each part is the attributes after `form-data` and the content.
fn multipart(parts: &[(&str, &str)]) -> String {
    let parts = parts.iter().map(|(attributes, content)| {
        format!("--XyZ\r\nContent-Disposition: form-data; {attributes}\r\n\r\n{content}\r\n")
    });
    parts.chain(["--XyZ--\r\n".to_owned()]).collect()
}

const USERNAME: (&str, &str) = ("name=\"username\"", "testuser");
const PASSWORD: (&str, &str) = ("name=\"password\"", "testpass");

#[tokio::test]
async fn a_login_by_form_data_is_accepted() {
    let app = app();
    for parts in [
        &[USERNAME, PASSWORD][..],
        &[PASSWORD, ("name=\"remember\"", "yes"), ("name=\"photo\"; filename=\"me.jpg\"", "\u{0}"), USERNAME],
    ] {
        app.post("/login", &[MULTIPART], &multipart(parts)).await.is(200, LOGGED_IN);
        assert_eq!(app.post("/token", &[MULTIPART], &multipart(parts)).await.status, 200);
    }
    let wrong = multipart(&[USERNAME, ("name=\"password\"", "testpass\r\n")]);
    app.post("/login", &[MULTIPART], &wrong).await.says(401, BAD);
}

#[tokio::test]
async fn form_data_without_two_texts_is_refused() {
    let app = app();
    for parts in [
        &[][..],
        &[USERNAME],
        &[PASSWORD],
        &[USERNAME, PASSWORD, PASSWORD],
        &[USERNAME, USERNAME, PASSWORD],
        &[USERNAME, ("name=\"password\"; filename=\"password.txt\"", "testpass")],
        &[USERNAME, ("name=\"Password\"", "testpass")],
    ] {
        app.post("/login", &[MULTIPART], &multipart(parts)).await.says(400, SHAPE);
    }
    let whole = multipart(&[USERNAME, PASSWORD]);
    for body in ["", "--XyZ", CREDENTIALS, &whole[..whole.len() - 12], &whole.replace("XyZ", "other")] {
        app.post("/login", &[MULTIPART], body).await.says(400, SHAPE);
    }
    for content_type in ["multipart/form-data", "multipart/form-data; boundary="] {
        app.post("/login", &[("content-type", content_type)], &whole).await.says(400, SHAPE);
    }
    let not_text = whole.replace("testpass", "test\u{1}ass").into_bytes();
    let not_text: Vec<u8> = not_text.into_iter().map(|byte| if byte == 1 { 0xff } else { byte }).collect();
    app.send("POST", "/login", &[MULTIPART], &not_text).await.says(400, SHAPE);
}

#[tokio::test]
async fn form_data_beyond_64_kib_is_refused_with_413() {
    let app = app();
    let long = "a".repeat(64 * 1024);
    let parts = [("name=\"note\"", &*long), USERNAME, PASSWORD];
    app.post("/login", &[MULTIPART], &multipart(&parts)).await.says(413, "The body is too long");
    app.post("/login", &[MULTIPART], &multipart(&[USERNAME, ("name=\"password\"", &long)]))
        .await
        .says(413, "The body is too long");
}

#[tokio::test]
async fn a_body_beyond_64_kib_is_refused_with_413() {
    let app = app();
    for (header, start, end) in
        [(JSON, r#"{"username": "testuser", "password": ""#, "\"}"), (FORM, "username=testuser&password=", "")]
    {
        let body = |length: usize| format!("{start}{}{end}", "a".repeat(length - start.len() - end.len()));
        let limit = 64 * 1024;
        app.post("/login", &[header], &body(limit)).await.says(401, BAD);
        for path in ["/login", "/token", "/refresh", "/transfer", "/logout"] {
            app.post(path, &[header], &body(limit + 1)).await.says(413, "The body is too long");
        }
        app.post("/login", &[header], &body(10 * limit)).await.says(413, "The body is too long");
    }
    let huge = "a".repeat(10_000_000);
    app.post("/login", &[("content-type", "text/plain")], &huge).await.says(415, SHAPE);
}
