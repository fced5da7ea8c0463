//! No text may fail or panic: one panic ends every request of an isolate.

mod support;

use edgedesk_encoder::model::{MAX_WINDOW_TOKENS, MAX_WINDOWS};
use edgedesk_encoder::{Manifest, Model, ModelError};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::{collection, prop_assert, proptest};

fn check(text: &str) -> Result<(), String> {
    let start: String = text.chars().take(40).collect();
    let reading = support::MODEL
        .run(text)
        .map_err(|error| format!("{start:?}: {error}"))?;
    let scores = &reading.heads["sentiment"];
    let total: f32 = scores.iter().map(|(_, probability)| probability).sum();
    let fits = (2..=MAX_WINDOWS * MAX_WINDOW_TOKENS).contains(&reading.n_tokens);
    if fits && (total - 1.0).abs() < 1e-4 && reading.vector.len() == 384 {
        Ok(())
    } else {
        Err(format!(
            "{start:?}: {} tokens, {scores:?}",
            reading.n_tokens
        ))
    }
}

#[test]
fn strange_texts_have_a_reading() {
    let texts = [
        String::new(),
        "\0".into(),
        " \n\t".into(),
        "🙂".repeat(25_000),
        "a".repeat(100_000),
        "word ".repeat(20_000),
        "é".repeat(50_000),
        "\u{301}".repeat(50_000),
        "中".repeat(33_000),
        "@".repeat(100_000),
        "http://".repeat(14_000),
        "\u{200B}\u{FEFF}".repeat(1_000),
        "\u{10FFFF}".into(),
    ];
    for text in texts {
        check(&text).expect("every text has a reading");
    }
}

#[test]
fn a_long_text_is_read_at_both_ends() {
    let neutral = "The parcel number is written on the label. ".repeat(2_000);
    let angry = "This is the worst, most disgusting service ever, I hate it! ".repeat(20);
    let negative = |text: &str| {
        let reading = support::MODEL.run(text).expect("a reading");
        reading.heads["sentiment"]
            .iter()
            .find(|(label, _)| label == "negative")
            .map_or(0.0, |(_, p)| *p)
    };
    let calm = negative(&neutral);
    for text in [format!("{angry}{neutral}"), format!("{neutral}{angry}")] {
        assert!(negative(&text) > calm, "{} for {calm}", negative(&text));
    }
}

#[test]
fn a_damaged_file_is_refused() {
    let manifest = Manifest::shipped().expect("a manifest");
    let mut files = support::files(&manifest);
    files.heads[10] ^= 1;
    assert_eq!(
        Model::load(&manifest, files).map(|_| ()),
        Err(ModelError::WrongHash {
            name: manifest.files.heads.name.clone()
        })
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_a_reading(parts in collection::vec(piece(), 0..60)) {
        let outcome = check(&parts.concat());
        prop_assert!(outcome.is_ok(), "{outcome:?}");
    }
}

/// Any characters, and those that the normaliser and tokeniser treat in a special way.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{0,12}",
        prop_oneof![
            Just("@"),
            Just("@user"),
            Just("http://"),
            Just("www."),
            Just("&amp;"),
            Just("\u{301}"),
            Just("\0"),
            Just("👍🏽"),
            Just("##"),
            Just("中"),
            Just("\u{FFFD}"),
            Just("!!!!")
        ]
        .prop_map(String::from),
    ]
}
