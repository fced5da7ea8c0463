//! Own intents.

use std::collections::BTreeSet;

use edgedesk_domain::account::{Access, Principal, Role};
use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::event::{AnalysisCorrected, EventData};
use edgedesk_domain::feedback::{AnalysisField, Verdict};
use edgedesk_domain::ids::IntentId;
use edgedesk_domain::message::Actor;
use edgedesk_wire::ai::{
    CrossValidation, LabelScore, PreviousVersion, PromotionAction, ReasonCode, RowCounts,
    VersionReason,
};
use edgedesk_wire::inference::IntentsInUse;
use ulid::Ulid;

use super::*;
use crate::seed::DemoIds;
use crate::testing::Failure;

fn intent(number: u128) -> IntentId {
    IntentId::new(Ulid(number))
}

fn manager(ids: &DemoIds) -> Principal {
    Principal {
        account_id: ids.account_id,
        user_id: ids.user_id(1),
        role: Role::Manager,
        name: "Ada".into(),
        access: Access::default(),
    }
}

fn sentences(prefix: &str, n: usize) -> Vec<String> {
    (0..n).map(|number| format!("{prefix} {number}")).collect()
}

/// Agents say that the first message of a conversation is of an own intent.
fn correct_to(log: &mut Log, value: &str) {
    let (decision_id, decided_at, analyzed) = log
        .events
        .iter()
        .find_map(|event| match &event.data {
            EventData::MessageAnalyzed(analyzed) => Some((event.id, event.at, analyzed.clone())),
            _ => None,
        })
        .expect("it was analysed");
    log.append(EventData::AnalysisCorrected(AnalysisCorrected {
        message_id: analyzed.message_id,
        message_seq: analyzed.message_seq,
        decision_id,
        decided_at,
        field: AnalysisField::OwnIntent,
        decided: None,
        value: value.to_owned(),
        verdict: Verdict::Corrected,
        model: analyzed.analysis.model,
        by: Actor::System,
        client_id: None,
    }));
}

#[test]
fn names_are_unique_without_regard_to_case_and_intents_are_counted() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    let examples = sentences("example", 12);
    block_on(store.add_intent(intent(1), "Whole sale", &examples, at(1))).unwrap();
    for taken in ["WHOLE sale", "whole  Sale "] {
        let again = block_on(store.add_intent(intent(2), taken, &examples, at(2)));
        assert_eq!(again, Err(IntentError::NameTaken), "{taken:?}");
    }
    assert_eq!(block_on(store.find_intent(intent(2))), Ok(None));

    let found = block_on(store.find_intent(intent(1)))
        .unwrap()
        .expect("it is there");
    assert_eq!(found.examples, examples, "in their order");
    assert_eq!(
        (found.summary.n_examples, found.summary.n_corrections),
        (12, 0)
    );

    // Its own name is not taken by itself.
    block_on(store.change_intent(intent(1), "whole SALE", &examples[..3], at(5))).unwrap();
    let changed = block_on(store.find_intent(intent(1)))
        .unwrap()
        .expect("it is there");
    assert_eq!(changed.examples, examples[..3]);
    assert_eq!(changed.summary.name, "whole SALE");
    assert_eq!(
        (changed.summary.created_at, changed.summary.updated_at),
        (at(1), at(5))
    );

    block_on(store.add_intent(intent(2), "Other", &examples, at(2))).unwrap();
    let taken = block_on(store.change_intent(intent(2), "Whole Sale", &[], at(6)));
    assert_eq!(taken, Err(IntentError::NameTaken));
    let untouched = block_on(store.find_intent(intent(2)))
        .unwrap()
        .expect("it is there");
    assert_eq!(
        (untouched.summary.name.as_str(), untouched.examples.len()),
        ("Other", 12)
    );
    let unknown = block_on(store.change_intent(intent(9), "New", &[], at(6)));
    assert_eq!(unknown, Err(IntentError::NotFound));

    for number in 3..=MAX_INTENTS {
        let name = format!("Intent {number}");
        block_on(store.add_intent(intent(number.into()), &name, &[], at(7))).unwrap();
    }
    let one_more = block_on(store.add_intent(intent(99), "One more", &examples, at(8)));
    assert_eq!(one_more, Err(IntentError::TooMany));
    assert_eq!(
        block_on(store.list_intents()).unwrap().len(),
        MAX_INTENTS as usize
    );
    assert_eq!(
        block_on(store.delete_intent(intent(1), &manager(&AURORA), at(9))),
        Ok(true)
    );
    assert_eq!(
        block_on(store.delete_intent(intent(1), &manager(&AURORA), at(9))),
        Ok(false)
    );
    let left = shards
        .shard(AURORA.shard)
        .unwrap()
        .dump("own_intent_examples");
    assert!(left.iter().all(|row| !row.contains(&intent(1).to_string())));
    block_on(store.add_intent(intent(99), "One more", &examples, at(8))).unwrap();
}

