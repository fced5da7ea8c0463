//! Which addresses may be fetched because somebody typed them.
//!
//! Whoever fetches what others name can be made to ask its own network (server-side request forgery, CWE-918). What is checked is the
//! address itself; a public name whose record points into a private network is not found out here. On Workers `fetch` reaches no private
//! network; elsewhere the resolved address has to be checked, too. Each redirect is an address of its own: check it before it is followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Longest address, in bytes.
pub const MAX_URL_BYTES: usize = 2_048;

/// Ends of names that are no names of the public internet (RFC 6761, RFC 6762, RFC 8375, RFC 9476, and what ICANN keeps for private use).
const LOCAL_ENDS: [&str; 13] = [
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "arpa",
    "onion",
    "alt",
    "invalid",
];

/// What is allowed beyond `https` at its own port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowance<'a> {
    /// Other ports.
    pub ports: &'a [u16],
    /// This very machine (`localhost`, 127.0.0.1, `[::1]`), at any port, also by `http`: for development and tests alone.
    pub own_machine: bool,
}

/// An address that may be fetched: its form is one of the URL standard's, without a fragment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SafeUrl(Url);

/// Why an address is not fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsafeUrl {
    /// No address at all, or none with a host.
    #[error("not a web address")]
    Syntax,
    /// Too long.
    #[error("the address has more than {MAX_URL_BYTES} bytes")]
    TooLong,
    /// Not `https`.
    #[error("the address must begin with https://")]
    Scheme,
    /// A name or a password in it: it would be stored and shown.
    #[error("the address must not have a user name or a password")]
    UserInfo,
    /// A port that is not allowed.
    #[error("the address must not have a port")]
    Port,
    /// A number of a machine that is not on the public internet.
    #[error("the address leads into a private network")]
    PrivateNetwork,
    /// A name that is not of the public internet.
    #[error("the address has no public host name")]
    LocalName,
}

impl SafeUrl {
    /// Checks an address.
    pub fn parse(text: &str, allowed: Allowance<'_>) -> Result<Self, UnsafeUrl> {
        Self::check(
            Url::parse(text.trim()).map_err(|_| UnsafeUrl::Syntax)?,
            allowed,
        )
    }

    /// Checks where a page of this address leads, by a redirect or a link.
    pub fn join(&self, target: &str, allowed: Allowance<'_>) -> Result<Self, UnsafeUrl> {
        Self::check(
            self.0.join(target.trim()).map_err(|_| UnsafeUrl::Syntax)?,
            allowed,
        )
    }

    fn check(mut url: Url, allowed: Allowance<'_>) -> Result<Self, UnsafeUrl> {
        if url.as_str().len() > MAX_URL_BYTES {
            return Err(UnsafeUrl::TooLong);
        }
        if !["https", "http"].contains(&url.scheme()) {
            return Err(UnsafeUrl::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UnsafeUrl::UserInfo);
        }
        let host = url.host().ok_or(UnsafeUrl::Syntax)?;
        if !(allowed.own_machine && is_own_machine(&host)) {
            if url.scheme() != "https" {
                return Err(UnsafeUrl::Scheme);
            }
            check_host(&host)?;
            // The scheme's own port is none in the URL.
            if url
                .port()
                .is_some_and(|port| !allowed.ports.contains(&port))
            {
                return Err(UnsafeUrl::Port);
            }
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// As it is fetched, and as it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The parts of it.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }
}

fn is_own_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.trim_end_matches('.') == "localhost",
        Host::Ipv4(address) => *address == Ipv4Addr::LOCALHOST,
        Host::Ipv6(address) => *address == Ipv6Addr::LOCALHOST,
    }
}

fn check_host(host: &Host<&str>) -> Result<(), UnsafeUrl> {
    let address = match host {
        Host::Domain(name) => return check_name(name),
        Host::Ipv4(address) => IpAddr::V4(*address),
        Host::Ipv6(address) => IpAddr::V6(*address),
    };
    if is_public(address) {
        Ok(())
    } else {
        Err(UnsafeUrl::PrivateNetwork)
    }
}

fn check_name(name: &str) -> Result<(), UnsafeUrl> {
    let name = name.strip_suffix('.').unwrap_or(name);
    // A name without a dot is looked up in the own network.
    let (_, end) = name.rsplit_once('.').ok_or(UnsafeUrl::LocalName)?;
    if end.is_empty() || LOCAL_ENDS.contains(&end) {
        return Err(UnsafeUrl::LocalName);
    }
    Ok(())
}

