//! What is fuzzed: everything of the engine that reads text of strangers.
//!
//! A target is a function that panics if the engine breaks a promise. Most compare the engine with the `model`: the
//! same rules, written a second time in the plainest way. The inputs in `seeds` are where libFuzzer starts, and a test
//! runs each of them; an input that has found something is added there.

mod model;
mod targets;

/// One thing to fuzz.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "nobody outside of this workspace uses it")]
pub struct Target {
    /// Its name, which is also that of its folder in `seeds`.
    pub name: &'static str,
    /// The file in `dictionaries` with words that its inputs are made of.
    pub dictionary: &'static str,
    /// Runs it with one input. It panics if a promise is broken.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 12] = [
    Target { name: "compact", dictionary: "tokens", run: targets::compact },
    Target { name: "json", dictionary: "json", run: targets::json },
    Target { name: "payloads", dictionary: "json", run: targets::payloads },
    Target { name: "jwk", dictionary: "keys", run: targets::jwk },
    Target { name: "jwk_set", dictionary: "keys", run: targets::jwk_set },
    Target { name: "pem", dictionary: "keys", run: targets::pem },
    Target { name: "headers", dictionary: "requests", run: targets::headers },
    Target { name: "query", dictionary: "requests", run: targets::query },
    Target { name: "bodies", dictionary: "requests", run: targets::bodies },
    Target { name: "configuration", dictionary: "configuration", run: targets::configuration },
    Target { name: "redis", dictionary: "redis", run: targets::redis },
    Target { name: "guard", dictionary: "requests", run: targets::guard },
];

/// Returns the target of this name.
pub fn find(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
