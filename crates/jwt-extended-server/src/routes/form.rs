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

/// Reads the texts of a request.
pub(super) async fn read<T: TwoTexts>(request: Request, app: &App) -> Result<T, Rejection> {
    let refuse = |status| app.refuse(status, T::CODE, T::MESSAGE);
    let too_long = |status| (status == StatusCode::PAYLOAD_TOO_LARGE).then(|| app.too_long());
    let texts = match BodyKind::of(&request) {
        // Serde would also accept a list of the two values.
        BodyKind::Json => match Bytes::from_request(request, app).await {
            Ok(body) if body.trim_ascii_start().starts_with(b"{") => serde_json::from_slice(&body).ok(),
            Ok(_) => None,
            Err(error) => return Err(too_long(error.status()).unwrap_or_else(|| refuse(StatusCode::BAD_REQUEST))),
        },
        BodyKind::Form => Form::from_request(request, app).await.ok().map(|Form(texts)| texts),
        BodyKind::Multipart => match read_multipart(request, app).await {
            Ok(texts) => Some(texts),
            Err(status) => return Err(too_long(status).unwrap_or_else(|| refuse(StatusCode::BAD_REQUEST))),
        },
        BodyKind::Other => return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
    };
    texts.ok_or_else(|| refuse(StatusCode::BAD_REQUEST))
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
