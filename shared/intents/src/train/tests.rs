use edgedesk_domain::ids::{AccountId, IntentId};
use proptest::prelude::*;
use ulid::Ulid;

use super::*;
use crate::Lately;

pub(crate) fn account(number: u128) -> AccountId {
    AccountId::new(Ulid(number))
}

fn encoder(version: &str) -> ModelRef {
    ModelRef {
        id: "encoder".into(),
        version: version.into(),
    }
}

fn labels(n_intents: usize) -> Vec<IntentLabel> {
    (0..n_intents)
        .map(|number| IntentLabel {
            intent_id: IntentId::new(Ulid(number as u128 + 1)),
            name: format!("Intent {number}"),
        })
        .collect()
}

/// Ten rows of each intent whose features point its way, with a little of everything else.
fn rows(n_intents: usize) -> (Vec<TrainingRow>, Vec<Vec<f32>>) {
    let mut rows = Vec::new();
    let mut features = Vec::new();
    for intent in 0..n_intents {
        for number in 0..10 {
            rows.push(row(intent, number, true));
            features.push(pointing(intent, n_intents, number));
        }
    }
    (rows, features)
}

fn row(intent: usize, number: usize, in_current: bool) -> TrainingRow {
    TrainingRow {
        intent: Some(intent),
        text: format!("sentence {number} of {intent}"),
        in_current,
    }
}

#[expect(clippy::cast_precision_loss, reason = "small")]
fn pointing(intent: usize, n_intents: usize, number: usize) -> Vec<f32> {
    (0..n_intents)
        .map(|place| {
            let noise = ((number * 7 + place * 13 + intent * 3) as f32).sin() * 0.2;
            if place == intent { 1.0 + noise } else { noise }
        })
        .collect()
}

fn current(version: u32, encoder_version: &str) -> CurrentIntents {
    CurrentIntents {
        version,
        encoder: encoder(encoder_version),
    }
}

/// A background that points nowhere in particular.
fn background(width: usize) -> Vec<Vec<f32>> {
    (0..BACKGROUND.len())
        .map(|number| {
            (0..width)
                .map(|place| by_chance(7_000_000 + number * width + place))
                .collect()
        })
        .collect()
}

/// [`super::train`] with that background.
fn train(
    encoder: ModelRef,
    intents: Vec<IntentLabel>,
    rows: &[TrainingRow],
    features: &[Vec<f32>],
    current: Option<&CurrentIntents>,
) -> Result<Trained, TrainError> {
    let background = background(features.first().map_or(0, Vec::len));
    let corpus = Corpus {
        rows,
        features,
        background: &background,
    };
    super::train(encoder, intents, corpus, current)
}

pub(crate) fn trained(n_intents: usize) -> Trained {
    let (rows, features) = rows(n_intents);
    train(encoder("1"), labels(n_intents), &rows, &features, None).expect("there is enough")
}

#[test]
fn ten_sentences_of_ten_intents_are_told_apart() {
    let trained = trained(10);
    let report = &trained.cross_validation;
    let none = report.none.as_ref().expect("the background is judged too");
    assert_eq!((report.folds, report.labels.len()), (5, 10));
    assert_eq!(report.n, 100 + none.n);
    assert!(none.n >= BACKGROUND.len() as u64 / 2, "{none:?}");
    assert!(report.accuracy > 0.95, "{report:?}");
    assert!(trained.promote);
    assert_eq!(trained.reason.code, ReasonCode::First);
    let own = trained
        .head
        .own_intent(7, &[], &pointing(3, 10, 99), "unseen");
    let own = own.expect("the features fit").expect("it is likely");
    assert_eq!((own.name.as_str(), own.version), ("Intent 3", 7));
    assert!(own.confidence >= MIN_CONFIDENCE);
}

/// With two intents too, where one of two would always be likely enough.
#[test]
fn a_text_that_fits_none_has_no_own_intent() {
    for n_intents in [2, 10] {
        let trained = trained(n_intents);
        let scores = trained
            .head
            .score(&vec![0.0; n_intents], "")
            .expect("the features fit");
        let total: f64 = scores.intents.iter().map(|scored| scored.score).sum();
        assert!((total + scores.none - 1.0).abs() < 1e-5, "{scores:?}");
        assert!(scores.intents.is_sorted_by(|a, b| a.score >= b.score));
        for number in 0..20 {
            let features: Vec<f32> = (0..n_intents)
                .map(|place| by_chance(9_000_000 + number * n_intents + place))
                .collect();
            let own = trained.head.own_intent(1, &[], &features, "something else");
            assert_eq!(own, Ok(None), "{n_intents} intents, {features:?}");
        }
        let unseen = pointing(1, n_intents, 99);
        let own = trained.head.own_intent(1, &[], &unseen, "unseen");
        assert!(own.is_ok_and(|own| own.is_some()), "{n_intents} intents");
    }
}

