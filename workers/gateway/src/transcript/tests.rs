use edgedesk_domain::analysis::{ModelRef, Polarity, Reason, Sentiment, SentimentLabel, Trend};
use edgedesk_domain::event::{EventData, MessageAnalyzed, TicketOpened};
use edgedesk_domain::ids::{AccountId, ConversationId, EventId, MessageId, TicketId};
use edgedesk_domain::message::{Actor, Direction, Message};
use edgedesk_domain::time::Timestamp;
use ulid::Ulid;

use super::*;

fn event(seq: u64, data: EventData) -> Event {
    Event {
        id: EventId::new(Ulid::from(u128::from(seq))),
        seq,
        conversation_id: ConversationId::new(Ulid::from(1)),
        account_id: AccountId::new(Ulid::from(1)),
        at: Timestamp::from_millis(1000),
        causation_id: None,
        revision: 0,
        data,
    }
}

fn message(seq: u64) -> Event {
    event(
        seq,
        EventData::MessageCreated(Message {
            message_id: MessageId::new(Ulid::from(u128::from(seq))),
            direction: Direction::Incoming,
            author: Actor::System,
            text: format!("message {seq}"),
            attachments: Vec::new(),
            citations: Vec::new(),
            client_id: None,
            external_id: None,
            sent_at: None,
        }),
    )
}

fn analyzed(seq: u64, message_seq: u64, risk: f64) -> Event {
    event(
        seq,
        EventData::MessageAnalyzed(MessageAnalyzed {
            message_id: MessageId::new(Ulid::from(u128::from(message_seq))),
            message_seq,
            analysis: Analysis {
                sentiment: Sentiment {
                    polarity: Polarity::Neutral,
                    label: SentimentLabel::Neutral,
                    confidence: 0.5,
                    score: 0.0,
                    trend: Trend::Stable,
                },
                emotions: vec![],
                intent: None,
                categories: Vec::new(),
                priority: None,
                urgency: None,
                language: None,
                entities: Vec::new(),
                escalation_risk: risk,
                confidence: 0.5,
                handling: None,
                reasons: vec![Reason {
                    code: "test".into(),
                    text: "A test.".into(),
                    weight: 0.0,
                    spans: Vec::new(),
                }],
                model: ModelRef {
                    id: "test".into(),
                    version: "1".into(),
                },
                elapsed_ms: 1.0,
            },
            inputs: None,
        }),
    )
}

fn other(seq: u64) -> Event {
    event(
        seq,
        EventData::TicketOpened(TicketOpened {
            ticket_id: TicketId::new(Ulid::from(9)),
            number: 1,
        }),
    )
}

/// Places and risks of a page read in two runs.
fn page(
    limit: usize,
    first: Vec<Event>,
    second: Vec<Event>,
) -> (Vec<(u64, Option<f64>)>, Option<u64>) {
    let mut transcript = Transcript::new(limit);
    transcript.extend(first);
    transcript.extend(second);
    let page = transcript.finish();
    let rows = page
        .messages
        .iter()
        .map(|message| {
            let risk = message.analysis.as_ref().map(|a| a.escalation_risk);
            (message.seq, risk)
        })
        .collect();
    (rows, page.next_after_seq)
}

#[test]
fn an_analysis_is_found_wherever_it_stands_behind_its_message() {
    let first = vec![other(1), message(2), message(3)];
    let second = vec![analyzed(4, 3, 0.3), message(5), analyzed(6, 2, 0.2)];
    assert_eq!(
        page(10, first, second),
        (vec![(2, Some(0.2)), (3, Some(0.3)), (5, None)], None)
    );
}

#[test]
fn a_full_page_says_where_to_go_on_only_when_there_is_more() {
    let log = || vec![message(2), message(3), analyzed(4, 2, 0.2)];
    assert_eq!(
        page(2, log(), vec![message(5), analyzed(6, 3, 0.3)]),
        (vec![(2, Some(0.2)), (3, Some(0.3))], Some(3))
    );
    assert_eq!(
        page(2, log(), vec![]),
        (vec![(2, Some(0.2)), (3, None)], None)
    );
}

#[test]
fn of_two_analyses_of_one_message_the_later_counts() {
    let log = || {
        vec![
            message(2),
            analyzed(3, 2, 0.1),
            message(4),
            analyzed(5, 4, 0.4),
            analyzed(6, 2, 0.9),
        ]
    };
    assert_eq!(
        page(10, log(), vec![]).0,
        vec![(2, Some(0.9)), (4, Some(0.4))]
    );
    let listed: Vec<_> = analyses(log())
        .iter()
        .map(|a| (a.message_seq, a.analysis.escalation_risk))
        .collect();
    assert_eq!(listed, [(2, 0.9), (4, 0.4)]);
}

#[test]
fn an_empty_log_has_no_messages() {
    assert_eq!(page(10, vec![], vec![]), (vec![], None));
}
