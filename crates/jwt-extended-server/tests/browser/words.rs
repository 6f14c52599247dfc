//! The words of the pages: languages, own texts, and a countdown.

use serde_json::json;
use test_services::Browser;

use crate::site::{ALICE, Site, fill_in};

#[test]
fn the_pages_speak_the_language_of_the_browser() {
    let site = Site::start("[jwt]\ntoken_location = [\"cookies\"]\n");
    let browser = Browser::start("de-AT,de", &[]);
    browser.open(&site.at("/"));
    assert_eq!(browser.script("return document.documentElement.lang", &[]), "de");
    fill_in(&browser, ("alice", "falsch"));
    browser.wait_for_text("Der Benutzername oder das Passwort ist falsch.");
    browser.type_into("#password", ALICE.1);
    browser.click("form button");
    browser.wait_for_text("Angemeldet als alice");
}

#[test]
fn a_locked_account_counts_down_until_the_next_attempt() {
    let site = Site::start("[guessing]\naccount_attempts = 1\n[jwt]\ntoken_location = [\"cookies\"]\n");
    let browser = Browser::start("en", &[]);
    // The scripts of the page run before this event.
    let note = "addEventListener('DOMContentLoaded', () => { \
                  window.wasDisabled = document.querySelector('form button')?.disabled })";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": note }));
    browser.open(&site.at("/"));
    assert_eq!(browser.script("return window.wasDisabled", &[]), false);
    browser.type_into("#username", ALICE.0);
    // On a busy machine, the first delays may be over before the next attempt.
    for _ in 0..5 {
        browser.type_into("#password", "a wrong one");
        browser.click("form button");
        browser.wait_for(".notice");
        if browser.has("[data-wait]") {
            break;
        }
    }
    assert!(browser.has("[data-wait]"), "{}", browser.text());
    assert_eq!(browser.script("return window.wasDisabled", &[]), true);
    browser.wait_for_text("You can try again now.");
    assert_eq!(browser.script("return document.querySelector('form button').disabled", &[]), false);
    browser.type_into("#password", ALICE.1);
    browser.click("form button");
    browser.wait_for_text("Logged in as alice");
}
