//! Too many failed logins: by what they are counted, and what the caller is told.
//!
//! The count itself is [`edgedesk_store::directory`]'s.

use std::net::{IpAddr, Ipv6Addr};

use edgedesk_crypto::digest::sha256_hex;
use edgedesk_domain::time::Timestamp;
use edgedesk_store::directory::{LOCK_MILLIS, LoginKeys, MAX_FAILURES, email_key};
use http::{HeaderMap, StatusCode};

use crate::entry::ADDRESS_HEADER;
use crate::error::AppError;
use crate::extract::header_text;

/// What failures of a login are counted by: hashes of the e-mail address in its canonical form and of the caller's address.
#[must_use]
pub fn login_keys(email: &str, headers: &HeaderMap) -> LoginKeys {
    LoginKeys {
        address: address_key(email),
        network: network_key(headers),
    }
}

/// The hash of an e-mail address.
#[must_use]
pub fn address_key(email: &str) -> String {
    key("address", &email_key(email))
}

/// A hash of the network that a request comes from, if it comes from one.
#[must_use]
pub fn network_key(headers: &HeaderMap) -> Option<String> {
    let host = header_text(headers, ADDRESS_HEADER).and_then(host_of)?;
    Some(key("network", &host))
}

// The word in front keeps an address that looks like a network apart from it.
fn key(kind: &str, text: &str) -> String {
    sha256_hex(format!("{kind}:{text}").as_bytes())
}

/// 429, in the same words for every address.
#[must_use]
pub fn locked(until: Timestamp, now: Timestamp) -> AppError {
    let millis = until.millis_since(now).clamp(1, LOCK_MILLIS);
    // Up, so that trying again after so many seconds is not too early.
    let secs = u32::try_from((millis + 999) / 1000).unwrap_or(u32::MAX);
    AppError {
        retry_after_secs: Some(secs),
        internal: Some("login refused: address or network is locked".to_owned()),
        ..AppError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_attempts",
            "too many failed logins; try again later",
        )
    }
}

/// What the log says of the failure that locks an address. The caller is told what every failure is told.
#[must_use]
pub fn locking(error: AppError) -> AppError {
    AppError {
        internal: Some(format!(
            "login locked for {} minutes after {MAX_FAILURES} failures",
            LOCK_MILLIS / 60_000
        )),
        ..error
    }
}

/// One host, or what one household has of IPv6: a /64. None for the machine itself: nobody comes from there but its own
/// developer, whose tests fail to log in all day.
fn host_of(text: &str) -> Option<String> {
    let address = text.trim().parse::<IpAddr>().ok()?.to_canonical();
    if address.is_loopback() {
        return None;
    }
    Some(match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(email: &str, address: &str) -> LoginKeys {
        let mut headers = HeaderMap::new();
        if !address.is_empty() {
            headers.insert(ADDRESS_HEADER, address.parse().unwrap());
        }
        login_keys(email, &headers)
    }

    #[test]
    fn one_address_has_one_key_in_whatever_case_and_another_has_another() {
        let ada = keys("ada@example.com", "");
        assert_eq!(keys("  ADA@Example.com\n", ""), ada);
        assert_ne!(keys("bo@example.com", ""), ada);
        assert_eq!(ada.address.len(), 64);
        assert_eq!(ada.network, None);
        // No login can count for a network by the name it gives.
        let network = keys("x", "203.0.113.7").network.unwrap();
        assert_ne!(keys("203.0.113.7", "").address, network);
    }

    #[test]
    fn a_network_is_one_address_of_ipv4_and_a_household_of_ipv6() {
        let of = |address: &str| keys("x", address).network;
        assert_ne!(of("203.0.113.7"), of("203.0.113.8"));
        assert_eq!(of("::ffff:203.0.113.7"), of("203.0.113.7"));
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2::5"));
        assert_ne!(of("2001:db8:1:2::5"), of("2001:db8:1:3::5"));
        for nonsense in [
            "unknown",
            "203.0.113",
            "203.0.113.7, 10.0.0.1",
            "127.0.0.1",
            "::1",
        ] {
            assert_eq!(of(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn who_is_locked_out_is_told_when_to_come_back_and_not_why() {
        let now = Timestamp::from_millis(1_000_000);
        for (millis, secs) in [(900_000, 900), (1_001, 2), (1, 1), (0, 1), (-5, 1)] {
            let error = locked(now.plus_millis(millis), now);
            assert_eq!(error.status.as_u16(), 429);
            assert_eq!(error.retry_after_secs, Some(secs), "{millis}");
            assert!(error.errors.is_empty());
        }
    }

    #[test]
    fn the_failure_that_locks_looks_like_any_other_from_outside() {
        let plain = AppError::unauthorized("invalid_credentials", "wrong");
        let locking = locking(plain.clone());
        assert!(locking.internal.is_some());
        let outside = AppError {
            internal: None,
            ..locking
        };
        assert_eq!(outside, plain);
    }
}
