mod deliveries;
mod room;
mod watched;

use std::collections::BTreeMap;

use edgedesk_domain::account::{Access, Channel, Principal, Role};
use edgedesk_domain::analysis::RISK_ALERT;
use edgedesk_domain::conversation::{ConversationState, ConversationStatus};
use edgedesk_domain::event::{
    Assigned, ConversationCreated, Event, EventData, MessageAnalyzed, StatusChanged, TeamChanged,
};
use edgedesk_domain::ids::{
    AccountId, ConversationId, CustomerId, EventId, InboxId, MessageId, SessionId, TeamId, UserId,
};
use edgedesk_domain::message::{Actor, Direction, Message};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::desk::{
    Counters, DeliveryNote, NotifyRequest, NotifyResponse, ReserveRequest, ReserveResponse,
};
use edgedesk_wire::object::SocketIdentity;
use proptest::prelude::*;
use serde_json::{Value, json};
use ulid::Ulid;

use super::Desk;
use crate::error::ObjectError;
use crate::host::{SecurityEvent, Target};
use crate::sockets::SocketId;
use crate::testing::{Failure, STANDING, TestHost, TestSessions, TestSql, analysis};

struct World {
    sql: TestSql,
    host: TestHost,
    desk: Desk<TestSql, TestHost>,
}

impl World {
    fn new() -> Self {
        let (sql, host) = (TestSql::new(), TestHost::default());
        host.now.set(1_000_000);
        Self {
            desk: Desk::new(sql.clone(), host.clone()),
            sql,
            host,
        }
    }

    fn reborn(&mut self) {
        self.desk = Desk::new(self.sql.clone(), self.host.clone());
    }

    fn notify(&self, state: &ConversationState) -> Result<NotifyResponse, ObjectError> {
        let request = NotifyRequest {
            state: state.clone(),
        };
        self.desk.notify(account(), request)
    }

    fn reserve(&self, conversation: u64, agent: u64, max_load: u32) -> Result<u32, ObjectError> {
        let request = ReserveRequest {
            conversation_id: conversation_id(conversation),
            agent_id: user(agent),
            max_load,
        };
        let answer = self.desk.reserve(account(), &request);
        answer.map(|ReserveResponse { load }| load)
    }

    fn counters(&self) -> Counters {
        self.desk.state(account()).unwrap().counters
    }

    fn load(&self, agent: u64) -> u32 {
        let state = self.desk.state(account()).unwrap();
        let agent = state
            .agents
            .iter()
            .find(|presence| presence.agent_id == user(agent));
        agent.map_or(0, |presence| presence.load)
    }

    fn open(&self, socket: u64, agent: u64) {
        let identity = agent_socket(agent, &format!("ticket {socket}"));
        self.desk.admit(account(), &identity).unwrap();
        self.desk
            .opened(account(), socket_id(socket), identity)
            .unwrap();
    }

    fn frame(&self, socket: u64, agent: u64, frame: &Value) -> Vec<(Target, Value)> {
        self.host.frames();
        let identity = agent_socket(agent, "any");
        self.desk
            .on_frame(socket_id(socket), &identity, &frame.to_string());
        self.host.frames()
    }
}

fn account() -> AccountId {
    AccountId::new(Ulid::from(1))
}

fn conversation_id(n: u64) -> ConversationId {
    ConversationId::new(Ulid::from(u128::from(n) + 100))
}

fn user(n: u64) -> UserId {
    UserId::new(Ulid::from(u128::from(n) + 10))
}

/// The one session of an agent.
fn session(n: u64) -> SessionId {
    SessionId::new(Ulid::from(u128::from(n) + 700))
}

fn socket_id(n: u64) -> SocketId {
    Ulid::from(u128::from(n)).to_string().parse().unwrap()
}

