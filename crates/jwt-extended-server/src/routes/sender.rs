//! Who sent a request: the address of the client, for the limits of guessing and for audit events.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
};

use axum::{extract::FromRequestParts, http::request::Parts};

use super::App;
use crate::{ClientAddress, audit::Address, client::client_of};

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Infallible;

    /// Finds the client of a request. A request without a peer counts as one from nowhere.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(app.client_of(parts).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).into())
    }
}

impl FromRequestParts<App> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(app.client_of(parts).into())
    }
}

impl App {
    /// Returns the address of the client of a request.
    pub(crate) fn client_of(&self, request: &Parts) -> Option<IpAddr> {
        client_of(&request.headers, &request.extensions, &self.forward_auth)
    }
}
