//! A decision made again, compared field by field.

use edgedesk_domain::analysis::Analysis;
use edgedesk_wire::ai::Difference;
use serde_json::Value;

/// How far two numbers may be apart to count as the same. The model computes in 32 bits, and the machines that it runs on
/// may add in another order; a millionth is a thousand times more than that and a thousand times less than anybody sees.
const TOLERANCE: f64 = 1e-6;

/// The one field that says how the analysis was made and not what it says.
const TIME_TAKEN: &str = "/elapsed_ms";

/// Where `replayed` differs from `decided`, the time it took aside.
///
/// # Errors
///
/// When an analysis is not JSON, which cannot be.
pub fn differences(
    decided: &Analysis,
    replayed: &Analysis,
) -> Result<Vec<Difference>, serde_json::Error> {
    let mut found = Vec::new();
    compare(
        &mut String::new(),
        Some(&serde_json::to_value(decided)?),
        Some(&serde_json::to_value(replayed)?),
        &mut found,
    );
    found.retain(|difference| difference.pointer != TIME_TAKEN);
    Ok(found)
}

/// Compares what stands at `pointer`.
fn compare(
    pointer: &mut String,
    decided: Option<&Value>,
    replayed: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    match (decided, replayed) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let only_replayed = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(only_replayed) {
                within(pointer, &escaped(key), a.get(key), b.get(key), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for place in 0..a.len().max(b.len()) {
                within(
                    pointer,
                    &place.to_string(),
                    a.get(place),
                    b.get(place),
                    found,
                );
            }
        }
        _ if is_same(decided, replayed) => {}
        _ => found.push(Difference {
            pointer: pointer.clone(),
            decided: decided.cloned(),
            replayed: replayed.cloned(),
        }),
    }
}

fn within(
    pointer: &mut String,
    part: &str,
    decided: Option<&Value>,
    replayed: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(part);
    compare(pointer, decided, replayed, found);
    pointer.truncate(length);
}

fn is_same(decided: Option<&Value>, replayed: Option<&Value>) -> bool {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    match (number(decided), number(replayed)) {
        (Some(a), Some(b)) => (a - b).abs() <= TOLERANCE,
        _ => decided == replayed,
    }
}

/// A key in a JSON pointer (RFC 6901, section 3).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn analysis() -> Value {
        json!({
            "sentiment": {"polarity": "negative", "label": "negative", "confidence": 0.9, "score": -0.5, "trend": "stable"},
            "emotions": [{"label": "anger", "score": 0.5}],
            "intent": {"primary": "refund_request", "confidence": 0.8, "secondary": []},
            "escalation_risk": 0.25,
            "confidence": 0.9,
            "reasons": [{"code": "a", "text": "b", "weight": 0.25}],
            "model": {"id": "encoder", "version": "1"},
            "elapsed_ms": 1.5,
        })
    }

    fn check(change: impl FnOnce(&mut Value), expected: &[&str]) {
        let decided: Analysis = serde_json::from_value(analysis()).unwrap();
        let mut replayed = analysis();
        change(&mut replayed);
        let replayed: Analysis = serde_json::from_value(replayed).unwrap();
        let found = differences(&decided, &replayed).unwrap();
        let pointers: Vec<&str> = found
            .iter()
            .map(|difference| difference.pointer.as_str())
            .collect();
        assert_eq!(pointers, expected);
        // Seen from the other side it is the same, the two swapped.
        let swapped = differences(&replayed, &decided).unwrap();
        assert_eq!(swapped.len(), found.len());
    }

    #[test]
    fn the_time_it_took_and_the_last_digit_are_no_difference() {
        check(|_| {}, &[]);
        check(|replayed| replayed["elapsed_ms"] = json!(99.0), &[]);
        check(
            |replayed| replayed["sentiment"]["score"] = json!(-0.500_000_01),
            &[],
        );
    }

    #[test]
    fn every_field_that_differs_is_named_with_both_values() {
        check(
            |replayed| {
                replayed["sentiment"]["score"] = json!(-0.4999);
                replayed["model"]["version"] = json!("2");
            },
            &["/model/version", "/sentiment/score"],
        );
        check(
            |replayed| {
                replayed["emotions"] = json!([]);
                replayed["intent"] = Value::Null;
            },
            &["/emotions/0", "/intent"],
        );
        check(
            |replayed| {
                replayed["emotions"] =
                    json!([{"label": "anger", "score": 0.7}, {"label": "worry", "score": 0.2}]);
            },
            &["/emotions/0/score", "/emotions/1"],
        );
    }
}
