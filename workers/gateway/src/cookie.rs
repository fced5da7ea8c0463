//! Cookies that bind something to a browser: an attempt to sign in with a provider, and a session.
//!
//! Scripts cannot read them, other sites cannot send them, and over `https` no other host can set them: the prefix `__Host-`
//! asks for `Secure`, the path `/` and no domain (RFC 6265bis, section 4.1.3.2). On a developer's machine there is no `https`.

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use crate::error::AppError;

/// The prefix that a browser takes from this very host only.
const HOST_PREFIX: &str = "__Host-";

/// The secret of an attempt to sign in with a provider. The page that the provider leads to sends it itself, so `Strict` is no
/// hindrance.
pub const SIGN_IN: Cookie = Cookie("__Host-edgedesk-sign-in");
/// A session's refresh token.
pub const SESSION: Cookie = Cookie("__Host-edgedesk-session");

/// A cookie, by its name over `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cookie(&'static str);

impl Cookie {
    /// `Set-Cookie`, for so many seconds or until the browser is closed.
    pub fn set(
        self,
        value: &str,
        max_age_secs: Option<u32>,
        is_https: bool,
    ) -> Result<HeaderMap, AppError> {
        let name = self.name(is_https);
        let age = max_age_secs.map_or_else(String::new, |secs| format!("; Max-Age={secs}"));
        let secure = if is_https { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/{age}; HttpOnly; SameSite=Strict{secure}");
        let value = HeaderValue::try_from(text)
            .map_err(|_| AppError::internal("a cookie that is no header"))?;
        Ok(HeaderMap::from_iter([(SET_COOKIE, value)]))
    }

    /// `Set-Cookie` that takes it away.
    pub fn unset(self, is_https: bool) -> Result<HeaderMap, AppError> {
        self.set("", Some(0), is_https)
    }

    /// Its value.
    #[must_use]
    pub fn read(self, headers: &HeaderMap, is_https: bool) -> Option<&str> {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == self.name(is_https))
            .map(|(_, value)| value)
    }

    fn name(self, is_https: bool) -> &'static str {
        if is_https {
            self.0
        } else {
            self.0.trim_start_matches(HOST_PREFIX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, text.parse().unwrap())])
    }

    fn text(headers: &HeaderMap) -> &str {
        headers[SET_COOKIE].to_str().unwrap()
    }

    #[test]
    fn over_https_it_is_the_hosts_own() {
        let set = SIGN_IN.set("secret", Some(600), true).unwrap();
        assert_eq!(
            text(&set),
            "__Host-edgedesk-sign-in=secret; Path=/; Max-Age=600; HttpOnly; SameSite=Strict; Secure"
        );
        let until_closed = SESSION.set("secret", None, true).unwrap();
        assert_eq!(
            text(&until_closed),
            "__Host-edgedesk-session=secret; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(text(&SESSION.unset(true).unwrap()).contains("; Max-Age=0;"));
        assert!(!text(&SIGN_IN.set("secret", None, false).unwrap()).contains("Secure"));
        assert!(SESSION.set("a\nb", None, true).is_err());
    }

    #[test]
    fn it_is_found_among_others_and_only_under_its_own_name() {
        let headers = sent("a=b; __Host-edgedesk-sign-in=secret; c");
        assert_eq!(SIGN_IN.read(&headers, true), Some("secret"));
        assert_eq!(SIGN_IN.read(&headers, false), None);
        assert_eq!(SESSION.read(&headers, true), None);
        // A page of a neighbouring host may set the other one.
        assert_eq!(SIGN_IN.read(&sent("edgedesk-sign-in=secret"), true), None);
        assert_eq!(SIGN_IN.read(&HeaderMap::new(), true), None);
    }
}
