//! The check that an analysis says what decided, how sure and why, before it is stored.

use edgedesk_domain::analysis::Analysis;

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
    let intents = analysis.intent.iter().flat_map(|intent| &intent.secondary);
    if !analysis
        .emotions
        .iter()
        .chain(intents)
        .all(|scored| (0.0..=1.0).contains(&scored.score))
    {
        return Err(InvalidAnalysis::OutOfRange { field: "score" });
    }
    if !analysis
        .reasons
        .iter()
        .all(|reason| (0.0..=1.0).contains(&reason.weight))
    {
        return Err(InvalidAnalysis::OutOfRange {
            field: "reasons.weight",
        });
    }
    if analysis.reasons.is_empty() {
        return Err(InvalidAnalysis::NoReason);
    }
    if analysis
        .reasons
        .iter()
        .any(|reason| reason.code.is_empty() || reason.text.is_empty())
    {
        return Err(InvalidAnalysis::EmptyReason);
    }
    if analysis.model.id.is_empty() || analysis.model.version.is_empty() {
        return Err(InvalidAnalysis::NoModel);
    }
    Ok(())
}
