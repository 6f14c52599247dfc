//! The types of option values. Each reads both the notation of a configuration file (`true`, `["a", "b"]`) and that of
//! an environment variable (`"true"`, `"a,b"`).

use std::{fmt, marker::PhantomData, time::Duration};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, IntoDeserializer, SeqAccess, value::StrDeserializer},
};
use zeroize::Zeroizing;

use crate::{constant_time, token::Lifetime};

/// Whether a feature is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names explain themselves")]
pub enum Switch {
    On,
    Off,
}

impl Switch {
    /// Returns true for [`Switch::On`].
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Switch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Switch, E> {
                Ok(if value { Switch::On } else { Switch::Off })
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Switch, E> {
                match text.to_ascii_lowercase().as_str() {
                    "true" | "1" | "on" | "yes" => Ok(Switch::On),
                    "false" | "0" | "off" | "no" => Ok(Switch::Off),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Several values of one type. Converts from an array, a vector, or one value; reads a list, or text with commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T, U: Into<T>, const N: usize> From<[U; N]> for List<T> {
    fn from(values: [U; N]) -> Self {
        Self(values.into_iter().map(Into::into).collect())
    }
}

impl<T, U: Into<T>> From<Vec<U>> for List<T> {
    fn from(values: Vec<U>) -> Self {
        Self(values.into_iter().map(Into::into).collect())
    }
}

impl From<&str> for List<String> {
    fn from(value: &str) -> Self {
        Self(vec![value.to_owned()])
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list, or a text with commas")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<List<T>, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = sequence.next_element()? {
                    values.push(value);
                }
                Ok(List(values))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<List<T>, E> {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                items
                    .map(|item| {
                        let item: StrDeserializer<'_, E> = item.into_deserializer();
                        T::deserialize(item)
                    })
                    .collect::<Result<_, _>>()
                    .map(List)
            }
        }
        deserializer.deserialize_any(Visitor(PhantomData))
    }
}

/// A length of time. Reads the notation of a lifetime: `10`, `"10s"`, `"5m"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Duration);

impl From<Duration> for Seconds {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Lifetime::deserialize(deserializer)? {
            Lifetime::For(duration) => Ok(Self(duration)),
            Lifetime::Never => Err(de::Error::custom("must be a length of time, such as 10 or \"10s\"")),
        }
    }
}

/// A number of items or bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub usize);

impl From<usize> for Count {
    fn from(count: usize) -> Self {
        Self(count)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a whole number")]
        enum Either {
            Number(usize),
            Text(String),
        }
        match Either::deserialize(deserializer)? {
            Either::Number(number) => Ok(Self(number)),
            Either::Text(text) => text.parse().map(Self).map_err(|_| de::Error::custom("must be a whole number")),
        }
    }
}

/// A secret: wiped from memory when dropped, and hidden in `Debug`.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl PartialEq for Secret {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        constant_time::equal(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for Secret {}

impl Secret {
    /// Returns the secret text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(secret: T) -> Self {
        Self(Zeroizing::new(secret.into()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A check to skip: one that RFC 7519, RFC 6750 or caution asks for, and that Flask-JWT-Extended does not make. Each
/// makes an app less safe. They are for apps that must go on accepting what they accepted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tolerate {
    /// A token without `exp`, whatever the lifetimes are.
    MissingExpiry,
    /// A token without `type`: it counts as an access token.
    MissingType,
    /// A token with another `type`: it counts as one that is not a refresh token.
    UnknownType,
    /// A token whose `typ` header names another kind of token.
    ForeignTyp,
    /// A token with an audience, although no audience is configured.
    UnexpectedAudience,
    /// Different tokens in two places of one request, or two cookies or parameters of one name: the first one counts.
    SeveralTokens,
    /// An HMAC secret shorter than its hash.
    ShortSecret,
    /// An `exp`, `nbf` or `iat` that is a number in a string, lies before 1970 or past the year 9999.
    LooseTimes,
    /// An identity claim of any value: `null`, the empty string, an array.
    AnyIdentity,
    /// A `csrf`, `sid` or `fresh` claim of an unexpected JSON type: it counts as absent. Only `true` and a time count
    /// as fresh.
    ForeignClaims,
    /// A header that follows the rule of Flask-JWT-Extended instead of RFC 9110: the scheme is case-sensitive, and two
    /// credentials of the scheme count as no token.
    FlaskHeader,
    /// A token whose segments end in the padding of base64. It then has several spellings.
    Padding,
}

impl Tolerate {
    /// All of them: everything that Flask-JWT-Extended accepts.
    pub const ALL: [Self; 12] = [
        Self::MissingExpiry,
        Self::MissingType,
        Self::UnknownType,
        Self::ForeignTyp,
        Self::UnexpectedAudience,
        Self::SeveralTokens,
        Self::ShortSecret,
        Self::LooseTimes,
        Self::AnyIdentity,
        Self::ForeignClaims,
        Self::FlaskHeader,
        Self::Padding,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: de::DeserializeOwned>(json: &str) -> Option<T> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn a_switch_reads_what_people_write() {
        for on in ["true", "\"true\"", "\"1\"", "\"On\"", "\"yes\""] {
            assert_eq!(read(on), Some(Switch::On), "{on}");
        }
        for off in ["false", "\"False\"", "\"0\"", "\"off\"", "\"no\""] {
            assert_eq!(read(off), Some(Switch::Off), "{off}");
        }
        for neither in ["\"\"", "\"maybe\"", "null", "[]"] {
            assert_eq!(read::<Switch>(neither), None, "{neither}");
        }
    }

    #[test]
    fn a_list_is_a_list_or_a_text_with_commas() {
        let expected = List(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(read(r#"["a","b"]"#), Some(expected.clone()));
        assert_eq!(read(r#""a, b,""#), Some(expected.clone()));
        assert_eq!(expected, ["a", "b"].into());
        assert_eq!(read::<List<String>>("5"), None);
    }

    #[test]
    fn lengths_counts_and_secrets_read_both_ways() {
        assert_eq!(read("\"2m\""), Some(Seconds(Duration::from_secs(120))));
        assert_eq!(read::<Seconds>("false"), None);
        assert_eq!(read("5"), Some(Count(5)));
        assert_eq!(read("\"5\""), Some(Count(5)));
        assert_eq!(read::<Count>("-5"), None);
        assert_eq!(format!("{:?}", Secret::from("hush")), "[secret]");
    }
}
