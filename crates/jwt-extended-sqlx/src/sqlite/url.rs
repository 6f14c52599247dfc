//! [`SqliteUrl`]: which file a URL names. It opens nothing, but it knows the current folder.
//!
//! sqlx and SQLAlchemy write URLs differently. A form that only one of them knows is read as that one reads it. Both
//! know `sqlite:///file.db`: it is relative for SQLAlchemy, whose URLs applications have, and absolute for sqlx. Where
//! that difference could open an empty store beside the right one, opening it is an error.

use std::{
    fmt, path,
    path::{Path, PathBuf},
    str::FromStr,
};

use crate::shared::error::SetupError;

/// A URL that names an SQLite file. It displays as `sqlite:` and the file's absolute path.
///
/// | URL | file |
/// |---|---|
/// | `sqlite:file.db`, `sqlite://file.db`, `sqlite:///file.db` | in the current folder |
/// | `sqlite:/folder/file.db`, `sqlite:////folder/file.db` | absolute |
/// | … `?mode=rwc`, the default | is created if it does not exist |
/// | … `?mode=rw` | must exist |
///
/// After `sqlite+driver:`, as SQLAlchemy writes it, there are three slashes or four. Everything else is refused:
/// other parameters, databases in memory, and percent-encoding, which SQLAlchemy reads as part of the name.
///
/// ```
/// use jwt_extended_sqlx::SqliteUrl;
///
/// let url: SqliteUrl = "sqlite:////var/lib/app/sessions.db".parse()?;
/// # #[cfg(unix)]
/// assert_eq!(url.to_string(), "sqlite:/var/lib/app/sessions.db");
/// # Ok::<(), jwt_extended_sqlx::SetupError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteUrl {
    path: PathBuf,
    pub(super) missing: Missing,
    /// The absolute file that sqlx would open, if it is another one.
    other_reading: Option<PathBuf>,
}

/// What becomes of a file that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Create,
    Refuse,
}

impl SqliteUrl {
    /// Names a file by its path, which is taken as it is.
    pub fn of_path(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        // Fails for an empty path, which cannot be opened, and in a folder that has been deleted.
        let path = path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { path, missing: Missing::Create, other_reading: None }
    }

    /// Returns the file's absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses a URL that sqlx reads as an existing file, while the file that it names here does not exist.
    pub(super) fn refuse_if_misread(&self) -> Result<(), SetupError> {
        match &self.other_reading {
            Some(other) if other.is_file() && !self.path.exists() => bad(format!(
                "three slashes begin a relative path, and {} does not exist, but {other} does; write sqlite:{other}",
                self.path.display(),
                other = other.display()
            )),
            _ => Ok(()),
        }
    }
}

impl FromStr for SqliteUrl {
    type Err = SetupError;

    fn from_str(url: &str) -> Result<Self, SetupError> {
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        let (name, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let missing = missing(parameters)?;
        if scheme != "sqlite" && !(scheme.starts_with("sqlite+") && name.starts_with("///")) {
            return bad("it does not begin with sqlite: or, after a driver's name, with sqlite+driver:///");
        }
        if name.contains(char::is_control) {
            return bad("it contains a control character");
        }
        if is_encoded(name) {
            return bad("drivers disagree on percent-encoding; write the name as it is, or choose one without %");
        }
        let mut other_reading = None;
        let name = if let Some(name) = name.strip_prefix("///") {
            other_reading = (!name.starts_with('/')).then(|| Path::new("/").join(name));
            name
        } else if let Some(name) = name.strip_prefix("//") {
            let first = name.split('/').next().unwrap_or_default();
            if first.contains(['@', ':']) && first != ":memory:" {
                return bad("it names a host");
            }
            name
        } else {
            name
        };
        let is_no_name = |name: &str| name.is_empty() || name.ends_with('/') || name.starts_with("file:");
        if is_no_name(name) || name.starts_with(":memory:") || name.starts_with("sqlite:") {
            return Err(SetupError::NotAFile);
        }
        let path = path::absolute(name).map_err(|error| SetupError::Unavailable(error.to_string()))?;
        Ok(Self { path, missing, other_reading })
    }
}

impl fmt::Display for SqliteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite:{}", self.path.display())
    }
}

