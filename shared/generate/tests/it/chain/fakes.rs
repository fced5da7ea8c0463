//! Generators that do as they are told, books, and a chain of them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use edgedesk_generate::breaker::BreakerSettings;
use edgedesk_generate::chain::{
    AnyGenerator, Chain, ChainRun, ChainSettings, Heard, Link, Memory, Outcome,
};
use edgedesk_generate::guard::Flaw;
use edgedesk_generate::ledger::{Entry, Ledger, Price, Spend};
use edgedesk_generate::{
    Fault, FinishReason, GenerateError, GenerateRequest, Generated, TextGenerator, Usage,
};
use edgedesk_masking::Names;

use crate::providers::request;
use crate::time::TestTime;

/// What a generator does when it is asked.
#[derive(Debug, Clone)]
pub enum Does {
    Says(&'static [&'static str]),
    SaysFor(&'static [&'static str], Usage),
    Breaks(&'static [&'static str], Fault),
    Fails(Fault),
    FailsWith(GenerateError),
    /// Does nothing while time passes.
    Hangs(i64),
}

pub struct Fake {
    name: &'static str,
    time: TestTime,
    does: RefCell<VecDeque<Does>>,
    asked: RefCell<Vec<GenerateRequest>>,
}

impl Fake {
    pub fn new(name: &'static str, time: &TestTime, does: impl IntoIterator<Item = Does>) -> Self {
        Self {
            name,
            time: time.clone(),
            does: RefCell::new(does.into_iter().collect()),
            asked: RefCell::default(),
        }
    }

    pub fn n_asked(&self) -> usize {
        self.asked.borrow().len()
    }

    pub fn asked(&self, index: usize) -> GenerateRequest {
        self.asked.borrow()[index].clone()
    }
}

impl TextGenerator for Fake {
    fn provider(&self) -> &str {
        self.name
    }

    fn model(&self) -> &'static str {
        "model-1"
    }

    async fn generate(
        &self,
        request: &GenerateRequest,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<Generated, GenerateError> {
        self.asked.borrow_mut().push(request.clone());
        let does = self.does.borrow_mut().pop_front();
        let (pieces, usage) = match does.expect("asked once too often") {
            Does::Says(pieces) => (pieces, None),
            Does::SaysFor(pieces, usage) => (pieces, Some(usage)),
            Does::Breaks(pieces, fault) => {
                for piece in pieces {
                    on_text(piece);
                }
                return Err(fault.into());
            }
            Does::Fails(fault) => return Err(fault.into()),
            Does::FailsWith(error) => return Err(error),
            Does::Hangs(millis) => {
                // Whoever waits for this begins to wait first.
                tokio::task::yield_now().await;
                self.time.pass(millis);
                return std::future::pending().await;
            }
        };
        for piece in pieces {
            on_text(piece);
        }
        Ok(Generated {
            text: pieces.concat(),
            provider: self.name.to_owned(),
            model: "model-1".to_owned(),
            usage,
            finish_reason: FinishReason::Stop,
        })
    }
}

/// Books with so much in them.
pub struct Books {
    pub left: u64,
    pub is_down: bool,
    pub n_held: Cell<usize>,
    pub entries: RefCell<Vec<Entry>>,
}

impl Default for Books {
    fn default() -> Self {
        Self {
            left: u64::MAX,
            is_down: false,
            n_held: Cell::default(),
            entries: RefCell::default(),
        }
    }
}

impl Books {
    pub fn spent(&self) -> Vec<Spend> {
        self.entries
            .borrow()
            .iter()
            .map(|entry| entry.spent)
            .collect()
    }
}

impl Ledger for Books {
    async fn may_spend(&self, spend: &Spend) -> Result<bool, String> {
        if self.is_down {
            return Err("down".to_owned());
        }
        let up_to_now: u64 = self.spent().iter().map(|entry| entry.micro_dollars).sum();
        let may = up_to_now.saturating_add(spend.micro_dollars) <= self.left;
        self.n_held.update(|n_held| n_held + usize::from(may));
        Ok(may)
    }

