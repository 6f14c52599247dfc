//! What the engine and Python hand to each other: tokens as text, names of locations and cookies, and callbacks that
//! create tokens.

use std::borrow::Cow;

use jwt_extended::{
    Rejection, Rotation as EngineRotation,
    http::{Location, SetCookies},
    token::{Issued, TokenType},
};
use pyo3::{
    intern,
    prelude::*,
    types::{PyBytes, PyString},
};

use crate::{
    errors,
    sessions::{Failure, IssuedToken, Rotation},
};

/// Tells Python which cookies the response to a rejection should clear. The engine names them, and Flask writes them.
pub(crate) fn clears(error: PyErr, py: Python<'_>, rejection: &Rejection) -> PyErr {
    let names = names_of(rejection.cookies());
    if !names.is_empty() {
        // Best effort, as above.
        let _ = error.value(py).setattr(intern!(py, "_jwt_extended_clears"), names);
    }
    error
}

/// Returns the names of cookies.
pub(crate) fn names_of(cookies: &SetCookies) -> Vec<String> {
    let names = cookies.lines().iter().filter_map(|line| line.to_str().ok()?.split('=').next());
    names.map(str::to_owned).collect()
}

/// Has Python create a token.
pub(crate) fn called(create: &Py<PyAny>, kind: TokenType, rotation: &EngineRotation) -> Result<Issued, Failure> {
    Python::attach(|py| {
        let token = create.call1(py, (kind.name(), Rotation(rotation.clone())))?;
        let token = token.bind(py).cast::<IssuedToken>().map_err(PyErr::from)?;
        Ok(token.get().0.clone())
    })
}

/// Returns a location's name in Python.
pub(crate) fn location_name(py: Python<'_>, location: Location) -> Bound<'_, PyString> {
    match location {
        Location::Header => intern!(py, "headers"),
        Location::Cookie => intern!(py, "cookies"),
        Location::QueryString => intern!(py, "query_string"),
        _ => intern!(py, "json"),
    }
    .clone()
}

/// Returns the text of a token, which may be `str` or `bytes`, as in PyJWT.
pub(crate) fn token_text<'a>(token: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, str>> {
    if let Ok(text) = token.cast::<PyString>() {
        return Ok(text.to_string_lossy());
    }
    match token.cast::<PyBytes>() {
        Ok(bytes) => Ok(String::from_utf8_lossy(bytes.as_bytes())),
        Err(_) => Err(errors::not_a_token(token.py())),
    }
}
