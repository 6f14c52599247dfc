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
/// `token_use` or `type` names another kind is refused. So is a token that is bound to a key (`cnf`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessTokens {
    /// The header `typ` is `at+jwt` (RFC 9068 section 2.1), or the claim `type` is `access`, as in our own tokens.
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
    /// Nothing marks them. ID tokens without a claim that shows it pass as well: only the audience tells them apart, so
    /// it must be one that no login has.
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

const BOUND: TokenError =
    TokenError::ClaimValue { claim: "cnf", message: "The token is bound to a key (cnf), which is not supported" };

/// What a token shows of its kind. It gets the claims one by one, in the scan that reads the others too.
pub(super) struct Evidence<'m> {
    mark: &'m AccessTokens,
    is_other: bool,
    is_marked: bool,
    /// Whether only the holder of a key may use it (RFC 7800).
    is_bound: bool,
}

impl AccessTokens {
    /// Starts to collect what a token shows.
    pub(super) fn evidence(&self) -> Evidence<'_> {
        Evidence { mark: self, is_other: false, is_marked: *self == Self::Unmarked, is_bound: false }
    }
}

impl Evidence<'_> {
    /// Notes a claim.
    pub(super) fn note(&mut self, name: &str, value: &Value<'_>) {
        match name {
            name if OF_OTHER_KINDS.contains(&name) => self.is_other = true,
            // A text that names any other kind than an access token: an ID token, a password reset, a second factor.
            "typ" | "type" | "token_use" => {
                let names_kind = value.as_str().is_some();
                self.is_other |=
                    names_kind && !is_one_of(value, &["access", "access_token", "bearer", "at+jwt", "jwt"]);
                // Ours. An issuer that marks its tokens in another way may let users choose this claim.
                self.is_marked |= name == "type" && *self.mark == AccessTokens::Typed && is_text(value, "access");
            }
            "cnf" => self.is_bound = true,
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
        if self.is_bound {
            return Err(BOUND);
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
        let named = AccessTokens::WithClaim { claim: "use".into(), value: "access".into() };
        assert_eq!(check(&named, PLAIN, r#"{"use":"access"}"#), Ok(()));
        assert_eq!(check(&named, PLAIN, r#"{"use":"login"}"#), Err(UNMARKED));
        assert_eq!(check(&named, PLAIN, r#"{"nickname":"access"}"#), Err(UNMARKED));
        let any = AccessTokens::WithAnyOf(vec!["scp".into(), "azp".into()].into());
        assert_eq!(check(&any, PLAIN, r#"{"azp":"x"}"#), Ok(()));
        assert_eq!(check(&any, PLAIN, r#"{"sub":"x"}"#), Err(UNMARKED));
        assert_eq!(check(&AccessTokens::Unmarked, PLAIN, "{}"), Ok(()));
    }

    #[test]
    fn our_own_type_is_a_mark() {
        assert_eq!(check(&AccessTokens::Typed, PLAIN, r#"{"type":"access"}"#), Ok(()));
        assert_eq!(check(&AccessTokens::Typed, PLAIN, r#"{"type":"other"}"#), Err(NOT_ACCESS));
        let used = AccessTokens::WithAnyOf(vec!["scp".into()].into());
        assert_eq!(check(&used, PLAIN, r#"{"type":"access"}"#), Err(UNMARKED));
    }

    #[test]
    fn a_token_that_is_bound_to_a_key_is_refused() {
        assert_eq!(check(&AccessTokens::Typed, TYPED, r#"{"cnf":{"jkt":"x"}}"#), Err(BOUND));
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
            r#"{"type":"password_reset"}"#,
            r#"{"token_use":"anything"}"#,
        ] {
            assert_eq!(check(&AccessTokens::Typed, TYPED, claims), Err(NOT_ACCESS), "{claims}");
            assert_eq!(check(&AccessTokens::Unmarked, PLAIN, claims), Err(NOT_ACCESS), "{claims}");
        }
    }
}
