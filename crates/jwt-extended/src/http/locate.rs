//! Finds the one token of a request. The configured locations are tried in order, as Flask-JWT-Extended does. A
//! location without a token leads on to the next one; any other fault ends the search.
//!
//! A token that the client chose to send counts before a cookie, which the browser sends anyway.
//!
//! Knows where a token travels, and nothing about what it says. `places` reads the single location.

use std::{borrow::Cow, fmt};

use super::{
    CsrfCheck, CsrfError, Location, Missing, Request, RequestError,
    csrf::csrf_check,
    places::{Absence, Fault, in_cookie, in_header, in_json, in_query, in_subprotocol},
    settings::{KindSettings, LocateSettings},
};
use crate::token::TokenType;

/// Which token to look for: access and refresh tokens have different cookies and JSON members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Access,
    Refresh,
    /// Access first.
    Either,
}

/// A token that was found in a request and is not verified yet.
pub struct Located<'r> {
    pub(crate) token: Cow<'r, str>,
    /// Other cookies of the same name.
    pub(crate) others: Vec<Cow<'r, str>>,
    pub(crate) location: Location,
    /// The type of token that belongs where it was found.
    pub(crate) kind: TokenType,
    pub(crate) csrf: CsrfCheck<'r>,
}

impl Located<'_> {
    /// Returns the token's text. It is not verified: anyone may have written it.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns where the token was.
    pub fn location(&self) -> Location {
        self.location
    }

    /// Returns the texts that may be the token: usually one, or several cookies of one name.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.token).chain(self.others.iter().map(|other| &**other))
    }

    /// Copies what it borrows from the request.
    pub(crate) fn into_owned(self) -> Located<'static> {
        let Self { token, others, location, kind, csrf } = self;
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Located {
            token: owned(token),
            others: others.into_iter().map(owned).collect(),
            location,
            kind,
            csrf: csrf.into_owned(),
        }
    }

    /// Returns where the token was, and the type of token that belongs there.
    pub(crate) fn place(&self) -> (Location, TokenType) {
        (self.location, self.kind)
    }
}

impl fmt::Debug for Located<'_> {
    /// Shows the location only: a token's text does not belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Located").field("location", &self.location).finish_non_exhaustive()
    }
}

/// Why no token was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotLocated {
    Missing(Missing),
    Malformed(RequestError, Location),
    Csrf(CsrfError),
}

impl From<CsrfError> for NotLocated {
    fn from(error: CsrfError) -> Self {
        Self::Csrf(error)
    }
}

/// Looks for the token in these locations.
pub(crate) fn locate<'r>(
    settings: &LocateSettings,
    request: &'r impl Request,
    wanted: Wanted,
    locations: &[Location],
) -> Result<Located<'r>, NotLocated> {
    // Where only the first token counts, the configured order says which one that is.
    let late = |location: &Location| settings.refuse_several && *location == Location::Cookie;
    let explicit = locations.iter().filter(|location| !late(location));
    let in_order = explicit.chain(locations.iter().filter(|location| late(location)));
    for (at, location) in in_order.clone().enumerate() {
        let Found { token, others, kind } = match find(settings, request, wanted, *location) {
            Ok(found) => found,
            Err(Fault::Absent(_)) => continue,
            Err(Fault::Malformed(error)) => return Err(NotLocated::Malformed(error, *location)),
        };
        let csrf = match location {
            Location::Cookie => csrf_check(settings, request, settings.of(kind))?,
            _ => CsrfCheck::NotNeeded,
        };
        if settings.refuse_several {
            let others = in_order.skip(at + 1).filter(|location| !late(location));
            refuse_others(settings, request, wanted, (&token, *location), others)
                .map_err(|error| NotLocated::Malformed(error, *location))?;
        }
        let others = others.into_iter().map(Cow::Borrowed).collect();
        return Ok(Located { token, others, location: *location, kind, csrf });
    }
    Err(NotLocated::Missing(missing(settings, request, wanted, locations)))
}

