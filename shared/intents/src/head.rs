//! A trained head as it is stored, and what it says of a text.

use edgedesk_domain::analysis::{ModelRef, OwnIntent};
use edgedesk_domain::feedback::NO_LABEL;
use edgedesk_domain::ids::IntentId;
use edgedesk_learn::{LearnError, LinearHead, Row};
use edgedesk_wire::ai::ScoredIntent;
use edgedesk_wire::inference::IntentLabel;
use serde::{Deserialize, Serialize};

/// Probability from which a message is said to be of an own intent, after calibration; what is less sure is of none. Cross-
/// validation judges by the same rule.
pub const MIN_CONFIDENCE: f64 = 0.5;

/// A head with the names of its intents and the features that it reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredHead {
    /// The features it was trained on, by a digest of all that determines them. Others mean something else.
    pub encoder: ModelRef,
    /// Its intents.
    pub intents: Vec<IntentLabel>,
    /// The head; its labels are the ids of the intents, and [`NO_LABEL`].
    pub head: LinearHead,
}

/// What a head says of a text: probabilities that sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Every intent, the likeliest first.
    pub intents: Vec<ScoredIntent>,
    /// Of none of them.
    pub none: f64,
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

    /// How likely the text is of each intent, and of none.
    ///
    /// # Errors
    ///
    /// [`LearnError`] when the features are not those of a model like the one it was trained on.
    pub fn score(&self, features: &[f32], text: &str) -> Result<Scored, LearnError> {
        let predictions = self.head.predict(&Row { features, text })?;
        let mut scored = Scored {
            intents: Vec::with_capacity(predictions.len()),
            none: 0.0,
        };
        for prediction in predictions {
            let score = f64::from(prediction.score);
            if prediction.label == NO_LABEL {
                scored.none = score;
                continue;
            }
            let known = self
                .intents
                .iter()
                .find(|intent| intent.intent_id.to_string() == prediction.label)
                .ok_or(LearnError::Malformed)?;
            scored.intents.push(ScoredIntent {
                intent_id: known.intent_id,
                name: known.name.clone(),
                score,
            });
        }
        Ok(scored)
    }

    /// The intent of a text, if one is likely enough; `version` is that of this head. A text of an intent that is `retired`
    /// has none: that the intent is gone makes no other likelier.
    ///
    /// # Errors
    ///
    /// As [`Self::score`].
    pub fn own_intent(
        &self,
        version: u32,
        retired: &[IntentId],
        features: &[f32],
        text: &str,
    ) -> Result<Option<OwnIntent>, LearnError> {
        let best = self.score(features, text)?.intents.into_iter().next();
        Ok(best
            .filter(|best| best.score >= MIN_CONFIDENCE && !retired.contains(&best.intent_id))
            .map(|best| OwnIntent {
                intent_id: best.intent_id,
                name: best.name,
                confidence: best.score.min(1.0),
                version,
            }))
    }
}
