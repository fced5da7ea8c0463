//! Feedback, accuracy and own intents.

use std::collections::{BTreeMap, BTreeSet};

use edgedesk_domain::account::{Principal, Role};
use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::event::{AnalysisCorrected, CorrectionWithdrawn, EventData};
use edgedesk_domain::feedback::{AnalysisField, Verdict};
use edgedesk_domain::ids::IntentId;
use edgedesk_domain::message::Actor;
use edgedesk_wire::ai::{
    Accuracy, Confusion, CrossValidation, PreviousVersion, PromotionAction, ReasonCode, RowCounts,
    VersionReason,
};
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
    }
}

fn sentences(prefix: &str, n: usize) -> Vec<String> {
    (0..n).map(|number| format!("{prefix} {number}")).collect()
}

/// The words of a log on its decisions: what counts for each field of each, folded by hand.
type Standing = BTreeMap<(ConversationId, u64, AnalysisField), (Option<String>, String)>;

/// Agents judge decisions of `logs` at random, some twice, and take some words back.
fn judge(logs: &mut [Log], dice: &mut Dice) -> Standing {
    let mut standing = Standing::new();
    for log in logs {
        let decisions: Vec<_> = log
            .events
            .iter()
            .filter_map(|event| match &event.data {
                EventData::MessageAnalyzed(analyzed) => {
                    Some((event.id, event.at, analyzed.clone()))
                }
                _ => None,
            })
            .collect();
        for _ in 0..dice.roll(3 * decisions.len() + 1) {
            let (decision_id, decided_at, analyzed) = &decisions[dice.roll(decisions.len())];
            let field = AnalysisField::ALL[dice.roll(6)];
            let key = (log.conversation_id(), analyzed.message_seq, field);
            let by = Actor::System;
            if dice.roll(4) == 0 {
                standing.remove(&key);
                log.append(EventData::CorrectionWithdrawn(CorrectionWithdrawn {
                    message_id: analyzed.message_id,
                    message_seq: analyzed.message_seq,
                    decision_id: *decision_id,
                    decided_at: *decided_at,
                    field,
                    by,
                }));
                continue;
            }
            let decided = field.decided(analyzed);
            let value = ["negative", "neutral", "none"][dice.roll(3)].to_owned();
            standing.insert(key, (decided.clone(), value.clone()));
            log.append(EventData::AnalysisCorrected(AnalysisCorrected {
                message_id: analyzed.message_id,
                message_seq: analyzed.message_seq,
                decision_id: *decision_id,
                decided_at: *decided_at,
                field,
                verdict: Verdict::of(decided.as_deref(), &value),
                decided,
                value,
                model: analyzed.analysis.model.clone(),
                by,
                client_id: None,
            }));
        }
    }
    standing
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
fn accuracy_equals_a_count_by_hand() {
    for seed in 0..30 {
        let mut dice = Dice(seed);
        let shards = shards();
        let mut logs = some_logs(&AURORA, &mut dice);
        let standing = judge(&mut logs, &mut dice);
        project_logs(&shards, AURORA.shard, &logs);
        let store = store(&shards, &AURORA);
        // Any span, the whole among them.
        let span = |dice: &mut Dice| at(dice.roll(200) as u64);
        let (from, to) = if seed % 2 == 0 {
            (at(0), at(1_000_000))
        } else {
            (span(&mut dice), span(&mut dice))
        };
        let found = block_on(store.accuracy(&AnalysisField::ALL, from, to)).unwrap();
        assert_eq!(found.len(), AnalysisField::ALL.len());
        for found in found {
            let (mut total, mut labels) =
                (Accuracy::default(), BTreeMap::<String, Accuracy>::new());
            let mut confusions = BTreeMap::<(Option<String>, String), u64>::new();
            for log in &logs {
                for event in &log.events {
                    let EventData::MessageAnalyzed(analyzed) = &event.data else {
                        continue;
                    };
                    if event.at < from || event.at >= to {
                        continue;
                    }
                    let decided = found.field.decided(analyzed);
                    if let Some(label) = &decided {
                        total.n_decisions += 1;
                        labels.entry(label.clone()).or_default().n_decisions += 1;
                    }
                    let key = (log.conversation_id(), analyzed.message_seq, found.field);
                    let Some((_, value)) = standing.get(&key) else {
                        continue;
                    };
                    let is_right = decided.as_deref().unwrap_or("none") == value;
                    let of_label = decided
                        .as_ref()
                        .map(|label| labels.entry(label.clone()).or_default());
                    for counts in of_label.into_iter().chain([&mut total]) {
                        counts.n_reviewed += 1;
                        counts.n_confirmed += u64::from(is_right);
                        counts.n_corrected += u64::from(!is_right);
                    }
                    if !is_right {
                        *confusions.entry((decided, value.clone())).or_default() += 1;
                    }
                }
            }
            let share = |counts: Accuracy| {
                #[expect(clippy::cast_precision_loss, reason = "small")]
                let accuracy = counts.n_confirmed as f64 / counts.n_reviewed as f64;
                (counts.n_reviewed > 0).then_some(accuracy)
            };
            total.accuracy = share(total);
            assert_eq!(found.total, total, "seed {seed} {:?}", found.field);
            let by_label: BTreeMap<_, _> = found
                .labels
                .into_iter()
                .map(|label| (label.label, label.counts))
                .collect();
            for counts in labels.values_mut() {
                counts.accuracy = share(*counts);
            }
            assert_eq!(by_label, labels, "seed {seed}");
            let by_pair: BTreeMap<_, _> = found
                .confusions
                .into_iter()
                .map(|Confusion { decided, value, n }| ((decided, value), n))
                .collect();
            assert_eq!(by_pair, confusions, "seed {seed}");
        }
    }
}

#[test]
fn feedback_ends_in_the_same_rows_in_whatever_order_it_comes() {
    for seed in 0..10 {
        let mut dice = Dice(seed);
        let mut logs = some_logs(&AURORA, &mut dice);
        judge(&mut logs, &mut dice);
        let expected = shards();
        project_logs(&expected, AURORA.shard, &logs);
        let shuffled = shards();
        let mut runs: Vec<_> = logs
            .iter()
            .flat_map(|log| {
                let head = log.state().seq;
                (1..=head).map(move |seq| log.appended(seq, seq, head))
            })
            .collect();
        runs.extend(runs.clone());
        dice.shuffle(&mut runs);
        for run in &runs {
            let statements = crate::projection::statements_for(run);
            block_on(shuffled.shard(AURORA.shard).unwrap().batch(statements)).unwrap();
        }
        assert_eq!(
            crate::fixtures::read_model(&shuffled),
            crate::fixtures::read_model(&expected),
            "seed {seed}"
        );
    }
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
    assert_eq!(block_on(store.delete_intent(intent(1))), Ok(true));
    assert_eq!(block_on(store.delete_intent(intent(1))), Ok(false));
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
    let before = block_on(store.training_set(1000)).unwrap();
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
    let after = block_on(store.training_set(1000)).unwrap();
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
        let set = block_on(store.training_set(1000)).unwrap();
        let n_of = |place: usize| {
            let id = intent(place as u128);
            set.rows
                .iter()
                .filter(|row| row.is_correction && set.intents[row.intent].intent_id == id)
                .count()
        };
        assert_eq!((n_of(1), n_of(2)), (of_first, of_second));
    }
}

