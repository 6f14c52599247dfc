//! The view of a request that all faces share.

use std::borrow::Cow;

use http::{HeaderName, header};

use crate::jose::json;

/// The parts of a request that matter to tokens. A face implements it for its framework's request.
///
/// It is implemented for [`http::Request`] and its [`Parts`](http::request::Parts), which give no body, and for parts
/// together with a body: `(&Parts, &[u8])`.
pub trait Request {
    /// Returns the method, in capitals.
    fn method(&self) -> &str;

    /// Returns every value of a header, in order and unchanged.
    fn header<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]>;

    /// Returns the query string, without its question mark and still encoded.
    fn query(&self) -> Option<&str>;

    /// Returns the body if the face has read it, which is empty if the request has none.
    ///
    /// `None` means that the face did not read it. The request is then rejected if a token or a CSRF value may come in
    /// a body of its type ([`Steps::needs_body`](crate::Steps::needs_body)).
    fn body(&self) -> Option<&[u8]> {
        None
    }

    /// Returns whether the body can be searched: by [`json_member`](Self::json_member) and
    /// [`form_field`](Self::form_field).
    fn has_body(&self) -> bool {
        self.body().is_some()
    }

    /// Returns whether [`form_field`](Self::form_field) also finds the fields of a multipart body.
    fn reads_multipart(&self) -> bool {
        false
    }

    /// Returns a member of a JSON body. The default parses [`body`](Self::body) strictly. A face overrides it if its
    /// framework has already parsed the body.
    fn json_member(&self, name: &str) -> JsonMember<'_> {
        if BodyKind::of(self) != BodyKind::Json {
            return JsonMember::NotJson;
        }
        let mut found = None;
        let scanned = json::scan_bytes(self.body().unwrap_or_default(), |member, value| {
            if member == name {
                found = Some(value);
            }
        });
        match found.filter(|value| scanned.is_ok() && value.kind != json::Kind::Null) {
            None => JsonMember::Absent,
            Some(value) => value.as_str().map_or(JsonMember::NotAString, JsonMember::Text),
        }
    }

    /// Returns the one non-empty value of a form field, or `None` if there are several. The default parses
    /// [`body`](Self::body). A face overrides it if its framework has already parsed the form.
    fn form_field(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        if BodyKind::of(self) != BodyKind::Form {
            return None;
        }
        let mut fields =
            form_urlencoded::parse(self.body()?).filter(|(field, value)| field == name && !value.is_empty());
        match (fields.next(), fields.next()) {
            (Some((_, Cow::Borrowed(value))), None) => Some(Cow::Borrowed(value.as_bytes())),
            (Some((_, Cow::Owned(value))), None) => Some(Cow::Owned(value.into_bytes())),
            _ => None,
        }
    }
}

/// The value of a member in a JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a face constructs every variant")]
pub enum JsonMember<'r> {
    /// The body's `Content-Type` is not JSON.
    NotJson,
    /// The body is not a JSON object, it has no such member, or the member is `null`.
    Absent,
    /// The member is not a string.
    NotAString,
    /// The member's text.
    Text(Cow<'r, str>),
}

impl Request for http::request::Parts {
    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn header<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.headers.get_all(name).into_iter().map(http::HeaderValue::as_bytes)
    }

    fn query(&self) -> Option<&str> {
        self.uri.query()
    }
}

impl<B> Request for http::Request<B> {
    fn method(&self) -> &str {
        http::Request::method(self).as_str()
    }

    fn header<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.headers().get_all(name).into_iter().map(http::HeaderValue::as_bytes)
    }

    fn query(&self) -> Option<&str> {
        self.uri().query()
    }
}

impl Request for (&http::request::Parts, &[u8]) {
    fn method(&self) -> &str {
        self.0.method.as_str()
    }

    fn header<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.0.header(name)
    }

    fn query(&self) -> Option<&str> {
        self.0.query()
    }

    fn body(&self) -> Option<&[u8]> {
        Some(self.1)
    }
}

/// The kind of a body, by its `Content-Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// `application/json`, or any type that ends in `+json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Multipart,
    /// Anything else, or no `Content-Type`.
    Other,
}

impl BodyKind {
    /// Returns the kind of the request's body.
    pub fn of<R: Request + ?Sized>(request: &R) -> Self {
        let mut types = request.header(&header::CONTENT_TYPE);
        let (Some(value), None) = (types.next(), types.next()) else {
            return Self::Other;
        };
        let essence = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        if essence == b"application/json" || (essence.starts_with(b"application/") && essence.ends_with(b"+json")) {
            Self::Json
        } else if essence == b"application/x-www-form-urlencoded" {
            Self::Form
        } else if essence == b"multipart/form-data" {
            Self::Multipart
        } else {
            Self::Other
        }
    }

    /// Returns whether guards search bodies of this kind: JSON for a token, a form for a CSRF value. A face reads only
    /// these.
    pub fn is_searched(self) -> bool {
        matches!(self, Self::Json | Self::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(content_type: &str) -> BodyKind {
        let request = http::Request::builder().header("content-type", content_type).body(()).unwrap();
        BodyKind::of(&request.into_parts().0)
    }

    #[test]
    fn content_type_tells_json_and_forms_apart() {
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/vnd.api+json",
            "application/ld+json ;x",
        ] {
            assert_eq!(kind(json), BodyKind::Json, "{json}");
        }
        assert_eq!(kind("application/x-www-form-urlencoded;charset=utf-8"), BodyKind::Form);
        for other in ["", "text/plain", "text/json", "application/jsonp", "text/x+json", ";application/json"] {
            assert_eq!(kind(other), BodyKind::Other, "{other}");
        }
    }
}
