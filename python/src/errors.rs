//! The exceptions that users catch: those of Flask-JWT-Extended, and PyJWT's own where upstream lets them through.
//!
//! Sentences are upstream's and PyJWT's, to the letter, because clients match on them.

use std::ffi::CString;

use jwt_extended::{
    Config, Rejection, Token,
    http::{CsrfError, Reason, RequestError},
    jose::{JwsError, KeyError, Segment, Unverified},
    session::StoreError,
    token::{IssueError, TokenError},
};
use pyo3::{
    exceptions::{PyRecursionError, PyRuntimeError, PyValueError},
    intern,
    prelude::*,
    types::{PyDict, PyList, PyString},
};

use crate::claims::to_dict;

/// Where the exceptions are: upstream's names, and PyJWT's.
const OURS: &str = "jwt_extended.flask.exceptions";
const PYJWT: &str = "jwt.exceptions";
const NOT_A_TOKEN: &str = "Invalid token type. Token must be a <class 'bytes'>";

/// A refused request, as the exception that upstream raises. `token` is the text that was judged, if one was found.
pub(crate) fn rejected(py: Python<'_>, rejection: &Rejection, token: Option<(&str, usize)>) -> PyErr {
    let message = rejection.message();
    let error = match rejection.reason() {
        Reason::Missing(_) => new(py, OURS, "NoAuthorizationError", (message,)),
        Reason::Csrf(_) => new(py, OURS, "CSRFError", (message,)),
        Reason::Request(RequestError::QueryPrefix { .. }) => new(py, OURS, "InvalidQueryParamError", (message,)),
        Reason::Request(RequestError::JsonNotAString(_)) => return not_a_token(py),
        Reason::Request(_) => new(py, OURS, "InvalidHeaderError", (message,)),
        Reason::Token(error) => return token_refused(py, error, token),
        Reason::RefreshToken | Reason::NotRefreshToken => new(py, OURS, "WrongTokenError", (message,)),
        Reason::Expired => return rejection.token().map_or_else(|| unknown(&message), |token| expired(py, token)),
        Reason::NotFresh { .. } | Reason::Revoked | Reason::Replayed => {
            let Some(token) = rejection.token() else { return unknown(&message) };
            return with_token(py, token, |header, claims| match rejection.reason() {
                Reason::Revoked => Ok(revoked(py, header, claims)),
                Reason::Replayed => new(py, OURS, "ReplayedTokenError", (message, header, claims)),
                _ => new(py, OURS, "FreshTokenRequired", (message, header, claims)),
            });
        }
        Reason::StoreUnavailable(error) => return store_unavailable(py, error, &message),
        _ => return unknown(&message),
    };
    error.unwrap_or_else(|error| error)
}

/// A token that was revoked.
pub(crate) fn revoked<'py>(py: Python<'py>, header: Bound<'py, PyDict>, claims: Bound<'py, PyDict>) -> PyErr {
    new(py, OURS, "RevokedTokenError", (header, claims)).unwrap_or_else(|error| error)
}

/// The store did not do what it should. The client is told no more than that, and the app why: in the log, and as cause.
pub(crate) fn store_unavailable(py: Python<'_>, error: &StoreError, message: &str) -> PyErr {
    let why = match error {
        StoreError::Full { capacity } => {
            format!("the store is full with {capacity} sessions and revocations; raise the number in JWT_STORE")
        }
        error => error.to_string(),
    };
    let error = new(py, OURS, "StoreUnavailableError", (message,)).unwrap_or_else(|error| error);
    error.set_cause(py, Some(PyRuntimeError::new_err(why)));
    error
}

