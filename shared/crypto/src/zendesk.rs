//! The signature of Zendesk's webhooks: `base64(HMAC-SHA256(secret, timestamp + raw body))`, without a separator; the
//! secret is used as it is written, not base64-decoded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgedesk_domain::account::Secret;
use edgedesk_domain::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Header with the base64 signature.
pub const SIGNATURE_HEADER: &str = "x-zendesk-webhook-signature";
/// Header with the signed time, as ISO 8601 text.
pub const TIMESTAMP_HEADER: &str = "x-zendesk-webhook-signature-timestamp";
/// Header with the invocation's id, stable over retries.
pub const INVOCATION_HEADER: &str = "x-zendesk-webhook-invocation-id";

/// Why a delivery is not believed. None of these says which byte differed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is missing or empty.
    #[error("the signature or its timestamp is missing")]
    Missing,
    /// The timestamp is no RFC 3339 time.
    #[error("the signature timestamp is not an RFC 3339 time")]
    Timestamp,
    /// The timestamp is too far from now.
    #[error("the signature timestamp is too far from now")]
    Stale,
    /// Not the signature of these bytes with this secret.
    #[error("the signature does not match")]
    Mismatch,
}

/// Checks a delivery: headers there, time within `tolerance_secs` of `now` (either way, both ends included), signature
/// right. Missing headers and stale times are refused before anything is hashed.
pub fn verify(
    secret: &Secret,
    signature: Option<&str>,
    timestamp: Option<&str>,
    body: &[u8],
    now: Timestamp,
    tolerance_secs: i64,
) -> Result<(), SignatureError> {
    let (Some(signature), Some(timestamp)) = (
        signature.filter(|text| !text.is_empty()),
        timestamp.filter(|text| !text.is_empty()),
    ) else {
        return Err(SignatureError::Missing);
    };
    let signed_at = Timestamp::parse(timestamp).map_err(|_| SignatureError::Timestamp)?;
    if now.millis_since(signed_at).abs() > tolerance_secs.saturating_mul(1000) {
        return Err(SignatureError::Stale);
    }
    let expected = STANDARD
        .decode(signature)
        .map_err(|_| SignatureError::Mismatch)?;
    // An inbox without a secret believes nobody: HMAC itself would take an empty key.
    if secret.expose().is_empty() {
        return Err(SignatureError::Mismatch);
    }
    // `verify_slice` compares in constant time.
    mac(secret, timestamp, body)
        .verify_slice(&expected)
        .map_err(|_| SignatureError::Mismatch)
}

/// What Zendesk would send as the signature of `body` at `timestamp`.
#[must_use]
pub fn sign(secret: &Secret, timestamp: &str, body: &[u8]) -> String {
    STANDARD.encode(mac(secret, timestamp, body).finalize().into_bytes())
}

fn mac(secret: &Secret, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(timestamp.as_bytes());
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Published by Zendesk for calls made by "Test webhook".
    const SECRET: &str = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";
    const TIMESTAMP: &str = "2025-01-08T10:12:07Z";
    const BODY: &str = r#"{"account_id":22129848,"detail":{"id":"5158"},"event":{},"id":"cbe4028c-7239-495d-b020-f22348516046","subject":"zen:ticket:5158","time":"2025-01-08T10:12:07.672717030Z","type":"zen:event-type:ticket.created","zendesk_event_version":"2022-11-06"}"#;
    const SIGNATURE: &str = "HHNDaDBEHiWuiX24Ao569dX+IokS68jegogmRnRpUTs=";

    fn check(
        signature: Option<&str>,
        timestamp: Option<&str>,
        body: &[u8],
        seconds_later: i64,
    ) -> Result<(), SignatureError> {
        let now = Timestamp::parse(TIMESTAMP)
            .unwrap()
            .plus_millis(seconds_later * 1000);
        verify(&Secret::new(SECRET), signature, timestamp, body, now, 300)
    }

    #[test]
    fn the_published_vectors_verify() {
        assert_eq!(BODY.len(), 245);
        assert_eq!(
            sign(&Secret::new(SECRET), TIMESTAMP, BODY.as_bytes()),
            SIGNATURE
        );
        assert_eq!(
            sign(&Secret::new(SECRET), TIMESTAMP, b""),
            "evwxFigNyCAXKnEuFgCauzcLyFNk8LK4aCwuZd/AaJM="
        );
        assert_eq!(
            check(Some(SIGNATURE), Some(TIMESTAMP), BODY.as_bytes(), 0),
            Ok(())
        );
    }

    #[test]
    fn a_missing_or_wrong_header_is_refused() {
        let body = BODY.as_bytes();
        let cases = [
            (None, Some(TIMESTAMP), SignatureError::Missing),
            (Some(SIGNATURE), None, SignatureError::Missing),
            (Some(""), Some(TIMESTAMP), SignatureError::Missing),
            (Some(SIGNATURE), Some(""), SignatureError::Missing),
            (
                Some(SIGNATURE),
                Some("yesterday"),
                SignatureError::Timestamp,
            ),
            (
                Some("not base64!"),
                Some(TIMESTAMP),
                SignatureError::Mismatch,
            ),
            (Some("AAAA"), Some(TIMESTAMP), SignatureError::Mismatch),
            // The same moment in another spelling is another text, and so another signature.
            (
                Some(SIGNATURE),
                Some("2025-01-08T10:12:07.000Z"),
                SignatureError::Mismatch,
            ),
        ];
        for (signature, timestamp, expected) in cases {
            assert_eq!(
                check(signature, timestamp, body, 0),
                Err(expected),
                "{signature:?} {timestamp:?}"
            );
        }
    }

    #[test]
    fn the_tolerance_holds_both_ways_and_to_the_second() {
        for (seconds_later, expected) in [
            (300, Ok(())),
            (301, Err(SignatureError::Stale)),
            (-300, Ok(())),
            (-301, Err(SignatureError::Stale)),
        ] {
            assert_eq!(
                check(
                    Some(SIGNATURE),
                    Some(TIMESTAMP),
                    BODY.as_bytes(),
                    seconds_later
                ),
                expected,
                "{seconds_later}"
            );
        }
    }

    #[test]
    fn an_inbox_without_a_secret_believes_nobody() {
        let empty = Secret::new("");
        let signature = sign(&empty, TIMESTAMP, b"{}");
        let now = Timestamp::parse(TIMESTAMP).unwrap();
        assert_eq!(
            verify(&empty, Some(&signature), Some(TIMESTAMP), b"{}", now, 300),
            Err(SignatureError::Mismatch)
        );
    }

    proptest! {
        #[test]
        fn any_one_wrong_byte_is_refused(index in 0..245_usize, bit in 0..8_u32) {
            let mut body = BODY.as_bytes().to_vec();
            body[index] ^= 1 << bit;
            prop_assert_eq!(check(Some(SIGNATURE), Some(TIMESTAMP), &body, 0), Err(SignatureError::Mismatch));
        }

        #[test]
        fn no_header_makes_it_panic(signature in ".*", timestamp in ".*") {
            let outcome = check(Some(&signature), Some(&timestamp), b"body", 0);
            prop_assert!(outcome.is_err());
        }
    }
}
