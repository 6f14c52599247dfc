//! The routes without a process: one request, one response.

use std::{net::SocketAddr, sync::LazyLock};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderName, HeaderValue, Method, Request},
};
use http_body_util::BodyExt as _;
use jwt_extended_axum::{
    Config, JwtManager, JwtManagerBuilder,
    config::{List, Secret, Switch},
    jwt_extended::http::Location,
    session::MemoryStore,
};
use jwt_extended_server::{AppParts, Attempts, Clients, Cors, ForwardAuth, Metadata, Pages, Users, hash, router};
use tower::ServiceExt as _;

use super::{SECRET, member};

/// Hashing is slow on purpose, so all tests share the hashes.
static HASHES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let user = |(name, password): (&str, &str)| (name.to_owned(), hash(password).unwrap());
    [("testuser", "testpass"), ("admin", "adminpass")].map(user).into()
});

/// The server's name in its metadata.
pub(crate) const ISSUER: &str = "https://login.example";

/// The clients of the server. The secret of each is `secret of ` and its name.
const CLIENTS: &str = r#"
[[clients]]
id = "orders"
secret_sha256 = "7570317b0a9074b17b281a99b3d46ee6da1a17d440a320c26cde8eaa711f975b"

[[clients]]
id = "closer"
secret_sha256 = "a0f2a8535552ec8f20409ab69eb0373fc15246243bd6af8bc0adf916e0be4282"
may = ["revoke"]

[[clients]]
id = "slow"
secret_sha256 = "b639e4538160e5cd916772f1ee1331718ce46dcbad5ef2f81ffe91867417ce7b"
rate_limit = 1
"#;

/// A builder with the demo's options.
pub(crate) fn builder() -> JwtManagerBuilder {
    JwtManager::builder()
        .secret_key(Secret::from(SECRET))
        .token_location([Location::Header, Location::Cookie])
        .cookie_secure(Switch::Off)
        .session_store(MemoryStore::new())
}

/// The routes and their manager.
pub(crate) struct TestApp {
    router: Router,
    pub(crate) jwt: JwtManager,
    /// The address that sends the requests.
    pub(crate) peer: SocketAddr,
}

pub(crate) fn app() -> TestApp {
    app_with(builder())
}

pub(crate) fn app_with(builder: JwtManagerBuilder) -> TestApp {
    app_with_origins(builder, &[])
}

/// The routes for pages of other origins.
pub(crate) fn app_with_origins(builder: JwtManagerBuilder, origins: &[&str]) -> TestApp {
    app_of(builder, origins, ForwardAuth::from_toml("").unwrap(), "enabled = false")
}

/// The routes for proxies, by these sections of a configuration file.
pub(crate) fn app_behind_proxies(builder: JwtManagerBuilder, sections: &str) -> TestApp {
    app_of(builder, &[], ForwardAuth::from_toml(sections).unwrap(), "enabled = false")
}

/// The routes with pages, by this section of a configuration file. A login may return to `https://app.example`.
pub(crate) fn app_with_pages(section: &str) -> TestApp {
    app_with_pages_of(builder(), section)
}

/// The same, by another manager.
pub(crate) fn app_with_pages_of(builder: JwtManagerBuilder, section: &str) -> TestApp {
    let forward_auth = ForwardAuth::from_toml("[forward_auth]\nreturn_to = [\"https://app.example\"]").unwrap();
    let builder = builder.csrf_check_form(Switch::On).csrf_refuse_same_site(Switch::On);
    app_of(builder.clear_rejected_cookies(Switch::On), &["https://named.example"], forward_auth, section)
}

fn app_of(builder: JwtManagerBuilder, origins: &[&str], forward_auth: ForwardAuth, pages: &str) -> TestApp {
    let jwt = builder.build().unwrap();
    let users = Users::new(HASHES.clone()).unwrap();
    let cors = Cors::new(origins.iter().map(|origin| origin.parse().unwrap()), &Config::default());
    let mut config = Config::default();
    config.encode_issuer = Some(ISSUER.to_owned());
    let clients = Clients::from_toml(CLIENTS).unwrap();
    let metadata = Metadata::of(&config, &clients);
    let attempts = Attempts::in_memory("").unwrap();
    config.token_location = List(vec![Location::Header, Location::Cookie]);
    let pages = Pages::from_toml(pages, &mut config, &forward_auth).unwrap();
    let parts = AppParts { jwt: jwt.clone(), users, cors, metadata, forward_auth, clients, attempts, pages };
    let router = router(parts.into());
    TestApp { router, jwt, peer: ([127, 0, 0, 1], 1).into() }
}

