use std::cell::RefCell;

use edgedesk_domain::ids::{ApiKeyId, UserId};
use futures::executor::block_on;
use ulid::Ulid;

use super::*;
use crate::routes::ROUTES;

fn account() -> AccountId {
    AccountId::new(Ulid::from(1))
}

fn user() -> UserId {
    UserId::new(Ulid::from(2))
}

/// The trail of a request by a user.
fn trail(method: &Method, route: &str, resource_id: Option<&str>) -> Trail {
    Trail {
        route: Some(route.to_owned()),
        account_id: Some(account()),
        user_id: Some(user()),
        api_key_id: None,
        rule: rule_of(method, route),
        resource_id: resource_id.map(str::to_owned),
        is_lock: false,
        action: None,
        standings: None,
        other_accounts: Vec::new(),
    }
}

fn recorded(trail: &Trail, status: u16) -> Option<Record> {
    let status = StatusCode::from_u16(status).unwrap();
    let ip = Some("203.0.113.0".to_owned());
    let (account_id, record) = record_of(trail, status, "req_1", ip)?;
    assert_eq!(account_id, account());
    assert_eq!(record.check(), Ok(()));
    Some(record)
}

#[test]
fn every_change_of_the_api_leaves_an_entry() {
    let mut n_changes = 0;
    for (method, route) in ROUTES {
        let method: Method = method.to_uppercase().parse().unwrap();
        if !route.starts_with("/api/v1/") || method == Method::GET {
            continue;
        }
        n_changes += 1;
        let record = recorded(&trail(&method, route, Some("x_1")), 200)
            .unwrap_or_else(|| panic!("{method} {route} changes something: it belongs into RULES"));
        assert_eq!(record.outcome, Outcome::Succeeded, "{method} {route}");
        assert_eq!(record.actor, Actor::User { id: user() });
        assert_eq!(record.resource.id.as_deref(), Some("x_1"));
    }
    assert!(n_changes > 15, "{n_changes}");
}

#[test]
fn what_a_machine_does_is_its_keys() {
    let id = ApiKeyId::new(Ulid::from(4));
    let by_key = Trail {
        api_key_id: Some(id),
        ..trail(&Method::POST, "/api/v1/ai/intents", Some("x_1"))
    };
    let record = recorded(&by_key, 201).unwrap();
    assert_eq!(record.actor, Actor::ApiKey { id: id.to_string() });
}

#[test]
fn every_rule_is_of_a_route_and_names_a_parameter_of_it() {
    let mut seen = std::collections::HashSet::new();
    for rule in RULES {
        let method = rule.method.as_str().to_lowercase();
        assert!(
            ROUTES.contains(&(method.as_str(), rule.route)),
            "{method} {}",
            rule.route
        );
        assert!(seen.insert((method, rule.route)), "{} twice", rule.route);
        if let Some(param) = rule.param {
            assert!(rule.route.contains(&format!("{{{param}}}")), "{param}");
        }
    }
}

#[test]
fn access_to_what_people_wrote_leaves_an_entry() {
    let id = "cnv_00000000000000000000000003";
    for (route, status, action) in [
        ("/api/v1/conversations/{id}/messages", 200, "messages.read"),
        ("/api/v1/conversations/{id}/analysis", 200, "analyses.read"),
        (
            "/api/v1/conversations/{id}/socket",
            101,
            "conversation.joined",
        ),
    ] {
        let record = recorded(&trail(&Method::GET, route, Some(id)), status).unwrap();
        assert_eq!(record.action, action);
        assert_eq!(record.resource.kind, "conversation");
        assert_eq!(record.resource.id.as_deref(), Some(id));
        assert_eq!(record.ip.as_deref(), Some("203.0.113.0"));
        assert_eq!(record.request_id.as_deref(), Some("req_1"));
    }
    for route in [
        "/api/v1/conversations",
        "/api/v1/me",
        "/health/live",
        "/api/v1/nothing",
    ] {
        assert_eq!(
            recorded(&trail(&Method::GET, route, None), 200),
            None,
            "{route}"
        );
    }
}

#[test]
fn a_login_that_is_locked_leaves_an_entry_of_its_own() {
    let mut trail = trail(&Method::POST, LOGIN_ROUTE, None);
    let action = |trail: &Trail| recorded(trail, 401).map(|record| record.action);
    assert_eq!(action(&trail).as_deref(), Some("login.failed"));
    trail.is_lock = true;
    assert_eq!(action(&trail).as_deref(), Some("login.locked"));
    // A locked address that is asked again is nobody's.
    assert_eq!(recorded(&trail, 429), None);
}

#[test]
fn a_wrong_password_behind_an_invitation_is_a_failed_login() {
    let mut wrong = trail(&Method::POST, INVITATION_ROUTE, None);
    let record = recorded(&wrong, 401).unwrap();
    assert_eq!(
        (record.action.as_str(), record.outcome),
        ("login.failed", Outcome::Refused)
    );
    assert_eq!(record.actor, Actor::Anonymous, "whoever it was");
    assert_eq!(record.resource.kind, "user");
    assert_eq!(record.resource.id, Some(user().to_string()));
    wrong.is_lock = true;
    assert_eq!(recorded(&wrong, 401).unwrap().action, "login.locked");
    // A link that is over is nobody's.
    assert_eq!(recorded(&wrong, 404), None);
    let accepted = trail(&Method::POST, INVITATION_ROUTE, Some("inv_1"));
    let record = recorded(&accepted, 200).unwrap();
    assert_eq!(record.action, "invitation.accepted");
    assert_eq!(record.actor, Actor::User { id: user() });
}

