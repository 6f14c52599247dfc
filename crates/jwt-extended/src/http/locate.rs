//! Finds the one token of a request, by Flask-JWT-Extended's rules: the configured locations are tried in order. A
//! location without a token leads on to the next one; any other fault ends the search.
//!
//! Knows where a token travels, and nothing about what it says. `places` reads the single location.

use std::{borrow::Cow, fmt};

use super::{
    CsrfCheck, CsrfError, Location, Missing, Request, RequestError,
    csrf::csrf_check,
    places::{Absence, Fault, in_cookie, in_header, in_json, in_query},
    settings::{KindSettings, LocateSettings},
};

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
    pub(crate) location: Location,
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
    Malformed(RequestError),
    Csrf(CsrfError),
}

impl From<RequestError> for NotLocated {
    fn from(error: RequestError) -> Self {
        Self::Malformed(error)
    }
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
    for (at, location) in locations.iter().enumerate() {
        let (token, kind) = match find(settings, request, wanted, *location) {
            Ok(found) => found,
            Err(Fault::Absent(_)) => continue,
            Err(Fault::Malformed(error)) => return Err(error.into()),
        };
        let csrf = match location {
            Location::Cookie => csrf_check(settings, request, kind)?,
            _ => CsrfCheck::NotNeeded,
        };
        if settings.refuse_several {
            refuse_others(settings, request, wanted, (&token, *location), &locations[at + 1..])?;
        }
        return Ok(Located { token, location: *location, csrf });
    }
    Err(NotLocated::Missing(missing(settings, request, wanted, locations)))
}

/// Describes what is missing. It searches once more, so that a request with a token pays nothing for the description.
fn missing(settings: &LocateSettings, request: &impl Request, wanted: Wanted, locations: &[Location]) -> Missing {
    let reasons = locations.iter().filter_map(|location| match find(settings, request, wanted, *location) {
        Err(Fault::Absent(absence)) => Some((*location, absence.describe(settings, wanted.first(settings)))),
        _ => None,
    });
    match <[_; 1]>::try_from(reasons.collect::<Vec<_>>()) {
        Ok([(_, reason)]) => reason,
        Err(several) => Missing::Everywhere(several),
    }
}

/// Rejects a different token in a later location (RFC 6750 section 2), and a later location that is malformed. The same
/// token twice is harmless.
fn refuse_others(
    settings: &LocateSettings,
    request: &impl Request,
    wanted: Wanted,
    (token, location): (&str, Location),
    others: &[Location],
) -> Result<(), RequestError> {
    for other in others {
        match find(settings, request, wanted, *other) {
            Ok((second, _)) if second != token => return Err(RequestError::SeveralLocations(location, *other)),
            Err(Fault::Malformed(error)) => return Err(error),
            Ok(_) | Err(Fault::Absent(_)) => {}
        }
    }
    Ok(())
}

type Found<'r, 's> = Result<(Cow<'r, str>, &'s KindSettings), Fault>;

/// Looks for the token in one location.
fn find<'r, 's>(
    settings: &'s LocateSettings,
    request: &'r impl Request,
    wanted: Wanted,
    location: Location,
) -> Found<'r, 's> {
    let look = |kind: &'s KindSettings| -> Found<'r, 's> {
        let token = match location {
            Location::Header => in_header(settings, request)?,
            Location::Cookie => Cow::Borrowed(in_cookie(settings, &kind.cookie_name, request)?),
            Location::QueryString => in_query(settings, request)?,
            Location::Json => in_json(&kind.json_key, request)?,
        };
        Ok((token, kind))
    };
    match look(wanted.first(settings)) {
        // Only cookies and JSON have a second name to try.
        Err(Fault::Absent(_)) if wanted == Wanted::Either => look(&settings.refresh),
        first => first,
    }
}

impl Wanted {
    /// Returns the names to look for first, which messages mention if there is no token.
    fn first(self, settings: &LocateSettings) -> &KindSettings {
        match self {
            Self::Access | Self::Either => &settings.access,
            Self::Refresh => &settings.refresh,
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
            Self::JsonKey => Missing::JsonKey(kind.json_key.clone()),
        }
    }
}
