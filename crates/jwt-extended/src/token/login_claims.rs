//! The claims about a login: what it allows (`scope`), and how and when it happened (`auth_time`, `acr`, `amr`).
//!
//! A refresh keeps them, and may only narrow the scopes. Knows no HTTP and no store.

use serde_json::{Map, Value, json};

use super::{
    ACR, AMR, AUTH_TIME, Claims, LOGIN_CLAIMS, SCOPE, Token, TokenType,
    scopes::{scopes_in, stated},
};
use crate::time::Timestamp;

/// What a login says of itself in its tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LoginClaims {
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) auth_time: Option<Timestamp>,
    pub(crate) acr: Option<String>,
    pub(crate) amr: Option<Vec<String>>,
}

impl LoginClaims {
    /// Writes the claims.
    pub(crate) fn to_claims(&self) -> Claims {
        let mut members = Map::new();
        if let Some(scopes) = &self.scopes {
            members.insert(SCOPE.to_owned(), scopes.join(" ").into());
        }
        if let Some(time) = self.auth_time {
            members.insert(AUTH_TIME.to_owned(), time.as_secs().into());
        }
        if let Some(acr) = &self.acr {
            members.insert(ACR.to_owned(), acr.as_str().into());
        }
        if let Some(amr) = &self.amr {
            members.insert(AMR.to_owned(), json!(amr));
        }
        of_members(members)
    }
}

/// The claims that the tokens of a refresh take from the token before.
///
/// The refresh token keeps its scopes (RFC 6749 section 6). The access token may have fewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    access: Claims,
    refresh: Claims,
}

impl Carried {
    /// Returns the claims for a token of this type.
    pub const fn of(&self, kind: TokenType) -> &Claims {
        match kind {
            TokenType::Refresh => &self.refresh,
            TokenType::Access | TokenType::Other => &self.access,
        }
    }
}

/// Returns what a refresh takes from its token. `current` are the user's own claims by now, `requested` the scopes that
/// the access token is to have.
///
/// The error is a requested scope that the refresh token does not have.
pub(crate) fn carried(
    token: &Token,
    current: Option<&Claims>,
    requested: Option<&[String]>,
) -> Result<Carried, String> {
    let mut kept = Map::new();
    for name in LOGIN_CLAIMS {
        // A claim that cannot be read grants nothing, and nothing replaces it.
        match token.claim::<Value>(name) {
            Ok(Some(value)) => drop(kept.insert(name.to_owned(), value)),
            Ok(None) => {}
            Err(_) => drop(kept.insert(name.to_owned(), Value::Null)),
        }
    }
    let granted = scopes_in(token.claims_json(), SCOPE);
    let stated = current.and_then(|claims| stated(claims.as_json(), SCOPE));
    let mut allowed = granted.clone();
    allowed.retain(|scope| stated.as_ref().is_none_or(|stated| stated.contains(scope)));
    if let Some(requested) = requested {
        if let Some(missing) = requested.iter().find(|scope| !allowed.contains(scope)) {
            return Err(missing.clone());
        }
        allowed.retain(|scope| requested.contains(scope));
    }
    let mut access = kept.clone();
    let mut refresh = kept;
    // The user's own claims may state what the login was not. That must not get in: these claims win over the user's.
    for name in LOGIN_CLAIMS {
        let is_claimed = current.is_some_and(|claims| claims.members().iter().any(|(claim, _)| claim == name));
        if is_claimed && !refresh.contains_key(name) {
            let nothing = if name == SCOPE { Value::from("") } else { Value::Null };
            refresh.insert(name.to_owned(), nothing.clone());
            access.insert(name.to_owned(), nothing);
        }
    }
    if allowed != granted {
        // A list stays one: its texts may have spaces.
        let is_list = access.get(SCOPE).is_some_and(Value::is_array);
        access.insert(SCOPE.to_owned(), if is_list { json!(allowed) } else { allowed.join(" ").into() });
    }
    Ok(Carried { access: of_members(access), refresh: of_members(refresh) })
}

