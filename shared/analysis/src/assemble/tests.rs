use edgedesk_domain::analysis::{EntityKind, RISK_ALERT, RISK_MEDIUM, Trend};
use edgedesk_domain::conversation::Priority;
use proptest::prelude::ProptestConfig;
use proptest::{prop_assert, prop_assert_eq, proptest};

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
    let analysis = assemble(observed(&heads, history, text)).expect("the sentiment head is there");
    assert_eq!(validate(&analysis), Ok(()), "{text:?}");
    analysis
}

fn observed<'a>(heads: &'a HeadScores, history: &'a [PastMood], text: &'a str) -> Observed<'a> {
    Observed {
        text,
        heads,
        history,
        language: None,
        model_languages: &["en"],
        own_intent: None,
        model: model(),
        elapsed_ms: 1.0,
    }
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

fn scored(label: &str, score: f64) -> Scored {
    Scored {
        label: label.into(),
        score,
    }
}

/// All heads of the model.
fn full_heads() -> HeadScores {
    let mut heads = heads(0.7, 0.2, 0.1);
    heads.extend([
        (
            "emotions".to_owned(),
            vec![
                scored("annoyance", 0.7),
                scored("gratitude", 0.05),
                scored("disappointment", 0.3),
            ],
        ),
        (
            "intent".to_owned(),
            vec![
                scored("refund_request", 0.2),
                scored("billing_inquiry", 0.7),
                scored("other", 0.1),
            ],
        ),
        (
            "act".to_owned(),
            vec![scored("question", 0.3), scored("complaint", 0.7)],
        ),
        (
            "category".to_owned(),
            vec![
                scored("billing", 0.55),
                scored("refunds", 0.6),
                scored("shipping", 0.49),
            ],
        ),
    ]);
    heads
}

#[test]
fn one_message_yields_every_field() {
    let heads = full_heads();
    let text = "My payment failed twice, I need order #48213 by Friday. Call 050 123 4567.";
    let mut observation = observed(&heads, &[], text);
    observation.language = Some(Language {
        code: "en".into(),
        confidence: 0.99,
    });
    let analysis = assemble(observation).expect("the sentiment head is there");
    assert_eq!(validate(&analysis), Ok(()));
    assert_eq!(
        analysis.emotions,
        [scored("frustration", 0.7), scored("disappointment", 0.3)]
    );
    let intent = analysis.intent.expect("the intent head is there");
    assert_eq!(
        (intent.primary.as_str(), intent.secondary.len()),
        ("billing_inquiry", 2)
    );
    assert_eq!(intent.act, Some(scored("complaint", 0.7)));
    let categories: Vec<_> = analysis
        .categories
        .iter()
        .map(|scored| (scored.category.as_str(), scored.score))
        .collect();
    assert_eq!(
        categories,
        [("billing", RULE_CATEGORY_SCORE), ("refunds", 0.6)]
    );
    let priority = analysis.priority.expect("a priority");
    assert_eq!(priority.level, Priority::Urgent);
    assert_eq!(priority.reasons[0].code, "payment_failed");
    assert!(analysis.urgency.expect("an urgency").score > 0.6);
    let kinds: Vec<_> = analysis.entities.iter().map(|entity| entity.kind).collect();
    assert_eq!(
        kinds,
        [EntityKind::OrderNumber, EntityKind::Date, EntityKind::Phone]
    );
    assert!((analysis.confidence - 0.7).abs() < 1e-9);
    assert_eq!(analysis.handling, Some(Handling::Suggested));
}

#[test]
fn a_failed_payment_is_billing_and_urgent_without_any_head() {
    let analysis = analyse([0.4, 0.5, 0.1], &[], "payment failed");
    assert_eq!(analysis.categories[0].category, "billing");
    assert_eq!(
        analysis.priority.map(|priority| priority.level),
        Some(Priority::Urgent)
    );
}

#[test]
fn confidence_at_the_border_is_left_to_people() {
    for (confidence, handling) in [
        (0.86, Handling::Automatic),
        (0.85, Handling::Suggested),
        (0.5, Handling::Suggested),
        (0.3, Handling::Person),
    ] {
        let mut heads = full_heads();
        heads.insert("intent".into(), vec![scored("feedback", confidence)]);
        let analysis = assemble(observed(&heads, &[], "well")).expect("a sentiment head");
        assert_eq!(analysis.handling, Some(handling), "{confidence}");
    }
}