/// Messages that point a way of their own, near an intent, are taken for it until agents say `none`.
#[test]
fn corrections_to_none_teach_what_is_none() {
    let (mut rows, mut features) = rows(2);
    for features in &mut features {
        features.push(0.0);
    }
    let near_miss = |number: usize| {
        let mut features = pointing(0, 2, number);
        features.push(0.9);
        features
    };
    let named = |rows: &[TrainingRow], features: &[Vec<f32>]| {
        let trained =
            train(encoder("1"), labels(2), rows, features, None).expect("there is enough");
        let n_named = (200..220)
            .filter(|number| {
                let own = trained.head.own_intent(1, &[], &near_miss(*number), "");
                own.is_ok_and(|own| own.is_some())
            })
            .count();
        (n_named, trained.cross_validation)
    };
    let (before, judged_before) = named(&rows, &features);
    assert!(before > 10, "{before} of 20");
    for number in 100..112 {
        rows.push(TrainingRow {
            intent: None,
            text: format!("near miss {number}"),
            in_current: false,
        });
        features.push(near_miss(number));
    }
    let (after, judged_after) = named(&rows, &features);
    assert_eq!(after, 0);
    let n = |judged: CrossValidation| judged.none.expect("it is judged").n;
    assert_eq!(
        n(judged_after),
        n(judged_before) + 12,
        "they are in the folds"
    );
}

#[test]
fn an_intent_that_is_gone_is_not_named_and_neither_is_another_for_it() {
    let trained = trained(3);
    let features = pointing(1, 3, 99);
    let named = |retired: &[IntentId]| {
        trained
            .head
            .own_intent(1, retired, &features, "unseen")
            .expect("the features fit")
            .map(|own| own.intent_id)
    };
    let ids: Vec<IntentId> = labels(3).iter().map(|label| label.intent_id).collect();
    assert_eq!(named(&ids[..1]), Some(ids[1]));
    assert_eq!(named(&ids[..2]), None);
}

#[test]
fn a_head_reads_back_as_it_is_stored_and_refuses_other_features() {
    let head = trained(3).head;
    let json = serde_json::to_string(&head).expect("a head is JSON");
    let read = StoredHead::parse(&json).expect("its own JSON");
    assert_eq!(read, head);
    let features = pointing(1, 3, 4);
    assert_eq!(read.score(&features, "x"), head.score(&features, "x"));
    assert!(matches!(
        read.score(&[0.5; 4], "x"),
        Err(LearnError::Width { .. })
    ));
    for broken in ["", "{}", "null", &json[..json.len() / 2]] {
        assert!(StoredHead::parse(broken).is_err(), "{broken:?}");
    }
}

#[test]
fn the_same_rows_give_the_same_head() {
    assert_eq!(trained(4), trained(4));
}

#[test]
fn as_good_as_the_one_in_use_is_good_enough() {
    let (rows, features) = rows(4);
    let again = train(
        encoder("1"),
        labels(4),
        &rows,
        &features,
        Some(&current(1, "1")),
    )
    .expect("there is enough");
    assert!(again.promote);
    assert_eq!(again.reason.code, ReasonCode::NoWorse);
    let previous = again.previous.expect("it was compared");
    assert_eq!(previous.version, 1);
    assert!((previous.accuracy - again.cross_validation.accuracy).abs() < 1e-12);
}

/// Rows that are labelled at random come in: what was told apart is told apart less well.
#[test]
fn a_worse_version_is_not_put_to_use() {
    let (mut rows, mut features) = rows(4);
    for number in 0..80 {
        // Which way it points and what it is called have nothing to do with each other.
        rows.push(row(number % 4, 100 + number, false));
        features.push(pointing(number / 4 % 4, 4, number));
    }
    for (number, (row, features)) in rows.iter_mut().zip(&mut features).enumerate() {
        row.text = String::new();
        // Enough that is by chance for a fit to hold on to.
        features.extend((0..40).map(|place| by_chance(number * 40 + place)));
    }
    let worse = train(
        encoder("1"),
        labels(4),
        &rows,
        &features,
        Some(&current(2, "1")),
    )
    .expect("there is enough");
    let previous = worse.previous.clone().expect("it was compared");
    assert!(
        worse.cross_validation.accuracy < previous.accuracy,
        "{} and {}",
        worse.cross_validation.accuracy,
        previous.accuracy
    );
    assert!(!worse.promote);
    assert_eq!(worse.reason.code, ReasonCode::Worse);
    assert!(
        worse.reason.text.contains("version 2"),
        "{}",
        worse.reason.text
    );
}

