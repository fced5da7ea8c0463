//! The check that an analysis says what decided, how sure and why, before it is stored.

use edgedesk_domain::analysis::{Analysis, Reason};

/// An analysis that must not be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAnalysis {
    /// A number is outside its range or not a number.
    #[error("{field} is outside its range")]
    OutOfRange {
        /// Which.
        field: &'static str,
    },
    /// No reason is given.
    #[error("no reason is given")]
    NoReason,
    /// A reason has no code or no text.
    #[error("a reason has no code or no text")]
    EmptyReason,
    /// A part of the message that is marked is empty or turned around.
    #[error("a marked part of the message is empty")]
    BadSpan,
    /// The model's id or version is missing.
    #[error("the model or its version is missing")]
    NoModel,
}

/// Accepts an analysis whose numbers are in range and which carries confidence, reasons, model and version.
pub fn validate(analysis: &Analysis) -> Result<(), InvalidAnalysis> {
    let in_range = [
        ("escalation_risk", analysis.escalation_risk, 0.0, 1.0),
        ("confidence", analysis.confidence, 0.0, 1.0),
        (
            "sentiment.confidence",
            analysis.sentiment.confidence,
            0.0,
            1.0,
        ),
        ("sentiment.score", analysis.sentiment.score, -1.0, 1.0),
        ("elapsed_ms", analysis.elapsed_ms, 0.0, f64::MAX),
    ];
    for (field, value, low, high) in in_range {
        if !(low..=high).contains(&value) {
            return Err(InvalidAnalysis::OutOfRange { field });
        }
    }
    let probabilities = [
        ("intent", intent_scores(analysis)),
        (
            "emotions",
            analysis
                .emotions
                .iter()
                .map(|scored| scored.score)
                .collect(),
        ),
        (
            "categories",
            analysis
                .categories
                .iter()
                .map(|scored| scored.score)
                .collect(),
        ),
        (
            "urgency.score",
            analysis
                .urgency
                .iter()
                .map(|urgency| urgency.score)
                .collect(),
        ),
        (
            "language.confidence",
            analysis
                .language
                .iter()
                .map(|language| language.confidence)
                .collect(),
        ),
        (
            "reasons.weight",
            reasons(analysis).map(|reason| reason.weight).collect(),
        ),
    ];
    for (field, values) in probabilities {
        let values: Vec<f64> = values;
        if !values.iter().all(|value| (0.0..=1.0).contains(value)) {
            return Err(InvalidAnalysis::OutOfRange { field });
        }
    }
    if analysis.reasons.is_empty() {
        return Err(InvalidAnalysis::NoReason);
    }
    if reasons(analysis).any(|reason| reason.code.is_empty() || reason.text.is_empty()) {
        return Err(InvalidAnalysis::EmptyReason);
    }
    let entities = analysis
        .entities
        .iter()
        .map(|entity| (entity.start, entity.end));
    let spans =
        reasons(analysis).flat_map(|reason| reason.spans.iter().map(|span| (span.start, span.end)));
    if entities.chain(spans).any(|(start, end)| start >= end) {
        return Err(InvalidAnalysis::BadSpan);
    }
    if analysis.model.id.is_empty() || analysis.model.version.is_empty() {
        return Err(InvalidAnalysis::NoModel);
    }
    Ok(())
}

/// The reasons of the risk, the urgency and the priority.
fn reasons(analysis: &Analysis) -> impl Iterator<Item = &Reason> {
    let urgency = analysis.urgency.iter().flat_map(|urgency| &urgency.reasons);
    let priority = analysis
        .priority
        .iter()
        .flat_map(|priority| &priority.reasons);
    analysis.reasons.iter().chain(urgency).chain(priority)
}

fn intent_scores(analysis: &Analysis) -> Vec<f64> {
    analysis
        .intent
        .iter()
        .flat_map(|intent| {
            let others = intent
                .secondary
                .iter()
                .chain(&intent.act)
                .map(|scored| scored.score);
            others
                .chain([intent.confidence])
                .chain(intent.own.iter().map(|own| own.confidence))
        })
        .collect()
}
