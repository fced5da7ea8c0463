//! What came of the assistant.

use edgedesk_domain::assistant::{AssistantEngaged, HandOffReason, HandedOff};
use edgedesk_domain::conversation::ConversationStatus;
use edgedesk_domain::event::{EventData, StatusChanged};
use edgedesk_domain::ids::{CustomerId, MessageId};
use edgedesk_domain::message::{Actor, Direction, Message};
use edgedesk_wire::assistant::HandOffFigure;
use ulid::Ulid;

use super::*;

fn engaged() -> EventData {
    EventData::AssistantEngaged(AssistantEngaged {
        min_confidence: 0.5,
    })
}

fn answered() -> EventData {
    EventData::MessageCreated(Message {
        message_id: MessageId::new(Ulid(1)),
        direction: Direction::Outgoing,
        author: Actor::Assistant,
        text: "Within 30 days.".into(),
        attachments: Vec::new(),
        citations: Vec::new(),
        client_id: None,
        external_id: None,
        sent_at: None,
    })
}

fn handed_off(reason: HandOffReason) -> EventData {
    EventData::AssistantHandedOff(HandedOff {
        reason,
        by: Actor::Assistant,
    })
}

fn resolved(by: Actor) -> EventData {
    EventData::ConversationStatusChanged(StatusChanged {
        previous: ConversationStatus::Pending,
        current: ConversationStatus::Resolved,
        by,
    })
}

#[test]
fn a_conversation_counts_once_whatever_the_order_of_delivery() {
    let customer = Actor::Customer {
        id: CustomerId::new(Ulid(7)),
        name: None,
    };
    let conversations = [
        // Answered, and the customer says that it helped.
        vec![engaged(), answered(), answered(), resolved(customer)],
        // Answered, and nobody says anything.
        vec![engaged(), answered()],
        // Answered, and given to a person after all; resolved by them.
        vec![
            engaged(),
            answered(),
            handed_off(HandOffReason::Requested),
            resolved(Actor::System),
        ],
        vec![engaged(), handed_off(HandOffReason::NoArticle)],
        vec![engaged(), handed_off(HandOffReason::NoArticle)],
    ];
    for seed in 0..5 {
        let shards = shards();
        let sealer = crate::fixtures::sealer(&shards, AURORA.account_id);
        for (number, events) in (1..).zip(&conversations) {
            let mut log = Log::new(&AURORA, number, 1);
            for event in events {
                log.append(event.clone());
            }
            let head = log.state().seq;
            let mut order: Vec<u64> = (1..=head).chain(1..=head).collect();
            Dice(seed).shuffle(&mut order);
            for seq in order {
                let appended = log.appended(seq, seq, head);
                let statements = crate::projection::statements_for(&appended, &sealer).unwrap();
                let shard = shards.shard(AURORA.shard).unwrap();
                block_on(Database::batch(shard, statements)).unwrap();
            }
        }
        let of = |account, since| {
            let store = store(&shards, account);
            block_on(store.assistant_figures(since)).unwrap()
        };
        let figures = of(&AURORA, at(0));
        assert_eq!(figures.n_conversations, 5, "seed {seed}");
        assert_eq!(figures.n_answered, 3);
        assert_eq!(figures.n_deflected, 2);
        assert_eq!(figures.n_solved, 1);
        assert_eq!(figures.deflection, Some(0.4));
        let figure = |reason, n_conversations| HandOffFigure {
            reason,
            n_conversations,
        };
        assert_eq!(
            figures.hand_offs,
            [
                figure(HandOffReason::Requested, 1),
                figure(HandOffReason::NoArticle, 2)
            ]
        );
        let nothing = of(&AURORA, at(1_000_000_000));
        assert_eq!((nothing.n_conversations, nothing.deflection), (0, None));
        assert_eq!(of(&BOREALIS, at(0)).n_conversations, 0);
    }
}
