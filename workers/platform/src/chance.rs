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
    // Web Crypto fills any buffer up to 65,536 bytes; it has no way to fail for one that small.
    getrandom::fill(&mut bytes).expect("Web Crypto gives random bytes");
    bytes
}