#[test]
fn a_language_that_the_model_does_not_know_is_left_to_people() {
    let mut heads = full_heads();
    heads.insert("intent".into(), vec![scored("order_status", 0.9)]);
    let mut observation = observed(&heads, &[], "missä pakettini viipyy");
    observation.language = Some(Language {
        code: "fi".into(),
        confidence: 0.98,
    });
    let analysis = assemble(observation).expect("a sentiment head");
    assert_eq!(analysis.handling, Some(Handling::Person));
    assert!(
        analysis
            .reasons
            .iter()
            .any(|reason| reason.code == "unfamiliar_language")
    );
}

#[test]
fn a_model_without_sentiment_is_an_error() {
    let heads = BTreeMap::new();
    let found = assemble(observed(&heads, &[], "hello"));
    assert_eq!(found, Err(AssembleError::NoSentiment));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any text at all gives a valid analysis whose places are in the text, and the same one again.
    #[test]
    fn the_same_message_is_analysed_the_same(
        text in "(\\PC{0,60}|[a-zA-Z0-9 #@.+$€:/-]{0,80}|(my |the |payment |failed |order |#12345 |a@b.co |urgent |lawyer |\u{200b}|🙂|شكرا ){0,12})",
        score in -1.0..1.0_f64,
        risk in 0.0..1.0_f64,
    ) {
        let heads = full_heads();
        let history = [PastMood { seq: 1, score, risk }];
        let once = assemble(observed(&heads, &history, &text)).expect("a sentiment head");
        let again = assemble(observed(&heads, &history, &text)).expect("a sentiment head");
        prop_assert_eq!(&once, &again);
        prop_assert_eq!(validate(&once), Ok(()));
        let characters: Vec<char> = text.chars().collect();
        for entity in &once.entities {
            let marked: String = characters[entity.start..entity.end].iter().collect();
            prop_assert_eq!(&marked, &entity.text);
        }
        prop_assert!(once.entities.windows(2).all(|pair| pair[0].end <= pair[1].start));
        let urgency = once.urgency.into_iter().flat_map(|urgency| urgency.reasons);
        for span in once.reasons.into_iter().chain(urgency).flat_map(|reason| reason.spans) {
            prop_assert!(span.start < span.end && span.end <= characters.len());
        }
    }
}

/// Texts that break what is careless. That this test ends is the point: nothing here may be quadratic.
#[test]
fn no_text_is_too_strange() {
    let (million, cap) = (1_000_000, 20_000);
    for text in [
        String::new(),
        "\0".into(),
        "a".repeat(million),
        "A".repeat(cap),
        "9".repeat(cap),
        "🙂".repeat(cap),
        "\u{200b}".repeat(cap / 3),
        "!".repeat(cap),
        "a@".repeat(cap / 2),
        "1.".repeat(cap / 2),
        "\"A ".repeat(cap / 3),
        "order 1".repeat(cap / 7),
        "speak get want need demand ".repeat(cap / 27),
        "not my lawyer ".repeat(cap / 14),
        "\u{202e}شكرا جزيلا ".repeat(cap / 24),
        "e\u{301}\u{301}\u{301}".repeat(cap / 7),
    ] {
        let analysis = analyse([0.3, 0.5, 0.2], &[], &text);
        assert!(!analysis.reasons.is_empty());
        assert!(analysis.entities.len() <= 50);
        assert!(
            analysis
                .reasons
                .iter()
                .all(|reason| reason.spans.len() <= 8)
        );
    }
}

/// Makes an analysis wrong in one way.
type Spoil = fn(&mut Analysis);

#[test]
fn an_analysis_without_model_reasons_or_sane_numbers_is_rejected() {
    let good = || analyse([0.1, 0.8, 0.1], &[], "hello");
    let out_of_range = |field| InvalidAnalysis::OutOfRange { field };
    let cases: [(InvalidAnalysis, Spoil); 9] = [
        (InvalidAnalysis::NoModel, |a| a.model.id.clear()),
        (InvalidAnalysis::NoModel, |a| a.model.version.clear()),
        (InvalidAnalysis::NoReason, |a| a.reasons.clear()),
        (InvalidAnalysis::EmptyReason, |a| a.reasons[0].text.clear()),
        (out_of_range("confidence"), |a| a.confidence = f64::NAN),
        (out_of_range("escalation_risk"), |a| a.escalation_risk = 1.1),
        (out_of_range("sentiment.score"), |a| {
            a.sentiment.score = -2.0;
        }),
        (InvalidAnalysis::BadSpan, |a| {
            a.reasons[0].spans.push(Span { start: 4, end: 4 });
        }),
        (out_of_range("urgency.score"), |a| {
            a.urgency.as_mut().expect("an urgency").score = 1.5;
        }),
    ];
    for (expected, spoil) in cases {
        let mut analysis = good();
        spoil(&mut analysis);
        assert_eq!(validate(&analysis), Err(expected));
    }
}
