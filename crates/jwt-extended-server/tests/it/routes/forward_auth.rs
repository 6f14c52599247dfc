//! The questions of proxies, `/verify`: who it is, what a policy needs, and where a browser logs in.

use jwt_extended_server::ForwardAuth;

use crate::support::{LOGGED_IN, app::*};

const SECTIONS: &str = r#"
    [forward_auth]
    login_page = "https://login.example/page?a=b"
    return_to = ["https://app.example"]
    [forward_auth.headers.claims]
    role = "Remote-Role"
    [[policies]]
    name = "assets"
    paths = ["/assets/{*file}"]
    public = true
    [[policies]]
    name = "transfer"
    paths = ["/transfer"]
    fresh = true
    [[policies]]
    name = "orders"
    paths = ["/orders/{*rest}"]
    scopes = ["read:orders"]
    max_age = "10m"
"#;

fn proxied() -> TestApp {
    app_behind_proxies(builder(), SECTIONS)
}

impl TestApp {
    /// Asks about a request as a proxy does: `POST /transfer`.
    pub(super) async fn ask(&self, request: &str, headers: Headers<'_>) -> Answer {
        self.ask_with("/verify", request, headers).await
    }

    pub(super) async fn ask_with(&self, question: &str, request: &str, headers: Headers<'_>) -> Answer {
        let (method, uri) = request.split_once(' ').unwrap();
        let forwarded = [
            ("x-forwarded-method", method),
            ("x-forwarded-uri", uri),
            ("x-forwarded-host", "app.example"),
            ("x-forwarded-proto", "https"),
        ];
        self.get(question, &[&forwarded, headers].concat()).await
    }
}

const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[tokio::test]
async fn a_good_token_is_204_with_every_fact() {
    let app = proxied();
    let token = app.jwt.access_token("Jos\u{e9}").scopes(["a", "b"]);
    let token = token.additional_claims(&serde_json::json!({ "role": ["x"] })).create().unwrap();
    let answer = app.ask("GET /page", &[("authorization", &format!("Bearer {token}"))]).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(answer.header("remote-user"), "Jos%C3%A9");
    assert_eq!(answer.header("remote-scopes"), "a,b");
    assert_eq!(answer.header("remote-role"), "[\"x\"]");
    assert_eq!(answer.header("remote-token-id"), token.jti().unwrap());
    assert_eq!(answer.all("remote-issuer"), [""]);
    let login = app.browser().await;
    let answer = app.ask("GET /page", &[("cookie", &login.access_cookie())]).await;
    assert_eq!((answer.status, answer.header("remote-user")), (204, "testuser"));
    assert!(!answer.header("remote-session").is_empty());
}

#[tokio::test]
async fn no_header_of_the_identity_is_left_to_the_client() {
    let app = proxied();
    let names = ["remote-user", "remote-issuer", "remote-session", "remote-scopes", "remote-token-id", "remote-role"];
    for name in names {
        let smuggled = [(name, "root")];
        let public = app.ask("GET /assets/a.css", &smuggled).await;
        assert_eq!((public.status, public.all(name)), (204, vec![""]), "{name}");
    }
    let (bearer, _) = app.bearers().await;
    let public = app.ask("GET /assets/a.css", &[("authorization", &bearer)]).await;
    assert_eq!((public.status, public.header("remote-user")), (204, "testuser"));
    let public = app.ask("GET /assets/a.css", &[("authorization", "Bearer nonsense")]).await;
    assert_eq!((public.status, public.header("remote-user")), (204, ""));
}