fn agent_socket(agent: u64, ticket: &str) -> SocketIdentity {
    SocketIdentity::Agent {
        principal: Principal {
            account_id: account(),
            user_id: user(agent),
            role: Role::Agent,
            name: format!("Agent {agent}"),
            access: Access::default(),
        },
        ticket_id: ticket.to_owned(),
        ticket_expires: 2_000_000,
        session_id: session(agent),
        standing: STANDING.to_owned(),
    }
}

/// A conversation's log, folded as it grows.
#[derive(Debug, Clone)]
struct Conversation {
    state: ConversationState,
    /// The log, kept to recount from.
    log: Vec<Event>,
}

impl Conversation {
    fn new(n: u64) -> Self {
        let created = EventData::ConversationCreated(ConversationCreated {
            inbox_id: InboxId::new(Ulid::from(3)),
            channel: Channel::Widget,
            external_id: None,
            customer_id: CustomerId::new(Ulid::from(4)),
            customer_name: None,
            customer_email: None,
            subject: None,
            team_id: None,
        });
        let event = event(n, 1, created);
        Self {
            state: ConversationState::first(&event).unwrap(),
            log: vec![event],
        }
    }

    fn append(&mut self, n: u64, data: EventData) -> &ConversationState {
        let event = event(n, self.state.seq + 1, data);
        self.state.apply(&event);
        self.log.push(event);
        &self.state
    }
}

fn event(n: u64, seq: u64, data: EventData) -> Event {
    Event {
        id: EventId::new(Ulid::from(u128::from(seq))),
        seq,
        conversation_id: conversation_id(n),
        account_id: account(),
        at: Timestamp::from_millis(i64::try_from(seq * 1_000 + n).unwrap()),
        causation_id: None,
        revision: 0,
        data,
    }
}

fn written(direction: Direction) -> EventData {
    EventData::MessageCreated(Message {
        message_id: MessageId::new(Ulid::from(5)),
        direction,
        author: Actor::Agent {
            id: user(1),
            name: "Agent 1".into(),
        },
        text: "Text".into(),
        attachments: Vec::new(),
        citations: Vec::new(),
        client_id: None,
        external_id: None,
        sent_at: None,
    })
}

fn assigned(current: Option<u64>) -> EventData {
    EventData::ConversationAssigned(Assigned {
        previous: None,
        current: current.map(user),
        by: Actor::System,
        team_id: None,
    })
}

fn team(n: u64) -> TeamId {
    TeamId::new(Ulid::from(u128::from(n) + 50))
}

fn in_team(current: Option<u64>) -> EventData {
    EventData::ConversationTeamChanged(TeamChanged {
        previous: None,
        current: current.map(team),
        by: Actor::System,
    })
}

fn moved(current: ConversationStatus) -> EventData {
    EventData::ConversationStatusChanged(StatusChanged {
        previous: ConversationStatus::Active,
        current,
        by: Actor::System,
    })
}

fn analyzed(risk: f64) -> EventData {
    EventData::MessageAnalyzed(MessageAnalyzed {
        message_id: MessageId::new(Ulid::from(5)),
        message_seq: 2,
        analysis: analysis(risk),
        inputs: None,
    })
}

/// Counters from the logs alone, counted the long way.
fn recount(logs: &[&[Event]]) -> Counters {
    let mut counters = Counters::default();
    let mut responses = Vec::new();
    for log in logs {
        let mut state = ConversationState::first(&log[0]).unwrap();
        for event in &log[1..] {
            state.apply(event);
        }
        if let Some(at) = state.first_reply_at {
            responses.push(at.millis_since(state.created_at) as f64);
        }
        if !state.status.is_open() {
            counters.resolved += 1;
            continue;
        }
        counters.open += 1;
        counters.waiting += u64::from(state.waiting_since.is_some());
        counters.unassigned += u64::from(state.assignee_id.is_none());
        counters.at_risk += u64::from(state.escalation_risk > RISK_ALERT);
    }
    if !responses.is_empty() {
        counters.first_response_mean_ms =
            Some(responses.iter().sum::<f64>() / responses.len() as f64);
    }
    counters
}