/// A token that was not accepted.
pub(crate) fn token_refused(py: Python<'_>, error: &TokenError, token: Option<(&str, usize)>) -> PyErr {
    let message = error.to_string();
    let error = match error {
        TokenError::Jws(error) => return jws_refused(py, error, token),
        TokenError::ClaimValue { claim: "aud", .. }
            if token.is_some_and(|(token, limit)| has_no_audience(token, limit)) =>
        {
            new(py, PYJWT, "MissingRequiredClaimError", ("aud",))
        }
        TokenError::ClaimValue { claim, .. } => match *claim {
            "iat" => new(py, PYJWT, "InvalidIssuedAtError", (message,)),
            "exp" | "nbf" => new(py, PYJWT, "DecodeError", (message,)),
            "iss" => new(py, PYJWT, "InvalidIssuerError", (message,)),
            "aud" => new(py, PYJWT, "InvalidAudienceError", (message,)),
            "sub" => new(py, PYJWT, "InvalidSubjectError", (message,)),
            "jti" => new(py, PYJWT, "InvalidJTIError", (message,)),
            _ => new(py, OURS, "JWTDecodeError", (message,)),
        },
        TokenError::NotYetValid(_) => new(py, PYJWT, "ImmatureSignatureError", (message,)),
        TokenError::MissingExpected(claim) => new(py, PYJWT, "MissingRequiredClaimError", (*claim,)),
        TokenError::Issuer => new(py, PYJWT, "InvalidIssuerError", (message,)),
        TokenError::Audience => new(py, PYJWT, "InvalidAudienceError", (message,)),
        TokenError::Expired(token) => return expired(py, token),
        _ => new(py, OURS, "JWTDecodeError", (message,)),
    };
    error.unwrap_or_else(|error| error)
}

/// A token whose outside is not in order.
pub(crate) fn jws_refused(py: Python<'_>, error: &JwsError, token: Option<(&str, usize)>) -> PyErr {
    let Some((text, limit)) = token else { return jws_error(py, error, "") };
    // PyJWT reads the whole token before it looks at algorithm and signature, so that its complaint about a payload comes
    // first. What it would complain about is asked only now that the token is refused anyway.
    let first = match error {
        JwsError::TooLong { .. } | JwsError::NotEnoughSegments => None,
        JwsError::TooManySegments => {
            // To PyJWT, the payload is all between the first dot and the last, and a dot is not in its alphabet.
            let header = text.split('.').next().unwrap_or_default();
            Unverified::parse_within(limit, &format!("{header}.!.")).err()
        }
        _ => Unverified::parse_within(limit, text).err(),
    };
    jws_error(py, first.as_ref().unwrap_or(error), text)
}

/// What is neither text nor bytes is no token.
pub(crate) fn not_a_token(py: Python<'_>) -> PyErr {
    new(py, PYJWT, "DecodeError", (NOT_A_TOKEN,)).unwrap_or_else(|error| error)
}

/// A key that is none. What the engine advises in Rust's terms is said in those of options.
pub(crate) fn invalid_key(py: Python<'_>, error: &KeyError) -> PyErr {
    match error {
        KeyError::SecretIsAsymmetricKey => key_refused(
            py,
            "the secret is the text of an asymmetric key or certificate, which must never key an HMAC; set JWT_ALGORITHM \
             and JWT_PRIVATE_KEY, or a random secret",
        ),
        KeyError::DuplicateKid(kid) => key_refused(py, &format!("two keys share the kid {kid:?}; give each its own")),
        KeyError::NotPem => {
            key_refused(py, &format!("{error}; what is wanted is the content of its file, not its name"))
        }
        error => key_refused(py, &error.to_string().replace(" (`VerifyingKey`)", "")),
    }
}

/// The same with where the key is from, such as the name of its option.
pub(crate) fn of_key(py: Python<'_>, source: &str, error: PyErr) -> PyErr {
    match py.import(PYJWT).and_then(|module| module.getattr("InvalidKeyError")) {
        Ok(class) if error.is_instance(py, &class) => {
            key_refused(py, &format!("{source} is of no use: {}", error.value(py)))
        }
        _ => error,
    }
}

/// Warns, as PyJWT does, of a key that is too short for its algorithm.
pub(crate) fn warn_of_short_key(py: Python<'_>, error: &KeyError) -> PyResult<()> {
    let category = py.import("jwt_extended.flask._keys")?.getattr("InsecureKeyLengthWarning")?;
    let message = CString::new(error.to_string())?;
    PyErr::warn(py, &category, &message, 1)
}

/// A key that cannot even be asked.
pub(crate) fn key_refused(py: Python<'_>, message: &str) -> PyErr {
    new(py, PYJWT, "InvalidKeyError", (message,)).unwrap_or_else(|error| error)
}

