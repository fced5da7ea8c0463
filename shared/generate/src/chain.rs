//! Providers in order, each with what limits it, and a last generator that is always there.
//!
//! Each provider is asked if its breaker, its budget of requests and the account's ledger allow; what is transient is tried once more.
//! What leaves is masked, what comes back is unmasked and looked at. If an answer breaks off or is no good, what was heard of it is
//! withdrawn, and the next one writes it. When none does, the fallback writes it, from what was never masked.

mod any;

use std::cell::RefCell;
use std::collections::BTreeMap;

use edgedesk_domain::time::Timestamp;
use edgedesk_masking::Names;

use crate::breaker::{Breaker, BreakerSettings};
use crate::bucket::Bucket;
use crate::calling::{millis_since, within};
use crate::guard::Flaw;
use crate::ledger::{Entry, Ledger, Price, Spend, estimate_request, estimate_tokens};
use crate::masked::{Into, Masked, mask_request};
use crate::transport::Runtime;
use crate::{Fault, GenerateError, GenerateRequest, Generated, Usage};

pub use any::AnyGenerator;

/// A provider of a chain.
pub struct Link<'a> {
    /// Whom to ask. Its name is the key of what is remembered of it.
    pub generator: &'a dyn AnyGenerator,
    /// Longest time of one try, whatever the client's own limits are.
    pub timeout_millis: u64,
    /// When it is left alone.
    pub breaker: BreakerSettings,
    /// Requests a minute, over everything that shares the [`Memory`].
    pub requests_per_minute: u32,
    /// What it costs.
    pub price: Price,
    /// Whether what it is sent leaves our hands, so that it is masked.
    pub is_outside: bool,
}

/// What holds for the whole chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainSettings {
    /// After as many milliseconds nobody else but the fallback is asked.
    pub total_millis: u64,
    /// Who wants to be left alone for longer is not tried again, but the next one.
    pub max_retry_millis: u64,
}

impl Default for ChainSettings {
    fn default() -> Self {
        Self {
            total_millis: 45_000,
            max_retry_millis: 2_000,
        }
    }
}

/// What is known of providers by their names: breakers and budgets. Only a cache; whoever makes a new one forgets that somebody is
/// broken.
#[derive(Debug, Default)]
pub struct Memory(RefCell<BTreeMap<String, (Breaker, Bucket)>>);

/// Looks at an answer, unmasked.
pub type Check<'a> = &'a dyn Fn(&str) -> Result<(), Flaw>;

/// Providers, and who is there when they are not.
pub struct Chain<'a, R, L> {
    /// In the order in which they are asked.
    pub links: Vec<Link<'a>>,
    /// Is asked last, for nothing, and unmasked: it is ours. What it writes is not checked.
    pub fallback: &'a dyn AnyGenerator,
    /// What holds for all.
    pub settings: ChainSettings,
    /// What is known of providers.
    pub memory: &'a Memory,
    /// The account's books.
    pub ledger: &'a L,
    /// What answers of providers must pass.
    pub check: Check<'a>,
    /// Time and chance.
    pub runtime: &'a R,
}

/// What is heard while a chain runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// A piece of the text.
    Text(&'a str),
    /// All pieces up to now are void: another text begins.
    Restart,
}

/// What became of a request.
#[derive(Debug)]
pub struct ChainRun {
    /// The text. An error only when the fallback failed, too.
    pub result: Result<Generated, GenerateError>,
    /// Every try and every provider that was left out, in order; for the log and for the account's usage.
    pub attempts: Vec<Attempt>,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Who was asked.
    pub provider: String,
    /// Which model.
    pub model: String,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub millis: u64,
    /// What it took and cost.
    pub spent: Spend,
    /// Whether that is an estimate.
    pub is_estimate: bool,
    /// Placeholders in the answer that the model made up; they are left out of it.
    pub n_invented: u32,
}

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The text that is returned.
    Answered,
    /// No text.
    Failed(Fault),
    /// A text that may not be used.
    Rejected(Flaw),
    /// It was not asked.
    Skipped(Skip),
}

/// Why somebody was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// It failed too often lately.
    BreakerOpen,
    /// Its requests of this minute are used up.
    RateBudget,
    /// The account's budget is used up.
    OverBudget,
    /// The account's books do not answer.
    NoLedger,
    /// The chain's time is up.
    NoTime,
}

/// What one try needs to know of the request.
struct Asked<'r> {
    /// As it came, and as it leaves.
    request: &'r GenerateRequest,
    outside: GenerateRequest,
    masked: Masked,
    into: Into,
    started_at: Timestamp,
}

/// What one try gave.
struct Tried {
    result: Result<Generated, GenerateError>,
    /// What it wrote, as it wrote it.
    n_written_tokens: u64,
    was_heard: bool,
    n_invented: u32,
}

