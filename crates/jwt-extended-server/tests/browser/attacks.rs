//! Pages of others: on another port, at a sibling subdomain, and on another site. None of them can act for the visitor.

use serde_json::{Value, json};
use test_services::Browser;

use crate::{
    elsewhere::Elsewhere,
    site::{ALICE, Site, fill_in},
};

const SECTIONS: &str = "[jwt]\ntoken_location = [\"cookies\", \"headers\"]\n";

/// The host of the login server. Browsers trust names below `localhost` as they trust https, so that they say where a
/// request comes from.
const LOGIN: &str = "login.site.localhost";

/// Pages of others: another port of the host, a sibling subdomain, another site.
const OTHERS: [&str; 3] = [LOGIN, "evil.site.localhost", "evil.example.localhost"];

fn server_and_browser() -> (Site, String, Browser) {
    let site = Site::start(SECTIONS);
    let root = format!("http://{LOGIN}:{}/", site.server.port());
    let browser = Browser::start("en", &["--host-resolver-rules=MAP *.localhost 127.0.0.1"]);
    (site, root, browser)
}

/// Has a page send a form with these fields, as the whole window.
fn send_form(browser: &Browser, root: &str, path: &str, fields: &[(&str, &str)]) {
    let script = "
        const form = Object.assign(document.createElement('form'), { method: 'post', action: arguments[0] });
        for (const [name, value] of arguments[1]) {
            form.append(Object.assign(document.createElement('input'), { name, value }));
        }
        document.body.append(form);
        form.submit();";
    browser.script(script, &[format!("{root}{path}").into(), json!(fields)]);
    // The answer may lead to another page of the server.
    let own = "return document.readyState === 'complete' && document.title !== 'Elsewhere'";
    browser.wait_until(path, |browser| browser.address().starts_with(root) && browser.script(own, &[]) == true);
}

fn cookie(browser: &Browser, name: &str) -> String {
    let cookies = browser.cookies();
    let found = cookies.iter().find(|cookie| cookie["name"] == name).unwrap_or_else(|| panic!("{name}: {cookies:?}"));
    found["value"].as_str().unwrap().to_owned()
}

#[test]
fn scripts_cannot_read_tokens() {
    let (_site, root, browser) = server_and_browser();
    browser.open(&root);
    fill_in(&browser, ALICE);
    browser.wait_for_text("Logged in as alice");
    let token = cookie(&browser, "access_token_cookie");
    let page = browser.script("return document.cookie + document.documentElement.outerHTML", &[]);
    let page = page.as_str().unwrap();
    assert!(page.contains("csrf_access_token=") && !page.contains(&token) && !page.contains("token_cookie"), "{page}");
}

#[test]
fn a_page_runs_no_code_that_is_not_its_own() {
    let (_site, root, browser) = server_and_browser();
    browser.open(&root);
    let refused = |body: &str| {
        let outcome = browser.script_async(body);
        assert!(outcome.as_str().is_some_and(|text| text.contains("Error")), "{body}: {outcome}");
    };
    refused("document.body.innerHTML = '<b>markup</b>'");
    refused("document.createElement('script').textContent = 'alert(1)'");
    refused("document.body.setAttribute('onclick', 'alert(1)')");
    refused("await fetch('https://elsewhere.localhost/')");
    browser.script(
        "const frame = document.createElement('iframe'); frame.src = 'https://elsewhere.localhost/'; \
         document.body.append(frame)",
        &[],
    );
    assert!(browser.complaints().iter().any(|line| line.contains("Content Security Policy")));
}