#[test]
fn a_training_takes_no_more_rows_than_it_is_told_and_counts_the_rest() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    block_on(store.add_intent(intent(1), "Many", &sentences("a", 200), at(1))).unwrap();
    block_on(store.add_intent(intent(2), "Few", &sentences("b", 10), at(1))).unwrap();
    let set = block_on(store.training_set(100)).unwrap();
    assert_eq!((set.counts.n_rows, set.counts.n_left_out), (60, 150));
    assert_eq!(set.rows.len(), 60);
    let none = shards
        .for_account(BOREALIS.account_id, BOREALIS.shard)
        .unwrap();
    assert_eq!(block_on(none.training_set(100)).unwrap().rows, []);
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
            n_left_out: 1,
        },
        row_keys: vec!["a".into(), "b".into()],
        compared_with,
        elapsed_ms: 12.5,
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

    let back = |version| block_on(store.roll_back_intents(version, &by, at(9))).unwrap();
    let rolled = back(1).expect("version 1 is there");
    assert_eq!((rolled.previous_version, rolled.changed), (Some(3), true));
    let again = back(1).expect("version 1 is there");
    assert_eq!((again.version, again.changed), (1, false));
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
            (4, 2, Some(1), RolledBack),
            (3, 1, Some(3), RolledBack),
            (2, 3, Some(1), Trained),
            (1, 1, None, Trained),
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
            !block_on(store.training_set(100)).unwrap().rows.is_empty(),
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
    assert_eq!(block_on(ours.delete_intent(intent(1))), Ok(false));
    assert_eq!(
        block_on(ours.roll_back_intents(1, &manager(&BOREALIS), at(2))),
        Ok(None)
    );
    block_on(ours.add_intent(intent(1), "Wholesale", &[], at(2))).unwrap();
    let untouched = block_on(theirs.find_intent(intent(1)))
        .unwrap()
        .expect("theirs");
    assert_eq!(untouched.examples.len(), 10);
}
