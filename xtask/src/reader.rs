//! Texts through the model: natively on every core, or through the inference Worker as it is deployed.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use edgedesk_domain::analysis::{Analysis, PastMood};

use crate::native::Native;
use crate::worker::Worker;

/// Texts that are handed to the threads, or to the Worker, at a time: about a second of work.
const BATCH: usize = 128;

/// What the models say of a text, as far as scores need it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What heads read.
    pub features: Vec<f32>,
    /// Each head's labels with their probabilities, by the head's name.
    pub heads: BTreeMap<String, Vec<(String, f32)>>,
}

/// The models of this checkout, loaded here or in a Worker.
pub enum Reader {
    /// In this process.
    Native(Arc<Native>),
    /// In the inference Worker under workerd.
    Wasm(Box<Worker>),
}

impl Reader {
    /// Loads the models, in a Worker if so wished.
    pub async fn start(in_wasm: bool) -> Result<Self> {
        if in_wasm {
            Ok(Self::Wasm(Box::new(Worker::start().await?)))
        } else {
            Self::native()
        }
    }

    /// Loads the models in this process.
    pub fn native() -> Result<Self> {
        Ok(Self::Native(Arc::new(Native::load()?)))
    }

    /// `native` or `wasm`.
    pub const fn runs_in(&self) -> &'static str {
        match self {
            Self::Native(_) => "native",
            Self::Wasm(_) => "wasm",
        }
    }

    /// The model's name and version, as results carry them.
    pub fn model(&self) -> String {
        match self {
            Self::Native(native) => native.model(),
            Self::Wasm(worker) => worker.local().model(),
        }
    }

    /// What the models say of each text, in their order. `what` is shown while it lasts.
    pub async fn read(&mut self, what: &str, texts: Vec<String>) -> Result<Vec<Reading>> {
        match self {
            Self::Native(native) => {
                let native = Arc::clone(native);
                each(what, texts, move |text| native.read(text)).await
            }
            Self::Wasm(worker) => {
                let mut progress = Progress::begin(what, texts.len());
                let mut readings = Vec::with_capacity(texts.len());
                for texts in texts.chunks(BATCH) {
                    readings.extend(worker.read(texts).await?);
                    progress.at(readings.len());
                }
                Ok(readings)
            }
        }
    }

    /// The embedding of each text, of length 1, in their order.
    pub async fn embed(&mut self, what: &str, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        match self {
            Self::Native(native) => {
                let native = Arc::clone(native);
                each(what, texts, move |text| native.embed(text)).await
            }
            Self::Wasm(worker) => {
                let mut progress = Progress::begin(what, texts.len());
                let mut embeddings = Vec::with_capacity(texts.len());
                for texts in texts.chunks(BATCH) {
                    embeddings.extend(worker.embed(texts).await?);
                    progress.at(embeddings.len());
                }
                Ok(embeddings)
            }
        }
    }

    /// The languages that can be told.
    pub fn languages(&self) -> Result<Vec<String>> {
        match self {
            Self::Native(native) => native.languages(),
            Self::Wasm(worker) => worker.local().languages(),
        }
    }

    /// The language of each text; none where it cannot be told.
    pub async fn identify(&mut self, texts: Vec<String>) -> Result<Vec<Option<String>>> {
        match self {
            Self::Native(native) => {
                let native = Arc::clone(native);
                each("identifying", texts, move |text| native.identify(text)).await
            }
            Self::Wasm(worker) => {
                let mut progress = Progress::begin("identifying", texts.len());
                let mut codes = Vec::with_capacity(texts.len());
                for texts in texts.chunks(BATCH) {
                    codes.extend(worker.identify(texts).await?);
                    progress.at(codes.len());
                }
                Ok(codes)
            }
        }
    }

    /// The whole analysis of a message after others.
    pub async fn analyze(&mut self, text: &str, history: &[PastMood]) -> Result<Analysis> {
        match self {
            Self::Native(native) => native.analyze(text, history),
            Self::Wasm(worker) => worker.analyze(text, history).await,
        }
    }
}

/// Applies `work` to every text on every core. In batches, so that a signal is heard between them.
async fn each<T: Send + 'static>(
    what: &str,
    texts: Vec<String>,
    work: impl Fn(&str) -> Result<T> + Send + Sync + 'static,
) -> Result<Vec<T>> {
    let texts = Arc::new(texts);
    let work = Arc::new(work);
    let mut progress = Progress::begin(what, texts.len());
    let mut outcomes = Vec::with_capacity(texts.len());
    while outcomes.len() < texts.len() {
        let start = outcomes.len();
        let (texts, work) = (Arc::clone(&texts), Arc::clone(&work));
        let batch = tokio::task::spawn_blocking(move || {
            let end = texts.len().min(start + BATCH);
            on_every_core(&texts[start..end], work.as_ref())
        });
        outcomes.extend(batch.await??);
        progress.at(outcomes.len());
    }
    Ok(outcomes)
}

fn on_every_core<T: Send>(
    texts: &[String],
    work: &(impl Fn(&str) -> Result<T> + Sync),
) -> Result<Vec<T>> {
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let mut outcomes: Vec<(usize, T)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut outcomes = Vec::new();
                    loop {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(text) = texts.get(place) else {
                            return Ok(outcomes);
                        };
                        outcomes.push((place, work(text)?));
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| bail!("a thread has panicked"))
            })
            .collect::<Result<Vec<_>>>()
    })?
    .into_iter()
    .flatten()
    .collect();
    outcomes.sort_by_key(|(place, _)| *place);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

/// How far the work is, on stderr: stdout belongs to the results.
#[derive(Debug)]
pub struct Progress {
    what: String,
    n: usize,
    last_shown: Instant,
    is_terminal: bool,
}

impl Progress {
    /// Of `n` pieces of work.
    pub fn begin(what: &str, n: usize) -> Self {
        Self {
            what: what.to_owned(),
            n,
            last_shown: Instant::now(),
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// `n_done` of them are done.
    pub fn at(&mut self, n_done: usize) {
        let every = if self.is_terminal { 1 } else { 15 };
        if self.last_shown.elapsed() < Duration::from_secs(every) {
            return;
        }
        self.last_shown = Instant::now();
        let mut stderr = std::io::stderr();
        let (start, end) = if self.is_terminal {
            ("\r\x1b[K", "")
        } else {
            ("", "\n")
        };
        // Nobody may be listening.
        let _ = write!(
            stderr,
            "{start}  … {} {n_done} of {}{end}",
            self.what, self.n
        );
        let _ = stderr.flush();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_terminal {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
