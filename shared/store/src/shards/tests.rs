mod articles;
mod assistant;
mod customers;
mod learning;
mod open;
mod own_intents;
mod plans;
mod suggestions;

use std::collections::BTreeSet;

use edgedesk_domain::access::Role;
use edgedesk_domain::conversation::{ConversationState, ConversationStatus};
use edgedesk_domain::ids::{ConversationId, InboxId, TeamId, TicketId, UserId};
use futures::executor::block_on;

use super::*;
use crate::fixtures::{Dice, Log, at, project_logs, shards, some_logs, store};
use crate::parked::{Parked, ParkedReason};
use crate::seed::{AURORA, BOREALIS};
use crate::testing::Sqlite;

fn parked(id: &str, second: u64) -> Parked {
    Parked {
        id: id.into(),
        queue: "events".into(),
        reason: ParkedReason::Refused,
        detail: "the database refused".into(),
        body: "{}".into(),
        n_attempts: 1,
        parked_at: at(second * 1000),
    }
}

/// Walks all pages.
fn all_conversations(
    store: AccountStore<'_, Sqlite>,
    filter: &ConversationFilter,
    limit: u32,
) -> Vec<ConversationState> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.list_conversations(filter, cursor.as_deref(), limit);
        let page = block_on(page).expect("it works");
        assert!(page.items.len() <= limit as usize);
        found.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return found;
        }
    }
}

#[test]
fn another_account_sees_none_of_the_rows_though_they_share_a_database() {
    let shards = shards();
    let logs = some_logs(&AURORA, &mut Dice(1));
    project_logs(&shards, AURORA.shard, &logs);
    let theirs = store(&shards, &AURORA);
    let ours = shards
        .for_account(BOREALIS.account_id, AURORA.shard)
        .unwrap();
    block_on(theirs.park(&parked("p-1", 1))).unwrap();

    let log = &logs[1];
    let id = log.conversation_id();
    let ticket = block_on(theirs.find_ticket(TicketKey::Number(2)))
        .unwrap()
        .expect("theirs");
    let all = ConversationFilter::default();
    let by_thread = ConversationFilter {
        external_id: log.state().external_id.clone(),
        ..ConversationFilter::default()
    };
    let cursor = block_on(theirs.list_conversations(&all, None, 1))
        .unwrap()
        .next_cursor;

    // Every function of the repository, with the exact keys of the other account's rows.
    for (store, sees) in [(theirs, true), (ours, false)] {
        let conversations = |filter| {
            block_on(store.list_conversations(filter, None, 10))
                .unwrap()
                .items
        };
        assert_eq!(!conversations(&all).is_empty(), sees);
        assert_eq!(!conversations(&by_thread).is_empty(), sees);
        let next = block_on(store.list_conversations(&all, cursor.as_deref(), 10))
            .unwrap()
            .items;
        assert_eq!(!next.is_empty(), sees);
        assert_eq!(
            block_on(store.find_conversation(id)).unwrap().is_some(),
            sees
        );
        assert_eq!(
            !block_on(store.list_messages(id, 0, 10)).unwrap().is_empty(),
            sees
        );
        assert_eq!(
            !block_on(store.list_tickets(&[], None, None, 10))
                .unwrap()
                .items
                .is_empty(),
            sees
        );
        for key in [TicketKey::Id(ticket.id), TicketKey::Number(ticket.number)] {
            assert_eq!(block_on(store.find_ticket(key)).unwrap().is_some(), sees);
        }
        assert_eq!(
            !block_on(store.list_parked(None, 10))
                .unwrap()
                .items
                .is_empty(),
            sees
        );
        assert_eq!(block_on(store.find_parked("p-1")).unwrap().is_some(), sees);
        let n_rows: u64 = block_on(store.checksum()).unwrap().n_rows.values().sum();
        assert_eq!(n_rows > 0, sees);
    }

    // Nor can it change one.
    let before = block_on(theirs.checksum()).unwrap();
    assert!(!block_on(ours.discard_parked("p-1")).unwrap());
    block_on(ours.park(&Parked {
        detail: "ours".into(),
        ..parked("p-1", 2)
    }))
    .unwrap();
    block_on(ours.delete_read_model()).unwrap();
    assert_eq!(block_on(theirs.checksum()).unwrap(), before);
    assert_eq!(
        block_on(theirs.find_parked("p-1")).unwrap(),
        Some(parked("p-1", 1))
    );
    assert!(block_on(theirs.discard_parked("p-1")).unwrap());
    assert!(block_on(ours.find_parked("p-1")).unwrap().is_some());
}