/// Between -0.3 and 0.3, and the same every time.
#[expect(clippy::cast_precision_loss, reason = "small")]
fn by_chance(number: usize) -> f32 {
    let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 40) as f32 / 16_777_216.0 - 0.5) * 0.6
}

/// The version in use cannot know an intent that was added since: its rows count against it.
#[test]
fn an_intent_that_was_added_counts_against_the_version_in_use() {
    let (mut rows, features) = rows(4);
    for row in &mut rows {
        row.in_current = row.intent < Some(3);
    }
    let wider = train(
        encoder("1"),
        labels(4),
        &rows,
        &features,
        Some(&current(1, "1")),
    )
    .expect("there is enough");
    assert!(wider.promote);
    let previous = wider.previous.expect("it was compared");
    let n = wider.cross_validation.n as f64;
    assert!(previous.accuracy <= 1.0 - 10.0 / n + 1e-12, "{previous:?}");
}

#[test]
fn a_version_of_another_encoder_or_of_rows_that_are_gone_stands_in_no_ones_way() {
    let (mut rows, features) = rows(3);
    let of = |rows: &[TrainingRow], current: &CurrentIntents| {
        train(encoder("2"), labels(3), rows, &features, Some(current)).expect("there is enough")
    };
    let moved = of(&rows, &current(5, "1"));
    assert_eq!(
        (moved.promote, moved.reason.code, moved.previous),
        (true, ReasonCode::EncoderChanged, None)
    );
    for row in &mut rows {
        row.in_current = false;
    }
    let renewed = of(&rows, &current(5, "2"));
    assert_eq!(
        (renewed.promote, renewed.reason.code),
        (true, ReasonCode::NoWorse)
    );
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let (rows, features) = rows(2);
    let of = |labels, rows: &[TrainingRow], features: &[Vec<f32>]| {
        train(encoder("1"), labels, rows, features, None).expect_err("it is not enough")
    };
    let inconsistent = TrainError::Inconsistent;
    assert_eq!(of(labels(1), &rows, &features), inconsistent);
    assert_eq!(of(labels(2), &rows, &features[1..]), inconsistent);
    let no_background = Corpus {
        rows: &rows,
        features: &features,
        background: &[],
    };
    assert_eq!(
        super::train(encoder("1"), labels(2), no_background, None),
        Err(TrainError::Inconsistent)
    );
    assert_eq!(
        of(labels(1), &rows[..10], &features[..10]),
        TrainError::Learn(LearnError::OneLabel)
    );
    assert!(matches!(
        of(labels(2), &rows[..12], &features[..12]),
        TrainError::Learn(LearnError::Folds { .. })
    ));
    assert!(matches!(
        of(labels(2), &[], &[]),
        TrainError::Learn(LearnError::NoRows)
    ));
    let mut broken = features.clone();
    broken[3][0] = f32::NAN;
    assert!(matches!(
        of(labels(2), &rows, &broken),
        TrainError::Learn(LearnError::NotFinite { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Promotion is exactly "no worse", and accuracies are shares.
    #[test]
    fn a_version_is_put_to_use_exactly_when_it_is_no_worse(
        flips in prop::collection::vec(0_usize..3, 30),
        known in prop::collection::vec(any::<bool>(), 30),
    ) {
        let (mut rows, features) = rows(3);
        for ((row, flip), known) in rows.iter_mut().zip(flips).zip(known) {
            // Mostly right, else the fit is noise.
            if flip == 2 {
                row.intent = row.intent.map(|intent| (intent + 1) % 3);
            }
            row.in_current = known;
        }
        let Ok(trained) = train(encoder("1"), labels(3), &rows, &features, Some(&current(1, "1"))) else {
            return Ok(());
        };
        let previous = trained.previous.expect("it was compared");
        prop_assert!((0.0..=1.0).contains(&previous.accuracy));
        prop_assert_eq!(trained.promote, trained.cross_validation.accuracy >= previous.accuracy);
    }

    #[test]
    fn what_was_put_last_is_there(versions in prop::collection::vec((0_u128..3, 0_u32..5, 1_usize..3_000_000), 1..20)) {
        let head = std::rc::Rc::new(trained(2).head);
        let mut lately = Lately::new();
        for (owner, version, n_bytes) in versions {
            lately.put(account(owner), version, n_bytes, std::rc::Rc::clone(&head));
            prop_assert!(lately.get(account(owner), version).is_some());
        }
    }
}
