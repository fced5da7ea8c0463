//! Decisions, the own intents that they are made with, and what agents say of them.

use edgedesk_domain::event::{DecisionInputs, EventData};
use edgedesk_domain::feedback::{AnalysisField, Verdict};
use edgedesk_domain::ids::{IntentId, MessageId};
use edgedesk_wire::ai::Feedback;
use edgedesk_wire::object::{
    DecisionRecord, GiveFeedbackRequest, GivenFeedback, WithdrawFeedbackRequest,
};

use super::*;
use crate::host::Target;
use crate::testing::{Failure, Mood};

impl World {
    /// A message that was analysed.
    fn decided(&self, key: &str) -> MessageId {
        let receipt = self.says(key, "Where is my order?");
        self.drain();
        receipt.message_id.unwrap()
    }

    fn decision(&self, message_id: MessageId) -> Result<DecisionRecord, ObjectError> {
        self.object.decision(address(), message_id)
    }

    fn give(&self, request: GiveFeedbackRequest) -> Result<GivenFeedback, ObjectError> {
        block_on(self.object.give_feedback(address(), request))
    }

    fn withdraw(&self, message_id: MessageId, field: AnalysisField) -> Result<bool, ObjectError> {
        let request = WithdrawFeedbackRequest {
            principal: principal(Role::Agent),
            message_id,
            field,
        };
        block_on(self.object.withdraw_feedback(address(), request))
            .map(|withdrawn| withdrawn.was_there)
    }

    /// The values that stand on a decision.
    fn standing(&self, message_id: MessageId) -> Vec<(AnalysisField, String)> {
        let feedback = self.decision(message_id).unwrap().feedback;
        feedback
            .into_iter()
            .map(|feedback| (feedback.field, feedback.value))
            .collect()
    }

    fn inputs(&self) -> Vec<DecisionInputs> {
        self.log()
            .into_iter()
            .filter_map(|event| match event.data {
                EventData::MessageAnalyzed(analyzed) => Some(analyzed.inputs.unwrap()),
                _ => None,
            })
            .collect()
    }
}

