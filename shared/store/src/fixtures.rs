//! What the tests share: seeded databases, and logs that are folded as an object folds them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use edgedesk_domain::account::{Channel, Secret};
use edgedesk_domain::analysis::{
    Analysis, ModelRef, Polarity, Reason, Sentiment, SentimentLabel, Trend,
};
use edgedesk_domain::conversation::{ConversationState, ConversationStatus};
use edgedesk_domain::event::{
    Assigned, ConversationCreated, CustomerUpdated, Event, EventData, MessageAnalyzed,
    StatusChanged, TeamChanged, TicketOpened,
};
use edgedesk_domain::ids::{
    AccountId, ConversationId, CustomerId, EventId, MessageId, SessionId, TeamId, TicketId, UserId,
};
use edgedesk_domain::message::{Actor, Direction, Message};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::desk::{RegistryEntry, RegistryResponse};
use edgedesk_wire::object::EventsResponse;
use edgedesk_wire::queue::{ENVELOPE_VERSION, Envelope, EventRange, EventsAppended, Payload};
use futures::executor::block_on;
use ulid::Ulid;

use crate::directory::{Directory, SessionKey, SessionUse};
use crate::keys::{DataKeys, KnownKeys, Sealer};
use crate::projector::{LogReader, ReadError, RegistryReader};
use crate::seed::{DemoAccount, DemoIds, DemoSeed, DemoUser, demo};
use crate::shards::{AccountStore, Shards};
use crate::testing::Sqlite;
use crate::{Database, projection};

pub const READ_MODEL: [&str; 8] = [
    "conversations",
    "messages",
    "analyses",
    "tickets",
    "customers",
    "feedback",
    "suggestions",
    "assistant_steps",
];

pub fn demo_seed() -> DemoSeed {
    DemoSeed {
        aurora: DemoAccount {
            admin: user("ada"),
            agents: vec![user("bo"), user("cy")],
            zendesk_secret: Secret::new("zendesk-secret"),
            widget_key: "wk_aurora".into(),
            widget_secret: Secret::new("widget-secret"),
            allowed_origins: vec!["https://shop.example.com".into()],
        },
        borealis: DemoAccount {
            admin: user("dee"),
            agents: vec![user("eli")],
            zendesk_secret: Secret::new("other-zendesk-secret"),
            widget_key: "wk_borealis".into(),
            widget_secret: Secret::new("other-widget-secret"),
            allowed_origins: Vec::new(),
        },
        created_at: Timestamp::from_millis(1_000),
    }
}

fn user(name: &str) -> DemoUser {
    DemoUser {
        email: format!("{}@Example.com", name.to_uppercase()),
        name: name.to_owned(),
        password_hash: Secret::new(format!("$argon2id${name}")),
    }
}

/// The seeded directory and two empty shards.
pub fn shards() -> Shards<Sqlite> {
    let directory = Sqlite::directory();
    block_on(directory.batch(demo(&demo_seed()))).expect("the seed runs");
    Shards::new(directory, vec![Sqlite::shard(), Sqlite::shard()], keys())
}

/// Keys whose random bits are always the same: the same value in the same place is sealed alike, so that tables can be
/// compared as they are.
pub fn keys() -> DataKeys {
    keys_with(|bytes| bytes.fill(7), || at(0), KnownKeys::default())
}

/// Keys with randomness, a clock and a memory of one's own.
pub fn keys_with(fill_random: fn(&mut [u8]), now: fn() -> Timestamp, known: KnownKeys) -> DataKeys {
    DataKeys::new(&root("a"), None, fill_random, now, known).expect("the root is long enough")
}

/// A root secret.
pub fn root(letter: &str) -> Secret {
    Secret::new(letter.repeat(32))
}

/// What seals the values of an account.
pub fn sealer<D: Database>(shards: &Shards<D>, account_id: AccountId) -> Sealer {
    block_on(shards.vault(account_id).sealer()).expect("the account has a key")
}

/// Begins a session of a member, with a refresh token that is called by its number.
pub fn start_session(
    database: &Sqlite,
    ids: &DemoIds,
    user_id: UserId,
    number: u128,
) -> SessionKey {
    let key = SessionKey {
        account_id: ids.account_id,
        user_id,
        id: SessionId::new(Ulid(number)),
    };
    block_on(Directory::new(database).start_session(&key, &first_use(number))).expect("it begins");
    key
}

