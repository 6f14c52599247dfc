//! What marks an access token of another issuer, and what shows that a token is another kind.
//!
//! Knows claims by name; does not know who issues them.

use std::borrow::Cow;

use crate::{
    jose::json::{self, Value},
    token::TokenError,
};

/// What marks an access token of an issuer whose tokens have no claim `type`.
///
/// Whatever the mark: a token with a claim of ID tokens (`nonce`, `at_hash`, `c_hash`), with `events`, or whose `typ`,
/// `token_use` or `type` names another kind is refused. A token with `"type": "access"` needs no other mark.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessTokens {
    /// The header `typ` is `at+jwt` (RFC 9068 section 2.1).
    Typed,
    /// A claim has this value, such as `token_use` the value `access`.
    WithClaim {
        /// The claim's name.
        claim: Cow<'static, str>,
        /// Its value.
        value: Cow<'static, str>,
    },
    /// At least one of these claims is there, which the issuer's ID tokens lack.
    WithAnyOf(Cow<'static, [Cow<'static, str>]>),
    /// Nothing marks them. Only the audience tells them from ID tokens, so it must be one that no login has.
    Unmarked,
}

/// The claims that only ID tokens and logout tokens have (OpenID Connect Core section 2, Back-Channel Logout section
/// 2.4).
const OF_OTHER_KINDS: [&str; 4] = ["nonce", "at_hash", "c_hash", "events"];

const NOT_ACCESS: TokenError = TokenError::ClaimValue {
    claim: "typ",
    message: "Only access tokens are accepted, and this is an ID token or another kind",
};
const UNMARKED: TokenError =
    TokenError::ClaimValue { claim: "typ", message: "The token does not say that it is an access token" };

/// What a token shows of its kind. It gets the claims one by one, in the scan that reads the others too.
pub(super) struct Evidence<'m> {
    mark: &'m AccessTokens,
    is_other: bool,
    is_marked: bool,
}

impl AccessTokens {
    /// Starts to collect what a token shows.
    pub(super) fn evidence(&self) -> Evidence<'_> {
        Evidence { mark: self, is_other: false, is_marked: *self == Self::Unmarked }
    }
}

impl Evidence<'_> {
    /// Notes a claim.
    pub(super) fn note(&mut self, name: &str, value: &Value<'_>) {
        match name {
            name if OF_OTHER_KINDS.contains(&name) => self.is_other = true,
            "typ" => self.is_other |= is_one_of(value, &["id", "refresh", "offline", "logout"]),
            "token_use" => self.is_other |= is_one_of(value, &["id", "refresh"]),
            "type" if is_text(value, "access") => self.is_marked = true,
            "type" => self.is_other |= is_one_of(value, &["refresh", "id"]),
            _ => {}
        }
        match self.mark {
            AccessTokens::WithClaim { claim, value: expected } if name == *claim => {
                self.is_marked |= is_text(value, expected);
            }
            AccessTokens::WithAnyOf(claims) => self.is_marked |= claims.iter().any(|claim| name == *claim),
            _ => {}
        }
    }

    /// Decides whether it is an access token, by its header too.
    pub(super) fn judge(mut self, header: &str) -> Result<(), TokenError> {
        if self.is_other {
            return Err(NOT_ACCESS);
        }
        if !self.is_marked && *self.mark == AccessTokens::Typed {
            // The header was scanned when the token was verified, so there is no error to report.
            let _ = json::scan_object(header, |name, value| {
                self.is_marked |= name == "typ" && is_one_of(&value, &["at+jwt", "application/at+jwt"]);
            });
        }
        if self.is_marked { Ok(()) } else { Err(UNMARKED) }
    }
}

fn is_text(value: &Value<'_>, text: &str) -> bool {
    value.as_str().is_some_and(|value| value == text)
}

/// Compares without case.
fn is_one_of(value: &Value<'_>, texts: &[&str]) -> bool {
    value.as_str().is_some_and(|value| texts.iter().any(|text| value.eq_ignore_ascii_case(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mark: &AccessTokens, header: &str, payload: &str) -> Result<(), TokenError> {
        let mut evidence = mark.evidence();
        json::scan_object(payload, |name, value| evidence.note(&name, &value)).unwrap();
        evidence.judge(header)
    }

    const PLAIN: &str = r#"{"typ":"JWT"}"#;
    const TYPED: &str = r#"{"typ":"at+jwt"}"#;

    #[test]
    fn a_mark_is_needed() {
        assert_eq!(check(&AccessTokens::Typed, TYPED, "{}"), Ok(()));
        assert_eq!(check(&AccessTokens::Typed, r#"{"typ":"Application/AT+JWT"}"#, "{}"), Ok(()));
        assert_eq!(check(&AccessTokens::Typed, PLAIN, "{}"), Err(UNMARKED));
        let used = AccessTokens::WithClaim { claim: "token_use".into(), value: "access".into() };
        assert_eq!(check(&used, PLAIN, r#"{"token_use":"access"}"#), Ok(()));
        assert_eq!(check(&used, TYPED, "{}"), Err(UNMARKED));
        let any = AccessTokens::WithAnyOf(vec!["scp".into(), "azp".into()].into());
        assert_eq!(check(&any, PLAIN, r#"{"azp":"x"}"#), Ok(()));
        assert_eq!(check(&any, PLAIN, r#"{"sub":"x"}"#), Err(UNMARKED));
        assert_eq!(check(&AccessTokens::Unmarked, PLAIN, "{}"), Ok(()));
    }

    #[test]
    fn our_own_type_is_a_mark() {
        assert_eq!(check(&AccessTokens::Typed, PLAIN, r#"{"type":"access"}"#), Ok(()));
        assert_eq!(check(&AccessTokens::Typed, PLAIN, r#"{"type":"other"}"#), Err(UNMARKED));
    }

    #[test]
    fn another_kind_is_refused_whatever_the_mark() {
        for claims in [
            r#"{"nonce":"n"}"#,
            r#"{"at_hash":"h"}"#,
            r#"{"c_hash":"h"}"#,
            r#"{"events":{}}"#,
            r#"{"typ":"ID"}"#,
            r#"{"typ":"Refresh"}"#,
            r#"{"typ":"Offline"}"#,
            r#"{"token_use":"id"}"#,
            r#"{"type":"refresh"}"#,
        ] {
            assert_eq!(check(&AccessTokens::Typed, TYPED, claims), Err(NOT_ACCESS), "{claims}");
            assert_eq!(check(&AccessTokens::Unmarked, PLAIN, claims), Err(NOT_ACCESS), "{claims}");
        }
    }
}