fn says(message_id: MessageId, field: AnalysisField, value: &str) -> GiveFeedbackRequest {
    GiveFeedbackRequest {
        principal: principal(Role::Agent),
        message_id,
        field,
        value: value.to_owned(),
        client_id: None,
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, ObjectError>) -> (u16, String) {
    let error = result.unwrap_err();
    (error.status(), error.code())
}

#[test]
fn a_decision_holds_what_is_needed_to_make_it_again() {
    let world = World::new();
    let first = world.decided("a");
    let second = world.decided("b");
    let record = world.decision(second).unwrap();
    assert_eq!(record.text, "Where is my order?");
    assert_eq!(record.feedback, []);
    let asked = world.outside.analyzed.borrow();
    assert_eq!(record.decision.inputs.history, asked[1].history);
    assert_eq!(record.decision.inputs.history.len(), 1);
    assert_eq!(record.decision.inputs.own_intents_version, None);
    assert_eq!(record.decision.message_id, second);
    assert_ne!(
        world.decision(first).unwrap().decision.id,
        record.decision.id
    );
    let log = world.log();
    let event = log
        .iter()
        .find(|event| event.id == record.decision.id)
        .unwrap();
    assert_eq!(event.data.type_name(), "message.analyzed");
    assert_eq!(event.at, record.decision.decided_at);
}

#[test]
fn inputs_of_before_they_were_kept_are_found_in_the_log() {
    let world = World::new();
    let ids: Vec<_> = (0..16)
        .map(|number| world.decided(&number.to_string()))
        .collect();
    let kept: Vec<_> = ids
        .iter()
        .map(|id| world.decision(*id).unwrap().decision.inputs)
        .collect();
    assert_eq!(kept[15].history.len(), 12, "no more than the fold keeps");
    world
        .sql
        .rows("UPDATE events SET event = json_remove(event, '$.data.inputs')");
    let mut world = world;
    world.reborn();
    for (id, kept) in ids.iter().zip(kept) {
        assert_eq!(world.decision(*id).unwrap().decision.inputs, kept);
    }
}

#[test]
fn what_has_no_analysis_has_no_decision() {
    let world = World::new();
    let unknown = MessageId::new(Ulid::from(99));
    let not_found = (404, "not_found".to_owned());
    assert_eq!(code(world.decision(unknown)), not_found, "an empty log");
    world.outside.analyzer.set(Mood::Unavailable);
    let waiting = world.says("a", "Hello").message_id.unwrap();
    world.work();
    for id in [unknown, waiting] {
        assert_eq!(code(world.decision(id)), not_found);
        let request = says(id, AnalysisField::Sentiment, "neutral");
        assert_eq!(code(world.give(request)), not_found);
        assert_eq!(
            code(world.withdraw(id, AnalysisField::Sentiment)),
            not_found
        );
    }
    // Another account's name addresses another object.
    let strange = Address {
        account_id: AccountId::new(Ulid::from(77)),
        ..address()
    };
    assert_eq!(code(world.object.decision(strange, waiting)), not_found);
}

#[test]
fn the_last_word_of_a_field_counts_until_it_is_taken_back() {
    use AnalysisField::{OwnIntent, Sentiment};
    let mut world = World::new();
    let (id, other) = (world.decided("a"), world.decided("b"));
    let own = "int_00000000000000000000000001";
    let confirmed = world.give(says(id, Sentiment, "negative")).unwrap();
    assert_eq!(confirmed.feedback.verdict, Verdict::Confirmed);
    assert_eq!(confirmed.feedback.decided.as_deref(), Some("negative"));
    let corrected = world.give(says(id, Sentiment, "neutral")).unwrap();
    assert_eq!(corrected.feedback.verdict, Verdict::Corrected);
    world.give(says(id, OwnIntent, own)).unwrap();
    let expected = [
        (Sentiment, "neutral".to_owned()),
        (OwnIntent, own.to_owned()),
    ];
    assert_eq!(world.standing(id), expected);
    assert_eq!(world.standing(other), [], "each message for itself");

    assert!(world.withdraw(id, Sentiment).unwrap());
    assert!(
        !world.withdraw(id, Sentiment).unwrap(),
        "there is nothing left"
    );
    assert_eq!(world.standing(id), expected[1..]);
    world.give(says(id, Sentiment, "neutral")).unwrap();
    world.reborn();
    assert_eq!(world.standing(id), expected);
    world.drain();
    world.check_log();
    world.check_followed();
}

#[test]
fn the_same_word_twice_is_logged_once_and_told_to_agents_only() {
    let world = World::new();
    let id = world.decided("a");
    world.host.frames();
    let before = world.log().len();
    let first = world
        .give(says(id, AnalysisField::Priority, "high"))
        .unwrap();
    let again = world
        .give(says(id, AnalysisField::Priority, "high"))
        .unwrap();
    assert!(first.is_new && !again.is_new);
    assert_eq!(first.feedback, again.feedback);
    assert_eq!(world.log().len(), before + 1);
    let frames = world.host.frames();
    let [(target, frame)] = frames.as_slice() else {
        panic!("one frame: {frames:?}");
    };
    assert_eq!(*target, Target::Agents);
    assert_eq!(frame["type"], "analysis.corrected");
    assert_eq!(frame["data"]["value"], "high");

    // By the client's id, even after another word has come between.
    let mine = GiveFeedbackRequest {
        client_id: Some("c-1".to_owned()),
        ..says(id, AnalysisField::Priority, "low")
    };
    let low = world.give(mine.clone()).unwrap();
    world
        .give(says(id, AnalysisField::Priority, "urgent"))
        .unwrap();
    let repeated = world.give(mine).unwrap();
    assert_eq!(
        (repeated.is_new, repeated.feedback.id),
        (false, low.feedback.id)
    );
    let urgent = [(AnalysisField::Priority, "urgent".to_owned())];
    assert_eq!(world.standing(id), urgent);
}

#[test]
fn a_value_that_the_field_cannot_have_and_a_role_that_may_not_are_refused() {
    let world = World::new();
    let id = world.decided("a");
    let before = world.log();
    for (field, value) in [
        (AnalysisField::Sentiment, "sad"),
        (AnalysisField::Intent, ""),
        (AnalysisField::Category, "Billing"),
        (AnalysisField::Language, "english"),
        (AnalysisField::OwnIntent, "refund"),
    ] {
        let refused = code(world.give(says(id, field, value)));
        assert_eq!(refused, (422, "invalid_value".to_owned()), "{field:?}");
    }
    let strange = GiveFeedbackRequest {
        client_id: Some("x\u{7}".to_owned()),
        ..says(id, AnalysisField::Sentiment, "neutral")
    };
    assert_eq!(code(world.give(strange)).1, "invalid_client_id");
    let reader = GiveFeedbackRequest {
        principal: principal(Role::ReadOnly),
        ..says(id, AnalysisField::Sentiment, "neutral")
    };
    assert_eq!(code(world.give(reader)), (403, "forbidden".to_owned()));
    let mut stranger = says(id, AnalysisField::Sentiment, "neutral");
    stranger.principal.account_id = AccountId::new(Ulid::from(77));
    assert_eq!(code(world.give(stranger)), (404, "not_found".to_owned()));
    assert_eq!(world.log(), before);
}

/// Whichever call of the storage fails, before or after it wrote: a word that was acknowledged stands once.
#[test]
fn a_storage_that_fails_keeps_every_word_that_was_acknowledged_and_none_twice() {
    for at in 1..12 {
        for failure in [Failure::Before(at), Failure::After(at)] {
            let world = World::new();
            let id = world.decided("a");
            world.sql.fail(Some(failure));
            let first = world.give(says(id, AnalysisField::Sentiment, "neutral"));
            world.sql.fail(None);
            if first.is_err() {
                world
                    .give(says(id, AnalysisField::Sentiment, "neutral"))
                    .unwrap();
            }
            let logged = world.types();
            let n = logged
                .iter()
                .filter(|kind| **kind == "analysis.corrected")
                .count();
            assert_eq!(n, 1, "{failure:?}");
            world.check_log();
        }
    }
}

#[test]
fn feedback_moves_nothing_else_of_a_conversation() {
    let world = World::new();
    let id = world.decided("a");
    let mut before = world.state();
    world.host.pass(60_000);
    world
        .give(says(id, AnalysisField::Sentiment, "positive"))
        .unwrap();
    before.seq += 1;
    assert_eq!(
        world.state(),
        before,
        "neither its place in the inbox nor its mood"
    );
}

#[test]
fn a_message_is_analysed_with_the_version_in_use_and_says_which() {
    let world = World::new();
    world.outside.own_version.set(Some(3));
    world.decided("a");
    world.decided("b");
    assert_eq!(world.outside.heads_read.get(), 1, "asked for once");
    world.outside.own_version.set(Some(4));
    world.decided("c");
    world.outside.own_version.set(None);
    world.decided("d");
    let versions: Vec<_> = world
        .inputs()
        .iter()
        .map(|inputs| inputs.own_intents_version)
        .collect();
    assert_eq!(versions, [Some(3), Some(3), Some(4), None]);
    let request = &world.outside.analyzed.borrow()[3];
    assert_eq!(request.own_intents, None);
}

#[test]
fn intents_that_are_gone_are_told_to_the_analyser_and_kept_with_the_decision() {
    let world = World::new();
    let gone: IntentId = "int_00000000000000000000000007".parse().unwrap();
    world.outside.own_version.set(Some(3));
    world.outside.retired.borrow_mut().push(gone);
    world.decided("a");
    world.outside.own_version.set(None);
    world.decided("b");
    let retired: Vec<_> = world
        .inputs()
        .into_iter()
        .map(|inputs| inputs.retired_intents)
        .collect();
    assert_eq!(retired, [vec![gone], Vec::new()]);
    let asked = &world.outside.analyzed.borrow()[0];
    let told = asked.own_intents.as_ref().map(|own| own.retired.clone());
    assert_eq!(told, Some(vec![gone]));
}

#[test]
fn own_intents_that_cannot_be_had_cost_no_analysis() {
    for (look_up, head) in [
        (Mood::Unavailable, Mood::Well),
        (Mood::Refusing, Mood::Well),
        (Mood::Well, Mood::Unavailable),
        (Mood::Well, Mood::Refusing),
    ] {
        let world = World::new();
        world.outside.own_version.set(Some(3));
        world.outside.own_intents.set(look_up);
        world.outside.heads.set(head);
        world.decided("a");
        assert_eq!(
            world.inputs(),
            [DecisionInputs::default()],
            "{look_up:?} {head:?}"
        );
        assert!(world.state().unanalyzed.is_empty());
        let reports = world.host.reports.borrow();
        assert!(
            reports
                .iter()
                .any(|report| report.message.contains("own intents")),
            "{reports:?}"
        );
    }
}

#[test]
fn feedback_is_listed_in_the_order_of_the_fields() {
    let world = World::new();
    let id = world.decided("a");
    for field in [
        AnalysisField::Language,
        AnalysisField::Sentiment,
        AnalysisField::Category,
    ] {
        let value = match field {
            AnalysisField::Sentiment => "neutral",
            AnalysisField::Language => "fi",
            _ => "billing",
        };
        world.give(says(id, field, value)).unwrap();
    }
    let fields: Vec<AnalysisField> = world
        .decision(id)
        .unwrap()
        .feedback
        .iter()
        .map(|feedback: &Feedback| feedback.field)
        .collect();
    assert_eq!(
        fields,
        [
            AnalysisField::Sentiment,
            AnalysisField::Category,
            AnalysisField::Language
        ]
    );
}
