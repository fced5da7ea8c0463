//! Texts through the model: natively on every core, or through the inference Worker as it is deployed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;

use anyhow::{Context, Result, bail};
use edgedesk_domain::analysis::{Analysis, PastMood};
use futures::FutureExt;

use crate::native::Native;
use crate::progress::Progress;
use crate::worker::Worker;

/// Texts that are handed to the threads, or to the Worker, at a time: about a second of work.
pub const BATCH: usize = 128;

/// Bytes of text that a request to the Worker carries at most, unless a single text has more. With six bytes of JSON escape
/// for every one they are 1.5 MiB of the 8 that it takes; and in texts as long as they come, some four seconds of work.
const BATCH_BYTES: usize = 256 * 1024;

/// What the models say of a text, as far as scores need it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What heads read.
    pub features: Vec<f32>,
    /// Each head's labels with their probabilities, by the head's name.
    pub heads: BTreeMap<String, Vec<(String, f32)>>,
}

/// What came of one text, or why nothing did. It says nothing of the texts beside it.
pub type Outcome<T> = Result<T, String>;

/// The models of this checkout, loaded here or in a Worker.
pub struct Reader {
    models: Models,
    n_failed: usize,
}

enum Models {
    /// In this process.
    Native(Arc<Native>),
    /// In the inference Worker under workerd.
    Wasm(Box<Worker>),
}

impl Reader {
    /// Loads the models, in a Worker if so wished.
    pub async fn start(in_wasm: bool) -> Result<Self> {
        if in_wasm {
            let worker = Box::new(Worker::start().await?);
            Ok(Self::of(Models::Wasm(worker)))
        } else {
            Self::native().await
        }
    }

    /// Loads the models in this process.
    pub async fn native() -> Result<Self> {
        let native = apart(Native::load).await??;
        Ok(Self::of(Models::Native(Arc::new(native))))
    }

    const fn of(models: Models) -> Self {
        Self {
            models,
            n_failed: 0,
        }
    }

    /// `native` or `wasm`.
    pub const fn runs_in(&self) -> &'static str {
        match self.models {
            Models::Native(_) => "native",
            Models::Wasm(_) => "wasm",
        }
    }

    /// The model's name and version, as results carry them.
    pub fn model(&self) -> String {
        self.local().model()
    }

    /// How many texts nothing could be said of, so far.
    pub const fn n_failed(&self) -> usize {
        self.n_failed
    }

    /// What the models say of each text, in their order; none of one that could not be read. `what` is shown while it lasts.
    ///
    /// # Errors
    /// When the models are gone as a whole; a text that fails is none.
    pub async fn read(&mut self, what: &str, texts: Vec<String>) -> Result<Vec<Option<Reading>>> {
        let outcomes = match &mut self.models {
            Models::Native(native) => each(native, what, texts, Native::read).await?,
            Models::Wasm(worker) => {
                in_batches(what, &texts, async |batch| worker.read(batch).await).await?
            }
        };
        Ok(self.counted(what, outcomes))
    }

    /// The embedding of each text, of length 1, in their order; none of one that could not be read.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn embed(&mut self, what: &str, texts: Vec<String>) -> Result<Vec<Option<Vec<f32>>>> {
        let outcomes = match &mut self.models {
            Models::Native(native) => each(native, what, texts, Native::embed).await?,
            Models::Wasm(worker) => {
                in_batches(what, &texts, async |batch| worker.embed(batch).await).await?
            }
        };
        Ok(self.counted(what, outcomes))
    }

    /// The languages that can be told.
    pub fn languages(&self) -> Result<Vec<String>> {
        self.local().languages()
    }

    /// The language of each text, in their order; none where it cannot be told, or the text could not be read.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn identify(&mut self, texts: Vec<String>) -> Result<Vec<Option<String>>> {
        let what = "identifying";
        let outcomes = match &mut self.models {
            Models::Native(native) => each(native, what, texts, Native::identify).await?,
            Models::Wasm(worker) => {
                in_batches(what, &texts, async |batch| worker.identify(batch).await).await?
            }
        };
        let codes = self.counted(what, outcomes).into_iter();
        Ok(codes.map(Option::flatten).collect())
    }

    /// Applies `work` to every item, in their order. It is given a function for the analysis of a message after others, which
    /// it may call as often as it likes: natively on every core at once.
    ///
    /// # Errors
    /// When the models are gone as a whole.
    pub async fn analyze_each<I: Send + Sync + 'static, T: Send + 'static>(
        &mut self,
        items: Vec<I>,
        work: impl AsyncWork<I, T>,
    ) -> Result<Vec<T>> {
        match &mut self.models {
            Models::Native(native) => {
                let native = Arc::clone(native);
                apart(move || {
                    on_every_core(&items, |item| {
                        let mut models = Analyst::Native(&native);
                        // Nothing is waited for natively: the future is ready when it is first asked.
                        let outcome = work.apply(&mut models, item).now_or_never();
                        outcome.unwrap_or_else(|| bail!("the models here keep one waiting"))
                    })
                })
                .await??
                .into_iter()
                .collect()
            }
            Models::Wasm(worker) => {
                let mut outcomes = Vec::with_capacity(items.len());
                for item in &items {
                    let mut models = Analyst::Wasm(worker);
                    outcomes.push(work.apply(&mut models, item).await?);
                }
                Ok(outcomes)
            }
        }
    }

    fn local(&self) -> &Native {
        match &self.models {
            Models::Native(native) => native,
            Models::Wasm(worker) => worker.local(),
        }
    }

    /// Says and counts what failed: a figure over fewer rows than it seems would be a wrong one.
    fn counted<T>(&mut self, what: &str, outcomes: Vec<Outcome<T>>) -> Vec<Option<T>> {
        let mut n_failed = 0;
        let found = outcomes.into_iter().enumerate().map(|(place, outcome)| {
            outcome
                .map_err(|error| {
                    n_failed += 1;
                    eprintln!("  ! {what}: text {}: {error}", place + 1);
                })
                .ok()
        });
        let found = found.collect();
        self.n_failed += n_failed;
        found
    }
}

