//! How sessions go on and end: a laptop that slept, a logout and the back button, a stolen cookie.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use test_services::Browser;

use crate::site::{ALICE, Site, fill_in, log_in};

/// Access tokens that soon expire, as if the laptop slept for an hour.
const SHORT: &str = "[jwt]\ntoken_location = [\"cookies\"]\naccess_token_expires = \"1s\"\nrefresh_grace = \"1s\"\n";

/// Leaves the page, so that its script refreshes nothing, and waits until the access token has expired.
fn sleep_until_expired(browser: &Browser, site: &Site) {
    browser.open(&site.at("/healthz"));
    let started = Instant::now();
    while browser.script_async("return (await fetch('/protected')).status") != 401 {
        assert!(started.elapsed() < Duration::from_secs(30), "the token does not expire");
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_laptop_that_slept_is_still_logged_in() {
    let site = Site::start(SHORT);
    let browser = Browser::start("en", &[]);
    log_in(&browser, &site, ALICE);
    sleep_until_expired(&browser, &site);
    browser.open(&site.at("/account"));
    browser.wait_for_text("Logged in as alice");

    sleep_until_expired(&browser, &site);
    let status = browser.script_async(
        "const { keepLoggedIn } = await import('/assets/refresh.js'); \
         return (await keepLoggedIn().fetch('/protected')).status",
    );
    assert_eq!(status, 200, "the module refreshes and tries once more");
}

#[test]
fn a_form_of_an_old_page_changes_nothing_and_says_so() {
    // Long enough for filling in a form, also on a busy machine.
    let site = Site::start("[jwt]\ntoken_location = [\"cookies\"]\naccess_token_expires = \"6s\"\n");
    let browser = Browser::start("en", &[]);
    browser.turn_scripts_off();
    log_in(&browser, &site, ALICE);
    let protected = "return (await fetch('/protected')).status";
    browser.wait_until("the token expires", |browser| browser.script_async(protected) == 401);
    browser.type_into("#password", ALICE.1);
    browser.type_into("#new_password", "quiet-lynx-77");
    browser.click("[action$='/password'] button");
    browser.wait_for_text("The page was open for too long, so nothing has changed.");
    browser.type_into("#password", ALICE.1);
    browser.type_into("#new_password", "quiet-lynx-77");
    browser.click("[action$='/password'] button");
    browser.wait_for_text("Your password is changed");
}

#[test]
fn the_back_button_shows_nothing_after_a_logout() {
    let site = Site::start("[jwt]\ntoken_location = [\"cookies\"]\n");
    let browser = Browser::start("en", &[]);
    log_in(&browser, &site, ALICE);
    browser.wait_for("[data-tabs=on]");
    browser.click("nav form button");
    browser.wait_for_text("You are logged out.");
    browser.back();
    browser.wait_for("#username");
    assert!(!browser.text().contains("Logged in as"), "{}", browser.text());
    assert!(browser.address().ends_with("/account"), "{}", browser.address());
}

#[test]
fn a_cookie_used_elsewhere_ends_the_session_and_says_so() {
    let site = Site::start(SHORT);
    let browser = Browser::start("en", &[]);
    log_in(&browser, &site, ALICE);
    browser.open(&site.at("/healthz"));
    let cookies = browser.cookies();
    let value = |name: &str| {
        let cookie = cookies.iter().find(|cookie| cookie["name"] == name).unwrap();
        cookie["value"].as_str().unwrap().to_owned()
    };
    let cookie = format!("refresh_token_cookie={}", value("refresh_token_cookie"));
    let csrf = value("csrf_refresh_token");
    let theft = site.server.send("/refresh", &[("cookie", &cookie), ("x-csrf-token", &csrf)], Some(""));
    assert_eq!(theft.status, 200, "{theft:?}");
    // Past the grace time, in which parallel requests may use a token twice.
    sleep(Duration::from_millis(2500));
    browser.open(&site.at("/account"));
    browser.wait_for_text("Your session was used in two places, so it has ended everywhere.");
    let stolen = format!("refresh_token_cookie={}", theft.cookie("refresh_token_cookie"));
    let csrf = theft.cookie("csrf_refresh_token");
    let again = site.server.send("/refresh", &[("cookie", &stolen), ("x-csrf-token", &csrf)], Some(""));
    assert_eq!(again.status, 401, "the thief is out, too: {again:?}");
    fill_in(&browser, ALICE);
    browser.wait_for_text("Logged in as alice");
}
