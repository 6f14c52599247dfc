//! The path of a forwarded request: exactly as it was sent, and as lenient apps may read it.
//!
//! It knows nothing of policies and tokens.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A path in the two forms in which policies compare it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RequestPath<'p> {
    exact: &'p str,
    lenient: Option<String>,
}

impl<'p> RequestPath<'p> {
    /// Reads the path of a request line, which is still percent-encoded.
    pub(super) fn new(path: &'p str) -> Self {
        Self { exact: path, lenient: lenient(path) }
    }

    /// Returns the path as it was sent, for patterns that open it; `None` if apps may take it for another one.
    pub(super) fn exact(&self) -> Option<&'p str> {
        self.lenient.is_some().then_some(self.exact)
    }

    /// Returns the path in lower case, decoded, without a slash at its end and without parameters (`;…`), for patterns
    /// that protect it; `None` if apps may take it for several.
    pub(super) fn lenient(&self) -> Option<&str> {
        self.lenient.as_deref()
    }
}

/// Returns a pattern in the form of [`RequestPath::lenient`].
pub(super) fn lenient_pattern(pattern: &str) -> Cow<'_, str> {
    match folded(pattern).trim_end_matches('/') {
        "" => Cow::Borrowed("/"),
        trimmed => Cow::Owned(trimmed.to_owned()),
    }
}

/// Returns whether a pattern can fit a lenient path: its fixed segments have that form already, decoded and without
/// parameters.
pub(super) fn is_lenient_pattern(pattern: &str) -> bool {
    let pattern = lenient_pattern(pattern);
    // The root has no segment.
    let mut segments =
        pattern.strip_prefix('/').into_iter().filter(|rest| !rest.is_empty()).flat_map(|rest| rest.split('/'));
    segments.all(|segment| {
        let alone = format!("/{segment}");
        !segment.is_empty() && (segment.contains('{') || lenient(&alone).is_some_and(|lenient| lenient == alone))
    })
}

fn lenient(path: &str) -> Option<String> {
    let mut lenient = String::with_capacity(path.len());
    let mut segments = path.strip_prefix('/')?.split('/').peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() {
            // A slash at the end is no segment. Two slashes are one for some apps, and not for others.
            if segments.peek().is_some() {
                return None;
            }
            continue;
        }
        let decoded = percent_decode_str(segment).decode_utf8().ok()?;
        // Some file systems ignore dots and spaces at the end.
        let name = decoded.split(';').next().unwrap_or_default();
        let trimmed = name.trim_end_matches(['.', ' ']);
        if is_ambiguous(&decoded) || trimmed.is_empty() {
            return None;
        }
        lenient.push('/');
        lenient.push_str(&folded(trimmed));
    }
    Some(if lenient.is_empty() { "/".to_owned() } else { lenient })
}

/// Returns a text without the difference between upper and lower case. Some letters, such as the long s, have only one
/// of the two.
fn folded(text: &str) -> String {
    text.to_uppercase().to_lowercase()
}

/// Returns whether a decoded segment means different things to different apps: it holds a separator, a control
/// character, or something that decodes once more.
fn is_ambiguous(segment: &str) -> bool {
    let bytes = segment.as_bytes();
    let decodes_again =
        bytes.windows(3).any(|three| three.starts_with(b"%") && three.iter().skip(1).all(u8::is_ascii_hexdigit));
    decodes_again || segment.contains(['/', '\\']) || segment.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lenient_path_has_one_form_for_all_its_spellings() {
        for spelling in [
            "/Transfer/Ä",
            "/transfer/%c3%84",
            "/TRANSFER/%C3%84/",
            "/tr%61nsfer;x=1/ä;y",
            "/tran%c5%bffer/ä",
            "/transfer./ä%20",
        ] {
            assert_eq!(RequestPath::new(spelling).lenient(), Some("/transfer/ä"), "{spelling}");
        }
        assert_eq!(RequestPath::new("/").lenient(), Some("/"));
        assert_eq!(RequestPath::new("/50%25off").lenient(), Some("/50%off"));
        assert_eq!(lenient_pattern("/Transfer/"), "/transfer");
        assert_eq!(lenient_pattern("/"), "/");
    }

    #[test]
    fn a_path_that_apps_read_differently_has_no_form() {
        let dots = ["/a/../b", "/a/./b", "/..", "/%2e%2E/b", "/a/.%2e/b", "/..;/b", "/;/b", "/a/;x/b"];
        let slashes = ["//a", "/a//b", "/a%2Fb", "/a%5cb", "/a\\b", "/a%252fb", "/%252e%252e/b", "a", ""];
        let others = ["/a%00b", "/a%0ab", "/a%7f", "/a%ff", "/a%c0%ae"];
        for path in dots.into_iter().chain(slashes).chain(others) {
            assert_eq!((RequestPath::new(path).lenient(), RequestPath::new(path).exact()), (None, None), "{path}");
        }
    }
}
