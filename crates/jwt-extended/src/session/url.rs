//! [`StoreUrl`]: splits the URL of a store, for the crates that have one. It knows no kind of store.
//!
//! A URL holds a password. So the credentials are cut off first, and neither an error nor what is displayed contains
//! anything that could be a part of them. A password whose special characters are not percent-encoded moves the end of
//! the credentials. Such a URL is refused, because a part of the password would be taken for a host or a parameter.

use std::{borrow::Cow, fmt};

use zeroize::Zeroizing;

/// The URL of a store: `scheme+driver://user:password@host:port,host:port/path?name=value`.
///
/// It displays without the user, the password and the parameters.
///
/// ```
/// use jwt_extended::session::StoreUrl;
///
/// let url = StoreUrl::parse("redis://me:hush@cache:6379/0?protocol=3")?;
/// assert_eq!(url.to_string(), "redis://cache:6379/0");
/// assert_eq!(url.password().as_deref().map(String::as_str), Some("hush"));
/// let parameters = url.parameters(&["protocol"])?;
/// assert_eq!((parameters[0].0, parameters[0].1.as_str()), ("protocol", "3"));
/// # Ok::<(), jwt_extended::session::StoreUrlError>(())
/// ```
#[derive(Clone)]
pub struct StoreUrl<'a> {
    scheme: &'a str,
    driver: Option<&'a str>,
    credentials: Option<&'a str>,
    authority: &'a str,
    path: &'a str,
    query: &'a str,
}

/// A mistake in a URL. No part of the URL is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreUrlError {
    /// It is no URL.
    #[error("it does not begin with a scheme and ://")]
    NoUrl,
    /// A character has a meaning where it is.
    #[error(
        "percent-encode the special characters of its user name and password: # as %23, / as %2F, ? as %3F, @ as %40; \
         elsewhere it has no # and no second @"
    )]
    Encode,
    /// There is a blank or a control character.
    #[error("it contains a blank, a line break or another control character; in a password, percent-encode it")]
    Blank,
    /// A port is not a number. It may be a part of a password.
    #[error("its port is not a number; if that is a part of the password, percent-encode / as %2F, ? as %3F, # as %23")]
    Port,
    /// Percent-encoding does not give UTF-8.
    #[error("its percent-encoding is not UTF-8")]
    Encoding,
    /// A parameter is not known. It is not named, because it may be a part of a password.
    #[error("it has a parameter that this store does not know; it knows {known}")]
    UnknownParameter {
        /// The names of all parameters.
        known: String,
    },
    /// A parameter is there twice.
    #[error("its parameter {0} is there twice")]
    Twice(&'static str),
}

