use super::ConversationStatus::{Active, Closed, Escalated, Pending, Resolved};
use super::*;
use crate::analysis::{Analysis, ModelRef, Polarity, Reason, SentimentLabel, Trend};
use crate::event::{
    AnalysisFailed, Assigned, ConversationCreated, ConversationRead, CustomerUpdated,
    EscalationDetected, MessageAnalyzed, StatusChanged, TeamChanged, TicketOpened,
};
use crate::ids::{EventId, TicketId};
use crate::inbound::TicketChange;
use crate::message::Message;
use ulid::Ulid;

fn id<T>(wrap: impl Fn(Ulid) -> T, n: u128) -> T {
    wrap(Ulid::from(n))
}

fn agent() -> Actor {
    Actor::Agent {
        id: id(UserId::new, 5),
        name: "Ada".into(),
    }
}

fn customer() -> Actor {
    Actor::Customer {
        id: id(CustomerId::new, 4),
        name: None,
    }
}

/// A log that gives its events the next `seq` and a time of one second each.
struct Log {
    state: ConversationState,
}

impl Log {
    fn new() -> Self {
        let created = event(
            1,
            EventData::ConversationCreated(ConversationCreated {
                inbox_id: id(InboxId::new, 3),
                channel: Channel::Widget,
                external_id: None,
                customer_id: id(CustomerId::new, 4),
                customer_name: None,
                customer_email: None,
                subject: None,
                team_id: None,
            }),
        );
        Self {
            state: ConversationState::first(&created)
                .expect("the first event creates the conversation"),
        }
    }

    fn append(&mut self, data: EventData) -> &ConversationState {
        let next = event(self.state.seq + 1, data);
        self.state.apply(&next);
        &self.state
    }

    fn write(&mut self, direction: Direction, author: Actor, text: &str) -> MessageId {
        let message_id = id(MessageId::new, u128::from(self.state.seq) + 100);
        self.append(EventData::MessageCreated(Message {
            message_id,
            direction,
            author,
            text: text.into(),
            attachments: Vec::new(),
            citations: Vec::new(),
            client_id: None,
            external_id: None,
            sent_at: None,
        }));
        message_id
    }

    fn analyze(
        &mut self,
        message_id: MessageId,
        message_seq: u64,
        risk: f64,
    ) -> &ConversationState {
        self.append(EventData::MessageAnalyzed(MessageAnalyzed {
            message_id,
            message_seq,
            analysis: analysis(risk),
            inputs: None,
        }))
    }

    fn change_status(&mut self, current: ConversationStatus) -> &ConversationState {
        let previous = self.state.status;
        self.append(EventData::ConversationStatusChanged(StatusChanged {
            previous,
            current,
            by: agent(),
        }))
    }
}

fn event(seq: u64, data: EventData) -> Event {
    Event {
        id: id(EventId::new, u128::from(seq)),
        seq,
        conversation_id: id(ConversationId::new, 1),
        account_id: id(AccountId::new, 2),
        at: at(seq),
        causation_id: None,
        revision: 0,
        data,
    }
}

fn at(seq: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(seq).expect("small") * 1000)
}

fn analysis(risk: f64) -> Analysis {
    Analysis {
        sentiment: Sentiment {
            polarity: Polarity::Negative,
            label: SentimentLabel::VeryNegative,
            confidence: 0.9,
            score: -risk,
            trend: Trend::Stable,
        },
        emotions: Vec::new(),
        intent: None,
        categories: Vec::new(),
        priority: None,
        urgency: None,
        language: None,
        entities: Vec::new(),
        escalation_risk: risk,
        confidence: 0.9,
        handling: None,
        reasons: vec![Reason {
            code: "negative_message".into(),
            text: "unhappy".into(),
            weight: risk,
            spans: Vec::new(),
        }],
        model: ModelRef {
            id: "encoder".into(),
            version: "1".into(),
        },
        elapsed_ms: 1.0,
    }
}

#[test]
fn every_transition_is_as_declared() {
    let all = [Active, Pending, Escalated, Resolved, Closed];
    let table = [
        (Active, [false, true, true, true, true]),
        (Pending, [true, false, true, true, true]),
        (Escalated, [true, true, false, true, true]),
        (Resolved, [true, false, true, false, true]),
        (Closed, [false; 5]),
    ];
    for (from, row) in table {
        for (to, expected) in all.into_iter().zip(row) {
            assert_eq!(from.allows(to), expected, "{from:?} -> {to:?}");
        }
    }
}