fn of_members(members: Map<String, Value>) -> Claims {
    // An object of JSON values always serializes.
    if members.is_empty() { Claims::none() } else { Claims::of_scanned(Value::Object(members).to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JwtManager, jose::Key};

    fn token(claims: &Value) -> Token {
        let jwt = JwtManager::builder().key(Key::hs256("a secret of at least thirty-two bytes").unwrap());
        let jwt = jwt.build().unwrap();
        let text = jwt.refresh_token("alice").additional_claims(claims).create().unwrap();
        jwt.decode_token(&text).unwrap()
    }

    fn scopes(token: &Value, current: Option<Value>, requested: Option<&[&str]>) -> Result<(String, String), String> {
        let current = current.map(|claims| Claims::new(&claims).unwrap());
        let requested = requested.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>());
        let carried = carried(&self::token(token), current.as_ref(), requested.as_deref())?;
        Ok((carried.access.as_json().to_owned(), carried.refresh.as_json().to_owned()))
    }

    fn both(access: &str, refresh: &str) -> (String, String) {
        let object = |scope: &str| if scope == "-" { "{}".to_owned() } else { json!({ "scope": scope }).to_string() };
        (object(access), object(refresh))
    }

    #[test]
    fn a_refresh_keeps_the_scopes() {
        assert_eq!(scopes(&json!({"scope": "a b"}), None, None), Ok(both("a b", "a b")));
        assert_eq!(scopes(&json!({}), None, None), Ok(both("-", "-")));
        assert_eq!(scopes(&json!({"scope": "a b"}), Some(json!({"role": "x"})), None), Ok(both("a b", "a b")));
    }

    #[test]
    fn a_refresh_narrows_the_access_token_alone() {
        assert_eq!(scopes(&json!({"scope": "a b"}), None, Some(&["b"])), Ok(both("b", "a b")));
        assert_eq!(scopes(&json!({"scope": "a b"}), Some(json!({"scope": "a"})), None), Ok(both("a", "a b")));
        assert_eq!(scopes(&json!({"scope": "a b"}), None, Some(&[])), Ok(both("", "a b")));
    }

    #[test]
    fn a_refresh_never_widens() {
        assert_eq!(scopes(&json!({"scope": "a"}), None, Some(&["a", "b"])), Err("b".to_owned()));
        assert_eq!(scopes(&json!({}), None, Some(&["a"])), Err("a".to_owned()));
        assert_eq!(scopes(&json!({"scope": "a"}), Some(json!({"scope": "a b"})), None), Ok(both("a", "a")));
        assert_eq!(scopes(&json!({}), Some(json!({"scope": "a"})), None), Ok(both("", "")));
        let taken_away = scopes(&json!({"scope": "a b"}), Some(json!({"scope": "a"})), Some(&["b"]));
        assert_eq!(taken_away, Err("b".to_owned()));
    }

    #[test]
    fn a_list_of_scopes_stays_one() {
        let login = json!({"scope": ["team admin", "b"]});
        assert_eq!(scopes(&login, None, None).unwrap().0, r#"{"scope":["team admin","b"]}"#);
        assert_eq!(scopes(&login, None, Some(&["team admin"])).unwrap().0, r#"{"scope":["team admin"]}"#);
        let current = Some(json!({"scope": ["team admin", "c"]}));
        assert_eq!(scopes(&login, current, None).unwrap().0, r#"{"scope":["team admin"]}"#);
    }

    #[test]
    fn a_refresh_gains_no_better_login() {
        let current = Claims::new(&json!({"auth_time": 9, "acr": "gold", "amr": ["otp"]})).unwrap();
        let carried = carried(&token(&json!({})), Some(&current), None).unwrap();
        let nothing = json!({"auth_time": null, "acr": null, "amr": null});
        assert_eq!(serde_json::from_str::<Value>(carried.access.as_json()).unwrap(), nothing);
    }

    #[test]
    fn how_and_when_the_user_logged_in_is_kept() {
        let login = json!({"auth_time": 5, "acr": "gold", "amr": ["pwd", "otp"]});
        let kept = carried(&token(&login), Some(&Claims::new(&json!({"acr": "silver"})).unwrap()), None).unwrap();
        assert_eq!(serde_json::from_str::<Value>(kept.access.as_json()).unwrap(), login);
        assert_eq!(kept.access, kept.refresh);
    }
}
