//! Any text as a token: it is taken apart and verified exactly as the model says, and has one spelling.

use jwt_extended::jose::{self, Unverified};

use super::setup::RING;
use crate::model::{base64url, json, token};

pub(crate) fn compact(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let parsed = Unverified::parse(text).ok();
    assert_eq!(parsed.as_ref().map(|token| (token.header(), token.payload())), by_model(text).as_ref().map(pair));
    if let Some(parsed) = parsed {
        let spelled = [parsed.header(), parsed.payload()].map(|part| base64url::encode(part.as_bytes())).join(".");
        assert!(text.rsplit_once('.').is_some_and(|(signed, _)| signed == spelled), "a second spelling");
    }
    assert_eq!(jose::verify(&RING, text).is_ok(), token::signed(text).is_some());
    verify_signed(text);
}

/// Signs the first two segments as they are, so that other texts than the model's get past the signature.
fn verify_signed(text: &str) {
    let mut segments = text.split('.').map(base64url::decode);
    let (Some(Some(header)), Some(Some(payload))) = (segments.next(), segments.next()) else { return };
    let token = token::sign(token::KEYS[1].secret, &header, &payload);
    assert_eq!(jose::verify(&RING, &token).is_ok(), token::signed(&token).is_some());
}

fn by_model(text: &str) -> Option<(String, String)> {
    let [header, payload, signature] = text.split('.').collect::<Vec<_>>()[..] else { return None };
    base64url::decode(signature)?;
    let part = |segment| {
        let bytes = base64url::decode(segment)?;
        json::object(&bytes)?;
        String::from_utf8(bytes).ok()
    };
    Some((part(header)?, part(payload)?)).filter(|_| text.len() <= 8192)
}

fn pair((one, two): &(String, String)) -> (&str, &str) {
    (one, two)
}
