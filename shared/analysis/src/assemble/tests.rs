use edgedesk_domain::analysis::{RISK_ALERT, RISK_MEDIUM};

use super::*;
use crate::validate::{InvalidAnalysis, validate};

fn heads(negative: f64, neutral: f64, positive: f64) -> HeadScores {
    let scored = |(label, score): (&str, f64)| Scored {
        label: label.into(),
        score,
    };
    let labels = [
        ("negative", negative),
        ("neutral", neutral),
        ("positive", positive),
    ];
    BTreeMap::from([(SENTIMENT_HEAD.to_owned(), labels.map(scored).to_vec())])
}

fn model() -> ModelRef {
    ModelRef {
        id: "test".into(),
        version: "1".into(),
    }
}

fn analyse(mood: [f64; 3], history: &[PastMood], text: &str) -> Analysis {
    let heads = heads(mood[0], mood[1], mood[2]);
    let analysis =
        assemble(&heads, history, text, model(), 1.0).expect("the sentiment head is there");
    assert_eq!(validate(&analysis), Ok(()), "{text:?}");
    analysis
}

/// Plays a thread, message after message, and returns the last analysis.
fn play(thread: &[([f64; 3], &str)]) -> Analysis {
    let mut history: Vec<PastMood> = Vec::new();
    let mut last = None;
    for (seq, (mood, text)) in (1..).zip(thread) {
        let analysis = analyse(*mood, &history, text);
        history.push(PastMood {
            seq,
            score: analysis.sentiment.score,
            risk: analysis.escalation_risk,
        });
        last = Some(analysis);
    }
    last.expect("the thread has a message")
}

#[test]
fn score_label_and_confidence_follow_the_probabilities() {
    for (mood, polarity, label) in [
        (
            [0.9, 0.08, 0.02],
            Polarity::Negative,
            SentimentLabel::VeryNegative,
        ),
        (
            [0.5, 0.4, 0.1],
            Polarity::Negative,
            SentimentLabel::Negative,
        ),
        ([0.2, 0.6, 0.2], Polarity::Neutral, SentimentLabel::Neutral),
        (
            [0.1, 0.4, 0.5],
            Polarity::Positive,
            SentimentLabel::Positive,
        ),
        (
            [0.0, 0.1, 0.9],
            Polarity::Positive,
            SentimentLabel::VeryPositive,
        ),
        ([0.4, 0.4, 0.2], Polarity::Neutral, SentimentLabel::Neutral),
    ] {
        let sentiment = analyse(mood, &[], "some words").sentiment;
        assert_eq!(
            (sentiment.polarity, sentiment.label),
            (polarity, label),
            "{mood:?}"
        );
        assert!((sentiment.score - (mood[2] - mood[0])).abs() < 1e-9);
        assert!((sentiment.confidence - mood.into_iter().fold(0.0, f64::max)).abs() < 1e-9);
    }
}

#[test]
fn labels_change_exactly_at_their_borders() {
    for (score, label) in [
        (-1.0, SentimentLabel::VeryNegative),
        (-0.6, SentimentLabel::Negative),
        (-0.2, SentimentLabel::Neutral),
        (0.2, SentimentLabel::Neutral),
        (0.6, SentimentLabel::Positive),
        (1.0, SentimentLabel::VeryPositive),
    ] {
        assert_eq!(five_way(score), label, "{score}");
    }
}

#[test]
fn an_angry_thread_raises_an_alert_and_says_why() {
    let analysis = play(&[
        (
            [0.3, 0.6, 0.1],
            "Hello, my order has not arrived yet. Can you check?",
        ),
        (
            [0.7, 0.25, 0.05],
            "I have been waiting for two weeks now and nobody answers.",
        ),
        (
            [0.9, 0.08, 0.02],
            "This is the third time I write. I want to speak to a manager, this is ridiculous!!!",
        ),
    ]);
    assert!(analysis.escalation_risk > RISK_ALERT, "{analysis:?}");
    assert_eq!(analysis.sentiment.trend, Trend::Declining);
    for code in [
        "negative_message",
        "asks_for_manager",
        "mood_declining",
        "repeat_contact",
    ] {
        assert!(
            analysis.reasons.iter().any(|reason| reason.code == code),
            "{code}: {:?}",
            analysis.reasons
        );
    }
}

#[test]
fn a_polite_thread_stays_calm() {
    let analysis = play(&[
        (
            [0.1, 0.8, 0.1],
            "Hello, could you please change my delivery address?",
        ),
        ([0.05, 0.75, 0.2], "Yes, number twelve. No hurry."),
        (
            [0.3, 0.6, 0.1],
            "It still shows the old one, could you look again?",
        ),
        ([0.0, 0.1, 0.9], "Now it works, thank you very much!"),
    ]);
    assert!(analysis.escalation_risk < RISK_MEDIUM, "{analysis:?}");
}

