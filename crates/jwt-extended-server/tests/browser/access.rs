//! For everybody: the rules of axe-core, the keyboard alone, no scripts.

use serde_json::{Value, json};
use test_services::{Browser, Key, npm_file};

use crate::site::{ALICE, Site, fill_in, log_in};

/// Asserts that axe-core finds nothing wrong, in light and in dark.
#[track_caller]
fn check(browser: &Browser, page: &str) {
    for scheme in ["light", "dark"] {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.devtools("Emulation.setEmulatedMedia", &media);
        browser.devtools("Runtime.evaluate", &json!({ "expression": npm_file("axe-core/axe.min.js") }));
        let found = browser.script_async(
            "const { violations, passes } = await axe.run(document, { preload: false }); \
             return { passes: passes.length, \
                violations: violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary: why }) => [html, why])]) }",
        );
        assert_eq!(found["violations"], json!([]), "{page}, {scheme}");
        assert!(found["passes"].as_u64().is_some_and(|passes| passes > 10), "{page} is not checked: {found}");
    }
}

#[test]
fn axe_finds_nothing_wrong_on_any_page() {
    let site = Site::demo();
    let browser = Browser::start("en", &[]);
    browser.open(&site.at("/"));
    check(&browser, "login");
    fill_in(&browser, ("testuser", "a wrong one"));
    check(&browser, "login with an error");
    log_in(&browser, &site, ("testuser", "testpass"));
    site.server.log_in();
    browser.open(&site.at("/account?note=session-ended"));
    browser.wait_for(".sessions form");
    check(&browser, "account");
    browser.open(&site.at("/playground"));
    browser.click("[data-call=protected] button");
    browser.wait_for_text("logged_in_as");
    check(&browser, "playground");
    browser.open(&site.at("/?then=playground"));
    check(&browser, "confirmation");
    browser.open(&site.at("/nothing"));
    check(&browser, "problem");
}

#[test]
fn axe_finds_nothing_wrong_with_the_colours_of_a_brand() {
    let sections = "[pages]\ntitle = \"Buttercup\"\naccent = \"#ffd60a\"\n[jwt]\ntoken_location = [\"cookies\"]\n";
    let site = Site::start(sections);
    let browser = Browser::start("de", &[]);
    browser.open(&site.at("/"));
    check(&browser, "login");
    fill_in(&browser, ALICE);
    browser.wait_for_text("Angemeldet als alice");
    check(&browser, "account");
}

#[test]
fn the_keyboard_alone_is_enough() {
    let site = Site::start("[jwt]\ntoken_location = [\"cookies\"]\n");
    let browser = Browser::start("en", &[]);
    browser.open(&site.at("/"));
    browser.type_keys(ALICE.0);
    browser.press(Key::Tab);
    browser.type_keys(ALICE.1);
    browser.press(Key::Enter);
    browser.wait_for_text("Logged in as alice");
    // The name of the site, and then the way out.
    browser.press(Key::Tab);
    browser.press(Key::Tab);
    let outline = browser.script("return getComputedStyle(document.activeElement).outlineStyle", &[]);
    assert_eq!(outline, "solid", "the focus can be seen");
    browser.press(Key::Enter);
    browser.wait_for_text("You are logged out.");
}

#[test]
fn every_target_is_large_enough_for_a_finger() {
    let site = Site::demo();
    let browser = Browser::start("en", &[]);
    log_in(&browser, &site, ("testuser", "testpass"));
    site.server.log_in();
    for path in ["/account", "/playground", "/?then=account"] {
        browser.open(&site.at(path));
        let small = browser.script(
            "return [...document.querySelectorAll('a, button, summary, input:not([type=hidden]):not([hidden])')] \
               .filter((it) => it.getBoundingClientRect().height < 44).map((it) => it.outerHTML)",
            &[],
        );
        assert_eq!(small, Value::Array(Vec::new()), "{path}");
    }
}

#[test]
fn every_form_works_without_scripts() {
    let site = Site::start("[jwt]\ntoken_location = [\"cookies\"]\n");
    let browser = Browser::start("en", &[]);
    browser.turn_scripts_off();
    log_in(&browser, &site, ALICE);
    assert!(!browser.has("[data-tabs]"), "the scripts of the page are off");
    site.server.log_in_elsewhere();
    site.server.log_in_elsewhere();
    browser.reload();
    browser.click(".sessions form button");
    browser.wait_for_text("That device is logged out.");
    browser.click(".card > header button");
    browser.wait_for_text("All other devices are logged out.");
    browser.type_into("#password", ALICE.1);
    browser.type_into("#new_password", "quiet-lynx-77");
    browser.click("[action$='/password'] button");
    browser.wait_for_text("Your password is changed");
    browser.click("nav form button");
    browser.wait_for_text("You are logged out.");
}
