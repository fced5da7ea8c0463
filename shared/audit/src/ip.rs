//! Addresses, cut so that they name a network and no household.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of an address: the first three bytes of IPv4, the first six of IPv6, the rest zero. `None` for what is no
/// address. An IPv4 address in IPv6 clothes (`::ffff:a.b.c.d`) counts as IPv4.
#[must_use]
pub fn truncate_ip(text: &str) -> Option<String> {
    let address: IpAddr = text.trim().parse().ok()?;
    Some(match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, 0).to_string()
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_string()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cut_to_its_network() {
        for (address, network) in [
            ("203.0.113.77", Some("203.0.113.0")),
            (" 127.0.0.1 ", Some("127.0.0.0")),
            (
                "2001:db8:85a3:8d3:1319:8a2e:370:7348",
                Some("2001:db8:85a3::"),
            ),
            ("::ffff:203.0.113.77", Some("203.0.113.0")),
            ("::1", Some("::")),
            ("", None),
            ("203.0.113", None),
            ("example.com", None),
            ("203.0.113.77:443", None),
        ] {
            assert_eq!(truncate_ip(address).as_deref(), network, "{address:?}");
        }
    }
}
