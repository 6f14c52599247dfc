//! Reads a token from a single location: the header, a cookie, the query string, the JSON body.
//!
//! Each function returns the token's text, or says whether the location has no token or a malformed one.

use std::borrow::Cow;

use http::header;

use super::{JsonMember, Request, RequestError, settings::LocateSettings};

/// Why a location has no token.
#[derive(Clone, Copy)]
pub(super) enum Absence {
    Header,
    Scheme,
    Cookie,
    QueryString,
    NotJson,
    JsonKey,
    WebSocketProtocol,
}

/// Why a location yields no token.
pub(super) enum Fault {
    Absent(Absence),
    Malformed(RequestError),
}

impl From<Absence> for Fault {
    fn from(absence: Absence) -> Self {
        Self::Absent(absence)
    }
}

impl From<RequestError> for Fault {
    fn from(error: RequestError) -> Self {
        Self::Malformed(error)
    }
}

/// Reads `Authorization: Bearer <JWT>`, or the configured header and scheme.
pub(super) fn in_header<'r>(settings: &LocateSettings, request: &'r impl Request) -> Result<Cow<'r, str>, Fault> {
    let name = || settings.header_display.clone();
    let scheme = settings.header_type.as_str();
    let malformed = || RequestError::Header {
        header: name(),
        expected: if scheme.is_empty() { "<JWT>".to_owned() } else { format!("{scheme} <JWT>") },
    };
    let mut values = request.header(&settings.header_name);
    let value = values.next().ok_or(Absence::Header)?;
    if values.next().is_some() {
        return Err(RequestError::SeveralInHeader(name()).into());
    }
    let Ok(value) = str::from_utf8(value) else {
        let ours = value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()));
        return Err(if ours { malformed().into() } else { Absence::Scheme.into() });
    };
    let value = value.trim_ascii().trim_matches(',').trim_ascii();
    if value.is_empty() {
        return Err(Absence::Header.into());
    }
    if scheme.is_empty() {
        let alone = !value.bytes().any(|byte| byte.is_ascii_whitespace());
        return if alone { Ok(Cow::Borrowed(value)) } else { Err(malformed().into()) };
    }
    if settings.flask_header {
        return by_flask_rule(value, scheme)?.ok_or_else(|| malformed().into());
    }
    if let Some(token) = after_scheme(value, scheme).filter(|rest| is_one_word(rest)) {
        return Ok(Cow::Borrowed(token));
    }
    // The value is not the usual `Bearer <JWT>`. It may be a list of credentials, separated by commas.
    let mut fitting = value
        .split(',')
        .map(str::split_ascii_whitespace)
        .filter_map(|mut words| words.next().filter(|first| first.eq_ignore_ascii_case(scheme)).map(|_| words));
    let mut words = fitting.next().ok_or(Absence::Scheme)?;
    // A second credential with the scheme is a second token, and so is a bare token without a scheme.
    let bare = |credential: &str| credential.contains('.') && is_one_word(credential);
    if fitting.next().is_some() || value.split(',').any(|credential| bare(credential.trim_ascii())) {
        return Err(RequestError::SeveralInHeader(name()).into());
    }
    match (words.next(), words.next()) {
        (Some(token), None) => Ok(Cow::Borrowed(token)),
        _ => Err(malformed().into()),
    }
}

/// Reads the header as Flask-JWT-Extended does (`Tolerate::FlaskHeader`): the scheme is compared letter for letter, and
/// two credentials with the scheme count as no token.
///
/// Returns `None` if the credential with the scheme is not exactly a scheme and a token.
fn by_flask_rule<'v>(value: &'v str, scheme: &str) -> Result<Option<Cow<'v, str>>, Fault> {
    if let Some(token) = value.strip_prefix(scheme).and_then(|rest| rest.strip_prefix(' '))
        && is_one_word(token)
    {
        return Ok(Some(Cow::Borrowed(token)));
    }
    let credentials = value.split(',').map(str::split_whitespace);
    let mut fitting = credentials.filter_map(|mut words| words.next().filter(|first| *first == scheme).map(|_| words));
    let (Some(mut words), None) = (fitting.next(), fitting.next()) else {
        return Err(Absence::Scheme.into());
    };
    match (words.next(), words.next()) {
        (Some(token), None) => Ok(Some(Cow::Borrowed(token))),
        _ => Ok(None),
    }
}

/// Returns the text after the scheme, if the value begins with it. Schemes are compared without regard to case (RFC
/// 9110 section 11.1).
fn after_scheme<'v>(value: &'v str, scheme: &str) -> Option<&'v str> {
    let (start, rest) = value.split_at_checked(scheme.len())?;
    rest.strip_prefix(' ').filter(|_| start.eq_ignore_ascii_case(scheme))
}

