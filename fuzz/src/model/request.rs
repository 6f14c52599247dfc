//! Where a request has its token, and whether a guard admits it, by the rules of the engine's module `http`.

use jwt_extended::http::Location;

use super::{
    json::{self, Json},
    token::{self, Facts, Verdict},
};

/// A request as bytes, so that it may have what no framework lets through.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) method: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) query: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// The configuration that the model knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    pub(crate) locations: &'static [Location],
    pub(crate) check_form: bool,
}

/// What a route requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    Access,
    Fresh,
    Refresh,
    Any,
}

/// Why a location has no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Absent,
    Malformed,
}

/// The texts that may be the token: one, or several cookies.
pub(crate) type Found = Result<Vec<String>, Fault>;

/// Decides about a request. The facts are those of the token that it is admitted with.
pub(crate) fn judge(sent: &Sent, places: Places, guard: Guard) -> Verdict<(Location, Facts)> {
    let Ok((location, texts)) = locate(sent, places, guard) else { return Verdict::Invalid };
    let sent_csrf = match csrf(sent, places) {
        _ if location != Location::Cookie => None,
        Err(()) => return Verdict::Invalid,
        Ok(value) => value,
    };
    let mut valid = Vec::new();
    for text in texts {
        match token::judge(&text) {
            Verdict::Valid(facts) => valid.push(facts),
            Verdict::Invalid => {}
            Verdict::Unsure => return Verdict::Unsure,
        }
    }
    // If two cookies are valid, nobody knows which one the site has set.
    let (1, Some(facts)) = (valid.len(), valid.pop()) else { return Verdict::Invalid };
    let csrf_matches = match &sent_csrf {
        None => true,
        Some(value) => facts.csrf.as_ref().is_some_and(|csrf| csrf.as_bytes() == *value),
    };
    let meets = match guard {
        Guard::Access => !facts.is_refresh,
        Guard::Fresh => !facts.is_refresh && facts.is_fresh,
        Guard::Refresh => facts.is_refresh,
        Guard::Any => true,
    };
    if csrf_matches && meets { Verdict::Valid((location, facts)) } else { Verdict::Invalid }
}

/// Finds the token: in the first location that has one, and no other one elsewhere. Cookies count last.
pub(crate) fn locate(sent: &Sent, places: Places, guard: Guard) -> Result<(Location, Vec<String>), Fault> {
    let explicit = places.locations.iter().filter(|location| **location != Location::Cookie);
    let mut found: Option<(Location, Vec<String>)> = None;
    for location in explicit {
        match (find(sent, *location, guard), &found) {
            (Err(Fault::Absent), _) => {}
            (Ok(texts), None) => found = Some((*location, texts)),
            (Ok(texts), Some((_, first))) if texts == *first => {}
            (Err(Fault::Malformed), _) | (Ok(_), Some(_)) => return Err(Fault::Malformed),
        }
    }
    match found {
        Some(found) => Ok(found),
        None if places.locations.contains(&Location::Cookie) => {
            find(sent, Location::Cookie, guard).map(|texts| (Location::Cookie, texts))
        }
        None => Err(Fault::Absent),
    }
}

fn find(sent: &Sent, location: Location, guard: Guard) -> Found {
    let by_name = |read: &dyn Fn(&str) -> Found, access: &str, refresh: &str| match guard {
        Guard::Access | Guard::Fresh => read(access),
        Guard::Refresh => read(refresh),
        Guard::Any => match read(access) {
            Err(Fault::Absent) => read(refresh),
            other => other,
        },
    };
    match location {
        Location::Header => authorization(sent),
        Location::QueryString => query(sent),
        Location::WebSocketProtocol => subprotocol(sent),
        Location::Json => by_name(&|name| member(sent, name), "access_token", "refresh_token"),
        _ => by_name(&|name| cookie(sent, name), "access_token_cookie", "refresh_token_cookie"),
    }
}

impl Sent {
    pub(crate) fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s [u8]> {
        self.headers.iter().filter(move |(found, _)| found == name).map(|(_, value)| &value[..])
    }

    /// Returns the type of the body without parameters, if there is one type.
    fn content_type(&self) -> Option<String> {
        let [value] = self.values("content-type").collect::<Vec<_>>()[..] else { return None };
        let essence = value.split(|byte| *byte == b';').next()?.trim_ascii();
        Some(String::from_utf8_lossy(essence).to_ascii_lowercase())
    }
}

fn authorization(sent: &Sent) -> Found {
    let values: Vec<_> = sent.values("authorization").collect();
    let [value] = values[..] else { return Err(if values.is_empty() { Fault::Absent } else { Fault::Malformed }) };
    let Ok(value) = str::from_utf8(value) else {
        let ours = value.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"));
        return Err(if ours { Fault::Malformed } else { Fault::Absent });
    };
    let credentials: Vec<_> = value.split(',').map(str::trim_ascii).filter(|text| !text.is_empty()).collect();
    let is_bearer = |words: &Vec<&str>| words.first().is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"));
    let words = credentials.iter().map(|credential| credential.split_ascii_whitespace().collect::<Vec<_>>());
    let bearers: Vec<_> = words.filter(is_bearer).collect();
    // A word with a dot and without a scheme looks like a second token.
    let is_bare =
        |text: &&str| text.contains('.') && text.bytes().all(|byte| (0x21..0x7f).contains(&byte) || byte == 0x7f);
    match &bearers[..] {
        [] => Err(Fault::Absent),
        [words] if words.len() == 2 && !credentials.iter().any(is_bare) => Ok(vec![words[1].to_owned()]),
        _ => Err(Fault::Malformed),
    }
}