#[test]
fn a_hundred_conversations_get_a_hundred_numbers_without_a_gap() {
    let mut world = World::new();
    let mut numbers = BTreeMap::new();
    for n in 0..100 {
        let ticket = world.notify(&Conversation::new(n).state).unwrap();
        numbers.insert(ticket.ticket_number, ticket.ticket_id);
        if n % 30 == 0 {
            world.reborn();
        }
    }
    assert!(numbers.keys().copied().eq(1..=100));
    let ids: std::collections::BTreeSet<_> = numbers.values().collect();
    assert_eq!(ids.len(), 100);
    // And each keeps its own, also in another life.
    for n in 0..100 {
        let ticket = world.notify(&Conversation::new(n).state).unwrap();
        assert_eq!(numbers.get(&ticket.ticket_number), Some(&ticket.ticket_id));
        assert_eq!(ticket.ticket_number, n + 1);
    }
}

#[test]
fn a_storage_that_fails_at_any_call_skips_no_number_and_counts_right() {
    let script = |world: &World, conversations: &[Conversation]| {
        for conversation in conversations {
            let mut tries = 0;
            while world.notify(&conversation.state).is_err() {
                tries += 1;
                assert!(tries < 3, "one failure costs one or two tries");
            }
        }
    };
    let mut conversations: Vec<Conversation> = (0..4).map(Conversation::new).collect();
    let mut again = conversations.clone();
    for (n, conversation) in (0..).zip(&mut again) {
        conversation.append(n, assigned(Some(n % 2)));
    }
    conversations.extend(again.clone());
    let logs: Vec<&[Event]> = again.iter().map(|one| one.log.as_slice()).collect();
    for n in 1..80 {
        for failure in [Failure::Before(n), Failure::After(n)] {
            let mut world = World::new();
            world.sql.fail(Some(failure));
            script(&world, &conversations);
            world.sql.fail(None);
            for _ in 0..2 {
                let registry = world.desk.registry(account(), 0, None).unwrap();
                let numbers: Vec<u64> = registry
                    .conversations
                    .iter()
                    .map(|entry| entry.ticket_number)
                    .collect();
                assert_eq!(numbers, [1, 2, 3, 4], "{failure:?}");
                assert_eq!(world.counters(), recount(&logs), "{failure:?}");
                assert_eq!((world.load(0), world.load(1)), (2, 2), "{failure:?}");
                world.reborn();
            }
        }
    }
}

#[test]
fn of_two_states_the_one_with_the_larger_seq_wins() {
    let world = World::new();
    let mut conversation = Conversation::new(1);
    let first = conversation.state.clone();
    conversation.append(1, moved(ConversationStatus::Resolved));
    let last = conversation.state.clone();
    let ticket = world.notify(&last).unwrap();
    assert_eq!(world.notify(&first).unwrap(), ticket);
    assert_eq!((world.counters().open, world.counters().resolved), (0, 1));
}

#[test]
fn another_account_is_refused_and_an_empty_desk_stores_nothing() {
    let world = World::new();
    let other = AccountId::new(Ulid::from(9));
    assert_eq!(world.counters(), Counters::default());
    assert!(
        world
            .desk
            .registry(account(), 0, None)
            .unwrap()
            .conversations
            .is_empty()
    );
    assert!(
        world
            .desk
            .deliveries(account())
            .unwrap()
            .deliveries
            .is_empty()
    );
    assert!(world.sql.rows("SELECT name FROM sqlite_master").is_empty());

    world.notify(&Conversation::new(1).state).unwrap();
    assert_eq!(world.desk.state(other).unwrap_err().status(), 404);
    assert_eq!(
        world.desk.registry(other, 0, None).unwrap_err().status(),
        404
    );
    let mut foreign = Conversation::new(2).state;
    foreign.account_id = other;
    assert_eq!(world.notify(&foreign).unwrap_err().status(), 404);
    let request = NotifyRequest { state: foreign };
    assert_eq!(world.desk.notify(other, request).unwrap_err().status(), 404);
    assert_eq!(world.counters().open, 1);
}

