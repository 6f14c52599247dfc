//! The names of the keys. All keys of one subject share one hash tag, so that one call touches one slot of a cluster.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// 128 bits of a subject's SHA-256, in base64url.
const TAG_LEN: usize = 22;

/// The keys of one subject: `prefix:{tag}:…`.
///
/// A subject may hold anything, braces included, and may be of any length, so its keys are named by its digest.
pub(crate) struct SubjectKeys {
    /// The key that was asked for last, of which the first `root` bytes are the same for all.
    text: String,
    root: usize,
}

impl SubjectKeys {
    /// The keys of a subject.
    pub(crate) fn of(prefix: &str, subject: &str) -> Self {
        let digest = Sha256::digest(subject.as_bytes());
        // A tag, four more characters, and a name as long as a UUID.
        let mut text = String::with_capacity(prefix.len() + TAG_LEN + 43);
        text.push_str(prefix);
        text.push_str(":{");
        URL_SAFE_NO_PAD.encode_string(&digest[..16], &mut text);
        text.push_str("}:");
        let root = text.len();
        Self { text, root }
    }

    /// The keys of the subject to whom a pointer leads; `None` if what it holds is no tag.
    pub(crate) fn of_tag(prefix: &str, tag: &[u8]) -> Option<Self> {
        let tag =
            std::str::from_utf8(tag).ok().filter(|tag| URL_SAFE_NO_PAD.decode(tag).is_ok_and(|d| d.len() == 16))?;
        let text = format!("{prefix}:{{{tag}}}:");
        let root = text.len();
        Some(Self { text, root })
    }

    /// What stands in the braces.
    pub(crate) fn tag(&self) -> &str {
        &self.text[self.root - 2 - TAG_LEN..self.root - 2]
    }

    /// A session of the subject.
    pub(crate) fn session(&mut self, id: &str) -> &str {
        self.key("s:", id)
    }

    /// What the keys of the subject's sessions begin with.
    pub(crate) fn sessions(&mut self) -> &str {
        self.key("s:", "")
    }

    /// A token that was revoked by itself.
    pub(crate) fn token(&mut self, jti: &str) -> &str {
        self.key("t:", jti)
    }

    /// What the keys of the subject's revoked tokens begin with.
    pub(crate) fn tokens(&mut self) -> &str {
        self.key("t:", "")
    }

    /// Since when the subject's tokens count.
    pub(crate) fn cut_off(&mut self) -> &str {
        self.key("c", "")
    }

    /// The subject's sessions.
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

/// The key that leads from a session's name to its subject's tag. It has a slot of its own.
pub(crate) fn pointer(prefix: &str, session: &str) -> String {
    format!("{prefix}:p:{session}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Redis Cluster hashes: what stands between the first brace and the next closing one, if that is anything.
    fn hash_tag(key: &str) -> &str {
        let (_, rest) = key.split_once('{').unwrap();
        let (tag, _) = rest.split_once('}').unwrap();
        assert!(!tag.is_empty(), "{key}");
        tag
    }

    #[test]
    fn all_keys_of_a_subject_share_one_hash_tag_whatever_it_is_called() {
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
    fn keys_are_told_apart() {
        let mut keys = SubjectKeys::of("jwt", "alice");
        let all = [keys.session("a").to_owned(), keys.token("a").to_owned(), keys.cut_off().to_owned()];
        assert!(all[0].starts_with("jwt:{") && all[0].ends_with("}:s:a"), "{}", all[0]);
        assert_eq!(all.iter().filter(|key| all.contains(key)).count(), 3);
        assert_ne!(all[0], SubjectKeys::of("jwt", "bob").session("a"));
        assert_ne!(all[0], SubjectKeys::of("app", "alice").session("a"));
        assert_eq!(pointer("jwt", "a"), "jwt:p:a");
    }

    #[test]
    fn a_tag_leads_to_the_same_keys() {
        let mut keys = SubjectKeys::of("jwt", "alice");
        let mut again = SubjectKeys::of_tag("jwt", keys.tag().as_bytes()).unwrap();
        assert_eq!(again.session("a"), keys.session("a"));
        assert_eq!(again.tag(), keys.tag());
        for bad in [&b""[..], b"}{", b"AAAAAAAAAAAAAAAAAAAAAAA", b"{AAAAAAAAAAAAAAAAAAAAAA", b"\xff"] {
            assert!(SubjectKeys::of_tag("jwt", bad).is_none(), "{bad:?}");
        }
    }
}