/// What [`Reader::analyze_each`] does with an item.
pub trait AsyncWork<I, T>: Send + Sync + 'static {
    /// What comes of an item.
    async fn apply(&self, models: &mut Analyst<'_>, item: &I) -> Result<T>;
}

/// Who analyses one message after another.
pub enum Analyst<'a> {
    /// In this process.
    Native(&'a Native),
    /// In the inference Worker.
    Wasm(&'a mut Worker),
}

impl Analyst<'_> {
    /// The whole analysis of a message after others, or why there is none.
    ///
    /// # Errors
    /// When the models are gone as a whole.
    pub async fn analyze(&mut self, text: &str, history: &[PastMood]) -> Result<Outcome<Analysis>> {
        match self {
            Self::Native(native) => Ok(native
                .analyze(text, history)
                .map_err(|error| format!("{error:#}"))),
            Self::Wasm(worker) => worker.analyze(text, history).await,
        }
    }
}

/// Runs `work` on a thread of its own, so that a signal is heard meanwhile. The runtime waits for its own threads for such
/// work when it ends; for this one nobody does, and a command that is ended ends at once.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (sender, outcome) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Nobody waits any more if the command has been ended.
        let _ = sender.send(work());
    });
    outcome.await.context("a thread has panicked")
}

/// Applies `work` to every text on every core.
async fn each<T: Send + 'static>(
    native: &Arc<Native>,
    what: &str,
    texts: Vec<String>,
    work: fn(&Native, &str) -> Result<T>,
) -> Result<Vec<Outcome<T>>> {
    let texts = Arc::new(texts);
    let mut progress = Progress::begin(what, texts.len());
    let mut outcomes = Vec::with_capacity(texts.len());
    while outcomes.len() < texts.len() {
        let start = outcomes.len();
        let (texts, native) = (Arc::clone(&texts), Arc::clone(native));
        let batch = apart(move || {
            let end = texts.len().min(start + BATCH);
            on_every_core(&texts[start..end], |text| {
                work(&native, text).map_err(|error| format!("{error:#}"))
            })
        });
        outcomes.extend(batch.await??);
        progress.at(outcomes.len());
    }
    Ok(outcomes)
}

/// Sends the texts to the Worker in requests that it can take.
async fn in_batches<T>(
    what: &str,
    texts: &[String],
    mut send: impl AsyncFnMut(&[String]) -> Result<Vec<Outcome<T>>>,
) -> Result<Vec<Outcome<T>>> {
    let mut progress = Progress::begin(what, texts.len());
    let mut outcomes = Vec::with_capacity(texts.len());
    while outcomes.len() < texts.len() {
        let rest = &texts[outcomes.len()..];
        outcomes.extend(send(&rest[..batch_length(rest)]).await?);
        progress.at(outcomes.len());
    }
    Ok(outcomes)
}

