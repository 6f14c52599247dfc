//! The options of the environment and of the file, as a client observes them.

use crate::support::{SECRET, listed_user, member, process::*};

fn users() -> String {
    listed_user("testuser")
}

#[test]
fn the_environment_sets_cookie_names_and_attributes() {
    let server = Server::demo(
        &[],
        &[
            ("JWT_ACCESS_COOKIE_NAME", "biscuit"),
            ("JWT_COOKIE_SAMESITE", "Strict"),
            ("JWT_SESSION_COOKIE", "false"),
            ("JWT_REFRESH_COOKIE_PATH", "/refresh"),
        ],
    );
    let login = server.log_in();
    let cookie = format!("biscuit={}", login.cookie("biscuit"));
    assert_eq!(server.send("/protected", &[("cookie", &cookie)], None).status, 200);
    let renamed = cookie.replace("biscuit", "access_token_cookie");
    assert_eq!(server.send("/protected", &[("cookie", &renamed)], None).status, 401);
    let lines: Vec<_> = login.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    assert_eq!(lines.len(), 4);
    for (_, line) in lines {
        assert!(line.ends_with("; SameSite=Strict") && line.contains("; Max-Age="), "{line}");
        assert_eq!(line.contains("Path=/refresh;"), line.starts_with("refresh_token_cookie="), "{line}");
    }
}

#[test]
fn the_demo_generates_a_key_for_any_algorithm() {
    for (algorithm, header) in
        [("ES256", "eyJhbGciOiJFUzI1NiI"), ("EdDSA", "eyJhbGciOiJFZERTQSI"), ("HS512", "eyJhbGciOiJIUzUxMiI")]
    {
        let server = Server::demo(&[], &[("JWT_ALGORITHM", algorithm)]);
        let (access, _) = server.tokens();
        assert!(access.starts_with(header), "{algorithm}: {access}");
        let bearer = format!("Bearer {access}");
        assert_eq!(server.send("/protected", &[("authorization", &bearer)], None).status, 200);
        // Another demo has another key of the same kind.
        let other = Server::demo(&[], &[("JWT_ALGORITHM", algorithm)]);
        assert_eq!(other.send("/protected", &[("authorization", &bearer)], None).status, 401);
    }
}

#[test]
fn a_kubernetes_service_called_jwt_does_not_stop_a_start() {
    let server = Server::demo(
        &[],
        &[
            ("JWT_SERVICE_HOST", "10.0.0.11"),
            ("JWT_SERVICE_PORT", "5000"),
            ("JWT_PORT", "tcp://10.0.0.11:5000"),
            ("JWT_PORT_5000_TCP_ADDR", "10.0.0.11"),
            ("JWT_STORE_SERVICE_HOST", "10.0.0.12"),
        ],
    );
    assert_eq!(server.send("/healthz", &[], None).status, 200);
}