#[test]
fn what_agents_say_of_a_message_is_learned_from_until_they_take_it_back() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    block_on(store.add_intent(intent(1), "Wholesale", &sentences("bulk", 10), at(1))).unwrap();
    block_on(store.add_intent(intent(2), "Repairs", &sentences("broken", 10), at(1))).unwrap();
    let before = block_on(store.training_set(budget(1_000))).unwrap();
    assert_eq!((before.counts.n_rows, before.counts.n_corrections), (20, 0));

    let mut logs: Vec<Log> = (1..=3).map(|number| Log::new(&AURORA, number, 1)).collect();
    for (number, log) in logs.iter_mut().enumerate() {
        // The third says what an example says already.
        let text = if number == 2 {
            "bulk 3".to_owned()
        } else {
            format!("{number} \u{1f642} pallets")
        };
        log.analyzed_message(&text, 0.1);
        correct_to(log, &intent(1).to_string());
    }
    project_logs(&shards, AURORA.shard, &logs);
    let after = block_on(store.training_set(budget(1_000))).unwrap();
    assert_eq!((after.counts.n_rows, after.counts.n_corrections), (22, 2));
    assert!(
        after
            .rows
            .iter()
            .any(|row| row.text == "1 \u{1f642} pallets" && row.is_correction)
    );
    let counted = block_on(store.find_intent(intent(1)))
        .unwrap()
        .expect("it is there");
    assert_eq!(counted.summary.n_corrections, 3);
    let keys: BTreeSet<_> = after.rows.iter().map(|row| &row.key).collect();
    assert_eq!(keys.len(), after.rows.len(), "no two rows are the same");
    assert!(
        before.rows.iter().all(|row| keys.contains(&row.key)),
        "a row keeps its key"
    );

    // The last word counts: to the other intent, then to none.
    for (value, of_first, of_second) in [(intent(2).to_string(), 1, 1), ("none".to_owned(), 1, 0)] {
        correct_to(&mut logs[0], &value);
        project_logs(&shards, AURORA.shard, &logs);
        let set = block_on(store.training_set(budget(1_000))).unwrap();
        let n_of = |place: usize| {
            let id = intent(place as u128);
            set.rows
                .iter()
                .filter(|row| {
                    let of = row.intent.map(|place| set.intents[place].intent_id);
                    row.is_correction && of == Some(id)
                })
                .count()
        };
        assert_eq!((n_of(1), n_of(2)), (of_first, of_second));
        // A word that it is none of them is a row too.
        let n_none = set.rows.iter().filter(|row| row.intent.is_none()).count();
        assert_eq!(n_none, usize::from(value == "none"), "{value}");
    }
}

