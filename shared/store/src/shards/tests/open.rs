//! Those of some conversations that are open.

use edgedesk_domain::access::Viewer;
use edgedesk_domain::event::{ErasureScheduled, EventData};
use edgedesk_domain::ids::PrivacyRequestId;
use ulid::Ulid;

use super::*;

fn ids(states: &[ConversationState]) -> Vec<ConversationId> {
    states.iter().map(|state| state.conversation_id).collect()
}

#[test]
fn those_that_are_open_come_in_the_order_they_are_asked_for_and_no_others() {
    use ConversationStatus::{Closed, Escalated, Pending, Resolved};
    let shards = shards();
    let mut logs: Vec<_> = (1..=6)
        .map(|number| Log::new(&AURORA, number, number))
        .collect();
    logs[1].status(Pending);
    logs[2].status(Escalated);
    logs[3].status(Resolved);
    logs[4].status(Closed);
    let through_seq = logs[5].state().seq;
    logs[5].append(EventData::ErasureScheduled(ErasureScheduled {
        request_id: PrivacyRequestId::new(Ulid(1)),
        through_seq,
        due_at: at(1),
        written_since: false,
    }));
    project_logs(&shards, AURORA.shard, &logs);
    let all: Vec<_> = logs.iter().rev().map(Log::conversation_id).collect();
    let theirs = store(&shards, &AURORA);
    let found = |limit| ids(&block_on(theirs.find_open_conversations(&all, None, limit)).unwrap());
    let open = [2, 1, 0].map(|place: usize| logs[place].conversation_id());
    assert_eq!(found(5), open);
    assert_eq!(found(2), open[..2]);
    assert_eq!(
        ids(&block_on(theirs.find_open_conversations(&[], None, 5)).unwrap()),
        []
    );
    // Another account that is told the ids, in the same database.
    let ours = shards
        .for_account(BOREALIS.account_id, AURORA.shard)
        .unwrap();
    assert_eq!(
        ids(&block_on(ours.find_open_conversations(&all, None, 5)).unwrap()),
        []
    );
}

#[test]
fn they_are_those_that_the_reader_may_see() {
    let shards = shards();
    let team = |number: u128| TeamId::new(Ulid(number));
    let mut logs = Vec::new();
    for place in [None, Some(team(1)), Some(team(2))] {
        for assignee in [None, Some(AURORA.user_id(1)), Some(AURORA.user_id(2))] {
            let number = 1 + logs.len() as u64;
            let mut log = Log::new(&AURORA, number, number);
            log.assign(assignee).give_to_team(place);
            logs.push(log);
        }
    }
    project_logs(&shards, AURORA.shard, &logs);
    let theirs = store(&shards, &AURORA);
    let all: Vec<_> = logs.iter().map(Log::conversation_id).collect();
    for role in Role::ALL {
        for teams in [vec![], vec![team(2)], vec![team(1), team(2)]] {
            let viewer = Viewer {
                user_id: AURORA.user_id(1),
                role,
                teams: &teams,
            };
            let seen = logs.iter().map(Log::state);
            let seen = seen.filter(|state| viewer.sees(state.assignee_id, state.team_id));
            let seen: Vec<_> = seen.map(|state| state.conversation_id).collect();
            let seen_by = SeenBy::of(viewer);
            let found = theirs.find_open_conversations(&all, seen_by.as_ref(), 50);
            assert_eq!(ids(&block_on(found).unwrap()), seen, "{role:?} {teams:?}");
        }
    }
}