#[test]
fn an_unknown_shard_is_an_error() {
    let shards = shards();
    let result = shards.for_account(AURORA.account_id, 2);
    assert_eq!(result.err(), Some(StoreError::UnknownShard(2)));
}

#[test]
fn a_list_is_what_filtering_and_sorting_all_states_gives() {
    use ConversationStatus::{Active, Closed, Escalated, Pending, Resolved};
    let shards = shards();
    let logs = some_logs(&AURORA, &mut Dice(2));
    project_logs(&shards, AURORA.shard, &logs);
    let store = store(&shards, &AURORA);

    let status_sets = [
        vec![],
        vec![Active],
        vec![Resolved, Closed],
        vec![Active, Pending, Escalated],
        vec![Active, Pending, Escalated, Resolved, Closed],
    ];
    let inboxes = [
        None,
        Some(AURORA.zendesk_inbox_id),
        Some(BOREALIS.zendesk_inbox_id),
    ];
    let threads = [
        None,
        Some("thread-4".to_owned()),
        Some("no such thread".to_owned()),
    ];
    let assignees = [None, Some(AURORA.user_id(1)), Some(AURORA.user_id(2))];
    let (mut n_lists, mut n_full) = (0, 0);
    for statuses in &status_sets {
        for min_risk in [None, Some(0.5), Some(0.9)] {
            for inbox_id in inboxes {
                for external_id in &threads {
                    for assignee_id in assignees {
                        let filter = ConversationFilter {
                            statuses: statuses.clone(),
                            min_risk,
                            inbox_id,
                            external_id: external_id.clone(),
                            assignee_id,
                            customer_id: None,
                            seen_by: None,
                        };
                        let expected = naive(&logs, &filter);
                        n_lists += 1;
                        n_full += usize::from(!expected.is_empty());
                        for limit in [1, 3, 200] {
                            assert_eq!(
                                all_conversations(store, &filter, limit),
                                expected,
                                "{filter:?}"
                            );
                        }
                    }
                }
            }
        }
    }
    assert!(
        n_lists == 405 && n_full > 40,
        "{n_full} of {n_lists} lists have something in them"
    );
}

fn naive(logs: &[Log], filter: &ConversationFilter) -> Vec<ConversationState> {
    let wanted = |state: &&ConversationState| {
        (filter.statuses.is_empty() || filter.statuses.contains(&state.status))
            && filter
                .min_risk
                .is_none_or(|risk| state.escalation_risk >= risk)
            && filter
                .inbox_id
                .is_none_or(|id: InboxId| state.inbox_id == id)
            && (filter.external_id.is_none() || state.external_id == filter.external_id)
            && filter
                .assignee_id
                .is_none_or(|id: UserId| state.assignee_id == Some(id))
    };
    let mut states: Vec<_> = logs
        .iter()
        .map(Log::state)
        .filter(wanted)
        .cloned()
        .collect();
    states.sort_by_key(|state| std::cmp::Reverse((state.updated_at, state.conversation_id)));
    states
}

/// Lists and tickets leave out exactly what the rule of the domain says that a member does not see.
#[test]
fn a_list_holds_what_its_reader_may_see_and_no_more() {
    use edgedesk_domain::access::Viewer;
    let shards = shards();
    let team = |number: u128| TeamId::new(ulid::Ulid(number));
    let teams = [None, Some(team(1)), Some(team(2))];
    let users = [None, Some(AURORA.user_id(1)), Some(AURORA.user_id(2))];
    let mut logs = Vec::new();
    for place in teams {
        for assignee in users {
            let number = 1 + logs.len() as u64;
            let mut log = Log::new(&AURORA, number, number);
            log.ticket(number).assign(assignee).give_to_team(place);
            logs.push(log);
        }
    }
    project_logs(&shards, AURORA.shard, &logs);
    let store = store(&shards, &AURORA);
    for role in Role::ALL {
        for theirs in [vec![], vec![team(2)], vec![team(1), team(2)]] {
            let viewer = Viewer {
                user_id: AURORA.user_id(1),
                role,
                teams: &theirs,
            };
            let mut expected: Vec<_> = logs
                .iter()
                .map(Log::state)
                .filter(|state| viewer.sees(state.assignee_id, state.team_id))
                .map(|state| state.conversation_id)
                .collect();
            expected.sort();
            let filter = ConversationFilter {
                seen_by: SeenBy::of(viewer),
                ..ConversationFilter::default()
            };
            let mut listed: Vec<_> = all_conversations(store, &filter, 2)
                .iter()
                .map(|state| state.conversation_id)
                .collect();
            listed.sort();
            assert_eq!(listed, expected, "{role:?} {theirs:?}");
            let tickets = block_on(store.list_tickets(&[], filter.seen_by.as_ref(), None, 50));
            let mut ticketed: Vec<_> = tickets
                .unwrap()
                .items
                .iter()
                .map(|ticket| ticket.conversation_id)
                .collect();
            ticketed.sort();
            assert_eq!(ticketed, expected, "{role:?} {theirs:?}");
        }
    }
}