#[test]
fn a_training_takes_no_more_rows_than_it_is_told_and_counts_the_rest() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    block_on(store.add_intent(intent(1), "Many", &sentences("a", 200), at(1))).unwrap();
    block_on(store.add_intent(intent(2), "Few", &sentences("b", 10), at(1))).unwrap();
    let set = block_on(store.training_set(budget(100))).unwrap();
    // What the few do not need, the many may have.
    assert_eq!((set.counts.n_rows, set.counts.n_left_out), (100, 110));
    assert_eq!(
        (set.rows.len(), &set.n_available[..]),
        (100, &[10, 200][..])
    );
    let tight = TrainingBudget {
        max_rows: 100,
        max_bytes: 50,
    };
    let set = block_on(store.training_set(tight)).unwrap();
    let n_bytes: usize = set.rows.iter().map(|row| row.text.len()).sum();
    assert!((45..=50).contains(&n_bytes), "{n_bytes}");
    assert_eq!(set.counts.n_left_out, 210 - set.counts.n_rows);
    let none = shards
        .for_account(BOREALIS.account_id, BOREALIS.shard)
        .unwrap();
    assert_eq!(block_on(none.training_set(budget(100))).unwrap().rows, []);
}

#[test]
fn examples_leave_room_for_corrections_and_the_newest_come_first() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    block_on(store.add_intent(intent(1), "Wholesale", &sentences("bulk", 200), at(1))).unwrap();
    block_on(store.add_intent(intent(2), "Repairs", &sentences("broken", 200), at(1))).unwrap();
    let mut logs: Vec<Log> = (1..=12)
        .map(|number| Log::new(&AURORA, number, 1))
        .collect();
    for (number, log) in logs.iter_mut().enumerate() {
        log.analyzed_message(&format!("correction {number}"), 0.1);
        // The longer the conversation, the later is the word on its first message.
        for _ in 0..number {
            log.analyzed_message("meanwhile", 0.1);
        }
        let value = if number % 2 == 0 {
            intent(1).to_string()
        } else {
            "none".to_owned()
        };
        correct_to(log, &value);
    }
    project_logs(&shards, AURORA.shard, &logs);
    let set = block_on(store.training_set(budget(22))).unwrap();
    let of = |place: Option<usize>| {
        let corrections = set.rows.iter().filter(|row| row.is_correction);
        corrections.filter(|row| row.intent == place).count()
    };
    let wholesale = set
        .intents
        .iter()
        .position(|label| label.intent_id == intent(1));
    // Of 22 rows: six of none, eight of each intent, every third of them a correction.
    assert_eq!((of(None), of(wholesale)), (6, 2));
    for newest in ["correction 10", "correction 8"] {
        assert!(set.rows.iter().any(|row| row.text == newest), "{newest}");
    }
    let counts = set.counts;
    assert_eq!((counts.n_rows, counts.n_corrections), (22, 8));
    assert_eq!(
        (counts.examples_left_out, counts.corrections_left_out),
        (400 - 14, 12 - 8)
    );
    assert_eq!(
        counts.n_left_out,
        counts.examples_left_out + counts.corrections_left_out
    );
}