    async fn record(&self, entry: &Entry) {
        self.entries.borrow_mut().push(entry.clone());
    }
}

pub const PRICE: Price = Price {
    input_micro_dollars: 3_000_000,
    output_micro_dollars: 15_000_000,
};

/// A link with what tests change of it.
pub struct Line<'a> {
    pub generator: &'a dyn AnyGenerator,
    pub requests_per_minute: u32,
    pub is_outside: bool,
}

impl<'a> Line<'a> {
    pub fn of(generator: &'a dyn AnyGenerator) -> Self {
        Self {
            generator,
            requests_per_minute: 100,
            is_outside: true,
        }
    }

    fn link(&self) -> Link<'a> {
        Link {
            generator: self.generator,
            timeout_millis: 20_000,
            breaker: BreakerSettings::default(),
            requests_per_minute: self.requests_per_minute,
            price: PRICE,
            is_outside: self.is_outside,
        }
    }
}

/// What became of a request, and what was heard.
pub struct Told {
    pub run: ChainRun,
    pub heard: Vec<String>,
    pub fallback_asked: Option<GenerateRequest>,
}

impl Told {
    pub fn text(&self) -> &str {
        &self.run.result.as_ref().unwrap().text
    }

    pub fn outcomes(&self) -> Vec<(&str, Outcome)> {
        let attempts = self.run.attempts.iter();
        attempts
            .map(|attempt| (attempt.provider.as_str(), attempt.outcome))
            .collect()
    }
}

/// A chain of new generators with full books.
pub async fn run(time: &TestTime, fakes: &[&Fake]) -> Told {
    let lines: Vec<_> = fakes.iter().map(|fake| Line::of(*fake)).collect();
    run_with(time, &lines, &Books::default(), &Memory::default(), |_| {}).await
}

pub async fn run_with(
    time: &TestTime,
    lines: &[Line<'_>],
    books: &Books,
    memory: &Memory,
    on_heard: impl Fn(usize),
) -> Told {
    let fallback = Fake::new("embedded", time, [Does::Says(&["From an article."])]);
    let asks = (&request(true), &Names::default());
    run_all(time, lines, (books, memory), asks, &fallback, on_heard).await
}

pub async fn run_request(
    time: &TestTime,
    lines: &[Line<'_>],
    request: &GenerateRequest,
    names: &Names,
) -> Told {
    let fallback = Fake::new("embedded", time, [Does::Says(&["From an article."])]);
    let around = (&Books::default(), &Memory::default());
    run_all(time, lines, around, (request, names), &fallback, |_| {}).await
}

pub async fn run_fallback(time: &TestTime, fallback: &Fake) -> Told {
    let around = (&Books::default(), &Memory::default());
    let asks = (&request(true), &Names::default());
    run_all(time, &[], around, asks, fallback, |_| {}).await
}

async fn run_all(
    time: &TestTime,
    lines: &[Line<'_>],
    (books, memory): (&Books, &Memory),
    (request, names): (&GenerateRequest, &Names),
    fallback: &Fake,
    on_heard: impl Fn(usize),
) -> Told {
    let chain = Chain {
        links: lines.iter().map(Line::link).collect(),
        fallback,
        settings: ChainSettings::default(),
        memory,
        ledger: books,
        check: &|text| {
            if text.contains("BAD") {
                Err(Flaw::Leak)
            } else {
                Ok(())
            }
        },
        runtime: time,
    };
    let mut heard = Vec::new();
    let mut listen = |piece: Heard<'_>| {
        heard.push(match piece {
            Heard::Text(text) => text.to_owned(),
            Heard::Restart => "<restart>".to_owned(),
        });
        on_heard(heard.len());
    };
    let run = chain.run(request, names, &mut listen).await;
    let fallback_asked = fallback.asked.borrow().first().cloned();
    Told {
        run,
        heard,
        fallback_asked,
    }
}