#[test]
fn one_bad_message_is_not_yet_an_alert() {
    let analysis = play(&[(
        [0.95, 0.04, 0.01],
        "The lamp is broken, I am very disappointed.",
    )]);
    assert!(analysis.escalation_risk < RISK_MEDIUM, "{analysis:?}");
}

#[test]
fn a_threat_is_remembered_until_the_customer_is_happy() {
    let angry = (
        [0.9, 0.08, 0.02],
        "I will call my lawyer and I want a chargeback, you are useless!!!",
    );
    let after = |mood, text| play(&[angry, (mood, text)]).escalation_risk;
    let neutral = after([0.1, 0.8, 0.1], "Hello?");
    let happy = after([0.01, 0.04, 0.95], "Wonderful, thank you, all is well now.");
    assert!(
        neutral > 0.2 && happy < neutral / 2.0,
        "{neutral} and {happy}"
    );
}

#[test]
fn a_worse_score_never_means_less_risk() {
    let history = [
        PastMood {
            seq: 1,
            score: -0.1,
            risk: 0.3,
        },
        PastMood {
            seq: 3,
            score: 0.1,
            risk: 0.4,
        },
    ];
    let risks: Vec<f64> = (0..=20)
        .map(|n| f64::from(n) / 20.0)
        .map(|negative| analyse([negative, 0.0, 1.0 - negative], &history, "well").escalation_risk)
        .collect();
    assert!(risks.is_sorted(), "{risks:?}");
}

#[test]
fn every_analysis_has_a_reason_also_for_nothing() {
    for text in ["", "ok", "\0", "🙂", "¯\\_(ツ)_/¯"] {
        let analysis = analyse([0.2, 0.6, 0.2], &[], text);
        assert!(!analysis.reasons.is_empty(), "{text:?}");
    }
}

#[test]
fn an_unfamiliar_script_lowers_the_confidence() {
    let confidence = |text| analyse([0.1, 0.8, 0.1], &[], text).confidence;
    assert!((confidence("where is it") - 0.8).abs() < 1e-9);
    assert!((confidence("где он") - 0.4).abs() < 1e-9);
    assert!((confidence("12") - 0.4).abs() < 1e-9);
}

#[test]
fn further_heads_appear_when_the_model_has_them() {
    let scored = |label: &str, score| Scored {
        label: label.into(),
        score,
    };
    let mut heads = heads(0.1, 0.8, 0.1);
    heads.insert(
        "emotions".into(),
        vec![
            scored("anger", 0.05),
            scored("joy", 0.3),
            scored("gratitude", 0.6),
        ],
    );
    heads.insert(
        "intent".into(),
        vec![
            scored("refund", 0.2),
            scored("cancel", 0.7),
            scored("other", 0.1),
        ],
    );
    let analysis =
        assemble(&heads, &[], "hello", model(), 0.0).expect("the sentiment head is there");
    assert_eq!(
        analysis.emotions,
        [scored("gratitude", 0.6), scored("joy", 0.3)]
    );
    let intent = analysis.intent.expect("the intent head is there");
    assert_eq!(
        (intent.primary.as_str(), intent.secondary.len()),
        ("cancel", 2)
    );
}

#[test]
fn a_model_without_sentiment_is_an_error() {
    let found = assemble(&BTreeMap::new(), &[], "hello", model(), 0.0);
    assert_eq!(found, Err(AssembleError::NoSentiment));
}

/// Makes an analysis wrong in one way.
type Spoil = fn(&mut Analysis);

#[test]
fn an_analysis_without_model_reasons_or_sane_numbers_is_rejected() {
    let good = || analyse([0.1, 0.8, 0.1], &[], "hello");
    let out_of_range = |field| InvalidAnalysis::OutOfRange { field };
    let cases: [(InvalidAnalysis, Spoil); 7] = [
        (InvalidAnalysis::NoModel, |a| a.model.id.clear()),
        (InvalidAnalysis::NoModel, |a| a.model.version.clear()),
        (InvalidAnalysis::NoReason, |a| a.reasons.clear()),
        (InvalidAnalysis::EmptyReason, |a| a.reasons[0].text.clear()),
        (out_of_range("confidence"), |a| a.confidence = f64::NAN),
        (out_of_range("escalation_risk"), |a| a.escalation_risk = 1.1),
        (out_of_range("sentiment.score"), |a| {
            a.sentiment.score = -2.0;
        }),
    ];
    for (expected, spoil) in cases {
        let mut analysis = good();
        spoil(&mut analysis);
        assert_eq!(validate(&analysis), Err(expected));
    }
}
