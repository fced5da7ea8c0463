//! Customers, what they agreed to, and exports.

use edgedesk_domain::access::Viewer;
use edgedesk_domain::account::{Access, Principal};
use edgedesk_domain::consent::{ConsentPurpose, ConsentSource, ConsentState};
use edgedesk_domain::ids::{CustomerId, ExportId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::customers::{ConsentRequest, ExportState};
use ulid::Ulid;

use super::*;
use crate::testing::Failure;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

fn ada() -> Principal {
    Principal {
        account_id: AURORA.account_id,
        user_id: AURORA.user_id(0),
        role: Role::Admin,
        name: "Ada".into(),
        access: Access::default(),
    }
}

/// Customers with these names, who came in this order. The e-mail address of each ends with their number.
fn people(names: &[&str]) -> (Shards<Sqlite>, Vec<CustomerId>) {
    let shards = shards();
    let mut ids = Vec::new();
    for (number, name) in (1..).zip(names) {
        let mut log = Log::new(&AURORA, number, number);
        log.customer_name(name);
        ids.push(log.state().customer_id);
        project_logs(&shards, AURORA.shard, &[log]);
    }
    (shards, ids)
}

fn names(store: AccountStore<'_, Sqlite>, prefix: &str) -> Vec<String> {
    let page = block_on(store.list_customers(Some(prefix), None, None, 50)).unwrap();
    let names = page.items.into_iter().map(|customer| customer.name);
    names.map(Option::unwrap_or_default).collect()
}

fn said(purpose: ConsentPurpose, state: ConsentState) -> ConsentRequest {
    ConsentRequest {
        purpose,
        state,
        source: ConsentSource::Phone,
        wording: Some("Notice 3".into()),
        note: None,
    }
}

#[test]
fn customers_are_found_by_the_beginning_of_a_name_or_an_address() {
    let (shards, _) = people(&["Anna", "Bo", "annabel", "Ärmel", "An_a", "50%"]);
    let store = store(&shards, &AURORA);
    assert_eq!(names(store, "ann"), ["annabel", "Anna"], "the last first");
    assert_eq!(names(store, "ANNAB"), ["annabel"]);
    assert_eq!(names(store, "Customer2@"), ["Bo"]);
    assert_eq!(names(store, "customer").len(), 6);
    assert_eq!(names(store, "Ä"), ["Ärmel"]);
    // What means something elsewhere is a character like others.
    assert_eq!(names(store, "an_"), ["An_a"]);
    assert_eq!(names(store, "%"), Vec::<String>::new());
    assert_eq!(names(store, "50%"), ["50%"]);
    assert_eq!(names(store, "nna"), Vec::<String>::new());
}

#[test]
fn a_walk_over_all_pages_meets_each_customer_once() {
    let (shards, ids) = people(&["A", "B", "C", "D", "E", "F", "G"]);
    let store = store(&shards, &AURORA);
    for prefix in [None, Some("customer")] {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let page = store.list_customers(prefix, None, cursor.as_deref(), 3);
            let page = block_on(page).unwrap();
            found.extend(page.items.into_iter().map(|customer| customer.id));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let mut expected = ids.clone();
        expected.reverse();
        assert_eq!(found, expected, "{prefix:?}");
    }
    let cursor = block_on(store.list_customers(None, None, Some("x"), 3));
    assert_eq!(cursor.err(), Some(StoreError::InvalidCursor));
}

/// Over every cell of assignee and team, as [`Viewer::sees`] says it.
#[test]
fn whoever_does_not_see_all_sees_customers_of_whom_they_see_a_conversation() {
    let shards = shards();
    let (mine, other) = (TeamId::new(Ulid(71)), TeamId::new(Ulid(72)));
    let me = AURORA.user_id(1);
    let viewer = Viewer {
        user_id: me,
        role: Role::Agent,
        teams: &[mine],
    };
    let mut expected = Vec::new();
    let mut number = 0;
    for assignee in [None, Some(me), Some(AURORA.user_id(2))] {
        for team in [None, Some(mine), Some(other)] {
            number += 1;
            let mut log = Log::new(&AURORA, number, number);
            log.assign(assignee).give_to_team(team);
            if viewer.sees(assignee, team) {
                expected.push(log.state().customer_id);
            }
            project_logs(&shards, AURORA.shard, &[log]);
        }
    }
    expected.reverse();
    let store = store(&shards, &AURORA);
    let seen_by = SeenBy::of(viewer);
    for prefix in [None, Some("customer")] {
        let page = store.list_customers(prefix, seen_by.as_ref(), None, 50);
        let found: Vec<_> = block_on(page).unwrap().items;
        assert!(found.iter().all(|customer| customer.n_conversations == 1));
        let ids: Vec<_> = found.iter().map(|customer| customer.id).collect();
        assert_eq!(ids, expected);
        let all = block_on(store.list_customers(prefix, None, None, 50)).unwrap();
        assert_eq!(all.items.len(), 9);
        for customer in all.items {
            let found = block_on(store.find_customer(customer.id, seen_by.as_ref())).unwrap();
            assert_eq!(found.is_some(), expected.contains(&customer.id));
        }
    }
}

#[test]
fn a_customer_of_several_conversations_has_them_all_in_their_list() {
    let shards = shards();
    let logs: Vec<Log> = (1..=5).map(|n| Log::new(&AURORA, n, n % 2)).collect();
    project_logs(&shards, AURORA.shard, &logs);
    let store = store(&shards, &AURORA);
    let id = logs[0].state().customer_id;
    let customer = block_on(store.find_customer(id, None)).unwrap().unwrap();
    assert_eq!(customer.n_conversations, 3);
    assert_eq!(customer.last_active_at, Some(logs[4].state().updated_at));
    let filter = ConversationFilter {
        customer_id: Some(id),
        ..ConversationFilter::default()
    };
    let found = all_conversations(store, &filter, 2);
    let found: Vec<_> = found.iter().map(|state| state.conversation_id).collect();
    let expected = [&logs[4], &logs[2], &logs[0]].map(Log::conversation_id);
    assert_eq!(found, expected);
    let ids = block_on(store.list_conversations_of_customer(id, 2)).unwrap();
    assert_eq!(ids, expected[..2]);
}

#[test]
fn records_are_only_added_and_the_last_of_a_purpose_is_in_force() {
    use ConsentPurpose::{Marketing, SaleOrSharing};
    use ConsentState::{Given, Withdrawn};
    let (shards, ids) = people(&["Anna", "Bo"]);
    let store = store(&shards, &AURORA);
    for (second, request) in (1..).zip([
        said(SaleOrSharing, Withdrawn),
        said(Marketing, Given),
        said(Marketing, Withdrawn),
    ]) {
        let added = block_on(store.add_consent(ids[0], &request, &ada(), at(second)));
        let added = added.unwrap().unwrap();
        assert_eq!((added.number, added.at), (second, at(second)));
        assert_eq!(added.recorded_by.unwrap().name, "Ada");
    }
    let list = block_on(store.list_consents(ids[0])).unwrap();
    let numbers: Vec<_> = list.consents.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [3, 2, 1]);
    let in_force = list.in_force.iter().map(|one| (one.purpose, one.state));
    assert_eq!(
        in_force.collect::<Vec<_>>(),
        [(Marketing, Withdrawn), (SaleOrSharing, Withdrawn)]
    );
    // Nobody else's: neither the next customer's nor, on the same database, the next account's.
    assert!(
        block_on(store.list_consents(ids[1]))
            .unwrap()
            .consents
            .is_empty()
    );
    let ours = shards
        .for_account(BOREALIS.account_id, AURORA.shard)
        .unwrap();
    assert!(
        block_on(ours.list_consents(ids[0]))
            .unwrap()
            .consents
            .is_empty()
    );
    let request = said(Marketing, Given);
    let foreign = block_on(ours.add_consent(ids[0], &request, &ada(), at(9)));
    assert_eq!(foreign, Ok(None), "there it has no such customer");
}

