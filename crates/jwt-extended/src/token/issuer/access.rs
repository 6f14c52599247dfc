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

impl AccessTokens {
    /// Checks that a verified token is an access token by its header and its claims.
    pub(super) fn check(&self, header: &str, payload: &str) -> Result<(), TokenError> {
        let (mut other, mut own_type, mut marked) = (false, false, *self == Self::Unmarked);
        let is = |value: &Value<'_>, text: &str| value.as_str().is_some_and(|value| value == text);
        let one_of = |value: &Value<'_>, texts: &[&str]| {
            value.as_str().is_some_and(|value| texts.iter().any(|text| value.eq_ignore_ascii_case(text)))
        };
        // Header and payload were scanned when the token was verified, so there is no error to report.
        let _ = json::scan_object(payload, |name, value| {
            match &*name {
                name if OF_OTHER_KINDS.contains(&name) => other = true,
                "typ" => other |= one_of(&value, &["id", "refresh", "offline", "logout"]),
                "token_use" => other |= one_of(&value, &["id", "refresh"]),
                "type" if is(&value, "access") => own_type = true,
                "type" => other |= one_of(&value, &["refresh", "id"]),
                _ => {}
            }
            match self {
                Self::WithClaim { claim, value: expected } if name == *claim => marked |= is(&value, expected),
                Self::WithAnyOf(claims) => marked |= claims.contains(&name),
                _ => {}
            }
        });
        if *self == Self::Typed {
            let _ = json::scan_object(header, |name, value| {
                marked |= name == "typ" && one_of(&value, &["at+jwt", "application/at+jwt"]);
            });
        }
        match (other, marked || own_type) {
            (true, _) => Err(NOT_ACCESS),
            (false, false) => Err(UNMARKED),
            (false, true) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"{"typ":"JWT"}"#;
    const TYPED: &str = r#"{"typ":"at+jwt"}"#;

    #[test]
    fn a_mark_is_needed() {
        assert_eq!(AccessTokens::Typed.check(TYPED, "{}"), Ok(()));
        assert_eq!(AccessTokens::Typed.check(r#"{"typ":"Application/AT+JWT"}"#, "{}"), Ok(()));
        assert_eq!(AccessTokens::Typed.check(PLAIN, "{}"), Err(UNMARKED));
        let used = AccessTokens::WithClaim { claim: "token_use".into(), value: "access".into() };
        assert_eq!(used.check(PLAIN, r#"{"token_use":"access"}"#), Ok(()));
        assert_eq!(used.check(TYPED, "{}"), Err(UNMARKED));
        let any = AccessTokens::WithAnyOf(vec!["scp".into(), "azp".into()].into());
        assert_eq!(any.check(PLAIN, r#"{"azp":"x"}"#), Ok(()));
        assert_eq!(any.check(PLAIN, r#"{"sub":"x"}"#), Err(UNMARKED));
        assert_eq!(AccessTokens::Unmarked.check(PLAIN, "{}"), Ok(()));
    }

    #[test]
    fn our_own_type_is_a_mark() {
        assert_eq!(AccessTokens::Typed.check(PLAIN, r#"{"type":"access"}"#), Ok(()));
        assert_eq!(AccessTokens::Typed.check(PLAIN, r#"{"type":"other"}"#), Err(UNMARKED));
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
            assert_eq!(AccessTokens::Typed.check(TYPED, claims), Err(NOT_ACCESS), "{claims}");
            assert_eq!(AccessTokens::Unmarked.check(PLAIN, claims), Err(NOT_ACCESS), "{claims}");
        }
    }
}
