//! What the server's tests share: the program as a child process, and its routes without a program.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod app;
pub(crate) mod process;

/// Random, so that it is no sample, and long enough for every algorithm.
pub(crate) const SECRET: &str = "Zk3vQy8wTn0rXc5uHb2mLs7fJd4gPa9eWi6oKt1qRx-BvNzMhYjUkSgDlFcEpOwA";

/// A member of a JSON object that is a string.
pub(crate) fn member(body: &str, name: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    value[name].as_str().unwrap_or_else(|| panic!("no text {name:?} in {body}")).to_owned()
}
