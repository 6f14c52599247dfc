//! The options are listed once, in `config/options.rs`. The documentation and Python's table must agree with that list;
//! the server's tests compare its example.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jwt_extended::{Config, config::Tolerate};

const PAGE: &str = include_str!("../../../src/docs/options.md");

/// The options of the Flask face that the engine does not have.
const ONLY_IN_FLASK: [&str; 9] = [
    "exempt",
    "issuers",
    "jwks_url",
    "key_ring",
    "protect_by_default",
    "renew_access_cookie_within",
    "store",
    "store_timeout",
    "www_authenticate",
];

/// The options that the Flask face does not have: statuses and bodies are upstream's.
const NOT_IN_FLASK: [&str; 3] = ["error_format", "error_statuses", "fresh_token_expires"];

/// The cells of the page's row about an option: variable, name, default, meaning.
fn row(name: &str) -> [&'static str; 4] {
    let variable = format!("`JWT_{}`", name.to_uppercase());
    let mut rows = PAGE.lines().filter(|line| line.starts_with(&format!("| {variable} |")));
    let row = rows.next().unwrap_or_else(|| panic!("the page has no row for {name}"));
    assert!(rows.next().is_none(), "the page has two rows for {name}");
    let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
    cells.try_into().unwrap_or_else(|cells| panic!("a row needs four cells: {cells:?}"))
}

#[test]
fn the_page_has_a_row_for_every_option() {
    for name in Config::NAMES {
        assert_eq!(row(name)[1], format!("`{name}`"));
    }
}

#[test]
fn the_page_names_only_options_that_exist() {
    for name in PAGE.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| word.starts_with("JWT_")) {
        let name = name["JWT_".len()..].to_lowercase();
        let names = if name.ends_with("_file") { Config::IN_FILES } else { Config::NAMES };
        assert!(name.is_empty() || names.contains(&name.trim_end_matches("_file")), "{name}");
    }
}

#[test]
fn the_page_has_the_default_of_every_option() {
    let untouched = format!("{:?}", Config::default());
    for name in Config::NAMES {
        // An option that is not set has a default that depends on others.
        if untouched.contains(&format!(" {name}: None")) {
            continue;
        }
        let cell = row(name)[2].trim_end_matches([' ', '≠', '+']).trim_matches('`');
        let cell = cell.replace(" minutes", "m").replace(" days", "d");
        let default = if ["none", "empty"].contains(&&*cell) { "" } else { &cell };
        let mut config = Config::default();
        config.read_env([(format!("JWT_{}", name.to_uppercase()), default.to_owned())]).unwrap();
        assert_eq!(format!("{config:?}"), untouched, "{name} is not {default:?} by default");
    }
}

#[test]
fn the_page_names_every_loader_and_tolerance() {
    for loader in [
        "additional_claims_loader",
        "additional_headers_loader",
        "user_identity_loader",
        "encode_key_loader",
        "decode_key_loader",
        "token_in_blocklist_loader",
        "token_verification_loader",
        "user_lookup_loader",
        "expired_token_loader",
        "invalid_token_loader",
        "unauthorized_loader",
        "needs_fresh_token_loader",
        "revoked_token_loader",
        "user_lookup_error_loader",
        "token_verification_failed_loader",
    ] {
        assert!(PAGE.contains(&format!("`{loader}`")), "{loader}");
    }
    for tolerance in Tolerate::ALL {
        let name = serde_json::to_string(&tolerance).unwrap();
        assert!(PAGE.contains(&format!("| `{}` |", name.trim_matches('"'))), "{name}");
    }
}

/// The Python files below a folder.
fn python_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let nested = entries.map(|path| if path.is_dir() { python_files(&path) } else { vec![path] });
    nested.flatten().filter(|path| path.extension().is_some_and(|extension| extension == "py")).collect()
}

#[test]
fn the_table_of_the_flask_face_has_the_same_options() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../python/jwt_extended");
    // The published crate comes without it.
    if !folder.exists() {
        return;
    }
    let texts = python_files(&folder).into_iter().map(|path| fs::read_to_string(path).unwrap());
    let tables: Vec<_> = texts.filter(|text| text.contains("\n    \"JWT_ACCESS_COOKIE_NAME\": \"")).collect();
    assert_eq!(tables.len(), 1, "one file has the table of options and defaults");
    let rows = tables[0].lines().filter_map(|line| line.strip_prefix("    \"JWT_")?.split_once("\": "));
    let table: BTreeSet<_> = rows.map(|(name, _)| name.to_lowercase()).collect();
    let engine = Config::NAMES.iter().copied().filter(|name| !NOT_IN_FLASK.contains(name));
    let expected: BTreeSet<_> = engine.chain(ONLY_IN_FLASK).map(str::to_owned).collect();
    assert_eq!(table, expected);
}
