//! Events from which personal data was taken out, in the read model.

use edgedesk_domain::event::{CustomerUpdated, ErasureScheduled, EventData, Scrubbed};
use edgedesk_domain::ids::{CustomerId, PrivacyRequestId};
use edgedesk_domain::time::Timestamp;
use futures::executor::block_on;
use ulid::Ulid;

use super::*;
use crate::database::Database;
use crate::fixtures::{Dice, Log, read_model, sealer, shards, store};
use crate::seed::AURORA;
use crate::shards::{ConversationFilter, Shards, TicketKey};
use crate::testing::Sqlite;

const NAME: &str = "Wilhelmina";

fn request_id() -> PrivacyRequestId {
    PrivacyRequestId::new(Ulid::from(5))
}

/// A log with a name in it, and what has become of it after an erasure: rewritten, and longer by one event.
fn logs() -> (Log, Log) {
    let mut log = Log::new(&AURORA, 2, 1);
    log.customer_name(NAME);
    log.analyzed_message(NAME, 0.4);
    log.ticket(1);
    log.message(NAME);
    let through_seq = log.state().seq;
    log.append(EventData::ErasureScheduled(ErasureScheduled {
        request_id: request_id(),
        due_at: Timestamp::from_millis(0),
        through_seq,
        written_since: false,
    }));
    let mut erased = log.clone();
    for event in &mut erased.events {
        event.revision = 1;
        match &mut event.data {
            EventData::ConversationCreated(created) => created.customer_email = None,
            EventData::CustomerUpdated(updated) => *updated = CustomerUpdated::default(),
            EventData::MessageCreated(message) => message.text.clear(),
            _ => event.revision = 0,
        }
    }
    let mut state = ConversationState::first(&erased.events[0]).expect("a creation");
    for event in &erased.events[1..] {
        state.apply(event);
    }
    *erased.states.last_mut().expect("not empty") = state;
    erased.append(EventData::ConversationErased(Scrubbed {
        request_id: request_id(),
        through_seq,
    }));
    (log, erased)
}

fn project(shards: &Shards<Sqlite>, log: &Log) {
    let (first, last) = (1, log.state().seq);
    let sealer = sealer(shards, AURORA.account_id);
    let statements = statements_for(&log.appended(first, last, last), &sealer);
    let shard = shards.shard(AURORA_SHARD).expect("a shard");
    block_on(shard.batch(statements.expect("it is sealed"))).expect("it is written");
}

const AURORA_SHARD: u32 = 1;

#[test]
fn a_rewritten_event_wins_over_the_old_one_whichever_comes_last() {
    let (log, erased) = logs();
    let alone = shards();
    project(&alone, &erased);
    let expected = read_model(&alone);
    let n_with_name = |shards: &Shards<Sqlite>| {
        let store = store(shards, &AURORA);
        let messages = block_on(store.list_messages(log.conversation_id(), 0, 50));
        let messages = messages.expect("they open");
        let with_name = messages
            .iter()
            .filter(|message| format!("{message:?}").contains(NAME));
        with_name.count()
    };
    assert_eq!(n_with_name(&alone), 0);
    let before = shards();
    project(&before, &log);
    assert_eq!(n_with_name(&before), 2);
    for seed in 0..20 {
        let shards = shards();
        let mut order = [&log, &erased, &log, &erased];
        Dice(seed).shuffle(&mut order);
        for log in order {
            project(&shards, log);
        }
        let rows = read_model(&shards);
        // Names and addresses of customers are not sealed.
        assert!(!rows.join("\n").contains(NAME), "seed {seed}: {rows:?}");
        assert!(!rows.join("\n").contains("customer1@"), "seed {seed}");
        assert_eq!(n_with_name(&shards), 0, "seed {seed}");
        assert_eq!(expected, rows, "seed {seed}");
    }
    // In one transaction it is the same.
    let together = shards();
    let mut projection = Projection::default();
    let sealer = sealer(&together, AURORA.account_id);
    for log in [&erased, &log] {
        projection
            .add_events(&log.events, &sealer)
            .expect("it is sealed");
        projection.add_state(log.state(), &sealer);
    }
    let shard = together.shard(AURORA_SHARD).expect("a shard");
    let statements = projection.into_statements().expect("it is sealed");
    block_on(shard.batch(statements)).expect("it is written");
    assert_eq!(expected, read_model(&together));
}

#[test]
fn a_hidden_conversation_is_in_no_list_and_under_no_id_or_number() {
    let (log, _) = logs();
    let shards = shards();
    project(&shards, &log);
    let store = store(&shards, &AURORA);
    let list = |filter: &ConversationFilter| {
        block_on(store.list_conversations(filter, None, 10))
            .expect("a list")
            .items
            .len()
    };
    assert_eq!(list(&ConversationFilter::default()), 0);
    let by_external_id = ConversationFilter {
        external_id: log.state().external_id.clone(),
        ..ConversationFilter::default()
    };
    assert_eq!(list(&by_external_id), 0);
    let tickets = block_on(store.list_tickets(&[], None, None, 10)).expect("a list");
    assert!(tickets.items.is_empty());
    let ticket = block_on(store.find_ticket(TicketKey::Number(1))).expect("an answer");
    assert_eq!(ticket, None);
    let found = block_on(store.find_conversation(log.conversation_id())).expect("an answer");
    assert_eq!(found, None);
    let customer_id: CustomerId = log.state().customer_id;
    let known = block_on(store.conversations_of_customer(customer_id)).expect("an answer");
    assert_eq!(known, [(log.conversation_id(), false)]);
    // Another's are not theirs.
    let nobody = block_on(store.conversations_of_customer(CustomerId::new(Ulid::from(77))));
    assert!(nobody.expect("an answer").is_empty());
}

#[test]
fn parked_messages_of_a_conversation_are_forgotten_and_no_others() {
    let (log, _) = logs();
    let shards = shards();
    let store = store(&shards, &AURORA);
    let park = |id: &str, body: &str| {
        let parked = crate::parked::Parked {
            id: id.to_owned(),
            queue: "events".to_owned(),
            reason: crate::parked::ParkedReason::Refused,
            detail: String::new(),
            body: body.to_owned(),
            n_attempts: 1,
            parked_at: Timestamp::from_millis(1),
        };
        block_on(store.park(&parked)).expect("it is parked");
    };
    let id = log.conversation_id();
    park(&format!("{id}:1-4"), "unreadable");
    park("by-body", &format!("{{\"conversation_id\":\"{id}\"}}"));
    park("other", "{}");
    let n_gone = block_on(store.discard_parked_of(&[id])).expect("an answer");
    assert_eq!(n_gone, 2);
    let left = block_on(store.list_parked(None, 10)).expect("a list").items;
    assert_eq!(left.len(), 1);
    assert_eq!(block_on(store.discard_parked_of(&[])), Ok(0));
}