#[test]
fn what_came_of_a_request_decides_what_is_recorded() {
    let status = |method: &Method, route: &str, status| {
        recorded(&trail(method, route, None), status).map(|record| record.outcome)
    };
    let send = "/api/v1/conversations/{id}/messages";
    for (method, code, expected) in [
        (Method::POST, 201, Some(Outcome::Succeeded)),
        (Method::POST, 403, Some(Outcome::Refused)),
        // It may have been done: the answer does not say.
        (Method::POST, 503, Some(Outcome::Failed)),
        (Method::POST, 400, None),
        (Method::POST, 401, None),
        (Method::POST, 404, None),
        (Method::GET, 200, Some(Outcome::Succeeded)),
        (Method::GET, 403, Some(Outcome::Refused)),
        (Method::GET, 404, None),
        (Method::GET, 503, None),
    ] {
        assert_eq!(status(&method, send, code), expected, "{method} {code}");
    }
}

#[test]
fn a_login_is_recorded_of_whom_it_was_for_whether_it_succeeds_or_fails() {
    let trail = trail(&Method::POST, LOGIN_ROUTE, None);
    let resource = Resource {
        kind: "user".to_owned(),
        id: Some(user().to_string()),
    };
    let succeeded = recorded(&trail, 200).unwrap();
    assert_eq!(succeeded.action, "login.succeeded");
    assert_eq!(succeeded.actor, Actor::User { id: user() });
    assert_eq!(succeeded.resource, resource);
    let failed = recorded(&trail, 401).unwrap();
    assert_eq!(
        (failed.action.as_str(), failed.outcome),
        ("login.failed", Outcome::Refused)
    );
    // Whoever it was, they could not show that they are this user.
    assert_eq!(failed.actor, Actor::Anonymous);
    assert_eq!(failed.resource, resource);
    let unknown = Trail {
        account_id: None,
        user_id: None,
        ..trail
    };
    assert_eq!(recorded(&unknown, 401), None);
}

#[test]
fn a_wrong_code_is_recorded_of_whom_it_was_for() {
    let mut trail = trail(&Method::POST, CODE_ROUTE, None);
    let failed = recorded(&trail, 401).unwrap();
    assert_eq!(
        (failed.action.as_str(), failed.outcome, failed.actor),
        ("login.code_failed", Outcome::Refused, Actor::Anonymous)
    );
    assert_eq!(failed.resource.id, Some(user().to_string()));
    assert_eq!(recorded(&trail, 200).unwrap().action, "login.succeeded");
    // What the route does not say: how one got in.
    trail.action = Some("login.recovery_code_used");
    let used = recorded(&trail, 200).unwrap();
    assert_eq!(used.action, "login.recovery_code_used");
    assert_eq!(recorded(&trail, 401).unwrap().action, "login.code_failed");
    trail.is_lock = true;
    assert_eq!(recorded(&trail, 401).unwrap().action, "login.locked");
}

#[test]
fn a_code_that_locks_a_login_from_within_a_session_says_so() {
    let route = "/api/v1/me/second-factor/turn-off";
    let mut trail = trail(&Method::POST, route, None);
    let wrong = recorded(&trail, 403).unwrap();
    assert_eq!(wrong.action, "second_factor.turned_off");
    assert_eq!(wrong.outcome, Outcome::Refused);
    trail.is_lock = true;
    assert_eq!(recorded(&trail, 403).unwrap().action, "login.locked");
}

#[test]
fn a_path_that_holds_words_leaves_none_in_the_log() {
    let route = "/api/v1/conversations/{id}/messages";
    for id in ["my parcel", "a\0b", "é", &"x".repeat(500)] {
        let record = recorded(&trail(&Method::POST, route, Some(id)), 403).unwrap();
        assert_eq!(record.resource.id, None, "{id:?}");
    }
}

/// What came of it, how often it was tried, and what was waited.
fn insisted(outcomes: &[Result<u32, AppError>]) -> (Result<u32, u16>, usize, Vec<Duration>) {
    let (tries, waits) = (RefCell::new(0), RefCell::new(Vec::new()));
    let outcome = block_on(insist(
        async || {
            let n = *tries.borrow();
            *tries.borrow_mut() += 1;
            outcomes[n.min(outcomes.len() - 1)].clone()
        },
        async |delay| waits.borrow_mut().push(delay),
    ));
    (
        outcome.map_err(|error| error.status.as_u16()),
        tries.into_inner(),
        waits.into_inner(),
    )
}

#[test]
fn a_log_that_is_down_is_asked_four_times_and_not_for_ever() {
    let down = Err(AppError::unavailable(1, "on command"));
    assert_eq!(insisted(&[Ok(7)]), (Ok(7), 1, vec![]));
    assert_eq!(
        insisted(&[down.clone(), down.clone(), Ok(7)]),
        (Ok(7), 3, DELAYS[..2].to_vec())
    );
    assert_eq!(insisted(&[down]), (Err(503), 4, DELAYS.to_vec()));
    // What is refused is refused again.
    assert_eq!(
        insisted(&[Err(AppError::not_found())]),
        (Err(404), 1, vec![])
    );
    assert!(DELAYS.iter().sum::<Duration>() < Duration::from_secs(20));
}
