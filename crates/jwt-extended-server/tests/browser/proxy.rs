//! The pages behind nginx with forward authentication, below `/auth/`.

use test_services::{Browser, Proxy, ProxyKind, free_port};

use crate::{
    app::App,
    site::{ALICE, Site, fill_in},
};

#[test]
fn a_visitor_of_the_app_logs_in_and_comes_back() {
    let port = free_port();
    let root = format!("http://localhost:{port}");
    let sections = format!(
        "[jwt]\ntoken_location = [\"cookies\"]\n[forward_auth]\nlogin_page = \"{root}/auth/\"\nreturn_to = [\"{root}\"]\n\
         [[policies]]\nname = \"payments\"\npaths = [\"/payments/{{*rest}}\"]\nfresh = true\n"
    );
    let site = Site::start(&sections);
    let app = App::start();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/proxies");
    let ports = [("8080", port), ("5000", site.server.port()), ("8000", app.port)];
    let _proxy = Proxy::start(ProxyKind::Nginx, folder, &ports, port);
    let browser = Browser::start("en", &[]);

    browser.open(&format!("{root}/orders?month=5"));
    assert!(browser.address().starts_with(&format!("{root}/auth/?return_to=")), "{}", browser.address());
    assert_eq!(app.requests(), 0, "nobody reaches the app without a login");
    assert!(browser.text().contains("Log in to continue to localhost."), "{}", browser.text());
    fill_in(&browser, ("alice", "a wrong one"));
    browser.wait_for_text("The username or the password is wrong.");
    browser.type_into("#password", ALICE.1);
    browser.click("form button");
    browser.wait_until("the app", |browser| browser.address() == format!("{root}/orders?month=5"));
    browser.wait_for_text("alice");

    // A refresh, after which a critical page asks for the password again, and then carries on.
    let refreshed = browser.script_async(
        "const { keepLoggedIn } = await import('/auth/assets/refresh.js'); return keepLoggedIn().refresh()",
    );
    assert_eq!(refreshed, true);
    browser.open(&format!("{root}/payments/7"));
    browser.wait_for_text("Confirm that it is you");
    assert!(browser.has("#username[readonly][value=alice]"));
    browser.type_into("#password", ALICE.1);
    browser.click("form button");
    browser.wait_until("the app", |browser| browser.address() == format!("{root}/payments/7"));

    browser.open(&format!("{root}/auth/account"));
    browser.wait_for_text("Logged in as alice");
    browser.wait_for("[data-tabs=on]");
    browser.click("nav form button");
    browser.wait_for_text("You are logged out.");
    assert!(browser.address().starts_with(&format!("{root}/auth/?note=")), "{}", browser.address());
    browser.open(&format!("{root}/orders"));
    browser.wait_for("#username");
}
