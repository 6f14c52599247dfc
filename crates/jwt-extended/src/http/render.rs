//! How a rejection looks by default: `{"msg": "..."}` as Flask-JWT-Extended's clients expect it, or RFC 9457 problem
//! details.
//!
//! Knows statuses, codes and messages, but not the reasons behind them.

use http::{HeaderValue, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Which statuses rejections have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Statuses {
    /// RFC 6750's: 401 for a bad token, 400 for a malformed request.
    #[default]
    Standard,
    /// Flask-JWT-Extended's: 422 for both, and 400 when the app's own verification fails.
    FlaskJwtExtended,
}

/// The format of a rejection's body.
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

/// A group of reasons that an app can answer with its own handler: Flask-JWT-Extended's seven loaders, and five more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Handler {
    /// No token, or no CSRF value: `unauthorized_loader`.
    Unauthorized,
    /// A malformed request or token: `invalid_token_loader`.
    InvalidToken,
    /// An expired token: `expired_token_loader`.
    ExpiredToken,
    /// A token that is not fresh: `needs_fresh_token_loader`.
    NeedsFreshToken,
    /// A revoked token: `revoked_token_loader`.
    RevokedToken,
    /// No user for the token: `user_lookup_error_loader`.
    UserLookupError,
    /// The app's own verification failed: `token_verification_failed_loader`.
    TokenVerificationFailed,
    /// A token without a scope, permission or role that the route asks for. Flask-JWT-Extended has no such loader.
    InsufficientScope,
    /// A login that is too old, or of another class than the route asks for (RFC 9470). Flask-JWT-Extended has no such
    /// loader.
    InsufficientLogin,
    /// The store failed, or the keys of another issuer cannot be had. Flask-JWT-Extended has no such loader.
    StoreUnavailable,
    /// The app's own reason.
    App,
    /// An error in the app or its configuration: 500.
    ServerError,
}

/// How rejections look.
#[derive(Clone, Debug)]
pub(crate) struct RefusalSettings {
    pub(crate) statuses: Statuses,
    pub(crate) format: ErrorFormat,
    /// The member of the JSON body that holds the message.
    pub(crate) message_key: String,
    /// The challenge's scheme: printable ASCII.
    pub(crate) scheme: String,
    /// The challenge's realm, if it has one: printable ASCII.
    pub(crate) realm: Option<String>,
}

/// The facts of a rejection, for its response.
pub(super) struct Facts<'a> {
    pub(super) status: StatusCode,
    pub(super) code: &'a str,
    pub(super) message: &'a str,
    pub(super) challenge: Option<HeaderValue>,
    /// In seconds.
    pub(super) retry_after: Option<u32>,
}

/// The parameters of a challenge besides the realm.
pub(super) struct ChallengeError<'a> {
    pub(super) error: &'static str,
    pub(super) description: &'a str,
    pub(super) max_age: Option<u64>,
    /// Accepted classes of login; empty for none.
    pub(super) acr_values: &'a str,
    /// The scopes that are asked for; empty for none.
    pub(super) scope: &'a str,
}

impl RefusalSettings {
    /// Makes the default response.
    pub(super) fn response(&self, facts: Facts<'_>) -> Response<Vec<u8>> {
        let Facts { status, code, message, challenge, retry_after } = facts;
        let (content_type, body) = match self.format {
            ErrorFormat::Message => ("application/json", json!({ &*self.message_key: message })),
            ErrorFormat::ProblemDetails => (
                "application/problem+json",
                json!({
                    "title": status.canonical_reason(),
                    "status": status.as_u16(),
                    "detail": message,
                    "code": code,
                }),
            ),
        };
        let mut response = Response::new(body.to_string().into_bytes());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(challenge) = challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// Makes the `WWW-Authenticate` challenge (RFC 6750 section 3, RFC 9470 section 3). Without an error it is bare, as
    /// for a request without a token.
    pub(super) fn challenge(&self, error: Option<&ChallengeError<'_>>) -> Option<HeaderValue> {
        let mut parameters = Vec::new();
        parameters.extend(self.realm.as_ref().map(|realm| format!("realm=\"{}\"", quotable(realm))));
        if let Some(ChallengeError { error, description, max_age, acr_values, scope }) = error {
            parameters.push(format!("error=\"{error}\""));
            parameters.push(format!("error_description=\"{}\"", quotable(description)));
            parameters.extend(max_age.map(|max_age| format!("max_age=\"{max_age}\"")));
            for (name, text) in [("acr_values", acr_values), ("scope", scope)] {
                parameters.extend((!text.is_empty()).then(|| format!("{name}=\"{}\"", quotable(text))));
            }
        }
        let challenge = format!("{} {}", self.scheme, parameters.join(", "));
        HeaderValue::try_from(challenge.trim_end()).ok()
    }
}

/// Returns the text with the characters that RFC 6750 allows in a description: double quotes become single ones, and
/// other forbidden characters `?`. Cuts it at 400 characters, so that the header is not too long for any proxy.
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
