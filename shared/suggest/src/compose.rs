//! The embedded composer: a draft out of an account's articles, without any language model.
//!
//! What a draft states is an article's own sentence, as it is, with its place. What is around it, greeting, thanks, questions and
//! closing, are [`Phrases`], which state nothing. So a draft can be off the point, and never wrong about a fact that the articles have right.

use edgedesk_domain::analysis::Reason;
use edgedesk_domain::conversation::Priority;
use edgedesk_domain::macros::SuggestionOutcomes;
use edgedesk_domain::suggestion::Citation;

use crate::actions::{calls_for_escalation, is_own_case, misses_order_number};
use crate::case::Case;
use crate::macros::moved;
use crate::output::NextAction;
use crate::passage::Passage;
use crate::phrases::Phrases;
use crate::text::n_words;

pub(crate) mod body;
pub(crate) mod near;

use body::Body;
pub(crate) use near::Near;
pub use near::{MAX_ARTICLES, MIN_RELEVANCE};

/// Most words of a draft, and of one to somebody who is in a hurry or angry.
pub const MAX_WORDS: usize = 200;
const MAX_WORDS_SHORT: usize = 150;
/// Confidence of a draft that no article stands behind.
const NO_SOURCE_CONFIDENCE: f64 = 0.15;
/// What a body in another language than the customer's takes from the confidence.
pub(crate) const OTHER_LANGUAGE_SHARE: f64 = 0.4;
/// Confidence of a draft that only says thanks.
const THANKS_CONFIDENCE: f64 = 0.6;
/// Words up to which a message says too little to be answered well.
const FEW_WORDS: usize = 5;

/// A draft and where it is from.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What is to be done: [`NextAction::Ask`] where something is missing.
    pub action: NextAction,
    /// The whole text, plain.
    pub text: String,
    /// What it is about: the first article's title.
    pub title: String,
    /// ISO 639-1.
    pub language: String,
    /// 0 to 1: how likely an agent would send it.
    pub confidence: f64,
    /// What its statements rest on, in the order of the text.
    pub citations: Vec<Citation>,
    /// Why it is as it is, for agents. Never empty.
    pub reasons: Vec<Reason>,
}

/// Writes a draft. Without a passage that is near enough, it says that somebody looks into it, and asks for what is missing.
#[must_use]
pub fn compose(case: &Case, passages: &[Passage]) -> Draft {
    let thanks_only = is_compliment(case);
    let passages = if thanks_only { &[] } else { passages };
    let Near {
        passages: near,
        relevance,
    } = Near::of(case, passages);
    let phrases = phrases(case, &near);
    let frame = Frame::of(case, phrases, thanks_only, !near.is_empty());
    let most = if frame.is_short {
        MAX_WORDS_SHORT
    } else {
        MAX_WORDS
    };
    let title = near.first().map(|passage| passage.title.as_str());
    let room = most.saturating_sub(frame.n_words(title));
    let body = Body::of(&near, room);
    if body.is_empty() && !near.is_empty() {
        // Near enough, but nothing in it can stand in a letter.
        return compose(case, &[]);
    }

    let other_language = body.is_in_other_language(case);
    let text = frame.text(case, &body, other_language);
    let title = title.filter(|_| !body.is_empty());
    Draft {
        action: if frame.asks {
            NextAction::Ask
        } else {
            NextAction::Reply
        },
        text,
        title: title.map_or_else(|| "A short reply".to_owned(), str::to_owned),
        language: phrases.language.to_owned(),
        confidence: confidence(
            relevance,
            &body,
            thanks_only,
            other_language,
            case.draft_outcomes,
        ),
        reasons: reasons(&body, thanks_only, other_language, case),
        citations: body.citations(),
    }
}

/// Those of the customer's language, of the nearest article's, or English.
pub(crate) fn phrases(case: &Case, near: &[&Passage]) -> &'static Phrases {
    let article = near.first().and_then(|passage| passage.language.as_deref());
    let mut languages = case.language().into_iter().chain(article);
    languages
        .find_map(Phrases::of)
        .unwrap_or_else(Phrases::english)
}

/// Nothing is asked, and nobody is to be told how things work.
pub(crate) fn is_compliment(case: &Case) -> bool {
    case.is_positive() && case.act() == Some("compliment")
}

/// What is around the statements.
struct Frame {
    phrases: &'static Phrases,
    greeting: String,
    opening: Vec<&'static str>,
    /// Before statements that follow an apology.
    lead: Option<&'static str>,
    /// Behind the statements: what is still to be checked, and what is missing.
    behind: Vec<&'static str>,
    /// Whether a way to go on is offered.
    goes_on: bool,
    closing: &'static str,
    asks: bool,
    is_short: bool,
}

impl Frame {
    fn of(case: &Case, phrases: &'static Phrases, thanks_only: bool, has_body: bool) -> Self {
        let negative = case.is_negative();
        let pressing = case.priority() == Priority::Urgent;
        let intent = case.intent();
        let mut opening = Vec::new();
        if thanks_only {
            opening.push(phrases.kind_words);
        } else if negative {
            opening.push(phrases.sorry.of(intent));
        } else {
            opening.push(phrases.thanks.of(intent));
        }
        if pressing {
            opening.push(phrases.urgent);
        }
        let escalates = calls_for_escalation(case).is_some()
            || negative && intent == Some("feedback") && !thanks_only;
        let mut behind = Vec::new();
        if !has_body && !thanks_only && !escalates {
            behind.push(phrases.looking);
        }
        let asks = !thanks_only && ask(case, phrases, has_body, &mut behind);
        if escalates {
            behind.push(phrases.passed_on);
        }
        let warm = case.is_positive() && !pressing;
        Self {
            phrases,
            greeting: greeting(case, phrases, warm, negative || pressing),
            opening,
            lead: (negative && has_body).then_some(phrases.lead),
            behind,
            goes_on: has_body,
            closing: if warm {
                phrases.warm_closing
            } else {
                phrases.closing
            },
            asks,
            is_short: negative || pressing,
        }
    }

