//! Drafts: when one is asked for, what is logged of it, and what agents do with its suggestions.

use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::event::{DraftCreated, EventData};
use edgedesk_domain::ids::{DraftId, MacroId, MessageId, SuggestionId};
use edgedesk_domain::suggestion::{Suggestion, SuggestionSource, SuggestionVerdict};
use edgedesk_wire::drafts::{AskForDraft, DraftContext, RejectSuggestion, StoreDraft};
use edgedesk_wire::suggestions::SuggestionsResponse;

use super::*;
use crate::host::Target;
use crate::testing::{Failure, Mood};

fn suggestion(number: u128, text: &str) -> Suggestion {
    Suggestion {
        id: SuggestionId::new(Ulid(number)),
        source: SuggestionSource::Macro,
        title: "Hello".into(),
        text: text.into(),
        confidence: 0.8,
        reason: "It fits.".into(),
        macro_id: Some(MacroId::new(Ulid(77))),
        citations: Vec::new(),
    }
}

impl World {
    fn jobs(&self) -> Vec<MessageId> {
        let jobs = self.outside.jobs.borrow();
        jobs.iter().map(|job| job.message_id).collect()
    }

    fn context(&self, message_id: MessageId) -> Result<DraftContext, ObjectError> {
        self.object.draft_context(address(), message_id)
    }

    fn store(
        &self,
        message_id: MessageId,
        name: &str,
        suggestions: Vec<Suggestion>,
    ) -> Result<bool, ObjectError> {
        let message_seq = self.context(message_id)?.message_seq;
        let draft = DraftCreated {
            draft_id: DraftId::new(Ulid(1)),
            message_id,
            message_seq,
            suggestions,
            actions: Vec::new(),
            language: Some("en".into()),
            model: ModelRef {
                id: "composer".into(),
                version: "1".into(),
            },
            reasons: Vec::new(),
            elapsed_ms: 1.0,
        };
        let request = StoreDraft {
            name: name.into(),
            draft,
            assistant: None,
        };
        block_on(self.object.store_draft(address(), request, &self.outside))
            .map(|stored| stored.is_new)
    }

    fn reply_with(&self, text: &str, id: SuggestionId) -> Result<Receipt, ObjectError> {
        let request = SendRequest {
            principal: principal(Role::Agent),
            direction: Direction::Outgoing,
            text: text.to_owned(),
            attachments: Vec::new(),
            client_id: Some(format!("client-{text}")),
            suggestion_id: Some(id),
        };
        block_on(self.object.send(address(), request))
    }

    fn reject(
        &self,
        id: SuggestionId,
        is_rejected: bool,
    ) -> Result<Option<SuggestionVerdict>, ObjectError> {
        let request = RejectSuggestion {
            principal: principal(Role::Agent),
            suggestion_id: id,
            is_rejected,
        };
        block_on(self.object.reject_suggestion(address(), request)).map(|answer| answer.verdict)
    }

    fn suggestions(&self) -> SuggestionsResponse {
        self.object.suggestions(address()).unwrap()
    }

