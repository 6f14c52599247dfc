//! The address to listen on: parses it and binds to it.

use std::{io, net::SocketAddr};

use tokio::net::TcpListener;

use crate::StartError;

/// Parses an IP address and a port. Names of hosts are not resolved.
pub(crate) fn parse(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "must be an IP address and a port, such as 127.0.0.1:5000")
}

/// Starts to listen.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::AddrInUse => "another program uses it".to_owned(),
            _ => error.to_string(),
        };
        StartError::Listen { address, why }
    })
}
