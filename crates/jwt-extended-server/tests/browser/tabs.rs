//! Several tabs of one browser: one refresh for all of them, and one logout.

use serde_json::Value;
use test_services::Browser;

use crate::site::{ALICE, Site, log_in};

const TABS: usize = 10;

#[test]
fn ten_tabs_refresh_once_and_one_logout_reaches_all() {
    let site = Site::start("[jwt]\ntoken_location = [\"cookies\"]\n");
    let browser = Browser::start("en", &[]);
    log_in(&browser, &site, ALICE);
    let first = browser.tab();
    // Holds the request back until all tabs wait for it, so that they all want to refresh at the same time.
    browser.script_async(
        "const send = window.fetch; \
         const held = new Promise((release) => (window.release = release)); \
         window.fetch = async (...request) => (await held, send(...request)); \
         const { keepLoggedIn } = await import('/assets/refresh.js'); \
         keepLoggedIn().refresh();",
    );
    let tabs: Vec<_> = (1..TABS).map(|_| open_waiting_tab(&browser, &site)).collect();
    browser.switch_to(&first);
    let waiting = "return (await navigator.locks.query()).pending.length";
    browser.wait_until("all tabs wait", |browser| browser.script_async(waiting) == TABS - 1);
    browser.script("window.release()", &[]);
    for tab in &tabs {
        browser.switch_to(tab);
        browser.wait_until("the refresh is over", |browser| result(browser) != Value::Null);
        assert_eq!(result(&browser), true);
        assert_eq!(browser.script_async("return (await fetch('/protected')).status"), 200);
    }
    browser.switch_to(&first);
    browser.click("nav form button");
    browser.wait_for_text("You are logged out.");
    for tab in &tabs {
        browser.switch_to(tab);
        browser.wait_for_text("You are logged out.");
    }
    let refreshes = count_events(&site, "session_refreshed", "session_ended");
    assert_eq!(refreshes, 1, "one tab has refreshed for all");
}

fn result(browser: &Browser) -> Value {
    browser.script("return window.refreshed ?? null", &[])
}

fn open_waiting_tab(browser: &Browser, site: &Site) -> String {
    let tab = browser.new_tab();
    browser.open(&site.at("/account"));
    browser.wait_for("[data-tabs=on]");
    browser.script_async(
        "const { keepLoggedIn } = await import('/assets/refresh.js'); \
         keepLoggedIn().refresh().then((done) => (window.refreshed = done));",
    );
    tab
}

/// Counts the lines of the log with one event, until another one comes.
fn count_events(site: &Site, event: &str, last: &str) -> usize {
    let mut count = 0;
    loop {
        let line = site.server.logged("\"event\"");
        if line.contains(last) {
            return count;
        }
        count += usize::from(line.contains(event));
    }
}
