//! Every option, with its default and its meaning.
//!
//! Fill in a [`Config`] by hand, read it from a file through serde, or from `JWT_…` environment variables, or combine
//! them: each source changes only the options that it names. The values are checked together by
//! [`build`](crate::JwtManagerBuilder::build), which reports all mistakes at once.
//!
//! ```
//! use jwt_extended::{Config, JwtManager};
//!
//! let config: Config = serde_json::from_str(
//!     r#"{"secret_key": "a secret of at least thirty-two bytes, from a safe place", "token_location": ["cookies"]}"#,
//! )?;
//! let jwt = JwtManager::from_config(config).build()?;
//!
//! let mistakes = JwtManager::builder().header_name("").decode_leeway(std::time::Duration::from_secs(3600)).build();
//! assert_eq!(mistakes.unwrap_err().mistakes().len(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![doc = include_str!("../docs/options.md")]

mod check;
mod files;
mod issuers;
mod key_schedule;
mod keys;
mod options;
mod read;
mod rings;
mod service_links;
mod settings;
mod types;

use std::fmt;

pub(crate) use check::{GivenKeys, check};
pub use files::FileError;
pub use issuers::{IssuerOptions, KeysAt, MarkOption, ProviderName};
pub use key_schedule::{KeySchedule, KeyState, ScheduledKey, ScheduledRings};
pub(crate) use options::with_options;
pub use read::closest_option;
pub use rings::ReplaceKeysError;
pub(crate) use rings::Rings;
pub(crate) use settings::Settings;
pub use types::{Count, List, Seconds, Secret, Switch, Tolerate};

use crate::{
    http::{ErrorFormat, Location, SameSite, Statuses},
    jose::Algorithm,
    token::Lifetime,
};

/// Whether an option was set.
#[derive(PartialEq, Eq)]
enum Assigned {
    Done,
    NoSuchOption,
}

macro_rules! define_config {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ident $type:ty $(= $default:expr)?;)+) => {
        /// Every option of Flask-JWT-Extended under its own name without `JWT_`, in lower case, and more of our own.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct Config {
            $($(#[doc = $doc])+ pub $name: define_config!(@type $kind $type),)+
        }

        impl Default for Config {
            fn default() -> Self {
                Self { $($name: define_config!(@default $kind $($default)?),)+ }
            }
        }

        impl Config {
            /// The names of all options.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// Sets the field of this name, if there is one.
            fn assign<'de, D: serde::Deserializer<'de>>(&mut self, name: &str, value: D) -> Result<Assigned, D::Error> {
                match name {
                    $(stringify!($name) => self.$name = define_config!(@read $kind $type, value),)+
                    _ => return Ok(Assigned::NoSuchOption),
                }
                Ok(Assigned::Done)
            }
        }
    };
    (@type plain $type:ty) => { $type };
    (@type optional $type:ty) => { Option<$type> };
    (@default plain $default:expr) => { $default };
    (@default optional) => { None };
    (@read plain $type:ty, $value:ident) => { <$type as serde::Deserialize>::deserialize($value)? };
    (@read optional $type:ty, $value:ident) => { Some(<$type as serde::Deserialize>::deserialize($value)?) };
}

with_options!(define_config);

impl Config {
    pub(crate) fn tolerates(&self, what: Tolerate) -> bool {
        self.tolerate.0.contains(&what)
    }
}

/// All mistakes of a configuration. Each says what to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    mistakes: Vec<String>,
}

impl ConfigError {
    pub(crate) fn new(mistakes: Vec<String>) -> Self {
        Self { mistakes }
    }

    /// Returns each mistake as a sentence.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mistakes.join("; "))
    }
}

impl std::error::Error for ConfigError {}
