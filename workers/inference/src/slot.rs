//! A value that may fail to load, and is tried again after a wait that grows.

use std::rc::Rc;

use edgedesk_wire::inference::BrokenFile;

/// How long a first failure is remembered before a request may try again.
const FIRST_WAIT_MS: f64 = 1_000.0;
/// Waits double up to this: a file that is back is noticed within half a minute.
const LONGEST_WAIT_MS: f64 = 30_000.0;

/// A value, the last failure to load it, or neither yet.
#[derive(Debug)]
pub struct Slot<T> {
    value: Option<Rc<T>>,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Failure {
    broken: BrokenFile,
    wait_ms: f64,
    again_at_ms: f64,
}

/// What a request that needs the value has to do.
#[derive(Debug)]
pub enum Turn<T> {
    /// Take it.
    Loaded(Rc<T>),
    /// Load it.
    Load,
    /// Do without: it failed a moment ago.
    Wait(BrokenFile),
}

impl<T> Slot<T> {
    /// Nothing was tried yet.
    pub const fn new() -> Self {
        Self {
            value: None,
            failure: None,
        }
    }

    /// The value, once loaded.
    pub const fn value(&self) -> Option<&Rc<T>> {
        self.value.as_ref()
    }

    /// What the last try failed for; nothing once one succeeded.
    pub fn trouble(&self) -> Option<&BrokenFile> {
        self.failure.as_ref().map(|failure| &failure.broken)
    }

    /// What to do at a time, in milliseconds.
    pub fn turn(&self, now_ms: f64) -> Turn<T> {
        match (&self.value, &self.failure) {
            (Some(value), _) => Turn::Loaded(Rc::clone(value)),
            (None, Some(failure)) if now_ms < failure.again_at_ms => {
                Turn::Wait(failure.broken.clone())
            }
            _ => Turn::Load,
        }
    }

    /// Takes in how a try ended. Of two that ran side by side one success is enough, and the first value stays.
    pub fn settle(
        &mut self,
        outcome: Result<T, BrokenFile>,
        now_ms: f64,
    ) -> Result<Rc<T>, BrokenFile> {
        if let Some(value) = &self.value {
            return Ok(Rc::clone(value));
        }
        match outcome {
            Ok(value) => {
                self.failure = None;
                Ok(Rc::clone(self.value.insert(Rc::new(value))))
            }
            Err(broken) => {
                let before = self.failure.as_ref().map(|failure| 2.0 * failure.wait_ms);
                let wait_ms = before.unwrap_or(FIRST_WAIT_MS).min(LONGEST_WAIT_MS);
                self.failure = Some(Failure {
                    broken: broken.clone(),
                    wait_ms,
                    again_at_ms: now_ms + wait_ms,
                });
                Err(broken)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(file: &str) -> BrokenFile {
        BrokenFile {
            file: file.into(),
            reason: "status 404".into(),
            required: true,
        }
    }

    #[test]
    fn a_failure_is_remembered_for_a_while_that_grows() {
        let mut slot = Slot::<u8>::new();
        let mut now = 5.0;
        assert!(matches!(slot.turn(now), Turn::Load));
        for wait in [1e3, 2e3, 4e3, 8e3, 16e3, 30e3, 30e3] {
            assert_eq!(slot.settle(Err(broken("a")), now), Err(broken("a")));
            assert!(matches!(slot.turn(now + wait - 1.0), Turn::Wait(file) if file == broken("a")));
            now += wait;
            assert!(matches!(slot.turn(now), Turn::Load), "after {wait}");
        }
    }

    #[test]
    fn a_success_ends_the_trouble_and_stays() {
        let mut slot = Slot::new();
        assert!(slot.settle(Err(broken("a")), 0.0).is_err());
        assert_eq!(slot.trouble(), Some(&broken("a")));
        assert_eq!(slot.settle(Ok(1), 10.0), Ok(Rc::new(1)));
        assert!(slot.trouble().is_none());
        // Another try that ran beside it changes nothing, however it ended.
        assert_eq!(slot.settle(Err(broken("b")), 11.0), Ok(Rc::new(1)));
        assert_eq!(slot.settle(Ok(2), 12.0), Ok(Rc::new(1)));
        assert!(matches!(slot.turn(13.0), Turn::Loaded(value) if *value == 1));
    }
}
