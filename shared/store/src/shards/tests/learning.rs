//! Feedback and accuracy.

use std::collections::BTreeMap;

use edgedesk_domain::event::{AnalysisCorrected, CorrectionWithdrawn, EventData};
use edgedesk_domain::feedback::{AnalysisField, Verdict};
use edgedesk_domain::message::Actor;
use edgedesk_wire::ai::{Accuracy, Confusion};

use super::*;

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

#[test]
fn accuracy_equals_a_count_by_hand() {
    for seed in 0..30 {
        let mut dice = Dice(seed);
        let shards = shards();
        let mut logs = some_logs(&AURORA, &mut dice);
        let standing = judge(&mut logs, &mut dice);
        project_logs(&shards, AURORA.shard, &logs);
        let judged = block_on(shards.accounts_with_feedback(AURORA.shard)).unwrap();
        let any_word = !standing.is_empty();
        assert!(
            !any_word || judged == [AURORA.account_id],
            "seed {seed}: {judged:?}"
        );
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
            let sealer = crate::fixtures::sealer(&shuffled, AURORA.account_id);
            let statements = crate::projection::statements_for(run, &sealer).unwrap();
            block_on(shuffled.shard(AURORA.shard).unwrap().batch(statements)).unwrap();
        }
        assert_eq!(
            crate::fixtures::read_model(&shuffled),
            crate::fixtures::read_model(&expected),
            "seed {seed}"
        );
    }
}