#[test]
fn own_intents_are_switched_off_by_hand_and_put_to_use_again() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    let by = manager(&AURORA);
    let off = |now| block_on(store.roll_back_intents(None, &by, at(now))).unwrap();
    let nothing = off(1).expect("there was none");
    assert_eq!((nothing.version, nothing.changed), (None, false));
    let new = new_version(ReasonCode::First, None);
    block_on(store.add_intents_version(new, &by, at(2))).unwrap();
    let switched = off(3).expect("it can always be done");
    assert_eq!(
        (
            switched.version,
            switched.previous_version,
            switched.changed
        ),
        (None, Some(1), true)
    );
    assert_eq!(block_on(store.intents_version_in_use()), Ok(None));
    assert_eq!(block_on(store.intents_in_use()), Ok(None));
    assert_eq!(block_on(store.current_intents()), Ok(None));
    assert!(!off(4).expect("it is off").changed);
    let versions = block_on(store.list_intents_versions(None, 10)).unwrap();
    assert!(versions.items.iter().all(|version| !version.in_use));

    // A training that began while version 1 was in use does not switch on again; the next does.
    let late = new_version(ReasonCode::NoWorse, Some(1));
    let late = block_on(store.add_intents_version(late, &by, at(5))).unwrap();
    assert_eq!(late.reason.code, ReasonCode::Superseded);
    let next = new_version(ReasonCode::First, None);
    let next = block_on(store.add_intents_version(next, &by, at(6))).unwrap();
    assert!(next.in_use);
    assert!(
        block_on(store.roll_back_intents(Some(1), &by, at(7)))
            .unwrap()
            .is_some_and(|back| back.previous_version == Some(3))
    );
    let record: Vec<_> = block_on(store.list_promotions(None, 10))
        .unwrap()
        .items
        .iter()
        .map(|change| (change.version, change.previous_version))
        .collect();
    assert_eq!(
        record,
        [
            (Some(1), Some(3)),
            (Some(3), None),
            (None, Some(1)),
            (Some(1), None)
        ]
    );
}

#[test]
fn intents_that_are_gone_are_told_and_too_few_switch_off() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    let by = manager(&AURORA);
    for number in 1..=4 {
        let name = format!("Intent {number}");
        block_on(store.add_intent(intent(number), &name, &[], at(1))).unwrap();
    }
    let mut new = new_version(ReasonCode::First, None);
    // It was trained before the fourth came.
    new.cross_validation.labels = (1..=3)
        .map(|number| LabelScore {
            intent_id: intent(number),
            name: format!("Intent {number}"),
            n: 10,
            precision: 1.0,
            recall: 1.0,
            f1: 1.0,
        })
        .collect();
    block_on(store.add_intents_version(new, &by, at(2))).unwrap();
    let in_use = || block_on(store.intents_in_use()).unwrap();
    let known = |retired: &[u128]| {
        Some(IntentsInUse {
            version: 1,
            retired: retired.iter().copied().map(intent).collect(),
        })
    };
    assert_eq!(in_use(), known(&[]));
    let delete = |number, now| block_on(store.delete_intent(intent(number), &by, at(now))).unwrap();
    assert!(delete(3, 3));
    assert!(delete(1, 4));
    assert_eq!(in_use(), known(&[1, 3]));
    assert!(
        !delete(1, 5),
        "it is gone already, and so nothing is switched"
    );
    assert_eq!(in_use(), known(&[1, 3]));
    assert!(delete(4, 6));
    assert_eq!(in_use(), None, "one alone is not told from anything");
    let record = block_on(store.list_promotions(None, 1)).unwrap().items;
    assert_eq!(
        (
            record[0].version,
            record[0].previous_version,
            record[0].action
        ),
        (None, Some(1), PromotionAction::Deleted)
    );
    assert!(delete(2, 7));
    let record = block_on(store.list_promotions(None, 10)).unwrap().items;
    assert_eq!(record.len(), 2, "what is off is not switched off");
}

fn budget(max_rows: usize) -> TrainingBudget {
    TrainingBudget {
        max_rows,
        max_bytes: 100_000,
    }
}

fn new_version(code: ReasonCode, compared_with: Option<u32>) -> NewVersion {
    NewVersion {
        head: format!("{{\"made\":\"{code:?}\"}}"),
        encoder: ModelRef {
            id: "encoder".into(),
            version: "1".into(),
        },
        cross_validation: CrossValidation {
            folds: 5,
            n: 20,
            accuracy: 0.1 + 0.2,
            macro_f1: 0.25,
            labels: Vec::new(),
            none: None,
        },
        previous: compared_with.map(|version| PreviousVersion {
            version,
            accuracy: 0.2,
        }),
        promote: code != ReasonCode::Worse,
        reason: VersionReason {
            code,
            text: "Because.".into(),
        },
        counts: RowCounts {
            n_rows: 20,
            n_corrections: 2,
            n_left_out: 3,
            examples_left_out: 1,
            corrections_left_out: 2,
        },
        row_keys: vec!["a".into(), "b".into()],
        compared_with,
        elapsed_ms: 12.5,
        features_ms: 9.25,
        fit_ms: 3.0,
    }
}

