//! Refused starts: exit code 1 and one line on standard error, without a secret.

use std::{fs, net::TcpListener};

use jwt_extended_axum::Config;
use tempfile::TempDir;

use crate::support::{HASH, SECRET, listed_user, process::*};

/// Returns the shipped example with a hash where it asks for one.
pub(crate) fn filled_example() -> String {
    include_str!("../../../example.toml").replace("put the output of hash-password here", HASH)
}

fn users() -> String {
    listed_user("alice")
}

/// Runs `serve` with a file, which the error calls `bad.toml`, and returns the error.
#[track_caller]
pub(crate) fn refused_file(text: impl AsRef<[u8]>, variables: Variables<'_>) -> String {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bad.toml");
    fs::write(&path, text).unwrap();
    let line = refused(&["serve", "--listen", "127.0.0.1:0", "--config", path.to_str().unwrap()], variables);
    line.replace(path.to_str().unwrap(), "bad.toml")
}

#[test]
fn a_busy_port_is_reported() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let expected = format!("cannot listen on {address}: another program uses it; choose another address with --listen");
    assert_eq!(refused(&["demo", "--listen", &address], &[]), expected);

    let config = tempfile::NamedTempFile::new().unwrap();
    fs::write(config.path(), format!("listen = \"{address}\"\n{}", users())).unwrap();
    let serve = ["serve", "--config", config.path().to_str().unwrap()];
    assert_eq!(refused(&serve, &[("JWT_SECRET_KEY", SECRET)]), expected);
}

#[test]
fn an_unreadable_file_is_reported() {
    let line = refused(&["serve", "--config", "/nowhere/at all.toml"], &[("JWT_SECRET_KEY", SECRET)]);
    assert!(line.starts_with("cannot read /nowhere/at all.toml: "), "{line}");
    let line = refused_file(b"\xff\xfe", &[]);
    assert!(line.starts_with("cannot read bad.toml: "), "{line}");
}

#[test]
fn mistakes_in_the_file_show_the_line_but_no_secret() {
    let hush = "hush-kX93mQ-this-must-not-be-shown";
    for (text, line) in [
        (format!("[jwt]\nsecret_key = {hush}\n"), 2),
        (format!("\n\n[jwt]\nsecret_key = \"{hush}\n"), 4),
        (format!("[jwt]\nsecret_key = '{hush}' x\n"), 2),
        (format!("[jwt]\nsecret_key = \"{hush}\\q\"\n"), 2),
        (format!("[jwt]\nsecret_key = \"{hush}\"\nsecret_key = \"{hush}\"\n"), 3),
        (format!("[jwt]\nsecret_key {hush}\n"), 2),
        (format!("[jwt\nsecret_key = \"{hush}\"\n"), 1),
        (format!("\njwt = \"{hush}\"\n"), 2),
        (format!("\njwt = [\"{hush}\"]\n"), 2),
        (format!("# 1\n# 2\n[jwt]\nsecret_key = [\"{hush}\"]\n"), 4),
        (format!("[jwt]\nprivate_key = {{ pem = \"{hush}\" }}\n"), 2),
        (format!("\nusers = \"{hush}\"\n"), 2),
        (format!("\nsecret_key = \"{hush}\"\n"), 2),
        (format!("[[users]]\nusername = \"a\"\npassword_hash = [\"{hush}\"]\n"), 3),
        (format!("[[users]]\nusername = \"a\"\npassword = \"{hush}\"\n"), 3),
    ] {
        let said = refused_file(&text, &[]);
        assert!(!said.contains("hush") && !said.contains("kX93mQ"), "{text} gives: {said}");
        assert!(said.starts_with("bad.toml, line "), "{text} gives: {said}");
        assert!(said.starts_with(&format!("bad.toml, line {line}: ")), "{text} gives: {said}");
    }
}

#[test]
fn the_listen_address_must_be_numeric() {
    for listen in ["localhost:5000", ":5000", "5000"] {
        let said = refused_file(format!("\nlisten = \"{listen}\"\n"), &[]);
        assert_eq!(said, "bad.toml, line 2: listen must be an IP address and a port, such as 127.0.0.1:5000");
    }
}

