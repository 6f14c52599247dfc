//! Renews the cookies of a browser in passing: the access cookie shortly before its end, and both cookies by the
//! refresh cookie when the access cookie has expired.

use std::time::Duration;

use axum::http::{HeaderValue, header, request::Parts};
use jwt_extended_axum::{
    Admitted, JwtManager, Location, Reason, Rejection, Requirement, jwt_extended, jwt_extended::http::SetCookies,
    token::Freshness,
};

use super::policy::{Guarded, Renewable};
use crate::audit::{self, Address};

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
    jwt: &JwtManager,
    request: &Parts,
    guarded: &Guarded,
    renew: Option<Duration>,
    client: Address,
) -> Checked {
    let first = jwt.authenticate(&bodiless(request), &guarded.requirement).await;
    // A renewed token is never fresh, and the browser would lose its fresh one.
    let Some(within) = renew.filter(|_| guarded.renewable == Renewable::Yes) else { return first.into() };
    match first {
        Ok(admitted) => {
            let cookies = lengthened(jwt, request, &admitted, within).await.unwrap_or_default();
            Checked { outcome: Ok(admitted), cookies }
        }
        // A request that changes something has shown no CSRF value that is still good, so it is not renewed.
        Err(rejection) if request.method.is_safe() && is_over(&rejection) => {
            match refreshed(jwt, request, client).await {
                Some(Ok(cookies)) => {
                    let outcome = jwt.authenticate(&with_cookies(request, &cookies), &guarded.requirement).await;
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

async fn lengthened(jwt: &JwtManager, request: &Parts, admitted: &Admitted, within: Duration) -> Option<SetCookies> {
    if admitted.location() != Location::Cookie || admitted.token().freshness() != Freshness::Stale {
        return None;
    }
    let expiring = jwt.steps().expiring(request, within)?;
    jwt.steps().renew(&expiring, []).await
}

/// Returns whether the browser has no access cookie that lives.
fn is_over(rejection: &jwt_extended::Rejection) -> bool {
    matches!(rejection.reason(), Reason::Missing(_) | Reason::Expired)
}

/// Refreshes by the request's refresh cookie. `None` if it has none that is good.
async fn refreshed(jwt: &JwtManager, request: &Parts, client: Address) -> Option<Result<SetCookies, Rejection>> {
    // Refreshing it asks the store.
    let by_cookie = Requirement::refresh().locations([Location::Cookie]).skip_revocation_check();
    let refresh = jwt.authenticate(request, &by_cookie).await.ok()?;
    let outcome = jwt.refresh(refresh.token()).await.map_err(Rejection::from);
    audit::refreshed(&outcome, refresh.token(), client);
    Some(outcome.and_then(|pair| jwt.set_cookies(&pair).map_err(Into::into)))
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
