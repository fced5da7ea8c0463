//! Values that measures have to reach.

use std::str::FromStr;

use anyhow::Result;
use serde_json::Value;

use super::table::bad_input;

/// A measure by its path in an outcome, `title.recall_at_1`, and the least it may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Floor {
    measure: String,
    at_least: f64,
}

impl FromStr for Floor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (measure, value) = text.split_once('=').ok_or("not MEASURE=VALUE")?;
        let at_least: f64 = value.parse().map_err(|_| "the value is no number")?;
        if measure.is_empty() || !at_least.is_finite() {
            return Err("not MEASURE=VALUE with a finite number".into());
        }
        Ok(Self {
            measure: measure.to_owned(),
            at_least,
        })
    }
}

/// A sentence for each floor that the outcome is under.
///
/// # Errors
/// [`BadInput`](super::BadInput) for a measure that the outcome has not.
pub fn misses(outcome: &Value, floors: &[Floor]) -> Result<Vec<String>> {
    let mut misses = Vec::new();
    for Floor { measure, at_least } in floors {
        let found = measure
            .split('.')
            .try_fold(outcome, |within, name| within.get(name))
            .and_then(Value::as_f64);
        match found {
            None => bad_input!(
                "the outcome has no measure `{measure}`, but {}",
                measures(outcome).join(", ")
            ),
            Some(found) if found < *at_least => {
                misses.push(format!(
                    "{measure} is {found}, at least {at_least} is asked for"
                ));
            }
            Some(_) => {}
        }
    }
    Ok(misses)
}

/// The paths of all numbers in an outcome.
fn measures(outcome: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in outcome.as_object().into_iter().flatten() {
        if value.is_number() {
            found.push(name.clone());
        }
        found.extend(
            measures(value)
                .into_iter()
                .map(|inner| format!("{name}.{inner}")),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::BadInput;
    use super::*;

    fn floor(text: &str) -> Floor {
        text.parse().expect("a measure and a value")
    }

    #[test]
    fn a_measure_under_its_floor_is_named() {
        let outcome = json!({"accuracy": 0.7, "title": {"recall_at_1": 0.93}, "task": "faq"});
        let met = [floor("accuracy=0.7"), floor("title.recall_at_1=0.9")];
        assert_eq!(misses(&outcome, &met).ok(), Some(vec![]));
        let missed = [floor("accuracy=0.71"), floor("title.recall_at_1=0.95")];
        assert_eq!(
            misses(&outcome, &missed).ok(),
            Some(vec![
                "accuracy is 0.7, at least 0.71 is asked for".to_owned(),
                "title.recall_at_1 is 0.93, at least 0.95 is asked for".to_owned(),
            ])
        );
    }

    #[test]
    fn a_measure_that_is_not_there_is_bad_input_and_the_others_are_named() {
        let outcome = json!({"accuracy": 0.7, "title": {"recall_at_1": 0.93}, "task": "faq"});
        for name in ["precision", "title", "task", "title.recall_at_1.x"] {
            let error = misses(&outcome, &[floor(&format!("{name}=0"))]).unwrap_err();
            assert!(error.is::<BadInput>(), "{name}");
            let said = error.to_string();
            assert!(said.ends_with("but accuracy, title.recall_at_1"), "{said}");
        }
    }

    #[test]
    fn a_floor_is_a_measure_and_a_number() {
        for text in ["", "accuracy", "accuracy=", "=0.5", "accuracy=NaN", "a=b"] {
            assert!(text.parse::<Floor>().is_err(), "{text}");
        }
    }
}
