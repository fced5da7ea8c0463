use edgedesk_domain::account::Channel;
use edgedesk_domain::analysis::{Analysis, OwnIntent, ScoredCategory};
use edgedesk_domain::ids::{IntentId, MacroId};
use edgedesk_domain::macros::MacroKind;
use proptest::prelude::*;
use ulid::Ulid;

use super::*;
use crate::testing::{analysis as calm, with_intent};

fn entry(number: u128, title: &str, text: &str) -> Macro {
    Macro {
        id: MacroId::new(Ulid(number)),
        kind: MacroKind::Macro,
        title: title.to_owned(),
        text: text.to_owned(),
        language: None,
        channels: Vec::new(),
        intents: Vec::new(),
        categories: Vec::new(),
        outcomes: SuggestionOutcomes::default(),
    }
}

fn candidates(entries: Vec<Macro>) -> Vec<MacroCandidate> {
    let entries = entries.into_iter();
    entries
        .map(|entry| MacroCandidate {
            entry,
            similarity: None,
        })
        .collect()
}

fn library() -> Vec<Macro> {
    vec![
        entry(1, "Refund", "We look into your refund of the money."),
        entry(2, "Password", "Set a new password by the link."),
        entry(3, "Delivery", "The parcel is delivered by the carrier."),
        entry(4, "Invoice", "Download the invoice in your account."),
    ]
}

fn analysis(intent: &str, confidence: f64) -> Analysis {
    let mut analysis = with_intent(calm(), intent, confidence);
    if let Some(intent) = &mut analysis.intent {
        intent.own = Some(OwnIntent {
            intent_id: IntentId::new(Ulid(7)),
            name: "Lamp broken".into(),
            confidence: 0.9,
            version: 1,
        });
    }
    analysis.categories = vec![ScoredCategory {
        category: "refunds".into(),
        score: 0.9,
    }];
    analysis
}

fn order(case: &Case, candidates: &[MacroCandidate]) -> Vec<u128> {
    let fits = rank_macros(case, candidates);
    fits.iter().map(|fit| fit.entry.id.ulid().0).collect()
}

#[test]
fn words_alone_find_a_macro() {
    let candidates = candidates(library());
    for (text, expected) in [
        ("I want a refund", 1),
        ("forgot my passwords", 2),
        ("when is it delivering", 3),
        ("INVOICE please", 4),
    ] {
        let case = Case::of(text, Channel::Widget);
        assert_eq!(order(&case, &candidates)[0], expected, "{text}");
    }
}

#[test]
fn labels_decide_where_words_do_not() {
    let mut entries = library();
    entries[2].intents = vec!["refund_request".into()];
    entries[3].intents = vec!["Lamp broken".into()];
    entries[1].intents = vec![IntentId::new(Ulid(7)).to_string()];
    entries[0].categories = vec!["refunds".into()];
    let candidates = candidates(entries);
    let mut case = Case::of("Hello there", Channel::Widget);
    case.analysis = Some(analysis("refund_request", 0.95));
    let fits = rank_macros(&case, &candidates);
    let of = |number: u128| {
        let fit = fits.iter().find(|fit| fit.entry.id.ulid().0 == number);
        fit.map(|fit| fit.evidence)
    };
    assert_eq!(of(3).and_then(|evidence| evidence.intent), Some(0.95));
    // An own intent counts by its name and by its id.
    assert_eq!(of(4).and_then(|evidence| evidence.intent), Some(0.9));
    assert_eq!(of(2).and_then(|evidence| evidence.intent), Some(0.9));
    assert_eq!(of(1).and_then(|evidence| evidence.category), Some(0.9));
    assert_eq!(fits[0].entry.id.ulid().0, 3);
    // A label that the message has not speaks against a macro.
    case.analysis = Some(analysis("feedback", 0.95));
    assert_ne!(order(&case, &candidates)[0], 3);
}

#[test]
fn meaning_weighs_most() {
    let mut candidates = candidates(library());
    for (candidate, similarity) in candidates.iter_mut().zip([0.3, 0.3, 0.3, 0.8]) {
        candidate.similarity = Some(similarity);
    }
    let case = Case::of("refund", Channel::Widget);
    assert_eq!(order(&case, &candidates)[..2], [4, 1]);
}