#[test]
fn unknown_options_of_the_file_are_reported_together() {
    let said = refused_file(format!("[jwt]\ncookie_secur = true\nheader_nam = \"X\"\n{}", users()), &[]);
    assert_eq!(
        said,
        "bad.toml, line 2: cookie_secur is not an option; did you mean cookie_secure?; \
         header_nam is not an option; did you mean header_name?"
    );
    // In the order of the file, not of the names.
    let said = refused_file(format!("[jwt]\nrealm = \"x\"\nverify_su = true\nalgoritm = \"x\"\n{}", users()), &[]);
    assert!(
        said.starts_with("bad.toml, line 3: verify_su is not an option; did you mean verify_sub?; algoritm "),
        "{said}"
    );
    let said = refused_file("listn = \"127.0.0.1:1\"\n", &[]);
    assert!(said.starts_with("bad.toml, line 1: unknown field `listn`, expected "), "{said}");
}

#[test]
fn unknown_options_of_the_environment_are_reported() {
    let expected = "JWT_CSRF_PROTECTION is not an option; did you mean JWT_COOKIE_CSRF_PROTECT?";
    let variables = [("JWT_CSRF_PROTECTION", "True")];
    assert_eq!(refused(&["demo", "--listen", "127.0.0.1:0"], &variables), expected);
    assert_eq!(refused_file(users(), &variables), expected);
}

#[test]
fn bad_values_of_the_environment_are_one_line() {
    for (name, value) in [
        ("JWT_ALGORITHM", "none"),
        ("JWT_ALGORITHM", "HS256\nHS512"),
        ("JWT_COOKIE_SECURE", "per\r\nhaps"),
        ("JWT_TOKEN_LOCATION", "pockets\n"),
        ("JWT_ACCESS_TOKEN_EXPIRES", "soon\nish"),
        ("JWT_MAX_TOKEN_LENGTH", "\n"),
        ("JWT_HEADER_NAME", "X\nY"),
        ("JWT_ACCESS_COOKIE_NAME", "a\nb"),
        ("JWT_COOKIE_DOMAIN", "a\nb"),
        ("JWT_REALM", "a\nb"),
        ("JWT_COOKIE_SAMESITE", "None"),
    ] {
        let said = refused(&["demo", "--listen", "127.0.0.1:0"], &[(name, value)]);
        assert!(said.contains(name) || said.contains(&name["JWT_".len()..].to_lowercase()), "{name}: {said}");
    }
}

#[test]
fn origins_that_cannot_be_allowed_are_refused_with_the_reason() {
    for (origin, why) in [
        ("*", "cannot be * or null: every site"),
        ("https://*.example.com", "cannot be * or null"),
        ("null", "every sandboxed page"),
        ("https://app.example.com/", "without a path"),
        ("http://app.example.com", "must be https"),
    ] {
        let said = refused(&["demo", "--listen", "127.0.0.1:0"], &[("JWT_CORS_ORIGINS", origin)]);
        assert!(said.starts_with("JWT_CORS_ORIGINS: an origin ") && said.contains(why), "{origin}: {said}");
        let said = refused_file(format!("\ncors_origins = [\"{origin}\"]\n"), &[]);
        assert!(said.starts_with("bad.toml, line 2: an origin ") && said.contains(why), "{origin}: {said}");
    }
}

#[test]
fn a_missing_secret_is_refused() {
    let none = "there is no secret; set JWT_SECRET_KEY, for example to the output of `openssl rand -base64 48`, or JWT_SECRET_KEY_FILE to a file that holds it";
    assert_eq!(refused_file(users(), &[]), none);
    assert_eq!(refused(&["serve"], &[]), none);
}

