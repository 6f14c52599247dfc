//! Requests with two texts, such as a name and a password: as JSON or as a form, URL-encoded or as `FormData` sends it.

use axum::{
    Form,
    body::Bytes,
    extract::{FromRequest, Multipart, Request},
    http::StatusCode,
};
use jwt_extended_axum::{Rejection, jwt_extended::http::BodyKind};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::App;

/// Two texts that a request sends together.
pub(super) trait TwoTexts: DeserializeOwned {
    /// Their names.
    const NAMES: [&'static str; 2];
    /// The code of the rejection of a request without them.
    const CODE: &'static str;
    /// Its message.
    const MESSAGE: &'static str;

    /// Takes the two texts, in the order of their names.
    fn of(texts: [Zeroizing<String>; 2]) -> Self;
}

/// The message for JSON that is not called so, such as that of `curl -d` without a header.
const UNNAMED_JSON: &str = "The body looks like JSON. Send it with the header Content-Type: application/json";

/// Reads the texts of a request.
pub(super) async fn read<T: TwoTexts>(request: Request, app: &App) -> Result<T, Rejection> {
    let refuse = |status| app.refuse(status, T::CODE, T::MESSAGE);
    let failed = |status| match status {
        StatusCode::PAYLOAD_TOO_LARGE => app.too_long(),
        _ => refuse(StatusCode::BAD_REQUEST),
    };
    let misnamed = |status, body: &[u8]| {
        let message = if is_object(body) { UNNAMED_JSON } else { T::MESSAGE };
        app.refuse(status, T::CODE, message)
    };
    match BodyKind::of(&request) {
        BodyKind::Json => {
            let body = Bytes::from_request(request, app).await.map_err(|error| failed(error.status()))?;
            // Serde would also accept a list of the two values.
            let texts = is_object(&body).then(|| serde_json::from_slice(&body).ok()).flatten();
            texts.ok_or_else(|| refuse(StatusCode::BAD_REQUEST))
        }
        BodyKind::Form => {
            let (parts, body) = request.into_parts();
            let whole = Request::from_parts(parts.clone(), body);
            let body = Bytes::from_request(whole, app).await.map_err(|error| failed(error.status()))?;
            let form = Form::from_request(Request::from_parts(parts, body.clone().into()), app).await;
            form.map(|Form(texts)| texts).map_err(|_| misnamed(StatusCode::BAD_REQUEST, &body))
        }
        BodyKind::Multipart => read_multipart(request, app).await.map_err(failed),
        BodyKind::Other => {
            // Read only for the message: a body that does not arrive is refused in the same way.
            let body = Bytes::from_request(request, app).await.unwrap_or_default();
            Err(misnamed(StatusCode::UNSUPPORTED_MEDIA_TYPE, &body))
        }
    }
}

/// Returns whether a body begins as a JSON object does.
fn is_object(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{")
}

/// Reads a form in parts, up to the limit of the router. Other fields are left out; a file is no text, and a field that
/// comes twice is refused.
async fn read_multipart<T: TwoTexts>(request: Request, app: &App) -> Result<T, StatusCode> {
    let mut form = Multipart::from_request(request, app).await.map_err(|_| StatusCode::BAD_REQUEST)?;
    let [mut first, mut second] = [None, None];
    while let Some(field) = form.next_field().await.map_err(|error| error.status())? {
        let place = match field.name() {
            Some(name) if name == T::NAMES[0] => &mut first,
            Some(name) if name == T::NAMES[1] => &mut second,
            _ => continue,
        };
        let is_file = field.file_name().is_some();
        let bytes = field.bytes().await.map_err(|error| error.status())?;
        let text = std::str::from_utf8(&bytes).map_err(|_| StatusCode::BAD_REQUEST)?;
        if is_file || place.replace(Zeroizing::new(text.to_owned())).is_some() {
            return Err(StatusCode::BAD_REQUEST);
        }
    }
    let (Some(first), Some(second)) = (first, second) else { return Err(StatusCode::BAD_REQUEST) };
    Ok(T::of([first, second]))
}
