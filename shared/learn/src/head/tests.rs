use super::*;
use crate::fit::Lexical;

/// Two heaps of points and words, told apart by either.
fn rows() -> Vec<(Vec<f32>, String, &'static str)> {
    (0_u8..24)
        .map(|i| {
            let noise = (f32::from(i) * 2.3).sin();
            let (side, word, label) = match i % 3 {
                0 => (2.0, "refund", "money"),
                1 => (-2.0, "parcel", "shipping"),
                _ => (0.0, "password", "account"),
            };
            let features = vec![side + noise, side - noise, noise, 1.0];
            (features, format!("my {word} number {i}"), label)
        })
        .collect()
}

fn fitted(options: &FitOptions) -> LinearHead {
    let rows = rows();
    let labels: Vec<&str> = rows.iter().map(|row| row.2).collect();
    let rows: Vec<Row<'_>> = rows
        .iter()
        .map(|(features, text, _)| Row { features, text })
        .collect();
    LinearHead::fit(&rows, &labels, options).expect("the rows can be told apart")
}

fn options(bucket_bits: Option<u8>) -> FitOptions {
    FitOptions {
        lexical: bucket_bits.map(|bucket_bits| Lexical {
            bucket_bits,
            weight: 1.0,
            min_rows: 1,
        }),
        ..FitOptions::own_intents()
    }
}

#[test]
fn what_was_learnt_is_told_and_probabilities_sum_to_one() {
    for bits in [None, Some(12)] {
        let head = fitted(&options(bits));
        for (features, text, label) in rows() {
            let row = Row {
                features: &features,
                text: &text,
            };
            let told = head.predict(&row).expect("the row has the head's width");
            assert_eq!(told[0].label, label, "{bits:?} {text}: {told:?}");
            let total: f32 = told.iter().map(|prediction| prediction.score).sum();
            assert!((total - 1.0).abs() < 1e-5, "{total}");
        }
    }
}

#[test]
fn words_alone_are_enough_for_a_lexical_head() {
    let told = fitted(&options(Some(12)))
        .predict(&Row {
            features: &[0.0, 0.0, 0.0, 1.0],
            text: "Refund? REFUND!",
        })
        .expect("the row has the head's width");
    assert_eq!(told[0].label, "money");
}

#[test]
fn the_same_rows_give_the_same_head() {
    assert_eq!(fitted(&options(Some(12))), fitted(&options(Some(12))));
}

#[test]
fn a_stored_head_is_the_same_head() {
    let head = fitted(&options(Some(8)));
    let json = serde_json::to_string(&head).expect("a head is JSON");
    let back: LinearHead = serde_json::from_str(&json).expect("its JSON is a head");
    assert_eq!(head, back);
}

#[test]
fn a_head_of_thirty_labels_is_a_small_string() {
    let features: Vec<Vec<f32>> = (0_u16..60)
        .map(|row| {
            (0_u16..1152)
                .map(|at| f32::from((row * 37 + at) % 97))
                .collect()
        })
        .collect();
    let rows: Vec<Row<'_>> = features
        .iter()
        .map(|features| Row { features, text: "" })
        .collect();
    let labels: Vec<String> = (0..60).map(|row| format!("label {}", row % 30)).collect();
    let head = LinearHead::fit(&rows, &labels, &options(None)).expect("the rows can be told apart");
    let n_bytes = serde_json::to_string(&head).expect("a head is JSON").len();
    assert!(n_bytes < 100_000, "{n_bytes}");
}

#[test]
fn a_stored_head_with_parts_missing_is_refused_without_a_panic() {
    let head = fitted(&options(Some(8)));
    let json = serde_json::to_value(&head).expect("a head is JSON");
    let row = Row {
        features: &[0.0; 4],
        text: "my refund",
    };
    for (path, value) in [
        ("/labels", serde_json::json!(["a"])),
        ("/bias", serde_json::json!([])),
        ("/weight", serde_json::json!("AAAAAAAA")),
        ("/lexical/weight", serde_json::json!("")),
        ("/lexical/idf", serde_json::json!("")),
    ] {
        let mut broken = json.clone();
        *broken.pointer_mut(path).expect("the head has this part") = value;
        let head: LinearHead = serde_json::from_value(broken).expect("still of the right types");
        assert_eq!(head.predict(&row), Err(LearnError::Malformed), "{path}");
    }
    let odd = serde_json::json!({"labels": [], "activation": "softmax", "temperature": 1.0, "width": 0, "weight": "AAA", "bias": []});
    assert!(
        serde_json::from_value::<LinearHead>(odd).is_ok_and(|head| head.predict(&row).is_err())
    );
}