#[test]
fn the_registry_is_paged_by_number() {
    let world = World::new();
    for n in 0..25 {
        world.notify(&Conversation::new(n).state).unwrap();
    }
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let page = world.desk.registry(account(), after, Some(10)).unwrap();
        seen.extend(page.conversations.iter().map(|entry| entry.conversation_id));
        match page.next_after {
            Some(next) => after = next,
            None => break,
        }
    }
    assert!(seen.into_iter().eq((0..25).map(conversation_id)));
}

#[test]
fn at_max_load_nothing_more_is_assigned() {
    let mut world = World::new();
    let mut conversations: Vec<Conversation> = (0..4).map(Conversation::new).collect();
    for conversation in &conversations {
        world.notify(&conversation.state).unwrap();
    }
    assert_eq!(world.reserve(0, 7, 2).unwrap(), 1);
    assert_eq!(
        world.reserve(1, 7, 2).unwrap(),
        2,
        "a place is held at once"
    );
    assert_eq!(
        world.reserve(1, 7, 2).unwrap(),
        2,
        "the same again counts once"
    );
    world.reborn();
    let refused = world.reserve(2, 7, 2).unwrap_err();
    assert_eq!(
        (refused.status(), refused.code().as_str()),
        (409, "agent_at_max_load")
    );
    // The logs catch up: still two.
    for n in [0, 1] {
        let state = conversations[n].append(n as u64, assigned(Some(7))).clone();
        world.notify(&state).unwrap();
    }
    assert_eq!(world.load(7), 2);
    assert!(world.reserve(2, 7, 2).is_err());
    assert_eq!(world.reserve(0, 7, 2).unwrap(), 2, "its own is fine");
    // One is resolved: a place is free.
    let state = conversations[0]
        .append(0, moved(ConversationStatus::Resolved))
        .clone();
    world.notify(&state).unwrap();
    assert_eq!(
        world.reserve(0, 7, 1).unwrap(),
        1,
        "what is over is no load"
    );
    assert_eq!(world.reserve(2, 7, 2).unwrap(), 2);
    assert!(world.reserve(3, 7, 0).is_err());
    assert!(world.reserve(3, 8, 0).is_err(), "nobody takes none");
    assert_eq!(world.reserve(3, 8, 1).unwrap(), 1);
}

#[test]
fn a_held_place_is_free_again_when_nothing_comes_of_it() {
    let world = World::new();
    for n in 0..3 {
        world.notify(&Conversation::new(n).state).unwrap();
    }
    world.reserve(0, 7, 1).unwrap();
    assert!(world.reserve(1, 7, 1).is_err());
    // Somebody else took it: the place goes with it.
    world.reserve(0, 8, 1).unwrap();
    assert_eq!((world.load(7), world.load(8)), (0, 1));
    world.reserve(1, 7, 1).unwrap();
    world.host.pass(59_000);
    assert!(world.reserve(2, 7, 1).is_err());
    world.host.pass(2_000);
    assert_eq!(world.reserve(2, 7, 1).unwrap(), 1);
}

