//! A trained head as it is stored, and what it says of a text.

use edgedesk_domain::analysis::{ModelRef, OwnIntent};
use edgedesk_learn::{LearnError, LinearHead, Row};
use edgedesk_wire::ai::ScoredIntent;
use edgedesk_wire::inference::IntentLabel;
use serde::{Deserialize, Serialize};

/// Probability from which a message is said to be of an own intent. A head knows no "none of them": a message about
/// something else has its probability spread over the intents, and half of it on one of them is rare.
pub const MIN_CONFIDENCE: f64 = 0.5;

/// A head with the names of its intents and the model whose features it reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredHead {
    /// The model whose features it was trained on. Those of another mean something else.
    pub encoder: ModelRef,
    /// Its intents.
    pub intents: Vec<IntentLabel>,
    /// The head; its labels are the ids of the intents.
    pub head: LinearHead,
}

impl StoredHead {
    /// Reads what training wrote.
    ///
    /// # Errors
    ///
    /// When it is not the JSON of a head.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Every intent with its probability, the likeliest first. The probabilities sum to 1.
    ///
    /// # Errors
    ///
    /// [`LearnError`] when the features are not those of a model like the one it was trained on.
    pub fn score(&self, features: &[f32], text: &str) -> Result<Vec<ScoredIntent>, LearnError> {
        let predictions = self.head.predict(&Row { features, text })?;
        let mut scored = Vec::with_capacity(predictions.len());
        for prediction in predictions {
            let known = self
                .intents
                .iter()
                .find(|intent| intent.intent_id.to_string() == prediction.label)
                .ok_or(LearnError::Malformed)?;
            scored.push(ScoredIntent {
                intent_id: known.intent_id,
                name: known.name.clone(),
                score: f64::from(prediction.score),
            });
        }
        Ok(scored)
    }

    /// The intent of a text, if one is likely enough; `version` is that of this head.
    ///
    /// # Errors
    ///
    /// As [`Self::score`].
    pub fn own_intent(
        &self,
        version: u32,
        features: &[f32],
        text: &str,
    ) -> Result<Option<OwnIntent>, LearnError> {
        let best = self.score(features, text)?.into_iter().next();
        Ok(best
            .filter(|best| best.score >= MIN_CONFIDENCE)
            .map(|best| OwnIntent {
                intent_id: best.intent_id,
                name: best.name,
                confidence: best.score.min(1.0),
                version,
            }))
    }
}
