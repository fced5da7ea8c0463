//! Several answers become at most three, best first, no two of them nearly the same.

use edgedesk_domain::ids::{IdSource, MacroId, SuggestionId};
use edgedesk_domain::macros::MacroKind;
use edgedesk_domain::suggestion::{Citation, MAX_SUGGESTIONS, Suggestion, SuggestionSource};

use crate::case::Variables;
use crate::compose::Draft;
use crate::macros::{Fit, acceptance_rate};
use crate::template::{Missing, Template};
use crate::text::{likeness, word_set};

/// Confidence below which a macro is noise.
const MIN_CONFIDENCE: f64 = 0.05;
/// From here on two answers are nearly the same.
const NEARLY_SAME: f64 = 0.8;
/// From here on the part of the evidence is worth a word.
const WORTH_A_WORD: f64 = 0.4;

/// Something that could be offered.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    source: SuggestionSource,
    title: String,
    text: String,
    confidence: f64,
    reason: String,
    macro_id: Option<MacroId>,
    citations: Vec<Citation>,
}

/// A macro that fits and cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// Values are missing.
    Missing(Missing),
    /// It is no template, or a macro that has variables: as it is, the customer would read the braces.
    Unreadable,
}

impl Offer {
    /// A macro as it is, or a template with its values.
    pub fn of_macro(fit: &Fit<'_>, values: &Variables) -> Result<Self, Unusable> {
        let entry = fit.entry;
        let template = Template::parse(&entry.text).map_err(|_| Unusable::Unreadable)?;
        let source = match entry.kind {
            MacroKind::Macro if template.variables().is_empty() => SuggestionSource::Macro,
            MacroKind::Macro => return Err(Unusable::Unreadable),
            MacroKind::Template => SuggestionSource::Template,
        };
        Ok(Self {
            source,
            title: entry.title.clone(),
            text: template.fill(values).map_err(Unusable::Missing)?,
            confidence: fit.confidence,
            reason: why(fit),
            macro_id: Some(entry.id),
            citations: Vec::new(),
        })
    }

    /// A draft.
    #[must_use]
    pub fn of_draft(draft: &Draft) -> Self {
        let reasons: Vec<&str> = draft
            .reasons
            .iter()
            .map(|reason| reason.text.as_str())
            .collect();
        Self {
            source: SuggestionSource::Draft,
            title: draft.title.clone(),
            text: draft.text.clone(),
            confidence: draft.confidence,
            reason: reasons.join(" "),
            macro_id: None,
            citations: draft.citations.clone(),
        }
    }
}

/// At most [`MAX_SUGGESTIONS`], by falling confidence; of equally sure ones, the earlier. A draft that articles stand behind is always
/// among them: it is the only one that is written for this message.
#[must_use]
pub fn rank(offers: Vec<Offer>, ids: &impl IdSource) -> Vec<Suggestion> {
    let is_draft = |offer: &Offer| offer.source == SuggestionSource::Draft;
    let mut offers = offers;
    offers.retain(|offer| is_draft(offer) || offer.confidence >= MIN_CONFIDENCE);
    offers.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut kept: Vec<Offer> = Vec::new();
    for offer in offers {
        let words = word_set(&offer.text);
        let is_new = kept
            .iter()
            .all(|other| likeness(&word_set(&other.text), &words) < NEARLY_SAME);
        if !is_new {
            continue;
        }
        if kept.len() < MAX_SUGGESTIONS {
            kept.push(offer);
        } else if is_draft(&offer) && !offer.citations.is_empty() {
            kept.pop();
            kept.push(offer);
        }
    }
    kept.into_iter()
        .map(|offer| Suggestion {
            id: SuggestionId::generate(ids),
            source: offer.source,
            title: offer.title,
            text: offer.text,
            confidence: offer.confidence.clamp(0.0, 1.0),
            reason: offer.reason,
            macro_id: offer.macro_id,
            citations: offer.citations,
        })
        .collect()
}

/// One sentence of what speaks for a macro.
fn why(fit: &Fit<'_>) -> String {
    let evidence = &fit.evidence;
    let speaks = |part: Option<f64>| part.is_some_and(|part| part >= WORTH_A_WORD);
    let mut said = Vec::new();
    if speaks(evidence.intent) {
        said.push("it is for what the customer wants");
    }
    if speaks(evidence.meaning) {
        said.push("its meaning is near");
    }
    if speaks(Some(evidence.words)) {
        said.push("it has the message's words");
    }
    if speaks(evidence.category) {
        said.push("it is for this category");
    }
    let said = match said.as_slice() {
        [] => "The nearest of the macros".to_owned(),
        [one] => format!("Offered because {one}"),
        [first @ .., last] => format!("Offered because {} and {last}", first.join(", ")),
    };
    let outcomes = fit.entry.outcomes;
    let n = outcomes.n_accepted + outcomes.n_edited + outcomes.n_rejected;
    if n == 0 {
        return format!("{said}.");
    }
    let sent = outcomes.n_accepted + outcomes.n_edited;
    let rate = 100.0 * acceptance_rate(outcomes);
    format!("{said}; it was sent {sent} of {n} times when decided on (counted as {rate:.0} %).")
}

#[cfg(test)]
mod tests;
