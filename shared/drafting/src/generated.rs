//! Drafts of text generators: who is asked, what they are shown, and what becomes of what they say.
//!
//! Nobody is asked unless the account has switched that on, providers are configured, and there is an article to rest on. What leaves is
//! masked by the chain, with the names that the case knows; what comes back must be a reply of the agreed form and pass the guard. A
//! draft is checked like any other behind this ([`crate::writer::suggest_by`]).

use edgedesk_domain::analysis::{ModelRef, Reason};
use edgedesk_domain::ids::AccountId;
use edgedesk_generate::chain::{
    AnyGenerator, Attempt, Chain, ChainSettings, Memory, Outcome, Skip,
};
use edgedesk_generate::guard::Guard;
use edgedesk_generate::ledger::Ledger;
use edgedesk_generate::prompt::{Author, Prompt, Said, Secrets, Source};
use edgedesk_generate::reply::{Action, Reply};
use edgedesk_generate::settings::{EMBEDDED, Provider};
use edgedesk_generate::transport::Runtime;
use edgedesk_generate::{FinishReason, GenerateError, GenerateRequest, Generated, TextGenerator};
use edgedesk_masking::Names;
use edgedesk_suggest::answer::{COMPOSER_ID, COMPOSER_VERSION};
use edgedesk_suggest::compose::compose;
use edgedesk_suggest::output::NextAction;
use edgedesk_suggest::written::{Written, grounds};
use edgedesk_suggest::{Case, Passage};

use crate::instructions::instructions;
use crate::writer::{Asked, DraftWriter, Writing, reason};

/// Tokens of a reply: 200 words of a language that takes many tokens for one, the JSON around them, and some thinking.
const MAX_OUTPUT_TOKENS: u32 = 1_500;
/// Characters of a reply's text: 200 words of a language with long ones, and some more.
const MAX_TEXT_CHARS: usize = 3_000;
/// Longest name of a model as its provider gives it.
const MAX_MODEL_CHARS: usize = 80;

/// What a model may ask for. An agent sees each of them before anybody else does.
const ACTIONS: &[Action] = &[Action::Answer, Action::Ask, Action::HandOff];

/// The accounts' settings and books.
#[expect(
    async_fn_in_trait,
    reason = "the runtime has one thread; nobody asks for `Send`"
)]
pub trait Accounts {
    /// The books of one.
    type Books: Ledger;

    /// The books of an account, if it has switched generators on.
    async fn open(&self, account_id: AccountId) -> Result<Option<Self::Books>, String>;
}

/// A provider and the client that asks it.
pub struct Ready {
    /// As the configuration has it.
    pub provider: Provider,
    /// With its key.
    pub client: Box<dyn AnyGenerator>,
}

/// What came of one draft, for the log. Has no text of anybody's, and no key.
#[derive(Debug)]
pub struct Report<'a> {
    /// For which message.
    pub asked: Asked<'a>,
    /// Who was asked, in order, and what came of it; the last one is the composer where nobody else could.
    pub attempts: &'a [Attempt],
}

/// Has drafts written by the providers of a deployment.
pub struct Generators<'a, A, R> {
    /// In the order in which they are asked.
    pub providers: &'a [Ready],
    /// What is known of them.
    pub memory: &'a Memory,
    /// Settings and books.
    pub accounts: &'a A,
    /// Time and chance.
    pub runtime: &'a R,
    /// Bytes that nobody can guess.
    pub random: fn() -> [u8; 32],
    /// Hears of each draft.
    pub report: &'a dyn Fn(&Report<'_>),
}

impl<A: Accounts, R: Runtime> DraftWriter for Generators<'_, A, R> {
    async fn write(&self, asked: Asked<'_>) -> Writing {
        let (near, relevance) = grounds(asked.case, asked.passages);
        if self.providers.is_empty() || near.is_empty() {
            return Writing::default();
        }
        let books = match self.accounts.open(asked.account_id).await {
            Ok(Some(books)) => books,
            Ok(None) => return Writing::default(),
            Err(_) => {
                let text = "The account's books did not answer, so no generator was asked.";
                return Writing {
                    draft: None,
                    reasons: vec![reason("generator_no_books", text.to_owned())],
                };
            }
        };
        self.write_with(asked, &near, relevance, &books).await
    }
}