    /// Its words, the name of an article and of whoever writes among them.
    fn n_words(&self, title: Option<&str>) -> usize {
        let more = if self.goes_on {
            n_words(self.phrases.more) + n_words(self.phrases.reply)
        } else {
            0
        };
        let parts = self.opening.iter().chain(&self.behind).chain(&self.lead);
        n_words(&self.greeting)
            + parts.map(|part| n_words(part)).sum::<usize>()
            + more
            + title.map_or(0, n_words)
            + n_words(self.closing)
    }

    fn text(&self, case: &Case, body: &Body<'_>, other_language: bool) -> String {
        let phrases = self.phrases;
        let mut opening = self.opening.join(" ");
        let lead = if other_language {
            Some(phrases.other_language)
        } else if body.begins_with_list() {
            Some(phrases.lead)
        } else {
            self.lead
        };
        if let Some(lead) = lead.filter(|_| !body.is_empty()) {
            opening.push(' ');
            opening.push_str(lead);
        }
        let mut paragraphs = vec![self.greeting.clone(), opening];
        paragraphs.extend(body.paragraphs());
        if !self.behind.is_empty() {
            paragraphs.push(self.behind.join(" "));
        }
        if let Some(title) = body.title().filter(|_| self.goes_on) {
            let more = phrases.more.replace("{title}", title);
            paragraphs.push(format!("{more} {}", phrases.reply));
        }
        let variables = case.variables();
        let mut closing = vec![self.closing];
        closing.extend(variables.agent_name.as_deref());
        closing.extend(variables.account_name.as_deref());
        paragraphs.push(closing.join("\n"));
        paragraphs.join("\n\n")
    }
}

/// What is missing, and what must not be sent. Whether something is asked for.
fn ask(
    case: &Case,
    phrases: &'static Phrases,
    has_body: bool,
    behind: &mut Vec<&'static str>,
) -> bool {
    let intent = case.intent();
    let about_money = matches!(intent, Some("refund_request" | "billing_inquiry"))
        || case.is_about(&["billing", "refunds"]);
    let n_before = behind.len();
    let mut asks = false;
    if about_money && has_body && is_own_case(case) {
        behind.push(phrases.money);
    }
    if misses_order_number(case) {
        behind.push(phrases.ask_order);
        asks = true;
    } else if intent == Some("technical_support") {
        behind.push(phrases.ask_fault);
        asks = true;
    } else if !has_body && n_words(&case.text) <= FEW_WORDS && n_before < 2 {
        behind.push(phrases.ask_more);
        asks = true;
    }
    if intent == Some("account_access") || case.is_about(&["account", "security"]) {
        behind.push(phrases.secret);
    }
    asks
}

fn greeting(case: &Case, phrases: &Phrases, warm: bool, formal: bool) -> String {
    let variables = case.variables();
    let full = variables.customer_name;
    let first = variables.customer_first_name.or_else(|| full.clone());
    let (name, with_name, without) = if formal {
        (full, phrases.formal_name, phrases.hello)
    } else if warm {
        (first, phrases.warm_name, phrases.warm)
    } else {
        (first, phrases.hello_name, phrases.hello)
    };
    name.map_or_else(
        || without.to_owned(),
        |name| with_name.replace("{name}", &name),
    )
}

fn confidence(
    relevance: f64,
    body: &Body<'_>,
    thanks_only: bool,
    other_language: bool,
    outcomes: SuggestionOutcomes,
) -> f64 {
    let right = if thanks_only {
        THANKS_CONFIDENCE
    } else if body.is_empty() {
        NO_SOURCE_CONFIDENCE
    } else {
        relevance
    };
    let share = if other_language {
        OTHER_LANGUAGE_SHARE
    } else {
        1.0
    };
    moved(right * share, outcomes)
}

fn reasons(body: &Body<'_>, thanks_only: bool, other_language: bool, case: &Case) -> Vec<Reason> {
    let reason = |code: &str, text: String| Reason {
        code: code.to_owned(),
        text,
        weight: 0.0,
        spans: Vec::new(),
    };
    let mut reasons = Vec::new();
    if thanks_only {
        let text = "The message only says something kind, so the draft only says thanks.";
        reasons.push(reason("kind_words", text.to_owned()));
    } else if body.is_empty() {
        let text = "No article is near enough to the message, so the draft says that somebody looks into it.";
        reasons.push(reason("no_source", text.to_owned()));
    } else {
        let titles = body.titles().map(|title| format!("“{title}”"));
        let titles = titles.collect::<Vec<_>>().join(", ");
        reasons.push(reason(
            "from_articles",
            format!("Its statements are sentences of {titles}."),
        ));
    }
    if other_language {
        let written = body.language().unwrap_or("another language");
        let asked = case.language().unwrap_or("another one");
        reasons.push(reason(
            "other_language",
            format!("The customer writes in {asked} and the article is in {written}; nothing is translated."),
        ));
    }
    if misses_order_number(case) && !thanks_only {
        let text = "It asks for the order's number, which the conversation does not name.";
        reasons.push(reason("asks_for_order", text.to_owned()));
    }
    reasons
}

#[cfg(test)]
mod tests;
