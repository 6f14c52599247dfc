//! Renews the cookies of a browser in passing: the access cookie shortly before its end, and both cookies by the
//! refresh cookie when the access cookie has expired.

use std::time::Duration;

use axum::http::{HeaderValue, header, request::Parts};
use jwt_extended_axum::{
    Admitted, Location, Reason, Rejection, Requirement, jwt_extended, jwt_extended::http::SetCookies, token::Freshness,
};

use super::policy::{Guarded, Renewable};
use crate::{
    App,
    audit::{self, Address},
};

/// The outcome of a check, and the new cookies of the browser.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) outcome: Result<Admitted, Rejection>,
    pub(super) cookies: SetCookies,
}

/// Checks a request, and renews its cookies if they end within the time `renew`.
///
/// `client` is for the audit event of a refresh.
pub(super) async fn check(
    app: &App,
    request: &Parts,
    guarded: &Guarded,
    renew: Option<Duration>,
    client: Address,
) -> Checked {
    let first = app.jwt.authenticate(&bodiless(request), &guarded.requirement).await;
    // A renewed token is never fresh, and the browser would lose its fresh one.
    let Some(within) = renew.filter(|_| guarded.renewable == Renewable::Yes) else { return first.into() };
    match first {
        Ok(admitted) => {
            let cookies = lengthened(app, request, &admitted, within).await.unwrap_or_default();
            Checked { outcome: Ok(admitted), cookies }
        }
        // A request that changes something has shown no CSRF value that is still good, so it is not renewed.
        Err(rejection) if request.method.is_safe() && is_over(&rejection) => {
            match refreshed(app, request, client).await {
                Some(Ok(cookies)) => {
                    let outcome = app.jwt.authenticate(&with_cookies(request, &cookies), &guarded.requirement).await;
                    Checked { outcome: outcome.map_err(Into::into), cookies }
                }
                Some(Err(error)) => Checked { outcome: Err(error), cookies: SetCookies::default() },
                None => Err(rejection).into(),
            }
        }
        Err(rejection) => Err(rejection).into(),
    }
}

impl From<Result<Admitted, jwt_extended::Rejection>> for Checked {
    fn from(outcome: Result<Admitted, jwt_extended::Rejection>) -> Self {
        Self { outcome: outcome.map_err(Into::into), cookies: SetCookies::default() }
    }
}

/// Returns the request as one without a body: a proxy keeps the body to itself.
pub(super) fn bodiless(request: &Parts) -> (&Parts, &[u8]) {
    (request, b"")
}

async fn lengthened(app: &App, request: &Parts, admitted: &Admitted, within: Duration) -> Option<SetCookies> {
    if admitted.location() != Location::Cookie || admitted.token().freshness() != Freshness::Stale {
        return None;
    }
    let expiring = app.jwt.steps().expiring(request, within)?;
    // A scope that was taken from the user would live on. Without a renewal, the next token comes by a refresh.
    if !app.has_all_scopes(admitted.token()).await {
        return None;
    }
    app.jwt.steps().renew(&expiring, []).await
}

/// Returns whether the browser has no access cookie that lives.
fn is_over(rejection: &jwt_extended::Rejection) -> bool {
    matches!(rejection.reason(), Reason::Missing(_) | Reason::Expired)
}

/// Refreshes by the request's refresh cookie. `None` if it has none that is good.
async fn refreshed(app: &App, request: &Parts, client: Address) -> Option<Result<SetCookies, Rejection>> {
    // Refreshing it asks the store.
    let by_cookie = Requirement::refresh().locations([Location::Cookie]).skip_revocation_check();
    let refresh = app.jwt.authenticate(request, &by_cookie).await.ok()?;
    let outcome = app.refresh(refresh.token()).await;
    audit::refreshed(&outcome, refresh.token(), client);
    Some(outcome.and_then(|pair| app.jwt.set_cookies(&pair).map_err(Into::into)))
}

/// Returns the request with these cookies in place of its own.
fn with_cookies(request: &Parts, cookies: &SetCookies) -> Parts {
    let mut request = request.clone();
    let pairs = cookies.lines().iter().filter_map(|line| line.to_str().ok()?.split(';').next());
    let pairs: Vec<_> = pairs.collect();
    request.headers.remove(header::COOKIE);
    // Parts of header values, which are one again.
    if let Ok(value) = HeaderValue::from_str(&pairs.join("; ")) {
        request.headers.insert(header::COOKIE, value);
    }
    request
}
