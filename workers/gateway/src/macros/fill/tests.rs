use edgedesk_domain::account::{Access, Channel, Role};
use edgedesk_domain::analysis::{
    Analysis, Entity, ModelRef, Polarity, Sentiment, SentimentLabel, Trend,
};
use edgedesk_domain::conversation::ConversationStatus;
use edgedesk_domain::ids::{AccountId, ConversationId, CustomerId, InboxId, MessageId, UserId};
use edgedesk_domain::time::Timestamp;
use ulid::Ulid;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);

fn principal() -> Principal {
    Principal {
        account_id: AccountId::new(Ulid(1)),
        user_id: UserId::new(Ulid(2)),
        role: Role::Agent,
        name: "Ada".to_owned(),
        access: Access::default(),
    }
}

fn state(customer_name: Option<&str>, ticket_number: Option<u64>) -> ConversationState {
    ConversationState {
        conversation_id: ConversationId::new(Ulid(3)),
        account_id: AccountId::new(Ulid(1)),
        inbox_id: InboxId::new(Ulid(4)),
        channel: Channel::Widget,
        external_id: None,
        seq: 1,
        customer_id: CustomerId::new(Ulid(5)),
        customer_name: customer_name.map(str::to_owned),
        customer_email: None,
        subject: None,
        status: ConversationStatus::Active,
        external_status: None,
        priority: None,
        assignee_id: None,
        team_id: None,
        ticket_number,
        n_messages: 1,
        n_unread: 1,
        agent_read_seq: 0,
        customer_read_seq: 0,
        last_message: None,
        sentiment: None,
        escalation_risk: 0.0,
        escalation_alerted: false,
        moods: Vec::new(),
        unanalyzed: Vec::new(),
        assistant: None,
        created_at: NOW,
        first_reply_at: None,
        waiting_since: None,
        resolved_at: None,
        updated_at: NOW,
        privacy: None,
    }
}

fn analysed(entities: &[(EntityKind, &str, Option<&str>)]) -> MessageAnalysis {
    let entities = entities.iter().map(|(kind, text, value)| Entity {
        kind: *kind,
        text: (*text).to_owned(),
        start: 0,
        end: 0,
        value: value.map(str::to_owned),
    });
    MessageAnalysis {
        message_id: MessageId::new(Ulid(6)),
        message_seq: 1,
        at: NOW,
        analysis: Analysis {
            sentiment: Sentiment {
                polarity: Polarity::Neutral,
                label: SentimentLabel::Neutral,
                confidence: 0.5,
                score: 0.0,
                trend: Trend::Stable,
            },
            emotions: Vec::new(),
            intent: None,
            categories: Vec::new(),
            priority: None,
            urgency: None,
            language: None,
            entities: entities.collect(),
            escalation_risk: 0.0,
            confidence: 0.5,
            handling: None,
            reasons: Vec::new(),
            model: ModelRef {
                id: "test".to_owned(),
                version: "1".to_owned(),
            },
            elapsed_ms: 1.0,
        },
    }
}

#[test]
fn a_template_is_filled_from_the_caller_and_the_conversation() {
    let template = Template::parse(
        "Hello {{customer.first_name}} ({{customer.name}}), {{agent.name}} about #{{ticket.number}}",
    )
    .unwrap();
    let known = values(
        &principal(),
        &state(Some(" Grace  Brewster Hopper "), Some(7)),
    );
    assert_eq!(
        template.fill(&known).unwrap(),
        "Hello Grace (Grace  Brewster Hopper), Ada about #7"
    );
}

#[test]
fn what_is_missing_is_told_by_its_names_and_nothing_is_filled() {
    let template =
        Template::parse("{{customer.first_name}} {{agent.name}} {{ticket.number}}").unwrap();
    for name in [None, Some(""), Some("  ")] {
        let error = template
            .fill(&values(&principal(), &state(name, None)))
            .unwrap_err();
        let refused = missing(&error);
        assert_eq!(
            (refused.status.as_u16(), refused.code.as_str()),
            (422, "missing_variable")
        );
        let pointers: Vec<_> = refused.errors.iter().map(|field| &field.pointer).collect();
        assert_eq!(
            pointers,
            ["/variables/customer.first_name", "/variables/ticket.number"]
        );
    }
}

#[test]
fn the_last_order_number_that_the_customer_wrote_counts() {
    use EntityKind::{Amount, OrderNumber};
    assert_eq!(last_order_number(&[]), None);
    let messages = [
        analysed(&[(OrderNumber, "#1", None)]),
        analysed(&[
            (OrderNumber, "#2", None),
            (OrderNumber, "no. 3", Some("3")),
            (Amount, "4 EUR", None),
        ]),
        analysed(&[(Amount, "5 EUR", None)]),
    ];
    assert_eq!(last_order_number(&messages).as_deref(), Some("3"));
    assert_eq!(last_order_number(&messages[..1]).as_deref(), Some("#1"));
}