impl<'a> StoreUrl<'a> {
    /// Splits a URL.
    ///
    /// # Errors
    /// If it is no URL, or where the credentials end is doubtful.
    pub fn parse(url: &'a str) -> Result<Self, StoreUrlError> {
        if url.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(StoreUrlError::Blank);
        }
        let (scheme, rest) = url.split_once("://").ok_or(StoreUrlError::NoUrl)?;
        let is_scheme = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let (scheme, driver) = scheme.split_once('+').map_or((scheme, None), |(scheme, driver)| (scheme, Some(driver)));
        if !is_scheme(scheme) || !driver.is_none_or(is_scheme) {
            return Err(StoreUrlError::NoUrl);
        }
        let (authority, after) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if after.contains(['#', '@']) || authority.matches('@').count() > 1 {
            return Err(StoreUrlError::Encode);
        }
        let (credentials, authority) =
            authority.split_once('@').map_or((None, authority), |(credentials, rest)| (Some(credentials), rest));
        if !authority.is_empty() && !authority.split(',').all(has_port_or_none) {
            return Err(StoreUrlError::Port);
        }
        let (path, query) = after.split_once('?').unwrap_or((after, ""));
        let url = Self { scheme, driver, credentials, authority, path, query };
        let texts = [credentials.unwrap_or_default(), path];
        if texts.into_iter().all(|text| decoded(text).is_some()) { Ok(url) } else { Err(StoreUrlError::Encoding) }
    }

    /// Returns what is in front of `://`, up to a plus sign.
    pub fn scheme(&self) -> &'a str {
        self.scheme
    }

    /// Returns what is between a plus sign and `://`.
    pub fn driver(&self) -> Option<&'a str> {
        self.driver
    }

    /// Returns what is in front of the at sign, as it is in the URL. It holds the password.
    pub fn credentials(&self) -> Option<&'a str> {
        self.credentials
    }

    /// Returns the user's name, if it has one.
    pub fn user(&self) -> Option<String> {
        let user = self.credentials?.split(':').next()?;
        decoded(user).filter(|user| !user.is_empty()).map(Cow::into_owned)
    }

    /// Returns the password, if there is one.
    pub fn password(&self) -> Option<Zeroizing<String>> {
        let (_, password) = self.credentials?.split_once(':')?;
        decoded(password).filter(|password| !password.is_empty()).map(|password| Zeroizing::new(password.into_owned()))
    }

    /// Returns the hosts and ports as they are in the URL. It is empty without a host.
    pub fn authority(&self) -> &'a str {
        self.authority
    }

    /// Returns the hosts and their ports. An IPv6 address has its brackets.
    pub fn hosts(&self) -> impl Iterator<Item = (&'a str, Option<u16>)> {
        self.authority.split(',').filter(|host| !host.is_empty()).map(host_and_port)
    }

    /// Returns the path as it is in the URL, with its first slash.
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// Returns the path, decoded.
    pub fn decoded_path(&self) -> String {
        decoded(self.path).unwrap_or_default().into_owned()
    }

    /// Returns the parameters, each with its known name.
    ///
    /// # Errors
    /// If one is unknown, or there twice.
    pub fn parameters(&self, known: &[&'static str]) -> Result<Vec<(&'static str, Zeroizing<String>)>, StoreUrlError> {
        let mut parameters: Vec<(&'static str, _)> = Vec::new();
        for (name, value) in form_urlencoded::parse(self.query.as_bytes()) {
            let Some(name) = known.iter().find(|known| **known == name) else {
                return Err(StoreUrlError::UnknownParameter { known: known.join(", ") });
            };
            if parameters.iter().any(|(earlier, _)| earlier == name) {
                return Err(StoreUrlError::Twice(name));
            }
            parameters.push((name, Zeroizing::new(value.into_owned())));
        }
        Ok(parameters)
    }
}

impl fmt::Display for StoreUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let driver = self.driver.map_or_else(String::new, |driver| format!("+{driver}"));
        write!(f, "{}{driver}://{}{}", self.scheme, self.authority, self.path)
    }
}

impl fmt::Debug for StoreUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

/// Splits a host from its port. An IPv6 address keeps its brackets.
fn host_and_port(text: &str) -> (&str, Option<u16>) {
    let end = text.find(']').map_or(0, |bracket| bracket + 1);
    match text[end..].split_once(':') {
        Some((host, port)) => (&text[..end + host.len()], port.parse().ok()),
        None => (text, None),
    }
}

fn has_port_or_none(text: &str) -> bool {
    let (host, port) = host_and_port(text);
    port.map_or(host.len() == text.len(), |_| text[host.len() + 1..].bytes().all(|byte| byte.is_ascii_digit()))
}

