//! The crate's one entry: a message and what belongs to it in, suggestions out.

use std::collections::BTreeSet;

use edgedesk_domain::analysis::{ModelRef, Reason};
use edgedesk_domain::ids::IdSource;
use edgedesk_domain::suggestion::{RecommendedAction, Suggestion};

use crate::actions::recommended_actions;
use crate::case::Case;
use crate::compose::{Draft, compose};
use crate::extract::elements;
use crate::macros::{MacroCandidate, rank_macros};
use crate::passage::Passage;
use crate::phrases::Phrases;
use crate::rank::{Offer, Unusable, rank};
use crate::validate::{Finding, Sources, validate};

/// What wrote a draft of [`compose`], as events and results name it.
pub const COMPOSER_ID: &str = "edgedesk-composer";
/// Its version: another one whenever the same input may give another draft.
pub const COMPOSER_VERSION: &str = "1";
/// Macros that are looked at for three suggestions: some cannot be filled, some are nearly the same.
const MACROS_LOOKED_AT: usize = 8;

/// All that is offered for one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggested {
    /// At most three, best first; empty when nothing fits.
    pub suggestions: Vec<Suggestion>,
    /// What else could be done, the surest first.
    pub actions: Vec<RecommendedAction>,
    /// The draft's language, ISO 639-1; absent when there is none.
    pub language: Option<String>,
    /// What wrote the draft.
    pub model: ModelRef,
    /// Why the draft is as it is, or why there is none, and which macros fit and could not be filled.
    pub reasons: Vec<Reason>,
    /// What the draft states without a source: it is not among the suggestions then.
    pub findings: Vec<Finding>,
}

/// Suggestions for a message, with a draft of the embedded composer. The same input gives the same answer but for the ids.
#[must_use]
pub fn suggest(
    case: &Case,
    macros: &[MacroCandidate],
    passages: &[Passage],
    ids: &impl IdSource,
) -> Suggested {
    let model = ModelRef {
        id: COMPOSER_ID.to_owned(),
        version: COMPOSER_VERSION.to_owned(),
    };
    suggest_with(case, macros, passages, compose(case, passages), model, ids)
}

/// Suggestions for a message, with a draft that something else has written. It is checked like any other.
#[must_use]
pub fn suggest_with(
    case: &Case,
    macros: &[MacroCandidate],
    passages: &[Passage],
    draft: Draft,
    model: ModelRef,
    ids: &impl IdSource,
) -> Suggested {
    let mut reasons = draft.reasons.clone();
    let mut offers = Vec::new();
    let values = case.variables();
    for fit in rank_macros(case, macros).iter().take(MACROS_LOOKED_AT) {
        match Offer::of_macro(fit, &values) {
            Ok(offer) => offers.push(offer),
            Err(unusable) => reasons.push(left_out(&fit.entry.title, &unusable)),
        }
    }
    let sources = sources(case, passages, &draft.language);
    let findings = validate(&draft.text, Some(&draft.language), &sources);
    if findings.is_empty() {
        offers.push(Offer::of_draft(&draft));
    } else {
        reasons.push(blocked(&findings));
    }
    Suggested {
        suggestions: rank(offers, ids),
        actions: recommended_actions(case),
        language: findings.is_empty().then_some(draft.language),
        model,
        reasons,
        findings,
    }
}

/// What a draft for a case may rest on: the passages and their articles, the phrases of its language, the values of the variables, and,
/// for what may be repeated, what the customer wrote.
#[must_use]
pub fn sources(case: &Case, passages: &[Passage], language: &str) -> Sources {
    let mut trusted = Vec::new();
    let mut seen = BTreeSet::new();
    for passage in passages {
        trusted.push(passage.text.clone());
        if !seen.insert((passage.article_id, passage.version)) {
            continue;
        }
        trusted.push(passage.title.clone());
        if let Some(markdown) = &passage.markdown {
            trusted.extend(elements(markdown).into_iter().map(|element| element.text));
        }
    }
    trusted.extend(case.variables().values().map(str::to_owned));
    if let Some(phrases) = Phrases::of(language) {
        trusted.extend(phrases.all().into_iter().map(str::to_owned));
    }
    // What the account wrote before is its own word; it may be repeated, links and promises included.
    let (theirs, ours): (Vec<_>, Vec<_>) =
        case.earlier.iter().partition(|message| message.by_customer);
    trusted.extend(ours.into_iter().map(|message| message.text.clone()));
    let mut customer: Vec<String> = theirs
        .into_iter()
        .map(|message| message.text.clone())
        .collect();
    customer.push(case.text.clone());
    Sources { trusted, customer }
}

fn left_out(title: &str, unusable: &Unusable) -> Reason {
    let (code, why) = match unusable {
        Unusable::Missing(missing) => ("missing_value", missing.to_string()),
        Unusable::Unreadable => (
            "unreadable_macro",
            "it has variables that cannot be filled".to_owned(),
        ),
    };
    reason(code, format!("“{title}” fits and is left out: {why}."))
}

fn blocked(findings: &[Finding]) -> Reason {
    let all: Vec<String> = findings
        .iter()
        .map(|finding| format!("{} “{}”", finding.kind.as_str(), finding.text))
        .collect();
    let text = format!("The draft is held back: no source has {}.", all.join(", "));
    reason("unsupported", text)
}

fn reason(code: &str, text: String) -> Reason {
    Reason {
        code: code.to_owned(),
        text,
        weight: 0.0,
        spans: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
