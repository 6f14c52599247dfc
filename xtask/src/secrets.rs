//! Secrets are compared in few places, all of them listed here, each in constant time.
//!
//! It reads text alone: a comparison next to a name such as `password` is an offence unless the list says why it is
//! none.

use std::fs;

use crate::tools::{self, Trouble, failed, program};

/// Where the functions are called that compare in constant time.
const COMPARING: [(&str, &str); 4] = [
    ("crates/jwt-extended/src/constant_time.rs", "HMAC tags, CSRF values and secrets of the configuration"),
    ("crates/jwt-extended-server/src/clients/secret.rs", "hashes of the clients' secrets"),
    ("crates/jwt-extended-server/src/users/hashes/argon2id.rs", "hashes of passwords by Argon2"),
    ("crates/jwt-extended-server/src/users/hashes/function.rs", "hashes of passwords"),
];

/// Comparisons that look like those of secrets: the file, a part of the line, and why its time does not matter.
const HARMLESS: [(&str, &str, &str); 8] = [
    ("crates/jwt-extended/src/session/denylist/known.rs", "subject_hash == self", "a subject is no secret"),
    ("crates/jwt-extended/src/session/memory/sessions.rs", "subject_hash != subject_hash", "a subject is no secret"),
    ("crates/jwt-extended-server/src/demo.rs", "*public == password", "the passwords of the demo are public"),
    ("crates/jwt-extended-server/src/users/passwords.rs", "*normal != password", "both come from the same user"),
    ("crates/jwt-extended-server/src/users/mod.rs", "hash.as_str() == password.hash", "both come from the database"),
    ("crates/jwt-extended-server/src/users/new_password.rs", "*password == ", "both come from the same user"),
    ("crates/jwt-extended-server/src/commands/user/password.rs", "*password == ", "both are typed at one terminal"),
    ("crates/jwt-extended-server/src/users/mod.rs", "found.name == password.name", "names are no secrets"),
];

/// Functions that compare in constant time.
const FUNCTIONS: [&str; 4] = ["ct_eq", "ConstantTimeEq", "verify_slice", "verify_slices_are_equal"];

/// Names of secrets, as part of an identifier.
const SECRETS: [&str; 7] = ["csrf", "secret", "password", "signature", "hash", "digest", "mac"];

/// Checks the sources of all crates, and prints each offence with its file and line.
pub(crate) fn check() -> Result<(), Trouble> {
    let listed = ["ls-files", "--cached", "--others", "--exclude-standard", "crates/*/src/*.rs", "python/src/*.rs"];
    let files = program("git").args(listed).output()?;
    let mut offences = Vec::new();
    let mut used = Vec::new();
    for file in String::from_utf8_lossy(&files.stdout).lines() {
        let Ok(text) = fs::read_to_string(tools::root().join(file)) else { continue };
        for (number, line) in lines(&text) {
            match judge(file, line) {
                Verdict::Nothing => {}
                Verdict::Listed(reason) => used.push(reason),
                Verdict::Offence(what) => offences.push(format!("{file}:{number}: {what}")),
            }
        }
    }
    let listed = COMPARING.map(|(_, reason)| reason).into_iter().chain(HARMLESS.map(|(_, part, _)| part));
    offences.extend(
        listed.filter(|entry| !used.contains(entry)).map(|entry| format!("xtask/src/secrets.rs: {entry:?} is stale")),
    );
    for offence in &offences {
        println!("{offence}");
    }
    if offences.is_empty() { Ok(()) } else { failed(format!("{} offences, listed above", offences.len())) }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Nothing,
    /// It is on a list, by this entry.
    Listed(&'static str),
    Offence(&'static str),
}

/// The lines of code before the tests of a file.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let code = (1..).zip(text.lines()).take_while(|(_, line)| *line != "#[cfg(test)]");
    code.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn judge(file: &str, line: &str) -> Verdict {
    if words(line).any(|word| FUNCTIONS.contains(&word)) {
        let listed = COMPARING.iter().find(|(known, _)| *known == file);
        return listed.map_or(Verdict::Offence("compares a secret; call the function for that"), |(_, reason)| {
            Verdict::Listed(reason)
        });
    }
    if !compares_a_secret(line) {
        return Verdict::Nothing;
    }
    let listed = HARMLESS.iter().find(|(known, part, _)| *known == file && line.contains(part));
    listed
        .map_or(Verdict::Offence("compares a secret, and stops where it differs"), |(_, part, _)| Verdict::Listed(part))
}

/// Whether one side of a comparison is named like a secret.
fn compares_a_secret(line: &str) -> bool {
    let mut rest = line;
    while let Some(at) = rest.find(" == ").or_else(|| rest.find(" != ")) {
        let (before, after) = (&rest[..at], &rest[at + 4..]);
        let ends = |character: char| " (,{&|".contains(character) && !character.is_alphanumeric();
        let left = before.trim_end_matches("()").rsplit(ends).next().unwrap_or_default();
        let right = after.trim_start_matches(['*', '&']).split([' ', ')', ',', '{', ';']).next().unwrap_or_default();
        // A name of a type or a text in quotes is no secret, so nor is what is compared with it.
        let is_known = right.contains("::") || right.starts_with('"');
        if !is_known && [left, right].into_iter().any(is_secret) {
            return true;
        }
        rest = after;
    }
    false
}

/// A constant is no secret, nor is the length of one.
fn is_secret(side: &str) -> bool {
    let is_constant = side.ends_with("len()") || side.ends_with("len") || side.chars().any(char::is_uppercase);
    !is_constant && words(side).any(|word| word.split('_').any(|part| SECRETS.contains(&part)))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric() && character != '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_beside_the_name_of_a_secret_is_an_offence() {
        for line in [
            "if sent == csrf {",
            "self.csrf() == Some(value)",
            "let same = *password == given;",
            "stored.secret != secret.expose()",
            "tags.iter().any(|known| known == signature)",
            "if one == two && hash == other {",
        ] {
            assert!(matches!(judge("crates/x/src/y.rs", line), Verdict::Offence(_)), "{line}");
        }
    }

    #[test]
    fn other_comparisons_are_none() {
        for line in [
            "if secret.len() == 32 {",
            "token.kind == Kind::Secret",
            "let password = if a == b { c } else { d };",
            "secret: other == one,",
            "let machine == other",
        ] {
            assert_eq!(judge("crates/x/src/y.rs", line), Verdict::Nothing, "{line}");
        }
    }

    #[test]
    fn functions_for_secrets_are_called_where_the_list_says() {
        let line = "    one.ct_eq(other).into()";
        assert!(matches!(judge("crates/jwt-extended/src/constant_time.rs", line), Verdict::Listed(_)));
        assert!(matches!(judge("crates/jwt-extended/src/token/mod.rs", line), Verdict::Offence(_)));
    }

    #[test]
    fn the_sources_and_the_lists_agree() {
        assert!(check().is_ok());
    }

    #[test]
    fn tests_and_comments_are_not_read() {
        let text = "// csrf == x\nlet a = 1;\n#[cfg(test)]\nmod tests { csrf == x }\n";
        assert_eq!(lines(text).map(|(number, _)| number).collect::<Vec<_>>(), [2]);
    }
}