/// The first use of a session that is called by its number.
pub fn first_use(number: u128) -> SessionUse {
    SessionUse {
        token_hash: format!("token {number}"),
        at: at(5),
        expires_at: at(1_000_000),
        user_agent: None,
        network: None,
    }
}

pub fn store<'a>(shards: &'a Shards<Sqlite>, ids: &DemoIds) -> AccountStore<'a, Sqlite> {
    shards
        .for_account(ids.account_id, ids.shard)
        .expect("the shard exists")
}

/// All projected rows of all shards.
pub fn read_model(shards: &Shards<Sqlite>) -> Vec<String> {
    (0..2)
        .flat_map(|shard| {
            let database = shards.shard(shard).expect("there are two");
            READ_MODEL
                .iter()
                .flat_map(move |table| {
                    let rows = database.dump(table);
                    rows.into_iter()
                        .map(move |row| format!("{shard} {table}: {row}"))
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Numbers that look random and are the same every time (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).expect("below a usize")
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.roll(last + 1));
        }
    }
}

/// One conversation's log with the state after each event.
#[derive(Debug, Clone)]
pub struct Log {
    pub events: Vec<Event>,
    pub states: Vec<ConversationState>,
}

impl Log {
    /// A conversation that was just created; `number` makes its ids.
    pub fn new(ids: &DemoIds, number: u64, customer: u64) -> Self {
        let conversation_id = ConversationId::new(ulid(ids, number));
        let created = Event {
            id: EventId::new(ulid(ids, number << 16)),
            seq: 1,
            conversation_id,
            account_id: ids.account_id,
            at: at(number * 10),
            causation_id: None,
            revision: 0,
            data: EventData::ConversationCreated(ConversationCreated {
                inbox_id: if number.is_multiple_of(2) {
                    ids.zendesk_inbox_id
                } else {
                    ids.widget_inbox_id
                },
                channel: if number.is_multiple_of(2) {
                    Channel::Zendesk
                } else {
                    Channel::Widget
                },
                external_id: number.is_multiple_of(2).then(|| format!("thread-{number}")),
                customer_id: CustomerId::new(ulid(ids, customer)),
                customer_name: None,
                customer_email: Some(format!("customer{customer}@example.com")),
                subject: None,
                team_id: None,
            }),
        };
        let state = ConversationState::first(&created).expect("it is a creation");
        Self {
            events: vec![created],
            states: vec![state],
        }
    }

    pub fn state(&self) -> &ConversationState {
        self.states.last().expect("a log is not empty")
    }

    pub fn conversation_id(&self) -> ConversationId {
        self.state().conversation_id
    }

    pub fn append(&mut self, data: EventData) -> &mut Self {
        let mut state = self.state().clone();
        let event = Event {
            id: EventId::new(Ulid(
                state.conversation_id.ulid().0 ^ u128::from(state.seq + 1) << 48,
            )),
            seq: state.seq + 1,
            conversation_id: state.conversation_id,
            account_id: state.account_id,
            // Some events of a log share a time.
            at: state
                .updated_at
                .plus_millis(i64::try_from(state.seq % 3).expect("small") * 7),
            causation_id: None,
            revision: 0,
            data,
        };
        state.apply(&event);
        self.events.push(event);
        self.states.push(state);
        self
    }

    pub fn message(&mut self, text: &str) -> MessageId {
        let message_id = MessageId::new(Ulid(
            self.conversation_id().ulid().0 + u128::from(self.state().seq),
        ));
        let customer_id = self.state().customer_id;
        self.append(EventData::MessageCreated(Message {
            message_id,
            direction: Direction::Incoming,
            author: Actor::Customer {
                id: customer_id,
                name: None,
            },
            text: text.into(),
            attachments: Vec::new(),
            citations: Vec::new(),
            client_id: None,
            external_id: None,
            sent_at: None,
        }));
        message_id
    }

    pub fn analyzed_message(&mut self, text: &str, risk: f64) -> &mut Self {
        let message_id = self.message(text);
        let message_seq = self.state().seq;
        self.append(EventData::MessageAnalyzed(MessageAnalyzed {
            message_id,
            message_seq,
            analysis: analysis(risk),
            inputs: None,
        }))
    }

    pub fn ticket(&mut self, number: u64) -> &mut Self {
        let ticket_id = TicketId::new(Ulid(self.conversation_id().ulid().0 + 7));
        self.append(EventData::TicketOpened(TicketOpened { ticket_id, number }))
    }

    pub fn status(&mut self, current: ConversationStatus) -> &mut Self {
        let previous = self.state().status;
        self.append(EventData::ConversationStatusChanged(StatusChanged {
            previous,
            current,
            by: Actor::System,
        }))
    }

    pub fn give_to_team(&mut self, current: Option<TeamId>) -> &mut Self {
        let previous = self.state().team_id;
        self.append(EventData::ConversationTeamChanged(TeamChanged {
            previous,
            current,
            by: Actor::System,
        }))
    }

    pub fn assign(&mut self, current: Option<UserId>) -> &mut Self {
        let previous = self.state().assignee_id;
        self.append(EventData::ConversationAssigned(Assigned {
            previous,
            current,
            by: Actor::System,
            team_id: None,
        }))
    }

    pub fn customer_name(&mut self, name: &str) -> &mut Self {
        self.append(EventData::CustomerUpdated(CustomerUpdated {
            name: Some(name.into()),
            ..CustomerUpdated::default()
        }))
    }

    /// The queue message for the events `first..=last` (by `seq`), with the state at `state_seq`.
    pub fn appended(&self, first: u64, last: u64, state_seq: u64) -> EventsAppended {
        let index = |seq: u64| usize::try_from(seq - 1).expect("small");
        EventsAppended {
            conversation_id: self.conversation_id(),
            state: self.states[index(state_seq)].clone(),
            events: self.events[index(first)..=index(last)].to_vec(),
            by_reference: None,
        }
    }

    /// The whole log as queue messages of one to three events; the state is that at the last event or a later one.
    pub fn envelopes(&self, dice: &mut Dice) -> Vec<Envelope> {
        let head = self.state().seq;
        let mut envelopes = Vec::new();
        let mut first = 1;
        while first <= head {
            let last = (first + dice.roll(3) as u64).min(head);
            let state_seq =
                last + dice.roll(usize::try_from(head - last + 1).expect("small")) as u64;
            envelopes.push(envelope(self.appended(first, last, state_seq)));
            first = last + 1;
        }
        envelopes
    }

    /// As [`Log::appended`], with the events left in the log.
    pub fn by_reference(&self, first: u64, last: u64) -> Envelope {
        let mut appended = self.appended(first, last, last);
        appended.events.clear();
        appended.by_reference = Some(EventRange {
            first_seq: first,
            last_seq: last,
        });
        envelope(appended)
    }
}

pub fn envelope(appended: EventsAppended) -> Envelope {
    let last = appended
        .events
        .last()
        .map_or(appended.state.seq, |event| event.seq);
    Envelope {
        version: ENVELOPE_VERSION,
        id: format!("{}:{last}", appended.conversation_id),
        account_id: appended.state.account_id,
        payload: Payload::EventsAppended(appended),
    }
}

/// A few conversations of an account that between them have every kind of row; some share a customer.
pub fn some_logs(ids: &DemoIds, dice: &mut Dice) -> Vec<Log> {
    use ConversationStatus::{Closed, Escalated, Pending, Resolved};
    (1..=8_u64)
        .map(|number| {
            let mut log = Log::new(ids, number, number % 3);
            log.ticket(number);
            for turn in 0..=dice.roll(4) {
                #[expect(clippy::cast_precision_loss, reason = "small")]
                let risk = (number * 13 + turn as u64 * 7) as f64 / 130.0;
                log.analyzed_message(&format!("it's \"{number}\" \\ {turn} 🙂\n\u{1}"), risk);
            }
            if number.is_multiple_of(2) {
                log.customer_name(&format!("Customer {number}"));
            }
            if number % 3 == 0 {
                log.assign(Some(ids.user_id(1)));
            }
            match number % 5 {
                1 => log.status(Resolved),
                2 => log.status(Escalated),
                3 => log.status(Pending),
                4 => log.status(Resolved).status(Closed),
                _ => &mut log,
            };
            log
        })
        .collect()
}

/// Projects logs in order, without a queue.
pub fn project_logs(shards: &Shards<Sqlite>, shard: u32, logs: &[Log]) {
    let database = shards.shard(shard).expect("there are two");
    for log in logs {
        let head = log.state().seq;
        let appended = log.appended(1, head, head);
        let sealer = sealer(shards, appended.state.account_id);
        let statements = projection::statements_for(&appended, &sealer).expect("it is sealed");
        block_on(database.batch(statements)).expect("it works");
    }
}

/// The objects, in memory.
#[derive(Debug, Default)]
pub struct Objects {
    logs: BTreeMap<ConversationId, Log>,
    /// How many of the next reads fail.
    pub n_failures: RefCell<u32>,
    /// Conversations that the desk has not heard of.
    pub unregistered: Vec<ConversationId>,
}

impl Objects {
    pub fn new(logs: impl IntoIterator<Item = Log>) -> Self {
        let logs = logs
            .into_iter()
            .map(|log| (log.conversation_id(), log))
            .collect();
        Self {
            logs,
            ..Self::default()
        }
    }

    fn fail(&self) -> Result<(), ReadError> {
        let mut left = self.n_failures.borrow_mut();
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        Err(ReadError("down on command".into()))
    }
}

impl LogReader for Objects {
    async fn read_events(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        after_seq: u64,
        limit: u32,
    ) -> Result<EventsResponse, ReadError> {
        self.fail()?;
        let log = self.logs.get(&conversation_id);
        // An object is named by account and conversation: another account's is empty.
        let Some(log) = log.filter(|log| log.state().account_id == account_id) else {
            return Ok(EventsResponse {
                events: Vec::new(),
                head_seq: 0,
            });
        };
        let events = log.events.iter().filter(|event| event.seq > after_seq);
        // A log may give less than it is asked for.
        let limit = usize::try_from(limit).expect("small").min(4);
        Ok(EventsResponse {
            events: events.take(limit).cloned().collect(),
            head_seq: log.state().seq,
        })
    }
}

impl RegistryReader for Objects {
    async fn read_registry(
        &self,
        account_id: AccountId,
        after: u64,
        limit: u32,
    ) -> Result<RegistryResponse, ReadError> {
        self.fail()?;
        let mut conversations: Vec<_> = self
            .logs
            .values()
            .filter(|log| log.state().account_id == account_id)
            .filter(|log| !self.unregistered.contains(&log.conversation_id()))
            .filter_map(|log| {
                Some(RegistryEntry {
                    conversation_id: log.conversation_id(),
                    ticket_id: TicketId::new(Ulid(log.conversation_id().ulid().0 + 7)),
                    ticket_number: log.state().ticket_number?,
                })
            })
            .filter(|entry| entry.ticket_number > after)
            .collect();
        conversations.sort_by_key(|entry| entry.ticket_number);
        let limit = usize::try_from(limit).expect("small");
        let has_more = conversations.len() > limit;
        conversations.truncate(limit);
        let next_after = conversations
            .last()
            .filter(|_| has_more)
            .map(|entry| entry.ticket_number);
        Ok(RegistryResponse {
            conversations,
            next_after,
        })
    }
}

pub fn analysis(risk: f64) -> Analysis {
    Analysis {
        sentiment: Sentiment {
            polarity: Polarity::Negative,
            label: SentimentLabel::Negative,
            // Numbers whose shortest digits a careless parser misses by one in the last place.
            confidence: 0.1 + 0.2,
            score: -risk / 3.0,
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
        confidence: 1.0 / 3.0,
        handling: None,
        reasons: vec![Reason {
            code: "negative_message".into(),
            text: "It is.".into(),
            weight: risk,
            spans: Vec::new(),
        }],
        model: ModelRef {
            id: "tiny".into(),
            version: "1".into(),
        },
        elapsed_ms: 7.300_000_000_000_001,
    }
}

pub fn at(number: u64) -> Timestamp {
    Timestamp::from_millis(1_767_300_000_000 + i64::try_from(number).expect("small"))
}

fn ulid(ids: &DemoIds, number: u64) -> Ulid {
    Ulid(ids.account_id.ulid().0 ^ (u128::from(number) << 8) ^ (5 << 60))
}