#[test]
fn the_environment_sets_the_token_location() {
    let server = Server::demo(&[], &[("JWT_TOKEN_LOCATION", "query_string")]);
    let (access, refresh) = server.tokens();
    assert_eq!(server.send(&format!("/protected?jwt={access}"), &[], None).status, 200);
    let bearer = format!("Bearer {access}");
    let refused = server.send("/protected", &[("authorization", &bearer)], None);
    assert_eq!((refused.status, refused.body.as_str()), (401, r#"{"msg":"Missing 'jwt' query paramater"}"#));
    let refreshed = server.send(&format!("/refresh?jwt={refresh}"), &[], Some(""));
    assert_eq!(refreshed.status, 200);
    let renewed = member(&refreshed.body, "access_token");
    assert_eq!(server.send(&format!("/protected?jwt={renewed}"), &[], None).status, 200);
}

#[test]
fn json_bodies_may_carry_tokens_if_configured() {
    let server = Server::demo(&[], &[("JWT_TOKEN_LOCATION", "json")]);
    let (access, refresh) = server.tokens();
    let both = format!(r#"{{"access_token": "{access}", "refresh_token": "{refresh}"}}"#);
    for path in ["/transfer", "/refresh", "/logout"] {
        assert_eq!(server.send(path, &[JSON], Some(&both)).status, 200, "{path}");
        assert_eq!(server.send(path, &[JSON], Some("{}")).status, 401, "{path}");
    }
    assert_eq!(server.send("/refresh", &[JSON], Some(&both)).status, 401, "after the logout");
}

#[test]
fn form_fields_may_carry_csrf_values_if_configured() {
    let server = Server::demo(&[], &[("JWT_CSRF_CHECK_FORM", "true")]);
    let login = server.log_in();
    let cookie = format!("access_token_cookie={}", login.cookie("access_token_cookie"));
    let transfer = |body: &str| server.send("/transfer", &[("cookie", &cookie), FORM], Some(body)).status;
    assert_eq!(transfer(&format!("csrf_token={}", login.cookie("csrf_access_token"))), 200);
    assert_eq!(transfer("csrf_token=guessed"), 401);
    assert_eq!(transfer(""), 401);
}

#[test]
fn rejections_are_problem_details_if_configured() {
    let server = Server::demo(&[], &[("JWT_ERROR_FORMAT", "problem_details"), ("JWT_REALM", "demo")]);
    let refused = server.send("/protected", &[("authorization", "Bearer garbage")], None);
    assert_eq!((refused.status, refused.header("content-type")), (401, "application/problem+json"));
    assert!(refused.header("www-authenticate").starts_with("Bearer realm=\"demo\", error=\"invalid_token\""));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&refused.body).unwrap(),
        serde_json::json!({
            "title": "Unauthorized", "status": 401, "detail": "Not enough segments", "code": "token_invalid"
        })
    );
}

#[test]
fn origins_are_named_in_the_file_or_the_environment() {
    let file = format!("cors_origins = [\"https://app.example.com\"]\n{}", users());
    let read = |server: &Server, origin: &str| {
        server.send("/healthz", &[("origin", origin)], None).header("access-control-allow-origin").to_owned()
    };
    let server = Server::serve(&file, &[("JWT_SECRET_KEY", SECRET)]);
    assert_eq!(read(&server, "https://app.example.com"), "https://app.example.com");
    let two = "https://one.example, https://two.example:8443";
    let server = Server::serve(&file, &[("JWT_SECRET_KEY", SECRET), ("JWT_CORS_ORIGINS", two)]);
    assert_eq!(read(&server, "https://two.example:8443"), "https://two.example:8443");
    assert_eq!(read(&server, "https://app.example.com"), "", "the environment overrides the file");
    let server = Server::demo(&[], &[("JWT_CORS_ORIGINS", "http://localhost:3000")]);
    assert_eq!(read(&server, "http://localhost:3000"), "http://localhost:3000");
}

#[test]
fn the_environment_overrides_the_file() {
    let file = format!("[jwt]\naccess_token_expires = \"5m\"\n{}", users());
    for (variables, expected) in [
        (&[("JWT_SECRET_KEY", SECRET)][..], 300),
        (&[("JWT_SECRET_KEY", SECRET), ("JWT_ACCESS_TOKEN_EXPIRES", "60")], 60),
    ] {
        let server = Server::serve(&file, variables);
        let body = server.send("/token", &[JSON], Some(server.credentials)).body;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["expires_in"], expected);
    }
}

#[test]
fn a_file_keeps_the_defaults_that_it_does_not_set() {
    for jwt in ["", "[jwt]\n", "[jwt]\naccess_token_expires = \"5m\"\n"] {
        let server = Server::serve(&format!("{jwt}{}", users()), &[("JWT_SECRET_KEY", SECRET)]);
        let bearer = format!("Bearer {}", server.tokens().0);
        let cookie = format!("access_token_cookie={}", server.log_in().cookie("access_token_cookie"));
        for header in [("authorization", &*bearer), ("cookie", &*cookie)] {
            let answer = server.send("/protected", &[header], None);
            assert_eq!(answer.status, 200, "{jwt:?}, {}: {}", header.0, answer.body);
        }
    }
}

#[test]
fn serve_sets_secure_cookies_and_has_no_demo_users() {
    let server = Server::serve(&users(), &[("JWT_SECRET_KEY", SECRET)]);
    let login = server.log_in();
    let lines: Vec<_> = login.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|(_, line)| line.contains("; Secure")), "{lines:?}");
    let admin = r#"{"username": "admin", "password": "adminpass"}"#;
    assert_eq!(server.send("/login", &[JSON], Some(admin)).status, 401);
}
