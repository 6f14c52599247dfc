//! How generated tokens differ from a good one, and where the libraries decide differently about such a token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The parts of a token before it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) header: String,
    /// Members of the payload, as JSON text each.
    pub(crate) claims: Vec<(String, String)>,
    /// Text around the payload: before and after its object.
    pub(crate) around: (String, String),
    /// Changes the finished token.
    pub(crate) finish: fn(String) -> String,
}

/// One way in which a token differs.
pub(crate) struct Mutation {
    pub(crate) name: &'static str,
    pub(crate) apply: fn(&mut Parts),
    /// Why jsonwebtoken decides otherwise than we do.
    pub(crate) jsonwebtoken: Option<&'static str>,
    /// Why PyJWT does.
    pub(crate) pyjwt: Option<&'static str>,
}

impl Parts {
    pub(crate) fn good() -> Self {
        let claims = [("sub", "\"alice\""), ("type", "\"access\""), ("exp", "4102444800"), ("iat", "1600000000")];
        Self {
            header: r#"{"alg":"HS256","typ":"JWT"}"#.to_owned(),
            claims: claims.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec(),
            around: Default::default(),
            finish: |token| token,
        }
    }

    pub(crate) fn payload(&self) -> String {
        let members: Vec<_> = self.claims.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{}{{{}}}{}", self.around.0, members.join(","), self.around.1)
    }

    fn set(&mut self, name: &str, value: &str) {
        self.claims.retain(|(found, _)| found != name);
        self.claims.push((name.to_owned(), value.to_owned()));
    }