#[tokio::test]
async fn a_rejection_is_401_or_403_with_its_challenge() {
    let app = proxied();
    let missing = app.ask("GET /page", &[]).await;
    assert_eq!((missing.status, missing.header("www-authenticate")), (401, "Bearer"));
    for bad in ["Bearer nonsense", "Basic YTpi", "Bearer"] {
        let answer = app.ask("GET /page", &[("authorization", bad)]).await;
        assert_eq!(answer.status, 401, "{bad}");
        assert!(!answer.header("www-authenticate").is_empty(), "{bad}");
    }
    let twice = app.ask("GET /page", &[("authorization", "Bearer a"), ("authorization", "Bearer b")]).await;
    assert_eq!(twice.status, 401, "a proxy takes 400 for a fault of the server");
    let (bearer, refresh) = app.bearers().await;
    assert_eq!(app.ask("GET /page", &[("authorization", &refresh)]).await.status, 401);
    let scope = app.ask("GET /orders/7", &[("authorization", &bearer)]).await;
    assert_eq!(scope.status, 403);
    assert!(scope.header("www-authenticate").contains("insufficient_scope"), "{scope:?}");
}

#[tokio::test]
async fn the_path_decides_by_its_policy() {
    let app = proxied();
    let stale = format!("Bearer {}", app.jwt.create_access_token("testuser").unwrap());
    for path in ["/transfer", "/Transfer/", "/tr%61nsfer", "/transfer?a=b", "/transfer;a"] {
        let answer = app.ask(&format!("POST {path}"), &[("authorization", &stale)]).await;
        answer.says(401, "Fresh token required");
    }
    for path in ["//transfer", "/assets/../transfer", "/assets/%2e%2e%2ftransfer"] {
        assert_eq!(app.ask(&format!("POST {path}"), &[("authorization", &stale)]).await.status, 403, "{path}");
    }
    let (fresh, _) = app.bearers().await;
    assert_eq!(app.ask("POST /transfer", &[("authorization", &fresh)]).await.status, 204);
}

#[tokio::test]
async fn the_query_of_a_question_may_name_what_is_needed() {
    let app = proxied();
    let stale = format!("Bearer {}", app.jwt.create_access_token("testuser").unwrap());
    for (question, status) in [
        ("/verify?policy=assets", 204),
        ("/verify?policy=transfer", 401),
        ("/verify?fresh=true", 401),
        ("/verify?scopes=read:orders", 403),
        ("/verify?max_age=10m", 401),
        ("/verify?policy=nobody", 500),
        ("/verify?fresh=yes", 500),
        ("/verify?scope=a", 500),
        ("/verify?max_age=soon", 500),
        ("/verify?max_age=never", 500),
        ("/verify?policy=assets&fresh=true", 500),
    ] {
        let answer = app.ask_with(question, "GET /page", &[("authorization", &stale)]).await;
        assert_eq!(answer.status, status, "{question}");
    }
}

#[tokio::test]
async fn a_cookie_needs_its_csrf_value_for_the_forwarded_method() {
    let app = proxied();
    let login = app.browser().await;
    let cookie = login.access_cookie();
    let ask = async |request, more: Headers<'_>| app.ask(request, &[&[("cookie", &*cookie)], more].concat()).await;
    assert_eq!(ask("GET /page", &[]).await.status, 204);
    for request in ["POST /page", "PUT /page", "DELETE /page", "PATCH /page"] {
        ask(request, &[]).await.says(401, "Missing CSRF token");
    }
    assert_eq!(ask("POST /page", &[("x-csrf-token", &login.access_csrf)]).await.status, 204);
    assert_eq!(ask("POST /page", &[("x-csrf-token", "wrong")]).await.status, 401);
    let other_site = [("x-csrf-token", &*login.access_csrf), ("sec-fetch-site", "cross-site")];
    assert_eq!(ask("POST /page", &other_site).await.status, 401);
}

#[tokio::test]
async fn headers_count_only_from_the_named_proxies() {
    let mut app = app_behind_proxies(
        builder(),
        "[forward_auth]\ntrusted_proxies = [\"10.1.0.0/16\", \"10.3.0.1\", \"fd00::/8\"]",
    );
    let (bearer, _) = app.bearers().await;
    for (peer, status) in [
        ("10.1.2.3:1", 204),
        ("[::ffff:10.1.2.3]:1", 204),
        ("[fd00::1]:1", 204),
        ("10.3.0.1:1", 204),
        ("10.3.0.2:1", 500),
        ("127.0.0.1:1", 500),
    ] {
        app.peer = peer.parse().unwrap();
        assert_eq!(app.ask("GET /page", &[("authorization", &bearer)]).await.status, status, "{peer}");
    }
}

