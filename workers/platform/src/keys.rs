//! The data keys of accounts, with the host's randomness and clock.

use edgedesk_crypto::sealed::SealError;
use edgedesk_domain::account::Secret;
use edgedesk_domain::time::Clock as _;
use edgedesk_store::{DataKeys, KnownKeys};

use crate::chance::fill_random;
use crate::time::SystemClock;

/// Data keys under a root, and the one before it while that is given. `known` lives as long as the isolate.
///
/// # Errors
///
/// When a root is too short.
pub fn data_keys(
    root: &Secret,
    old_root: Option<&Secret>,
    known: KnownKeys,
) -> Result<DataKeys, SealError> {
    DataKeys::new(root, old_root, fill_random, || SystemClock.now(), known)
}
