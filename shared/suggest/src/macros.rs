//! Which of an account's macros fits a message.
//!
//! Three things speak for a macro: what it means (its embedding's similarity), the words that it shares with the message, and the labels
//! that it and the message have in common. Their weighted mean is the score. How sure that is, is said by all macros together: one that
//! is hardly better than the next is no sure thing. What agents did with a macro so far moves the result.

use std::collections::BTreeMap;

use edgedesk_domain::macros::{Macro, SuggestionOutcomes};
use edgedesk_search::terms::{Word, words};

use crate::case::Case;

/// A macro that may be offered, and how near its meaning is to the message's.
#[derive(Debug, Clone, PartialEq)]
pub struct MacroCandidate {
    /// The macro.
    pub entry: Macro,
    /// The cosine of its embedding (title and text) with the message's, -1 to 1; absent where there is none.
    pub similarity: Option<f64>,
}

/// How well a macro fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit<'a> {
    /// The macro.
    pub entry: &'a Macro,
    /// 0 to 1: the weighted mean of what speaks for it.
    pub score: f64,
    /// 0 to 1: how likely it is the right one among the account's; those of one message sum to at most 1 before outcomes count.
    pub confidence: f64,
    /// What speaks for it.
    pub evidence: Evidence,
}

/// What speaks for a macro, each 0 to 1; absent where nothing can be said.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Evidence {
    /// How near its meaning is.
    pub meaning: Option<f64>,
    /// The share of the message's telling words that it has.
    pub words: f64,
    /// The probability of the likeliest intent that it names.
    pub intent: Option<f64>,
    /// The probability of the likeliest category that it names.
    pub category: Option<f64>,
}

// The weights were chosen on the training rows of `eval drafts`; see docs/decisions/0042-embedded-composer.md.
const MEANING_WEIGHT: f64 = 0.7;
const WORDS_WEIGHT: f64 = 0.1;
const INTENT_WEIGHT: f64 = 0.1;
const CATEGORY_WEIGHT: f64 = 0.05;
/// How much a better score counts against the others, which was fitted there, too.
const SHARPNESS: f64 = 26.0;
/// The score that "none of them" has. Every row there has a right macro, so it is no fit, but what the nearest macro of a message about
/// something else has.
const NOTHING_FITS: f64 = 0.35;

/// How often something is sent of which nothing is known, and how many decisions that guess is worth (a Beta prior).
const PRIOR_RATE: f64 = 0.4;
const PRIOR_DECISIONS: f64 = 5.0;
/// What an answer counts that was sent after changes.
const EDITED_WORTH: f64 = 0.5;
/// How much outcomes move a confidence, in units of its log odds, and at most.
const OUTCOME_WEIGHT: f64 = 0.5;
const MAX_OUTCOME_LIFT: f64 = 1.5;

/// The macros that may be sent to whoever wrote, best first; of equally good ones that with the smaller id. One in another language or
/// for other channels is left out.
#[must_use]
pub fn rank_macros<'a>(case: &Case, candidates: &'a [MacroCandidate]) -> Vec<Fit<'a>> {
    let fitting: Vec<&MacroCandidate> = candidates
        .iter()
        .filter(|candidate| may_be_sent(&candidate.entry, case))
        .collect();
    let vocabulary = Vocabulary::of(&fitting);
    let asked = words(&case.text);
    let mut fits: Vec<Fit> = fitting
        .iter()
        .enumerate()
        .map(|(place, candidate)| {
            let evidence = Evidence {
                meaning: candidate
                    .similarity
                    .filter(|cosine| cosine.is_finite())
                    .map(|cosine| cosine.clamp(0.0, 1.0)),
                words: vocabulary.share(&asked, place),
                intent: intent(&candidate.entry, case),
                category: category(&candidate.entry, case),
            };
            Fit {
                entry: &candidate.entry,
                score: evidence.score(),
                confidence: 0.0,
                evidence,
            }
        })
        .collect();
    let weight = |score: f64| (SHARPNESS * score).exp();
    let all = fits.iter().map(|fit| weight(fit.score)).sum::<f64>() + weight(NOTHING_FITS);
    for fit in &mut fits {
        fit.confidence = moved(weight(fit.score) / all, fit.entry.outcomes);
    }
    fits.sort_by(|a, b| {
        let by_confidence = b.confidence.total_cmp(&a.confidence);
        by_confidence.then(a.entry.id.cmp(&b.entry.id))
    });
    fits
}

/// How often something is sent, 0 to 1, guessed from what became of it so far: the mean of a Beta distribution.
#[must_use]
pub fn acceptance_rate(outcomes: SuggestionOutcomes) -> f64 {
    let sent = f64::from(outcomes.n_accepted) + EDITED_WORTH * f64::from(outcomes.n_edited);
    let n = n_decided(outcomes);
    (sent + PRIOR_RATE * PRIOR_DECISIONS) / (n + PRIOR_DECISIONS)
}

/// A confidence after what became of it so far. One of which nothing is known stays as it is.
#[must_use]
pub fn moved(confidence: f64, outcomes: SuggestionOutcomes) -> f64 {
    if n_decided(outcomes) < 0.5 {
        return confidence;
    }
    let lift = OUTCOME_WEIGHT * (log_odds(acceptance_rate(outcomes)) - log_odds(PRIOR_RATE));
    let lift = lift.clamp(-MAX_OUTCOME_LIFT, MAX_OUTCOME_LIFT);
    1.0 / (1.0 + (-(log_odds(confidence) + lift)).exp())
}