/// A token that was not made.
pub(crate) fn not_issued(error: &IssueError) -> PyErr {
    const NEVER: &str = "a token that never expires would be refused; set JWT_ACCESS_TOKEN_EXPIRES or \
                         JWT_REFRESH_TOKEN_EXPIRES to False, or name missing_expiry in JWT_TOLERATE";
    const TOO_LONG: &str = "the token would live longer than revocations are remembered; raise JWT_LONGEST_LIFETIME, or \
                            set it to False to remember them for ever";
    match error {
        IssueError::NeverRefused => PyValueError::new_err(NEVER),
        IssueError::TooLongLived => PyValueError::new_err(TOO_LONG),
        error => PyValueError::new_err(in_options_names(&error.to_string())),
    }
}

/// The engine's sentence with the names that apps know: `header_type` is `JWT_HEADER_TYPE`.
pub(crate) fn in_options_names(sentence: &str) -> String {
    let part_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut translated = String::new();
    let mut rest = sentence;
    while let Some(first) = rest.chars().next() {
        let in_word = part_of_a_name(first);
        let (word, after) = rest.split_at(rest.find(|c| part_of_a_name(c) != in_word).unwrap_or(rest.len()));
        if Config::NAMES.contains(&word) {
            translated.push_str("JWT_");
            translated.push_str(&word.to_ascii_uppercase());
        } else {
            translated.push_str(word);
        }
        rest = after;
    }
    translated
}

/// A header that has an impossible value.
pub(crate) fn header_refused(py: Python<'_>, message: &str) -> PyErr {
    new(py, PYJWT, "InvalidTokenError", (message,)).unwrap_or_else(|error| error)
}

/// Any `crit`: no extension is supported.
pub(crate) fn crit_refused(py: Python<'_>, crit: &Bound<'_, PyAny>) -> PyErr {
    let names = crit.cast::<PyList>().ok().and_then(|names| names.get_item(0).ok());
    header_refused(
        py,
        &match names.as_ref().map(|name| name.cast::<PyString>()) {
            None => "Invalid 'crit' header: must be a non-empty list".to_owned(),
            Some(Err(_)) => "Invalid 'crit' header: values must be strings".to_owned(),
            Some(Ok(name)) => format!("Unsupported critical extension: {name}"),
        },
    )
}

/// The double submit does not match.
pub(crate) fn csrf(py: Python<'_>, error: CsrfError) -> PyErr {
    new(py, OURS, "CSRFError", (error.to_string(),)).unwrap_or_else(|error| error)
}

/// Header and claims of a token as dicts, with upstream's defaults for what is not there.
pub(crate) fn dicts<'py>(py: Python<'py>, token: &Token) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
    let claims = to_dict(py, token.claims_json())?;
    let missing = |name: &Bound<'py, _>| claims.contains(name).map(|there| !there);
    let (kind, fresh, jti) = (intern!(py, "type"), intern!(py, "fresh"), intern!(py, "jti"));
    if missing(kind)? {
        claims.set_item(kind, intern!(py, "access"))?;
    }
    if missing(fresh)? {
        claims.set_item(fresh, false)?;
    }
    if missing(jti)? {
        claims.set_item(jti, py.None())?;
    }
    Ok((header_dict(py, token.header_json())?, claims))
}

/// The header of nearly every token is put together without reading it: 0.1 µs rather than 0.3.
fn header_dict<'py>(py: Python<'py>, header: &str) -> PyResult<Bound<'py, PyDict>> {
    if header != r#"{"alg":"HS256","typ":"JWT"}"# {
        return to_dict(py, header);
    }
    let dict = PyDict::new(py);
    dict.set_item(intern!(py, "alg"), intern!(py, "HS256"))?;
    dict.set_item(intern!(py, "typ"), intern!(py, "JWT"))?;
    Ok(dict)
}

