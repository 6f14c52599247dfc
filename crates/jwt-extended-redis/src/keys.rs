//! Names the keys. All keys of a subject share one hash tag, so that a script finds them on one node of a cluster.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// The length of a tag: 128 bits of the subject's SHA-256 in base64url.
const TAG_LEN: usize = 22;

/// The keys of one subject: `prefix:{tag}:…`.
///
/// They contain the subject's digest, because a subject may be of any length and contain anything, even braces.
pub(crate) struct SubjectKeys {
    /// The key that was requested last. The first `root` bytes are the same for all keys.
    text: String,
    root: usize,
}

impl SubjectKeys {
    /// Returns the keys of a subject.
    pub(crate) fn of(prefix: &str, subject: &str) -> Self {
        let digest = Sha256::digest(subject.as_bytes());
        // Room for a tag, the punctuation, a kind, and an id as long as a UUID.
        let mut text = String::with_capacity(prefix.len() + TAG_LEN + 43);
        text.push_str(prefix);
        text.push_str(":{");
        URL_SAFE_NO_PAD.encode_string(&digest[..16], &mut text);
        text.push_str("}:");
        let root = text.len();
        Self { text, root }
    }

    /// Returns the keys of the subject whose tag a pointer holds; `None` if it is no tag.
    pub(crate) fn of_tag(prefix: &str, tag: &[u8]) -> Option<Self> {
        let tag =
            std::str::from_utf8(tag).ok().filter(|tag| URL_SAFE_NO_PAD.decode(tag).is_ok_and(|d| d.len() == 16))?;
        let text = format!("{prefix}:{{{tag}}}:");
        let root = text.len();
        Some(Self { text, root })
    }

    /// Returns the text between the braces.
    pub(crate) fn tag(&self) -> &str {
        &self.text[self.root - 2 - TAG_LEN..self.root - 2]
    }

    /// Returns the key of a session.
    pub(crate) fn session(&mut self, id: &str) -> &str {
        self.key("s:", id)
    }

    /// Returns the prefix of the keys of all sessions.
    pub(crate) fn sessions(&mut self) -> &str {
        self.key("s:", "")
    }

    /// Returns the key that says that a token was revoked.
    pub(crate) fn token(&mut self, jti: &str) -> &str {
        self.key("t:", jti)
    }

    /// Returns the prefix of the keys of all revoked tokens.
    pub(crate) fn tokens(&mut self) -> &str {
        self.key("t:", "")
    }

    /// Returns the key of the cut-off: older tokens of the subject are revoked.
    pub(crate) fn cut_off(&mut self) -> &str {
        self.key("c", "")
    }

    /// Returns the key of the index of the subject's sessions.
    pub(crate) fn index(&mut self) -> &str {
        self.key("i", "")
    }

    fn key(&mut self, kind: &str, name: &str) -> &str {
        self.text.truncate(self.root);
        self.text.push_str(kind);
        self.text.push_str(name);
        &self.text
    }
}

/// Returns the key that leads from a session's id to its subject's tag. In a cluster it may be on another node.
pub(crate) fn pointer(prefix: &str, session: &str) -> String {
    format!("{prefix}:p:{session}")
}

/// Returns the key of the feed. It has no hash tag: in a cluster there is no feed.
pub(crate) fn feed(prefix: &str) -> String {
    format!("{prefix}:feed")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Returns what Redis Cluster hashes: the text between the first opening brace and the next closing one.
    fn hash_tag(key: &str) -> &str {
        let (_, rest) = key.split_once('{').unwrap();
        let (tag, _) = rest.split_once('}').unwrap();
        assert!(!tag.is_empty(), "{key}");
        tag
    }

    #[test]
    fn all_keys_of_a_subject_share_one_hash_tag() {
        let long = "x".repeat(10_000);
        for subject in ["alice", "", "}{", "{}", "{alice}", "älice\0\r\n", &long] {
            let mut keys = SubjectKeys::of("jwt", subject);
            let tag = keys.tag().to_owned();
            assert_eq!(tag.len(), TAG_LEN);
            assert_eq!(hash_tag(keys.session("}{")), tag);
            assert_eq!(hash_tag(keys.token("{other}")), tag);
            assert_eq!(hash_tag(keys.cut_off()), tag);
            assert_eq!(hash_tag(keys.index()), tag);
            assert!(keys.session("a").len() < 100);
        }
    }

    #[test]
    fn different_things_have_different_keys() {
        let mut keys = SubjectKeys::of("jwt", "alice");
        let session = keys.session("a").to_owned();
        assert!(session.starts_with("jwt:{") && session.ends_with("}:s:a"), "{session}");
        let others = [keys.token("a").to_owned(), keys.cut_off().to_owned(), keys.index().to_owned()];
        let all: HashSet<_> = others.iter().chain([&session]).collect();
        assert_eq!(all.len(), 4, "{all:?}");
        assert_ne!(session, SubjectKeys::of("jwt", "bob").session("a"));
        assert_ne!(session, SubjectKeys::of("app", "alice").session("a"));
        assert_eq!(pointer("jwt", "a"), "jwt:p:a");
    }

    #[test]
    fn a_tag_leads_back_to_the_keys_of_its_subject() {
        let mut keys = SubjectKeys::of("jwt", "alice");
        let mut again = SubjectKeys::of_tag("jwt", keys.tag().as_bytes()).unwrap();
        assert_eq!(again.session("a"), keys.session("a"));
        assert_eq!(again.tag(), keys.tag());
        for bad in [&b""[..], b"}{", b"AAAAAAAAAAAAAAAAAAAAAAA", b"{AAAAAAAAAAAAAAAAAAAAAA", b"\xff"] {
            assert!(SubjectKeys::of_tag("jwt", bad).is_none(), "{bad:?}");
        }
    }
}
