//! Any text as a configuration file: no panic, no secret in a message, and the same configuration as from JSON.

use jwt_extended::{Config, JwtManager};
use serde_json::Value;

/// A secret that must not be in any message. Inputs name it.
const SECRET: &str = "hush-hush-hush-hush-hush-hush-hush";

pub(crate) fn configuration(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    // A key file would be read from the disk.
    if text.contains("file") {
        return;
    }
    let Ok(table) = toml::from_str::<toml::Table>(text) else { return };
    let read = toml::from_str::<Config>(text);
    if let Ok(json) = serde_json::to_value(&table) {
        let again = serde_json::from_value::<Config>(json);
        // Floats that JSON cannot write become null there, and dates become tables.
        if !holds_more_than_json(&toml::Value::Table(table.clone())) {
            assert_eq!(read.is_ok(), again.is_ok(), "TOML and JSON differ");
            if let (Ok(one), Ok(two)) = (&read, &again) {
                assert_eq!(format!("{one:?}"), format!("{two:?}"));
            }
        }
    }
    // Debug output and messages may show every other option, and its name.
    let named = |name: &str, value: &toml::Value| name.contains(SECRET) || value.to_string().contains(SECRET);
    let elsewhere = table.iter().any(|(name, value)| !is_key(name) && named(name, value));
    let is_hidden_in = |text: &str| elsewhere || !text.contains(SECRET);
    match read {
        Ok(config) => {
            assert!(is_hidden_in(&format!("{config:?}")), "Debug shows the secret");
            if let Err(error) = JwtManager::from_config(config).build() {
                assert!(is_hidden_in(&error.to_string()), "{error}");
            }
        }
        Err(error) => assert!(is_hidden_in(error.message()), "{error}"),
    }
}

fn is_key(name: &str) -> bool {
    ["secret_key", "private_key"].contains(&name)
}

fn holds_more_than_json(value: &toml::Value) -> bool {
    match value {
        toml::Value::Datetime(_) | toml::Value::Float(_) => true,
        toml::Value::Array(values) => values.iter().any(holds_more_than_json),
        toml::Value::Table(table) => table.values().any(holds_more_than_json),
        _ => serde_json::to_value(value).unwrap_or(Value::Null).is_null(),
    }
}