fn jws_error(py: Python<'_>, error: &JwsError, text: &str) -> PyErr {
    let message = error.to_string();
    let error = match error {
        JwsError::AlgorithmMissing | JwsError::AlgorithmNotAllowed => {
            new(py, PYJWT, "InvalidAlgorithmError", (message,))
        }
        JwsError::HeaderMember(complaint) if complaint.starts_with("The alg ") => {
            new(py, PYJWT, "InvalidAlgorithmError", (JwsError::AlgorithmNotAllowed.to_string(),))
        }
        JwsError::Signature | JwsError::UnknownKey => new(py, PYJWT, "InvalidSignatureError", (message,)),
        JwsError::Json(segment, _) => {
            new(py, PYJWT, "DecodeError", (python_s_complaint(py, *segment, text).unwrap_or(message),))
        }
        JwsError::CriticalMalformed => return malformed_crit(py, text),
        JwsError::CriticalExtension(_) | JwsError::HeaderMember(_) | JwsError::ForeignType => {
            new(py, PYJWT, "InvalidTokenError", (message,))
        }
        _ => new(py, PYJWT, "DecodeError", (message,)),
    };
    error.unwrap_or_else(|error| error)
}

/// What Python's own parser says of a segment, as PyJWT would pass it on; `None` if it finds nothing wrong and we do.
fn python_s_complaint(py: Python<'_>, segment: Segment, token: &str) -> Option<String> {
    let at = usize::from(segment != Segment::Header);
    let text = token.split('.').nth(at)?;
    let padded = format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4));
    let decode = py.import("base64").and_then(|base64| base64.getattr("urlsafe_b64decode")).ok()?;
    let bytes = decode.call1((padded,)).ok()?;
    let parsed = py.import("json").and_then(|json| json.call_method1("loads", (bytes,)));
    match parsed {
        Ok(value) if value.is_instance_of::<PyDict>() => None,
        Ok(_) => Some(format!("Invalid {segment} string: must be a json object")),
        Err(error) if error.is_instance_of::<PyValueError>(py) || error.is_instance_of::<PyRecursionError>(py) => {
            Some(format!("Invalid {segment} string: {}", error.value(py)))
        }
        Err(_) => None,
    }
}

/// A `crit` that is no list of names.
fn malformed_crit(py: Python<'_>, token: &str) -> PyErr {
    let header = Unverified::header_within(token.len(), token).unwrap_or_default();
    let crit = to_dict(py, &header).and_then(|header| header.get_item(intern!(py, "crit")));
    match crit {
        Ok(Some(crit)) => crit_refused(py, &crit),
        _ => header_refused(py, "Invalid 'crit' header"),
    }
}

/// Whether PyJWT would say that there is no audience: `aud` is false to Python.
fn has_no_audience(token: &str, limit: usize) -> bool {
    let Ok(parsed) = Unverified::parse_within(limit, token) else { return false };
    let claims: serde_json::Value = serde_json::from_str(parsed.payload()).unwrap_or_default();
    match &claims["aud"] {
        serde_json::Value::Null => true,
        serde_json::Value::Bool(truth) => !truth,
        serde_json::Value::Number(number) => number.as_f64() == Some(0.0),
        serde_json::Value::String(text) => text.is_empty(),
        serde_json::Value::Array(list) => list.is_empty(),
        serde_json::Value::Object(object) => object.is_empty(),
    }
}

/// PyJWT's class, with the attributes that upstream puts on it.
fn expired(py: Python<'_>, token: &Token) -> PyErr {
    with_token(py, token, |header, claims| {
        let error = new(py, PYJWT, "ExpiredSignatureError", ("Signature has expired",))?;
        error.value(py).setattr(intern!(py, "jwt_header"), header)?;
        error.value(py).setattr(intern!(py, "jwt_data"), claims)?;
        Ok(error)
    })
}

fn with_token<'py>(
    py: Python<'py>,
    token: &Token,
    make: impl FnOnce(Bound<'py, PyDict>, Bound<'py, PyDict>) -> PyResult<PyErr>,
) -> PyErr {
    dicts(py, token).and_then(|(header, claims)| make(header, claims)).unwrap_or_else(|error| error)
}

fn new<'py, A>(py: Python<'py>, module: &str, name: &str, arguments: A) -> PyResult<PyErr>
where
    A: pyo3::call::PyCallArgs<'py>,
{
    Ok(PyErr::from_value(py.import(module)?.getattr(name)?.call1(arguments)?))
}

fn unknown(message: &str) -> PyErr {
    PyRuntimeError::new_err(message.to_owned())
}
