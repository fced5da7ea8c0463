use std::cell::{Cell, RefCell};

use edgedesk_domain::time::Timestamp;
use futures::executor::block_on;

use super::*;
use crate::catalogue::RATE_LIMITS_HIT;

/// An object that may be away, or take what it says it did not.
#[derive(Default)]
struct TestSink {
    taken: RefCell<Vec<Piece>>,
    is_away: Cell<bool>,
    loses_answers: Cell<bool>,
}

impl Sink for TestSink {
    fn new_id(&self) -> String {
        "one".to_owned()
    }

    async fn send(&self, piece: &Piece) -> Result<(), String> {
        if self.is_away.get() {
            return Err("away".to_owned());
        }
        self.taken.borrow_mut().push(piece.clone());
        if self.loses_answers.get() {
            return Err("no answer".to_owned());
        }
        Ok(())
    }
}

impl TestSink {
    /// What an object that adds each piece once has.
    fn sum(&self) -> f64 {
        let mut last = 0;
        let mut sum = 0.0;
        for piece in self.taken.borrow().iter() {
            assert_eq!(piece.isolate, "one");
            if piece.sequence > last {
                last = piece.sequence;
                sum += piece.added.iter().map(|sample| sample.value).sum::<f64>();
            }
        }
        sum
    }
}

fn count(reporter: &Reporter) {
    reporter.gather(|registry| registry.count(&RATE_LIMITS_HIT, &[]));
}

#[test]
fn what_was_not_taken_is_sent_again_and_counts_once() {
    let (reporter, sink) = (Reporter::default(), TestSink::default());
    count(&reporter);
    sink.is_away.set(true);
    assert!(block_on(reporter.flush(&sink)).is_err());
    count(&reporter);
    sink.is_away.set(false);
    sink.loses_answers.set(true);
    assert!(block_on(reporter.flush(&sink)).is_err());
    count(&reporter);
    sink.loses_answers.set(false);
    block_on(reporter.flush(&sink)).unwrap();
    assert!((sink.sum() - 3.0).abs() < f64::EPSILON);
    // Nothing is left.
    let n_sent = sink.taken.borrow().len();
    block_on(reporter.flush(&sink)).unwrap();
    assert_eq!(sink.taken.borrow().len(), n_sent);
}

#[test]
fn one_at_a_time_promises_to_hand_over() {
    let (reporter, sink) = (Reporter::default(), TestSink::default());
    let at = Timestamp::from_millis;
    assert!(!reporter.claim(at(0)), "there is nothing");
    count(&reporter);
    assert!(reporter.claim(at(0)));
    assert!(!reporter.claim(at(1_000)), "somebody has promised");
    assert!(reporter.claim(at(LOST_MILLIS)), "and is gone");
    block_on(reporter.flush(&sink)).unwrap();
    assert!(!reporter.claim(at(LOST_MILLIS)), "all is handed over");
    count(&reporter);
    assert!(reporter.claim(at(LOST_MILLIS)));
}

#[test]
fn what_could_not_be_handed_over_is_promised_again() {
    let (reporter, sink) = (Reporter::default(), TestSink::default());
    count(&reporter);
    sink.is_away.set(true);
    assert!(block_on(reporter.flush(&sink)).is_err());
    assert!(reporter.claim(Timestamp::from_millis(0)));
}
