//! The escalation risk on labelled threads that were not fitted on.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use edgedesk_analysis::risk::WEIGHTS;
use edgedesk_analysis::threads::{Thread, score};
use edgedesk_domain::analysis::{RISK_ALERT, RISK_MEDIUM};
use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    id: String,
    escalated: bool,
    messages: Vec<String>,
}

fn threads() -> Vec<Thread> {
    let moods = include_str!("../data/moods.tsv");
    include_str!("../data/threads.jsonl")
        .lines()
        .map(|line| {
            let line: Line = serde_json::from_str(line).unwrap();
            Thread::new(&line.id, line.escalated, &line.messages, moods).unwrap()
        })
        .collect()
}

#[test]
fn risks_of_held_out_threads_tell_and_are_honest() {
    let risks: Vec<_> = threads()
        .iter()
        .filter(|thread| thread.is_held_out())
        .map(|thread| {
            let risk = thread.play(&WEIGHTS).0.last().copied().unwrap();
            (risk, thread.escalated)
        })
        .collect();
    assert!(risks.len() >= 30, "{}", risks.len());
    let scores = score(&risks);
    assert!(scores.auc >= 0.9, "{scores:?}");
    assert!(scores.brier <= 0.15, "{scores:?}");
    assert!(scores.calibration_error <= 0.2, "{scores:?}");
}

#[test]
fn an_angry_thread_crosses_the_line_and_polite_ones_stay_below_half() {
    let threads = threads();
    let find = |text: &str| {
        threads
            .iter()
            .find(|thread| thread.messages[0].0 == text)
            .unwrap()
    };
    let angry = find("My order has not arrived.").play(&WEIGHTS).0;
    assert!(angry.first().unwrap() < &RISK_MEDIUM, "{angry:?}");
    assert!(angry.last().unwrap() > &RISK_ALERT, "{angry:?}");
    for polite in [
        "Where is my parcel?",
        "Could you change my delivery address please?",
        "The package is two days late.",
        "I was charged twice.",
    ] {
        let risks = find(polite).play(&WEIGHTS).0;
        assert!(
            risks.iter().all(|risk| *risk < RISK_MEDIUM),
            "{polite}: {risks:?}"
        );
    }
}

#[test]
fn scores_of_known_risks_are_known() {
    let perfect = score(&[(1.0, true), (0.0, false)]);
    assert!(perfect.auc > 0.999 && perfect.brier < 1e-9 && perfect.calibration_error < 1e-9);
    let blind = score(&[(0.5, true), (0.5, false)]);
    assert!((blind.auc - 0.5).abs() < 1e-9 && (blind.brier - 0.25).abs() < 1e-9);
    let wrong = score(&[(0.0, true), (1.0, false)]);
    assert!(wrong.auc < 1e-9 && (wrong.calibration_error - 1.0).abs() < 1e-9);
}