    fn verdicts(&self) -> Vec<SuggestionVerdict> {
        let given = self.suggestions().verdicts;
        given.into_iter().map(|given| given.verdict).collect()
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, ObjectError>) -> String {
    result.unwrap_err().code()
}

#[test]
fn a_draft_is_asked_for_the_customers_last_message_once() {
    let mut world = World::new();
    let first = world.says("a", "Where is it?").message_id.unwrap();
    world.drain();
    assert_eq!(world.jobs(), [first]);
    world.reborn();
    world.says("a", "Where is it?");
    world.drain();
    assert_eq!(world.jobs(), [first], "a repeat asks for nothing");
    let second = world.says("b", "Hello?").message_id.unwrap();
    world.drain();
    assert_eq!(world.jobs(), [first, second]);
    // A reply leaves nothing to draft; a note does not.
    world.send(Role::Agent, Direction::Note, "Hm.").unwrap();
    assert!(world.context(second).unwrap().is_wanted);
    assert!(!world.context(first).unwrap().is_wanted);
    world
        .send(Role::Agent, Direction::Outgoing, "Soon.")
        .unwrap();
    world.drain();
    assert!(!world.context(second).unwrap().is_wanted);
    assert_eq!(world.jobs().len(), 2);
}

#[test]
fn messages_that_came_together_get_one_draft() {
    let world = World::new();
    world.outside.analyzer.set(Mood::Unavailable);
    world.says("a", "Hello");
    world.work();
    world.says("b", "Are you there?");
    let last = world.says("c", "Where is order 12?").message_id.unwrap();
    world.outside.analyzer.set(Mood::Well);
    world.drain();
    assert_eq!(world.jobs().last(), Some(&last));
    let context = world.context(last).unwrap();
    assert_eq!(context.text, "Where is order 12?");
    assert!(context.analysis.is_some());
    let earlier: Vec<&str> = context.earlier.iter().map(|e| e.text.as_str()).collect();
    assert_eq!(earlier, ["Hello", "Are you there?"]);
}

#[test]
fn a_queue_that_fails_is_asked_again_and_costs_no_message() {
    let mut world = World::new();
    world.outside.drafts.set(Mood::Unavailable);
    let id = world.says("a", "Where is it?").message_id.unwrap();
    world.work();
    assert!(world.jobs().is_empty());
    assert!(world.object.has_work());
    // Also by an object that does not remember that it failed.
    world.reborn();
    world.outside.drafts.set(Mood::Well);
    world.drain();
    assert_eq!(world.jobs(), [id]);
    world.check_followed();
}

#[test]
fn a_draft_is_logged_once_for_its_job_and_shown_to_agents_alone() {
    let world = World::new();
    let id = world.says("a", "Where is it?").message_id.unwrap();
    world.drain();
    world.host.delivered.borrow_mut().clear();
    let offered = || vec![suggestion(1, "It is on its way.")];
    assert_eq!(world.store(id, "first", offered()), Ok(true));
    assert_eq!(world.store(id, "first", offered()), Ok(false));
    assert_eq!(world.store(id, "again", offered()), Ok(true));
    let frames = world.host.delivered.take();
    let drafts: Vec<_> = frames
        .iter()
        .filter(|frame| frame.text.contains("draft.created"))
        .collect();
    assert_eq!(drafts.len(), 2);
    assert!(drafts.iter().all(|frame| frame.target == Target::Agents));
    assert_eq!(world.suggestions().draft.unwrap().suggestions, offered());
    let too_many = (1..=4).map(|n| suggestion(n, "x")).collect();
    assert_eq!(code(world.store(id, "many", too_many)), "invalid_request");
    let nobody = MessageId::new(Ulid(9));
    assert_eq!(code(world.context(nobody)), "not_found");
    world.drain();
    world.check_followed();
}

#[test]
fn a_reply_made_of_a_suggestion_says_whether_it_was_changed() {
    let world = World::new();
    let id = world.says("a", "Where is it?").message_id.unwrap();
    world.drain();
    let offered = vec![
        suggestion(1, "It is on\nits way."),
        suggestion(2, "Ask the carrier."),
    ];
    world.store(id, "first", offered).unwrap();
    let (first, second) = (SuggestionId::new(Ulid(1)), SuggestionId::new(Ulid(2)));
    assert_eq!(
        code(world.reply_with("x", SuggestionId::new(Ulid(9)))),
        "unknown_suggestion"
    );
    let note = SendRequest {
        direction: Direction::Note,
        suggestion_id: Some(first),
        principal: principal(Role::Agent),
        text: "x".into(),
        attachments: Vec::new(),
        client_id: None,
    };
    assert_eq!(
        code(block_on(world.object.send(address(), note))),
        "invalid_request"
    );
    assert!(world.verdicts().is_empty());

    let receipt = world.reply_with(" It is on its way. ", first).unwrap();
    assert_eq!(world.verdicts(), [SuggestionVerdict::Accepted]);
    // A repeat of the message is no second word on it.
    let again = world.reply_with(" It is on its way. ", first).unwrap();
    assert!(again.duplicate);
    world
        .reply_with("Ask the carrier, please.", second)
        .unwrap();
    assert_eq!(
        world.verdicts(),
        [SuggestionVerdict::Accepted, SuggestionVerdict::Edited]
    );
    let decided: Vec<_> = world
        .log()
        .into_iter()
        .filter_map(|event| match event.data {
            EventData::SuggestionDecided(decided) => Some(decided),
            _ => None,
        })
        .collect();
    assert_eq!(decided.len(), 2);
    assert_eq!(decided[0].message_id, receipt.message_id);
    assert_eq!(decided[0].macro_id, Some(MacroId::new(Ulid(77))));
    // What was sent cannot be turned down.
    assert_eq!(
        world.reject(first, true),
        Ok(Some(SuggestionVerdict::Accepted))
    );
}

#[test]
fn a_suggestion_is_turned_down_and_taken_back() {
    let world = World::new();
    let id = world.says("a", "Where is it?").message_id.unwrap();
    world.drain();
    world
        .store(id, "first", vec![suggestion(1, "Soon.")])
        .unwrap();
    let first = SuggestionId::new(Ulid(1));
    assert_eq!(world.reject(first, false), Ok(None));
    assert_eq!(
        world.reject(first, true),
        Ok(Some(SuggestionVerdict::Rejected))
    );
    let n_events = world.log().len();
    assert_eq!(
        world.reject(first, true),
        Ok(Some(SuggestionVerdict::Rejected))
    );
    assert_eq!(world.log().len(), n_events, "said once");
    assert_eq!(world.reject(first, false), Ok(None));
    assert!(world.verdicts().is_empty());
    assert_eq!(
        code(world.reject(SuggestionId::new(Ulid(9)), true)),
        "not_found"
    );
    let reader = RejectSuggestion {
        principal: principal(Role::ReadOnly),
        suggestion_id: first,
        is_rejected: true,
    };
    let refused = block_on(world.object.reject_suggestion(address(), reader));
    assert_eq!(code(refused), "forbidden");
}

#[test]
fn an_agent_may_want_another_draft() {
    let world = World::new();
    let ask = |role| {
        let request = AskForDraft {
            principal: principal(role),
        };
        world.object.want_draft(address(), &request)
    };
    assert_eq!(code(ask(Role::Agent)), "not_found");
    world.says("a", "Hello");
    let last = world.says("b", "Where is it?").message_id.unwrap();
    world
        .send(Role::Agent, Direction::Outgoing, "Soon.")
        .unwrap();
    let (one, other) = (ask(Role::Agent).unwrap().job, ask(Role::Agent).unwrap().job);
    assert_eq!(one.message_id, last);
    assert_ne!(one.name, other.name);
    assert_eq!(code(ask(Role::ReadOnly)), "forbidden");
}

#[test]
fn a_draft_says_nothing_any_more_once_its_conversation_is_erased() {
    use edgedesk_domain::ids::PrivacyRequestId;
    use edgedesk_wire::privacy::{PrivacyKind, Rewrite, ScheduleErasure};

    let world = World::new();
    let id = world.says("a", "Where is it?").message_id.unwrap();
    world.drain();
    world
        .store(id, "first", vec![suggestion(1, "Dear Wilhelmina, soon.")])
        .unwrap();
    world.drain();
    let request_id = PrivacyRequestId::new(Ulid(5));
    let at = edgedesk_domain::time::Timestamp::from_millis(world.host.now.get() + 1);
    let schedule = ScheduleErasure {
        request_id,
        asked_at: at,
        due_at: at,
    };
    block_on(world.object.schedule_erasure(address(), schedule)).unwrap();
    assert!(world.suggestions().draft.is_none());
    assert_eq!(code(world.context(id)), "not_found");
    let mut after = Some(0);
    while let Some(after_seq) = after {
        let rewrite = Rewrite {
            request_id,
            kind: PrivacyKind::Erasure,
            asked_at: at,
            names: Vec::new(),
            after_seq,
        };
        after = block_on(world.object.rewrite(address(), rewrite))
            .unwrap()
            .next_after;
    }
    let stored = world.sql.rows("SELECT event FROM events").concat().concat();
    assert!(
        !stored.contains("Wilhelmina") && !stored.contains("Hello"),
        "{stored}"
    );
    assert!(stored.contains("draft.created"), "that there was one stays");
}

/// Whatever of the storage fails and when: in the end the draft was asked for, and the log is whole.
#[test]
fn a_storage_that_fails_loses_no_job() {
    for call in 1..60 {
        for failure in [Failure::Before(call), Failure::After(call)] {
            let mut world = World::new();
            let id = world.says("a", "Where is it?").message_id.unwrap();
            world.sql.fail(Some(failure));
            world.work();
            world.sql.fail(None);
            world.reborn();
            world.drain();
            assert!(world.jobs().contains(&id), "{failure:?}");
            world.check_followed();
        }
    }
}
