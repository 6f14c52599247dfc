//! Forward authentication: a proxy asks `/verify` about each request, before it passes the request on to an app.
//!
//! The answer is 204 with headers that say who it is, or a rejection. The folder `proxies` has a configuration for each
//! proxy. Only this module knows policies; the routes of the server itself have guards of their own.

mod asked;
mod forwarded;
mod identity;
mod options;
mod path;
mod policy;
mod renewal;
mod return_to;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use jwt_extended_axum::{Admitted, Cookies, Rejection, Requirement, Token, jwt_extended::http::SetCookies};
use url::{Url, form_urlencoded};

use self::{
    asked::{Asked, CookieFields, Login},
    forwarded::{Forwarded, Naming, Proxies, Unclear},
    identity::IdentityHeaders,
    policy::{Access, Policies},
    renewal::{Checked, bodiless},
    return_to::ReturnAddress,
};
pub use self::{identity::HeaderNameError, options::ForwardAuthError, policy::PolicyError};
pub(crate) use self::{options::ForwardAuthOptions, policy::PolicyOptions};
use crate::{App, Origin, audit::Address};

/// The header fields of [`CookieFields::Numbered`]. A pair of tokens has four cookies.
const NUMBERED: [HeaderName; 4] = [
    HeaderName::from_static("x-set-cookie-1"),
    HeaderName::from_static("x-set-cookie-2"),
    HeaderName::from_static("x-set-cookie-3"),
    HeaderName::from_static("x-set-cookie-4"),
];

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

const UNCLEAR: &str = "The proxy's question is not clear. The log of the login server says why";
const AMBIGUOUS: &str =
    "Apps may read this request in different ways. Write its path without //, .. and encoded separators";

/// Answers the questions of proxies. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct ForwardAuth(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    proxies: Proxies,
    policies: Policies,
    headers: IdentityHeaders,
    login_page: Option<Url>,
    return_to: Vec<Origin>,
    /// How long before its end an access cookie is renewed. `None` if that is off.
    renew: Option<Duration>,
}

/// Answers a proxy that names the request in headers. The query is the proxy's.
pub(crate) async fn verify(State(app): State<App>, request: Request) -> Response {
    match Asked::read(request.uri().query(), &app.forward_auth.0.policies) {
        Ok(asked) => answer(&app, request, Naming::Headers, &asked).await,
        Err(error) => unclear(&app, &error),
    }
}

/// Answers a proxy that names the request by the path after `/verify`. The query is the client's.
pub(crate) async fn verify_path(State(app): State<App>, request: Request) -> Response {
    answer(&app, request, Naming::Path, &Asked::default()).await
}

impl ForwardAuth {
    /// Returns whether a peer is one of the trusted proxies.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.0.proxies.trust(peer)
    }

    /// Returns how many policies there are.
    pub(crate) fn policies(&self) -> usize {
        self.0.policies.count()
    }

    /// Returns the origins to which a login may return.
    pub(crate) fn return_origins(&self) -> &[Origin] {
        &self.0.return_to
    }

    /// Returns the address that a login names in its query (`return_to`), if browsers may be sent there.
    pub(crate) fn return_address(&self, query: Option<&str>) -> Option<HeaderValue> {
        let mut pairs = form_urlencoded::parse(query?.as_bytes());
        let (_, address) = pairs.find(|(name, _)| name == "return_to")?;
        ReturnAddress::parse(&address, &self.0.return_to)?.header()
    }
}