/// Returns whether a text has no space and no comma. It looks at every byte and never stops early, because the compiler
/// then checks sixteen bytes at a time: a token takes 20 ns rather than 300.
fn is_one_word(text: &str) -> bool {
    let separator = |byte: u8| matches!(byte, 0..=b' ' | b',' | 0x80..);
    !text.is_empty() && !text.bytes().fold(false, |found, byte| found | separator(byte))
}

/// How many different cookies of one name are tried. Browsers send more than two only to a site that is under attack.
const MAX_VARIANTS: usize = 4;

/// Reads the cookie with this name. Returns the first one, and the others if browsers send several: one of the host and
/// one of a parent domain.
pub(super) fn in_cookie<'r>(name: &str, request: &'r impl Request) -> Result<(&'r str, Vec<&'r str>), Fault> {
    let mut found: Option<&[u8]> = None;
    let mut others: Vec<&[u8]> = Vec::new();
    for header in request.header(&header::COOKIE) {
        for pair in header.split(|byte| *byte == b';') {
            let Some(equals) = pair.iter().position(|byte| *byte == b'=') else {
                continue;
            };
            if pair[..equals].trim_ascii() == name.as_bytes() {
                let value = unquoted(pair[equals + 1..].trim_ascii());
                match found {
                    // A logout leaves an empty cookie: it counts as absent.
                    _ if value.is_empty() => {}
                    None => found = Some(value),
                    Some(first) if first == value || others.contains(&value) => {}
                    Some(_) if others.len() + 1 == MAX_VARIANTS => {
                        return Err(RequestError::SeveralCookies(name.to_owned()).into());
                    }
                    Some(_) => others.push(value),
                }
            }
        }
    }
    let first = found.ok_or(Absence::Cookie)?;
    if others.is_empty() {
        let text = str::from_utf8(first).map_err(|_| RequestError::Cookie(name.to_owned()))?;
        return Ok((text, Vec::new()));
    }
    // Among several, one that cannot be a token does not count.
    let mut texts = std::iter::once(first).chain(others).filter_map(|value| str::from_utf8(value).ok());
    let first = texts.next().ok_or_else(|| RequestError::Cookie(name.to_owned()))?;
    Ok((first, texts.collect()))
}

/// Removes the quotes that RFC 6265 section 4.1.1 allows around a cookie's value.
fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

/// Reads the configured parameter of the query string.
pub(super) fn in_query<'r>(settings: &LocateSettings, request: &'r impl Request) -> Result<Cow<'r, str>, Fault> {
    let name = settings.query_name.as_str();
    let query = request.query().unwrap_or_default();
    let mut fitting = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    let (_, value) = fitting.next().ok_or(Absence::QueryString)?;
    if settings.refuse_several && fitting.next().is_some() {
        return Err(RequestError::SeveralParameters(name.to_owned()).into());
    }
    if value.is_empty() {
        return Err(Absence::QueryString.into());
    }
    let prefix = settings.query_prefix.as_str();
    match value.strip_prefix(prefix) {
        Some(_) if prefix.is_empty() => Ok(value),
        Some(token) => Ok(Cow::Owned(token.to_owned())),
        None => Err(RequestError::QueryPrefix { name: name.to_owned(), prefix: prefix.to_owned() }.into()),
    }
}

/// Reads `Sec-WebSocket-Protocol: bearer, <JWT>`: the subprotocol after the word `bearer`.
pub(super) fn in_subprotocol(request: &impl Request) -> Result<Cow<'_, str>, Fault> {
    let names = || request.header(&header::SEC_WEBSOCKET_PROTOCOL).flat_map(|value| value.split(|byte| *byte == b','));
    let is_bearer = |name: &[u8]| name.trim_ascii().eq_ignore_ascii_case(b"bearer");
    let mut after = names().skip_while(|name| !is_bearer(name)).skip(1);
    let token = after.next().and_then(|name| str::from_utf8(name.trim_ascii()).ok()).filter(|name| !name.is_empty());
    if after.any(is_bearer) {
        return Err(RequestError::SeveralInHeader("Sec-WebSocket-Protocol".to_owned()).into());
    }
    token.map(Cow::Borrowed).ok_or(Absence::WebSocketProtocol.into())
}

/// Reads this member of a JSON body.
pub(super) fn in_json<'r>(key: &str, request: &'r impl Request) -> Result<Cow<'r, str>, Fault> {
    match request.json_member(key) {
        JsonMember::NotJson => Err(Absence::NotJson.into()),
        JsonMember::Absent => Err(Absence::JsonKey.into()),
        JsonMember::NotAString => Err(RequestError::JsonNotAString(key.to_owned()).into()),
        JsonMember::Text(token) => Ok(token),
    }
}