/// Finds every token of a request whose bearer wants to log out: the explicit one, or else those in cookies of both
/// types.
pub(crate) fn locate_all<'r>(
    settings: &LocateSettings,
    request: &'r impl Request,
) -> Result<Vec<Located<'r>>, NotLocated> {
    let cookies_at = settings.locations.iter().position(|location| *location == Location::Cookie);
    let (before, after) = match cookies_at {
        // Where only the first token counts, the configured order says which one that is.
        Some(at) if !settings.refuse_several => settings.locations.split_at(at),
        _ => (&[][..], &settings.locations[..]),
    };
    let explicit = |locations: &[Location]| {
        let others: Vec<_> = locations.iter().copied().filter(|location| *location != Location::Cookie).collect();
        match locate(settings, request, Wanted::Either, &others) {
            Ok(located) => Ok(Some(located)),
            Err(NotLocated::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    };
    let (first, last) = if settings.refuse_several { (after, before) } else { (before, after) };
    if let Some(located) = explicit(first)? {
        return Ok(vec![located]);
    }
    if cookies_at.is_some() {
        let in_cookies = locate_cookies(settings, request)?;
        if !in_cookies.is_empty() {
            return Ok(in_cookies);
        }
    }
    if let Some(located) = explicit(last)? {
        return Ok(vec![located]);
    }
    Err(NotLocated::Missing(missing(settings, request, Wanted::Either, &settings.locations)))
}

/// Finds the tokens in cookies of both types. A missing CSRF value counts before any other fault.
fn locate_cookies<'r>(settings: &LocateSettings, request: &'r impl Request) -> Result<Vec<Located<'r>>, NotLocated> {
    let mut all = Vec::new();
    let mut faults = Vec::new();
    for wanted in [Wanted::Access, Wanted::Refresh] {
        match locate(settings, request, wanted, &[Location::Cookie]) {
            Ok(located) => all.push(located),
            Err(NotLocated::Missing(_)) => {}
            Err(error) => faults.push(error),
        }
    }
    let forged = faults.iter().position(|fault| matches!(fault, NotLocated::Csrf(_)));
    match faults.len() {
        0 => Ok(all),
        _ if all.is_empty() || forged.is_some() => Err(faults.swap_remove(forged.unwrap_or(0))),
        _ => Ok(all),
    }
}

/// Describes what is missing. It searches once more, so that a request with a token pays nothing for the description.
fn missing(settings: &LocateSettings, request: &impl Request, wanted: Wanted, locations: &[Location]) -> Missing {
    let reasons = locations.iter().filter_map(|location| {
        let Err(Fault::Absent(absence)) = find(settings, request, wanted, *location) else { return None };
        Some((*location, absence.describe(settings, settings.of(wanted.first()))))
    });
    match <[_; 1]>::try_from(reasons.collect::<Vec<_>>()) {
        Ok([(_, reason)]) => reason,
        Err(several) => Missing::Everywhere(several),
    }
}

/// Rejects a different token in a later location (RFC 6750 section 2), and a later location that is malformed. The same
/// token twice is harmless.
fn refuse_others<'s>(
    settings: &LocateSettings,
    request: &impl Request,
    wanted: Wanted,
    (token, location): (&str, Location),
    others: impl Iterator<Item = &'s Location>,
) -> Result<(), RequestError> {
    for other in others {
        match find(settings, request, wanted, *other) {
            Ok(second) if second.token != token => return Err(RequestError::SeveralLocations(location, *other)),
            Err(Fault::Malformed(error)) => return Err(error),
            Ok(_) | Err(Fault::Absent(_)) => {}
        }
    }
    Ok(())
}

/// A token in one location.
struct Found<'r> {
    token: Cow<'r, str>,
    others: Vec<&'r str>,
    kind: TokenType,
}

/// Looks for the token in one location.
fn find<'r>(
    settings: &LocateSettings,
    request: &'r impl Request,
    wanted: Wanted,
    location: Location,
) -> Result<Found<'r>, Fault> {
    let look = |kind: TokenType| -> Result<Found<'r>, Fault> {
        let names = settings.of(kind);
        let (token, others) = match location {
            Location::Header => (in_header(settings, request)?, Vec::new()),
            Location::Cookie => {
                let (token, others) = in_cookie(&names.cookie_name, request)?;
                (Cow::Borrowed(token), others)
            }
            Location::QueryString => (in_query(settings, request)?, Vec::new()),
            Location::Json => (in_json(&names.json_key, request)?, Vec::new()),
            Location::WebSocketProtocol => (in_subprotocol(request)?, Vec::new()),
        };
        Ok(Found { token, others, kind })
    };
    match look(wanted.first()) {
        // Only cookies and JSON have a second name to try.
        Err(Fault::Absent(_)) if wanted == Wanted::Either => look(TokenType::Refresh),
        first => first,
    }
}

impl Wanted {
    /// Returns the type whose names to look for first, which messages mention if there is no token.
    const fn first(self) -> TokenType {
        match self {
            Self::Access | Self::Either => TokenType::Access,
            Self::Refresh => TokenType::Refresh,
        }
    }
}

impl Absence {
    /// Makes the message. Most searches need none, so it is made last.
    fn describe(self, settings: &LocateSettings, kind: &KindSettings) -> Missing {
        let header = || settings.header_display.clone();
        match self {
            Self::Header => Missing::Header(header()),
            Self::Scheme => Missing::Scheme { header: header(), scheme: settings.header_type.clone() },
            Self::Cookie => Missing::Cookie(kind.cookie_name.clone()),
            Self::QueryString => Missing::QueryString(settings.query_name.clone()),
            Self::NotJson => Missing::NotJson,
            Self::WebSocketProtocol => Missing::WebSocketProtocol,
            Self::JsonKey => Missing::JsonKey(kind.json_key.clone()),
        }
    }
}
