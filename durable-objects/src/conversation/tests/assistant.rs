//! The assistant: when it has a conversation, what it says, and every way to a person.

use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::assistant::{AssistantStanding, AssistantStep, HandOffReason};
use edgedesk_domain::event::{DraftCreated, EventData};
use edgedesk_domain::ids::{DraftId, MessageId};
use edgedesk_domain::message::Actor;
use edgedesk_wire::drafts::StoreDraft;
use edgedesk_wire::object::AssignRequest;
use serde_json::{Value, json};

use super::*;
use crate::testing::{Failure, Mood};

impl World {
    /// A visitor, and an inbox in which the assistant answers.
    fn with_assistant() -> Self {
        let world = Self::new();
        world.outside.assistant_on.set(true);
        world.object.admit(address(), &visitor()).unwrap();
        world.object.opened(address(), socket(), visitor());
        world
    }

    fn on_frame(&self, frame: &Value) {
        let (visitor, frame) = (visitor(), frame.to_string());
        block_on(self.object.on_frame(socket(), &visitor, &frame));
    }

    /// What the customer writes, with all that follows but the alarm.
    fn asks(&self, id: &str, text: &str) -> MessageId {
        self.on_frame(&json!({"type": "message.send", "client_id": id, "data": {"text": text}}));
        self.work();
        let log = self.log();
        log.iter()
            .rev()
            .find_map(|event| match &event.data {
                EventData::MessageCreated(message) if message.direction == Direction::Incoming => {
                    Some(message.message_id)
                }
                _ => None,
            })
            .unwrap()
    }

    fn steps(&self, message_id: MessageId, step: AssistantStep) -> Result<bool, ObjectError> {
        let context = self.object.draft_context(address(), message_id)?;
        let request = StoreDraft {
            name: "first".into(),
            draft: DraftCreated {
                draft_id: DraftId::new(Ulid(1)),
                message_id,
                message_seq: context.message_seq,
                suggestions: Vec::new(),
                actions: Vec::new(),
                language: Some("en".into()),
                model: ModelRef {
                    id: "composer".into(),
                    version: "1".into(),
                },
                reasons: Vec::new(),
                elapsed_ms: 1.0,
            },
            assistant: Some(step),
        };
        let stored = self.object.store_draft(address(), request, &self.outside);
        block_on(stored).map(|stored| stored.is_new)
    }

    fn answers(&self, message_id: MessageId) -> bool {
        self.steps(message_id, reply("Within 30 days.")).unwrap()
    }

    fn has_it(&self) -> bool {
        self.state().is_with_assistant()
    }

    /// The last message, and who wrote it.
    fn last(&self) -> (Actor, String) {
        let log = self.log();
        let last = log.iter().rev().find_map(|event| match &event.data {
            EventData::MessageCreated(message) => {
                Some((message.author.clone(), message.text.clone()))
            }
            _ => None,
        });
        last.unwrap()
    }

    fn reasons(&self) -> Vec<HandOffReason> {
        let log = self.log();
        log.iter()
            .filter_map(|event| match &event.data {
                EventData::AssistantHandedOff(handed) => Some(handed.reason),
                _ => None,
            })
            .collect()
    }
}

fn socket() -> SocketId {
    socket_id(1)
}

fn reply(text: &str) -> AssistantStep {
    AssistantStep::Reply {
        text: text.into(),
        confidence: 0.9,
        citations: Vec::new(),
    }
}

#[test]
fn it_has_a_conversation_from_the_first_question_and_answers_it() {
    let world = World::with_assistant();
    let question = world.asks("1", "How long may I send it back?");
    let state = world.state();
    assert!(world.has_it());
    assert_eq!(state.status, ConversationStatus::Pending);
    let context = world.object.draft_context(address(), question).unwrap();
    assert_eq!(context.assistant_min_confidence, Some(0.5));

    assert!(world.answers(question));
    assert_eq!(world.last(), (Actor::Assistant, "Within 30 days.".into()));
    let state = world.state();
    assert_eq!(state.status, ConversationStatus::Pending, "it still has it");
    assert_eq!(state.waiting_since, None);
    assert_eq!(state.assistant.unwrap().n_answers, 1);
    // A job that is delivered twice says nothing twice.
    let before = world.log().len();
    assert!(!world.answers(question));
    assert_eq!(world.log().len(), before);
    world.drain();
    world.check_log();
    world.check_followed();
}