impl<R: Runtime, L: Ledger> Chain<'_, R, L> {
    /// Has one text written. `names` are those of the people in it; whoever listens is told what to forget.
    pub async fn run(
        &self,
        request: &GenerateRequest,
        names: &Names,
        listen: &mut dyn FnMut(Heard<'_>),
    ) -> ChainRun {
        let (masked, outside) = mask_request(request, names);
        let asked = Asked {
            request,
            outside,
            masked,
            into: if request.response_schema.is_some() {
                Into::Json
            } else {
                Into::Text
            },
            started_at: self.runtime.now(),
        };
        let mut attempts = Vec::new();
        for link in &self.links {
            if let Some(generated) = self.ask(link, &asked, &mut attempts, listen).await {
                return ChainRun {
                    result: Ok(generated),
                    attempts,
                };
            }
        }
        let result = self.fall_back(request, &mut attempts, listen).await;
        ChainRun { result, attempts }
    }

    /// One provider, twice at most.
    async fn ask(
        &self,
        link: &Link<'_>,
        asked: &Asked<'_>,
        attempts: &mut Vec<Attempt>,
        listen: &mut dyn FnMut(Heard<'_>),
    ) -> Option<Generated> {
        let outgoing = asked.sent_to(link);
        let held = link.price.spend(estimate_request(outgoing));
        for is_second in [false, true] {
            if let Err(skip) = self.let_through(link, asked, &held).await {
                attempts.push(attempt(link.generator, Outcome::Skipped(skip), 0));
                return None;
            }
            let begun_at = self.runtime.now();
            let tried = self.try_once(link, asked, listen).await;
            let checked = tried.result.as_ref().map(|generated| {
                let checked = (self.check)(&generated.text);
                checked.map(|()| generated.clone())
            });
            let outcome = match &checked {
                Ok(Ok(_)) => Outcome::Answered,
                Ok(Err(flaw)) => Outcome::Rejected(*flaw),
                Err(error) => Outcome::Failed(error.fault),
            };
            let (spent, is_estimate) = spent(link, outgoing, &tried);
            attempts.push(Attempt {
                spent,
                is_estimate,
                n_invented: tried.n_invented,
                ..attempt(
                    link.generator,
                    outcome,
                    millis_since(self.runtime, begun_at),
                )
            });
            self.record(link, held, spent, is_estimate).await;
            self.remember(link, tried.result.as_ref().err());
            if let Ok(Ok(generated)) = checked {
                return Some(generated);
            }
            if tried.was_heard {
                listen(Heard::Restart);
            }
            let wait = self.wait_before_retry(asked, &tried);
            let wait = wait.filter(|_| !is_second)?;
            self.runtime.sleep(wait).await;
        }
        None
    }

    /// Whether a provider may be asked now. When it may, it counts as asked.
    async fn let_through(
        &self,
        link: &Link<'_>,
        asked: &Asked<'_>,
        held: &Spend,
    ) -> Result<(), Skip> {
        if self.millis_left(asked) == 0 {
            return Err(Skip::NoTime);
        }
        let name = link.generator.provider();
        // Before the ledger: who is broken holds no money back. And again behind it, since that is waited for.
        self.knock(link, name, false)?;
        match self.ledger.may_spend(held).await {
            Ok(true) => {}
            Ok(false) => return Err(Skip::OverBudget),
            Err(_) => return Err(Skip::NoLedger),
        }
        if let Err(skip) = self.knock(link, name, true) {
            self.record(link, *held, Spend::default(), false).await;
            return Err(skip);
        }
        Ok(())
    }

    /// Looks at the breaker, and when somebody goes `in`, takes a request out of the budget and begins it.
    fn knock(&self, link: &Link<'_>, name: &str, goes_in: bool) -> Result<(), Skip> {
        let now = self.runtime.now();
        let mut memory = self.memory.0.borrow_mut();
        let (breaker, bucket) = memory.entry(name.to_owned()).or_default();
        if breaker.is_open(now) {
            return Err(Skip::BreakerOpen);
        }
        if goes_in {
            if !bucket.take(link.requests_per_minute, now) {
                return Err(Skip::RateBudget);
            }
            breaker.begin(link.breaker, now);
        }
        Ok(())
    }

    async fn try_once(
        &self,
        link: &Link<'_>,
        asked: &Asked<'_>,
        listen: &mut dyn FnMut(Heard<'_>),
    ) -> Tried {
        let nothing = Masked::default();
        let masked = if link.is_outside {
            &asked.masked
        } else {
            &nothing
        };
        let mut unmask = masked.restorer(asked.into);
        let mut n_written_tokens = 0;
        let mut was_heard = false;
        let mut say = |text: &str| {
            if !text.is_empty() {
                was_heard = true;
                listen(Heard::Text(text));
            }
        };
        let mut on_text = |piece: &str| {
            n_written_tokens += estimate_tokens(piece);
            if link.is_outside {
                say(&unmask.push(piece));
            } else {
                say(piece);
            }
        };
        let wait = link.timeout_millis.min(self.millis_left(asked));
        let work = link.generator.generate(asked.sent_to(link), &mut on_text);
        let result = within(self.runtime, wait, work).await;
        let mut result = result.unwrap_or_else(|| Err(Fault::OutOfTime.into()));
        let mut n_invented = 0;
        if link.is_outside
            && let Ok(generated) = &mut result
        {
            say(&unmask.end());
            let restored = masked.restore(&generated.text, asked.into);
            (generated.text, n_invented) = (restored.text, restored.n_invented);
        }
        Tried {
            result,
            n_written_tokens,
            was_heard,
            n_invented,
        }
    }

    async fn record(&self, link: &Link<'_>, held: Spend, spent: Spend, is_estimate: bool) {
        let entry = Entry {
            provider: link.generator.provider().to_owned(),
            model: link.generator.model().to_owned(),
            held,
            spent,
            is_estimate,
        };
        self.ledger.record(&entry).await;
    }

    /// What the breaker learns. An answer that may not be used is an answer.
    fn remember(&self, link: &Link<'_>, error: Option<&GenerateError>) {
        let now = self.runtime.now();
        let mut memory = self.memory.0.borrow_mut();
        let (breaker, _) = memory
            .entry(link.generator.provider().to_owned())
            .or_default();
        match error {
            Some(error) if error.fault.is_providers() => {
                let wait = error.retry_after_millis;
                let wait = wait.filter(|wait| *wait > self.settings.max_retry_millis);
                breaker.failed(link.breaker, now, wait);
            }
            _ => breaker.succeeded(),
        }
    }

    /// Milliseconds until the same may be tried again, if it is worth it: nothing was heard yet, it may pass, and there is time.
    fn wait_before_retry(&self, asked: &Asked<'_>, tried: &Tried) -> Option<u64> {
        let error = tried.result.as_ref().err()?;
        let is_worth_it = error.fault.is_transient() && !tried.was_heard;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to the mean wait, twice"
        )]
        let jittered = (self.runtime.chance() * (2.0 * MEAN_WAIT_MILLIS)) as u64;
        let wait = error.retry_after_millis.unwrap_or(jittered);
        let fits = wait <= self.settings.max_retry_millis && wait < self.millis_left(asked);
        (is_worth_it && fits).then_some(wait)
    }

    fn millis_left(&self, asked: &Asked<'_>) -> u64 {
        let gone = millis_since(self.runtime, asked.started_at);
        self.settings.total_millis.saturating_sub(gone)
    }

    async fn fall_back(
        &self,
        request: &GenerateRequest,
        attempts: &mut Vec<Attempt>,
        listen: &mut dyn FnMut(Heard<'_>),
    ) -> Result<Generated, GenerateError> {
        let begun_at = self.runtime.now();
        let mut on_text = |piece: &str| listen(Heard::Text(piece));
        let result = self.fallback.generate(request, &mut on_text).await;
        let outcome = match &result {
            Ok(_) => Outcome::Answered,
            Err(error) => Outcome::Failed(error.fault),
        };
        let millis = millis_since(self.runtime, begun_at);
        attempts.push(attempt(self.fallback, outcome, millis));
        result
    }
}

impl Asked<'_> {
    fn sent_to(&self, link: &Link<'_>) -> &GenerateRequest {
        if link.is_outside {
            &self.outside
        } else {
            self.request
        }
    }
}

