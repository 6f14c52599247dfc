//! The attributes of cookies, as the browser really treats them.

use serde_json::{Value, json};
use test_services::Browser;

use crate::{
    elsewhere::Elsewhere,
    site::{ALICE, Site, fill_in, log_in},
};

const HOST_PREFIX: &str = "[jwt]
token_location = [\"cookies\"]
access_cookie_name = \"__Host-access\"
refresh_cookie_name = \"__Host-refresh\"
access_csrf_cookie_name = \"__Host-csrf-access\"
refresh_csrf_cookie_name = \"__Host-csrf-refresh\"
";

fn named(browser: &Browser, name: &str) -> Value {
    let cookies = browser.cookies();
    cookies.iter().find(|cookie| cookie["name"] == name).cloned().unwrap_or_else(|| panic!("{name}: {cookies:?}"))
}

#[test]
fn cookies_of_one_host_are_secure_and_not_for_scripts() {
    let site = Site::start(HOST_PREFIX);
    let browser = Browser::start("en", &[]);
    log_in(&browser, &site, ALICE);
    for (name, is_hidden) in [("__Host-access", true), ("__Host-refresh", true), ("__Host-csrf-access", false)] {
        let cookie = named(&browser, name);
        assert_eq!((&cookie["httpOnly"], &cookie["secure"]), (&json!(is_hidden), &json!(true)), "{cookie}");
        assert_eq!((&cookie["sameSite"], &cookie["path"]), (&json!("Lax"), &json!("/")), "{cookie}");
    }
    browser.wait_for("[data-tabs=on]");
    browser.click("nav form button");
    browser.wait_for_text("You are logged out.");
    assert_eq!(browser.cookies(), Vec::<Value>::new());
}

#[test]
fn a_sibling_cannot_plant_a_cookie_of_one_host() {
    let site = Site::start(HOST_PREFIX);
    let browser = Browser::start("en", &["--host-resolver-rules=MAP *.localhost 127.0.0.1"]);
    let elsewhere = Elsewhere::start("<!doctype html><title>Elsewhere</title>");
    browser.open(&elsewhere.at("evil.site.localhost"));
    browser.script(
        "document.cookie = '__Host-csrf-access=planted; domain=site.localhost; path=/; secure'; \
         document.cookie = 'plain=planted; domain=site.localhost; path=/; secure'",
        &[],
    );
    browser.open(&format!("http://login.site.localhost:{}/", site.server.port()));
    let cookies = browser.script("return document.cookie", &[]);
    assert_eq!(cookies, "plain=planted", "a cookie without the prefix reaches every sibling");
    fill_in(&browser, ALICE);
    browser.wait_for_text("Logged in as alice");
}

#[test]
fn partitioned_cookies_belong_to_one_top_level_site() {
    let sections = "[jwt]\ntoken_location = [\"cookies\"]\ncookie_partitioned = true\ncookie_samesite = \"None\"\n";
    let site = Site::start(sections);
    let browser = Browser::start("en", &[]);
    log_in(&browser, &site, ALICE);
    let cookies = browser.devtools("Network.getCookies", &json!({}));
    let cookies = cookies["cookies"].as_array().unwrap();
    assert_eq!(cookies.len(), 4, "{cookies:?}");
    for cookie in cookies {
        assert_eq!(cookie["partitionKey"]["topLevelSite"], "http://localhost", "{cookie}");
    }
}

#[test]
fn strict_cookies_do_not_come_with_a_link_from_another_site() {
    let site = Site::start("[jwt]\ntoken_location = [\"cookies\"]\ncookie_samesite = \"Strict\"\n");
    let browser = Browser::start("en", &["--host-resolver-rules=MAP *.localhost 127.0.0.1"]);
    let root = format!("http://login.site.localhost:{}/", site.server.port());
    let link = format!("<!doctype html><title>Elsewhere</title><a href=\"{root}account\">to the account</a>");
    let elsewhere = Elsewhere::start(&link);
    browser.open(&root);
    fill_in(&browser, ALICE);
    browser.wait_for_text("Logged in as alice");
    browser.open(&elsewhere.at("evil.example.localhost"));
    browser.click("a");
    browser.wait_for("#username");
    browser.open(&format!("{root}account"));
    browser.wait_for_text("Logged in as alice");
}

#[test]
fn secure_cookies_that_the_browser_refuses_are_explained() {
    let site = Site::start("[jwt]\ntoken_location = [\"cookies\"]\n");
    let browser = Browser::start("en", &["--host-resolver-rules=MAP plain.example 127.0.0.1"]);
    browser.open(&format!("http://plain.example:{}/", site.server.port()));
    fill_in(&browser, ALICE);
    browser.wait_for_text("Your browser has not kept the cookies of this page.");
    assert!(browser.has("#username"), "one can try again at once");
}