    fn remove(&mut self, name: &str) {
        self.claims.retain(|(found, _)| found != name);
    }
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const AGREE: Option<&str> = None;
const TYPE_IS_OURS: Option<&str> = Some("the claim `type` is ours; other libraries do not read it");
const OWN_TYP: Option<&str> = Some("`typ` says that the token is of another kind, which only we read (RFC 8725 3.11)");
const NO_DUPLICATES: Option<&str> = Some("it takes one of two members with the same name, we refuse both");
const CRIT: Option<&str> = Some("it ignores `crit`, which RFC 7515 section 4.1.11 forbids");
const REQUIRED: Option<&str> = Some("it does not require this claim");
const LATEST: Option<&str> = Some("our times end with the year 9999");
const UNREAD: Option<&str> = Some("it does not read this claim unless it is asked to");
const LENIENT_TIME: Option<&str> = Some("it takes a time in another notation, or in a text");

macro_rules! mutations {
    ($($name:literal, $jsonwebtoken:expr, $pyjwt:expr, $apply:expr;)+) => {
        pub(crate) const MUTATIONS: &[Mutation] = &[$(Mutation {
            name: $name, apply: $apply, jsonwebtoken: $jsonwebtoken, pyjwt: $pyjwt,
        }),+];
    };
}

mutations! {
    // Differs from a good token in nothing that counts.
    "none", AGREE, AGREE, |_| {};
    "another claim", AGREE, AGREE, |parts| parts.set("role", "{\"a\":[1,null,\"\\u00e9\"]}");
    "blanks", AGREE, AGREE, |parts| parts.around = (" \n".to_owned(), "\t ".to_owned());
    "a kid", AGREE, AGREE, |parts| parts.header = r#"{"alg":"HS256","kid":"x","typ":"JWT"}"#.into();
    "no typ", AGREE, AGREE, |parts| parts.header = r#"{"alg":"HS256"}"#.into();
    "an embedded key", AGREE, AGREE, |parts| {
        parts.header = r#"{"alg":"HS256","jku":"https://evil.example","x5u":"https://evil.example"}"#.into();
    };
    // Claims.
    "expired", AGREE, AGREE, |parts| parts.set("exp", "1600000000");
    "no exp", AGREE, REQUIRED, |parts| parts.remove("exp");
    "exp as text", AGREE, LENIENT_TIME, |parts| parts.set("exp", "\"4102444800\"");
    "exp null", AGREE, AGREE, |parts| parts.set("exp", "null");
    "exp negative", AGREE, AGREE, |parts| parts.set("exp", "-1");
    "exp with a fraction", AGREE, AGREE, |parts| parts.set("exp", "4102444800.5");
    "exp far away", LATEST, LATEST, |parts| parts.set("exp", "99999999999999");
    "not yet valid", AGREE, AGREE, |parts| parts.set("nbf", "4102444000");
    "nbf as text", AGREE, LENIENT_TIME, |parts| parts.set("nbf", "\"1600000000\"");
    "issued in the future", UNREAD, AGREE, |parts| parts.set("iat", "4102444000");
    "iat as text", UNREAD, LENIENT_TIME, |parts| parts.set("iat", "\"1600000000\"");
    "no sub", REQUIRED, REQUIRED, |parts| parts.remove("sub");
    "sub as number", UNREAD, AGREE, |parts| parts.set("sub", "5");
    "sub empty", UNREAD, UNREAD, |parts| parts.set("sub", "\"\"");
    "an audience", AGREE, AGREE, |parts| parts.set("aud", "\"other\"");
    "jti as number", UNREAD, AGREE, |parts| parts.set("jti", "5");
    "no type", TYPE_IS_OURS, TYPE_IS_OURS, |parts| parts.remove("type");
    "another type", TYPE_IS_OURS, TYPE_IS_OURS, |parts| parts.set("type", "\"id\"");
    // JSON.
    "a claim twice", AGREE, NO_DUPLICATES, |parts| {
        parts.claims.push(("sub".to_owned(), "\"bob\"".to_owned()));
    };
    "not a number", AGREE, Some("Python reads NaN"), |parts| parts.set("role", "NaN");
    "a byte order mark", AGREE, Some("Python ignores it"), |parts| parts.around.0 = "\u{feff}".into();
    "text after the payload", AGREE, AGREE, |parts| parts.around.1 = "x".into();
    "a list as payload", AGREE, AGREE, |parts| parts.around = ("[".to_owned(), "]".to_owned());
    "a lone surrogate", AGREE, Some("Python reads half of a surrogate pair"), |parts| parts.set("role", "\"\\ud800\"");
    "deep nesting", Some("it allows 127 levels"), Some("it allows a thousand levels"), |parts| {
        parts.set("role", &format!("{}{}", "[".repeat(100), "]".repeat(100)));
    };
    // The header.
    "alg none", AGREE, AGREE, |parts| parts.header = r#"{"alg":"none"}"#.into();
    "alg in lower case", AGREE, AGREE, |parts| parts.header = r#"{"alg":"hs256"}"#.into();
    "another alg", AGREE, AGREE, |parts| parts.header = r#"{"alg":"HS512"}"#.into();
    "no alg", AGREE, AGREE, |parts| parts.header = r#"{"typ":"JWT"}"#.into();
    "another typ", OWN_TYP, OWN_TYP, |parts| parts.header = r#"{"alg":"HS256","typ":"dpop+jwt"}"#.into();
    "an unknown crit", CRIT, AGREE, |parts| parts.header = r#"{"alg":"HS256","crit":["x"],"x":1}"#.into();
    "a parameter twice", NO_DUPLICATES, NO_DUPLICATES, |parts| {
        parts.header = r#"{"alg":"HS256","x":1,"x":2}"#.into();
    };
    "kid as number", AGREE, AGREE, |parts| parts.header = r#"{"alg":"HS256","kid":5}"#.into();
    // The text of the token.
    "a changed signature", AGREE, AGREE, |parts| parts.finish = |token| {
        let last = token.rfind('.').unwrap() + 1;
        let other = if token[last..].starts_with('A') { 'B' } else { 'A' };
        format!("{}{other}{}", &token[..last], &token[last + 1..])
    };
    "no signature", AGREE, AGREE, |parts| parts.finish = |token| token[..=token.rfind('.').unwrap()].to_owned();
    "unused bits", AGREE, AGREE, |parts| parts.finish = |token| {
        let (rest, last) = token.split_at(token.len() - 1);
        // Of the last character of 32 bytes, two bits are unused.
        let at = ALPHABET.find(last).unwrap();
        format!("{rest}{}", &ALPHABET[at + 1..at + 2])
    };
    "padding", AGREE, Some("it ignores padding"), |parts| parts.finish = |token| token + "=";
    "four segments", AGREE, AGREE, |parts| parts.finish = |token| token + ".e30";
    "two segments", AGREE, AGREE, |parts| parts.finish = |token| token[..token.rfind('.').unwrap()].to_owned();
    "a newline at the end", AGREE, AGREE, |parts| parts.finish = |token| token + "\n";
    "a blank before", AGREE, AGREE, |parts| parts.finish = |token| format!(" {token}");
    "plain base64", AGREE, AGREE, |parts| parts.finish = |token| token.replace('.', "+.");
    "another payload", AGREE, AGREE, |parts| parts.finish = |token| {
        let parts: Vec<_> = token.split('.').collect();
        format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(r#"{"sub":"eve","type":"access","exp":4102444800}"#), parts[2])
    };
}