impl<A: Accounts, R: Runtime> Generators<'_, A, R> {
    async fn write_with(
        &self,
        asked: Asked<'_>,
        near: &[&Passage],
        relevance: f64,
        books: &A::Books,
    ) -> Writing {
        let case = asked.case;
        let language = language(case, near);
        let ids: Vec<String> = (1..=near.len()).map(|n| format!("place_{n}")).collect();
        let sources: Vec<Source<'_>> = near
            .iter()
            .zip(&ids)
            .map(|(passage, id)| Source {
                id,
                title: &passage.title,
                text: &passage.text,
            })
            .collect();
        let secrets = Secrets::new((self.random)());
        let request = request(case, &sources, &language, &secrets);
        let ours: Vec<&str> = case
            .earlier
            .iter()
            .filter(|message| !message.by_customer)
            .map(|message| message.text.as_str())
            .collect();
        let guard = Guard {
            instructions: &request.instructions,
            secrets: &secrets,
            sources: &sources,
            known: &ours,
            actions: ACTIONS,
            max_chars: MAX_TEXT_CHARS,
        };
        let check = |answer: &str| guard.reply(answer).map(|_| ());
        let composer = Composer {
            text: compose(case, asked.passages).text,
        };
        let links = self.providers.iter();
        let chain = Chain {
            links: links
                .map(|ready| ready.provider.link(ready.client.as_ref()))
                .collect(),
            fallback: &composer,
            settings: ChainSettings::default(),
            memory: self.memory,
            ledger: books,
            check: &check,
            runtime: self.runtime,
        };
        let run = chain.run(&request, &names(case), &mut |_| {}).await;
        (self.report)(&Report {
            asked,
            attempts: &run.attempts,
        });
        let mut reasons = failures(&run.attempts);
        let generated = run.result.ok();
        let Some(generated) = generated.filter(|generated| generated.provider != EMBEDDED) else {
            let text =
                "No generator gave a draft that can be used; the embedded composer wrote it.";
            reasons.push(reason("written_by_composer", text.to_owned()));
            return Writing {
                draft: None,
                reasons,
            };
        };
        let model = model_of(&generated, &run.attempts);
        // It passed the guard a moment ago; what it says is read once more rather than kept from there.
        let Some(reply) = Reply::parse(&generated.text) else {
            return Writing {
                draft: None,
                reasons,
            };
        };
        let action = match reply.action {
            Action::Answer => NextAction::Reply,
            Action::Ask => NextAction::Ask,
            Action::HandOff => {
                let text = format!("{} says that a person should take this over.", model.id);
                reasons.push(reason("generator_hand_off", text));
                return Writing {
                    draft: None,
                    reasons,
                };
            }
        };
        let cited = near.iter().zip(&ids);
        let written = Written {
            action,
            text: reply.text.trim().to_owned(),
            language,
            cited: cited
                .filter(|(_, id)| reply.citations.contains(id))
                .map(|(passage, _)| *passage)
                .collect(),
            relevance,
            by: model.id.clone(),
        };
        Writing {
            draft: Some((written.into_draft(case), model)),
            reasons,
        }
    }
}

/// The composer as the last of a chain. Its text is only heard: the draft itself is made with its places behind the chain.
struct Composer {
    text: String,
}

impl TextGenerator for Composer {
    fn provider(&self) -> &'static str {
        EMBEDDED
    }

    fn model(&self) -> &'static str {
        COMPOSER_ID
    }

    async fn generate(
        &self,
        _: &GenerateRequest,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<Generated, GenerateError> {
        on_text(&self.text);
        Ok(Generated {
            text: self.text.clone(),
            provider: EMBEDDED.to_owned(),
            model: format!("{COMPOSER_ID}@{COMPOSER_VERSION}"),
            usage: None,
            finish_reason: FinishReason::Stop,
        })
    }
}

fn request(
    case: &Case,
    sources: &[Source<'_>],
    language: &str,
    secrets: &Secrets,
) -> GenerateRequest {
    let variables = case.variables();
    let about: Vec<String> = [
        ("The customer's name", &variables.customer_name),
        ("The agent's name", &variables.agent_name),
        ("The ticket's number", &variables.ticket_number),
    ]
    .into_iter()
    .filter_map(|(what, value)| value.as_ref().map(|value| format!("{what}: {value}")))
    .collect();
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    let earlier = case.earlier.iter().map(|message| Said {
        author: if message.by_customer {
            Author::Customer
        } else {
            Author::Agent
        },
        text: &message.text,
    });
    let asked = Said {
        author: Author::Customer,
        text: &case.text,
    };
    let thread: Vec<Said<'_>> = earlier.chain([asked]).collect();
    Prompt {
        instructions: &instructions(case),
        about: &about,
        sources,
        thread: &thread,
        language,
        max_output_tokens: MAX_OUTPUT_TOKENS,
        temperature: None,
        stream: true,
    }
    .build(secrets)
}

/// The customer's language, or that of the nearest article.
fn language(case: &Case, near: &[&Passage]) -> String {
    let article = near.first().and_then(|passage| passage.language.as_deref());
    case.language().or(article).unwrap_or("en").to_owned()
}

/// The names that are known: what the customer and the agent are called, whether or not it reads like a name.
fn names(case: &Case) -> Names {
    let known = [&case.customer_name, &case.agent_name];
    Names::new(known.into_iter().flatten().map(String::as_str))
}

/// Provider and model as they were configured, and as its version what the provider says it was.
fn model_of(generated: &Generated, attempts: &[Attempt]) -> ModelRef {
    let asked = attempts.last().map_or("", |attempt| attempt.model.as_str());
    let said: String = (generated.model.chars())
        .filter(|character| !character.is_control())
        .take(MAX_MODEL_CHARS)
        .collect();
    ModelRef {
        id: format!("{}/{asked}", generated.provider),
        version: said,
    }
}

/// Who gave no draft, and why; for agents, each provider and reason once.
fn failures(attempts: &[Attempt]) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    for attempt in attempts {
        let who = format!("{}/{}", attempt.provider, attempt.model);
        let (code, text) = match attempt.outcome {
            Outcome::Answered => continue,
            Outcome::Failed(fault) => {
                ("generator_failed", format!("{who} gave no draft: {fault}."))
            }
            Outcome::Rejected(flaw) => (
                "generator_rejected",
                format!("A draft of {who} was not used: {flaw}."),
            ),
            Outcome::Skipped(skip) => {
                let why = match skip {
                    Skip::OverBudget => "the account's budget of this month is used up",
                    Skip::NoLedger => "the account's books did not answer",
                    Skip::RateBudget => "its requests of this minute are used up",
                    Skip::BreakerOpen => "it failed several times a moment ago",
                    Skip::NoTime => "there was no time left",
                };
                let code = match skip {
                    Skip::OverBudget => "generator_over_budget",
                    _ => "generator_skipped",
                };
                (code, format!("{who} was not asked: {why}."))
            }
        };
        if !reasons.iter().any(|known| known.text == text) {
            reasons.push(reason(code, text));
        }
    }
    reasons
}

#[cfg(test)]
mod tests;
