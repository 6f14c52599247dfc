//! Who opens a page: somebody who is logged in, also with an access cookie that has expired meanwhile, or somebody
//! else.

use axum::http::request::Parts;
use jwt_extended_axum::{
    Location, Reason, Rejection, Requirement, Token, TokenPair,
    jwt_extended::{self, http::SetCookies},
};

use super::trouble::Trouble;
use crate::{App, ClientAddress, audit};

/// Who opens a page.
pub(super) enum Visit {
    /// Somebody who is logged in.
    In(Token),
    /// Somebody who is logged in, and whose access token has expired: with the cookies of new tokens.
    Renewed(Token, SetCookies),
    /// Somebody else. If their cookies were no longer good, with the reason, and the headers that clear them.
    Out(Option<Trouble>, SetCookies),
}

/// Returns what the pages need: a token of this server in a cookie.
pub(super) fn requirement() -> Requirement {
    Requirement::access().own().locations([Location::Cookie])
}

impl Visit {
    /// Finds out. An expired access token is renewed by the refresh cookie, as [`refresh`](crate::router) does.
    ///
    /// # Errors
    /// If nobody can say, for example because the store does not answer.
    pub(super) async fn of(app: &App, request: &Parts, client: ClientAddress) -> Result<Self, Rejection> {
        let rejection = match app.jwt.authenticate(&(request, b"".as_slice()), &requirement()).await {
            Ok(admitted) => return Ok(Self::In(admitted.into_token())),
            Err(rejection) => rejection,
        };
        if !matches!(rejection.reason(), Reason::Missing(_) | Reason::Expired) {
            return refused(rejection.into());
        }
        // Refreshing it asks the store.
        let by_cookie = Requirement::refresh().locations([Location::Cookie]).skip_revocation_check();
        let refreshed = match app.jwt.authenticate(request, &by_cookie).await {
            Ok(admitted) => {
                let pair = app.refresh(admitted.token()).await;
                audit::refreshed(&pair, admitted.token(), app.client_of(request).into());
                pair
            }
            Err(error) if matches!(error.reason(), Reason::Missing(_)) => return refused(rejection.into()),
            Err(error) => Err(error.into()),
        };
        match refreshed {
            Ok(pair) => Ok(Self::Renewed(app.token_of(&pair)?, app.jwt.set_cookies(&pair)?)),
            Err(rejection) => refused(app.count_bad_refresh(rejection, client).await),
        }
    }
}

/// Returns who it is with a cookie that is not good.
fn refused(rejection: Rejection) -> Result<Visit, Rejection> {
    let Some(engine) = rejection.rejection() else { return Err(rejection) };
    let trouble = match engine.reason() {
        Reason::Missing(_) => None,
        _ => Some(Trouble::of(&rejection)).map(|trouble| match trouble {
            // Nothing was sent, so that nothing has failed.
            Trouble::Late => Trouble::SessionOver,
            trouble => trouble,
        }),
    };
    match trouble {
        None | Some(Trouble::SessionOver | Trouble::Stolen) => Ok(Visit::Out(trouble, cleared(engine))),
        Some(_) => Err(rejection),
    }
}

fn cleared(rejection: &jwt_extended::Rejection) -> SetCookies {
    rejection.cookies().clone()
}

impl App {
    /// Returns the access token that was just issued, as a guard would read it.
    fn token_of(&self, pair: &TokenPair) -> Result<Token, Rejection> {
        let token = self.jwt.decode_token(pair.access.as_str());
        token.map_err(|error| self.jwt.reject(Reason::Token(error), None).into())
    }
}
