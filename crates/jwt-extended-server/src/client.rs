//! The address of a client: that of the peer, or the one that a trusted proxy forwards.
//!
//! It reads headers only of requests from the proxies that the configuration names.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderName},
};

use crate::ForwardAuth;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Returns the address of the client that sent a request. `None` without a peer, as on a Unix socket.
pub(crate) fn client_of(headers: &HeaderMap, extensions: &Extensions, proxies: &ForwardAuth) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(client(peer.ip().to_canonical(), headers, |address| proxies.trusts(address)))
}

/// Goes from proxy to proxy, beginning with the peer, as long as each is trusted. Each adds the address from which it
/// got the request at the end of the header, and a client can write only what stands before.
fn client(peer: IpAddr, headers: &HeaderMap, trusts: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut client = peer;
    for line in headers.get_all(FORWARDED_FOR).iter().rev() {
        for element in line.as_bytes().rsplit(|byte| *byte == b',') {
            if !trusts(client) {
                return client;
            }
            // The proxy itself is the last address that is certain.
            let Some(address) = parse(element) else { return client };
            client = address;
        }
    }
    client
}

/// Reads an address, which may have a port.
fn parse(element: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(element).ok()?.trim();
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    Some(text.parse::<IpAddr>().ok().or_else(with_port).or_else(bare)?.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn seen(peer: &str, lines: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let trusted: [IpAddr; 2] = ["127.0.0.1".parse().unwrap(), "10.0.0.9".parse().unwrap()];
        client(peer.parse().unwrap(), &headers, |address| trusted.contains(&address)).to_string()
    }

    #[test]
    fn the_last_address_that_is_no_trusted_proxy_counts() {
        for (lines, client) in [
            (&[][..], "127.0.0.1"),
            (&["192.0.2.7"], "192.0.2.7"),
            (&["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
            (&["198.51.100.1", "192.0.2.7"], "192.0.2.7"),
            (&["192.0.2.7, 10.0.0.9"], "192.0.2.7"),
            (&["192.0.2.7:4711"], "192.0.2.7"),
            (&["::ffff:192.0.2.7"], "192.0.2.7"),
            (&["[2001:db8:1:2:3::4]:80"], "2001:db8:1:2:3::4"),
            (&["[2001:db8:1:2:3::4]"], "2001:db8:1:2:3::4"),
            (&["192.0.2.7, unknown"], "127.0.0.1"),
            (&["192.0.2.7, unknown, 10.0.0.9"], "10.0.0.9"),
            (&["192.0.2.7,"], "127.0.0.1"),
        ] {
            assert_eq!(seen("127.0.0.1", lines), client, "{lines:?}");
        }
    }

    #[test]
    fn an_untrusted_peer_cannot_say_who_it_is() {
        assert_eq!(seen("203.0.113.5", &["192.0.2.7"]), "203.0.113.5");
        assert_eq!(seen("2001:db8::1", &["192.0.2.7"]), "2001:db8::1");
    }
}