#[test]
fn what_cannot_be_learnt_from_is_an_error() {
    let fit = |rows: &[Row<'_>], labels: &[&str]| {
        LinearHead::fit(rows, labels, &FitOptions::own_intents()).unwrap_err()
    };
    let row = |features| Row { features, text: "" };
    assert_eq!(fit(&[], &[]), LearnError::NoRows);
    assert_eq!(
        fit(&[row(&[1.0])], &[]),
        LearnError::LabelsPerRow {
            n_rows: 1,
            n_labels: 0
        }
    );
    assert_eq!(
        fit(&[row(&[1.0]), row(&[2.0])], &["a", "a"]),
        LearnError::OneLabel
    );
    assert_eq!(
        fit(&[row(&[1.0]), row(&[])], &["a", "b"]),
        LearnError::Width {
            expected: 1,
            found: 0
        }
    );
    assert_eq!(
        fit(&[row(&[1.0]), row(&[f32::NAN])], &["a", "b"]),
        LearnError::NotFinite { row: 1 }
    );
}

#[test]
fn another_width_is_refused() {
    let head = fitted(&options(None));
    let row = Row {
        features: &[1.0],
        text: "",
    };
    assert_eq!(
        head.predict(&row),
        Err(LearnError::Width {
            expected: 4,
            found: 1
        })
    );
}

#[test]
fn rows_without_any_difference_have_even_odds() {
    let rows = [Row {
        features: &[1.0, 1.0],
        text: "same",
    }; 4];
    let head = LinearHead::fit(&rows, &["a", "b", "a", "b"], &options(Some(8)))
        .expect("there are two labels");
    let told = head
        .predict(&rows[0])
        .expect("the row has the head's width");
    assert!((told[0].score - 0.5).abs() < 1e-3, "{told:?}");
}

/// The fit in the span of the rows and the fit in full are the same head.
#[test]
fn a_reduced_fit_equals_a_full_one() {
    let rows = rows();
    let labels: Vec<&str> = rows.iter().map(|row| row.2).collect();
    let rows: Vec<Row<'_>> = rows
        .iter()
        .map(|(features, text, _)| Row { features, text })
        .collect();
    let options = options(Some(12));
    let (names, truth) = label_numbers(&rows, &labels).expect("one label a row");
    let (design, _) = Design::of(&rows, &options).expect("the rows are well formed");
    let targets = one_label_targets(&truth, names.len(), 0.0);
    assert!(
        design.reduced().is_some(),
        "there are fewer rows than columns"
    );
    let short = solved(&design, &targets, Activation::Softmax, &options);
    let long = solve(&design, &targets, Activation::Softmax, options.l2, 500);
    let off = &design.logits(&short) - &design.logits(&long);
    let largest = off
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    assert!(largest < 0.05, "{largest}");
}

#[test]
fn several_labels_at_once_are_told_each_for_itself() {
    let rows = rows();
    let labels: Vec<Vec<&str>> = rows
        .iter()
        .map(|row| match row.2 {
            "money" => vec!["money", "paid"],
            "shipping" => vec!["shipping", "paid"],
            _ => vec![],
        })
        .collect();
    let rows: Vec<Row<'_>> = rows
        .iter()
        .map(|(features, text, _)| Row { features, text })
        .collect();
    let head = LinearHead::fit_multi_label(&rows, &labels, &options(Some(12)))
        .expect("the rows can be told apart");
    for (row, labels) in rows.iter().zip(&labels) {
        for told in head.predict(row).expect("the row has the head's width") {
            let is_true = labels.contains(&told.label.as_str());
            assert_eq!(told.score > 0.5, is_true, "{} {told:?}", row.text);
        }
    }
}
