//! Reads and writes the JOSE header (RFC 7515 section 4), strictly.
//!
//! Reads only the parameters that decide how a token is checked. `jwk`, `jku`, `x5u` and `x5c` are never used.

use std::{borrow::Cow, sync::Arc};

use super::{
    Algorithm, JwsError, Segment, base64url,
    json::{self, Kind, Value},
};

/// The header parameters that decide how a token is checked.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Cow<'a, str>>,
    pub(crate) typ: Option<Cow<'a, str>>,
}

impl<'a> Header<'a> {
    /// Reads the header from the decoded first segment.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, JwsError> {
        let (mut alg, mut kid, mut typ, mut crit, mut b64) = (None, None, None, None, None);
        json::scan_bytes(bytes, |name, value| match name.as_ref() {
            "alg" => alg = Some(value),
            "kid" => kid = Some(value),
            "typ" => typ = Some(value),
            "crit" => crit = Some(value),
            "b64" => b64 = Some(value),
            _ => {}
        })
        .map_err(|error| JwsError::Json(Segment::Header, error))?;

        if let Some(crit) = crit {
            return Err(refuse_critical(&crit));
        }
        if b64.is_some_and(|value| value.kind != Kind::True) {
            return Err(JwsError::CriticalExtension("b64".into()));
        }
        let alg = string(alg, "The alg header parameter must be a string")?.ok_or(JwsError::AlgorithmMissing)?;
        Ok(Self {
            algorithm: Algorithm::from_name(&alg).ok_or(JwsError::AlgorithmNotAllowed)?,
            kid: string(kid, "Key ID header parameter must be a string")?,
            typ: string(typ, "The typ header parameter must be a string")?,
        })
    }
}

/// Returns whether a `typ` is accepted as one of our own kinds: `JWT` or `at+jwt` (RFC 9068), with or without
/// `application/`. Media types are compared without case (RFC 7515 section 4.1.9).
pub(crate) fn is_our_type(typ: &str) -> bool {
    let short = typ.get(..12).filter(|start| start.eq_ignore_ascii_case("application/")).map_or(typ, |_| &typ[12..]);
    short.eq_ignore_ascii_case("JWT") || short.eq_ignore_ascii_case("at+jwt")
}

/// The header that a key puts on its tokens by default, prepared once.
///
/// Signing copies it, and a token with exactly this header needs no header parsing.
#[derive(Clone)]
pub(crate) struct StandardHeader {
    pub(crate) json: Arc<str>,
    pub(crate) encoded: Arc<str>,
}

impl StandardHeader {
    /// Writes the header. Its names are sorted, as in PyJWT.
    pub(crate) fn new(algorithm: Algorithm, kid: Option<&str>) -> Self {
        let json = match kid {
            // `with_kid` accepts only printable ASCII, so serde_json's own escaping is enough.
            Some(kid) => format!("{{\"alg\":\"{algorithm}\",\"kid\":{},\"typ\":\"JWT\"}}", serde_json::json!(kid)),
            None => format!("{{\"alg\":\"{algorithm}\",\"typ\":\"JWT\"}}"),
        };
        let encoded = base64url::encode(json.as_bytes()).into();
        Self { json: json.into(), encoded }
    }
}

fn string<'a>(value: Option<Value<'a>>, complaint: &'static str) -> Result<Option<Cow<'a, str>>, JwsError> {
    value.map(|value| value.as_str().ok_or(JwsError::HeaderMember(complaint))).transpose()
}

/// Returns the error for a `crit` header. Every `crit` is refused, because no extension is supported; the error names
/// the first extension if possible.
fn refuse_critical(crit: &Value<'_>) -> JwsError {
    let names = match crit.kind {
        Kind::Array => json::strings_of_array(crit.text),
        _ => None,
    };
    match names.as_deref() {
        Some([name, ..]) if is_plain_name(name) => JwsError::CriticalExtension(name.clone()),
        Some([_, ..]) => JwsError::CriticalExtension("?".into()),
        _ => JwsError::CriticalMalformed,
    }
}

/// Returns whether a name from the token is safe to repeat in a response.
fn is_plain_name(name: &str) -> bool {
    (1..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(header: &str) -> String {
        Header::parse(header.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn only_parameters_that_decide_the_check_are_read() {
        let header =
            Header::parse(br#"{"typ":"JWT","alg":"HS256","kid":"\u0061","jku":"https://evil.example"}"#).unwrap();
        assert_eq!(header.algorithm, Algorithm::HS256);
        assert_eq!(header.kid.as_deref(), Some("a"));
        assert_eq!(header.typ.as_deref(), Some("JWT"));
    }

    #[test]
    fn malformed_headers_are_refused() {
        assert_eq!(refusal(r#"{"typ":"JWT"}"#), "Algorithm not specified");
        assert_eq!(refusal(r#"{"alg":null}"#), "The alg header parameter must be a string");
        for alg in ["none", "NoNe", "", "HS256 ", "XS256"] {
            assert_eq!(refusal(&format!(r#"{{"alg":"{alg}"}}"#)), "The specified alg value is not allowed");
        }
        assert_eq!(refusal(r#"{"alg":"HS256","kid":7}"#), "Key ID header parameter must be a string");
        assert_eq!(refusal(r#"{"alg":"HS256","typ":[]}"#), "The typ header parameter must be a string");
        assert_eq!(
            refusal(r#"{"alg":"HS256","alg":"HS256"}"#),
            "Invalid header string: a member name is used twice in one object"
        );
        assert_eq!(refusal("[]"), "Invalid header string: must be a json object");
    }

    #[test]
    fn every_crit_and_unencoded_payloads_are_refused() {
        for crit in [r#"["x"]"#, r#"["x","x"]"#] {
            assert_eq!(refusal(&format!(r#"{{"alg":"HS256","crit":{crit}}}"#)), "Unsupported critical extension: x");
        }
        assert_eq!(refusal(r#"{"alg":"HS256","crit":["alg"]}"#), "Unsupported critical extension: alg");
        assert_eq!(refusal(r#"{"alg":"HS256","crit":["<script>"]}"#), "Unsupported critical extension: ?");
        for crit in ["[]", "\"x\"", "null", "{}", "[1]"] {
            assert_eq!(refusal(&format!(r#"{{"alg":"HS256","crit":{crit}}}"#)), "Invalid 'crit' header", "{crit}");
        }
        assert_eq!(refusal(r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#), "Unsupported critical extension: b64");
        assert_eq!(refusal(r#"{"alg":"HS256","b64":false}"#), "Unsupported critical extension: b64");
        assert!(Header::parse(br#"{"alg":"HS256","b64":true}"#).is_ok());
    }

    #[test]
    fn only_own_token_types_are_accepted() {
        for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt", "application/JWT", "Application/AT+JWT"] {
            assert!(is_our_type(typ), "{typ}");
        }
        for typ in ["dpop+jwt", "secevent+jwt", "logout+jwt", "", "JWS", "application/", "JWT ", "applicationé/JWT"] {
            assert!(!is_our_type(typ), "{typ}");
        }
    }
}
