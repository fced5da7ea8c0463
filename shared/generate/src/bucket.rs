//! How many requests a minute go to a provider: a token bucket in whole numbers.

use edgedesk_domain::time::Timestamp;

/// Requests that may go out. Kept by the caller; a new one is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    /// What has been taken and not grown back, in sixty-thousandths of a request: each millisecond brings back `per_minute` of
    /// them.
    used: u64,
    at: Timestamp,
}

/// One request, in those parts.
const REQUEST: u64 = 60_000;

impl Bucket {
    /// Takes one request out of `per_minute`, all of which may go at once. False when there is none.
    pub fn take(&mut self, per_minute: u32, now: Timestamp) -> bool {
        // A clock that went back brings nothing, and takes nothing.
        let gone = u64::try_from(now.millis_since(self.at)).unwrap_or(0);
        let grown = gone.saturating_mul(u64::from(per_minute));
        self.used = self.used.saturating_sub(grown);
        self.at = now;
        let after = self.used.saturating_add(REQUEST);
        if after > u64::from(per_minute).saturating_mul(REQUEST) {
            return false;
        }
        self.used = after;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn as_many_as_agreed_go_out_and_one_more_when_its_time_has_come() {
        let mut bucket = Bucket::default();
        assert_eq!((0..101).filter(|_| bucket.take(100, at(1000))).count(), 100);
        assert!(!bucket.take(100, at(1599)));
        assert!(bucket.take(100, at(1600)));
        assert!(!bucket.take(100, at(1600)));
        assert_eq!(
            (0..101).filter(|_| bucket.take(100, at(61_600))).count(),
            100
        );
    }

    #[test]
    fn none_is_none_and_a_clock_that_goes_back_does_no_harm() {
        assert!(!Bucket::default().take(0, at(i64::MAX)));
        let mut bucket = Bucket::default();
        assert!(bucket.take(1, at(100_000)));
        assert!(!bucket.take(1, at(0)));
        assert!(bucket.take(1, at(60_000)));
    }
}
