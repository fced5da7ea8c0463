//! When messages of a fixed rate are due.
//!
//! A message that is sent late, because the answers before it were slow, is still measured from when it was due. A generator
//! that waits and forgets so would hide the very pauses that it is to find ("coordinated omission").

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::Instant;

use crate::{MAX_MESSAGES, MAX_RATE, MAX_SECS};

/// How long after its end a schedule's late messages may still be sent: what a stack cannot take by then is not sent at all.
const GRACE: Duration = Duration::from_secs(30);

/// The moments of a run, handed out in order to whoever asks.
#[derive(Debug)]
pub struct Schedule {
    begin: Instant,
    a_second: f64,
    n_messages: u64,
    end: Instant,
    next: AtomicU64,
}

/// A message that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Its number, from 0.
    pub n: u64,
    /// When.
    pub at: Instant,
}

impl Schedule {
    /// `a_second` messages for `secs` seconds from `begin` on.
    ///
    /// # Errors
    /// When a bound is passed.
    pub fn new(begin: Instant, a_second: f64, secs: u64) -> Result<Self> {
        if !(a_second > 0.0 && a_second <= f64::from(MAX_RATE)) {
            bail!("a rate is above 0 and at most {MAX_RATE} a second, not {a_second}");
        }
        if !(1..=MAX_SECS).contains(&secs) {
            bail!("a run lasts 1 to {MAX_SECS} seconds, not {secs}");
        }
        let n_messages = whole(a_second * secs as f64);
        if n_messages > MAX_MESSAGES {
            bail!("a run has at most {MAX_MESSAGES} messages, not {n_messages}");
        }
        Ok(Self {
            begin,
            a_second,
            n_messages,
            end: begin + Duration::from_secs(secs),
            next: AtomicU64::new(0),
        })
    }

    /// The next message that nobody has yet; none at the end.
    pub fn next(&self) -> Option<Due> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        (n < self.n_messages).then(|| Due { n, at: self.due(n) })
    }

    /// When the `n`th message is due.
    #[must_use]
    pub fn due(&self, n: u64) -> Instant {
        self.begin + Duration::from_secs_f64(n as f64 / self.a_second)
    }

    /// When nothing more is sent, however much is due.
    #[must_use]
    pub fn last_call(&self) -> Instant {
        self.end + GRACE
    }

    /// When it began.
    #[must_use]
    pub const fn begin(&self) -> Instant {
        self.begin
    }

    /// How many messages it has.
    #[must_use]
    pub const fn n_messages(&self) -> u64 {
        self.n_messages
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the bounds keep it between 0 and some millions"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_are_due_at_even_moments_whoever_is_late() {
        let begin = Instant::now();
        let schedule = Schedule::new(begin, 4.0, 2).expect("within bounds");
        assert_eq!(schedule.n_messages(), 8);
        let millis: Vec<u128> = std::iter::from_fn(|| schedule.next())
            .map(|due| (due.at - begin).as_millis())
            .collect();
        assert_eq!(millis, [0, 250, 500, 750, 1000, 1250, 1500, 1750]);
        assert_eq!(schedule.next(), None);
        // Asking late moves nothing: the wait of whoever asks is part of what is measured.
        assert_eq!(schedule.due(3), begin + Duration::from_millis(750));
        assert_eq!(schedule.last_call(), begin + Duration::from_secs(32));
    }

    #[tokio::test]
    async fn a_rate_below_one_a_second_is_one() {
        let begin = Instant::now();
        let schedule = Schedule::new(begin, 0.5, 4).expect("within bounds");
        assert_eq!(schedule.n_messages(), 2);
        assert_eq!(schedule.due(1), begin + Duration::from_secs(2));
    }

    #[tokio::test]
    async fn what_passes_a_bound_is_refused() {
        let begin = Instant::now();
        for (rate, secs) in [
            (0.0, 10),
            (-1.0, 10),
            (f64::NAN, 10),
            (f64::INFINITY, 10),
            (5_001.0, 10),
            (10.0, 0),
            (10.0, 3_601),
            (5_000.0, 3_600),
        ] {
            assert!(Schedule::new(begin, rate, secs).is_err(), "{rate} {secs}");
        }
    }
}
