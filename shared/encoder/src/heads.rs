//! Linear heads over the encoder's vector. A new head is an entry in the heads file, not code.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::ModelError;

/// What makes probabilities of a head's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// One label of many: probabilities sum to 1.
    Softmax,
    /// Each label for itself.
    Sigmoid,
}

/// `activation((weight · vector + bias) / temperature)`.
#[derive(Debug, Clone, Deserialize)]
pub struct Head {
    /// Its name in a reading, such as `sentiment`.
    pub name: String,
    /// One per output.
    pub labels: Vec<String>,
    /// From outputs to probabilities.
    pub activation: Activation,
    /// Over 1 softens, under 1 sharpens; fitted on validation data so that 0.8 is right 8 times of 10.
    pub temperature: f32,
    weight: Vec<Vec<f32>>,
    bias: Vec<f32>,
}

impl Head {
    /// Each label with its probability, in the order of the file.
    #[must_use]
    pub fn apply(&self, vector: &[f32]) -> Vec<(String, f32)> {
        let outputs = self.weight.iter().zip(&self.bias).map(|(row, bias)| {
            let product: f32 = row
                .iter()
                .zip(vector)
                .map(|(weight, value)| weight * value)
                .sum();
            (product + bias) / self.temperature
        });
        let probabilities = match self.activation {
            Activation::Softmax => softmax(outputs.collect()),
            Activation::Sigmoid => outputs.map(|x| 1.0 / (1.0 + (-x).exp())).collect(),
        };
        self.labels.iter().cloned().zip(probabilities).collect()
    }

    fn fits(&self, width: usize) -> bool {
        let n_labels = self.labels.len();
        n_labels > 0
            && self.weight.len() == n_labels
            && self.bias.len() == n_labels
            && self.weight.iter().all(|row| row.len() == width)
            && self
                .weight
                .iter()
                .flatten()
                .chain(&self.bias)
                .all(|value| value.is_finite())
            && self.temperature > 0.0
            && self.temperature.is_finite()
    }
}

/// All heads of a model.
#[derive(Debug, Clone, Deserialize)]
pub struct Heads {
    heads: Vec<Head>,
}

impl Heads {
    /// Reads a heads file and checks every head against the vector's width.
    pub fn parse(json: &[u8], width: usize) -> Result<Self, ModelError> {
        let malformed = |reason| ModelError::Malformed {
            file: "heads",
            reason,
        };
        let heads: Self =
            serde_json::from_slice(json).map_err(|_| malformed("not a heads file"))?;
        if heads.heads.is_empty() || !heads.heads.iter().all(|head| head.fits(width)) {
            return Err(malformed(
                "a head's shape is not its labels by the vector's width, or a number is not finite",
            ));
        }
        Ok(heads)
    }

    /// Every head's probabilities by the head's name.
    #[must_use]
    pub fn apply(&self, vector: &[f32]) -> BTreeMap<String, Vec<(String, f32)>> {
        self.heads
            .iter()
            .map(|head| (head.name.clone(), head.apply(vector)))
            .collect()
    }
}

fn softmax(mut values: Vec<f32>) -> Vec<f32> {
    let highest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in &mut values {
        *value = (*value - highest).exp();
    }
    let total: f32 = values.iter().sum();
    for value in &mut values {
        *value /= total;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(json: &serde_json::Value) -> Result<Heads, ModelError> {
        Heads::parse(json.to_string().as_bytes(), 2)
    }

    fn head(activation: &str, temperature: f64) -> serde_json::Value {
        serde_json::json!({"name": "h", "labels": ["a", "b"], "activation": activation, "temperature": temperature,
            "weight": [[1.0, 0.0], [0.0, 1.0]], "bias": [0.0, 1.0]})
    }

    fn check(activation: &str, temperature: f64, vector: &[f32], expected: [f32; 2]) {
        let heads = heads(&serde_json::json!({"heads": [head(activation, temperature)]}))
            .expect("the head is well formed");
        let scored = &heads.apply(vector)["h"];
        for ((_, found), wanted) in scored.iter().zip(expected) {
            assert!(
                (found - wanted).abs() < 1e-4,
                "{activation} {vector:?}: {scored:?}"
            );
        }
    }

    #[test]
    fn a_head_gives_probabilities() {
        check("softmax", 1.0, &[1.0, 0.0], [0.5, 0.5]);
        check("softmax", 1.0, &[1.0, 1.0], [0.2689, 0.7311]);
        check("softmax", 2.0, &[1.0, 1.0], [0.3775, 0.6225]);
        check("softmax", 1.0, &[1e30, 0.0], [1.0, 0.0]);
        check("sigmoid", 1.0, &[0.0, 1.0], [0.5, 0.8808]);
    }

    #[test]
    fn two_heads_are_two_entries() {
        let mut second = head("sigmoid", 1.0);
        second["name"] = "emotions".into();
        let heads = heads(&serde_json::json!({"heads": [head("softmax", 1.0), second]}))
            .expect("both are well formed");
        assert_eq!(
            heads.apply(&[0.0, 0.0]).keys().collect::<Vec<_>>(),
            ["emotions", "h"]
        );
    }

    #[test]
    fn a_head_of_the_wrong_shape_is_refused() {
        for (part, value) in [
            ("labels", serde_json::json!(["a"])),
            ("labels", serde_json::json!([])),
            ("bias", serde_json::json!([1.0])),
            ("weight", serde_json::json!([[1.0], [1.0]])),
            ("temperature", serde_json::json!(0.0)),
            ("activation", serde_json::json!("relu")),
        ] {
            let mut broken = head("softmax", 1.0);
            broken[part] = value;
            assert!(
                heads(&serde_json::json!({"heads": [broken]})).is_err(),
                "{part}"
            );
        }
        assert!(heads(&serde_json::json!({"heads": []})).is_err());
    }
}
