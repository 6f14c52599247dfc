//! Headless Chromium, driven over `WebDriver` (W3C) by Debian's chromedriver.
//!
//! The protocol is JSON over HTTP, so that this module needs no library for it. Commands wait for a page to load, and
//! `wait_for` waits for what a script does later.

use std::{
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{free_port, process::Process};

/// How long something may take to appear on a page, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The member of an element's reference.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser without a window. It ends when it is dropped.
#[derive(Debug)]
pub struct Browser {
    agent: ureq::Agent,
    session: String,
    _driver: Process,
    _profile: TempDir,
}

/// The key that the user presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Key {
    /// To the next field or button.
    Tab,
    /// Sends a form.
    Enter,
}

impl Browser {
    /// Starts a browser with an empty profile and these preferred languages, such as `en`.
    pub fn start(languages: &str, arguments: &[&str]) -> Self {
        let port = free_port();
        let mut driver = Command::new("chromedriver");
        driver.arg(format!("--port={port}"));
        let missing = "chromedriver is missing; install Debian's chromium and chromium-driver";
        let driver = Process::listening(&mut driver, port, missing);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE * 4))
            .proxy(None)
            .build()
            .into();
        let profile = TempDir::new().expect("a temporary folder can be made");
        let folder = format!("--user-data-dir={}", profile.path().display());
        // Chromium's own sandbox does not run as root, and a container's shared memory is small.
        let fixed = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", &folder];
        let window = ["--window-size=1100,900", "--hide-scrollbars", "--no-proxy-server"];
        let arguments: Vec<_> = fixed.iter().chain(&window).chain(arguments).collect();
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            // An element may come a moment after the text that a test has waited for.
            "timeouts": { "implicit": 10_000 },
            "goog:chromeOptions": { "args": arguments, "prefs": { "intl.accept_languages": languages } },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let mut browser =
            Self { agent, session: format!("http://127.0.0.1:{port}/session"), _driver: driver, _profile: profile };
        let answer = browser.post("", &wanted);
        let id = answer["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {answer}"));
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    /// Opens a page and waits until it has loaded.
    pub fn open(&self, address: &str) {
        self.post("/url", &json!({ "url": address }));
    }

    /// Returns the address of the page.
    pub fn address(&self) -> String {
        text(&self.get("/url"))
    }

    /// Goes back, as with the browser's button.
    pub fn back(&self) {
        self.post("/back", &json!({}));
    }

    /// Loads the page again.
    pub fn reload(&self) {
        self.post("/refresh", &json!({}));
    }

    /// Returns the text that a person sees.
    pub fn text(&self) -> String {
        text(&self.script("return document.body.innerText", &[]))
    }

    /// Returns whether an element fits a selector.
    pub fn has(&self, selector: &str) -> bool {
        self.script("return !!document.querySelector(arguments[0])", &[selector.into()]) == true
    }

    /// Returns the text of an element, which must be there or come.
    pub fn text_of(&self, selector: &str) -> String {
        text(&self.at_element("GET", selector, "text", None))
    }

    /// Turns the scripts of pages off. Those of tests still run.
    pub fn turn_scripts_off(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
    }

    /// Clicks on an element, and waits until the page that follows has loaded.
    pub fn click(&self, selector: &str) {
        self.at_element("POST", selector, "click", Some(&json!({})));
    }

    /// Types a text into a field, after what is in it.
    pub fn type_into(&self, selector: &str, text: &str) {
        self.at_element("POST", selector, "value", Some(&json!({ "text": text })));
    }

    /// Presses a key, wherever the focus is.
    pub fn press(&self, key: Key) {
        let key = match key {
            Key::Tab => "\u{e004}",
            Key::Enter => "\u{e007}",
        };
        let actions = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }));
    }

    /// Types a text, wherever the focus is.
    pub fn type_keys(&self, text: &str) {
        let keys = text.chars().flat_map(|c| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": c })));
        let actions: Vec<_> = keys.collect();
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }));
    }

    /// Runs a script in the page and returns its value.
    pub fn script(&self, script: &str, arguments: &[Value]) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// Runs the body of an asynchronous function in the page, and returns its value. An error becomes a text.
    pub fn script_async(&self, body: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             (async () => {{ {body} }})().then(done, (error) => done(String(error)));"
        );
        self.post("/execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Waits until a selector fits.
    #[track_caller]
    pub fn wait_for(&self, selector: &str) {
        self.wait_until(selector, |browser| browser.has(selector));
    }

    /// Waits until the page shows a text.
    #[track_caller]
    pub fn wait_for_text(&self, shown: &str) {
        self.wait_until(shown, |browser| browser.text().contains(shown));
    }

    /// Waits until something is true.
    #[track_caller]
    pub fn wait_until(&self, what: &str, is_true: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_true(self) {
            assert!(Instant::now() < deadline, "not on the page {}: {what}\n{}", self.address(), self.text());
            sleep(Duration::from_millis(20));
        }
    }

    /// Opens an empty tab, goes there and returns its name.
    pub fn new_tab(&self) -> String {
        let handle = text(&self.post("/window/new", &json!({ "type": "tab" }))["handle"]);
        self.switch_to(&handle);
        handle
    }

    /// Returns the name of the tab.
    pub fn tab(&self) -> String {
        text(&self.get("/window"))
    }

    /// Goes to a tab.
    pub fn switch_to(&self, tab: &str) {
        self.post("/window", &json!({ "handle": tab }));
    }

    /// Returns the cookies that the browser would send with the page, with their attributes.
    pub fn cookies(&self) -> Vec<Value> {
        self.get("/cookie").as_array().cloned().unwrap_or_default()
    }

    /// Sets a cookie of the page's host.
    pub fn set_cookie(&self, cookie: &Value) {
        self.post("/cookie", &json!({ "cookie": cookie }));
    }

    /// Deletes all cookies of the page's host.
    pub fn delete_cookies(&self) {
        self.call("DELETE", "/cookie", None);
    }

    /// Sends a command of the Chrome `DevTools` protocol.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Returns the warnings and errors of the page since the last call, such as violations of its security policy.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().cloned().unwrap_or_default();
        let loud = entries.into_iter().filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        loud.map(|entry| text(&entry["message"])).collect()
    }

    /// Returns a picture of the whole page, as PNG in base64.
    pub fn screenshot(&self) -> String {
        let size = self.script(
            "return [document.documentElement.clientWidth, document.documentElement.scrollHeight, devicePixelRatio]",
            &[],
        );
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let picture = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        text(&self.devtools("Page.captureScreenshot", &picture)["data"])
    }

    /// Finds an element and sends it a command. Finds it again when the browser has replaced the page in between: the
    /// driver does not always notice a navigation in time, least of all while the scripts of pages are off.
    #[track_caller]
    fn at_element(&self, method: &str, selector: &str, command: &str, body: Option<&Value>) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.post("/element", &json!({ "using": "css selector", "value": selector }));
            match self.try_call(method, &format!("/element/{}/{command}", text(&found[ELEMENT])), body) {
                Ok(value) => return value,
                Err(error) if error["error"] == "stale element reference" && Instant::now() < deadline => {
                    sleep(Duration::from_millis(20));
                }
                Err(error) => panic!("{command} at {selector}: {}", error["message"]),
            }
        }
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        self.call("POST", path, Some(body))
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        self.call("GET", path, None)
    }

    /// Sends a command and returns its value. A command that fails fails the test.
    #[track_caller]
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.try_call(method, path, body);
        answer.unwrap_or_else(|error| panic!("{method} {path} {body:?}: {}", error["message"]))
    }

    /// Sends a command and returns its value, or the error of the driver, with its code in `error`.
    fn try_call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Value> {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.session));
        let sent = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json").body(body.to_string());
                self.agent.run(request.expect("the address is one"))
            }
            None => self.agent.run(request.body(()).expect("the address is one")),
        };
        let mut response = sent.unwrap_or_else(|error| panic!("chromedriver does not answer: {error}"));
        // A picture is longer than the limit.
        let answer = response.body_mut().with_config().limit(64 << 20).read_to_string();
        let answer = answer.unwrap_or_else(|error| panic!("chromedriver does not answer: {error}"));
        let mut answer: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
        let value = answer["value"].take();
        if response.status().is_success() { Ok(value) } else { Err(value) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser, which is no child of this process. A driver that is gone has ended it already.
        let _ = self.agent.delete(&self.session).call();
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