#[test]
fn the_schema_never_changes_under_stored_data() {
    let world = World::new();
    world.notify(&Conversation::new(1).state).unwrap();
    let schema: Vec<String> = world
        .sql
        .rows("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        .concat()
        .iter()
        .map(|sql| sql.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        schema,
        [
            "CREATE TABLE agents ( agent_id TEXT PRIMARY KEY, name TEXT NOT NULL, away INTEGER NOT NULL ) WITHOUT ROWID",
            "CREATE TABLE conversations ( ticket_number INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL UNIQUE, ticket_id TEXT NOT NULL, seq INTEGER NOT NULL, is_open INTEGER NOT NULL, is_waiting INTEGER NOT NULL, is_at_risk INTEGER NOT NULL, assignee_id TEXT, first_response_ms INTEGER, team_id TEXT )",
            "CREATE TABLE deliveries ( n INTEGER PRIMARY KEY, delivery_id TEXT NOT NULL UNIQUE, note TEXT NOT NULL )",
            "CREATE TABLE desk ( id INTEGER PRIMARY KEY CHECK (id = 1), account_id TEXT NOT NULL )",
            "CREATE TABLE reservations ( conversation_id TEXT PRIMARY KEY, agent_id TEXT NOT NULL, expires INTEGER NOT NULL ) WITHOUT ROWID",
            "CREATE TABLE used_tickets ( id TEXT PRIMARY KEY, expires INTEGER NOT NULL ) WITHOUT ROWID",
        ]
    );
}

#[test]
fn a_desk_of_before_there_were_teams_goes_on_where_it_was() {
    let mut world = World::new();
    let mut conversation = Conversation::new(1);
    world.notify(&conversation.state).unwrap();
    world
        .sql
        .rows("ALTER TABLE conversations DROP COLUMN team_id");
    world.reborn();
    let state = conversation.append(1, in_team(Some(1))).clone();
    assert_eq!(world.notify(&state).unwrap().ticket_number, 1);
    let stored = world.sql.rows("SELECT team_id FROM conversations");
    assert_eq!(stored[0][0], team(1).to_string());
    world.reborn();
    assert_eq!(world.counters().open, 1);
}

/// Something that happens to one of five conversations.
fn change() -> impl Strategy<Value = (u64, EventData)> {
    let data = prop_oneof![
        3 => Just(written(Direction::Incoming)),
        2 => Just(written(Direction::Outgoing)),
        1 => Just(written(Direction::Note)),
        2 => prop::option::of(0..3_u64).prop_map(assigned),
        2 => prop_oneof![Just(0.2), Just(0.7), Just(0.71), Just(0.95)].prop_map(analyzed),
        3 => prop_oneof![
            Just(ConversationStatus::Active),
            Just(ConversationStatus::Pending),
            Just(ConversationStatus::Escalated),
            Just(ConversationStatus::Resolved),
            Just(ConversationStatus::Closed),
        ]
        .prop_map(moved),
    ];
    (0..5_u64, data)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// States arrive late, twice, out of order, between deaths and failures; in the end counters are the logs' recount.
    #[test]
    fn counters_equal_a_recount_of_the_logs(
        changes in prop::collection::vec(change(), 1..60),
        order in prop::collection::vec((any::<prop::sample::Index>(), 0..12_u64), 0..80),
    ) {
        let mut world = World::new();
        let mut conversations: BTreeMap<u64, Conversation> = BTreeMap::new();
        let mut states = Vec::new();
        for (n, data) in changes {
            let conversation = conversations.entry(n).or_insert_with(|| Conversation::new(n));
            states.push(conversation.append(n, data).clone());
        }
        for (index, chance) in order {
            match chance {
                0 => world.reborn(),
                1 => world.sql.fail(Some(Failure::Before(1))),
                2 => world.sql.fail(Some(Failure::After(1))),
                _ => {}
            }
            let _ = world.notify(index.get(&states));
        }
        world.sql.fail(None);
        for state in states.iter().rev() {
            world.notify(state).unwrap();
        }
        let logs: Vec<&[Event]> = conversations.values().map(|one| one.log.as_slice()).collect();
        let expected = recount(&logs);
        prop_assert_eq!(world.counters(), expected.clone());
        for agent in 0..3 {
            let load = conversations
                .values()
                .filter(|one| one.state.status.is_open() && one.state.assignee_id == Some(user(agent)))
                .count();
            prop_assert_eq!(world.load(agent) as usize, load);
        }
        world.reborn();
        prop_assert_eq!(world.counters(), expected);
    }
}
