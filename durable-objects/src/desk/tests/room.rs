//! Who is in the room, and what they are told.

use super::*;

#[test]
fn an_agent_who_opens_a_desk_is_told_everything_and_the_others_that_they_came() {
    let mut world = World::new();
    world.notify(&Conversation::new(1).state).unwrap();
    world.open(1, 1);
    let frames = world.host.frames();
    assert_eq!(frames[0].0, Target::Socket(socket_id(1)));
    assert_eq!(frames[0].1["type"], "counters.changed");
    assert_eq!(frames[0].1["data"]["open"], 1);
    assert_eq!(frames[1].1["type"], "presence.changed");
    let names = |frame: &Value| -> Vec<(String, bool)> {
        let agents = frame["data"]["agents"].as_array().unwrap();
        agents
            .iter()
            .map(|agent| {
                (
                    agent["name"].as_str().unwrap().to_owned(),
                    agent["online"].as_bool().unwrap(),
                )
            })
            .collect()
    };
    world.open(2, 2);
    let frames = world.host.frames();
    assert_eq!(frames[1].0, Target::All);
    assert_eq!(
        names(&frames[1].1),
        [("Agent 1".to_owned(), true), ("Agent 2".to_owned(), true)]
    );
    // A second window of the same agent is news to nobody else.
    world.open(3, 2);
    let targets: Vec<Target> = world
        .host
        .frames()
        .iter()
        .map(|(target, _)| *target)
        .collect();
    assert_eq!(targets, [Target::Socket(socket_id(3)); 2]);
    // And its end neither, until the last one closes; also after the object slept.
    world.reborn();
    world.desk.restore([
        (socket_id(1), agent_socket(1, "any")),
        (socket_id(2), agent_socket(2, "any")),
        (socket_id(3), agent_socket(2, "any")),
    ]);
    world.desk.closed(socket_id(3));
    world.host.frames();
    world.desk.closed(socket_id(2));
    let frames = world.host.frames();
    assert_eq!(frames.len(), 1);
    assert_eq!(names(&frames[0].1), [("Agent 1".to_owned(), true)]);
}

#[test]
fn an_agent_with_load_is_listed_while_offline() {
    let world = World::new();
    world.open(1, 1);
    let mut conversation = Conversation::new(1);
    conversation.append(1, assigned(Some(1)));
    world.notify(&conversation.state).unwrap();
    world.desk.closed(socket_id(1));
    let agents = world.desk.state(account()).unwrap().agents;
    assert_eq!(agents.len(), 1);
    assert_eq!(
        (agents[0].name.as_str(), agents[0].online, agents[0].load),
        ("Agent 1", false, 1)
    );
}

#[test]
fn away_is_told_and_kept() {
    let mut world = World::new();
    world.open(1, 1);
    let frames = world.frame(1, 1, &json!({"type": "presence.set", "away": true}));
    assert_eq!(frames[0].1["data"]["agents"][0]["away"], true);
    assert!(
        world
            .frame(1, 1, &json!({"type": "presence.set", "away": true}))
            .is_empty()
    );
    world.reborn();
    world.open(2, 1);
    assert!(world.desk.state(account()).unwrap().agents[0].away);
    world.frame(2, 1, &json!({"type": "presence.set", "away": false}));
    assert!(!world.desk.state(account()).unwrap().agents[0].away);
}

#[test]
fn only_the_own_accounts_room_is_joined() {
    let world = World::new();
    world.notify(&Conversation::new(1).state).unwrap();
    world.open(1, 1);
    let own = format!("account:{}", account());
    let join = |room: &str| world.frame(1, 1, &json!({"type": "join", "room": room}));
    assert_eq!(
        join(&own),
        [(
            Target::Socket(socket_id(1)),
            json!({"type": "joined", "room": own}),
        )]
    );
    let other = format!("account:{}", AccountId::new(Ulid::from(9)));
    for room in [
        other.as_str(),
        "account:",
        "",
        "team:1",
        &own.to_uppercase(),
    ] {
        let frames = join(room);
        assert_eq!(frames.len(), 1, "an error and no event");
        assert_eq!(frames[0].1["data"]["code"], "forbidden", "{room}");
    }
}

#[test]
fn a_join_of_another_accounts_room_is_told_once_to_the_own_accounts_administrators() {
    let world = World::new();
    world.notify(&Conversation::new(1).state).unwrap();
    world.open(1, 1);
    let join = |room: &str| world.frame(1, 1, &json!({"type": "join", "room": room}));
    for room in ["", "team:1", "account:", "account:acc_1"] {
        join(room);
    }
    join(&format!("account:{}", account()));
    assert_eq!(world.host.security_events.take(), [], "no account is named");
    let other = format!("account:{}", AccountId::new(Ulid::from(9)));
    for _ in 0..3 {
        assert_eq!(join(&other)[0].1["data"]["code"], "forbidden");
    }
    let told = world.host.security_events.take();
    let event = SecurityEvent::RoomJoinRefused {
        socket: socket_id(1),
        by: user(1),
    };
    assert_eq!(told, [(account(), event)]);
}

