//! A Werkzeug request, as the engine reads it.
//!
//! Header fields come from the WSGI environment and are read on first use. Bodies come from Werkzeug, which keeps the
//! parsed body for the view.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
};

use http::{HeaderName, header};
use jwt_extended::http::{JsonMember, Request};
use pyo3::{
    PyErr,
    exceptions::PyRecursionError,
    intern,
    prelude::*,
    types::{PyDict, PyString},
};

/// How many different header fields the engine reads at most: the token's, `Cookie`, two for CSRF, `Content-Type`,
/// `Sec-Fetch-Site`, and four of WebSocket handshakes.
const FIELDS: usize = 10;

/// One request, while it is checked.
pub(crate) struct WsgiRequest<'py> {
    request: Bound<'py, PyAny>,
    environ: Bound<'py, PyDict>,
    method: Bound<'py, PyString>,
    query: OnceCell<Option<Bound<'py, PyString>>>,
    fields: [OnceCell<Field<'py>>; FIELDS],
    /// The exception raised while Werkzeug read the body, if any. It is kept here because the engine knows no
    /// exceptions.
    error: Cell<Option<PyErr>>,
}

struct Field<'py> {
    name: HeaderName,
    value: Option<Bound<'py, PyString>>,
}

impl<'py> WsgiRequest<'py> {
    pub(crate) fn new(request: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = request.py();
        Ok(Self {
            environ: request.getattr(intern!(py, "environ"))?.cast_into()?,
            // Werkzeug's, in capitals. The environment has it as the client wrote it, and a `post` must not evade CSRF.
            method: request.getattr(intern!(py, "method"))?.cast_into()?,
            request: request.clone(),
            query: OnceCell::new(),
            fields: [const { OnceCell::new() }; FIELDS],
            error: Cell::new(None),
        })
    }

    /// Returns the exception raised while the body was read, if any.
    pub(crate) fn take_error(&self) -> Option<PyErr> {
        self.error.take()
    }

    fn environ(&self, key: &Bound<'py, PyString>) -> Option<Bound<'py, PyString>> {
        self.environ.get_item(key).ok()??.cast_into().ok()
    }

    fn field(&self, name: &HeaderName) -> Field<'py> {
        let py = self.environ.py();
        let value = if *name == header::AUTHORIZATION {
            self.environ(intern!(py, "HTTP_AUTHORIZATION"))
        } else if *name == header::COOKIE {
            self.environ(intern!(py, "HTTP_COOKIE"))
        } else if *name == header::CONTENT_TYPE {
            self.environ(intern!(py, "CONTENT_TYPE"))
        } else {
            let key = format!("HTTP_{}", name.as_str().to_ascii_uppercase().replace('-', "_"));
            self.environ(&PyString::new(py, &key))
        };
        Field { name: name.clone(), value }
    }

    /// Keeps an exception for later, and treats the value as absent.
    fn keep<T>(&self, result: PyResult<Option<T>>) -> Option<T> {
        result.unwrap_or_else(|error| {
            self.error.set(Some(error));
            None
        })
    }

    fn read_json(&self, name: &str) -> PyResult<JsonMember<'_>> {
        let py = self.request.py();
        if !self.request.getattr(intern!(py, "is_json"))?.is_truthy()? {
            return Ok(JsonMember::NotJson);
        }
        let silent = PyDict::new(py);
        silent.set_item(intern!(py, "silent"), true)?;
        let body = match self.request.call_method(intern!(py, "get_json"), (), Some(&silent)) {
            // Nested too deeply for Python's parser, so it counts as a body without a token.
            Err(error) if error.is_instance_of::<PyRecursionError>(py) => return Ok(JsonMember::Absent),
            body => body?,
        };
        let Ok(object) = body.cast::<PyDict>() else { return Ok(JsonMember::Absent) };
        match object.get_item(name)? {
            Some(member) if member.is_truthy()? => Ok(match member.cast::<PyString>() {
                Ok(text) => JsonMember::Text(Cow::Owned(text.to_string_lossy().into_owned())),
                Err(_) => JsonMember::NotAString,
            }),
            _ => Ok(JsonMember::Absent),
        }
    }

    fn read_form(&self, name: &str) -> PyResult<Option<Vec<u8>>> {
        let py = self.request.py();
        let value = self.request.getattr(intern!(py, "form"))?.call_method1(intern!(py, "get"), (name,))?;
        if !value.is_truthy()? {
            return Ok(None);
        }
        Ok(Some(value.cast::<PyString>()?.to_string_lossy().into_owned().into_bytes()))
    }
}

impl Request for WsgiRequest<'_> {
    fn method(&self) -> &str {
        // Methods are ASCII. Any other text matches no method that the engine knows.
        self.method.to_str().unwrap_or_default()
    }

    fn header<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        // WSGI joins fields of one name with commas, so there is one value at most. The engine reads at most FIELDS
        // fields.
        let known = self.fields.iter().find_map(|cell| {
            let field = cell.get_or_init(|| self.field(name));
            (field.name == *name).then_some(field)
        });
        // WSGI strings hold one byte per character, so other text than ASCII differs in UTF-8. That does no harm: our
        // tokens and CSRF values are ASCII.
        known.and_then(|field| field.value.as_ref()?.to_str().ok()).map(str::as_bytes).into_iter()
    }

    fn query(&self) -> Option<&str> {
        let read = || self.environ(intern!(self.environ.py(), "QUERY_STRING"));
        self.query.get_or_init(read).as_ref()?.to_str().ok()
    }

    fn has_body(&self) -> bool {
        true
    }

    fn json_member(&self, name: &str) -> JsonMember<'_> {
        self.keep(self.read_json(name).map(Some)).unwrap_or(JsonMember::Absent)
    }

    fn form_field(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.keep(self.read_form(name)).map(Cow::Owned)
    }
}
