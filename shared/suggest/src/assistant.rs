//! The assistant for customers: what it does with a message in a chat, and in which words.
//!
//! It answers with an article's own sentences, each with its place, or gives the conversation to a person. It says nothing that
//! it has not read, and it would rather not answer than answer wrongly: it replies only from `min_confidence` on. What it does is
//! [`AssistantAnswer::action`], whatever the text says: an article with the words "I am transferring you" transfers nobody.

use edgedesk_analysis::person::asks_for_person;
use edgedesk_domain::analysis::RISK_ALERT;
use edgedesk_domain::assistant::HandOffReason;
use edgedesk_domain::suggestion::Citation;

use crate::actions::{calls_for_escalation, is_own_case};
use crate::answer::sources;
use crate::case::Case;
use crate::compose::body::Body;
use crate::compose::near::{
    MIN_COSINE, best_of_articles, is_other_language, parts_of_article, ranked,
};
use crate::compose::{OTHER_LANGUAGE_SHARE, is_compliment, phrases};
use crate::output::NextAction;
use crate::passage::Passage;
use crate::phrases::Phrases;
use crate::text::n_words;
use crate::validate::validate;

mod confidence;
mod small_talk;

use confidence::confidence;
use small_talk::SmallTalk;

/// Most words of an answer: who chats reads a few sentences, and an answer is to be of one article.
pub const MAX_WORDS: usize = 90;
/// Most words where the first thing that the article says is a longer list: half of its steps would be no help.
const MAX_WORDS_OF_LIST: usize = 140;
/// Words up to which a message that finds nothing is asked about once, before somebody else has to.
const FEW_WORDS: usize = 3;

/// What the assistant does with a customer's message.
#[derive(Debug, Clone, PartialEq)]
pub struct AssistantAnswer {
    /// What is done. It is this alone that counts, whatever the text says.
    pub action: NextAction,
    /// What the customer reads, plain; empty where a person goes on, of whom the conversation tells them itself.
    pub text: String,
    /// Its language, ISO 639-1.
    pub language: String,
    /// 0 to 1: how likely the nearest article answers; 0 where none was looked at. It is given with a hand-over, too.
    pub confidence: f64,
    /// What its statements rest on, in the order of the text; empty unless articles answer.
    pub citations: Vec<Citation>,
    /// Why a person has to answer: with [`NextAction::HandOff`], and only with it.
    pub hand_off: Option<HandOffReason>,
}

/// The reasons that are found here; the others are a conversation's own.
pub const REASONS: [HandOffReason; 7] = [
    HandOffReason::Requested,
    HandOffReason::Escalated,
    HandOffReason::OwnCase,
    HandOffReason::NoArticle,
    HandOffReason::NotSure,
    HandOffReason::SaidBefore,
    HandOffReason::Unsupported,
];

/// Answers a message, or hands it over. `passages` are what a search found for it, of more than one article if there are more: how far
/// the nearest is ahead is half of the confidence.
#[must_use]
pub fn answer(case: &Case, passages: &[Passage], min_confidence: f64) -> AssistantAnswer {
    if let Some(reason) = wants_person(case) {
        return hand_off(case, reason, 0.0);
    }
    let own = phrases(case, &[]);
    match small_talk::of(&case.text) {
        Some(SmallTalk::Greeting) => return said(NextAction::Ask, own, own.chat.greeting),
        Some(SmallTalk::Thanks) => return said(NextAction::Reply, own, own.chat.welcome),
        None if is_compliment(case) => {
            return AssistantAnswer {
                text: as_opening(own.kind_words),
                ..said(NextAction::Reply, own, own.kind_words)
            };
        }
        None => {}
    }
    let Some(found) = Found::of(case, passages) else {
        let asks = n_words(&case.text) <= FEW_WORDS && !is_said(case, own.ask_more);
        if asks {
            return said(NextAction::Ask, own, own.ask_more);
        }
        return hand_off(case, or_own_case(case, HandOffReason::NoArticle), 0.0);
    };
    let reason = if found.confidence < min_confidence {
        or_own_case(case, HandOffReason::NotSure)
    } else if is_said(case, &found.text) {
        HandOffReason::SaidBefore
    } else {
        let sources = sources(case, passages, &found.language);
        if validate(&found.text, Some(&found.language), &sources).is_empty() {
            return AssistantAnswer {
                action: NextAction::Reply,
                citations: found.body.citations(),
                text: found.text,
                language: found.language,
                confidence: found.confidence,
                hand_off: None,
            };
        }
        HandOffReason::Unsupported
    };
    hand_off(case, reason, found.confidence)
}

