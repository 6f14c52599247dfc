//! What somebody does who has never seen the pages.

use test_services::{Browser, Key};

use crate::site::{ALICE, Site, fill_in, log_in};

const PLAIN: &str = "[jwt]\ntoken_location = [\"cookies\"]\n";

#[test]
fn a_person_logs_in_ends_a_session_and_changes_the_password() {
    let site = Site::start(PLAIN);
    let (laptop, phone) =
        (Browser::start("en", &[]), Browser::start("en", &["--user-agent=Mozilla/5.0 (iPhone) Safari/1"]));
    laptop.open(&site.at("/"));
    fill_in(&laptop, ("alice", "a wrong one"));
    laptop.wait_for_text("The username or the password is wrong.");
    assert_eq!(
        laptop.script("return document.querySelector('#username').value", &[]),
        "alice",
        "it need not be typed twice"
    );
    laptop.type_into("#password", ALICE.1);
    laptop.press(Key::Enter);
    laptop.wait_for_text("Logged in as alice");
    log_in(&phone, &site, ALICE);

    laptop.reload();
    assert!(laptop.text().contains("Safari on iPhone"), "{}", laptop.text());
    laptop.click(".sessions form button");
    laptop.wait_for_text("That device is logged out.");
    assert!(!laptop.text().contains("iPhone"));
    phone.reload();
    phone.wait_for_text("Your session has ended. Please log in again.");
    fill_in(&phone, ALICE);
    phone.wait_for_text("Logged in as alice");

    laptop.type_into("#password", ALICE.1);
    laptop.type_into("#new_password", "short");
    laptop.script("document.querySelector('#new_password').removeAttribute('minlength')", &[]);
    laptop.click("[action$='/password'] button");
    laptop.wait_for_text("The new password needs at least 8 characters.");
    laptop.type_into("#password", ALICE.1);
    laptop.type_into("#new_password", "quiet-lynx-77");
    laptop.click("[action$='/password'] button");
    laptop.wait_for_text("Your password is changed, and all other devices are logged out.");
    phone.reload();
    phone.wait_for_text("Please log in again.");

    laptop.click("nav form button");
    laptop.wait_for_text("You are logged out.");
    fill_in(&laptop, ALICE);
    laptop.wait_for_text("The username or the password is wrong.");
    laptop.type_into("#password", "quiet-lynx-77");
    laptop.press(Key::Enter);
    laptop.wait_for_text("Logged in as alice");
    for browser in [&laptop, &phone] {
        // Chromium reports a page with an error status as well.
        let complaints: Vec<_> = browser.complaints();
        assert!(complaints.iter().all(|line| line.contains("Failed to load resource")), "{complaints:?}");
    }
}
