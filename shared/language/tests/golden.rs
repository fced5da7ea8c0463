//! The Rust code against the Python that trained the model, and the shipped model on sentences of customers.
//! `golden.jsonl` is written by `models/train/language.py`; `texts.tsv` was written for this test.

mod support;

use std::collections::BTreeMap;

use serde::Deserialize;

const CONFIDENCE_TOLERANCE: f32 = 1e-3;

#[derive(Deserialize)]
struct Golden {
    text: String,
    /// Code and confidence, best first; empty where there is nothing to tell by.
    guesses: Vec<(String, f32)>,
}

#[test]
fn guesses_equal_those_of_the_training() {
    let rows: Vec<Golden> = include_str!("golden.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("the golden file is JSON lines"))
        .collect();
    assert!(rows.len() > 150);
    for row in rows {
        let found = support::guesses(&row.text);
        let codes = |guesses: &[(String, f32)]| -> Vec<String> {
            guesses.iter().map(|(code, _)| code.clone()).collect()
        };
        assert_eq!(codes(&found), codes(&row.guesses), "{:?}", row.text);
        for ((code, found), (_, wanted)) in found.iter().zip(&row.guesses) {
            let difference = (found - wanted).abs();
            assert!(
                difference < CONFIDENCE_TOLERANCE,
                "{:?}: {code} {found} for {wanted}",
                row.text
            );
        }
    }
}

#[test]
fn what_customers_write_is_told_in_every_language() {
    let mut right: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    for line in include_str!("texts.tsv").lines().skip(1) {
        let (code, text) = line.split_once('\t').expect("two columns");
        let guess = support::MODEL.identify(text).expect("there are words");
        right.entry(code).or_default().push(guess.code == code);
    }
    assert_eq!(
        right.keys().copied().collect::<Vec<_>>(),
        support::MODEL.languages().collect::<Vec<_>>()
    );
    let n_right = |rows: &Vec<bool>| rows.iter().filter(|is_right| **is_right).count();
    for (code, rows) in &right {
        assert!(
            n_right(rows) * 10 >= rows.len() * 9,
            "{code}: {} of {}",
            n_right(rows),
            rows.len()
        );
    }
    let n_all: usize = right.values().map(n_right).sum();
    assert!(n_all * 100 >= right.values().map(Vec::len).sum::<usize>() * 97);
}

#[derive(Deserialize)]
struct GoldenMood {
    text: String,
    /// Negative, neutral, positive.
    mood: [f32; 3],
}

#[test]
fn moods_equal_those_of_the_training() {
    let rows: Vec<GoldenMood> = include_str!("mood.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("the golden file is JSON lines"))
        .collect();
    assert!(rows.len() > 150);
    for row in rows {
        let found = support::MOOD
            .read(&row.text)
            .expect("there is something to go by");
        let found = [found.negative, found.neutral, found.positive];
        for (found, wanted) in found.iter().zip(row.mood) {
            let difference = (found - wanted).abs();
            assert!(
                difference < CONFIDENCE_TOLERANCE,
                "{:?}: {found} for {wanted}",
                row.text
            );
        }
    }
}

#[test]
fn plain_moods_are_read_in_many_languages() {
    let moods = [
        (
            "Ich bin so enttäuscht, das ist der schlechteste Service überhaupt.",
            false,
        ),
        ("Vielen Dank, ihr seid die Besten! 😍", true),
        ("¡Qué asco de servicio, no vuelvo a comprar aquí!", false),
        (
            "Muchas gracias, estoy muy contenta con todo. Me encanta ❤",
            true,
        ),
        (
            "Quelle honte, votre service est nul et je suis dégoûté.",
            false,
        ),
        ("Merci beaucoup, c'est magnifique, j'adore !", true),
        ("Che schifo, sono delusa e arrabbiata. Vergogna!", false),
        ("Grazie, siete fantastici, che bello!", true),
        ("Que merda, odeio isso, péssimo atendimento.", false),
        ("Obrigada, amei, que lindo! Melhor loja.", true),
        ("Vihaan tätä, aivan kamala, olen vihainen.", false),
        ("Kiitos, rakastan tätä, ihanaa!", true),
    ];
    let right = moods.iter().filter(|(text, is_good)| {
        support::MOOD
            .read(text)
            .is_some_and(|mood| (mood.positive > mood.negative) == *is_good)
    });
    assert!(right.count() >= moods.len() - 1);
}