/// Why nothing is looked up at all.
fn wants_person(case: &Case) -> Option<HandOffReason> {
    let risk = case
        .analysis
        .as_ref()
        .map_or(0.0, |analysis| analysis.escalation_risk);
    if asks_for_person(&case.text) {
        Some(HandOffReason::Requested)
    } else if calls_for_escalation(case).is_some() {
        Some(HandOffReason::Escalated)
    } else {
        (risk > RISK_ALERT).then_some(HandOffReason::Escalated)
    }
}

/// An answer out of the nearest article.
struct Found<'a> {
    body: Body<'a>,
    text: String,
    language: String,
    confidence: f64,
}

impl<'a> Found<'a> {
    /// `None` where nothing is near, or nothing of it can stand in a message.
    fn of(case: &Case, passages: &'a [Passage]) -> Option<Self> {
        let ranked = ranked(case, passages);
        let articles = best_of_articles(&ranked);
        let nearest = articles.first()?;
        if nearest.similarity <= MIN_COSINE {
            return None;
        }
        let parts = parts_of_article(&ranked, nearest);
        let body = [MAX_WORDS, MAX_WORDS_OF_LIST]
            .into_iter()
            .map(|room| Body::of(&parts, room))
            .find(|body| !body.is_empty())?;
        let phrases = phrases(case, &parts);
        let other_language = is_other_language(nearest, case);
        let lead = if other_language {
            Some(phrases.other_language)
        } else {
            body.begins_with_list().then_some(phrases.lead)
        };
        let mut paragraphs: Vec<String> = lead.into_iter().map(str::to_owned).collect();
        paragraphs.extend(body.paragraphs());
        let sure = confidence(case, nearest, articles.get(1).copied());
        let share = if other_language {
            OTHER_LANGUAGE_SHARE
        } else {
            1.0
        };
        let language = nearest.language.as_deref().or_else(|| case.language());
        Some(Self {
            text: paragraphs.join("\n\n"),
            language: language.unwrap_or(phrases.language).to_owned(),
            confidence: sure * share,
            body,
        })
    }
}

/// Whether the account has said this in the conversation already.
fn is_said(case: &Case, text: &str) -> bool {
    let mut earlier = case.earlier.iter();
    earlier.any(|message| !message.by_customer && message.text == text)
}

fn or_own_case(case: &Case, reason: HandOffReason) -> HandOffReason {
    if is_own_case(case) {
        HandOffReason::OwnCase
    } else {
        reason
    }
}

fn hand_off(case: &Case, reason: HandOffReason, confidence: f64) -> AssistantAnswer {
    let phrases = phrases(case, &[]);
    AssistantAnswer {
        confidence,
        hand_off: Some(reason),
        ..said(NextAction::HandOff, phrases, "")
    }
}

/// A phrase, which states nothing.
fn said(action: NextAction, phrases: &Phrases, text: &str) -> AssistantAnswer {
    AssistantAnswer {
        action,
        text: text.to_owned(),
        language: phrases.language.to_owned(),
        confidence: 0.0,
        citations: Vec::new(),
        hand_off: None,
    }
}

/// With a capital: in some languages a phrase goes on behind a greeting's comma.
fn as_opening(phrase: &str) -> String {
    let mut chars = phrase.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

#[cfg(test)]
mod tests;
