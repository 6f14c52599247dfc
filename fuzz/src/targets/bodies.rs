//! Bodies with any bytes in them: a token in JSON is found as the model finds it, and a CSRF value in a form counts as
//! the model says.

use jwt_extended::http::BodyKind;

use super::{guard::check, locations::compare};
use crate::model::{
    request::{Guard, Sent},
    token::{KEYS, sign},
};

/// The first byte says which of the two the rest is.
pub(crate) fn bodies(data: &[u8]) {
    match data.split_first() {
        Some((b'j', data)) => json_body(data),
        Some((_, data)) => form_body(data),
        None => {}
    }
}

/// The first line is the `Content-Type`.
fn json_body(data: &[u8]) {
    let (content_type, body) = first_line(data);
    let headers = vec![("content-type".to_owned(), content_type.to_vec())];
    let sent = Sent { method: "POST".to_owned(), headers, body: body.to_vec(), ..Sent::default() };
    for guard in [Guard::Access, Guard::Refresh, Guard::Any] {
        compare(&sent, guard);
    }
}

/// The first line is the CSRF value of the token in the cookie, and the rest the form.
fn form_body(data: &[u8]) {
    let (csrf, body) = first_line(data);
    let claims = serde_json::json!({
        "sub": "alice", "type": "access", "exp": 1_900_000_000, "csrf": String::from_utf8_lossy(csrf),
    });
    let token = sign(KEYS[1].secret, br#"{"alg":"HS256"}"#, claims.to_string().as_bytes());
    let headers = vec![
        ("content-type".to_owned(), b"application/x-www-form-urlencoded".to_vec()),
        ("cookie".to_owned(), format!("access_token_cookie={token}").into_bytes()),
    ];
    let sent = Sent { method: "POST".to_owned(), headers, body: body.to_vec(), ..Sent::default() };
    assert_eq!(BodyKind::of(&sent), BodyKind::Form);
    check(&sent, Guard::Access);
}

fn first_line(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    (&data[..end], data.get(end + 1..).unwrap_or_default())
}
