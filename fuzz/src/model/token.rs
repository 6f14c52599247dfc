//! Whether a token is valid, by RFC 7515, RFC 7519 and the rules in SECURITY.md.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{
    NOW, base64url,
    json::{self, Json, Object, get},
};

/// A key of the ring: HS256, with its `kid`.
pub(crate) struct Secret {
    pub(crate) kid: Option<&'static str>,
    pub(crate) secret: &'static str,
}

/// The keys of all targets. The first one signs.
pub(crate) const KEYS: [Secret; 2] = [
    Secret { kid: Some("one"), secret: "the secret that signs the tokens of the fuzz targets" },
    Secret { kid: None, secret: "the secret that has signed them until yesterday, say" },
];

/// What the model says of something that depends on the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict<T> {
    Valid(T),
    Invalid,
    /// A time with a fraction is so near to its limit that it depends on how it is rounded.
    Unsure,
}

/// What a guard asks of a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) is_refresh: bool,
    pub(crate) is_fresh: bool,
    pub(crate) subject: String,
    pub(crate) csrf: Option<String>,
}

/// Decides about a token.
pub(crate) fn judge(token: &str) -> Verdict<Facts> {
    signed(token).map_or(Verdict::Invalid, |(_, payload)| claims(&payload))
}

/// Returns header and payload, if one of the keys has signed them.
pub(crate) fn signed(token: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { return None };
    let (header_bytes, payload_bytes) = (base64url::decode(header)?, base64url::decode(payload)?);
    let signature = base64url::decode(signature)?;
    let kid = header_kid(&header_bytes)?;
    let message = format!("{header}.{payload}");
    let fits = |key: &&Secret| kid.is_none() || key.kid.is_none() || key.kid == kid.as_deref();
    let good = KEYS.iter().filter(fits).any(|key| hmac(key.secret, &message) == signature);
    (good && token.len() <= 8192 && str::from_utf8(&payload_bytes).is_ok()).then_some((header_bytes, payload_bytes))
}

/// Signs any header and any payload.
pub(crate) fn sign(secret: &str, header: &[u8], payload: &[u8]) -> String {
    let message = format!("{}.{}", base64url::encode(header), base64url::encode(payload));
    let signature = base64url::encode(&hmac(secret, &message));
    format!("{message}.{signature}")
}

/// Returns the `kid` of a header that is acceptable.
#[expect(clippy::option_option, reason = "no `kid` in a good header, and no good header, are two things")]
pub(crate) fn header_kid(header: &[u8]) -> Option<Option<String>> {
    let header = json::object(header)?;
    let typ = optional_text(&header, "typ")?.unwrap_or("JWT").to_ascii_lowercase();
    let is_ours = ["jwt", "at+jwt"].contains(&typ.strip_prefix("application/").unwrap_or(&typ));
    let is_plain = get(&header, "crit").is_none() && matches!(get(&header, "b64"), None | Some(Json::Bool(true)));
    let is_hs256 = get(&header, "alg") == Some(&Json::Text("HS256".to_owned()));
    let kid = optional_text(&header, "kid")?.map(str::to_owned);
    (is_ours && is_plain && is_hs256).then_some(kid)
}

/// Decides about the claims of a signed token.
pub(crate) fn claims(payload: &[u8]) -> Verdict<Facts> {
    let mut unsure = false;
    let valid = json::object(payload).and_then(|claims| facts(&claims, &mut unsure));
    match valid {
        _ if unsure => Verdict::Unsure,
        Some(facts) => Verdict::Valid(facts),
        None => Verdict::Invalid,
    }
}

fn facts(claims: &Object, unsure: &mut bool) -> Option<Facts> {
    // The clock that issued it may be five seconds ahead.
    for begin in ["iat", "nbf"] {
        if get(claims, begin).is_some() && compare(get(claims, begin), NOW + 5, unsure)?.is_gt() {
            return None;
        }
    }
    if compare(get(claims, "exp"), NOW, unsure)?.is_le() {
        return None;
    }
    let subject = optional_text(claims, "sub")?.filter(|sub| !sub.is_empty() && !sub.starts_with('\u{1}'))?;
    optional_text(claims, "jti")?;
    optional_text(claims, "sid")?;
    let csrf = optional_text(claims, "csrf")?;
    let is_refresh = match optional_text(claims, "type")?? {
        "access" => false,
        "refresh" => true,
        _ => return None,
    };
    let is_fresh = match get(claims, "fresh") {
        None => false,
        Some(Json::Bool(fresh)) => *fresh,
        until => compare(until, NOW, unsure)?.is_ge(),
    };
    // No audience is configured, so such a token is for another service.
    get(claims, "aud").is_none().then(|| Facts {
        is_refresh,
        is_fresh,
        subject: subject.to_owned(),
        csrf: csrf.map(str::to_owned),
    })
}

/// Compares a time with a limit. `None` if it is no number between 1970 and the year 9999.
fn compare(value: Option<&Json>, limit: u64, unsure: &mut bool) -> Option<std::cmp::Ordering> {
    const YEAR_10000: u64 = 253_402_300_800;
    let Some(Json::Number(text)) = value else { return None };
    if let Ok(seconds) = text.parse::<u64>() {
        return (seconds < YEAR_10000).then(|| seconds.cmp(&limit));
    }
    let seconds: f64 = text.parse().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "a time of today is far below 2^53")]
    let (limit, last) = (limit as f64, (YEAR_10000 - 1) as f64);
    *unsure |= (seconds - limit).abs() < 1e-5 || (seconds - last).abs() < 1e-3;
    (0.0..=last).contains(&seconds).then(|| seconds.total_cmp(&limit))
}

/// Returns a member that is a text if it is there. `None` if it is anything else.
#[expect(clippy::option_option, reason = "absent and malformed are two things")]
fn optional_text<'o>(object: &'o Object, name: &str) -> Option<Option<&'o str>> {
    match get(object, name) {
        None => Some(None),
        Some(Json::Text(text)) => Some(Some(text)),
        Some(_) => None,
    }
}

fn hmac(secret: &str, message: &str) -> Vec<u8> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap_or_else(|_| unreachable!("any length will do"));
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
