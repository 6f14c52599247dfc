//! Reads secrets, and addresses that contain one, from files: from those that Docker, Kubernetes and systemd mount.
//!
//! This is the engine's only input and output. It happens while options are read, and at no other time. It knows
//! nothing of the meaning of a text.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use zeroize::Zeroizing;

use super::{Config, Secret};

/// The longest file, in bytes. A private key with its chain of certificates is far shorter.
const LONGEST: usize = 64 * 1024;

/// The end of the name of an option that names a file.
pub(super) const SUFFIX: &str = "_file";

/// The reason why a value cannot be read from a file. It names the file, and shows nothing of its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The text cannot be a path: it is empty, or an address or a key.
    #[error("must be the path of a file, and not its content")]
    NoPath,
    /// The file is missing, or this process may not read it.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// The operating system's error.
        why: String,
    },
    /// The file is empty.
    #[error("{path} is empty")]
    Empty {
        /// The file.
        path: String,
    },
    /// The file is not text.
    #[error("{path} is not text in UTF-8")]
    NotText {
        /// The file.
        path: String,
    },
    /// The file is too long to be a secret.
    #[error("{path} is longer than {LONGEST} bytes")]
    TooLong {
        /// The file.
        path: String,
    },
}

impl Secret {
    /// Returns the content of a file, without its last line end. Docker, Kubernetes and systemd pass secrets to a
    /// service in files.
    ///
    /// ```
    /// use jwt_extended::config::{FileError, Secret};
    ///
    /// let missing = Secret::read_file("/run/secrets/no-such-secret");
    /// assert!(matches!(missing, Err(FileError::Unreadable { .. })));
    /// ```
    ///
    /// # Errors
    /// If the file cannot be read, is empty or longer than 64 KiB, or is not text in UTF-8.
    pub fn read_file(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let path = path.as_ref();
        // Whoever gives the secret itself must not find it in a log.
        if path.to_str().is_some_and(|text| text.is_empty() || text.contains(['\n', '\0']) || text.contains("://")) {
            return Err(FileError::NoPath);
        }
        let shown = path.display().to_string();
        // One allocation of the full size: if it grew, a copy of the secret would stay in memory.
        let mut text = Zeroizing::new(String::with_capacity(LONGEST + 1));
        let read = File::open(path).and_then(|file| file.take(LONGEST as u64 + 1).read_to_string(&mut text));
        match read {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(FileError::NotText { path: shown }),
            Err(error) => Err(FileError::Unreadable { path: shown, why: error.to_string() }),
            Ok(length) if length > LONGEST => Err(FileError::TooLong { path: shown }),
            Ok(_) if text.trim().is_empty() => Err(FileError::Empty { path: shown }),
            Ok(_) => {
                let line = text.strip_suffix('\n').map_or(&**text, |line| line.strip_suffix('\r').unwrap_or(line));
                Ok(Self::from(line))
            }
        }
    }

    /// Returns whether the text is the path of an existing file: then the content of that file is the secret, and
    /// using the path instead would let in everybody who can guess it.
    pub fn is_path_of_a_file(&self) -> bool {
        is_path_of_a_file(self.expose())
    }
}

impl Config {
    /// The options whose value can be in a file: `secret_key_file`, or `JWT_SECRET_KEY_FILE` in the environment, names
    /// the file whose content is the `secret_key`.
    pub const IN_FILES: &[&str] = &["secret_key", "private_key", "public_key"];

    /// Returns whether such an option has the path of a file as its value.
    pub(super) fn holds_a_path(&self, name: &str) -> bool {
        match name {
            "secret_key" => self.secret_key.as_ref().is_some_and(Secret::is_path_of_a_file),
            "private_key" => self.private_key.as_ref().is_some_and(Secret::is_path_of_a_file),
            "public_key" => self.public_key.as_deref().is_some_and(is_path_of_a_file),
            _ => false,
        }
    }
}

fn is_path_of_a_file(text: &str) -> bool {
    // A line end at its end does not make a path a good secret.
    Path::new(text.trim_end_matches(['\r', '\n'])).is_file()
}

