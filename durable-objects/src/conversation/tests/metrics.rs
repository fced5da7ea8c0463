//! What is logged is counted, once.

use std::collections::BTreeMap;

use super::*;
use crate::testing::Mood;

impl World {
    /// What was counted, by name and labels; of histograms how often.
    fn counted(&self) -> BTreeMap<String, u64> {
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        for sample in self.host.registry.borrow().added() {
            if sample.part != "sum" {
                let series = format!("{} {}", sample.name, sample.labels.join(" "));
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a few"
                )]
                let n = sample.value as u64;
                *counted.entry(series.trim_end().to_owned()).or_default() += n;
            }
        }
        counted
    }
}

#[test]
fn a_conversation_is_counted_as_it_goes_and_a_repeat_is_not() {
    let mut world = World::new();
    world.says("a", "Where is it?");
    world.says("a", "Where is it?");
    world.drain();
    world.says("b", "I wait!");
    world.send(Role::Agent, Direction::Note, "Hm.").unwrap();
    world.reborn();
    world
        .send(Role::Agent, Direction::Outgoing, "It is on its way.")
        .unwrap();
    world.set_status(ConversationStatus::Resolved).unwrap();
    world.set_status(ConversationStatus::Closed).unwrap();
    world.drain();
    let expected = [
        ("ai_classification_duration_seconds", 2),
        ("conversations_opened_total zendesk", 1),
        // Closing what is resolved resolves nothing.
        ("conversations_resolved_total zendesk", 1),
        ("messages_received_total zendesk customer", 2),
        ("messages_sent_total zendesk agent", 1),
    ];
    let expected = expected.map(|(series, n)| (series.to_owned(), n));
    assert_eq!(world.counted(), BTreeMap::from(expected));
}

#[test]
fn an_analysis_that_fails_and_a_risk_that_rises_are_counted() {
    let world = World::new();
    world.outside.analyzer.set(Mood::Unavailable);
    world.says("a", "This is a scandal!");
    world.work();
    world.outside.analyzer.set(Mood::Well);
    world.outside.risk.set(0.9);
    world.drain();
    let counted = world.counted();
    assert_eq!(counted["ai_classification_failures_total"], 1);
    assert_eq!(counted["escalations_detected_total zendesk"], 1);
}

#[test]
fn an_append_that_fails_counts_nothing() {
    use crate::testing::Failure;
    let world = World::new();
    world.says("a", "Hello");
    let before = world.counted();
    world.sql.fail(Some(Failure::DeadFrom(1)));
    assert!(world.receive(customer_says("b", "Hello?")).is_err());
    world.sql.fail(None);
    assert_eq!(world.counted(), before);
}