#[tokio::test]
async fn a_question_that_names_no_request_is_refused() {
    let app = proxied();
    let (bearer, _) = app.bearers().await;
    let bearer = ("authorization", &*bearer);
    let (method, uri) = (("x-forwarded-method", "GET"), ("x-forwarded-uri", "/page"));
    assert_eq!(app.get("/verify", &[bearer, method, uri]).await.status, 204);
    for headers in
        [&[bearer][..], &[bearer, method], &[bearer, uri], &[bearer, method, method, uri], &[bearer, method, uri, uri]]
    {
        let answer = app.get("/verify", headers).await;
        answer.says(500, "The proxy's question is not clear. The log of the login server says why");
    }
}

#[tokio::test]
async fn a_request_that_apps_read_differently_is_refused() {
    let app = proxied();
    let (bearer, _) = app.bearers().await;
    let addresses = ["page", "https://app.example/page", "/assets/x#/../../transfer", "/a<b", ""];
    for address in addresses {
        let headers = [("authorization", &*bearer), ("x-forwarded-method", "GET"), ("x-forwarded-uri", address)];
        assert_eq!(app.get("/verify", &headers).await.status, 403, "{address}");
    }
    for method in ["post", "Post", "GET POST", ""] {
        let headers = [("authorization", &*bearer), ("x-forwarded-method", method), ("x-forwarded-uri", "/page")];
        assert_eq!(app.get("/verify", &headers).await.status, 403, "{method}");
    }
    assert_eq!(app.send("post", "/verify/page", &[("authorization", &bearer)], b"").await.status, 403);
}

#[tokio::test]
async fn a_preflight_passes_only_by_a_policy() {
    assert_eq!(proxied().ask("OPTIONS /page", &[]).await.status, 401);
    let policy = "[[policies]]\nname = \"preflights\"\nmethods = [\"OPTIONS\"]\npublic = true";
    let app = app_behind_proxies(builder(), policy);
    assert_eq!(app.ask("OPTIONS /page", &[]).await.status, 204);
    assert_eq!(app.ask("GET /page", &[]).await.status, 401);
}

#[tokio::test]
async fn a_websocket_needs_the_origin_of_the_forwarded_host() {
    let app = proxied();
    let cookie = app.browser().await.access_cookie();
    let ask = async |origin: &str| {
        let headers = [("cookie", &*cookie), ("upgrade", "websocket"), ("host", "login.internal"), ("origin", origin)];
        app.ask("GET /socket", &headers).await.status
    };
    assert_eq!(ask("https://app.example").await, 204);
    assert_eq!(ask("https://login.internal").await, 401);
    assert_eq!(ask("https://evil.example").await, 401);
}

#[tokio::test]
async fn a_path_after_verify_is_that_of_the_client() {
    let app = proxied();
    let login = app.browser().await;
    let cookie = ("cookie", login.access_cookie());
    let cookie = (cookie.0, &*cookie.1);
    let admitted = app.get("/verify/page", &[cookie]).await;
    assert_eq!((admitted.status, admitted.header("remote-user")), (200, "testuser"), "Envoy takes 200 alone");
    assert_eq!(app.get("/verify/assets/a", &[]).await.status, 200);
    let claims_to_get = [cookie, ("x-forwarded-method", "GET"), ("x-forwarded-uri", "/assets/a")];
    app.send("POST", "/verify/transfer", &claims_to_get, b"").await.says(401, "Missing CSRF token");
    assert_eq!(app.get("/verify/page?policy=assets", &[]).await.status, 401, "the query is the client's");
    let browser = [PAGE, ("host", "app.example"), ("x-forwarded-proto", "https")];
    let location = "https://login.example/page?a=b&return_to=https%3A%2F%2Fapp.example%2Fpage";
    assert_eq!(app.get("/verify/page", &browser).await.header("location"), location);
}

