//! A provider that fails again and again is left alone for a while, so that nobody waits for it.

use edgedesk_domain::time::Timestamp;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// It opens after as many failures with no success between them; at least 1.
    pub failures: u32,
    /// It lets one request through after as many milliseconds.
    pub wait_millis: u64,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failures: 3,
            wait_millis: 30_000,
        }
    }
}

/// What is known of a provider. Kept by the caller; a new one lets everything through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    n_failures: u32,
    /// Nothing goes through until then.
    open_until: Option<Timestamp>,
}

impl Breaker {
    /// Whether a request may go out now. Does not change anything: see [`Breaker::begin`].
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.open_until.is_some_and(|until| now < until)
    }

    /// A request goes out. When the breaker has been open, this is the one that tries: until it is over, or as long again
    /// has passed since nobody knows what became of it, no other goes out.
    pub fn begin(&mut self, settings: BreakerSettings, now: Timestamp) {
        if self.open_until.is_some() {
            self.open_until = Some(after(now, settings.wait_millis));
        }
    }

    /// It went well.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// It failed, and the provider is to blame. `wait_millis` is what it asked for, if it did: then it is left alone at once.
    pub fn failed(&mut self, settings: BreakerSettings, now: Timestamp, wait_millis: Option<u64>) {
        self.n_failures = self.n_failures.saturating_add(1);
        if self.n_failures >= settings.failures || wait_millis.is_some() {
            let wait = wait_millis.unwrap_or(0).max(settings.wait_millis);
            self.open_until = Some(after(now, wait));
        }
    }
}

fn after(now: Timestamp, millis: u64) -> Timestamp {
    now.plus_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: BreakerSettings = BreakerSettings {
        failures: 3,
        wait_millis: 1000,
    };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_tries_one_after_a_wait() {
        let mut breaker = Breaker::default();
        for _ in 0..2 {
            breaker.failed(SETTINGS, at(0), None);
        }
        assert!(!breaker.is_open(at(0)));
        breaker.succeeded();
        for _ in 0..2 {
            breaker.failed(SETTINGS, at(0), None);
        }
        assert!(!breaker.is_open(at(0)));
        breaker.failed(SETTINGS, at(10), None);
        assert!(breaker.is_open(at(10)) && breaker.is_open(at(1009)));
        assert!(!breaker.is_open(at(1010)));
        // One tries, the others wait.
        breaker.begin(SETTINGS, at(1010));
        assert!(breaker.is_open(at(1011)));
        breaker.failed(SETTINGS, at(1500), None);
        assert!(breaker.is_open(at(2499)) && !breaker.is_open(at(2500)));
        breaker.begin(SETTINGS, at(2500));
        breaker.succeeded();
        assert!(!breaker.is_open(at(2501)));
    }

    #[test]
    fn a_try_that_nobody_ended_blocks_no_longer_than_a_wait() {
        let mut breaker = Breaker::default();
        for _ in 0..3 {
            breaker.failed(SETTINGS, at(0), None);
        }
        breaker.begin(SETTINGS, at(1000));
        assert!(breaker.is_open(at(1999)) && !breaker.is_open(at(2000)));
    }

    #[test]
    fn who_asks_to_be_left_alone_is() {
        let mut breaker = Breaker::default();
        breaker.failed(SETTINGS, at(0), Some(60_000));
        assert!(breaker.is_open(at(59_999)) && !breaker.is_open(at(60_000)));
    }
}