#[test]
fn the_signal_of_a_browser_is_recorded_once() {
    let (shards, ids) = people(&["Anna"]);
    let store = store(&shards, &AURORA);
    assert_eq!(block_on(store.add_privacy_signal(ids[0], at(1))), Ok(true));
    assert_eq!(block_on(store.add_privacy_signal(ids[0], at(2))), Ok(false));
    let list = block_on(store.list_consents(ids[0])).unwrap();
    assert_eq!(list.consents.len(), 1);
    let one = &list.in_force[0];
    assert_eq!(one.purpose, ConsentPurpose::SaleOrSharing);
    assert_eq!(one.state, ConsentState::Withdrawn);
    assert_eq!((one.at, &one.recorded_by), (at(1), &None));
}

#[test]
fn a_customer_has_at_most_a_thousand_records() {
    let (shards, ids) = people(&["Anna"]);
    let store = store(&shards, &AURORA);
    let request = said(ConsentPurpose::Marketing, ConsentState::Given);
    for _ in 0..MAX_CONSENTS {
        assert!(
            block_on(store.add_consent(ids[0], &request, &ada(), at(1)))
                .unwrap()
                .is_some()
        );
    }
    assert_eq!(
        block_on(store.add_consent(ids[0], &request, &ada(), at(1))),
        Ok(None)
    );
}

fn request(
    store: AccountStore<'_, Sqlite>,
    customer: CustomerId,
    id: u128,
    now: Timestamp,
) -> Option<ExportId> {
    let id = ExportId::new(Ulid(id));
    let found = block_on(store.request_export(customer, id, false, &ada(), now)).unwrap();
    found.map(|export| export.id)
}

