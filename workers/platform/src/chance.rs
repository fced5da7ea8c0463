//! Randomness and ids from the host's Web Crypto.

use edgedesk_domain::ids::IdSource;
use edgedesk_domain::time::Clock;
use ulid::Ulid;

use crate::time::SystemClock;

/// Fresh ULIDs: the time and 80 random bits.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    fn next_ulid(&self) -> Ulid {
        let millis = u64::try_from(SystemClock.now().millis()).unwrap_or_default();
        Ulid::from_parts(millis, u128::from_be_bytes(random_bytes()))
    }
}

/// Bytes nobody can guess.
///
/// # Panics
///
/// Where there is no Web Crypto, which is no Workers runtime.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill_random(&mut bytes);
    bytes
}

/// Fills at most 65,536 bytes with what nobody can guess.
///
/// # Panics
///
/// As [`random_bytes`].
pub fn fill_random(bytes: &mut [u8]) {
    // Web Crypto fills any buffer of that size; it has no way to fail for one that small.
    getrandom::fill(bytes).expect("Web Crypto gives random bytes");
}