/// How many of the texts go into the next request: [`BATCH`] of them or [`BATCH_BYTES`] bytes, whichever is less, and always
/// one.
fn batch_length(texts: &[String]) -> usize {
    let mut n_bytes = 0;
    let fitting = texts.iter().take(BATCH).take_while(|text| {
        n_bytes += text.len();
        n_bytes <= BATCH_BYTES
    });
    fitting.count().max(1).min(texts.len())
}

/// Applies `work` to every item, on as many threads as there are cores; what came of them, in their order.
///
/// # Errors
/// When `work` has panicked.
fn on_every_core<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> T + Sync) -> Result<Vec<T>> {
    let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let share = || {
        let mut outcomes = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else {
                return outcomes;
            };
            outcomes.push((place, work(item)));
        }
    };
    let shares = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_cores.min(items.len()))
            .map(|_| scope.spawn(share))
            .collect();
        // All are waited for before one that has panicked is told.
        let shares = threads.into_iter().map(ScopedJoinHandle::join);
        shares.collect::<Vec<_>>()
    });
    let mut outcomes = Vec::with_capacity(items.len());
    for share in shares {
        match share {
            Ok(share) => outcomes.extend(share),
            Err(_) => bail!("a thread has panicked"),
        }
    }
    outcomes.sort_by_key(|(place, _)| *place);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Barrier, Mutex};

    use super::*;

    #[test]
    fn work_is_spread_over_the_cores_and_keeps_its_order() {
        let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
        let n_together = n_cores.min(2);
        let together = Barrier::new(n_together);
        let threads = Mutex::new(HashSet::new());
        let items: Vec<usize> = (0..500).collect();
        let outcomes = on_every_core(&items, |item| {
            // The first items wait for each other: one thread alone would wait for ever.
            if *item < n_together {
                together.wait();
            }
            let mut threads = threads.lock().expect("no thread has panicked");
            threads.insert(std::thread::current().id());
            item * 2
        });
        let expected: Vec<usize> = items.iter().map(|item| item * 2).collect();
        assert_eq!(outcomes.expect("no thread has panicked"), expected);
        let n_threads = threads.lock().expect("no thread has panicked").len();
        assert!(n_threads >= n_together, "{n_threads} threads");
    }

    #[test]
    fn a_panic_is_an_error() {
        let error = on_every_core(&[1, 2, 3], |item| assert_ne!(*item, 2)).unwrap_err();
        assert!(error.to_string().contains("panicked"), "{error}");
        assert_eq!(on_every_core(&[0_u8; 0], |item| *item).ok(), Some(vec![]));
    }

    /// On a runtime of one thread, a signal could not be heard if the work were done on it.
    #[tokio::test]
    async fn the_runtime_goes_on_while_work_is_done_apart() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let work = apart(move || receiver.recv().is_ok());
        let other = async { sender.send(()).is_ok() };
        let (done, sent) = tokio::join!(work, other);
        assert!(done.expect("no panic") && sent);
        assert!(apart(|| -> u8 { panic!("as asked") }).await.is_err());
    }

    #[test]
    fn requests_are_cut_by_number_and_by_bytes() {
        let texts = |n: usize, length: usize| vec!["x".repeat(length); n];
        for (texts, expected) in [
            (texts(0, 0), 0),
            (texts(3, 10), 3),
            (texts(BATCH + 1, 10), BATCH),
            (texts(100, 16 * 1024), 16),
            (texts(2, BATCH_BYTES + 1), 1),
        ] {
            assert_eq!(batch_length(&texts), expected);
        }
    }

    #[tokio::test]
    async fn one_text_that_fails_spoils_no_other() {
        let texts: Vec<String> = (0..300).map(|n| n.to_string()).collect();
        let outcomes = in_batches("test", &texts, async |batch| {
            let outcome = |text: &String| match text.as_str() {
                "200" => Err("too strange".to_owned()),
                text => Ok(text.to_owned()),
            };
            Ok(batch.iter().map(outcome).collect())
        });
        let outcomes = outcomes.await.expect("the Worker lives");
        assert_eq!(outcomes.len(), 300);
        assert_eq!(outcomes[200], Err("too strange".into()));
        assert_eq!(outcomes[299], Ok("299".into()));
    }
}
