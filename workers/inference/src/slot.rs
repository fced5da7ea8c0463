//! A value that one request loads while others wait for it, and that is tried again after a wait that grows if it fails.

use std::rc::Rc;

use edgedesk_wire::inference::BrokenFile;

/// How long a first failure is remembered before a request may try again.
const FIRST_WAIT_MS: f64 = 1_000.0;
/// Waits double up to this: a file that is back is noticed within half a minute.
const LONGEST_WAIT_MS: f64 = 30_000.0;
/// How long others wait for a request that loads. Loading takes a second at most; a request that takes longer was cancelled
/// by the runtime without a trace.
const PATIENCE_MS: f64 = 10_000.0;

/// A value, the last failure to load it, or neither yet.
#[derive(Debug)]
pub struct Slot<T> {
    value: Option<Rc<T>>,
    failure: Option<Failure>,
    /// Since when a request loads it.
    loading_since_ms: Option<f64>,
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
    /// Load it, and settle how that ended.
    Load,
    /// Look again in some milliseconds: another request loads it. Two that load at once would hold its bytes twice, and Wasm
    /// memory never shrinks.
    Join,
    /// Do without: it failed a moment ago.
    Wait(BrokenFile),
}

impl<T> Slot<T> {
    /// Nothing was tried yet.
    pub const fn new() -> Self {
        Self {
            value: None,
            failure: None,
            loading_since_ms: None,
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

    /// What to do at a time, in milliseconds. Whoever is told to load does it, and nobody else meanwhile.
    pub fn turn(&mut self, now_ms: f64) -> Turn<T> {
        if let Some(value) = &self.value {
            return Turn::Loaded(Rc::clone(value));
        }
        if self
            .loading_since_ms
            .is_some_and(|since| now_ms < since + PATIENCE_MS)
        {
            return Turn::Join;
        }
        match &self.failure {
            Some(failure) if now_ms < failure.again_at_ms => Turn::Wait(failure.broken.clone()),
            _ => {
                self.loading_since_ms = Some(now_ms);
                Turn::Load
            }
        }
    }

    /// Takes in how a try ended. Should two have run side by side, one success is enough, and the first value stays.
    pub fn settle(
        &mut self,
        outcome: Result<T, BrokenFile>,
        now_ms: f64,
    ) -> Result<Rc<T>, BrokenFile> {
        self.loading_since_ms = None;
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
    fn one_loads_while_the_others_wait_for_it() {
        let mut slot = Slot::new();
        assert!(matches!(slot.turn(0.0), Turn::Load));
        assert!(matches!(slot.turn(1.0), Turn::Join));
        assert!(slot.settle(Ok(1), 2.0).is_ok());
        assert!(matches!(slot.turn(3.0), Turn::Loaded(_)));

        let mut slot = Slot::<u8>::new();
        assert!(matches!(slot.turn(0.0), Turn::Load));
        assert!(slot.settle(Err(broken("a")), 2.0).is_err());
        assert!(matches!(slot.turn(3.0), Turn::Wait(_)));
    }

    #[test]
    fn a_request_that_vanished_while_it_loaded_holds_nobody_up_for_long() {
        let mut slot = Slot::<u8>::new();
        assert!(matches!(slot.turn(0.0), Turn::Load));
        assert!(matches!(slot.turn(PATIENCE_MS - 1.0), Turn::Join));
        assert!(matches!(slot.turn(PATIENCE_MS), Turn::Load));
        assert!(matches!(slot.turn(PATIENCE_MS + 1.0), Turn::Join));
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
