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
    if fits && (total - 1.0).abs() < 1e-4 && reading.features.len() == support::MODEL.n_features() {
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
        "🙂".repeat(250_000),
        "a".repeat(1_000_000),
        "1".repeat(1_000_000),
        " ".repeat(1_000_000),
        "\u{202E}שלום مرحبا ".repeat(30_000),
        "word ".repeat(20_000),
        "é".repeat(50_000),
        "\u{301}".repeat(50_000),
        "中".repeat(33_000),
        "@".repeat(100_000),
        "http://".repeat(14_000),
        "\u{200B}\u{FEFF}\u{200D}".repeat(100_000),
        String::from_utf8_lossy(&[0xFF, 0xC0, 0x80, 0xED, 0xA0, 0x80, b'a']).into_owned(),
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
fn a_long_text_counts_each_window_by_its_tokens() {
    // 200 pieces are two windows of 100, and both are the text of 100.
    let [short, long] = [100, 200].map(|n| {
        let text = "word ".repeat(n);
        support::MODEL.run(&text).expect("a reading")
    });
    assert_eq!((short.n_tokens, long.n_tokens), (102, 204));
    for (found, expected) in long.features.iter().zip(&short.features) {
        assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
    }
    let [short, long] = [short, long].map(|reading| support::embedding(&reading));
    for (found, expected) in long.iter().zip(&short) {
        assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
    }
}

#[test]
fn a_batch_is_read_text_by_text_in_order() {
    let texts = ["Thank you!", "", "Where is my parcel?", "Thank you!"];
    let together: Vec<_> = support::MODEL.run_batch(texts).collect();
    let alone: Vec<_> = texts.iter().map(|text| support::MODEL.run(text)).collect();
    assert_eq!(together, alone);
    assert_eq!(together[0], together[3]);
    assert_ne!(together[0], together[2]);
}

#[test]
fn an_embedding_has_length_one() {
    for text in ["Where is my parcel?", "", "🙂", &"long ".repeat(10_000)] {
        let embedding = embedding_of(text);
        let length: f32 = embedding.iter().map(|value| value * value).sum();
        assert_eq!(embedding.len(), support::MODEL.width());
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
}

#[test]
fn an_embedding_is_nearer_to_what_asks_the_same() {
    let parcel = embedding_of("Where is my parcel?");
    let cosine = |text: &str| -> f32 {
        let other = embedding_of(text);
        parcel.iter().zip(&other).map(|(a, b)| a * b).sum()
    };
    let same = cosine("My package has not been delivered yet, where can it be?");
    for other in ["How do I change my password?", "Thank you so much!"] {
        assert!(same > cosine(other), "{same} for {other:?}");
    }
}

fn embedding_of(text: &str) -> Vec<f32> {
    support::embedding(&support::MODEL.run(text).expect("a reading"))
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
