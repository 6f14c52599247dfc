//! Shared by the server's test programs: the server as a child process, and its routes without a process.
#![allow(dead_code, reason = "each test program uses only a part")]

pub(crate) mod app;
pub(crate) mod process;

/// A secret that is random, so that it does not count as a sample, and long enough for every algorithm.
pub(crate) const SECRET: &str = "Zk3vQy8wTn0rXc5uHb2mLs7fJd4gPa9eWi6oKt1qRx-BvNzMhYjUkSgDlFcEpOwA";

/// The password of the users that are listed in a file. Those of the demo are public, so `serve` refuses them.
pub(crate) const PASSWORD: &str = "hazel-otter-52";
/// Its hash.
pub(crate) const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$ZOJMgcFl7uwf2VrlmTkKJA$BLNeuqPKK79UJQYECCTjfxSgFza23J7A0EkMiTcJbyU";

/// The body of a login with cookies, and that of a refresh.
pub(crate) const LOGGED_IN: &str = r#"{"login":true,"expires_in":900,"refresh_expires_in":2592000}"#;
pub(crate) const REFRESHED: &str = r#"{"refresh":true,"expires_in":900,"refresh_expires_in":2592000}"#;

/// Returns a section of the configuration file that lists one user, whose password is [`PASSWORD`].
pub(crate) fn listed_user(name: &str) -> String {
    format!("[[users]]\nusername = \"{name}\"\npassword_hash = \"{HASH}\"\n")
}

/// Returns a string member of a JSON object.
pub(crate) fn member(body: &str, name: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    value[name].as_str().unwrap_or_else(|| panic!("no text {name:?} in {body}")).to_owned()
}
