use std::cell::Cell;

use edgedesk_domain::macros::{Macro, SuggestionOutcomes};
use proptest::prelude::*;
use ulid::Ulid;

use super::*;
use crate::macros::Evidence;
use crate::template::Variable;

#[derive(Default)]
struct Counter(Cell<u128>);

impl IdSource for Counter {
    fn next_ulid(&self) -> Ulid {
        self.0.set(self.0.get() + 1);
        Ulid(self.0.get())
    }
}

fn offer(source: SuggestionSource, text: &str, confidence: f64) -> Offer {
    Offer {
        source,
        title: text.to_owned(),
        text: text.to_owned(),
        confidence,
        reason: "Because.".into(),
        macro_id: None,
        citations: Vec::new(),
    }
}

fn titles(offers: Vec<Offer>) -> Vec<String> {
    let suggestions = rank(offers, &Counter::default()).into_iter();
    suggestions.map(|suggestion| suggestion.title).collect()
}

fn of_macro(kind: MacroKind, text: &str) -> Result<Offer, Unusable> {
    let entry = Macro {
        id: MacroId::new(Ulid(1)),
        kind,
        title: "Title".into(),
        text: text.into(),
        language: None,
        channels: Vec::new(),
        intents: Vec::new(),
        categories: Vec::new(),
        outcomes: SuggestionOutcomes {
            n_accepted: 3,
            n_edited: 1,
            n_rejected: 1,
        },
    };
    let fit = Fit {
        entry: &entry,
        score: 0.7,
        confidence: 0.8,
        evidence: Evidence {
            meaning: Some(0.7),
            words: 0.5,
            intent: Some(0.9),
            category: None,
        },
    };
    let values = Variables {
        agent_name: Some("Kim".into()),
        ..Variables::default()
    };
    Offer::of_macro(&fit, &values)
}

#[test]
fn the_best_three_stand_in_their_order() {
    use SuggestionSource::{Draft, Macro, Template};
    let offers = vec![
        offer(Macro, "one", 0.2),
        offer(Draft, "two", 0.9),
        offer(Template, "three", 0.5),
        offer(Macro, "four", 0.4),
        offer(Macro, "noise", 0.01),
    ];
    assert_eq!(titles(offers), ["two", "three", "four"]);
    assert!(titles(Vec::new()).is_empty());
}

#[test]
fn no_two_are_nearly_the_same() {
    use SuggestionSource::Macro;
    let offers = vec![
        offer(Macro, "Please send the parcel back to us in its box", 0.5),
        offer(Macro, "Please send the parcel back to us in its box!", 0.9),
        offer(Macro, "Something else", 0.3),
    ];
    assert_eq!(
        titles(offers),
        [
            "Please send the parcel back to us in its box!",
            "Something else"
        ]
    );
}

#[test]
fn a_draft_with_a_source_is_always_among_them() {
    use SuggestionSource::{Draft, Macro};
    let macros = |n: u8| (0..n).map(|number| offer(Macro, &format!("m{number}"), 0.9));
    let without = offer(Draft, "draft", 0.1);
    let mut with = without.clone();
    with.citations.push(Citation {
        article_id: edgedesk_domain::ids::ArticleId::new(Ulid(1)),
        title: "Article".into(),
        version: 1,
        start: 0,
        end: 1,
        quote: "A".into(),
    });
    assert_eq!(
        titles(macros(4).chain([without.clone()]).collect()),
        ["m0", "m1", "m2"]
    );
    assert_eq!(
        titles(macros(4).chain([with]).collect()),
        ["m0", "m1", "draft"]
    );
    assert_eq!(
        titles(macros(1).chain([without]).collect()),
        ["m0", "draft"]
    );
}

#[test]
fn a_macro_is_offered_as_what_it_is_or_not_at_all() {
    let filled = of_macro(MacroKind::Template, "Yours, {{agent.name}}").unwrap();
    assert_eq!(
        (filled.source, filled.text.as_str()),
        (SuggestionSource::Template, "Yours, Kim")
    );
    assert_eq!(
        filled.reason,
        "Offered because it is for what the customer wants, its meaning is near and it has the message's words; \
         it was sent 4 of 5 times when decided on (counted as 55 %)."
    );
    let plain = of_macro(MacroKind::Macro, "Yours").unwrap();
    assert_eq!(plain.source, SuggestionSource::Macro);
    let missing = of_macro(MacroKind::Template, "{{order.number}}").unwrap_err();
    let variables = vec![Variable::OrderNumber];
    assert_eq!(missing, Unusable::Missing(Missing { variables }));
    for (kind, text) in [
        (MacroKind::Macro, "Yours, {{agent.name}}"),
        (MacroKind::Template, "Yours, {{agent"),
    ] {
        assert_eq!(of_macro(kind, text), Err(Unusable::Unreadable), "{text}");
    }
}

proptest! {
    #[test]
    fn at_most_three_in_order_whatever_is_offered(
        offers in prop::collection::vec(("[a-e ]{1,12}", -1.0_f64..2.0, any::<bool>()), 0..12),
    ) {
        let offers = offers.into_iter().map(|(text, confidence, is_draft)| {
            let source = if is_draft { SuggestionSource::Draft } else { SuggestionSource::Macro };
            offer(source, &text, confidence)
        });
        let found = rank(offers.collect(), &Counter::default());
        prop_assert!(found.len() <= MAX_SUGGESTIONS);
        prop_assert!(found.windows(2).all(|pair| pair[0].confidence >= pair[1].confidence));
        prop_assert!(found.iter().all(|one| (0.0..=1.0).contains(&one.confidence)));
    }
}
