//! The models of languages under Wasm against the same golden files that pin them natively.
#![cfg(target_arch = "wasm32")]

use edgedesk_language::{HashedMood, Identifier};
use getrandom as _;
use serde::Deserialize;
use wasm_bindgen_test::wasm_bindgen_test;

/// Of confidences and probabilities, as natively.
const TOLERANCE: f32 = 1e-3;

#[derive(Deserialize)]
struct GoldenGuess {
    text: String,
    /// Code and confidence, best first; empty where there is nothing to tell by.
    guesses: Vec<(String, f32)>,
}

#[derive(Deserialize)]
struct GoldenMood {
    text: String,
    /// Negative, neutral, positive.
    mood: [f32; 3],
}

fn rows<T: for<'a> Deserialize<'a>>(jsonl: &str) -> Vec<T> {
    let rows: Vec<T> = jsonl
        .lines()
        .map(|line| serde_json::from_str(line).expect("the golden file is JSON lines"))
        .collect();
    assert!(rows.len() > 150);
    rows
}

#[wasm_bindgen_test]
fn guesses_under_wasm_equal_those_of_the_training() {
    let bytes = include!(concat!(env!("OUT_DIR"), "/language_file.rs"));
    let model = Identifier::parse(&bytes).expect("the shipped model is well formed");
    let golden = include_str!("../../../shared/language/tests/golden.jsonl");
    for row in rows::<GoldenGuess>(golden) {
        let found = model.identify(&row.text);
        let found: Vec<(&str, f32)> = found.iter().fold(Vec::new(), |mut all, guess| {
            all.push((guess.code, guess.confidence));
            let others = guess.alternatives.iter();
            all.extend(others.map(|other| (other.code, other.confidence)));
            all
        });
        assert_eq!(found.len(), row.guesses.len(), "{:?}", row.text);
        for ((code, confidence), (wanted_code, wanted)) in found.iter().zip(&row.guesses) {
            assert_eq!(code, wanted_code, "{:?}", row.text);
            let difference = (confidence - wanted).abs();
            assert!(
                difference < TOLERANCE,
                "{:?}: {code} {confidence} for {wanted}",
                row.text
            );
        }
    }
}

#[wasm_bindgen_test]
fn moods_under_wasm_equal_those_of_the_training() {
    let bytes = include!(concat!(env!("OUT_DIR"), "/multilingual_file.rs"));
    let model = HashedMood::parse(&bytes).expect("the shipped model is well formed");
    let golden = include_str!("../../../shared/language/tests/mood.jsonl");
    for row in rows::<GoldenMood>(golden) {
        let found = model.read(&row.text).expect("there is something to go by");
        let found = [found.negative, found.neutral, found.positive];
        for (found, wanted) in found.iter().zip(row.mood) {
            let difference = (found - wanted).abs();
            assert!(
                difference < TOLERANCE,
                "{:?}: {found} for {wanted}",
                row.text
            );
        }
    }
}
