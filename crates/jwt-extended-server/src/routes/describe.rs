//! `/openapi.json`: the description of the interface (`OpenAPI` 3.1), and the bodies that only it names.
//!
//! Each handler describes itself; a route without a description is not in the document. `/verify` is not, because only
//! proxies call it, and each by its own rules.

use axum::{
    body::Bytes,
    http::header,
    response::{IntoResponse, Response},
};
use jwt_extended_axum::TokenPair;
use serde::Serialize;
use utoipa::{
    IntoResponses, Modify, OpenApi, ToSchema,
    openapi::{
        OpenApi as Document,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

/// The document, without its paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "jwt-extended-server",
        description = "Login, refresh, logout and lists of sessions. Names of cookies, headers and members are those of \
                       the default configuration.",
        license(name = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "login", description = "Logging in, refreshing and logging out"),
        (name = "sessions", description = "The sessions and the password of the user"),
        (name = "examples", description = "Guarded routes, to try tokens with"),
        (name = "for other services", description = "Keys, metadata and questions about tokens"),
        (name = "operation", description = "The state of the server"),
    ),
    modifiers(&Schemes),
)]
pub(super) struct Description;

/// The ways to prove who one is.
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut Document) {
        let bearer = |what: &str| {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
            SecurityScheme::Http(scheme.description(Some(what)).build())
        };
        let cookie =
            |name: &str, what: &str| SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name, what)));
        let csrf =
            "The CSRF value of the token in the cookie: that of the cookie csrf_access_token or csrf_refresh_token";
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("access", bearer("An access token"));
        components.add_security_scheme("refresh", bearer("A refresh token"));
        components.add_security_scheme("access_cookie", cookie("access_token_cookie", "An access token"));
        components.add_security_scheme("refresh_cookie", cookie("refresh_token_cookie", "A refresh token"));
        components.add_security_scheme(
            "csrf",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("X-CSRF-TOKEN", csrf))),
        );
        components.add_security_scheme(
            "client",
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Basic)
                    .description(Some("The name and the secret of a client"))
                    .build(),
            ),
        );
    }
}

/// The text of the document, written once.
#[derive(Clone)]
pub(super) struct DescriptionText(Bytes);

impl From<Document> for DescriptionText {
    fn from(document: Document) -> Self {
        // A document consists of texts and lists of them, which always serialize.
        Self(serde_json::to_vec(&document).unwrap_or_default().into())
    }
}

impl IntoResponse for DescriptionText {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=3600")];
        (headers, self.0).into_response()
    }
}

/// How long the tokens in cookies live, in seconds. A token without end has none.
#[derive(Serialize, ToSchema)]
pub(super) struct Lifetimes {
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_expires_in: Option<u64>,
}

impl From<&TokenPair> for Lifetimes {
    fn from(pair: &TokenPair) -> Self {
        Self { expires_in: pair.expires_in(), refresh_expires_in: pair.refresh_expires_in() }
    }
}

/// The body of a response that sets cookies, with a member that says for what.
macro_rules! done {
    ($(#[$attribute:meta])* $name:ident { $done:ident }) => {
        $(#[$attribute])*
        #[derive(Serialize, ToSchema)]
        pub(super) struct $name {
            $done: bool,
            #[serde(flatten)]
            lifetimes: Lifetimes,
        }

        impl From<&TokenPair> for $name {
            fn from(pair: &TokenPair) -> Self {
                Self { $done: true, lifetimes: pair.into() }
            }
        }
    };
}

done! {
    /// A login with cookies.
    LoginDone { login }
}
done! {
    /// A refresh with cookies.
    RefreshDone { refresh }
}
done! {
    /// A change of password with cookies.
    PasswordDone { password_changed }
}

/// Tokens in the body (RFC 6749 section 5.1).
#[derive(ToSchema)]
#[expect(dead_code, reason = "the engine writes the body; its fields are only described")]
pub(super) struct TokensBody {
    access_token: String,
    refresh_token: Option<String>,
    token_type: String,
    /// The lifetime of the access token, in seconds.
    expires_in: Option<u64>,
    /// The lifetime of the refresh token, in seconds.
    refresh_expires_in: Option<u64>,
}

/// The body of a rejection.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the engine writes the body; its field is only described")]
pub(super) struct Message {
    /// The reason, in words.
    msg: String,
}

/// The rejections of a request whose token is checked.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "its variants are only described")]
pub(super) enum TokenRejected {
    /// The request is malformed
    #[response(status = 400)]
    Malformed(#[to_schema] Message),
    /// The token is missing, has expired or is revoked, or the CSRF value is missing or wrong
    #[response(status = 401)]
    NotAdmitted(#[to_schema] Message),
    /// The token does not allow this
    #[response(status = 403)]
    NotAllowed(#[to_schema] Message),
    /// The token is no token of this server
    #[response(status = 422)]
    Invalid(#[to_schema] Message),
    /// The store does not answer
    #[response(status = 503)]
    Unavailable(#[to_schema] Message),
}

/// The rejections of a request with a body.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "its variants are only described")]
pub(super) enum BodyRejected {
    /// The body is malformed
    #[response(status = 400)]
    Malformed(#[to_schema] Message),
    /// The name or the password is wrong
    #[response(status = 401)]
    NotAdmitted(#[to_schema] Message),
    /// Another site has sent the request
    #[response(status = 403)]
    NotAllowed(#[to_schema] Message),
    /// The body took too long
    #[response(status = 408)]
    TooSlow(#[to_schema] Message),
    /// The body is too long
    #[response(status = 413)]
    TooLong(#[to_schema] Message),
    /// The body is neither JSON nor a form
    #[response(status = 415)]
    NoForm(#[to_schema] Message),
    /// There are too many logins, or the store does not answer
    #[response(status = 503)]
    Unavailable(#[to_schema] Message),
}

/// The rejection of an attempt to guess, and of one that only looks like it.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "its variant is only described")]
pub(super) enum TooManyAttempts {
    /// The account or the address has had too many attempts
    #[response(status = 429, headers(("retry-after" = u32, description = "How long to wait, in seconds")))]
    Wait(#[to_schema] Message),
}