#[test]
fn what_cannot_be_sent_is_left_out() {
    let mut entries = library();
    entries[0].language = Some("de".into());
    entries[1].language = Some("en".into());
    entries[2].channels = vec![Channel::Zendesk];
    let candidates = candidates(entries);
    let mut case = Case::of("refund password delivery invoice", Channel::Widget);
    case.language = Some("en".into());
    let mut found = order(&case, &candidates);
    found.sort_unstable();
    assert_eq!(found, [2, 4]);
    // A language that is not known rules nothing out.
    case.language = None;
    case.channel = Channel::Zendesk;
    assert_eq!(order(&case, &candidates).len(), 4);
}

#[test]
fn a_message_about_something_else_is_sure_of_nothing() {
    let mut candidates = candidates(library());
    for candidate in &mut candidates {
        candidate.similarity = Some(0.1);
    }
    let case = Case::of("The weather is fine", Channel::Widget);
    let fits = rank_macros(&case, &candidates);
    assert!(fits.iter().all(|fit| fit.confidence < 0.05), "{fits:?}");
    assert!(rank_macros(&case, &[]).is_empty());
}

#[test]
fn a_rate_is_the_hand_count_drawn_towards_the_usual() {
    let outcomes = |n_accepted, n_edited, n_rejected| SuggestionOutcomes {
        n_accepted,
        n_edited,
        n_rejected,
    };
    for (outcomes, expected) in [
        (outcomes(0, 0, 0), 0.4),
        (outcomes(5, 0, 0), 0.7),
        (outcomes(0, 0, 5), 0.2),
        (outcomes(2, 4, 4), (4.0 + 2.0) / 15.0),
    ] {
        let rate = acceptance_rate(outcomes);
        assert!((rate - expected).abs() < 1e-12, "{outcomes:?}: {rate}");
    }
    assert!((moved(0.5, outcomes(0, 0, 0)) - 0.5).abs() < f64::EPSILON);
    assert!(moved(0.5, outcomes(9, 0, 0)) > 0.6);
    assert!(moved(0.5, outcomes(0, 0, 9)) < 0.4);
    // However many turn it down, what fits well is not lost for ever.
    assert!(moved(0.9, outcomes(0, 0, u32::MAX)) > 0.6);
}

/// The numbers of a linear congruential generator (Knuth's MMIX), as shares.
fn draws(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A made-up log: of each macro there is an outdated twin with the smaller id, so that it stands first until agents have turned it down.
#[test]
fn feedback_brings_right_macros_first() {
    let mut entries = library();
    for (twin, number) in library().into_iter().zip(101..) {
        let mut right = twin;
        right.id = MacroId::new(Ulid(number));
        entries.push(right);
    }
    let mut candidates = candidates(entries);
    let questions = ["refund", "password", "delivery", "invoice"];
    let mut draw = draws(17);
    let mut right_first = Vec::new();
    for _ in 0..20 {
        let mut n_right = 0;
        for text in questions {
            let case = Case::of(text, Channel::Widget);
            let shown = order(&case, &candidates);
            n_right += usize::from(shown[0] > 100);
            for id in shown.into_iter().take(2) {
                let place = candidates
                    .iter()
                    .position(|other| other.entry.id.ulid().0 == id);
                let outcomes = &mut candidates[place.unwrap()].entry.outcomes;
                // One decision of ten is a slip.
                if (id > 100) == (draw() < 0.9) {
                    outcomes.n_accepted += 1;
                } else {
                    outcomes.n_rejected += 1;
                }
            }
        }
        right_first.push(n_right);
    }
    assert_eq!(right_first[0], 0);
    assert!(right_first[15..].iter().all(|n| *n == 4), "{right_first:?}");
}

proptest! {
    #[test]
    fn scores_and_confidences_are_shares(
        text in "\\PC{0,100}",
        similarities in prop::collection::vec(prop::option::of(prop_oneof![-1.0_f64..1.0, Just(f64::NAN)]), 4),
        counts in prop::collection::vec(0_u32..100, 12),
    ) {
        let mut candidates = candidates(library());
        for (place, candidate) in candidates.iter_mut().enumerate() {
            candidate.similarity = similarities[place];
            candidate.entry.outcomes = SuggestionOutcomes {
                n_accepted: counts[3 * place],
                n_edited: counts[3 * place + 1],
                n_rejected: counts[3 * place + 2],
            };
        }
        let case = Case::of(&text, Channel::Widget);
        let fits = rank_macros(&case, &candidates);
        prop_assert_eq!(fits.len(), 4);
        prop_assert!(fits.windows(2).all(|pair| pair[0].confidence >= pair[1].confidence));
        for fit in &fits {
            prop_assert!((0.0..=1.0).contains(&fit.score) && (0.0..=1.0).contains(&fit.confidence));
        }
    }
}
