//! A Vectorize that behaves as documented: what is written is seen when the test lets it be, in the order in which it was written.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use edgedesk_domain::time::{Clock, Timestamp};

use super::binding::{
    Described, MAX_DELETE, MAX_GET, MAX_NAME_BYTES, MAX_TOP_K, MAX_UPSERT, Match, NewVector,
    QueryOptions, StoredVector, VectorizeBinding,
};
use crate::host::HostError;
use crate::testing::pause;

/// A clock that the test turns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hand(pub(crate) Rc<Cell<i64>>);

impl Hand {
    pub(crate) fn pass(&self, millis: i64) {
        self.0.set(self.0.get() + millis);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.get())
    }
}

/// How it misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Away {
    /// Every call fails and does nothing.
    Always,
    /// The call with this number, counted from 1, fails and does nothing.
    Before(u64),
    /// The call with this number does what is asked and reports a failure.
    After(u64),
}

/// A handle to one index, shared by all that hold one.
#[derive(Debug, Clone)]
pub(crate) struct Fake(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    dimensions: usize,
    clock: Hand,
    visible: RefCell<BTreeMap<String, NewVector>>,
    queue: RefCell<VecDeque<Mutation>>,
    n_mutations: Cell<u64>,
    processed: RefCell<Option<(String, Timestamp)>>,
    calls: Cell<u64>,
    away: Cell<Option<Away>>,
}

#[derive(Debug)]
struct Mutation {
    id: String,
    made_at: Timestamp,
    upserted: Vec<NewVector>,
    deleted: Vec<String>,
}

impl Fake {
    pub(crate) fn new(dimensions: usize, clock: Hand) -> Self {
        Self(Rc::new(Inner {
            dimensions,
            clock,
            visible: RefCell::default(),
            queue: RefCell::default(),
            n_mutations: Cell::default(),
            processed: RefCell::default(),
            calls: Cell::default(),
            away: Cell::default(),
        }))
    }

    /// Fails from now on as said; calls count from here.
    pub(crate) fn fail(&self, away: Option<Away>) {
        self.0.calls.set(0);
        self.0.away.set(away);
    }

    /// Calls since [`Self::fail`].
    pub(crate) fn calls(&self) -> u64 {
        self.0.calls.get()
    }

    /// Makes so many mutations visible, the oldest first.
    pub(crate) fn process(&self, n: usize) {
        for _ in 0..n {
            let Some(mutation) = self.0.queue.borrow_mut().pop_front() else {
                return;
            };
            let mut visible = self.0.visible.borrow_mut();
            for vector in mutation.upserted {
                visible.insert(vector.id.clone(), vector);
            }
            for id in mutation.deleted {
                visible.remove(&id);
            }
            self.0
                .processed
                .replace(Some((mutation.id, mutation.made_at)));
        }
    }

    /// Somebody else's mutation, at this time.
    pub(crate) fn others_write(&self) {
        self.enqueue(Vec::new(), Vec::new());
    }

    /// The ids of all that is visible.
    pub(crate) fn visible(&self) -> Vec<String> {
        self.0.visible.borrow().keys().cloned().collect()
    }

    pub(crate) fn n_waiting(&self) -> usize {
        self.0.queue.borrow().len()
    }

    fn enqueue(&self, upserted: Vec<NewVector>, deleted: Vec<String>) -> String {
        let number = self.0.n_mutations.get() + 1;
        self.0.n_mutations.set(number);
        // An id that says nothing of its order.
        let id = format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.0.queue.borrow_mut().push_back(Mutation {
            id: id.clone(),
            made_at: self.0.clock.now(),
            upserted,
            deleted,
        });
        id
    }

    async fn call<T>(&self, act: impl FnOnce() -> Result<T, HostError>) -> Result<T, HostError> {
        let call = self.0.calls.get() + 1;
        self.0.calls.set(call);
        // It takes a while to get there and back.
        self.0.clock.pass(1);
        pause().await;
        let failed = || HostError(format!("call {call} fails on command"));
        let outcome = match self.0.away.get() {
            Some(Away::Always) => Err(failed()),
            Some(Away::Before(n)) if n == call => Err(failed()),
            Some(Away::After(n)) if n == call => act().and(Err(failed())),
            _ => act(),
        };
        self.0.clock.pass(1);
        outcome
    }

    fn check_width(&self, width: usize) -> Result<(), HostError> {
        if width == self.0.dimensions {
            return Ok(());
        }
        Err(HostError(format!(
            "expected {} dimensions, and got {width}",
            self.0.dimensions
        )))
    }
}

fn check_count(n: usize, most: usize) -> Result<(), HostError> {
    if (1..=most).contains(&n) {
        return Ok(());
    }
    Err(HostError(format!("40007: {n} of at most {most}")))
}

fn check_name(name: &str) -> Result<(), HostError> {
    if name.len() <= MAX_NAME_BYTES {
        return Ok(());
    }
    Err(HostError(format!("{name} is too long")))
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

impl VectorizeBinding for Fake {
    async fn upsert(&self, vectors: &[NewVector]) -> Result<String, HostError> {
        self.call(|| {
            check_count(vectors.len(), MAX_UPSERT)?;
            for vector in vectors {
                self.check_width(vector.values.len())?;
                check_name(&vector.id)?;
                check_name(&vector.namespace)?;
            }
            Ok(self.enqueue(vectors.to_vec(), Vec::new()))
        })
        .await
    }

    async fn delete_by_ids(&self, ids: &[String]) -> Result<String, HostError> {
        self.call(|| {
            check_count(ids.len(), MAX_DELETE)?;
            Ok(self.enqueue(Vec::new(), ids.to_vec()))
        })
        .await
    }

    async fn query(&self, vector: &[f32], options: &QueryOptions) -> Result<Vec<Match>, HostError> {
        self.call(|| {
            self.check_width(vector.len())?;
            check_count(options.top_k, MAX_TOP_K)?;
            let visible = self.0.visible.borrow();
            let mut matches: Vec<Match> = visible
                .values()
                .filter(|stored| stored.namespace == options.namespace)
                .map(|stored| Match {
                    id: stored.id.clone(),
                    score: cosine(vector, &stored.values),
                })
                .collect();
            matches.sort_by(|a, b| b.score.total_cmp(&a.score));
            matches.truncate(options.top_k);
            Ok(matches)
        })
        .await
    }

    async fn get_by_ids(&self, ids: &[String]) -> Result<Vec<StoredVector>, HostError> {
        self.call(|| {
            check_count(ids.len(), MAX_GET)?;
            let visible = self.0.visible.borrow();
            let stored = ids.iter().rev().filter_map(|id| visible.get(id));
            Ok(stored
                .map(|vector| StoredVector {
                    id: vector.id.clone(),
                    values: vector.values.clone(),
                })
                .collect())
        })
        .await
    }

    async fn describe(&self) -> Result<Described, HostError> {
        self.call(|| {
            let processed = self.0.processed.borrow().clone();
            Ok(Described {
                dimensions: u32::try_from(self.0.dimensions).unwrap(),
                vector_count: self.0.visible.borrow().len() as u64,
                processed_up_to_mutation: processed.as_ref().map(|(id, _)| id.clone()),
                processed_up_to: processed.map(|(_, time)| time),
            })
        })
        .await
    }
}