async fn answer(app: &App, question: Request, naming: Naming, asked: &Asked) -> Response {
    let inner = &*app.forward_auth.0;
    // Of the question itself: the request that it stands for has other headers.
    let (question, _) = question.into_parts();
    let client = Address::from(app.client_of(&question));
    let forwarded = match inner.proxies.forwarded(question, naming) {
        Ok(forwarded) => forwarded,
        // The client's fault: no proxy and no app can be sure what it asks for.
        Err(Unclear::Request) => return ambiguous(app),
        Err(error) => return unclear(app, &error),
    };
    let request = &forwarded.request;
    let by_path = || inner.policies.of_request(&request.method, request.uri.path());
    let Ok(access) = asked.access.as_ref().map_or_else(by_path, Ok) else {
        return ambiguous(app);
    };
    let pass = |token: Option<&Token>, cookies| {
        // Envoy lets a request pass on 200 alone.
        let status = if naming == Naming::Path { StatusCode::OK } else { StatusCode::NO_CONTENT };
        (status, inner.headers.of(token), Cookies(cookies), ()).into_response()
    };
    let answer = match access {
        Access::Public => {
            let admitted = app.jwt.authenticate(&bodiless(request), &Requirement::access()).await.ok();
            pass(admitted.as_ref().map(Admitted::token), SetCookies::default())
        }
        Access::Guarded(guarded) => match renewal::check(app, request, guarded, inner.renew, client).await {
            Checked { outcome: Ok(admitted), cookies } => pass(Some(admitted.token()), cookies),
            Checked { outcome: Err(rejection), cookies } => inner.reject(rejection, cookies, &forwarded, asked.login),
        },
    };
    with_fields(answer, asked)
}

impl Inner {
    /// Rejects the request with 401 or 403: proxies take other statuses for a fault of the server. A browser that only
    /// needs to log in is told where.
    fn reject(&self, rejection: Rejection, cookies: SetCookies, forwarded: &Forwarded, login: Login) -> Response {
        let mut response = (Cookies(cookies), rejection).into_response();
        let status = response.status();
        if status.is_client_error() && status != StatusCode::FORBIDDEN {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        if response.status() == StatusCode::UNAUTHORIZED
            && is_navigation(&forwarded.request)
            && let Some(location) = self.login_address(forwarded)
        {
            response.headers_mut().insert(header::LOCATION, location);
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            if login == Login::Redirect {
                *response.status_mut() = StatusCode::FOUND;
            }
        }
        response
    }

    /// Returns the address of the login page, which says where to return to.
    fn login_address(&self, forwarded: &Forwarded) -> Option<HeaderValue> {
        let mut page = self.login_page.clone()?;
        let back = forwarded
            .address()
            .and_then(|(scheme, host, path)| ReturnAddress::of_request(scheme, host, path, &self.return_to));
        if let Some(back) = back {
            page.query_pairs_mut().append_pair("return_to", back.as_str());
        }
        HeaderValue::from_str(page.as_str()).ok()
    }
}

/// Returns whether a person has opened a page, rather than a script or a program an address.
pub(crate) fn is_navigation(request: &Parts) -> bool {
    let mut accepted = request.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mode = request.headers.get(SEC_FETCH_MODE);
    request.method.is_safe()
        && accepted.any(|types| types.contains("text/html"))
        && mode.is_none_or(|mode| mode == "navigate")
}

/// Adds the numbered fields, if the proxy asks for them. A rejection has them only for a proxy that makes its own
/// response of it: pages could read them, unlike `Set-Cookie`.
fn with_fields(mut response: Response, asked: &Asked) -> Response {
    let is_kept = response.status().is_success() || asked.login == Login::Location;
    if asked.cookies == CookieFields::Numbered && is_kept {
        let cookies: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        response.headers_mut().extend(NUMBERED.into_iter().zip(cookies));
    }
    response
}

fn ambiguous(app: &App) -> Response {
    app.refuse(StatusCode::FORBIDDEN, "path_ambiguous", AMBIGUOUS).into_response()
}

/// Refuses a question that is not clear. A proxy takes the status for a fault of the server, which it is: of its setup.
fn unclear(app: &App, error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "a proxy's question is not clear");
    app.refuse(StatusCode::INTERNAL_SERVER_ERROR, "proxy_unclear", UNCLEAR).into_response()
}