fn cookie(sent: &Sent, name: &str) -> Found {
    let mut values: Vec<&[u8]> = Vec::new();
    for pair in sent.values("cookie").flat_map(|header| header.split(|byte| *byte == b';')) {
        let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
        let value = pair[at + 1..].trim_ascii();
        let quoted = value.len() > 1 && value.starts_with(b"\"") && value.ends_with(b"\"");
        let value = if quoted { &value[1..value.len() - 1] } else { value };
        if pair[..at].trim_ascii() == name.as_bytes() && !value.is_empty() && !values.contains(&value) {
            values.push(value);
        }
    }
    let texts: Vec<_> = values.iter().filter_map(|value| str::from_utf8(value).ok()).map(str::to_owned).collect();
    match values.len() {
        0 => Err(Fault::Absent),
        1..=4 if !texts.is_empty() => Ok(texts),
        _ => Err(Fault::Malformed),
    }
}

fn query(sent: &Sent) -> Found {
    let mut values = form(sent.query.as_deref().unwrap_or_default().as_bytes()).filter(|(name, _)| name == "jwt");
    match (values.next(), values.next()) {
        (Some(_), Some(_)) => Err(Fault::Malformed),
        (Some((_, value)), None) if !value.is_empty() => Ok(vec![value]),
        _ => Err(Fault::Absent),
    }
}

fn subprotocol(sent: &Sent) -> Found {
    let values = sent.values("sec-websocket-protocol");
    let names: Vec<_> = values.flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii).collect();
    let is_bearer = |name: &&[u8]| name.eq_ignore_ascii_case(b"bearer");
    let Some(at) = names.iter().position(is_bearer) else { return Err(Fault::Absent) };
    if names.iter().skip(at + 2).any(is_bearer) {
        return Err(Fault::Malformed);
    }
    let token = names.get(at + 1).and_then(|name| str::from_utf8(name).ok()).filter(|name| !name.is_empty());
    token.map(|token| vec![token.to_owned()]).ok_or(Fault::Absent)
}

fn member(sent: &Sent, name: &str) -> Found {
    let content_type = sent.content_type().unwrap_or_default();
    let is_json = content_type == "application/json"
        || (content_type.starts_with("application/") && content_type.ends_with("+json"));
    let body = json::object(&sent.body).filter(|_| is_json);
    match body.as_ref().and_then(|body| json::get(body, name)) {
        None | Some(Json::Null) => Err(Fault::Absent),
        Some(Json::Text(token)) => Ok(vec![token.clone()]),
        Some(_) => Err(Fault::Malformed),
    }
}

/// Returns the CSRF value that a cookie needs beside it; `None` if it needs none.
fn csrf(sent: &Sent, places: Places) -> Result<Option<Vec<u8>>, ()> {
    let sites = || sent.values("sec-fetch-site").map(<[u8]>::trim_ascii);
    if !["POST", "PUT", "PATCH", "DELETE"].contains(&&*sent.method) {
        return if is_handshake(sent) && !is_own_origin(sent, sites().next()) { Err(()) } else { Ok(None) };
    }
    if sites().any(|site| site == b"cross-site") {
        return Err(());
    }
    let headers: Vec<_> = sent.values("x-csrf-token").filter(|value| !value.is_empty()).collect();
    let is_form = sent.content_type().as_deref() == Some("application/x-www-form-urlencoded");
    let fields: Vec<_> = form(if places.check_form && is_form { &sent.body } else { b"" })
        .filter(|(name, value)| name == "csrf_token" && !value.is_empty())
        .collect();
    match (&headers[..], &fields[..]) {
        ([value], _) => Ok(Some(value.to_vec())),
        ([], [(_, value)]) => Ok(Some(value.clone().into_bytes())),
        _ => Err(()),
    }
}

fn is_handshake(sent: &Sent) -> bool {
    sent.method == "CONNECT"
        || sent.values("sec-websocket-version").next().is_some()
        || sent.values("upgrade").any(|value| value.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

fn is_own_origin(sent: &Sent, site: Option<&[u8]>) -> bool {
    let (origin, host) = (sent.values("origin").next(), sent.values("host").next());
    match (site, origin, host) {
        (Some(site), _, _) => site == b"same-origin",
        (None, None, _) => true,
        (None, Some(_), None) => false,
        (None, Some(origin), Some(host)) => [&b"https://"[..], b"http://"]
            .iter()
            .any(|scheme| origin.strip_prefix(*scheme).is_some_and(|rest| rest.eq_ignore_ascii_case(host))),
    }
}

/// Reads the pairs of a query string or a form (WHATWG URL section 5.1).
fn form(bytes: &[u8]) -> impl Iterator<Item = (String, String)> {
    let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = at.map_or((pair, &b""[..]), |at| (&pair[..at], &pair[at + 1..]));
        (percent_decoded(name), percent_decoded(value))
    })
}

fn percent_decoded(bytes: &[u8]) -> String {
    let mut decoded = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
        match (byte, digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(coded)) => {
                decoded.push(coded);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (other, _) => decoded.push(*other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
