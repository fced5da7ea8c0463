//! Macros, and what became of suggestions.

use edgedesk_domain::event::{DraftCreated, EventData, SuggestionDecided};
use edgedesk_domain::ids::{DraftId, MacroId, MessageId, SuggestionId};
use edgedesk_domain::macros::{MacroKind, SuggestionOutcomes};
use edgedesk_domain::message::Actor;
use edgedesk_domain::suggestion::{Suggestion, SuggestionSource, SuggestionVerdict};
use edgedesk_wire::macros::MacroBody;
use ulid::Ulid;

use super::*;

fn macro_id(number: u128) -> MacroId {
    MacroId::new(Ulid(number))
}

fn body(title: &str, language: Option<&str>) -> MacroBody {
    MacroBody {
        kind: MacroKind::Template,
        title: title.into(),
        text: "Hello {{customer.name}}".into(),
        language: language.map(str::to_owned),
        channels: Vec::new(),
        intents: vec!["refund_request".into()],
        categories: Vec::new(),
    }
}

fn suggestion(number: u128, source: SuggestionSource, macro_number: Option<u128>) -> Suggestion {
    Suggestion {
        id: SuggestionId::new(Ulid(number)),
        source,
        title: String::new(),
        text: "Hello".into(),
        confidence: 0.5,
        reason: String::new(),
        macro_id: macro_number.map(macro_id),
        citations: Vec::new(),
    }
}

fn offered(suggestions: Vec<Suggestion>) -> EventData {
    EventData::DraftCreated(DraftCreated {
        draft_id: DraftId::new(Ulid(1)),
        message_id: MessageId::new(Ulid(1)),
        message_seq: 2,
        suggestions,
        actions: Vec::new(),
        language: None,
        model: edgedesk_domain::analysis::ModelRef {
            id: "composer".into(),
            version: "1".into(),
        },
        reasons: Vec::new(),
        elapsed_ms: 1.0,
    })
}

fn decided(of: &Suggestion, verdict: Option<SuggestionVerdict>) -> EventData {
    EventData::SuggestionDecided(SuggestionDecided {
        draft_id: DraftId::new(Ulid(1)),
        suggestion_id: of.id,
        source: of.source,
        macro_id: of.macro_id,
        verdict,
        message_id: None,
        by: Actor::System,
    })
}

#[test]
fn the_figures_are_those_of_a_count_by_hand_whatever_the_order_of_delivery() {
    let (first, second, third) = (
        suggestion(1, SuggestionSource::Macro, Some(7)),
        suggestion(2, SuggestionSource::Draft, None),
        suggestion(3, SuggestionSource::Macro, Some(7)),
    );
    let mut log = Log::new(&AURORA, 1, 1);
    log.append(offered(vec![first.clone(), second.clone(), third.clone()]));
    log.append(decided(&first, Some(SuggestionVerdict::Rejected)));
    log.append(decided(&first, None));
    log.append(decided(&first, Some(SuggestionVerdict::Edited)));
    log.append(decided(&second, Some(SuggestionVerdict::Accepted)));
    log.append(decided(&third, Some(SuggestionVerdict::Rejected)));
    let head = log.state().seq;
    for seed in 0..10 {
        let shards = shards();
        let sealer = crate::fixtures::sealer(&shards, AURORA.account_id);
        let mut order: Vec<u64> = (1..=head).chain(1..=head).collect();
        Dice(seed).shuffle(&mut order);
        for seq in order {
            let appended = log.appended(seq, seq, head);
            let statements = crate::projection::statements_for(&appended, &sealer).unwrap();
            let shard = shards.shard(AURORA.shard).unwrap();
            block_on(Database::batch(shard, statements)).unwrap();
        }
        let store = store(&shards, &AURORA);
        let figures = block_on(store.count_suggestions()).unwrap();
        let [of_macros, of_templates, of_drafts] = figures.as_slice() else {
            panic!("a line for each source");
        };
        let counts = |line: &edgedesk_wire::suggestions::SourceFigures| {
            (
                line.n_offered,
                line.n_accepted,
                line.n_edited,
                line.n_rejected,
            )
        };
        assert_eq!(counts(of_macros), (2, 0, 1, 1), "seed {seed}");
        assert_eq!(of_macros.acceptance_rate, Some(0.5));
        assert_eq!(counts(of_templates), (0, 0, 0, 0));
        assert_eq!(of_templates.acceptance_rate, None);
        assert_eq!(counts(of_drafts), (1, 1, 0, 0));
        let outcomes = block_on(store.macro_outcomes()).unwrap();
        let expected = SuggestionOutcomes {
            n_accepted: 0,
            n_edited: 1,
            n_rejected: 1,
        };
        assert_eq!(outcomes.get(&macro_id(7)), Some(&expected));
        let ours = shards
            .for_account(BOREALIS.account_id, AURORA.shard)
            .unwrap();
        assert!(block_on(ours.macro_outcomes()).unwrap().is_empty());
        assert_eq!(block_on(ours.count_suggestions()).unwrap()[0].n_offered, 0);
    }
}

#[test]
fn a_macro_has_its_title_for_itself_in_its_language() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    let add = |number, body: &MacroBody| block_on(store.add_macro(macro_id(number), body, at(1)));
    assert_eq!(add(1, &body("Refund", None)), Ok(()));
    assert_eq!(add(2, &body("REFUND", None)), Err(MacroError::TitleTaken));
    assert_eq!(add(2, &body("Refund", Some("de"))), Ok(()));
    assert_eq!(add(3, &body("Address", None)), Ok(()));
    let change =
        |number, body: &MacroBody| block_on(store.change_macro(macro_id(number), body, at(2)));
    assert_eq!(
        change(3, &body("refund", None)),
        Err(MacroError::TitleTaken)
    );
    assert_eq!(change(9, &body("New", None)), Err(MacroError::NotFound));
    assert_eq!(change(3, &body("Where to", None)), Ok(()));
    let list = block_on(store.list_macros()).unwrap();
    let titles: Vec<&str> = list
        .iter()
        .map(|view| view.content.title.as_str())
        .collect();
    assert_eq!(titles, ["Refund", "Refund", "Where to"]);
    assert_eq!(list[0].content.intents, ["refund_request"]);
    let ours = shards
        .for_account(BOREALIS.account_id, AURORA.shard)
        .unwrap();
    assert!(block_on(ours.list_macros()).unwrap().is_empty());
    assert_eq!(block_on(ours.find_macro(macro_id(1))), Ok(None));
    assert!(!block_on(ours.delete_macro(macro_id(1))).unwrap());
    assert!(block_on(store.delete_macro(macro_id(1))).unwrap());
    assert!(!block_on(store.delete_macro(macro_id(1))).unwrap());
    for number in 10.. {
        match add(number, &body(&format!("Number {number}"), None)) {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error, MacroError::TooMany);
                break;
            }
        }
    }
    let n_macros = block_on(store.list_macros()).unwrap().len();
    assert_eq!(n_macros, MAX_MACROS as usize);
}