/// How long a retry waits on average when the provider does not say.
const MEAN_WAIT_MILLIS: f64 = 250.0;

/// What a try cost, and whether that is an estimate.
fn spent(link: &Link<'_>, sent: &GenerateRequest, tried: &Tried) -> (Spend, bool) {
    let said = match &tried.result {
        Ok(generated) => generated.usage,
        // What is said in the middle has the input, and not yet all of the output.
        Err(error) => error.usage.map(|usage| Usage {
            output_tokens: usage.output_tokens.max(tried.n_written_tokens),
            ..usage
        }),
    };
    let is_whole = tried.result.is_ok();
    if let Some(usage) = said {
        return (link.price.spend(usage), !is_whole);
    }
    let may_be_charged = tried
        .result
        .as_ref()
        .err()
        .is_none_or(|error| error.fault.may_be_charged());
    // Half a text may come before a fault that charges nothing by itself.
    if !may_be_charged && tried.n_written_tokens == 0 {
        return (Spend::default(), false);
    }
    let usage = Usage {
        output_tokens: tried.n_written_tokens,
        ..estimate_request(sent)
    };
    (link.price.spend(usage), true)
}

fn attempt(generator: &dyn AnyGenerator, outcome: Outcome, millis: u64) -> Attempt {
    Attempt {
        provider: generator.provider().to_owned(),
        model: generator.model().to_owned(),
        outcome,
        millis,
        spent: Spend::default(),
        is_estimate: false,
        n_invented: 0,
    }
}