fn n_decided(outcomes: SuggestionOutcomes) -> f64 {
    f64::from(outcomes.n_accepted) + f64::from(outcomes.n_edited) + f64::from(outcomes.n_rejected)
}

fn log_odds(probability: f64) -> f64 {
    let inside = probability.clamp(1e-9, 1.0 - 1e-9);
    (inside / (1.0 - inside)).ln()
}

fn may_be_sent(entry: &Macro, case: &Case) -> bool {
    let in_language = match (&entry.language, case.language()) {
        (Some(language), Some(wanted)) => language == wanted,
        _ => true,
    };
    in_language && (entry.channels.is_empty() || entry.channels.contains(&case.channel))
}

/// The probability of the likeliest intent that a macro names: the model's, or the account's own by its id or name.
fn intent(entry: &Macro, case: &Case) -> Option<f64> {
    let intent = case.analysis.as_ref()?.intent.as_ref()?;
    if entry.intents.is_empty() {
        return None;
    }
    let names = |label: &str| entry.intents.iter().any(|name| name == label);
    let primary = names(&intent.primary).then_some(intent.confidence);
    let secondary = intent.secondary.iter();
    let secondary = secondary
        .filter(|scored| names(&scored.label))
        .map(|scored| scored.score);
    let own = intent
        .own
        .as_ref()
        .filter(|own| names(&own.intent_id.to_string()) || names(&own.name));
    let own = own.map(|own| own.confidence);
    let found = primary.into_iter().chain(secondary).chain(own);
    Some(found.fold(0.0, f64::max))
}

fn category(entry: &Macro, case: &Case) -> Option<f64> {
    let analysis = case.analysis.as_ref()?;
    if entry.categories.is_empty() {
        return None;
    }
    let named = analysis.categories.iter();
    let named = named.filter(|scored| entry.categories.contains(&scored.category));
    Some(named.map(|scored| scored.score).fold(0.0, f64::max))
}

impl Evidence {
    /// The weighted mean of what can be said.
    fn score(&self) -> f64 {
        let parts = [
            (MEANING_WEIGHT, self.meaning),
            (WORDS_WEIGHT, Some(self.words)),
            (INTENT_WEIGHT, self.intent),
            (CATEGORY_WEIGHT, self.category),
        ];
        let known = || {
            parts
                .iter()
                .filter_map(|(weight, part)| Some((*weight, (*part)?)))
        };
        let total: f64 = known().map(|(weight, _)| weight).sum();
        let score: f64 = known().map(|(weight, part)| weight * part).sum();
        (score / total).clamp(0.0, 1.0)
    }
}

/// The words of an account's macros, and how much each tells them apart.
struct Vocabulary {
    /// Of each macro, in their order.
    words: Vec<Vec<Word>>,
    n_macros_with: BTreeMap<String, u32>,
}

impl Vocabulary {
    fn of(candidates: &[&MacroCandidate]) -> Self {
        let words: Vec<Vec<Word>> = candidates
            .iter()
            .map(|candidate| words(&own_words(&candidate.entry)))
            .collect();
        let mut n_macros_with = BTreeMap::new();
        for word in words.iter().flatten() {
            *n_macros_with.entry(word.text.clone()).or_default() += 1;
        }
        Self {
            words,
            n_macros_with,
        }
    }

    /// The share of a message's words that a macro has, each counted by how much it tells macros apart; words that no macro has tell
    /// nothing.
    fn share(&self, asked: &[Word], place: usize) -> f64 {
        let Some(own) = self.words.get(place) else {
            return 0.0;
        };
        let (mut has, mut all) = (0.0, 0.0);
        for word in asked {
            let weight = self.weight(word);
            all += weight;
            if own.iter().any(|other| is_same(word, other)) {
                has += weight;
            }
        }
        if all > 0.0 { has / all } else { 0.0 }
    }

    /// The inverse document frequency of a word; 0 for one in no macro, or in all.
    fn weight(&self, word: &Word) -> f64 {
        let n: u32 = match self.n_macros_with.get(&word.text) {
            Some(n) => *n,
            None => self
                .words
                .iter()
                .filter(|own| own.iter().any(|other| is_same(word, other)))
                .count()
                .try_into()
                .unwrap_or(u32::MAX),
        };
        if n == 0 {
            return 0.0;
        }
        (self.words.len() as f64 / f64::from(n)).ln().max(0.0)
    }
}

/// Equal up to the ending that was left out: `delet` of `delete` is the beginning of `deleti` of `deleting`.
fn is_same(one: &Word, other: &Word) -> bool {
    one.text == other.text
        || one.is_beginning
            && other.is_beginning
            && (one.text.starts_with(&other.text) || other.text.starts_with(&one.text))
}

/// What a macro says itself: its title, and its text without variables.
fn own_words(entry: &Macro) -> String {
    let text = crate::template::Template::parse(&entry.text)
        .map_or_else(|_| entry.text.clone(), |template| template.words_alone());
    format!("{}\n{text}", entry.title)
}

#[cfg(test)]
mod tests;