#[test]
fn the_figures_of_teams_are_counts_of_their_conversations() {
    let shards = shards();
    let team = |number: u128| TeamId::new(ulid::Ulid(number));
    let mut logs: Vec<_> = (1..=6)
        .map(|number| Log::new(&AURORA, number, number))
        .collect();
    for (log, place) in logs.iter_mut().zip([1, 1, 1, 2, 2]) {
        log.give_to_team(Some(team(place)));
    }
    logs[0].assign(Some(AURORA.user_id(1)));
    logs[1].status(ConversationStatus::Resolved);
    project_logs(&shards, AURORA.shard, &logs);
    let counted = block_on(store(&shards, &AURORA).count_by_team()).unwrap();
    let rows: Vec<_> = counted
        .iter()
        .map(|row| {
            (
                row.team_id,
                row.open,
                row.unassigned,
                row.at_risk,
                row.resolved,
            )
        })
        .collect();
    assert_eq!(rows, [(team(1), 2, 1, 0, 1), (team(2), 2, 2, 0, 0)]);
    let other = block_on(store(&shards, &BOREALIS).count_by_team()).unwrap();
    assert_eq!(other, []);
}

#[test]
fn conversations_of_the_same_millisecond_are_each_listed_once() {
    let shards = shards();
    let logs: Vec<_> = (1..=30)
        .map(|number| {
            let mut log = Log::new(&AURORA, number, number);
            log.states[0].updated_at = at(0);
            log
        })
        .collect();
    project_logs(&shards, AURORA.shard, &logs);
    let found = all_conversations(store(&shards, &AURORA), &ConversationFilter::default(), 7);
    let ids: BTreeSet<_> = found.iter().map(|state| state.conversation_id).collect();
    assert_eq!((found.len(), ids.len()), (30, 30));
}

