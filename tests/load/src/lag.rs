//! How far the read model is behind the logs, looked at while a run lasts.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use edgedesk_client::Edgedesk;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often to look. Each look asks every part of the stack.
const EVERY: Duration = Duration::from_secs(2);

/// One look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: Instant,
    /// Milliseconds that the last batch was behind.
    pub lag_ms: u64,
}

/// Looks at `/health/detailed` until it is dropped.
#[derive(Debug)]
pub struct LagWatch {
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl LagWatch {
    /// Begins to look.
    #[must_use]
    pub fn begin(public: &Edgedesk) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(watch(public.clone(), Arc::clone(&seen)));
        Self { seen, task }
    }

    /// The last look, in milliseconds.
    #[must_use]
    pub fn last_ms(&self) -> Option<u64> {
        self.seen().last().map(|seen| seen.lag_ms)
    }

    /// All looks so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }
}

impl Drop for LagWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(public: Edgedesk, seen: Arc<Mutex<Vec<Seen>>>) {
    let mut again = interval(EVERY);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        again.tick().await;
        // A stack that is too busy to say how it is shows so in everything else.
        let Ok(answer) = public.get("/health/detailed").await else {
            continue;
        };
        let Ok(health) = answer.json::<Value>() else {
            continue;
        };
        if let Some(lag_ms) = health["projection_lag_ms"].as_u64() {
            let at = Instant::now();
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push(Seen { at, lag_ms });
        }
    }
}

/// The longest lag of each `length` from `begin` on; none where nobody looked.
#[must_use]
pub fn longest_by(seen: &[Seen], begin: Instant, length: Duration) -> Vec<Option<u64>> {
    let mut longest = Vec::new();
    for look in seen.iter().filter(|look| look.at >= begin) {
        let index = (look.at - begin).as_secs() / length.as_secs().max(1);
        let index = usize::try_from(index).unwrap_or_default();
        if longest.len() <= index {
            longest.resize(index + 1, None);
        }
        longest[index] = longest[index].max(Some(look.lag_ms));
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_longest_lag_of_each_minute_is_told() {
        let begin = Instant::now();
        let look = |secs, lag_ms| Seen {
            at: begin + Duration::from_secs(secs),
            lag_ms,
        };
        let seen = [look(1, 40), look(59, 90), look(61, 20), look(185, 700)];
        let minute = Duration::from_mins(1);
        let longest = longest_by(&seen, begin, minute);
        assert_eq!(longest, [Some(90), Some(20), None, Some(700)]);
        assert_eq!(longest_by(&[], begin, minute), []);
    }
}