fn bad<T>(why: impl Into<String>) -> Result<T, SetupError> {
    Err(SetupError::BadSqliteUrl(why.into()))
}

/// Reads the parameters. There is one, with two values.
fn missing(parameters: &str) -> Result<Missing, SetupError> {
    match parameters {
        "" | "mode=rwc" => Ok(Missing::Create),
        "mode=rw" => Ok(Missing::Refuse),
        "mode=memory" => Err(SetupError::NotAFile),
        "mode=ro" => bad("a store must write, so mode=ro cannot work"),
        _ => bad("the only parameters are mode=rwc and mode=rw"),
    }
}

fn is_encoded(name: &str) -> bool {
    name.split('%').skip(1).any(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<SqliteUrl, String> {
        url.parse().map_err(|error: SetupError| error.to_string())
    }

    #[test]
    fn relative_urls_name_a_file_in_the_current_folder() {
        let here = std::env::current_dir().unwrap();
        for name in ["x.db", "a/b.db", "a file.db", "50%.db", "a#b.db", "a@b:c.db"] {
            for before in ["sqlite:", "sqlite:///", "sqlite+pysqlite:///", "sqlite+aiosqlite:///"] {
                assert_eq!(read(&format!("{before}{name}")).unwrap().path(), here.join(name), "{before}{name}");
            }
        }
        assert_eq!(read("sqlite://a/x.db").unwrap().path(), here.join("a/x.db"), "as sqlx reads it");
    }

    #[test]
    fn absolute_urls_have_one_slash_or_four() {
        for before in ["sqlite:/", "sqlite:////", "sqlite:////", "sqlite+pysqlite:////"] {
            let url = read(&format!("{before}var/lib/x.db")).unwrap();
            assert_eq!(
                (url.path(), &*url.to_string()),
                (Path::new("/var/lib/x.db"), "sqlite:/var/lib/x.db"),
                "{before}"
            );
        }
    }

    #[test]
    fn a_path_is_taken_as_it_is() {
        for name in ["a%20b.db", "x?mode=rw", "sqlite:x.db"] {
            let url = SqliteUrl::of_path(name);
            assert_eq!((url.path(), url.missing), (&*std::env::current_dir().unwrap().join(name), Missing::Create));
        }
        assert_eq!(SqliteUrl::of_path("/var/lib/x.db").to_string(), "sqlite:/var/lib/x.db");
    }

    #[test]
    fn the_mode_says_whether_the_file_is_created() {
        let missing = |url| read(url).unwrap().missing;
        assert_eq!([missing("sqlite:x"), missing("sqlite:x?mode=rwc")], [Missing::Create; 2]);
        assert_eq!(missing("sqlite:///x?mode=rw"), Missing::Refuse);
    }

    #[test]
    fn everything_else_is_refused() {
        for (url, why) in [
            ("sqlite:", "needs the path of a file"),
            ("sqlite://", "needs the path of a file"),
            ("sqlite:///", "needs the path of a file"),
            ("sqlite::memory:", "needs the path of a file"),
            ("sqlite://:memory:", "needs the path of a file"),
            ("sqlite:///:memory:", "needs the path of a file"),
            ("sqlite:x?mode=memory", "needs the path of a file"),
            ("sqlite:file:x.db", "needs the path of a file"),
            ("sqlite:sqlite:x.db", "needs the path of a file"),
            ("sqlite:folder/", "needs the path of a file"),
            ("sqlite:x?mode=ro", "must write"),
            ("sqlite:x?mode=", "the only parameters are"),
            ("sqlite:x?mode=rw&mode=rwc", "the only parameters are"),
            ("sqlite:x?cache=shared", "the only parameters are"),
            ("sqlite:x?", ""),
            ("sqlite:a%20b.db", "percent-encoding"),
            ("sqlite:a\nb.db", "control character"),
            ("sqlite://me:pw@host/x.db", "names a host"),
            ("sqlite+pysqlite:x.db", "does not begin with"),
            ("sqlite+pysqlite://x.db", "does not begin with"),
            ("SQLite:x.db", "does not begin with"),
            ("x.db", "does not begin with"),
        ] {
            match read(url) {
                Ok(_) => assert_eq!(why, "", "{url}"),
                Err(error) => assert!(!why.is_empty() && error.contains(why), "{url}: {error}"),
            }
        }
    }
}