#[test]
fn words_read_back() {
    for status in [Active, Pending, Escalated, Resolved, Closed] {
        assert_eq!(ConversationStatus::from_word(status.as_str()), Some(status));
    }
    assert_eq!(Priority::from_word("URGENT"), Some(Priority::Urgent));
    assert_eq!(Priority::from_word("soon"), None);
}

#[test]
fn a_fold_neither_skips_nor_repeats() {
    let mut log = Log::new();
    log.write(Direction::Incoming, customer(), "hello");
    let before = log.state.clone();
    for seq in [0, 1, 2, 4, 99] {
        log.state.apply(&event(
            seq,
            EventData::TicketUpdated(TicketChange::default()),
        ));
        assert_eq!(log.state, before, "seq {seq} is not the next");
    }
}

#[test]
fn only_a_creation_can_be_first() {
    assert_eq!(
        ConversationState::first(&event(1, EventData::TicketUpdated(TicketChange::default()))),
        None
    );
}

#[test]
fn a_customer_waits_from_their_first_message_until_a_person_replies() {
    let mut log = Log::new();
    log.write(Direction::Incoming, customer(), "hello");
    log.write(Direction::Incoming, customer(), "anybody?");
    assert_eq!(
        (log.state.waiting_since, log.state.n_unread),
        (Some(at(2)), 2)
    );

    log.write(Direction::Note, agent(), "looks like the old bug");
    log.write(
        Direction::Outgoing,
        Actor::System,
        "We will be with you soon.",
    );
    assert_eq!(
        (log.state.waiting_since, log.state.first_reply_at),
        (Some(at(2)), None)
    );

    log.write(Direction::Outgoing, agent(), "Hello!");
    assert_eq!(
        (log.state.waiting_since, log.state.first_reply_at),
        (None, Some(at(6)))
    );
    assert_eq!(log.state.n_messages, 5);
}

#[test]
fn a_note_is_not_what_lists_show() {
    let mut log = Log::new();
    log.write(Direction::Incoming, customer(), &"ä".repeat(500));
    log.write(Direction::Note, agent(), "secret");
    let preview = log
        .state
        .last_message
        .clone()
        .expect("the customer's message");
    assert_eq!(preview.text.chars().count(), PREVIEW_CHARS);
    assert_eq!(preview.direction, Direction::Incoming);
}

#[test]
fn reading_clears_the_count_and_never_goes_back() {
    let mut log = Log::new();
    log.write(Direction::Incoming, customer(), "hello");
    let read =
        |reader, read_seq| EventData::ConversationRead(ConversationRead { reader, read_seq });
    assert_eq!(log.append(read(agent(), 2)).n_unread, 0);
    assert_eq!(log.append(read(agent(), 1)).agent_read_seq, 2);
    assert_eq!(
        log.append(read(customer(), 9_999)).customer_read_seq,
        5,
        "nobody reads past the end of the log"
    );
}

#[test]
fn an_alert_is_raised_once_until_the_conversation_is_resolved() {
    let mut log = Log::new();
    let first = log.write(Direction::Incoming, customer(), "this is a disgrace");
    assert!(
        !log.state.should_alert(0.7),
        "exactly the line is not above it"
    );
    assert!(log.state.should_alert(0.71));
    log.analyze(first, 2, 0.9);
    log.append(EventData::EscalationDetected(EscalationDetected {
        message_id: first,
        risk: 0.9,
        reasons: analysis(0.9).reasons,
    }));
    assert!(!log.state.should_alert(0.95));
    log.change_status(Resolved);
    assert!(
        !log.state.should_alert(0.95),
        "nobody is alerted about what is resolved"
    );
    log.change_status(Active);
    assert!(log.state.should_alert(0.95));
}

#[test]
fn moods_stand_in_the_order_of_their_messages() {
    let mut log = Log::new();
    let first = log.write(Direction::Incoming, customer(), "bad");
    let second = log.write(Direction::Incoming, customer(), "worse");
    log.analyze(second, 3, 0.8);
    let state = log.analyze(first, 2, 0.4);
    assert_eq!(
        state.moods.iter().map(|mood| mood.seq).collect::<Vec<_>>(),
        [2, 3]
    );
    assert!(
        (state.escalation_risk - 0.8).abs() < f64::EPSILON,
        "the later message decides"
    );
    assert!(state.unanalyzed.is_empty());

    for _ in 0..MOODS_KEPT * 2 {
        let message = log.write(Direction::Incoming, customer(), "more");
        let seq = log.state.seq;
        log.analyze(message, seq, 0.1);
    }
    assert_eq!(log.state.moods.len(), MOODS_KEPT);
}

