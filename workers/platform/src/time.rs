//! The clock of the runtime.

use edgedesk_domain::time::{Clock, Timestamp};

/// `Date.now()`. In a Worker it stands still between I/O operations, by design of the platform.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // `Date.now()` is a whole number of milliseconds, under 2^53.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole milliseconds below 2^53"
        )]
        Timestamp::from_millis(js_sys::Date::now() as i64)
    }
}
