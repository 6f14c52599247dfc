//! Reads the texts that a claim grants: scopes, permissions, roles.
//!
//! Knows how such a claim may be written; does not know what it allows.

use std::borrow::Cow;

use crate::jose::json::{self, Kind};

/// Returns the texts of a claim: the words of a text (RFC 8693 section 4.2), or the texts in a list.
///
/// `claim` is a name, or a path such as `realm_access.roles` if no claim has that name. A claim of another kind grants
/// nothing.
pub(crate) fn granted(claims: &str, claim: &str) -> Vec<String> {
    stated(claims, claim).unwrap_or_default()
}

/// Returns the texts of a claim as [`granted`] does; `None` if there is no such claim.
pub(super) fn stated(claims: &str, claim: &str) -> Option<Vec<String>> {
    let (kind, text) = member(claims, claim)?;
    Some(match kind {
        Kind::String { .. } => {
            let words: String = serde_json::from_str(text).unwrap_or_default();
            words.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
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
