use std::cell::Cell;

use edgedesk_domain::ids::MacroId;
use edgedesk_domain::macros::{Macro, MacroKind, SuggestionOutcomes};
use edgedesk_domain::suggestion::{ActionWord, SuggestionSource};
use proptest::prelude::*;
use ulid::Ulid;

use super::*;
use crate::output::NextAction;
use crate::testing::{analysis, article, case, with_intent};
use crate::validate::FindingKind;

#[derive(Default)]
struct Counter(Cell<u128>);

impl IdSource for Counter {
    fn next_ulid(&self) -> Ulid {
        self.0.set(self.0.get() + 1);
        Ulid(self.0.get())
    }
}

const ARTICLE: &str =
    "# Refunds\n\nA refund takes two working days. Open **My orders** to ask for it.\n";

fn candidate(number: u128, text: &str, similarity: f64) -> MacroCandidate {
    MacroCandidate {
        entry: Macro {
            id: MacroId::new(Ulid(number)),
            kind: MacroKind::Template,
            title: format!("Macro {number}"),
            text: text.into(),
            language: None,
            channels: Vec::new(),
            intents: vec!["refund_request".into()],
            categories: Vec::new(),
            outcomes: SuggestionOutcomes::default(),
        },
        similarity: Some(similarity),
    }
}

fn refund() -> Case {
    let analysis = with_intent(analysis(), "refund_request", 0.9);
    case("en", "I want my money back", analysis)
}

#[test]
fn a_message_has_suggestions_actions_and_reasons() {
    let macros = [
        candidate(1, "Hello {{customer.first_name}}, we look into it.", 0.7),
        candidate(2, "We look at order {{order.number}}.", 0.68),
        candidate(3, "The weather is fine.", 0.1),
    ];
    let passages = [article(1, "en", 0.8, ARTICLE)];
    let suggested = suggest(&refund(), &macros, &passages, &Counter::default());
    let sources: Vec<SuggestionSource> = suggested
        .suggestions
        .iter()
        .map(|suggestion| suggestion.source)
        .collect();
    assert_eq!(
        sources,
        [SuggestionSource::Draft, SuggestionSource::Template]
    );
    let template = &suggested.suggestions[1];
    assert_eq!(template.text, "Hello Anna, we look into it.");
    assert_eq!(template.macro_id, Some(MacroId::new(Ulid(1))));
    assert_eq!(
        suggested.suggestions[0].citations[0].quote,
        "A refund takes two working days."
    );
    assert_eq!(suggested.actions[0].action, ActionWord::StartRefund);
    // The template that wants an order's number says why it is not there.
    let left_out = suggested
        .reasons
        .iter()
        .find(|reason| reason.code == "missing_value");
    let text = &left_out.unwrap().text;
    assert_eq!(
        text,
        "“Macro 2” fits and is left out: no value is known of order.number."
    );
    assert_eq!(suggested.language.as_deref(), Some("en"));
    // The same once more.
    let again = suggest(&refund(), &macros, &passages, &Counter::default());
    assert_eq!(again, suggested);
}

#[test]
fn a_draft_that_makes_something_up_is_held_back() {
    let case = refund();
    let passages = [article(1, "en", 0.8, ARTICLE)];
    let mut draft = compose(&case, &passages);
    "Your order 99887766 was refunded.".clone_into(&mut draft.text);
    draft.action = NextAction::Reply;
    let model = ModelRef {
        id: "somebody".into(),
        version: "1".into(),
    };
    let suggested = suggest_with(&case, &[], &passages, draft, model, &Counter::default());
    assert!(suggested.suggestions.is_empty());
    assert_eq!(suggested.language, None);
    assert_eq!(suggested.findings[0].kind, FindingKind::OrderNumber);
    let blocked = suggested.reasons.last().unwrap();
    assert_eq!(blocked.code, "unsupported");
    assert!(blocked.text.contains("99887766"), "{}", blocked.text);
}

#[test]
fn without_anything_there_is_a_short_honest_reply() {
    let suggested = suggest(&refund(), &[], &[], &Counter::default());
    assert_eq!(suggested.suggestions.len(), 1);
    assert!(suggested.suggestions[0].confidence < 0.3);
    assert!(suggested.suggestions[0].citations.is_empty());
    assert_eq!(suggested.reasons[0].code, "no_source");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever the articles and the message are, a draft of the composer rests on what is there, so it is never held back.
    #[test]
    fn a_composed_draft_is_never_held_back(
        text in "\\PC{0,80}",
        markdown in "([A-Z][a-z]{1,6}( [a-z]{1,6}| [0-9]{1,5}| EUR 5| #[0-9]{5}| today| guaranteed| \\*[a-z]{2}\\*| [0-9] days){2,6}[.!:] ?|\n\n|\n- |\n1\\. ){1,12}",
        similarity in 0.3_f64..1.0,
        language in prop::sample::select(vec!["en", "de", "fr", "es", "it", "pt", "nl", "fi"]),
    ) {
        let case = case(language, &text, with_intent(analysis(), "refund_request", 0.9));
        let markdown = format!("# Title\n\n{markdown}");
        let passages = [article(1, language, similarity, &markdown)];
        let suggested = suggest(&case, &[], &passages, &Counter::default());
        prop_assert_eq!(&suggested.findings, &[], "{}", markdown);
        prop_assert_eq!(suggested.suggestions.len(), 1);
    }
}
