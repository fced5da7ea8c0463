//! The signature of a webhook: its headers and the body.
//!
//! Taken is the one signature of these bytes at a time near now, in its one spelling, and nothing else; a body with one bit changed is
//! another.

use edgedesk_crypto::zendesk::{SignatureError, sign, verify};
use edgedesk_domain::account::Secret;
use edgedesk_domain::time::Timestamp;
use edgedesk_fuzz::played::NOW;
use edgedesk_fuzz::{parts, text};

const TOLERANCE_SECS: i64 = 300;

pub fn run(bytes: &[u8]) {
    let secret = Secret::new("dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==");
    let [signature, timestamp, body] = parts(bytes);
    let (signature, timestamp) = (text(signature), text(timestamp));
    let check = |signature: &str, body: &[u8]| {
        verify(
            &secret,
            Some(signature),
            Some(&timestamp),
            body,
            NOW,
            TOLERANCE_SECS,
        )
    };
    let right = sign(&secret, &timestamp, body);
    if check(&signature, body).is_ok() {
        assert_eq!(signature, right, "two spellings of one signature");
    }
    let is_near = Timestamp::parse(&timestamp)
        .is_ok_and(|at| NOW.millis_since(at).abs() <= TOLERANCE_SECS * 1000);
    assert_eq!(check(&right, body).is_ok(), is_near);
    if is_near && let Some(first) = body.first() {
        let mut other = body.to_vec();
        other[0] = first ^ 1;
        assert_eq!(check(&right, &other), Err(SignatureError::Mismatch));
        assert_eq!(check(&right, &body[1..]), Err(SignatureError::Mismatch));
    }
}
