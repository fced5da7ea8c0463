//! Which web pages may do what: open the widget, by an inbox's allow-list, or act for somebody who is signed in.

/// Whether a page of `origin` may use an inbox that allows `allowed`, on a gateway that is itself at `own_origin`.
///
/// An empty list allows any. Our own pages (the demo) are always allowed. Without an `Origin` the caller is no browser;
/// it could claim any origin, but an inbox that has a list asks for one. `null` (a sandboxed frame, a local file) is an
/// origin that a list can never name.
#[must_use]
pub fn is_allowed(allowed: &[String], origin: Option<&str>, own_origin: &str) -> bool {
    if allowed.is_empty() {
        return true;
    }
    let Some(origin) = origin else {
        return false;
    };
    origin.eq_ignore_ascii_case(own_origin)
        || allowed.iter().any(|pattern| matches(pattern, origin))
}

/// Whether a list may hold `text`: an origin, or one whose host begins with `*.` and has no other star.
#[must_use]
pub fn is_origin_pattern(text: &str) -> bool {
    Origin::parse(text).is_some_and(|origin| {
        let host = origin.host.strip_prefix("*.").unwrap_or(&origin.host);
        !host.contains('*') && host.split('.').all(|label| !label.is_empty())
    })
}

/// Whether a request that changes something comes from one of our own pages, as the browser says it: `origin` is its `Origin`,
/// `site` its `Sec-Fetch-Site`. Scheme, host and port must be ours; a neighbouring host is none of ours, and neither is `null`.
/// A browser that says neither is not believed: all that are in use send an `Origin` with such a request.
#[must_use]
pub fn is_own_page(origin: Option<&str>, site: Option<&str>, own_origin: &str) -> bool {
    let is_same_origin = site.map(|site| site == "same-origin");
    match origin {
        Some(origin) => origin.eq_ignore_ascii_case(own_origin) && is_same_origin.unwrap_or(true),
        None => is_same_origin.unwrap_or(false),
    }
}

/// Whether `origin` is of the form `pattern`: `https://example.com`, or `https://*.example.com` for every host below
/// `example.com` at any depth, but not `example.com` itself. Scheme and port must be equal; without a port it is the
/// scheme's own.
fn matches(pattern: &str, origin: &str) -> bool {
    let (Some(pattern), Some(origin)) = (Origin::parse(pattern), Origin::parse(origin)) else {
        return false;
    };
    if pattern.scheme != origin.scheme || pattern.port != origin.port || origin.host.contains('*') {
        return false;
    }
    match pattern.host.strip_prefix("*.") {
        // The dot before the domain must be there, or `evil-example.com` would pass for `*.example.com`.
        Some(domain) => origin
            .host
            .strip_suffix(domain)
            .and_then(|rest| rest.strip_suffix('.'))
            .is_some_and(|subdomain| subdomain.split('.').all(|label| !label.is_empty())),
        None => pattern.host == origin.host,
    }
}

/// The three parts of an origin, in lower case.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let (scheme, rest) = lower.split_once("://")?;
        let default_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        if rest.contains(['/', '@', '?', '#', '\\', ' ']) {
            return None;
        }
        // An IPv6 host is in brackets, so the last colon after them starts the port.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (rest, default_port),
        };
        (!host.is_empty()).then(|| Self {
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            port,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OWN: &str = "https://desk.example.net";

    fn check(allowed: &[&str], origin: Option<&str>) -> bool {
        let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        is_allowed(&allowed, origin, OWN)
    }

    #[test]
    fn an_exact_origin_matches_itself_only() {
        let allowed = ["https://example.com"];
        for (origin, expected) in [
            ("https://example.com", true),
            ("https://EXAMPLE.com", true),
            ("https://example.com:443", true),
            ("http://example.com", false),
            ("https://example.com:8443", false),
            ("https://www.example.com", false),
            ("https://example.com.evil.net", false),
            ("https://evil.net/https://example.com", false),
            ("https://example.com@evil.net", false),
            ("https://evil.net#https://example.com", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(check(&allowed, Some(origin)), expected, "{origin}");
        }
    }

    #[test]
    fn a_star_stands_for_real_subdomains() {
        let allowed = ["https://*.example.com"];
        for (origin, expected) in [
            ("https://www.example.com", true),
            ("https://a.b.example.com", true),
            ("https://example.com", false),
            ("https://evil-example.com", false),
            ("https://evilexample.com", false),
            ("https://.example.com", false),
            ("https://a..example.com", false),
            ("https://*.example.com", false),
            ("https://www.example.com.evil.net", false),
            ("http://www.example.com", false),
            ("https://www.example.com:8080", false),
        ] {
            assert_eq!(check(&allowed, Some(origin)), expected, "{origin}");
        }
    }

    #[test]
    fn ports_and_addresses_are_compared_whole() {
        assert!(check(
            &["http://localhost:5173"],
            Some("http://localhost:5173")
        ));
        assert!(!check(
            &["http://localhost:5173"],
            Some("http://localhost:51730")
        ));
        assert!(check(&["http://[::1]:8080"], Some("http://[::1]:8080")));
        assert!(check(&["http://[::1]"], Some("http://[::1]")));
        assert!(!check(&["http://[::1]"], Some("http://[::1]:81")));
    }

    #[test]
    fn an_empty_list_allows_all_and_a_list_wants_an_origin() {
        assert!(check(&[], None));
        assert!(check(&[], Some("https://anything.test")));
        assert!(!check(&["https://example.com"], None));
        assert!(check(&["https://example.com"], Some(OWN)));
    }

    proptest! {
        #[test]
        fn no_host_that_lacks_the_dot_passes_for_a_subdomain(prefix in "[a-z0-9-]{1,20}") {
            let origin = format!("https://{prefix}example.com");
            prop_assert!(!check(&["https://*.example.com"], Some(&origin)));
        }

        #[test]
        fn no_text_makes_it_panic(pattern in "\\PC*", origin in "\\PC*") {
            check(&[&pattern], Some(&origin));
        }
    }
}