#[test]
fn a_failed_analysis_waits_until_it_is_given_up() {
    let mut log = Log::new();
    let message_id = log.write(Direction::Incoming, customer(), "hello");
    let failed = |failures, gave_up| {
        EventData::AnalysisFailed(AnalysisFailed {
            message_id,
            message_seq: 2,
            failures,
            gave_up,
            code: "inference_unavailable".into(),
        })
    };
    assert_eq!(log.append(failed(1, false)).unanalyzed[0].failures, 1);
    assert!(log.append(failed(2, true)).unanalyzed.is_empty());
}

#[test]
fn what_becomes_known_of_a_customer_stays_known() {
    let mut log = Log::new();
    log.append(EventData::CustomerUpdated(CustomerUpdated {
        name: Some("Grace".into()),
        email: None,
        subject: Some("Refund".into()),
    }));
    let state = log.append(EventData::CustomerUpdated(CustomerUpdated {
        email: Some("grace@example.com".into()),
        ..CustomerUpdated::default()
    }));
    assert_eq!(state.customer_name.as_deref(), Some("Grace"));
    assert_eq!(state.customer_email.as_deref(), Some("grace@example.com"));
    assert_eq!(state.subject.as_deref(), Some("Refund"));
}

#[test]
fn assignment_tickets_and_provider_changes_are_folded_in() {
    let mut log = Log::new();
    let ada = id(UserId::new, 5);
    log.append(EventData::ConversationAssigned(Assigned {
        previous: None,
        current: Some(ada),
        by: agent(),
        team_id: None,
    }));
    log.append(EventData::TicketOpened(TicketOpened {
        ticket_id: id(TicketId::new, 6),
        number: 17,
    }));
    let state = log.append(EventData::TicketUpdated(TicketChange {
        status: Some("open".into()),
        priority: Some(Priority::High),
        assignee_external_id: None,
        subject: Some("Login broken".into()),
    }));
    assert_eq!(state.assignee_id, Some(ada));
    assert_eq!(state.subject.as_deref(), Some("Login broken"));
    assert_eq!(state.ticket_number, Some(17));
    assert_eq!(
        (state.external_status.as_deref(), state.priority),
        (Some("open"), Some(Priority::High))
    );
}

#[test]
fn a_customer_sees_only_what_is_public() {
    let note = Message {
        message_id: id(MessageId::new, 1),
        direction: Direction::Note,
        author: agent(),
        text: "secret".into(),
        attachments: Vec::new(),
        citations: Vec::new(),
        client_id: None,
        external_id: None,
        sent_at: None,
    };
    let reply = Message {
        direction: Direction::Outgoing,
        ..note.clone()
    };
    assert!(!EventData::MessageCreated(note).is_public());
    assert!(EventData::MessageCreated(reply).is_public());
    assert!(
        !EventData::MessageAnalyzed(MessageAnalyzed {
            message_id: id(MessageId::new, 1),
            message_seq: 2,
            analysis: analysis(0.5),
            inputs: None,
        })
        .is_public()
    );
}

#[test]
fn a_conversation_is_in_the_team_it_was_given_to_last() {
    let mut log = Log::new();
    let (a, b) = (id(TeamId::new, 7), id(TeamId::new, 8));
    let assigned = |current, team_id| {
        EventData::ConversationAssigned(Assigned {
            previous: None,
            current,
            by: agent(),
            team_id,
        })
    };
    assert_eq!(log.state.team_id, None);
    log.append(assigned(Some(id(UserId::new, 5)), Some(a)));
    assert_eq!(log.state.team_id, Some(a));
    // To be nobody's again changes no team.
    log.append(assigned(None, None));
    assert_eq!(log.state.team_id, Some(a));
    for current in [Some(b), None] {
        log.append(EventData::ConversationTeamChanged(TeamChanged {
            previous: log.state.team_id,
            current,
            by: agent(),
        }));
        assert_eq!(log.state.team_id, current);
    }
}