/// Whether an address is one of the public internet (the special-purpose registries of IANA, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    // This network, space behind a carrier's NAT, protocol assignments, 6to4 relays, benchmarks, and multicast with all that is kept for later.
    let is_special = matches!(
        (a, b, c),
        (0 | 224.., ..) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _)
    );
    !(is_special
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation())
}

/// Only global unicast, `2000::/3`, and of that what is no tunnel and no example. What carries an IPv4 address is as public as that one.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(address) = address.to_ipv4_mapped() {
        return is_public_v4(address);
    }
    let segments = address.segments();
    let carried =
        |high: u16, low: u16| is_public_v4((u32::from(high) << 16 | u32::from(low)).into());
    match segments {
        // NAT64 (RFC 6052), and 6to4 (RFC 3056).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => carried(high, low),
        // Protocol assignments, Teredo and ORCHID among them; examples.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOTHING: Allowance<'_> = Allowance {
        ports: &[],
        own_machine: false,
    };

    fn check(text: &str) -> Result<String, UnsafeUrl> {
        SafeUrl::parse(text, NOTHING).map(|url| url.as_str().to_owned())
    }

    #[test]
    fn public_addresses_have_one_form() {
        for (text, expected) in [
            (
                "https://help.acme.example/a?b=c#d",
                "https://help.acme.example/a?b=c",
            ),
            (" HTTPS://Help.ACME.example ", "https://help.acme.example/"),
            ("https://acme.example:443/", "https://acme.example/"),
            ("https://acme.example./", "https://acme.example./"),
            (
                "https://bücher.example/ä b",
                "https://xn--bcher-kva.example/%C3%A4%20b",
            ),
            ("https://acme.example/a/../b", "https://acme.example/b"),
            ("https:acme.example", "https://acme.example/"),
            (
                "https://localhost.acme.example/",
                "https://localhost.acme.example/",
            ),
            ("https://8.8.8.8/", "https://8.8.8.8/"),
            ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
            ("https://[2002:808:808::1]/", "https://[2002:808:808::1]/"),
        ] {
            assert_eq!(check(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn every_way_in_is_closed() {
        use UnsafeUrl::{LocalName, Port, PrivateNetwork, Scheme, Syntax, TooLong, UserInfo};
        for (text, expected) in [
            ("", Syntax),
            ("acme.example", Syntax),
            ("//acme.example", Syntax),
            ("https://", Syntax),
            ("https://a b.example/", Syntax),
            ("http://acme.example/", Scheme),
            ("ftp://acme.example/", Scheme),
            ("file:///etc/passwd", Scheme),
            ("javascript:alert(1)", Scheme),
            ("data:text/html,x", Scheme),
            ("gopher://acme.example", Scheme),
            ("https://user@acme.example/", UserInfo),
            ("https://:secret@acme.example/", UserInfo),
            ("https://acme.example@127.0.0.1/", UserInfo),
            ("https://acme.example:8443/", Port),
            ("https://acme.example:80/", Port),
            ("https://localhost/", LocalName),
            ("https://LOCALHOST./", LocalName),
            ("https://a.localhost/", LocalName),
            ("https://printer/", LocalName),
            ("https://printer.local/", LocalName),
            ("https://metadata.google.internal/", LocalName),
            ("https://router.lan/", LocalName),
            ("https://x.home.arpa/", LocalName),
            ("https://127.0.0.1/", PrivateNetwork),
            ("https://127.1/", PrivateNetwork),
            ("https://0x7f.1/", PrivateNetwork),
            ("https://2130706433/", PrivateNetwork),
            ("https://017700000001/", PrivateNetwork),
            ("https://①②⑦.0.0.1/", PrivateNetwork),
            ("https://0.0.0.0/", PrivateNetwork),
            ("https://10.0.0.1/", PrivateNetwork),
            ("https://172.16.0.1/", PrivateNetwork),
            ("https://172.31.255.255/", PrivateNetwork),
            ("https://192.168.1.1/", PrivateNetwork),
            ("https://169.254.169.254/latest/meta-data/", PrivateNetwork),
            ("https://100.64.0.1/", PrivateNetwork),
            ("https://192.0.0.1/", PrivateNetwork),
            ("https://198.18.0.1/", PrivateNetwork),
            ("https://203.0.113.7/", PrivateNetwork),
            ("https://224.0.0.1/", PrivateNetwork),
            ("https://255.255.255.255/", PrivateNetwork),
            ("https://[::]/", PrivateNetwork),
            ("https://[::1]/", PrivateNetwork),
            ("https://[::ffff:127.0.0.1]/", PrivateNetwork),
            ("https://[::ffff:a9fe:a9fe]/", PrivateNetwork),
            ("https://[::127.0.0.1]/", PrivateNetwork),
            ("https://[fc00::1]/", PrivateNetwork),
            ("https://[fd00:ec2::254]/", PrivateNetwork),
            ("https://[fe80::1]/", PrivateNetwork),
            ("https://[fec0::1]/", PrivateNetwork),
            ("https://[ff02::1]/", PrivateNetwork),
            ("https://[64:ff9b::7f00:1]/", PrivateNetwork),
            ("https://[64:ff9b:1::1]/", PrivateNetwork),
            ("https://[2002:7f00:1::]/", PrivateNetwork),
            ("https://[2001::1]/", PrivateNetwork),
            ("https://[2001:db8::1]/", PrivateNetwork),
            ("https://[3fff::1]/", PrivateNetwork),
            (
                &format!("https://acme.example/{}", "a".repeat(2_048)),
                TooLong,
            ),
        ] {
            assert_eq!(check(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn ports_and_the_own_machine_are_allowed_by_name() {
        let allowed = Allowance {
            ports: &[8443],
            own_machine: true,
        };
        for (text, expected) in [
            ("http://localhost:8787/a", Ok(())),
            ("http://127.0.0.1:1/", Ok(())),
            ("http://[::1]/", Ok(())),
            ("https://acme.example:8443/", Ok(())),
            ("https://acme.example:8444/", Err(UnsafeUrl::Port)),
            ("http://acme.example/", Err(UnsafeUrl::Scheme)),
            ("http://user@localhost/", Err(UnsafeUrl::UserInfo)),
            // Nothing else of this machine's networks.
            ("http://127.0.0.2/", Err(UnsafeUrl::Scheme)),
            ("https://10.0.0.1/", Err(UnsafeUrl::PrivateNetwork)),
            ("https://a.localhost/", Err(UnsafeUrl::LocalName)),
            ("file://localhost/etc/passwd", Err(UnsafeUrl::Scheme)),
        ] {
            assert_eq!(
                SafeUrl::parse(text, allowed).map(|_| ()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_redirect_is_checked_as_an_address_is() {
        let page = SafeUrl::parse("https://acme.example/help/a", NOTHING).unwrap();
        for (target, expected) in [
            ("b", Ok("https://acme.example/help/b")),
            ("/c#d", Ok("https://acme.example/c")),
            ("//other.example", Ok("https://other.example/")),
            ("http://acme.example/", Err(UnsafeUrl::Scheme)),
            ("//169.254.169.254/", Err(UnsafeUrl::PrivateNetwork)),
            ("\\\\localhost\\x", Err(UnsafeUrl::LocalName)),
            ("https://[", Err(UnsafeUrl::Syntax)),
        ] {
            let found = page.join(target, NOTHING);
            assert_eq!(
                found.as_ref().map(SafeUrl::as_str),
                expected.as_ref().copied(),
                "{target}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_is_safe_stays_safe(text in "\\PC{0,40}|https://[a-z0-9.:@%/\\[\\]-]{0,30}") {
            if let Ok(url) = SafeUrl::parse(&text, NOTHING) {
                prop_assert!(url.as_str().starts_with("https://"));
                prop_assert_eq!(SafeUrl::parse(url.as_str(), NOTHING), Ok(url));
            }
        }

        /// Whatever way an address of a private network is written, it is one.
        #[test]
        fn private_networks_have_no_other_names(b in any::<u8>(), c in any::<u8>(), d in any::<u8>(), base in 0..3_u8) {
            let number = u32::from_be_bytes([10, b, c, d]);
            let text = match base {
                0 => format!("https://{number}/"),
                1 => format!("https://0x{number:x}/"),
                _ => format!("https://0{number:o}/"),
            };
            prop_assert_eq!(check(&text), Err(UnsafeUrl::PrivateNetwork));
        }
    }
}