/// Returns the option that `secret_key_file` and its like set.
pub(super) fn option_of(name: &str) -> Option<&'static str> {
    let option = name.strip_suffix(SUFFIX)?;
    Config::IN_FILES.iter().find(|known| **known == option).copied()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use tempfile::TempDir;

    use super::*;
    use crate::ConfigError;

    fn file(content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("secret.txt");
        fs::write(&path, content).unwrap();
        (folder, path)
    }

    #[test]
    fn the_last_line_end_of_a_file_is_dropped() {
        for (content, expected) in
            [("hush", "hush"), ("hush\n", "hush"), ("hush\r\n", "hush"), ("hush\n\n", "hush\n"), (" hush ", " hush ")]
        {
            let (_folder, path) = file(content);
            assert_eq!(Secret::read_file(&path).unwrap().expose(), expected, "{content:?}");
        }
    }

    #[test]
    fn an_unusable_file_is_named_and_not_shown() {
        for content in [&b""[..], b"\n", b" \r\n\n", b"hush\xff", &b"hush".repeat(LONGEST / 4 + 1)] {
            let (_folder, path) = file(content);
            let error = Secret::read_file(&path).unwrap_err().to_string();
            assert!(error.starts_with(&path.display().to_string()) && !error.contains("hush"), "{error}");
        }
        let (folder, _) = file("hush");
        for path in [folder.path().to_owned(), folder.path().join("other.txt")] {
            let error = Secret::read_file(&path).unwrap_err().to_string();
            assert!(error.starts_with(&format!("cannot read {}: ", path.display())), "{error}");
        }
    }

    #[test]
    fn a_content_in_place_of_a_path_is_not_shown() {
        for content in ["", "-----BEGIN PRIVATE KEY-----\nhush", "postgres://me:hush@host/db", "hu\0sh"] {
            assert_eq!(Secret::read_file(content), Err(FileError::NoPath), "{content}");
        }
    }

    #[test]
    fn a_file_of_exactly_the_limit_is_read() {
        let (_folder, path) = file("x".repeat(LONGEST));
        assert_eq!(Secret::read_file(&path).unwrap().expose().len(), LONGEST);
    }

    fn from_env(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        config.read_env(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))?;
        Ok(config)
    }

    #[test]
    fn the_environment_may_name_the_file_of_a_key() {
        let (_folder, path) = file("hush\n");
        let path = path.to_str().unwrap();
        let config = from_env(&[("JWT_SECRET_KEY_FILE", path), ("JWT_PUBLIC_KEY_FILE", path)]).unwrap();
        assert_eq!(config.secret_key.unwrap().expose(), "hush");
        assert_eq!(config.public_key.unwrap(), "hush");
        let config = from_env(&[("JWT_PRIVATE_KEY_FILE", path)]).unwrap();
        assert_eq!(config.private_key.unwrap().expose(), "hush");
        let mut config = Config::default();
        config.set("secret_key_file", serde_json::Value::from(path)).unwrap();
        assert_eq!(config.secret_key.unwrap().expose(), "hush");
    }

    #[test]
    fn a_key_and_its_file_cannot_both_be_given() {
        let (_folder, path) = file("hush\n");
        let path = path.to_str().unwrap();
        for variables in [
            [("JWT_SECRET_KEY", "hush"), ("JWT_SECRET_KEY_FILE", path)],
            [("JWT_SECRET_KEY_FILE", path), ("JWT_SECRET_KEY", "")],
        ] {
            let error = from_env(&variables).unwrap_err();
            let expected = "JWT_SECRET_KEY and JWT_SECRET_KEY_FILE are both given; leave one of them out";
            assert_eq!(error.mistakes(), [expected]);
        }
        let both = serde_json::json!({ "private_key": "hush", "private_key_file": path });
        let error = serde_json::from_value::<Config>(both).unwrap_err().to_string();
        assert_eq!(error, "private_key and private_key_file are both given; leave one of them out");
    }

    #[test]
    fn a_key_that_is_the_path_of_a_file_is_refused() {
        let (_folder, path) = file("hush\n");
        let path = path.to_str().unwrap();
        for option in Config::IN_FILES {
            let variable = format!("JWT_{}", option.to_ascii_uppercase());
            for value in [path.to_owned(), format!("{path}\n")] {
                let error = from_env(&[(&variable, &value)]).unwrap_err();
                let expected =
                    format!("{variable} is the path of a file; set {variable}_FILE to it, so that its content is used");
                assert_eq!(error.mistakes(), [expected]);
            }
            let error = serde_json::from_value::<Config>(serde_json::json!({ *option: path })).unwrap_err();
            assert!(error.to_string().contains(&format!("set {option}_file to it")), "{error}");
        }
    }

    #[test]
    fn a_misspelled_file_option_leads_to_no_secret() {
        let error = from_env(&[
            ("JWT_SECRET_FILE", "/x"),
            ("JWT_PRIVAT_KEY_FILE", "/x"),
            ("JWT_REALM_FILE", "/x"),
            ("JWT_XYZ_FILE", "/x"),
        ]);
        assert_eq!(
            error.unwrap_err().mistakes(),
            [
                "JWT_SECRET_FILE is not an option; did you mean JWT_SECRET_KEY_FILE?",
                "JWT_PRIVAT_KEY_FILE is not an option; did you mean JWT_PRIVATE_KEY_FILE?",
                "JWT_REALM_FILE is not an option: a file can hold only JWT_SECRET_KEY, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY",
                "JWT_XYZ_FILE is not an option",
            ]
        );
    }

    #[test]
    fn mistakes_in_a_file_name_its_option() {
        let error = from_env(&[("JWT_SECRET_KEY_FILE", "/no/such/file"), ("JWT_PUBLIC_KEY_FILE", "")]).unwrap_err();
        let [secret, public] = error.mistakes() else { panic!("{error}") };
        assert!(secret.starts_with("JWT_SECRET_KEY_FILE: cannot read /no/such/file: "), "{secret}");
        assert_eq!(public, "JWT_PUBLIC_KEY_FILE: must be the path of a file, and not its content");
    }
}