#[test]
fn it_begins_where_the_inbox_says_so_and_no_person_has_it() {
    let world = World::with_assistant();
    world.outside.assistant_on.set(false);
    world.asks("1", "Where is it?");
    assert_eq!(world.state().assistant, None);
    assert_eq!(world.state().status, ConversationStatus::Active);

    // Zendesk's customers are not answered from here.
    let world = World::new();
    world.outside.assistant_on.set(true);
    world.says("a", "Where is it?");
    world.drain();
    assert_eq!(world.state().assistant, None);

    // Nor is one that somebody looks after.
    let world = World::with_assistant();
    world.outside.analyzer.set(Mood::Unavailable);
    world.asks("1", "Where is it?");
    assert_eq!(world.state().assistant, None, "not analysed yet");
    let request = AssignRequest {
        principal: principal(Role::Agent),
        assignee_id: Some(user(1)),
        assignee_teams: Vec::new(),
    };
    block_on(world.object.assign(address(), request)).unwrap();
    world.outside.analyzer.set(Mood::Well);
    world.drain();
    assert_eq!(world.state().assistant, None);

    // A switch that cannot be read is off.
    let world = World::with_assistant();
    world.outside.switch.set(Mood::Unavailable);
    world.asks("1", "Where is it?");
    assert_eq!(world.state().assistant, None);
    assert_eq!(world.outside.jobs.borrow().len(), 1, "agents have a draft");
}

#[test]
fn asking_for_a_person_hands_off_in_the_append_of_the_message() {
    let world = World::with_assistant();
    let question = world.asks("1", "Where is my parcel?");
    world.answers(question);
    world.on_frame(
        &json!({"type": "message.send", "client_id": "2", "data": {"text": "I want to talk to a human"}}),
    );
    assert!(!world.has_it(), "nothing had to be waited for");
    assert_eq!(world.reasons(), [HandOffReason::Requested]);
    assert_eq!(world.state().status, ConversationStatus::Active);
    assert!(world.state().waiting_since.is_some());
    let (author, text) = world.last();
    assert_eq!(author, Actor::System);
    assert!(text.contains("person"), "{text}");
    // It stays with people.
    let next = world.asks("3", "Hello?");
    let context = world.object.draft_context(address(), next).unwrap();
    assert_eq!(context.assistant_min_confidence, None);
    assert_eq!(world.reasons().len(), 1);

    // The first thing that somebody says may be that.
    let world = World::with_assistant();
    world.asks("1", "human please");
    assert_eq!(world.reasons(), [HandOffReason::Requested]);
    assert_eq!(world.state().status, ConversationStatus::Active);
}

#[test]
fn the_button_hands_off_at_any_time_and_once() {
    let world = World::with_assistant();
    world.on_frame(&json!({"type": "assistant.hand_off"}));
    assert!(world.log().is_empty(), "nothing is begun yet");
    world.asks("1", "Where is my parcel?");
    world.on_frame(&json!({"type": "assistant.hand_off"}));
    assert_eq!(world.reasons(), [HandOffReason::Requested]);
    let before = world.log().len();
    world.on_frame(&json!({"type": "assistant.hand_off"}));
    assert_eq!(world.log().len(), before);
    world.check_log();
}

#[test]
fn what_is_decided_too_late_is_not_said() {
    let world = World::with_assistant();
    let question = world.asks("1", "Where is my parcel?");
    world.on_frame(&json!({"type": "assistant.hand_off"}));
    let (_, notice) = world.last();
    assert!(world.answers(question), "agents have the draft");
    assert_eq!(world.last().1, notice);

    // Nor an answer to what is not the last question.
    let world = World::with_assistant();
    let first = world.asks("1", "Where is my parcel?");
    let second = world.asks("2", "And may I send it back?");
    world.answers(first);
    assert_eq!(world.last().1, "And may I send it back?");
    world.answers(second);
    assert_eq!(world.last().1, "Within 30 days.");
}

#[test]
fn the_switch_is_asked_at_the_last_moment() {
    let world = World::with_assistant();
    let question = world.asks("1", "Where is my parcel?");
    world.outside.assistant_on.set(false);
    assert!(world.answers(question));
    assert_eq!(world.reasons(), [HandOffReason::Stopped]);
    assert_eq!(world.last().0, Actor::System);

    // Who cannot tell says nothing, and the job is tried again.
    let world = World::with_assistant();
    let question = world.asks("1", "Where is my parcel?");
    world.outside.switch.set(Mood::Unavailable);
    let before = world.log().len();
    assert!(world.steps(question, reply("Yes.")).is_err());
    assert_eq!(world.log().len(), before);
    world.outside.switch.set(Mood::Well);
    assert!(world.answers(question));
}

