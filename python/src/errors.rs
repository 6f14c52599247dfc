//! The exceptions that users catch: those of Flask-JWT-Extended, and PyJWT's own where upstream passes them on.
//!
//! Messages are those of upstream and PyJWT, word for word, because clients match on them. This file converts errors;
//! it decides nothing.

use http::header::RETRY_AFTER;
use jwt_extended::{
    Config, Rejection, Token,
    http::{CsrfError, Reason, RequestError},
    jose::{JwsError, KeyError, Limits, Padding, Segment, Unverified},
    session::StoreError,
    token::{IssueError, TokenError},
};
use pyo3::{
    exceptions::{PyRecursionError, PyRuntimeError, PyValueError},
    intern,
    prelude::*,
    types::{PyDict, PyList, PyString},
};

use crate::claims::{dicts, to_dict};

/// The module with upstream's exceptions and ours.
const OURS: &str = "jwt_extended.flask.exceptions";
/// The module with PyJWT's exceptions, for every version of PyJWT.
const PYJWT: &str = "jwt_extended._common.pyjwt";
const NOT_A_TOKEN: &str = "Invalid token type. Token must be a <class 'bytes'>";

/// Returns the exception that upstream raises for a rejected request. `token` is its token, if it has one, and the
/// limits for it.
pub(crate) fn rejected(py: Python<'_>, rejection: &Rejection, token: Option<(&str, Limits)>) -> PyErr {
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
        Reason::NotFresh { .. }
        | Reason::Revoked
        | Reason::Replayed
        | Reason::InsufficientScope { .. }
        | Reason::NotGranted { .. }
        | Reason::InsufficientLogin { .. } => {
            let Some(token) = rejection.token() else { return unknown(&message) };
            return with_token(py, token, |header, claims| match rejection.reason() {
                Reason::InsufficientScope { scope } => {
                    new(py, OURS, "InsufficientScopeError", (message, header, claims, scope))
                }
                Reason::NotGranted { .. } => new(py, OURS, "InsufficientScopeError", (message, header, claims)),
                Reason::InsufficientLogin { max_age, acr_values, .. } => {
                    let classes: Vec<&str> = acr_values.split_ascii_whitespace().collect();
                    new(py, OURS, "InsufficientLoginError", (message, header, claims, *max_age, classes))
                }
                Reason::Revoked => Ok(revoked(py, header, claims)),
                Reason::Replayed => new(py, OURS, "ReplayedTokenError", (message, header, claims)),
                _ => new(py, OURS, "FreshTokenRequired", (message, header, claims)),
            });
        }
        Reason::StoreUnavailable(error) => return store_unavailable(py, error, &message),
        Reason::KeysUnavailable(_) => {
            let answer = rejection.to_response();
            let after = answer.headers().get(RETRY_AFTER).and_then(|seconds| seconds.to_str().ok());
            new(py, OURS, "KeysUnavailableError", (message, after.unwrap_or("1")))
        }
        _ => return unknown(&message),
    };
    error.unwrap_or_else(|error| error)
}

/// Returns the exception for a revoked token.
pub(crate) fn revoked<'py>(py: Python<'py>, header: Bound<'py, PyDict>, claims: Bound<'py, PyDict>) -> PyErr {
    new(py, OURS, "RevokedTokenError", (header, claims)).unwrap_or_else(|error| error)
}

/// Returns the exception for a store that failed. Its message is for the client. The reason is the exception's cause,
/// which the app logs.
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

