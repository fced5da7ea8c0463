//! Own-or-team access, as the object sees to it.

use edgedesk_domain::access::team_of_assigned;
use edgedesk_domain::event::EventData;
use edgedesk_domain::ids::TeamId;
use edgedesk_wire::object::{AssignRequest, TeamRequest};
use serde_json::json;

use super::*;
use crate::sockets::Closing;

fn team(n: u128) -> TeamId {
    TeamId::new(Ulid::from(7_000 + n))
}

/// The `n`th user in a role and in teams.
fn member(n: u64, role: Role, teams: &[TeamId]) -> Principal {
    Principal {
        user_id: user(n),
        access: Access {
            teams: teams.to_vec(),
            only: None,
        },
        ..principal(role)
    }
}

fn socket_of(principal: Principal) -> SocketIdentity {
    SocketIdentity::Agent {
        ticket_id: format!("ticket-{}", principal.user_id),
        ticket_expires: 2_000_000,
        session_id: session(1),
        standing: STANDING.to_owned(),
        principal,
    }
}

impl World {
    fn give_to(&self, team_id: Option<TeamId>) -> ConversationState {
        let request = TeamRequest {
            principal: principal(Role::Manager),
            team_id,
        };
        let answer = block_on(self.object.give_to_team(address(), request));
        answer.unwrap().state
    }

    fn assign(&self, n: Option<u64>, teams: &[TeamId]) -> ConversationState {
        let request = AssignRequest {
            principal: principal(Role::Manager),
            assignee_id: n.map(user),
            assignee_teams: teams.to_vec(),
        };
        block_on(self.object.assign(address(), request))
            .unwrap()
            .state
    }

    /// The code with which a request and a socket of this member are refused.
    fn refusals(&self, principal: &Principal) -> [Option<String>; 2] {
        let request = self.object.check_viewer(address(), principal).err();
        let socket = self
            .object
            .admit(address(), &socket_of(principal.clone()))
            .err();
        [request, socket].map(|error| error.map(|error| error.code()))
    }
}

/// Role, own or other's or nobody's, own team or another or none: requests and sockets are let in and refused alike.
#[test]
fn every_request_and_socket_of_another_teams_conversation_is_refused() {
    let mut n_refused = 0;
    for place in [None, Some(team(1)), Some(team(2))] {
        for assignee in [None, Some(1), Some(2)] {
            for role in Role::ALL {
                for teams in [vec![], vec![team(1)]] {
                    let world = World::new();
                    world.says("a", "Hello");
                    world.assign(assignee, &[]);
                    world.give_to(place);
                    let me = member(1, role, &teams);
                    let expected = (!me.sees(&world.state())).then(|| "other_team".to_owned());
                    n_refused += u32::from(expected.is_some());
                    assert_eq!(
                        world.refusals(&me),
                        [expected.clone(), expected],
                        "{role:?} in {teams:?}: {place:?} {assignee:?}"
                    );
                }
            }
        }
    }
    assert_eq!(n_refused, 2 * (4 + 2));
}

#[test]
fn another_accounts_conversation_is_none_and_an_empty_log_is_nobodys_to_hide() {
    let world = World::new();
    let agent = member(1, Role::Agent, &[]);
    assert_eq!(world.object.check_viewer(address(), &agent), Ok(()));
    world.says("a", "Hello");
    world.give_to(Some(team(1)));
    let stranger = Principal {
        account_id: AccountId::new(Ulid::from(9)),
        ..member(1, Role::Owner, &[team(1)])
    };
    assert_eq!(
        world.refusals(&stranger),
        [Some("not_found".to_owned()), Some("not_found".to_owned())]
    );
}

#[test]
fn an_assignment_takes_the_conversation_to_the_assignees_team() {
    let world = World::new();
    world.says("a", "Hello");
    assert_eq!(world.assign(Some(1), &[]).team_id, None);
    assert_eq!(
        world.assign(Some(2), &[team(1), team(2)]).team_id,
        Some(team(1))
    );
    // It is in one of theirs already: nothing about the team is logged.
    assert_eq!(
        world.assign(Some(3), &[team(2), team(1)]).team_id,
        Some(team(1))
    );
    let log = world.log();
    let Some(EventData::ConversationAssigned(last)) = log.last().map(|event| &event.data) else {
        panic!("an assignment is last");
    };
    assert_eq!(last.team_id, None);
    assert_eq!(world.assign(None, &[]).team_id, Some(team(1)));
    assert_eq!(team_of_assigned(Some(team(1)), &[]), Some(team(1)));
    // Giving it where it is logs nothing.
    let n_events = world.log().len();
    world.give_to(Some(team(1)));
    assert_eq!(world.log().len(), n_events);
    assert_eq!(world.give_to(None).team_id, None);
}

#[test]
fn a_conversation_that_begins_in_an_inbox_of_a_team_is_that_teams() {
    let world = World::new();
    let request = ReceiveRequest {
        team_id: Some(team(1)),
        ..customer_says("a", "Hello")
    };
    world.receive(request).unwrap();
    assert_eq!(world.state().team_id, Some(team(1)));
    // It is the beginning that counts.
    let later = ReceiveRequest {
        team_id: Some(team(2)),
        ..customer_says("b", "Hello?")
    };
    world.receive(later).unwrap();
    assert_eq!(world.state().team_id, Some(team(1)));

    let world = World::new();
    let SocketIdentity::Customer {
        account_id,
        conversation_id,
        inbox_id,
        channel,
        customer_id,
        ..
    } = visitor()
    else {
        panic!("a visitor is a customer");
    };
    let visitor = SocketIdentity::Customer {
        account_id,
        conversation_id,
        inbox_id,
        channel,
        customer_id,
        team_id: Some(team(1)),
    };
    let frame = json!({"type": "message.send", "client_id": "1", "data": {"text": "Hello"}});
    block_on(
        world
            .object
            .on_frame(socket_id(1), &visitor, &frame.to_string()),
    );
    assert_eq!(world.state().team_id, Some(team(1)));
}

#[test]
fn a_conversation_that_goes_to_another_team_leaves_the_sockets_of_the_first() {
    let world = World::new();
    world.says("a", "Hello");
    world.give_to(Some(team(1)));
    let people = [
        member(1, Role::Agent, &[team(1)]),
        member(2, Role::Agent, &[team(1), team(2)]),
        member(3, Role::Manager, &[]),
    ];
    for (n, person) in (1..).zip(&people) {
        let identity = socket_of(person.clone());
        world.object.admit(address(), &identity).unwrap();
        world.object.opened(address(), socket_id(n), identity);
    }
    world.give_to(Some(team(2)));
    assert_eq!(
        world.host.closed.take(),
        [(socket_id(1), Closing::Withdrawn)]
    );
    // What it still says is not heard.
    let log = world.log();
    let frame = json!({"type": "message.send", "client_id": "1", "data": {"text": "Hello"}});
    world.host.frames();
    block_on(world.object.on_frame(
        socket_id(1),
        &socket_of(people[0].clone()),
        &frame.to_string(),
    ));
    let frames = world.host.frames();
    assert_eq!(frames[0].1["data"]["code"], "other_team");
    assert_eq!(world.log(), log);
    // An assignment to somebody of a third team takes it from the second, but not from whom it is assigned to.
    world.assign(Some(4), &[team(3)]);
    assert_eq!(
        world.host.closed.take(),
        [(socket_id(2), Closing::Withdrawn)]
    );
}