#[test]
fn paging_is_stable_while_rows_are_added_and_changed() {
    let shards = shards();
    let logs: Vec<_> = (1..=20)
        .map(|number| Log::new(&AURORA, number, 1))
        .collect();
    project_logs(&shards, AURORA.shard, &logs);
    let store = store(&shards, &AURORA);
    let filter = ConversationFilter::default();
    let (mut seen, mut cursor) = (Vec::<ConversationId>::new(), None);
    for round in 0..10 {
        let page = block_on(store.list_conversations(&filter, cursor.as_deref(), 3)).unwrap();
        seen.extend(page.items.iter().map(|state| state.conversation_id));
        // A new one, and one that was shown already moves to the front.
        project_logs(&shards, AURORA.shard, &[Log::new(&AURORA, 100 + round, 1)]);
        let mut changed = logs[19].clone();
        for _ in 0..=round {
            changed.message("again");
            changed.states.last_mut().unwrap().updated_at = at(5000 + round);
        }
        project_logs(&shards, AURORA.shard, &[changed]);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let expected: Vec<_> = logs.iter().rev().map(Log::conversation_id).collect();
    assert_eq!(seen, expected);
}

#[test]
fn an_older_state_never_replaces_a_newer_one() {
    let shards = shards();
    let mut log = Log::new(&AURORA, 1, 1);
    log.analyzed_message("first", 0.2)
        .analyzed_message("second", 0.9);
    let database = shards.shard(AURORA.shard).unwrap();
    for state_seq in [3, 5, 1, 4] {
        let appended = log.appended(1, 1, state_seq);
        let sealer = crate::fixtures::sealer(&shards, AURORA.account_id);
        let statements = crate::projection::statements_for(&appended, &sealer).unwrap();
        block_on(database.batch(statements)).unwrap();
        let newest = state_seq.max(3).max(if state_seq == 3 { 3 } else { 5 });
        let found =
            block_on(store(&shards, &AURORA).find_conversation(log.conversation_id())).unwrap();
        assert_eq!(found.expect("it is there").seq, newest);
    }
}

#[test]
fn messages_come_in_order_with_their_latest_analysis() {
    let shards = shards();
    let mut log = Log::new(&AURORA, 1, 1);
    log.analyzed_message("first", 0.2);
    let message_id = log.message("second");
    let text = "x".repeat(100_000);
    log.message(&text);
    // The first message is analysed again, by a later model.
    let edgedesk_domain::event::EventData::MessageAnalyzed(mut again) = log.events[2].data.clone()
    else {
        panic!("the third event is an analysis");
    };
    again.analysis.model.version = "2".into();
    log.append(edgedesk_domain::event::EventData::MessageAnalyzed(again));
    project_logs(&shards, AURORA.shard, &[log.clone()]);

    let store = store(&shards, &AURORA);
    let list =
        |after, limit| block_on(store.list_messages(log.conversation_id(), after, limit)).unwrap();
    let messages = list(0, 10);
    let seqs: Vec<_> = messages.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, [2, 4, 5]);
    let versions = messages.iter().map(|message| {
        message
            .analysis
            .as_ref()
            .map(|analysis| analysis.model.version.as_str())
    });
    assert_eq!(versions.collect::<Vec<_>>(), [Some("2"), None, None]);
    assert_eq!(messages[1].message.message_id, message_id);
    assert_eq!(messages[2].message.text, text);
    assert_eq!(messages[2].at, log.events[4].at);
    assert_eq!(list(2, 1).len(), 1);
    assert_eq!(list(2, 1)[0].seq, 4);
    assert!(list(5, 10).is_empty());
}

#[test]
fn texts_come_back_byte_for_byte() {
    let shards = shards();
    for (number, text) in (1..).zip([
        "plain",
        "'; DROP TABLE messages; --",
        "\"quoted\" \\u0041 \\",
        "🙂👩‍👩‍👧",
        "\u{1}\u{1f}\u{7f}\u{2028}",
        "a\tb\r\nc",
        "{}[]?1 ?2",
    ]) {
        let mut log = Log::new(&AURORA, number, number);
        log.message(text);
        log.customer_name(text);
        project_logs(&shards, AURORA.shard, &[log.clone()]);
        let store = store(&shards, &AURORA);
        let messages = block_on(store.list_messages(log.conversation_id(), 0, 10)).unwrap();
        assert_eq!(messages[0].message.text, text);
        let found = block_on(store.find_conversation(log.conversation_id())).unwrap();
        assert_eq!(found.as_ref(), Some(log.state()));
    }
}