pub(crate) type Headers<'a> = &'a [(&'a str, &'a str)];

/// The header of JSON bodies.
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
/// The header of forms.
pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
/// The demo user's credentials.
pub(crate) const CREDENTIALS: &str = r#"{"username": "testuser", "password": "testpass"}"#;

impl TestApp {
    pub(crate) async fn get(&self, path: &str, headers: Headers<'_>) -> Answer {
        self.send("GET", path, headers, b"").await
    }

    pub(crate) async fn post(&self, path: &str, headers: Headers<'_>, body: &str) -> Answer {
        self.send("POST", path, headers, body.as_bytes()).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: Headers<'_>, body: &[u8]) -> Answer {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        self.send_bytes(method, path, &headers, body).await
    }

    /// Sends a request whose header values may be any bytes.
    pub(crate) async fn send_bytes(&self, method: &str, path: &str, headers: &[(&str, &[u8])], body: &[u8]) -> Answer {
        let mut request = Request::new(Body::from(body.to_vec()));
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        *request.uri_mut() = path.parse().unwrap();
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).unwrap();
            request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
        }
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let headers = parts.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()));
        Answer {
            status: parts.status.as_u16(),
            headers: headers.collect(),
            body: String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap(),
        }
    }

    /// Logs in with cookies, as a browser.
    pub(crate) async fn browser(&self) -> Browser {
        let login = self.post("/login", &[JSON], CREDENTIALS).await;
        assert_eq!(login.status, 200, "{login:?}");
        Browser {
            access: login.cookie("access_token_cookie"),
            refresh: login.cookie("refresh_token_cookie"),
            access_csrf: login.cookie("csrf_access_token"),
            refresh_csrf: login.cookie("csrf_refresh_token"),
        }
    }

    /// Logs in for tokens, and returns the `Authorization` values of the access and the refresh token.
    pub(crate) async fn bearers(&self) -> (String, String) {
        let body = self.post("/token", &[JSON], CREDENTIALS).await.body;
        let bearer = |name| format!("Bearer {}", member(&body, name));
        (bearer("access_token"), bearer("refresh_token"))
    }
}

/// The cookies of a browser after a login.
pub(crate) struct Browser {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) access_csrf: String,
    pub(crate) refresh_csrf: String,
}

impl Browser {
    /// Returns the value of the `Cookie` header.
    pub(crate) fn cookies(&self) -> String {
        format!("{}; {}", self.access_cookie(), self.refresh_cookie())
    }

    pub(crate) fn access_cookie(&self) -> String {
        format!("access_token_cookie={}; csrf_access_token={}", self.access, self.access_csrf)
    }

    pub(crate) fn refresh_cookie(&self) -> String {
        format!("refresh_token_cookie={}; csrf_refresh_token={}", self.refresh, self.refresh_csrf)
    }
}

/// A response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// Returns the values of a header, in order.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let fitting = self.headers.iter().filter(|(header, _)| header == name);
        fitting.map(|(_, value)| value.as_str()).collect()
    }

    /// Returns the only value of a header; empty if it is missing.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let values = self.all(name);
        assert!(values.len() < 2, "{name} more than once: {self:?}");
        values.first().copied().unwrap_or_default()
    }

    /// Returns the value of a cookie that the response sets.
    #[track_caller]
    pub(crate) fn cookie(&self, name: &str) -> String {
        let lines = self.all("set-cookie");
        let value = lines.into_iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let value = value.unwrap_or_else(|| panic!("no cookie {name}: {self:?}"));
        value.split(';').next().unwrap_or_default().to_owned()
    }

    /// Asserts a status and a JSON body.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body), "{self:?}");
        assert_eq!(self.header("content-type"), "application/json");
    }

    /// Asserts a rejection with a message.
    #[track_caller]
    pub(crate) fn says(&self, status: u16, message: &str) {
        self.is(status, &serde_json::json!({ "msg": message }).to_string());
    }
}