#[test]
fn frames_of_conversations_and_bad_ones_are_refused() {
    let world = World::new();
    world.open(1, 1);
    for (frame, code) in [
        (json!({"type": "resume", "seq": 0}), "unknown_type"),
        (json!({"type": "typing.start"}), "unknown_type"),
        (json!({"type": "desk.burn"}), "unknown_type"),
        (json!([]), "bad_frame"),
        (json!({"type": "presence.set"}), "bad_frame"),
    ] {
        let frames = world.frame(1, 1, &frame);
        assert_eq!(frames[0].1["data"]["code"], code, "{frame}");
    }
}

#[test]
fn visitors_strangers_and_used_tickets_open_no_desk() {
    let world = World::new();
    let visitor = SocketIdentity::Customer {
        account_id: account(),
        conversation_id: conversation_id(1),
        inbox_id: InboxId::new(Ulid::from(3)),
        channel: Channel::Widget,
        customer_id: CustomerId::new(Ulid::from(4)),
        team_id: None,
    };
    assert_eq!(
        world.desk.admit(account(), &visitor).unwrap_err().status(),
        403
    );
    let other = AccountId::new(Ulid::from(9));
    let agent = agent_socket(1, "one");
    assert_eq!(world.desk.admit(other, &agent).unwrap_err().status(), 404);
    world.desk.admit(account(), &agent).unwrap();
    let again = world.desk.admit(account(), &agent).unwrap_err();
    assert_eq!(
        (again.status(), again.code().as_str()),
        (401, "ticket_used")
    );
}

#[test]
fn a_change_is_told_with_what_it_changed_and_nothing_else() {
    let world = World::new();
    let mut conversation = Conversation::new(1);
    world.notify(&conversation.state).unwrap();
    assert!(world.host.frames().is_empty(), "nobody is there to be told");
    world.open(1, 1);
    world.host.frames();
    let types = |world: &World| -> Vec<String> {
        let frames = world.host.frames();
        frames
            .iter()
            .map(|(_, frame)| frame["type"].as_str().unwrap().to_owned())
            .collect()
    };
    world.notify(&conversation.state).unwrap();
    assert!(types(&world).is_empty(), "an old state is no news");
    let state = conversation.append(1, written(Direction::Note)).clone();
    world.notify(&state).unwrap();
    assert_eq!(types(&world), ["conversation.updated"]);
    let state = conversation.append(1, written(Direction::Incoming)).clone();
    world.notify(&state).unwrap();
    assert_eq!(types(&world), ["conversation.updated", "counters.changed"]);
    let state = conversation.append(1, assigned(Some(1))).clone();
    world.notify(&state).unwrap();
    assert_eq!(
        types(&world),
        [
            "conversation.updated",
            "counters.changed",
            "presence.changed"
        ]
    );
}

#[test]
fn only_those_who_may_see_a_conversation_hear_of_it_and_who_may_no_more_is_told_so() {
    let world = World::new();
    let open = |socket, agent, role, teams: &[u64]| {
        let identity = SocketIdentity::Agent {
            principal: Principal {
                account_id: account(),
                user_id: user(agent),
                role,
                name: format!("Agent {agent}"),
                access: Access {
                    teams: teams.iter().copied().map(team).collect(),
                    only: None,
                },
            },
            ticket_id: format!("ticket {socket}"),
            ticket_expires: 2_000_000,
            session_id: session(agent),
            standing: STANDING.to_owned(),
        };
        world.desk.admit(account(), &identity).unwrap();
        let opened = world.desk.opened(account(), socket_id(socket), identity);
        opened.unwrap();
    };
    open(1, 1, Role::Agent, &[1]);
    open(2, 2, Role::Agent, &[2]);
    open(3, 3, Role::Manager, &[]);
    let mut conversation = Conversation::new(1);
    // Sockets that heard `conversation.updated` or `conversation.withdrawn` of a change.
    let mut told = |data| {
        let state = conversation.append(1, data).clone();
        world.host.frames();
        world.notify(&state).unwrap();
        let frames = world.host.frames();
        ["conversation.updated", "conversation.withdrawn"].map(|kind| {
            let of_kind = frames.iter().filter(|(_, frame)| frame["type"] == kind);
            of_kind.map(|(target, _)| *target).collect::<Vec<_>>()
        })
    };
    let to = |socket| Target::Socket(socket_id(socket));
    assert_eq!(told(assigned(None)), [vec![Target::All], vec![]]);
    assert_eq!(told(in_team(Some(1))), [vec![to(1), to(3)], vec![to(2)]]);
    assert_eq!(told(assigned(Some(2))), [vec![Target::All], vec![]]);
    assert_eq!(told(in_team(Some(2))), [vec![to(2), to(3)], vec![to(1)]]);
    assert_eq!(told(assigned(None)), [vec![to(2), to(3)], vec![]]);
    assert_eq!(told(in_team(None)), [vec![Target::All], vec![]]);
}