/// Decodes percent-encoding, and leaves a plus sign as it is. `None` if the result is not UTF-8.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, digit(tail.first()), digit(tail.get(1))) {
            // Two hexadecimal digits are at most 255.
            bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    std::str::from_utf8(&bytes).ok().map(|text| Cow::Owned(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_is_split_into_its_parts() {
        let url = StoreUrl::parse("redis+sentinel://a%40b:p%3Aw%2f+%@one:1,[::1]:2,three/name/5?x=1&y=a%26b").unwrap();
        assert_eq!((url.scheme(), url.driver()), ("redis", Some("sentinel")));
        assert_eq!((url.user().as_deref(), url.password().unwrap().as_str()), (Some("a@b"), "p:w/+%"));
        assert_eq!(url.hosts().collect::<Vec<_>>(), [("one", Some(1)), ("[::1]", Some(2)), ("three", None)]);
        assert_eq!(url.path(), "/name/5");
        let parameters = url.parameters(&["x", "y"]).unwrap();
        let read: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(read, [("x", "1"), ("y", "a&b")]);
        assert_eq!(url.to_string(), "redis+sentinel://one:1,[::1]:2,three/name/5");
    }

    #[test]
    fn parts_may_be_missing() {
        let url = StoreUrl::parse("unix:///run/a.sock").unwrap();
        assert_eq!(
            (url.user(), url.password().is_none(), url.hosts().count(), url.path()),
            (None, true, 0, "/run/a.sock")
        );
        let url = StoreUrl::parse("redis://:pw@h").unwrap();
        assert_eq!((url.user(), url.password().unwrap().as_str(), url.path()), (None, "pw", ""));
        let url = StoreUrl::parse("postgres://me@/db?host=/run").unwrap();
        assert_eq!((url.user().as_deref(), url.authority(), url.path()), (Some("me"), "", "/db"));
        assert!(StoreUrl::parse("postgres://me:@h").unwrap().password().is_none());
    }

    #[test]
    fn an_unencoded_password_is_refused() {
        for password in ["a#b", "a/b", "a?b", "a@b", "12/b", "12?b", "12#b", "@", "a@b@c", "#", "?x=@"] {
            let url = format!("postgres://me:{password}@host:5432/db?x=1");
            assert_eq!(StoreUrl::parse(&url).unwrap_err(), StoreUrlError::Encode, "{password}");
        }
        for url in ["redis://host:pass", "redis://me:pa?ss", "redis://host:99999", "redis://a:1:2", "redis://h:+1"] {
            assert_eq!(StoreUrl::parse(url).unwrap_err(), StoreUrlError::Port, "{url}");
        }
        for url in ["redis://h\n", "redis://a b", "redis://me:a\tb@h"] {
            assert_eq!(StoreUrl::parse(url).unwrap_err(), StoreUrlError::Blank, "{url:?}");
        }
        for url in ["", "h", "redis:h", "://h", "Redis://h", "redis+://h", "re dis://h"] {
            assert!(StoreUrl::parse(url).is_err(), "{url:?}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_an_error_that_does_not_name_it() {
        let url = StoreUrl::parse("redis://h?db=1&hush=2&db=3").unwrap();
        let error = url.parameters(&["db", "user"]).unwrap_err().to_string();
        assert_eq!(error, "it has a parameter that this store does not know; it knows db, user");
        let twice = StoreUrl::parse("redis://h?db=1&db=1").unwrap();
        assert_eq!(twice.parameters(&["db"]).unwrap_err(), StoreUrlError::Twice("db"));
    }

    /// A password of every kind, none of whose parts can be confused with the rest of a URL.
    pub(crate) fn secret() -> impl Strategy<Value = String> {
        "[#/?@:%&=+,;A-Z\\[\\] ]{0,6}XSECRETX[#/?@:%&=+,;A-Z\\[\\] ]{0,6}"
    }

    proptest! {
        #[test]
        fn no_part_of_a_password_is_shown(secret in secret(), form in 0..4_usize, known in any::<bool>()) {
            let url = match form {
                0 => format!("postgres://me:{secret}@host:5432/db?x=1"),
                1 => format!("redis://:{secret}@host"),
                2 => format!("redis+sentinel://{secret}@a:1,b:2/name/0"),
                _ => format!("postgres://host/db?password={secret}"),
            };
            let names: &[&'static str] = if known { &["x", "password"] } else { &[] };
            let shown = match StoreUrl::parse(&url) {
                Ok(url) => format!("{url} {url:?} {:?}", url.parameters(names).map(drop)),
                Err(error) => format!("{error} {error:?}"),
            };
            prop_assert!(!shown.contains("SECRET"), "{}", shown);
        }

        #[test]
        fn an_encoded_password_is_read_back(password in "\\PC{1,20}") {
            let encoded: Vec<_> = password.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let encoded = encoded.concat();
            let url = format!("redis://me:{encoded}@host:1/0");
            let url = StoreUrl::parse(&url).unwrap();
            let read = url.password().unwrap();
            prop_assert_eq!(read.as_str(), password.as_str());
        }
    }
}