#[test]
fn no_other_page_ends_sessions_even_with_the_csrf_value() {
    let (site, root, browser) = server_and_browser();
    let elsewhere = Elsewhere::start("<!doctype html><title>Elsewhere</title><body>");
    browser.open(&root);
    fill_in(&browser, ALICE);
    browser.wait_for_text("Logged in as alice");
    let (csrf, session) = (cookie(&browser, "csrf_access_token"), site.server.log_in_elsewhere());
    for host in OTHERS {
        let paths = ["account/logout", "account/sessions/end", "account/sessions/end-others", "account/password"];
        for path in paths {
            browser.open(&elsewhere.at(host));
            let fields = [
                ("csrf_token", &*csrf),
                ("session", "01a219a6-2be8-7b3f-850d-a8019fd7a485"),
                ("password", ALICE.1),
                ("new_password", "quiet-lynx-77"),
            ];
            send_form(&browser, &root, path, &fields);
            // Browsers send no cookies with a form of another site, and those of siblings are refused.
            let text = browser.text();
            let address = browser.address();
            let is_account = address == format!("{root}account") || address == format!("{root}account?note=late");
            let is_refused = is_account || text.contains("Another website sent you here");
            assert!(is_refused, "{host} {path}: {text}");
        }
        for path in ["logout", "refresh", "transfer", "sessions", "password"] {
            browser.open(&elsewhere.at(host));
            let call = |method: &str, mode: &str| {
                format!(
                    "await fetch('{root}{path}', {{ method: '{method}', mode: '{mode}', credentials: 'include' }}); \
                     return 'sent'"
                )
            };
            assert_eq!(browser.script_async(&call("POST", "no-cors")), "sent", "and refused");
            let read = browser.script_async(&call("POST", "cors"));
            assert!(read.as_str().unwrap().contains("Failed to fetch"), "{host} reads the answer of {path}");
        }
        browser.open(&format!("{root}account"));
        assert!(browser.text().contains("Logged in as alice"), "{host}: {}", browser.text());
    }
    let answer = site.server.send("/protected", &[("authorization", &*session)], None);
    assert_eq!(answer.status, 200, "the other session is open");
}

#[test]
fn a_sibling_that_has_the_csrf_value_is_told_apart() {
    let (_site, root, browser) = server_and_browser();
    let elsewhere = Elsewhere::start("<!doctype html><title>Elsewhere</title><body>");
    browser.open(&root);
    fill_in(&browser, ALICE);
    browser.wait_for_text("Logged in as alice");
    let csrf = cookie(&browser, "csrf_access_token");
    for host in &OTHERS[..2] {
        browser.open(&elsewhere.at(host));
        send_form(&browser, &root, "account/logout", &[("csrf_token", &csrf)]);
        browser.wait_for_text("Another website sent you here, so nothing has changed.");
    }
}

#[test]
fn no_other_page_logs_its_visitor_in() {
    let (_site, root, browser) = server_and_browser();
    let elsewhere = Elsewhere::start("<!doctype html><title>Elsewhere</title><body>");
    for host in OTHERS {
        for path in ["", "login"] {
            browser.open(&elsewhere.at(host));
            send_form(&browser, &root, path, &[("username", ALICE.0), ("password", ALICE.1)]);
            let text = browser.text();
            assert!(text.contains("Another website") || text.contains("refused"), "{host} /{path}: {text}");
            browser.open(&format!("{root}account"));
            assert!(browser.has("#username") && browser.cookies().is_empty(), "{host} /{path}: {}", browser.text());
        }
    }
}

#[test]
fn no_page_shows_the_account_in_a_frame() {
    let (_site, root, browser) = server_and_browser();
    let frame = format!("<!doctype html><title>Elsewhere</title><iframe src=\"{root}account\"></iframe>");
    let elsewhere = Elsewhere::start(&frame);
    browser.open(&root);
    fill_in(&browser, ALICE);
    browser.wait_for_text("Logged in as alice");
    for host in OTHERS {
        browser.open(&elsewhere.at(host));
        let complaints = browser.complaints();
        let refused =
            complaints.iter().any(|line| line.contains("frame-ancestors") || line.contains("X-Frame-Options"));
        assert!(refused, "{host}: {complaints:?}");
    }
}

#[test]
fn a_login_follows_no_address_of_others() {
    let (_site, root, browser) = server_and_browser();
    for query in ["return_to=https://evil.example/", "then=https://evil.example/", "return_to=//evil.example"] {
        browser.open(&root);
        browser.delete_cookies();
        browser.open(&format!("{root}?{query}"));
        fill_in(&browser, ALICE);
        browser.wait_for_text("Logged in as alice");
        assert!(browser.address().starts_with(&root), "{}", browser.address());
    }
}

#[test]
fn a_link_from_another_site_finds_the_visitor_logged_in() {
    let (_site, root, browser) = server_and_browser();
    let link = format!("<!doctype html><title>Elsewhere</title><a href=\"{root}account\">to the account</a>");
    let elsewhere = Elsewhere::start(&link);
    browser.open(&root);
    fill_in(&browser, ALICE);
    browser.wait_for_text("Logged in as alice");
    browser.open(&elsewhere.at(OTHERS[2]));
    browser.click("a");
    browser.wait_for_text("Logged in as alice");
    let opener: Value = browser.script("return window.opener", &[]);
    assert_eq!(opener, Value::Null);
}
