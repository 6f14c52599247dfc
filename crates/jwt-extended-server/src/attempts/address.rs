//! The address whose attempts are counted together.

use std::{fmt, net::IpAddr};

use ipnet::Ipv6Net;

/// The bits of an IPv6 address that name a network. Every customer has the rest to choose from.
const NETWORK_BITS: u8 = 64;

/// The address whose attempts are counted: an IPv4 address, or the /64 network of an IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                // The prefix is shorter than 128 bits, so the network always exists.
                let network = Ipv6Net::new(address, NETWORK_BITS).map(|network| network.network());
                IpAddr::V6(network.unwrap_or(address))
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}"),
            IpAddr::V6(address) => write!(f, "{address}/{NETWORK_BITS}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(address: &str) -> String {
        ClientAddress::from(address.parse::<IpAddr>().unwrap()).to_string()
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_client() {
        assert_eq!(counted("2001:db8:0:1::1"), "2001:db8:0:1::/64");
        assert_eq!(counted("2001:db8:0:1::1"), counted("2001:db8:0:1:ffff::2"));
        assert_ne!(counted("2001:db8:0:1::1"), counted("2001:db8:0:2::1"));
    }

    #[test]
    fn an_ipv4_address_is_a_client_in_either_spelling() {
        assert_eq!(counted("192.0.2.7"), "192.0.2.7");
        assert_eq!(counted("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
