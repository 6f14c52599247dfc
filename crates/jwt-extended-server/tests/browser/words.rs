//! The words of the pages: languages, own texts, and a countdown.

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
    let sections =
        "[guessing]\naccount_attempts = 1\naccount_delay_seconds = 2\n[jwt]\ntoken_location = [\"cookies\"]\n";
    let site = Site::start(sections);
    let browser = Browser::start("en", &[]);
    browser.open(&site.at("/"));
    for _ in 0..3 {
        fill_in(&browser, ("", "a wrong one"));
        if browser.script("return document.querySelector('#username').value", &[]) == "" {
            browser.type_into("#username", ALICE.0);
        }
        if browser.text().contains("Too many attempts.") {
            break;
        }
    }
    browser.wait_for_text("Too many attempts. Try again in");
    assert_eq!(browser.script("return document.querySelector('form button').disabled", &[]), true);
    browser.wait_for_text("You can try again now.");
    browser.type_into("#password", ALICE.1);
    browser.click("form button");
    browser.wait_for_text("Logged in as alice");
}
