//! The cookie that an attempt is bound to a browser with.
//!
//! Scripts cannot read it, other sites cannot send it, and over `https` no other host can set it: the prefix `__Host-` asks
//! for `Secure`, the path `/` and no domain (RFC 6265bis, section 4.1.3.2). On a developer's machine there is no `https`.

use http::HeaderMap;
use http::header::COOKIE;

/// Its name over `https`.
const NAME: &str = "__Host-edgedesk-sign-in";
/// Its name on a developer's machine.
const PLAIN_NAME: &str = "edgedesk-sign-in";
/// How long a browser keeps it: as long as the attempt lasts, 10 minutes.
const MAX_AGE_SECS: u32 = 10 * 60;

/// `Set-Cookie` with the browser's secret. The page that the provider leads to sends it itself, so `Strict` is no hindrance.
#[must_use]
pub fn start_cookie(secret: &str, is_https: bool) -> String {
    set_cookie(secret, MAX_AGE_SECS, is_https)
}

/// `Set-Cookie` that takes it away.
#[must_use]
pub fn spent_cookie(is_https: bool) -> String {
    set_cookie("", 0, is_https)
}

/// The browser's secret.
#[must_use]
pub fn read_cookie(headers: &HeaderMap, is_https: bool) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == name_of(is_https))
        .map(|(_, value)| value)
}

fn set_cookie(value: &str, max_age_secs: u32, is_https: bool) -> String {
    let secure = if is_https { "; Secure" } else { "" };
    let name = name_of(is_https);
    format!("{name}={value}; Path=/; Max-Age={max_age_secs}; HttpOnly; SameSite=Strict{secure}")
}

fn name_of(is_https: bool) -> &'static str {
    if is_https { NAME } else { PLAIN_NAME }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, text.parse().unwrap())])
    }

    #[test]
    fn over_https_it_is_the_hosts_own() {
        let cookie = start_cookie("secret", true);
        assert_eq!(
            cookie,
            "__Host-edgedesk-sign-in=secret; Path=/; Max-Age=600; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(spent_cookie(true).contains("; Max-Age=0;"));
        assert!(!start_cookie("secret", false).contains("Secure"));
    }

    #[test]
    fn it_is_found_among_others_and_only_under_its_own_name() {
        let headers = sent("a=b; __Host-edgedesk-sign-in=secret; c");
        assert_eq!(read_cookie(&headers, true), Some("secret"));
        assert_eq!(read_cookie(&headers, false), None);
        // A page of a neighbouring host may set the other one.
        assert_eq!(read_cookie(&sent("edgedesk-sign-in=secret"), true), None);
        assert_eq!(read_cookie(&HeaderMap::new(), true), None);
    }
}
