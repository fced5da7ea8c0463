//! How many analyses are under way at once.
//!
//! An analysis costs some ten milliseconds of a core, a message less than one. Without a limit a burst of messages puts as
//! many analyses before the inference Worker, and whoever shares its thread, or waits behind them, waits for all. With it
//! messages come first, and analyses follow as fast as they can be made.

use std::cell::RefCell;

use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_platform::time::SystemClock;

use super::timer::Timer;

/// Analyses at once from one isolate. Few enough that, where all Workers share a thread, a message waits behind at most
/// eight of some 13 ms; enough that those who compute never wait for those who look for a place. (With two, the median
/// analysis at 50 messages a second was 500 ms late, though 50 times 13 ms are two thirds of a core.)
const PLACES: usize = 8;

/// Milliseconds after which a place counts as free again, in case its holder was cancelled by the runtime without a trace:
/// a little more than an analysis may take.
const LEASE_MILLIS: i64 = 25_000;

/// Milliseconds to wait before looking again: at first, and at most. Waiting objects look by themselves, since one
/// request's future must not be woken by another's.
const FIRST_WAIT_MILLIS: u64 = 4;
const MAX_WAIT_MILLIS: u64 = 64;

thread_local! {
    static LEASES: RefCell<[Option<Lease>; PLACES]> = const { RefCell::new([None; PLACES]) };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lease {
    until: Timestamp,
    /// Tells this holder from a later one of the same place.
    id: u64,
}

/// A place among those who analyse; given back when dropped.
pub(super) struct Place {
    index: usize,
    lease: Lease,
}

impl Place {
    /// Waits for a place. `chance` spreads those who wait, 0 to 1.
    pub(super) async fn wait(chance: impl Fn() -> f64) -> Self {
        let mut wait = FIRST_WAIT_MILLIS;
        loop {
            if let Some(place) = Self::take(SystemClock.now()) {
                return place;
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "at most the wait, and positive"
            )]
            let spread = (wait as f64 * chance()) as u64;
            Timer::start(wait / 2 + spread).await;
            wait = (wait * 2).min(MAX_WAIT_MILLIS);
        }
    }

    fn take(now: Timestamp) -> Option<Self> {
        LEASES.with_borrow_mut(|leases| {
            let id = 1 + leases
                .iter()
                .flatten()
                .map(|lease| lease.id)
                .max()
                .unwrap_or_default();
            let index = leases
                .iter()
                .position(|lease| lease.is_none_or(|lease| lease.until <= now))?;
            let lease = Lease {
                until: now.plus_millis(LEASE_MILLIS),
                id,
            };
            leases[index] = Some(lease);
            Some(Self { index, lease })
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        LEASES.with_borrow_mut(|leases| {
            if leases[self.index] == Some(self.lease) {
                leases[self.index] = None;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn there_are_as_many_places_as_there_are() {
        let held: Vec<_> = (0..PLACES)
            .map(|_| Place::take(at(0)).expect("free"))
            .collect();
        assert!(Place::take(at(1)).is_none());
        drop(held);
        assert!(Place::take(at(2)).is_some());
    }

    #[test]
    fn a_place_that_was_never_given_back_is_free_after_its_lease() {
        let lost: Vec<_> = (0..PLACES)
            .map(|_| Place::take(at(0)).expect("free"))
            .collect();
        assert!(Place::take(at(LEASE_MILLIS - 1)).is_none());
        let next = Place::take(at(LEASE_MILLIS)).expect("free again");
        // Its late holder gives back what is no longer theirs.
        drop(lost);
        assert_eq!(
            LEASES.with_borrow(|leases| leases.iter().flatten().count()),
            1
        );
        drop(next);
    }
}
