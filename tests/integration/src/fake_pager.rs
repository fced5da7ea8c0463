//! What a deployment's alerts are posted to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::listen::listen;

/// A running pager. It ends with its runtime.
#[derive(Debug, Clone, Default)]
pub struct FakePager {
    is_down: Arc<AtomicBool>,
    taken: Arc<Mutex<Vec<Value>>>,
    refused: Arc<Mutex<Vec<Value>>>,
    url: String,
}

impl FakePager {
    /// Starts to listen on a free port.
    pub async fn start() -> Self {
        let mut pager = Self::default();
        let served = pager.clone();
        pager.url = listen(move |_, body| served.answer(body)).await;
        pager
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers 503 from now on, or takes what comes.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// What it took, in order.
    #[must_use]
    pub fn taken(&self) -> Vec<Value> {
        locked(&self.taken).clone()
    }

    /// What it did not take.
    #[must_use]
    pub fn refused(&self) -> Vec<Value> {
        locked(&self.refused).clone()
    }

    fn answer(&self, body: &str) -> (u16, String) {
        let body = serde_json::from_str(body).unwrap_or_default();
        let (status, notices) = if self.is_down.load(Ordering::SeqCst) {
            (503, &self.refused)
        } else {
            (200, &self.taken)
        };
        locked(notices).push(body);
        (status, "{}".to_owned())
    }
}

fn locked(notices: &Mutex<Vec<Value>>) -> MutexGuard<'_, Vec<Value>> {
    notices.lock().unwrap_or_else(PoisonError::into_inner)
}
