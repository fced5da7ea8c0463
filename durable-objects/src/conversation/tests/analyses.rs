use edgedesk_domain::event::EventData;

use super::*;
use crate::testing::Mood;
use edgedesk_domain::message::NO_TEXT;

fn failures(world: &World) -> Vec<(u32, bool, String)> {
    world
        .log()
        .into_iter()
        .filter_map(|event| match event.data {
            EventData::AnalysisFailed(failed) => {
                Some((failed.failures, failed.gave_up, failed.code))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn customers_messages_are_analysed_in_order_with_their_history() {
    let world = World::new();
    for text in ["one", "two", "three"] {
        world.says(text, text);
    }
    world
        .send(Role::Agent, Direction::Outgoing, "reply")
        .unwrap();
    world.send(Role::Agent, Direction::Note, "note").unwrap();
    world.drain();
    let asked = world.outside.analyzed.borrow();
    let texts: Vec<&str> = asked.iter().map(|request| request.text.as_str()).collect();
    assert_eq!(texts, ["one", "two", "three"], "and nobody else's");
    let lengths: Vec<usize> = asked.iter().map(|request| request.history.len()).collect();
    assert_eq!(lengths, [0, 1, 2]);
    assert_eq!(world.state().moods.len(), 3);
}

#[test]
fn an_analysis_names_the_message_that_caused_it() {
    let world = World::new();
    let receipt = world.says("a", "Hello");
    world.drain();
    let log = world.log();
    let analyzed = log.last().unwrap();
    assert_eq!(analyzed.causation_id, Some(receipt.id));
    let EventData::MessageAnalyzed(data) = &analyzed.data else {
        panic!("the last event is the analysis");
    };
    assert_eq!(
        (Some(data.message_id), data.message_seq),
        (receipt.message_id, receipt.seq)
    );
}

#[test]
fn a_risk_over_the_line_is_logged_once_until_it_is_resolved() {
    let world = World::new();
    let escalations = |world: &World| {
        let types = world.types();
        types
            .iter()
            .filter(|kind| **kind == "escalation.detected")
            .count()
    };
    for (risk, key, expected) in [(0.7, "a", 0), (0.71, "b", 1), (0.9, "c", 1)] {
        world.outside.risk.set(risk);
        world.says(key, "I want a manager");
        world.drain();
        assert_eq!(escalations(&world), expected, "{risk}");
    }
    let log = world.log();
    let place = log
        .iter()
        .position(|event| event.data.type_name() == "escalation.detected")
        .unwrap();
    assert_eq!(log[place].causation_id, Some(log[place - 1].id));
    world.set_status(ConversationStatus::Resolved).unwrap();
    world.says("d", "And again");
    world.drain();
    assert_eq!(escalations(&world), 2);
}

#[test]
fn messages_do_not_wait_for_the_analyser() {
    let world = World::new();
    world.says("a", "Hello");
    let during = async {
        crate::testing::pause().await;
        world
            .object
            .receive(address(), customer_says("b", "Second"))
            .await
            .unwrap()
    };
    let (receipt, ()) = block_on(futures::future::join(
        during,
        world.object.work(&world.outside),
    ));
    let log = world.log();
    let analysed = log
        .iter()
        .position(|event| event.data.type_name() == "message.analyzed")
        .unwrap();
    assert!(
        receipt.seq <= analysed as u64,
        "the second was logged before the first's analysis"
    );
    assert_eq!(
        world.outside.analyzing.get(),
        (0, 1),
        "one analysis at a time"
    );
    world.check_followed();
}

#[test]
fn an_analyser_that_is_down_costs_no_message_and_is_asked_for_ever() {
    let mut world = World::new();
    world.outside.analyzer.set(Mood::Unavailable);
    world.says("a", "Hello");
    world.work();
    for n in 0..100 {
        if n == 50 {
            world.reborn();
        }
        let at = world.host.alarm.take().expect("an alarm is set");
        world.host.now.set(world.host.now.get().max(at.millis()));
        block_on(world.object.alarm(&world.outside)).unwrap();
    }
    let failed = failures(&world);
    let counts: Vec<u32> = failed.iter().map(|(count, ..)| *count).collect();
    assert!(counts.starts_with(&[1, 2, 4, 8]), "{counts:?}");
    assert!(counts.len() < 12, "no flood: {counts:?}");
    assert!(
        failed
            .iter()
            .all(|(_, gave_up, code)| !gave_up && code == "inference_unavailable")
    );
    assert_eq!(world.state().unanalyzed.len(), 1);
    world.outside.analyzer.set(Mood::Well);
    world.drain();
    world.check_followed();
    assert_eq!(world.state().moods.len(), 1);
}

#[test]
fn a_message_that_the_analyser_refuses_is_given_up_and_blocks_no_other() {
    let world = World::new();
    world.outside.analyzer.set(Mood::Refusing);
    world.says("a", "Poison");
    world.work();
    world.outside.analyzer.set(Mood::Well);
    world.says("b", "Fine");
    world.work();
    assert_eq!(
        world.state().moods.len(),
        1,
        "the second did not wait for the first"
    );
    world.outside.analyzer.set(Mood::Refusing);
    world.drain();
    let failed = failures(&world);
    let expected: Vec<(u32, bool, String)> = [(1, false), (2, false), (4, false), (8, true)]
        .map(|(count, gave_up)| (count, gave_up, "inference_refused".to_owned()))
        .to_vec();
    assert_eq!(failed, expected);
    world.check_followed();
}

#[test]
fn an_analysis_that_cannot_be_explained_is_refused() {
    let world = World::new();
    world.outside.risk.set(f64::NAN);
    world.says("a", "Hello");
    world.drain();
    assert_eq!(
        failures(&world).last().map(|(_, gave_up, _)| *gave_up),
        Some(true)
    );
    assert!(!world.types().contains(&"message.analyzed"));
}

#[test]
fn a_message_without_text_is_not_analysed() {
    let world = World::new();
    world.says("a", "");
    world.drain();
    assert!(world.outside.analyzed.borrow().is_empty());
    assert_eq!(failures(&world), [(0, true, "no_text".to_owned())]);
    assert_eq!(world.state().last_message.unwrap().text, NO_TEXT);
    world.check_followed();
}

#[test]
fn an_analysis_is_logged_once_even_if_two_run() {
    let world = World::new();
    let receipt = world.says("a", "Hello");
    world.drain();
    let before = world.log();
    // A second life that believes the message still waits, such as one that lost its memory half way.
    let event = super::super::log::NewEvent::new(before.last().unwrap().data.clone())
        .once_per([format!("analysis:{}", receipt.message_id.unwrap())]);
    block_on(world.object.append_own(vec![event])).unwrap();
    assert_eq!(world.log(), before);
}