/// As Traefik asks, by the middleware of `proxies/traefik.yaml`.
#[tokio::test]
async fn a_question_of_traefik_is_understood() {
    let app = proxied();
    let login = app.browser().await;
    let (cookie, csrf) = (login.access_cookie(), login.access_csrf.clone());
    let headers = [
        ("host", "127.0.0.1:5000"),
        ("user-agent", "Mozilla/5.0"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip, deflate"),
        ("content-type", "application/json"),
        ("cookie", &cookie),
        ("x-csrf-token", &csrf),
        ("x-forwarded-for", "192.0.2.7"),
        ("x-forwarded-host", "app.example"),
        ("x-forwarded-method", "POST"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-server", "traefik"),
        ("x-forwarded-uri", "/page?x=y"),
        ("x-real-ip", "192.0.2.7"),
    ];
    let answer = app.get("/verify", &headers).await;
    assert_eq!((answer.status, answer.header("remote-user")), (204, "testuser"));
    let without: Vec<_> = headers.into_iter().filter(|(name, _)| *name != "x-csrf-token").collect();
    app.get("/verify", &without).await.says(401, "Missing CSRF token");
}

#[tokio::test]
async fn a_browser_is_sent_to_the_login_page_and_back() {
    let app = proxied();
    let expected = "https://login.example/page?a=b&return_to=https%3A%2F%2Fapp.example%2Fpage%3Fx%3Dy%2526";
    let sent = app.ask("GET /page?x=y%26", &[PAGE]).await;
    assert_eq!((sent.status, sent.header("location")), (302, expected));
    assert_eq!(sent.header("cache-control"), "no-store");
    let told = app.ask_with("/verify?login=location", "GET /page?x=y%26", &[PAGE]).await;
    assert_eq!((told.status, told.header("location")), (401, expected));
    let elsewhere = [PAGE, ("x-forwarded-method", "GET"), ("x-forwarded-uri", "/page")];
    let elsewhere = [&elsewhere[..], &[("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https")]].concat();
    assert_eq!(app.get("/verify", &elsewhere).await.header("location"), "https://login.example/page?a=b");
}

#[tokio::test]
async fn only_a_navigation_without_a_login_is_sent() {
    let app = proxied();
    let (bearer, _) = app.bearers().await;
    for (request, headers, status) in [
        ("GET /page", &[("accept", "application/json")][..], 401),
        ("GET /page", &[("accept", "*/*")], 401),
        ("POST /page", &[PAGE], 401),
        ("GET /page", &[PAGE, ("sec-fetch-mode", "cors")], 401),
        ("GET /page", &[PAGE, ("sec-fetch-mode", "navigate")], 302),
        ("GET /orders/7", &[PAGE, ("authorization", &bearer)], 403),
    ] {
        assert_eq!(app.ask(request, headers).await.status, status, "{request} {headers:?}");
    }
}

#[tokio::test]
async fn a_login_returns_only_to_named_origins() {
    let app = proxied();
    let log_in = async |query: &str| app.post(&format!("/login{query}"), &[JSON], CREDENTIALS).await;
    let back = log_in("?return_to=https%3A%2F%2Fapp.example%2Fpage%3Fx%3Dy").await;
    assert_eq!((back.status, back.header("location")), (303, "https://app.example/page?x=y"));
    assert_eq!(back.all("set-cookie").len(), 4);
    for query in ["?return_to=https://evil.example/", "?return_to=//app.example", "?return_to=/page", "?other=1", ""] {
        let here = log_in(query).await;
        here.is(200, LOGGED_IN);
        assert_eq!(here.header("location"), "");
    }
}

#[test]
fn a_login_page_needs_an_address_and_a_way_back() {
    let refused = |section: &str| ForwardAuth::from_toml(&format!("[forward_auth]\n{section}")).unwrap_err();
    let page = refused("login_page = \"ftp://login.example/\"\nreturn_to = [\"https://app.example\"]");
    assert!(page.contains("login_page must begin with https:// or http://"), "{page}");
    let way = refused("login_page = \"https://login.example/\"");
    assert!(way.contains("login_page needs return_to"), "{way}");
}
