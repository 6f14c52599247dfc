//! Pictures of the pages, in light, dark and on a phone, in the folder `target/pictures`. People look at them.

use std::{env, fs};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use test_services::Browser;

use crate::site::{Site, fill_in, log_in};

const DEMO: (&str, &str) = ("testuser", "testpass");

/// Saves a file for people in the folder `pictures` of the target folder.
pub(crate) fn save(name: &str, content: &[u8]) {
    let program = env::current_exe().unwrap();
    let folder = program.ancestors().nth(3).unwrap().join("pictures");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), content).unwrap();
}

/// Saves pictures of the page in all forms.
fn take(browser: &Browser, name: &str) {
    for (form, width, height, mobile) in
        [("desktop", 1100, 800, false), ("phone", 390, 780, true), ("small", 320, 600, true)]
    {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        browser.devtools("Emulation.setDeviceMetricsOverride", &size);
        let inner = browser.script("return document.documentElement.scrollWidth", &[]);
        assert!(inner.as_u64().unwrap() <= width, "{name} is wider than a window of {width}: {inner}");
        for scheme in ["light", "dark"] {
            let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            browser.devtools("Emulation.setEmulatedMedia", &media);
            let picture = STANDARD.decode(browser.screenshot()).unwrap();
            save(&format!("{name}-{form}-{scheme}.png"), &picture);
        }
    }
    browser.devtools("Emulation.clearDeviceMetricsOverride", &json!({}));
    browser.devtools("Emulation.setEmulatedMedia", &json!({ "features": [] }));
}

#[test]
fn every_page_fits_into_every_window() {
    let site = Site::demo();
    let browser = Browser::start("en", &[]);
    browser.open(&site.at("/"));
    take(&browser, "login");
    fill_in(&browser, ("testuser", "a wrong one"));
    take(&browser, "login-wrong");
    log_in(&browser, &site, DEMO);
    take(&browser, "account");
    let agents = [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Mobile Safari/604.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ];
    for agent in agents {
        let body = r#"{"username": "testuser", "password": "testpass"}"#;
        site.server.send("/login", &[("content-type", "application/json"), ("user-agent", agent)], Some(body));
    }
    browser.reload();
    take(&browser, "account-devices");
    for count in 0..46 {
        let agent = format!("A program with quite a long name and no space{}{count}", "abcdefghij".repeat(4));
        let body = r#"{"username": "testuser", "password": "testpass"}"#;
        site.server.send("/login", &[("content-type", "application/json"), ("user-agent", &agent)], Some(body));
    }
    browser.reload();
    browser.click("summary");
    take(&browser, "account-fifty");
    browser.open(&site.at("/playground"));
    browser.click("[data-call=protected] button");
    browser.wait_for_text("logged_in_as");
    browser.click("[data-call=refresh] button");
    browser.wait_for_text("\"refresh\":true");
    browser.click("[data-call=transfer] button");
    browser.wait_for_text("Fresh token required");
    take(&browser, "playground");
    browser.click(".log a");
    browser.wait_for_text("Confirm that it is you");
    take(&browser, "confirm");
    browser.open(&site.at("/nothing/here"));
    take(&browser, "problem");
}
