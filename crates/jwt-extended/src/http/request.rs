//! The one view of a request that all faces share.

use std::borrow::Cow;

use http::{HeaderName, header};

use crate::jose::json;

/// A request, as far as tokens are concerned. A face implements it for its framework's request.
///
/// It is implemented for [`http::Request`] and its [`Parts`](http::request::Parts), without their body, and for such
/// parts together with a body, `(&Parts, &[u8])`.
pub trait Request {
    /// The method, in capitals.
    fn method(&self) -> &str;

    /// Every value of a header, in order, as they came.
    fn header<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]>;

    /// The query string, without its question mark, still encoded.
    fn query(&self) -> Option<&str>;

    /// The body, if the face has read it: empty if there is none. `None` means that the face did not look, and is a refusal
    /// where a token or a CSRF value may come in a body of the request's type ([`JwtManager::needs_body`](crate::JwtManager::needs_body)).
    fn body(&self) -> Option<&[u8]> {
        None
    }

    /// Whether body and form are read already, or can be had through [`json_member`](Self::json_member) and
    /// [`form_field`](Self::form_field).
    fn has_body(&self) -> bool {
        self.body().is_some()
    }

    /// A member of a JSON body. A face whose framework has parsed the body asks the framework; the default parses
    /// [`body`](Self::body), strictly.
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

    /// The one non-empty value of a form field; `None` also if there are several. A face whose framework has parsed the
    /// form asks the framework; the default parses [`body`](Self::body).
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

/// What a JSON body says under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a face must be able to say each of them")]
pub enum JsonMember<'r> {
    /// The body is not JSON, by its `Content-Type`.
    NotJson,
    /// The body is no JSON object, or has no such member, or it is `null`.
    Absent,
    /// The member is no string.
    NotAString,
    /// The member.
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

/// What a body is, by its `Content-Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// `application/json`, or any type that ends in `+json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// Anything else, or not said.
    Other,
}

impl BodyKind {
    /// What the request's body is.
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
        } else {
            Self::Other
        }
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
    fn knows_json_and_forms_by_their_content_type() {
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
