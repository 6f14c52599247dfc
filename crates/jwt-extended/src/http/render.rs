//! What a refusal looks like: `{"msg": "..."}` as upstream's clients expect it, RFC 9457 problem details, or the app's
//! own answers.

use std::{collections::HashMap, fmt, sync::Arc};

use http::{HeaderValue, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Handler, Reason, Rejection};

/// Which statuses refusals have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Statuses {
    /// Those of RFC 6750: 401 for a bad token, 400 for a malformed request.
    #[default]
    Standard,
    /// Those of Flask-JWT-Extended: 422 for both, and 400 when the app's own verification fails.
    FlaskJwtExtended,
}

/// What the body of a refusal looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorFormat {
    /// `{"msg": "..."}`, under the key that `error_message_key` names.
    #[default]
    Message,
    /// RFC 9457 problem details: `application/problem+json` with `title`, `status`, `detail` and `code`.
    ProblemDetails,
}

/// An app's own answer to a refusal.
pub(crate) type RejectionHandler = Arc<dyn Fn(&Rejection) -> Response<Vec<u8>> + Send + Sync>;

/// All that an app has said about its refusals.
pub(crate) struct Renderer {
    pub(crate) statuses: Statuses,
    pub(crate) format: ErrorFormat,
    pub(crate) message_key: String,
    /// The challenge's scheme and, if there is one, its realm: printable ASCII, checked.
    pub(crate) scheme: String,
    pub(crate) realm: Option<String>,
    pub(crate) handlers: HashMap<Handler, RejectionHandler>,
    pub(crate) handler_for_all: Option<RejectionHandler>,
}

impl Renderer {
    pub(crate) fn response(&self, rejection: &Rejection) -> Response<Vec<u8>> {
        let own = self.handlers.get(&rejection.reason().handler()).or(self.handler_for_all.as_ref());
        own.map_or_else(|| self.default_response(rejection), |handler| handler(rejection))
    }

    pub(crate) fn default_response(&self, rejection: &Rejection) -> Response<Vec<u8>> {
        let status = rejection.status();
        let (content_type, body) = match self.format {
            ErrorFormat::Message => ("application/json", json!({ &*self.message_key: rejection.message() })),
            ErrorFormat::ProblemDetails => (
                "application/problem+json",
                json!({
                    "title": status.canonical_reason(),
                    "status": status.as_u16(),
                    "detail": rejection.message(),
                    "code": rejection.code(),
                }),
            ),
        };
        let mut response = Response::new(body.to_string().into_bytes());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(challenge) = rejection.challenge() {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    /// RFC 6750 section 3, RFC 9470 section 3.
    pub(crate) fn challenge(&self, rejection: &Rejection) -> Option<HeaderValue> {
        let error = rejection.reason().challenge_error();
        if error.is_none() && rejection.status() != StatusCode::UNAUTHORIZED {
            return None;
        }
        let mut parameters = Vec::new();
        parameters.extend(self.realm.as_ref().map(|realm| format!("realm=\"{}\"", quotable(realm))));
        if let Some(error) = error {
            parameters.push(format!("error=\"{error}\""));
            parameters.push(format!("error_description=\"{}\"", quotable(&rejection.message())));
        }
        if let Reason::NotFresh { max_age } = rejection.reason() {
            parameters.push(format!("max_age=\"{max_age}\""));
        }
        let challenge = format!("{} {}", self.scheme, parameters.join(", "));
        HeaderValue::try_from(challenge.trim_end()).ok()
    }
}

impl fmt::Debug for Renderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renderer")
            .field("statuses", &self.statuses)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// The characters that RFC 6750 allows in a description, as many as fit a header anywhere; quotes become single ones.
fn quotable(text: &str) -> String {
    text.chars()
        .take(400)
        .map(|c| match c {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => c,
            _ => '?',
        })
        .collect()
}
