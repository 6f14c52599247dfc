//! Reads the texts that a claim grants: scopes, permissions, roles.
//!
//! Knows how such a claim may be written; does not know what it allows.

use std::borrow::Cow;

use crate::jose::json::{self, Kind};

/// The claims whose text is a list of words (RFC 8693 section 4.2; Entra and Okta write `scp`).
const OF_WORDS: [&str; 2] = ["scope", "scp"];

/// Returns the scopes in a claim: the words of a text, or the texts in a list.
///
/// `claim` is a name, or a path such as `realm_access.roles` if no claim has that name. A claim of another kind grants
/// nothing.
pub(crate) fn scopes_in(claims: &str, claim: &str) -> Vec<String> {
    stated(claims, claim).unwrap_or_default()
}

/// Returns what a claim grants: a text, or the texts in a list. Only `scope` and `scp` are split into words: the role
/// `shop admin` is not also the role `admin`.
pub(crate) fn granted(claims: &str, claim: &str) -> Vec<String> {
    let text = if OF_WORDS.contains(&claim) { Text::Words } else { Text::Whole };
    texts(claims, claim, text).unwrap_or_default()
}

/// Returns the texts of a claim as [`scopes_in`] does; `None` if there is no such claim.
pub(super) fn stated(claims: &str, claim: &str) -> Option<Vec<String>> {
    texts(claims, claim, Text::Words)
}

/// How a claim that is a text is read.
#[derive(Clone, Copy)]
enum Text {
    Words,
    Whole,
}

fn texts(claims: &str, claim: &str, read: Text) -> Option<Vec<String>> {
    let (kind, text) = member(claims, claim)?;
    Some(match kind {
        Kind::String { .. } => {
            let whole: String = serde_json::from_str(text).unwrap_or_default();
            match read {
                Text::Words => whole.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
                Text::Whole => vec![whole],
            }
        }
        Kind::Array => {
            let mut texts = Vec::new();
            let _ = json::scan_array(text, |element| texts.extend(element.as_str().map(Cow::into_owned)));
            texts
        }
        _ => Vec::new(),
    })
}

/// Finds a member by its name, or else by a path of names.
fn member<'a>(object: &'a str, path: &str) -> Option<(Kind, &'a str)> {
    let mut found = None;
    let mut first = None;
    let split = path.split_once('.');
    // The claims were scanned when their token was verified, so there is no error to report.
    let _ = json::scan_object(object, |name, value| {
        if name == path {
            found = Some((value.kind, value.text));
        } else if split.is_some_and(|(head, _)| name == head) && value.kind == Kind::Object {
            first = Some(value.text);
        }
    });
    found.or_else(|| member(first?, split?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_lists_grant() {
        for (claims, expected) in [
            (r#"{"scope":"read  write"}"#, &["read", "write"][..]),
            (r#"{"scope":["read","write",5]}"#, &["read", "write"]),
            (r#"{"scope":"re\u0061d"}"#, &["read"]),
            (r#"{"scope":""}"#, &[]),
            (r#"{"scope":true}"#, &[]),
            (r#"{"scope":{"read":true}}"#, &[]),
            ("{}", &[]),
        ] {
            assert_eq!(granted(claims, "scope"), expected, "{claims}");
        }
    }

    #[test]
    fn a_text_that_is_no_scope_grants_itself_alone() {
        assert_eq!(granted(r#"{"role":"shop admin"}"#, "role"), ["shop admin"]);
        assert_eq!(granted(r#"{"role":["shop admin","x"]}"#, "role"), ["shop admin", "x"]);
        assert_eq!(granted(r#"{"scp":"read write"}"#, "scp"), ["read", "write"]);
        assert_eq!(scopes_in(r#"{"permissions":"read write"}"#, "permissions"), ["read", "write"]);
    }

    #[test]
    fn a_path_leads_into_objects() {
        let claims = r#"{"realm_access":{"roles":["admin"]},"https://a.example/roles":["editor"]}"#;
        assert_eq!(granted(claims, "realm_access.roles"), ["admin"]);
        assert_eq!(granted(claims, "https://a.example/roles"), ["editor"]);
        assert!(granted(claims, "realm_access").is_empty());
        assert!(granted(r#"{"a":"b"}"#, "a.b").is_empty());
    }

    #[test]
    fn a_name_with_dots_counts_before_a_path() {
        assert_eq!(granted(r#"{"a":{"b":"path"},"a.b":"name"}"#, "a.b"), ["name"]);
    }
}