#[test]
fn an_answer_that_does_not_come_is_waited_for_for_twenty_seconds() {
    let world = World::with_assistant();
    world.asks("1", "Where is my parcel?");
    let asked_at = world.host.now.get();
    world.drain();
    assert_eq!(world.reasons(), [HandOffReason::Failed]);
    assert!(world.host.now.get() <= asked_at + 30_000);
    assert_eq!(world.state().status, ConversationStatus::Active);
    world.check_log();

    // An object that lost its storage for a moment does it, too.
    let mut world = World::with_assistant();
    world.asks("1", "Where is my parcel?");
    world.reborn();
    world.sql.fail(Some(Failure::Before(3)));
    world.host.now.set(world.host.now.get() + 60_000);
    let _ = block_on(world.object.alarm(&world.outside));
    world.drain();
    assert_eq!(world.reasons(), [HandOffReason::Failed]);
    world.check_log();
}

#[test]
fn an_agent_who_answers_or_takes_it_goes_on_without_it() {
    let world = World::with_assistant();
    world.asks("1", "Where is my parcel?");
    world.send(Role::Agent, Direction::Note, "Hm.").unwrap();
    assert!(world.has_it(), "a note is not for the customer");
    world
        .send(Role::Agent, Direction::Outgoing, "Here.")
        .unwrap();
    assert_eq!(world.reasons(), [HandOffReason::TakenOver]);
    assert_eq!(world.state().status, ConversationStatus::Active);
    assert_eq!(world.state().waiting_since, None);

    let world = World::with_assistant();
    world.asks("1", "Where is my parcel?");
    let request = AssignRequest {
        principal: principal(Role::Agent),
        assignee_id: Some(user(1)),
        assignee_teams: Vec::new(),
    };
    block_on(world.object.assign(address(), request)).unwrap();
    assert_eq!(world.reasons(), [HandOffReason::TakenOver]);
    assert!(world.state().waiting_since.is_some());

    let world = World::with_assistant();
    world.asks("1", "Where is my parcel?");
    let state = world.set_status(ConversationStatus::Escalated).unwrap();
    assert_eq!(state.status, ConversationStatus::Escalated);
    assert_eq!(world.reasons(), [HandOffReason::TakenOver]);
    world.check_log();
}

#[test]
fn an_escalation_goes_to_a_person() {
    let world = World::with_assistant();
    let question = world.asks("1", "Where is my parcel?");
    world.answers(question);
    world.outside.risk.set(0.9);
    world.asks("2", "This is a scandal!");
    assert_eq!(world.reasons(), [HandOffReason::Escalated]);

    let world = World::with_assistant();
    world.outside.risk.set(0.9);
    world.asks("1", "This is a scandal!");
    assert_eq!(world.state().assistant, None);
}

#[test]
fn a_customer_who_has_what_they_wanted_says_so_and_may_come_back() {
    let world = World::with_assistant();
    world.asks("1", "Where is my parcel?");
    world.on_frame(&json!({"type": "assistant.solved"}));
    assert!(world.has_it(), "nothing was answered");
    let question = world.asks("2", "May I send it back?");
    world.answers(question);
    world.on_frame(&json!({"type": "assistant.solved"}));
    assert_eq!(world.state().status, ConversationStatus::Resolved);
    world.asks("3", "And what does it cost?");
    let assistant = world.state().assistant.unwrap();
    assert_eq!(assistant.standing, AssistantStanding::Answering);
    assert_eq!(assistant.n_answers, 0);
    assert!(world.has_it());
    world.check_log();
}

#[test]
fn who_still_asks_after_ten_answers_is_given_to_a_person() {
    let world = World::with_assistant();
    for n in 0..10 {
        let question = world.asks(&format!("q{n}"), "And then?");
        world.answers(question);
    }
    assert!(world.has_it());
    let question = world.asks("last", "And then?");
    world.answers(question);
    assert_eq!(world.reasons(), [HandOffReason::TooManyAnswers]);
}

#[test]
fn agents_do_not_press_the_customers_buttons() {
    let world = World::with_assistant();
    world.asks("1", "Where is my parcel?");
    for kind in ["assistant.hand_off", "assistant.solved"] {
        let ada = agent_socket(2, Role::Agent);
        let frame = json!({ "type": kind }).to_string();
        block_on(world.object.on_frame(socket(), &ada, &frame));
        assert!(world.has_it());
    }
}