/// Returns the exception for a token that was rejected.
pub(crate) fn token_refused(py: Python<'_>, error: &TokenError, token: Option<(&str, Limits)>) -> PyErr {
    let message = error.to_string();
    let error = match error {
        TokenError::Jws(error) => return jws_refused(py, error, token),
        TokenError::ClaimValue { claim: "aud", .. }
            if token.is_some_and(|(token, limits)| has_no_audience(token, limits)) =>
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

/// Returns the exception for a token with an invalid structure, header or signature.
pub(crate) fn jws_refused(py: Python<'_>, error: &JwsError, token: Option<(&str, Limits)>) -> PyErr {
    let Some((text, limits)) = token else { return jws_error(py, error, None) };
    // PyJWT parses the whole token before it checks algorithm and signature, so it reports a malformed payload first.
    // We parse the payload only now, when the token is rejected anyway.
    let first = match error {
        JwsError::TooLong { .. } | JwsError::NotEnoughSegments => None,
        JwsError::TooManySegments => {
            // PyJWT takes everything between the first dot and the last as the payload, and a dot is not valid in it.
            let header = text.split('.').next().unwrap_or_default();
            Unverified::parse_within(limits, &format!("{header}.!.")).err()
        }
        _ => Unverified::parse_within(limits, text).err(),
    };
    jws_error(py, first.as_ref().unwrap_or(error), Some(text))
}

/// Returns the exception for a token that is neither `str` nor `bytes`.
pub(crate) fn not_a_token(py: Python<'_>) -> PyErr {
    new(py, PYJWT, "DecodeError", (NOT_A_TOKEN,)).unwrap_or_else(|error| error)
}

/// Returns the exception for an invalid key. Advice that names Rust functions is replaced by advice that names options.
pub(crate) fn invalid_key(py: Python<'_>, error: &KeyError) -> PyErr {
    match error {
        KeyError::SecretIsAsymmetricKey => key_refused(
            py,
            "the secret is the text of an asymmetric key or certificate, which must never key an HMAC; set JWT_ALGORITHM \
             and JWT_PRIVATE_KEY, or a random secret",
        ),
        KeyError::DuplicateKid(kid) => key_refused(py, &format!("two keys share the kid {kid:?}; give each its own")),
        KeyError::NotPem => key_refused(py, &format!("{error}; set it to the content of its file, not to its name")),
        error => key_refused(py, &error.to_string().replace(" (`VerifyingKey`)", "")),
    }
}

/// Adds the source of a key, such as the name of its option, to the exception.
pub(crate) fn with_source(py: Python<'_>, source: &str, error: PyErr) -> PyErr {
    match py.import(PYJWT).and_then(|module| module.getattr("InvalidKeyError")) {
        Ok(class) if error.is_instance(py, &class) => {
            key_refused(py, &format!("{source} cannot be used: {}", error.value(py)))
        }
        _ => error,
    }
}

/// Warns of a key that is too short for its algorithm, as PyJWT does.
pub(crate) fn warn_of_short_key(py: Python<'_>, message: &str) -> PyResult<()> {
    helpers(py)?.call_method1(intern!(py, "warn_of_short_key"), (message,)).map(drop)
}

/// Returns PyJWT's exception for an invalid key.
pub(crate) fn key_refused(py: Python<'_>, message: &str) -> PyErr {
    new(py, PYJWT, "InvalidKeyError", (message,)).unwrap_or_else(|error| error)
}

/// Returns the exception for a token that could not be created.
pub(crate) fn not_issued(error: &IssueError) -> PyErr {
    const NEVER: &str = "a token that never expires would be refused; set JWT_ACCESS_TOKEN_EXPIRES or \
                         JWT_REFRESH_TOKEN_EXPIRES to False, or name missing_expiry in JWT_TOLERATE";
    const TOO_LONG: &str = "the token would live longer than revocations are remembered; raise JWT_LONGEST_LIFETIME, or \
                            set it to False to remember them forever";
    match error {
        IssueError::NeverRefused => PyValueError::new_err(NEVER),
        IssueError::TooLongLived => PyValueError::new_err(TOO_LONG),
        error => PyValueError::new_err(with_flask_names(&error.to_string())),
    }
}

/// Replaces the engine's option names in a message by those of Flask: `header_type` becomes `JWT_HEADER_TYPE`.
pub(crate) fn with_flask_names(message: &str) -> String {
    let part_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut translated = String::new();
    let mut rest = message;
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

/// Returns the exception for a header with an invalid value.
pub(crate) fn header_refused(py: Python<'_>, message: &str) -> PyErr {
    new(py, PYJWT, "InvalidTokenError", (message,)).unwrap_or_else(|error| error)
}

/// Returns the exception for a `crit` header: no extension is supported.
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

/// Returns the exception for a failed CSRF check.
pub(crate) fn csrf(py: Python<'_>, error: &CsrfError) -> PyErr {
    new(py, OURS, "CSRFError", (error.to_string(),)).unwrap_or_else(|error| error)
}

/// `text` is the token, if PyJWT has something to say of it.
fn jws_error(py: Python<'_>, error: &JwsError, text: Option<&str>) -> PyErr {
    let message = error.to_string();
    let error = match error {
        JwsError::AlgorithmMissing | JwsError::AlgorithmNotAllowed => {
            new(py, PYJWT, "InvalidAlgorithmError", (message,))
        }
        JwsError::HeaderMember(complaint) if complaint.starts_with("The alg ") => {
            let said = if text.is_some() { JwsError::AlgorithmNotAllowed.to_string() } else { message };
            new(py, PYJWT, "InvalidAlgorithmError", (said,))
        }
        JwsError::Signature | JwsError::UnknownKey => new(py, PYJWT, "InvalidSignatureError", (message,)),
        JwsError::Json(segment, _) => {
            let said = text.and_then(|text| python_message(py, *segment, text));
            new(py, PYJWT, "DecodeError", (said.unwrap_or(message),))
        }
        JwsError::CriticalMalformed if text.is_some() => return malformed_crit(py, text.unwrap_or_default()),
        JwsError::CriticalMalformed
        | JwsError::CriticalExtension(_)
        | JwsError::HeaderMember(_)
        | JwsError::ForeignType => new(py, PYJWT, "InvalidTokenError", (message,)),
        _ => new(py, PYJWT, "DecodeError", (message,)),
    };
    error.unwrap_or_else(|error| error)
}

/// Returns the error message of Python's JSON parser for a segment, as PyJWT passes it on. Returns `None` if only our
/// parser finds an error.
fn python_message(py: Python<'_>, segment: Segment, token: &str) -> Option<String> {
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

/// Returns the exception for a `crit` header that is not a list of names.
fn malformed_crit(py: Python<'_>, token: &str) -> PyErr {
    // Length and padding were accepted before.
    let limits = Limits { max_length: token.len(), padding: Padding::Ignored, ..Limits::default() };
    let header = Unverified::header_within(limits, token).unwrap_or_default();
    let crit = to_dict(py, &header).and_then(|header| header.get_item(intern!(py, "crit")));
    match crit {
        Ok(Some(crit)) => crit_refused(py, &crit),
        _ => header_refused(py, "Invalid 'crit' header"),
    }
}

/// Returns whether PyJWT would report a missing audience: it does for any `aud` that is false in Python.
fn has_no_audience(token: &str, limits: Limits) -> bool {
    let Ok(parsed) = Unverified::parse_within(limits, token) else { return false };
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

/// Returns PyJWT's exception for an expired token, with the attributes that upstream adds to it.
fn expired(py: Python<'_>, token: &Token) -> PyErr {
    with_token(py, token, |header, claims| {
        let error = new(py, PYJWT, "ExpiredSignatureError", ("Signature has expired",))?;
        error.value(py).setattr(intern!(py, "jwt_header"), header)?;
        error.value(py).setattr(intern!(py, "jwt_data"), claims)?;
        Ok(error)
    })
}

/// Returns the Python module whose functions this crate calls.
pub(crate) fn helpers(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "jwt_extended.flask._keys"))
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
