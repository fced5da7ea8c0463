//! A clock that is driven by hand.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_generate::transport::Runtime;
use tokio::sync::oneshot;

/// Stands still until somebody moves it. A clone is the same clock.
#[derive(Clone, Default)]
pub struct TestTime(Rc<Inner>);

#[derive(Default)]
struct Inner {
    now: Cell<i64>,
    sleepers: RefCell<Vec<(i64, oneshot::Sender<()>)>>,
}

/// Waits of at most as many milliseconds move the clock by themselves: those before a retry, for which nobody else would. All limits
/// of the tests are longer.
const SHORT_MILLIS: u64 = 3_000;

impl TestTime {
    /// Moves on, and wakes whose time has come.
    pub fn pass(&self, millis: i64) {
        let now = self.0.now.get() + millis;
        self.0.now.set(now);
        let mut sleepers = self.0.sleepers.borrow_mut();
        for (_, waker) in sleepers.extract_if(.., |(until, _)| *until <= now) {
            // Who was waiting may be gone.
            let _ = waker.send(());
        }
    }
}

impl Clock for TestTime {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.now.get())
    }
}

impl Runtime for TestTime {
    async fn sleep(&self, millis: u64) {
        let millis_signed = i64::try_from(millis).unwrap();
        if millis <= SHORT_MILLIS {
            self.pass(millis_signed);
            return;
        }
        let (waker, woken) = oneshot::channel();
        let until = self.0.now.get() + millis_signed;
        self.0.sleepers.borrow_mut().push((until, waker));
        woken.await.unwrap();
    }

    fn chance(&self) -> f64 {
        0.5
    }
}