#[test]
fn an_export_goes_from_requested_to_its_end_and_no_further() {
    let (shards, ids) = people(&["Anna"]);
    let store = store(&shards, &AURORA);
    let (customer, id) = (ids[0], ExportId::new(Ulid(1)));
    let state = |now| {
        let found = block_on(store.find_export(customer, id, now)).unwrap();
        found.map(|export| (export.state, export.reason))
    };
    assert_eq!(request(store, customer, 1, at(0)), Some(id));
    assert_eq!(state(at(1)), Some((ExportState::Requested, None)));
    assert!(
        block_on(store.begin_export(customer, id, at(1)))
            .unwrap()
            .is_some()
    );
    assert!(
        block_on(store.begin_export(customer, id, at(1)))
            .unwrap()
            .is_some(),
        "again"
    );
    assert_eq!(state(at(1)), Some((ExportState::Running, None)));
    let ready = ExportEnd::Ready { size_bytes: 7 };
    block_on(store.end_export(customer, id, &ready, at(2))).unwrap();
    assert_eq!(state(at(2)), Some((ExportState::Ready, None)));
    let failed = ExportEnd::Failed {
        reason: "too_large",
    };
    block_on(store.end_export(customer, id, &failed, at(3))).unwrap();
    assert_eq!(state(at(3)), Some((ExportState::Ready, None)));
    assert_eq!(block_on(store.begin_export(customer, id, at(3))), Ok(None));
    let found = block_on(store.list_exports(customer, at(3))).unwrap();
    assert_eq!((found.len(), found[0].size_bytes), (1, Some(7)));
    assert_eq!(found[0].expires_at, Some(at(2).plus_millis(7 * DAY_MILLIS)));
    let last = at(2).plus_millis(7 * DAY_MILLIS - 1);
    assert_eq!(state(last), Some((ExportState::Ready, None)));
    assert_eq!(
        state(last.plus_millis(1)),
        Some((ExportState::Expired, None))
    );
}

#[test]
fn whoever_asks_twice_waits_for_the_first_and_a_lost_one_is_not_waited_for() {
    let (shards, ids) = people(&["Anna"]);
    let store = store(&shards, &AURORA);
    let first = ExportId::new(Ulid(1));
    assert_eq!(request(store, ids[0], 1, at(0)), Some(first));
    assert_eq!(request(store, ids[0], 2, at(1)), Some(first));
    // One of another kind is another.
    let with_notes = ExportId::new(Ulid(3));
    let by = ada();
    let other = store.request_export(ids[0], with_notes, true, &by, at(1));
    assert_eq!(block_on(other).unwrap().unwrap().id, with_notes);
    let later = at(0).plus_millis(LOST_MILLIS);
    let lost = block_on(store.find_export(ids[0], first, later))
        .unwrap()
        .unwrap();
    assert_eq!(lost.state, ExportState::Failed);
    assert_eq!(lost.reason.as_deref(), Some("lost"));
    assert_eq!(
        request(store, ids[0], 4, later),
        Some(ExportId::new(Ulid(4)))
    );
    assert_eq!(request(store, CustomerId::new(Ulid(99)), 5, later), None);
}

#[test]
fn another_account_sees_nothing_of_customers_and_exports() {
    let (shards, ids) = people(&["Anna"]);
    let theirs = store(&shards, &AURORA);
    let ours = shards
        .for_account(BOREALIS.account_id, AURORA.shard)
        .unwrap();
    let export = request(theirs, ids[0], 1, at(0)).unwrap();
    for (store, sees) in [(theirs, true), (ours, false)] {
        let list = |prefix| block_on(store.list_customers(prefix, None, None, 9)).unwrap();
        assert_eq!(!list(None).items.is_empty(), sees);
        assert_eq!(!list(Some("anna")).items.is_empty(), sees);
        assert_eq!(
            block_on(store.find_customer(ids[0], None))
                .unwrap()
                .is_some(),
            sees
        );
        let of_customer = block_on(store.list_conversations_of_customer(ids[0], 9));
        assert_eq!(!of_customer.unwrap().is_empty(), sees);
        assert_eq!(
            !block_on(store.list_exports(ids[0], at(1)))
                .unwrap()
                .is_empty(),
            sees
        );
        let found = block_on(store.find_export(ids[0], export, at(1)));
        assert_eq!(found.unwrap().is_some(), sees);
        assert_eq!(
            block_on(store.begin_export(ids[0], export, at(1)))
                .unwrap()
                .is_some(),
            sees
        );
    }
    assert_eq!(request(ours, ids[0], 2, at(2)), None);
}

#[test]
fn a_database_that_fails_is_told_and_another_try_changes_nothing_twice() {
    for failure in [Failure::Down, Failure::AnswerLost] {
        let (shards, ids) = people(&["Anna"]);
        let store = store(&shards, &AURORA);
        let id = ExportId::new(Ulid(1));
        let database = shards.shard(AURORA.shard).unwrap();
        database.fail_when(move |_| Some(failure));
        assert!(block_on(store.request_export(ids[0], id, false, &ada(), at(0))).is_err());
        assert!(block_on(store.add_privacy_signal(ids[0], at(0))).is_err());
        database.recover();
        block_on(store.request_export(ids[0], id, false, &ada(), at(0))).unwrap();
        block_on(store.add_privacy_signal(ids[0], at(0))).unwrap();
        assert_eq!(database.dump("customer_exports").len(), 1);
        assert_eq!(database.dump("customer_consents").len(), 1);
    }
}