#[test]
fn tickets_are_listed_by_falling_number_and_found_by_id_or_number() {
    use ConversationStatus::{Active, Closed, Escalated, Pending, Resolved};
    let shards = shards();
    let logs = some_logs(&AURORA, &mut Dice(3));
    // A conversation without a ticket is none.
    let mut untold = Log::new(&AURORA, 50, 1);
    untold.message("hello");
    project_logs(&shards, AURORA.shard, &logs);
    project_logs(&shards, AURORA.shard, &[untold]);
    let store = store(&shards, &AURORA);

    for statuses in [
        vec![],
        vec![Resolved],
        vec![Pending, Escalated],
        vec![Active, Closed],
        vec![Active],
    ] {
        let expected: Vec<_> = logs
            .iter()
            .rev()
            .map(Log::state)
            .filter(|state| statuses.is_empty() || statuses.contains(&state.status))
            .map(|state| {
                (
                    state.ticket_number.unwrap(),
                    state.conversation_id,
                    state.status,
                )
            })
            .collect();
        for limit in [1, 3, 100] {
            let (mut found, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let page = block_on(store.list_tickets(&statuses, None, cursor.as_deref(), limit))
                    .unwrap();
                found.extend(page.items);
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            let found: Vec<_> = found
                .iter()
                .map(|ticket| (ticket.number, ticket.conversation_id, ticket.status))
                .collect();
            assert_eq!(found, expected, "{statuses:?} by {limit}");
        }
    }

    let third = block_on(store.find_ticket(TicketKey::Number(3)))
        .unwrap()
        .expect("it is there");
    assert_eq!(third.conversation_id, logs[2].conversation_id());
    assert_eq!(third.assignee_id, Some(AURORA.user_id(1)));
    assert_eq!(third.created_at, logs[2].events[1].at);
    assert_eq!(
        block_on(store.find_ticket(TicketKey::Id(third.id))),
        Ok(Some(third))
    );
    assert_eq!(block_on(store.find_ticket(TicketKey::Number(99))), Ok(None));
    let unknown = TicketId::new(ulid::Ulid(1));
    assert_eq!(
        block_on(store.find_ticket(TicketKey::Id(unknown))),
        Ok(None)
    );
    for (text, key) in [
        ("12", Some(TicketKey::Number(12))),
        (
            "tkt_00000000000000000000000001",
            Some(TicketKey::Id(unknown)),
        ),
        ("0", None),
        ("-1", None),
        ("cnv_00000000000000000000000001", None),
        ("", None),
    ] {
        assert_eq!(text.parse().ok(), key, "{text:?}");
    }
}

#[test]
fn parked_messages_are_listed_newest_first_until_discarded() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    for (id, second) in [("cnv_1:3", 1), ("b.with.dots", 2), ("c", 2), ("d", 3)] {
        block_on(store.park(&parked(id, second))).unwrap();
    }
    // Parked again: still one, with the number of attempts that is larger.
    block_on(store.park(&Parked {
        n_attempts: 7,
        ..parked("c", 9)
    }))
    .unwrap();
    block_on(store.park(&Parked {
        n_attempts: 2,
        ..parked("c", 9)
    }))
    .unwrap();
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = block_on(store.list_parked(cursor.as_deref(), 1)).unwrap();
        found.extend(
            page.items
                .into_iter()
                .map(|parked| (parked.id, parked.n_attempts)),
        );
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let expected = [("d", 1), ("c", 7), ("b.with.dots", 1), ("cnv_1:3", 1)];
    assert_eq!(
        found,
        expected.map(|(id, n_attempts)| (id.to_owned(), n_attempts))
    );
    assert_eq!(block_on(store.discard_parked("c")), Ok(true));
    assert_eq!(block_on(store.discard_parked("c")), Ok(false));
    assert_eq!(
        block_on(store.list_parked(None, 10)).unwrap().items.len(),
        3
    );
}

#[test]
fn what_is_no_cursor_of_ours_is_refused() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    let filter = ConversationFilter::default();
    for cursor in ["", "x", "1", "1.\u{0}", "-1.cnv", "' OR 1=1 --", "1.🙂"] {
        let conversations = store.list_conversations(&filter, Some(cursor), 5);
        assert_eq!(
            block_on(conversations),
            Err(StoreError::InvalidCursor),
            "{cursor:?}"
        );
        assert_eq!(
            block_on(store.list_parked(Some(cursor), 5)),
            Err(StoreError::InvalidCursor)
        );
        if cursor != "1" {
            assert_eq!(
                block_on(store.list_tickets(&[], None, Some(cursor), 5)),
                Err(StoreError::InvalidCursor)
            );
        }
    }
}

#[test]
fn a_customer_of_several_conversations_has_the_facts_that_were_said_last() {
    let mut first = Log::new(&AURORA, 1, 9);
    first.customer_name("Ann");
    first.message("hello");
    let mut second = Log::new(&AURORA, 2, 9);
    second.message("me again");
    second.customer_name("Anna");
    let mut third = Log::new(&AURORA, 3, 9);
    third.message("without a name");

    let mut expected = None;
    let mut order = vec![first, second, third];
    for seed in 0..12 {
        Dice(seed).shuffle(&mut order);
        let shards = shards();
        project_logs(&shards, AURORA.shard, &order);
        let rows = shards.shard(AURORA.shard).unwrap().dump("customers");
        assert_eq!(rows.len(), 1);
        assert!(
            rows[0].contains("\"Anna\"") && rows[0].contains("customer9@example.com"),
            "{}",
            rows[0]
        );
        assert_eq!(*expected.get_or_insert(rows.clone()), rows, "seed {seed}");
    }
}
