//! The header `Idempotency-Key`, in one line or two.
//!
//! A key has 1 to 255 visible ASCII characters. In quotes it is the same key as without them. Two are none.

use edgedesk_crypto::digest::sha256_hex;
use edgedesk_fuzz::idempotency_key::{IDEMPOTENCY_KEY, read_key};
use edgedesk_fuzz::parts;
use edgedesk_wire::idempotency::{N_SLICES, slice_of};
use http::{HeaderMap, HeaderValue};

pub fn run(bytes: &[u8]) {
    let [first, second] = parts(bytes);
    let mut headers = HeaderMap::new();
    let Ok(value) = HeaderValue::from_bytes(first) else {
        return;
    };
    headers.append(IDEMPOTENCY_KEY, value);
    let Ok(key) = read_key(&headers) else {
        return;
    };
    assert!((1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(slice_of(&sha256_hex(key.as_bytes())) < N_SLICES);

    let quoted = format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""));
    let mut again = HeaderMap::new();
    again.append(
        IDEMPOTENCY_KEY,
        HeaderValue::from_str(&quoted).expect("visible ASCII"),
    );
    assert_eq!(read_key(&again), Ok(key));

    if let Ok(value) = HeaderValue::from_bytes(second) {
        headers.append(IDEMPOTENCY_KEY, value);
        assert!(read_key(&headers).is_err(), "two keys for one change");
    }
}
