//! `?fields=`: the names, and an answer that they are cut out of.
//!
//! A selection only takes away: what is left stands in the answer just so, is no longer than it, is JSON where that was JSON, and
//! does not change when the same is selected once more.

use edgedesk_fuzz::{parts, text};
use edgedesk_wire::fields::Fields;
use serde_json::Value;

pub fn run(bytes: &[u8]) {
    let [names, answer] = parts(bytes).map(text);
    let Ok(fields) = names.parse::<Fields>() else {
        return;
    };
    let Ok(selected) = fields.select(&answer, |_| true) else {
        return;
    };
    assert!(selected.len() <= answer.len());
    assert_eq!(fields.select(&selected, |_| true).as_ref(), Ok(&selected));
    // Where names must be those of the answer, fewer selections are made, and none that differs.
    if let Ok(strict) = fields.select(&answer, |_| false) {
        assert_eq!(strict, selected);
    }
    let Ok(whole) = serde_json::from_str::<Value>(&answer) else {
        return;
    };
    let part: Value = serde_json::from_str(&selected).expect("a part of JSON is JSON");
    assert!(is_part(&part, &whole), "{part} is no part of {whole}");
}

fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            let mut members = part.iter();
            members.all(|(name, part)| whole.get(name).is_some_and(|whole| is_part(part, whole)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len()
                && part
                    .iter()
                    .zip(whole)
                    .all(|(part, whole)| is_part(part, whole))
        }
        _ => part == whole,
    }
}
