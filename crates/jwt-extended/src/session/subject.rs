//! [`Subject`]: whose tokens and sessions are meant.

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
