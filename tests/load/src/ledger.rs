//! What was sent, what was acknowledged, and what of it is there.
//!
//! A message that was acknowledged must be there exactly once. One that nobody answered for may be there or not, and once at most:
//! its sender would send it again under the same name.

use std::collections::BTreeSet;

use serde::Serialize;

/// How many numbers of lost or repeated messages are named: enough to look for the cause.
const MAX_NAMED: usize = 20;

/// The messages of a run by the thread they belong to. Threads and messages are called by their numbers.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    threads: Vec<Thread>,
}

#[derive(Debug, Clone, Default)]
struct Thread {
    acknowledged: BTreeSet<u64>,
    unanswered: BTreeSet<u64>,
}

/// What a check has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Losses {
    /// Messages that were acknowledged.
    pub n_acknowledged: u64,
    /// Messages that nobody answered for.
    pub n_unanswered: u64,
    /// Of those, the ones that are there all the same.
    pub n_unanswered_found: u64,
    /// Acknowledged messages that are not there.
    pub n_lost: u64,
    /// Messages that are there more than once.
    pub n_repeated: u64,
    /// Messages that stand before one that was sent earlier by the same sender.
    pub n_out_of_order: u64,
    /// Messages that nobody has sent.
    pub n_unknown: u64,
    /// Some of what was lost or repeated, as `thread:message`.
    pub examples: Vec<String>,
}

impl Losses {
    /// Whether everything is as it should be.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.n_lost == 0 && self.n_repeated == 0 && self.n_out_of_order == 0 && self.n_unknown == 0
    }

    /// Adds another's numbers.
    pub fn merge(&mut self, other: Self) {
        self.n_acknowledged += other.n_acknowledged;
        self.n_unanswered += other.n_unanswered;
        self.n_unanswered_found += other.n_unanswered_found;
        self.n_lost += other.n_lost;
        self.n_repeated += other.n_repeated;
        self.n_out_of_order += other.n_out_of_order;
        self.n_unknown += other.n_unknown;
        self.examples.extend(other.examples);
        self.examples.truncate(MAX_NAMED);
    }

    fn name(&mut self, what: &str, thread: usize, n: u64) {
        if self.examples.len() < MAX_NAMED {
            self.examples.push(format!("{what} {thread}:{n}"));
        }
    }
}

/// Whether a sender waits for each answer before it sends the next, so that what it sent has an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// It does, or one socket brought all of it.
    Kept,
    /// Several connections send to one thread at once.
    Free,
}

impl Ledger {
    /// Nothing sent yet.
    #[must_use]
    pub fn new(n_threads: usize) -> Self {
        Self {
            threads: vec![Thread::default(); n_threads],
        }
    }

    /// The stack has said that it has the message.
    pub fn acknowledge(&mut self, thread: usize, n: u64) {
        let thread = &mut self.threads[thread];
        thread.unanswered.remove(&n);
        thread.acknowledged.insert(n);
    }

    /// The message was sent, and no answer came.
    pub fn leave_open(&mut self, thread: usize, n: u64) {
        let thread = &mut self.threads[thread];
        if !thread.acknowledged.contains(&n) {
            thread.unanswered.insert(n);
        }
    }

    /// How many were acknowledged.
    #[must_use]
    pub fn n_acknowledged(&self) -> u64 {
        let lengths = self.threads.iter().map(|thread| thread.acknowledged.len());
        lengths.map(|length| length as u64).sum()
    }

    /// Compares a thread with the messages that are there, in their order.
    #[must_use]
    pub fn check(&self, thread: usize, found: &[u64], order: Order) -> Losses {
        let index = thread;
        let thread = &self.threads[index];
        let mut losses = Losses {
            n_acknowledged: thread.acknowledged.len() as u64,
            n_unanswered: thread.unanswered.len() as u64,
            ..Losses::default()
        };
        let mut seen = BTreeSet::new();
        let mut last = None;
        for &n in found {
            if !seen.insert(n) {
                losses.n_repeated += 1;
                losses.name("repeated", index, n);
                continue;
            }
            if order == Order::Kept && last.is_some_and(|last| n < last) {
                losses.n_out_of_order += 1;
                losses.name("out of order", index, n);
            }
            last = last.max(Some(n));
            if thread.unanswered.contains(&n) {
                losses.n_unanswered_found += 1;
            } else if !thread.acknowledged.contains(&n) {
                losses.n_unknown += 1;
                losses.name("unknown", index, n);
            }
        }
        for &n in thread.acknowledged.difference(&seen) {
            losses.n_lost += 1;
            losses.name("lost", index, n);
        }
        losses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let mut ledger = Ledger::new(2);
        for n in [0, 2, 4] {
            ledger.acknowledge(0, n);
        }
        ledger.leave_open(0, 6);
        ledger.acknowledge(1, 1);
        ledger
    }

    #[test]
    fn what_was_acknowledged_and_is_there_once_is_whole() {
        let ledger = ledger();
        for found in [vec![0, 2, 4], vec![0, 2, 4, 6]] {
            let losses = ledger.check(0, &found, Order::Kept);
            assert!(losses.is_whole(), "{losses:?}");
            assert_eq!(losses.n_acknowledged, 3);
            assert_eq!(losses.n_unanswered, 1);
            assert_eq!(losses.n_unanswered_found, found.len() as u64 - 3);
        }
        assert_eq!(ledger.n_acknowledged(), 4);
    }

    #[test]
    fn a_lost_a_repeated_a_swapped_and_an_unknown_message_are_found() {
        let ledger = ledger();
        let check = |found: &[u64]| ledger.check(0, found, Order::Kept);
        let lost = check(&[0, 4]);
        assert_eq!(
            (lost.n_lost, lost.examples.as_slice()),
            (1, ["lost 0:2".to_owned()].as_slice())
        );
        let repeated = check(&[0, 2, 2, 4]);
        assert_eq!((repeated.n_repeated, repeated.is_whole()), (1, false));
        let swapped = check(&[2, 0, 4]);
        assert_eq!((swapped.n_out_of_order, swapped.is_whole()), (1, false));
        assert!(ledger.check(0, &[2, 0, 4], Order::Free).is_whole());
        // One that nobody answered for may be there once, and no more often.
        assert_eq!(check(&[0, 2, 4, 6, 6]).n_repeated, 1);
        let unknown = check(&[0, 1, 2, 4]);
        assert_eq!((unknown.n_unknown, unknown.is_whole()), (1, false));
        assert_eq!(check(&[]).n_lost, 3);
    }

    #[test]
    fn a_late_answer_settles_what_was_open() {
        let mut ledger = ledger();
        ledger.acknowledge(0, 6);
        ledger.leave_open(0, 0);
        let losses = ledger.check(0, &[0, 2, 4], Order::Kept);
        assert_eq!((losses.n_unanswered, losses.n_lost), (0, 1));
    }

    #[test]
    fn only_some_of_many_are_named() {
        let mut ledger = Ledger::new(1);
        for n in 0..100 {
            ledger.acknowledge(0, n);
        }
        let mut losses = ledger.check(0, &[], Order::Free);
        assert_eq!((losses.n_lost, losses.examples.len()), (100, 20));
        losses.merge(ledger.check(0, &[], Order::Free));
        assert_eq!((losses.n_lost, losses.examples.len()), (200, 20));
    }
}