#[test]
fn one_version_is_in_use_and_every_change_of_it_is_on_record() {
    use PromotionAction::{RolledBack, Trained};
    let shards = shards();
    let store = store(&shards, &AURORA);
    let by = manager(&AURORA);
    let add = |new, second| block_on(store.add_intents_version(new, &by, at(second))).unwrap();
    assert_eq!(block_on(store.intents_version_in_use()), Ok(None));
    assert_eq!(block_on(store.current_intents()), Ok(None));

    let first = add(new_version(ReasonCode::First, None), 1);
    assert_eq!(
        (first.version, first.in_use, first.promoted),
        (1, true, true)
    );
    let worse = add(new_version(ReasonCode::Worse, Some(1)), 2);
    assert_eq!(
        (worse.version, worse.in_use, worse.promoted),
        (2, false, false)
    );
    assert_eq!(worse.reason.code, ReasonCode::Worse);
    let better = add(new_version(ReasonCode::NoWorse, Some(1)), 3);
    assert_eq!(
        (better.version, better.in_use, better.promoted),
        (3, true, true)
    );
    // It was compared with version 1, which is not in use any more.
    let late = add(new_version(ReasonCode::NoWorse, Some(1)), 4);
    assert_eq!(
        (late.version, late.in_use, late.promoted),
        (4, false, false)
    );
    assert_eq!(late.reason.code, ReasonCode::Superseded);

    let current = block_on(store.current_intents())
        .unwrap()
        .expect("version 3");
    assert_eq!(current.version, 3);
    assert_eq!(current.row_keys, ["a", "b"].map(str::to_owned).into());
    assert_eq!(
        block_on(store.intents_head(3)).unwrap().as_deref(),
        Some(r#"{"made":"NoWorse"}"#)
    );
    assert_eq!(block_on(store.intents_head(5)), Ok(None));

    let back = |version| block_on(store.roll_back_intents(Some(version), &by, at(9))).unwrap();
    let rolled = back(1).expect("version 1 is there");
    assert_eq!((rolled.previous_version, rolled.changed), (Some(3), true));
    let again = back(1).expect("version 1 is there");
    assert_eq!((again.version, again.changed), (Some(1), false));
    // One that was kept aside may be used too, if somebody says so.
    assert!(back(2).expect("version 2 is there").changed);
    assert_eq!(back(7), None);
    assert_eq!(block_on(store.intents_version_in_use()), Ok(Some(2)));

    let mut cursor: Option<String> = None;
    let mut versions = Vec::new();
    loop {
        let page = block_on(store.list_intents_versions(cursor.as_deref(), 3)).unwrap();
        versions.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let listed: Vec<_> = versions
        .iter()
        .map(|version| (version.version, version.in_use))
        .collect();
    assert_eq!(listed, [(4, false), (3, false), (2, true), (1, false)]);
    assert_eq!(
        versions[3].cross_validation, first.cross_validation,
        "to the last digit"
    );

    let record = block_on(store.list_promotions(None, 10)).unwrap().items;
    let record: Vec<_> = record
        .iter()
        .map(|change| {
            (
                change.number,
                change.version,
                change.previous_version,
                change.action,
            )
        })
        .collect();
    assert_eq!(
        record,
        [
            (4, Some(2), Some(1), RolledBack),
            (3, Some(1), Some(3), RolledBack),
            (2, Some(3), Some(1), Trained),
            (1, Some(1), None, Trained),
        ]
    );
    for cursor in ["", "x", "-1", "1.5", "99999999999"] {
        let refused = block_on(store.list_intents_versions(Some(cursor), 3));
        assert_eq!(refused, Err(StoreError::InvalidCursor), "{cursor:?}");
    }
}

#[test]
fn a_failing_database_stores_a_version_whole_or_not_at_all() {
    for (failure, is_stored) in [(Failure::Down, false), (Failure::AnswerLost, true)] {
        let shards = shards();
        let store = store(&shards, &AURORA);
        let database = shards.shard(AURORA.shard).unwrap();
        database.fail_when(move |call| (call == 1).then_some(failure));
        let new = new_version(ReasonCode::First, None);
        let result = block_on(store.add_intents_version(new, &manager(&AURORA), at(1)));
        assert!(result.is_err());
        database.recover();
        let in_use = block_on(store.intents_version_in_use()).unwrap();
        assert_eq!(in_use, is_stored.then_some(1), "{failure:?}");
        let n_versions = block_on(store.list_intents_versions(None, 10))
            .unwrap()
            .items
            .len();
        assert_eq!(n_versions, usize::from(is_stored));
    }
}

#[test]
fn another_account_on_the_same_shard_has_intents_of_its_own() {
    let shards = shards();
    let theirs = store(&shards, &AURORA);
    let ours = shards
        .for_account(BOREALIS.account_id, AURORA.shard)
        .unwrap();
    block_on(theirs.add_intent(intent(1), "Wholesale", &sentences("bulk", 10), at(1))).unwrap();
    let new = new_version(ReasonCode::First, None);
    block_on(theirs.add_intents_version(new, &manager(&AURORA), at(1))).unwrap();
    let mut log = Log::new(&AURORA, 1, 1);
    log.analyzed_message("pallets", 0.1);
    correct_to(&mut log, &intent(1).to_string());
    project_logs(&shards, AURORA.shard, &[log]);

    for (store, sees) in [(theirs, true), (ours, false)] {
        assert_eq!(
            block_on(store.find_intent(intent(1))).unwrap().is_some(),
            sees
        );
        assert_eq!(!block_on(store.list_intents()).unwrap().is_empty(), sees);
        assert_eq!(
            !block_on(store.training_set(budget(100)))
                .unwrap()
                .rows
                .is_empty(),
            sees
        );
        assert_eq!(
            block_on(store.intents_version_in_use()).unwrap().is_some(),
            sees
        );
        assert_eq!(block_on(store.current_intents()).unwrap().is_some(), sees);
        assert_eq!(block_on(store.intents_head(1)).unwrap().is_some(), sees);
        assert_eq!(block_on(store.intents_encoder(1)).unwrap().is_some(), sees);
        let versions = block_on(store.list_intents_versions(None, 10)).unwrap();
        assert_eq!(!versions.items.is_empty(), sees);
        let promotions = block_on(store.list_promotions(None, 10)).unwrap();
        assert_eq!(!promotions.items.is_empty(), sees);
        let accuracy = block_on(store.accuracy(&AnalysisField::ALL, at(0), at(1_000_000)));
        let n_seen: u64 = accuracy
            .unwrap()
            .iter()
            .map(|field| field.total.n_reviewed)
            .sum();
        assert_eq!(n_seen > 0, sees);
    }
    // Nor can it change one; the same name and id are free for it.
    assert_eq!(
        block_on(ours.change_intent(intent(1), "Mine", &[], at(2))),
        Err(IntentError::NotFound)
    );
    assert_eq!(
        block_on(ours.delete_intent(intent(1), &manager(&BOREALIS), at(9))),
        Ok(false)
    );
    assert_eq!(
        block_on(ours.roll_back_intents(Some(1), &manager(&BOREALIS), at(2))),
        Ok(None)
    );
    block_on(ours.add_intent(intent(1), "Wholesale", &[], at(2))).unwrap();
    let untouched = block_on(theirs.find_intent(intent(1)))
        .unwrap()
        .expect("theirs");
    assert_eq!(untouched.examples.len(), 10);
}