#[test]
fn a_sample_secret_is_refused() {
    for sample in [
        "super-secret-jwt-key",
        "super-secret",
        "your-256-bit-secret-your-256-bit-secret",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        let expected = "the secret is a sample that everyone knows; set JWT_SECRET_KEY";
        let file = format!("[jwt]\nsecret_key = \"{sample}\"\n{}", users());
        let variable = [("JWT_SECRET_KEY", sample)];
        for said in [
            refused_file(file, &[]),
            refused_file(users(), &variable),
            refused(&["demo", "--listen", "127.0.0.1:0"], &variable),
        ] {
            assert!(said.starts_with(expected), "{sample:?}: {said}");
            assert!(sample.is_empty() || !said.contains(sample), "{said}");
        }
    }
}

#[test]
fn a_short_secret_is_refused() {
    let short = "kX93mQ0vLz7";
    for short in [short, "short", ""] {
        let said = refused_file(users(), &[("JWT_SECRET_KEY", short)]);
        assert!(said.starts_with("secret_key: the secret ") && said.contains("32"), "{said}");
        assert!(!said.contains("kX93mQ"), "{said}");
    }
}

#[test]
fn a_server_without_users_is_refused() {
    let secret = [("JWT_SECRET_KEY", SECRET)];
    let none = "there are no users; add [[users]] with username and password_hash to the configuration file, or use an SQL store and add them with `user add`";
    assert_eq!(refused_file("", &secret), none);
    assert_eq!(refused(&["serve"], &secret), none);
}

#[test]
fn bad_entries_in_the_list_of_users_are_refused() {
    let secret = [("JWT_SECRET_KEY", SECRET)];
    let user = |name: &str, hash: &str| format!("[[users]]\nusername = \"{name}\"\npassword_hash = \"{hash}\"\n");
    for (hash, why) in [
        ("rabbit-in-plain-text", "is in no format that the server knows; the README lists them"),
        ("$2b$12$abcdefghijklmnopqrstuv", "is a damaged hash of the kind bcrypt"),
        ("$argon2id$", "is a damaged hash of the kind argon2id"),
        ("", "is in no format that the server knows; the README lists them"),
    ] {
        let said = refused_file(user("alice", hash), &secret);
        let end = format!("because it {why}; make one with `jwt-extended-server hash-password`");
        assert_eq!(said, format!("the user \"alice\" has no usable password_hash, {end}"), "{hash}");
    }
    let twice = refused_file(users() + &users(), &secret);
    assert!(twice.starts_with("the user \"alice\" is listed twice"), "{twice}");
    assert_eq!(refused_file(user("", HASH), &secret), "the user \"\" has no name");
    let said = refused_file(user("alice\\nbob", HASH), &secret);
    assert!(said.contains("has a name with invisible or other forbidden characters"), "{said}");
}

#[test]
fn the_example_needs_only_a_secret_and_a_hash() {
    let example = include_str!("../../../example.toml");
    assert!(refused_file(example, &[]).starts_with("there is no secret"));
    let said = refused_file(example, &[("JWT_SECRET_KEY", SECRET)]);
    assert!(said.starts_with("the user \"alice\" has no usable password_hash"), "{said}");
    Server::serve(&filled_example(), &[("JWT_SECRET_KEY", SECRET)]);
}

#[test]
fn the_example_shows_only_options_that_exist() {
    let example = include_str!("../../../example.toml");
    let options = example.split("\n[jwt]\n").nth(1).unwrap().split("\n[[users]]\n").next().unwrap();
    let settings = options.lines().filter_map(|line| line.trim_start_matches("# ").split_once(" = "));
    let names: Vec<_> = settings.map(|(name, _)| name).collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        assert!(Config::NAMES.contains(&name), "{name} is not an option");
    }
}

#[test]
fn the_settings_that_the_example_comments_out_are_valid() {
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'0'..=b'9'));
    let is_setting =
        |line: &&str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(name, _)| is_name(name));
    let uncommented = filled_example();
    let uncommented = uncommented.lines().map(|line| line.strip_prefix("# ").filter(is_setting).unwrap_or(line));
    let uncommented = uncommented.collect::<Vec<_>>().join("\n");
    assert!(!uncommented.lines().any(|line| line.starts_with("# ") && line.contains(" = ")), "{uncommented}");
    Server::serve(&uncommented, &[("JWT_SECRET_KEY", SECRET)]);
}
