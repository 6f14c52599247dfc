//! The section `[pages]` of the configuration file, and the pages of the real program.

use std::fs;

use tempfile::NamedTempFile;

use crate::support::{SECRET, listed_user, process::*};

const KEY: Variables<'_> = &[("JWT_SECRET_KEY", SECRET)];
const FORM_OF_TESTUSER: &str = "username=testuser&password=hazel-otter-52";

fn with(section: &str) -> String {
    format!("{section}\n{}", listed_user("testuser"))
}

#[track_caller]
fn refused_with(section: &str) -> String {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), with(section)).unwrap();
    refused(&["check", "--config", file.path().to_str().unwrap()], KEY)
}

#[test]
fn a_mistake_in_the_pages_is_told_before_the_start() {
    let tokens_in_headers = "[pages]\nenabled = true\n[jwt]\ntoken_location = [\"headers\"]";
    assert!(refused_with(tokens_in_headers).contains("pages.enabled needs cookies"));
    assert!(refused_with("[pages]\nlanguage = \"fr\"").contains("add [pages.texts.fr]"));
    assert!(refused_with("[pages]\nlogo = \"logo.gif\"").contains("an SVG or a PNG file"));
    assert!(refused_with("[pages]\nlogo = \"no such file.svg\"").contains("pages.logo: cannot read no such file.svg"));
    assert!(
        refused_with("[pages]\naccent = \"red\"").contains("line 2: pages.accent must be a colour such as #3451b2")
    );
    assert!(refused_with("[pages.texts.en]\nlog_on = \"x\"").contains("line 2: unknown field `log_on`"));
    assert!(refused_with("[pages.texts.\"a b\"]").contains("a language is a tag such as fr"));
}

#[test]
fn a_server_without_cookies_has_no_pages() {
    let server = Server::serve(&with("[jwt]\ntoken_location = [\"headers\"]"), KEY);
    assert_eq!(server.send("/", &[], None).status, 404);
}

#[test]
fn a_form_logs_in_and_its_login_is_logged() {
    let server = Server::serve(&with("[jwt]\ncookie_secure = false"), KEY);
    let login = server.send("/", &[FORM], Some(FORM_OF_TESTUSER));
    assert_eq!((login.status, login.header("location")), (303, "./account?note=welcome"), "{login:?}");
    assert!(server.logged("session_opened").contains("\"subject\":\"testuser\""));
    let wrong = server.send("/", &[FORM], Some("username=testuser&password=wrong"));
    assert_eq!(wrong.status, 401);
    let line = server.logged("\"status\":401");
    assert!(line.contains("\"route\":\"/\"") && line.contains("bad_credentials"), "{line}");
}

#[test]
fn only_the_demo_has_a_playground() {
    let server = Server::serve(&with(""), KEY);
    for path in ["/playground", "/playground/claims", "/assets/playground.js"] {
        assert_eq!(server.send(path, &[], None).status, 404, "{path}");
    }
    let demo = Server::demo(&[], &[]);
    assert_eq!(demo.send("/assets/playground.js", &[], None).status, 200);
    assert_eq!(demo.send("/playground/claims", &[], None).status, 401);
    let login = demo.log_in();
    let cookie = |name: &str| format!("{name}={}", login.cookie(name));
    let cookies = format!("{}; {}", cookie("access_token_cookie"), cookie("refresh_token_cookie"));
    let claims = demo.send("/playground/claims", &[("cookie", &cookies)], None);
    assert_eq!((claims.status, claims.header("cache-control")), (200, "no-store"), "{claims:?}");
    assert!(claims.body.contains(r#"{"name":"sub","value":"testuser"}"#), "{}", claims.body);
    assert!(claims.body.contains(r#""kind":"refresh""#) && !claims.body.contains(&login.cookie("access_token_cookie")));
}

#[test]
fn the_playground_shows_the_claims_after_a_login() {
    let demo = Server::demo(&[], &[]);
    let stranger = demo.send("/playground", &[], None);
    assert!(stranger.status == 401 && !stranger.body.contains("Refresh token"), "{stranger:?}");
    let login = demo.log_in();
    let cookie = |name: &str| format!("{name}={}", login.cookie(name));
    let refresh = cookie("refresh_token_cookie");
    let page = demo.send("/playground", &[("cookie", &format!("{}; {refresh}", cookie("access_token_cookie")))], None);
    assert_eq!(page.status, 200, "{page:?}");
    for shown in ["Access token", "Refresh token", "testuser", &login.cookie("csrf_access_token")] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(!page.body.contains(&login.cookie("access_token_cookie")), "the tokens themselves are not shown");
    let renewed = demo.send("/playground", &[("cookie", &refresh)], None);
    assert_eq!((renewed.status, renewed.header("location")), (303, "./playground"), "{renewed:?}");
    assert_ne!(renewed.cookie("access_token_cookie"), login.cookie("access_token_cookie"));
}

#[test]
fn the_demo_says_that_it_can_be_opened_in_a_browser() {
    let demo = Server::demo(&[], &[]);
    let address = format!("Open http://{}/ in a browser", demo.address);
    let found = demo.out.lock().unwrap().iter().take(20).any(|line| line.starts_with(&address));
    assert!(found, "{address}");
}

#[test]
fn a_logo_of_the_site_is_shown_without_rights() {
    let logo = NamedTempFile::with_suffix(".svg").unwrap();
    fs::write(logo.path(), "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>").unwrap();
    let section = format!("[pages]\ntitle = \"Shop\"\nlogo = \"{}\"", logo.path().display());
    let server = Server::serve(&with(&section), KEY);
    assert!(server.send("/", &[], None).body.contains(">Shop</a>"));
    let shown = server.send("/assets/logo.svg", &[], None);
    assert_eq!((shown.status, shown.header("content-type")), (200, "image/svg+xml"));
    assert!(shown.header("content-security-policy").contains("sandbox"), "{shown:?}");
}

#[test]
#[cfg(unix)]
fn a_reload_changes_the_words_of_the_pages() {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), with("[pages]\ntitle = \"Before\"")).unwrap();
    let server = Server::serve_file(file.path(), KEY);
    assert!(server.send("/", &[], None).body.contains("Before"));
    fs::write(file.path(), with("[pages]\ntitle = \"After\"")).unwrap();
    server.signal("HUP");
    server.logged("the configuration was reloaded");
    assert!(server.send("/", &[], None).body.contains("After"));
}
