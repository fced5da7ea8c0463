//! From where an account lets its people in: a list of networks, or from everywhere.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most networks of a list.
pub const MAX_NETWORKS: usize = 50;

/// Networks in CIDR notation (RFC 4632 for IPv4, RFC 4291 section 2.3 for IPv6). An empty list lets everybody in. In JSON a list
/// of texts such as `203.0.113.0/24`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedNetworks(Vec<IpNet>);

/// A text that is no address and no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither an address nor a network in CIDR notation")]
pub struct InvalidNetwork;

impl AllowedNetworks {
    /// The list of these texts, each once; an address alone is the network of itself. Bits behind the prefix are dropped.
    ///
    /// # Errors
    /// The place of the first text that is no network.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, usize> {
        let mut networks = Vec::new();
        for (place, text) in texts.into_iter().enumerate() {
            let network = parse_network(text).map_err(|InvalidNetwork| place)?;
            if !networks.contains(&network) {
                networks.push(network);
            }
        }
        Ok(Self(networks))
    }

    /// Whether everybody is let in.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.0.is_empty()
    }

    /// How many networks there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether somebody at `address` is let in. An address that is not known is on no list.
    #[must_use]
    pub fn allow(&self, address: Option<&str>) -> bool {
        if self.is_open() {
            return true;
        }
        let address = address.and_then(|text| text.trim().parse::<IpAddr>().ok());
        // An IPv4 address in an IPv6 one (RFC 4291, section 2.5.5.2) is the IPv4 address.
        let address = address.map(|address| address.to_canonical());
        address.is_some_and(|address| self.0.iter().any(|network| network.contains(&address)))
    }

    /// The networks as texts.
    #[must_use]
    pub fn to_texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

fn parse_network(text: &str) -> Result<IpNet, InvalidNetwork> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let network = IpNet::from_str(text).map_err(|_| InvalidNetwork)?;
    Ok(network.trunc())
}

impl Serialize for AllowedNetworks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.to_texts())
    }
}

impl<'de> Deserialize<'de> for AllowedNetworks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        Self::parse(texts.iter().map(String::as_str))
            .map_err(|place| serde::de::Error::custom(format!("{InvalidNetwork}, at {place}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> AllowedNetworks {
        AllowedNetworks::parse(texts.iter().copied()).unwrap()
    }

    #[test]
    fn an_empty_list_lets_everybody_in_and_any_other_only_those_on_it() {
        let open = AllowedNetworks::default();
        for address in [None, Some("203.0.113.7"), Some("nonsense")] {
            assert!(open.allow(address), "{address:?}");
        }
        let office = list(&["203.0.113.0/25", "198.51.100.7", "2001:db8:1::/48"]);
        for (address, expected) in [
            (Some("203.0.113.0"), true),
            (Some("203.0.113.127"), true),
            (Some("203.0.113.128"), false),
            (Some("203.0.112.255"), false),
            (Some("198.51.100.7"), true),
            (Some("198.51.100.8"), false),
            (Some("::ffff:203.0.113.5"), true),
            (Some("::ffff:203.0.113.200"), false),
            (Some("2001:db8:1::"), true),
            (Some("2001:db8:1:ffff:ffff:ffff:ffff:ffff"), true),
            (Some("2001:db8:2::"), false),
            (Some("::1"), false),
            // What does not say where it is from is from nowhere on the list.
            (None, false),
            (Some(""), false),
            (Some("203.0.113.7, 198.51.100.7"), false),
            (Some("203.0.113.7/32"), false),
        ] {
            assert_eq!(office.allow(address), expected, "{address:?}");
        }
    }

    #[test]
    fn the_widest_and_the_narrowest_networks_match_as_they_say() {
        assert!(list(&["0.0.0.0/0"]).allow(Some("203.0.113.7")));
        assert!(!list(&["0.0.0.0/0"]).allow(Some("2001:db8::1")));
        assert!(list(&["::/0"]).allow(Some("2001:db8::1")));
        assert!(!list(&["::/0"]).allow(Some("203.0.113.7")));
        assert!(list(&["2001:db8::1/128"]).allow(Some("2001:db8:0:0::1")));
        assert!(!list(&["2001:db8::1/128"]).allow(Some("2001:db8::2")));
        assert!(list(&["203.0.113.7/32"]).allow(Some(" 203.0.113.7 ")));
    }

    #[test]
    fn texts_are_read_as_networks_each_once_and_written_back() {
        let read = list(&[
            " 203.0.113.77/24 ",
            "203.0.113.0/24",
            "::ffff:198.51.100.7",
            "2001:DB8::1/32",
        ]);
        assert_eq!(
            read.to_texts(),
            ["203.0.113.0/24", "198.51.100.7/32", "2001:db8::/32"]
        );
        let json = serde_json::to_string(&read).unwrap();
        assert_eq!(
            serde_json::from_str::<AllowedNetworks>(&json).unwrap(),
            read
        );
        for text in [
            "",
            "office",
            "203.0.113",
            "203.0.113.0/33",
            "203.0.113.0/-1",
            "203.0.113.0/",
            "2001:db8::/129",
            "203.0.113.0/24/8",
            "203.0.113.0-203.0.113.9",
            "*",
        ] {
            assert_eq!(AllowedNetworks::parse(["::/0", text]), Err(1), "{text:?}");
        }
    }
}
