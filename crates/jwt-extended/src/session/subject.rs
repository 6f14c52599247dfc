//! [`Subject`]: whose tokens and sessions are meant, and the one form of it that stores compare.

use std::{borrow::Cow, fmt::Write as _};

use crate::{
    entropy::session_opened,
    jose::json::{self, JsonError, Kind, Value},
};

/// Begins the subject of an identity that is not a string. No string identity may begin with it, so `1` and `"1"` are
/// different subjects.
pub(crate) const NOT_A_STRING: char = '\u{1}';

/// A subject as an argument: the identity claim of its tokens.
///
/// It is a type of its own so that a subject and a session id, both strings, cannot be swapped. A
/// [`Token`](crate::Token) converts into its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers construct it from a string")]
pub struct Subject<'a>(pub &'a str);

impl<'a> From<Subject<'a>> for &'a str {
    fn from(subject: Subject<'a>) -> Self {
        subject.0
    }
}

impl Subject<'_> {
    /// Returns the subject of another issuer's tokens in the form that stores compare, for revoking them. It is not the
    /// app's own subject of that name.
    ///
    /// ```
    /// # async fn end(jwt: jwt_extended::JwtManager) -> Result<(), Box<dyn std::error::Error>> {
    /// use jwt_extended::session::Subject;
    ///
    /// jwt.end_all_sessions(Subject(&Subject::of_issuer("https://idp.example.com", "auth0|42"))).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn of_issuer(issuer: &str, subject: &str) -> String {
        foreign_key(issuer, subject)
    }

    /// Returns the subject of an identity claim with this JSON value, in the form that stores compare.
    ///
    /// A string is its content. Any other value is its JSON in one form, whoever wrote it: without blanks, members in
    /// order, numbers in their shortest notation. It begins with a control character, so that it equals no string.
    ///
    /// ```
    /// use jwt_extended::session::Subject;
    ///
    /// assert_eq!(Subject::of_json("\"Jos\\u00e9\"")?, "José");
    /// assert_eq!(Subject::of_json("{\"id\": 1}")?, Subject::of_json("{\"id\":1}")?);
    /// assert_ne!(Subject::of_json("1")?, Subject::of_json("\"1\"")?);
    /// # Ok::<(), jwt_extended::jose::json::JsonError>(())
    /// ```
    ///
    /// # Errors
    /// If the text is not JSON.
    pub fn of_json(text: &str) -> Result<String, JsonError> {
        let array = format!("[{text}]");
        let mut subject = None;
        json::scan_array(&array, |value| {
            let one = subject_of(&value).map(Cow::into_owned);
            subject = Some(if subject.is_some() { Err(JsonError::TrailingData(value.start - 1)) } else { one });
        })?;
        subject.unwrap_or(Err(JsonError::Syntax(0)))
    }
}

/// Returns the form in which stores know an id of another issuer: a subject, or a token id. It equals no id of our own,
/// because no string begins with this control character, and no JSON with this sign.
pub(crate) fn foreign_key(issuer: &str, id: &str) -> String {
    format!("{NOT_A_STRING}@{issuer}{NOT_A_STRING}{id}")
}

/// Returns the length of that form, in bytes.
pub(crate) fn foreign_key_length(issuer: &str, id: &str) -> usize {
    issuer.len() + id.len() + 3
}

/// Returns whether a text has the form of the session ids that this engine makes: a UUID of version 7. In a store of
/// sessions, any other claim `sid` belongs to another issuer.
pub fn is_session_id(sid: &str) -> bool {
    session_opened(sid).is_some()
}

/// Returns the subject of an identity claim, as [`Subject::of_json`] does.
pub(crate) fn subject_of<'a>(value: &Value<'a>) -> Result<Cow<'a, str>, JsonError> {
    if let Some(text) = value.as_str() {
        return Ok(text);
    }
    let mut subject = String::from(NOT_A_STRING);
    canonical(value, &mut subject)?;
    Ok(Cow::Owned(subject))
}

/// Appends the canonical JSON of a value. The nesting is bounded, because a scan refuses deep values.
fn canonical(value: &Value<'_>, out: &mut String) -> Result<(), JsonError> {
    match value.kind {
        Kind::String { .. } => json::push_string(&value.as_str().unwrap_or_default(), out),
        Kind::Number => number(value.text, out),
        Kind::True | Kind::False | Kind::Null => out.push_str(value.text),
        Kind::Array => {
            let mut elements = Vec::new();
            json::scan_array(value.text, |element| elements.push(element))?;
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                canonical(element, out)?;
            }
            out.push(']');
        }
        Kind::Object => {
            let mut members = Vec::new();
            json::scan_object(value.text, |name, member| members.push((name, member)))?;
            members.sort_by(|one, two| one.0.cmp(&two.0));
            out.push('{');
            for (at, (name, member)) in members.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                json::push_string(name, out);
                out.push(':');
                canonical(member, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// Appends a number. Whole numbers have one notation already, apart from zero, and may have any size.
fn number(text: &str, out: &mut String) {
    match text.parse::<f64>() {
        Ok(float) if text.contains(['.', 'e', 'E']) => {
            // Writing to a String cannot fail.
            let _ = write!(out, "{float:e}");
        }
        _ if text == "-0" => out.push('0'),
        _ => out.push_str(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> String {
        Subject::of_json(text).unwrap()
    }

    #[test]
    fn one_value_has_one_form() {
        for [one, other] in [
            [r#"{"id": 1}"#, r#"{"id":1}"#],
            [r#"{"a":1,"b":[1, 2]}"#, r#"{"b":[1,2],"a":1}"#],
            ["1e2", "100.0"],
            ["1.5E0", "1.50"],
            ["-0", "0"],
            [r#"["Jos\u00e9"]"#, r#"["José"]"#],
            [r#""Jos\u00e9""#, r#""José""#],
        ] {
            assert_eq!(subject(one), subject(other), "{one} {other}");
        }
    }

    #[test]
    fn elements_and_members_do_not_run_together() {
        assert_ne!(subject("[1,2]"), subject("[12]"));
        assert_ne!(subject("[1,2]"), subject("[1,2,2]"));
        assert_eq!(subject(r#"{"b":[2, 3],"a":1}"#), "\u{1}{\"a\":1,\"b\":[2,3]}");
    }

    #[test]
    fn a_second_value_is_an_error_at_its_place() {
        assert_eq!(Subject::of_json("1, 2"), Err(JsonError::TrailingData(3)));
    }

    #[test]
    fn different_values_are_different_subjects() {
        let texts =
            ["1", "\"1\"", "true", "\"true\"", "null", "\"null\"", "100", "1e2", "[1]", "\"[1]\"", "{}", "[]", "\"\""];
        for (at, one) in texts.iter().enumerate() {
            for other in &texts[..at] {
                assert_ne!(subject(one), subject(other), "{one} {other}");
            }
        }
    }

    #[test]
    fn whole_numbers_of_any_size_stay_apart() {
        assert_ne!(subject("12345678901234567890123"), subject("12345678901234567890124"));
    }

    #[test]
    fn a_text_that_is_no_json_is_an_error() {
        for text in ["", "1,2", "x", "]", "1]", "[1"] {
            assert!(Subject::of_json(text).is_err(), "{text}");
        }
    }
}
