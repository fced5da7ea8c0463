//! What each route needs, and that whoever lacks it is refused.

use edgedesk_domain::zero_trust::AccessApplication;
use edgedesk_oidc::testing;
use edgedesk_store::directory::ZeroTrust;
use serde_json::{Value, json};

use super::*;

/// What each route of the API needs.
pub(super) const NEEDS: &[(&str, &str, Permission)] = {
    use Permission::{
        AssignConversations, ManageApiKeys, ManageInboxes, ManageIntegrations, ManageIntents,
        ManageKnowledge, ManageMembers, ManagePrivacy, ManageSecurity, ManageTeams, ReadAccount,
        ReadAnalytics, ReadApiKeys, ReadAudit, ReadConversations, ReadCustomers, ReadInboxes,
        ReadIntegrations, ReadIntents, ReadKnowledge, ReadMembers, ReadMessages, ReadPrivacy,
        ReadTeamAnalytics, ReadTeams, WriteConversations, WriteKnowledge, WriteMessages,
    };
    &[
        (
            "post",
            "/api/v1/customers/{customer_id}/erasure",
            ManagePrivacy,
        ),
        (
            "post",
            "/api/v1/customers/{customer_id}/anonymisation",
            ManagePrivacy,
        ),
        ("get", "/api/v1/privacy-requests", ReadPrivacy),
        ("get", "/api/v1/privacy-requests/{request_id}", ReadPrivacy),
        (
            "post",
            "/api/v1/privacy-requests/{request_id}/cancel",
            ManagePrivacy,
        ),
        ("get", "/api/v1/me", ReadConversations),
        ("get", "/api/v1/me/accounts", ReadConversations),
        ("post", "/api/v1/auth/switch", ReadConversations),
        ("get", "/api/v1/me/sessions", ReadConversations),
        ("delete", "/api/v1/me/sessions", ReadConversations),
        (
            "delete",
            "/api/v1/me/sessions/{session_id}",
            ReadConversations,
        ),
        ("get", "/api/v1/me/second-factor", ReadConversations),
        ("post", "/api/v1/me/second-factor", ReadConversations),
        (
            "post",
            "/api/v1/me/second-factor/confirm",
            ReadConversations,
        ),
        (
            "post",
            "/api/v1/me/second-factor/recovery-codes",
            ReadConversations,
        ),
        (
            "post",
            "/api/v1/me/second-factor/turn-off",
            ReadConversations,
        ),
        ("post", "/api/v1/socket-tickets", ReadConversations),
        ("get", "/api/v1/conversations", ReadConversations),
        ("get", "/api/v1/conversations/{id}", ReadConversations),
        ("get", "/api/v1/conversations/{id}/messages", ReadMessages),
        ("post", "/api/v1/conversations/{id}/messages", WriteMessages),
        (
            "post",
            "/api/v1/conversations/{id}/status",
            WriteConversations,
        ),
        (
            "post",
            "/api/v1/conversations/{id}/assignee",
            AssignConversations,
        ),
        (
            "post",
            "/api/v1/conversations/{id}/team",
            AssignConversations,
        ),
        (
            "post",
            "/api/v1/conversations/{id}/read",
            WriteConversations,
        ),
        (
            "get",
            "/api/v1/conversations/{id}/analysis",
            ReadConversations,
        ),
        (
            "get",
            "/api/v1/conversations/{id}/messages/{message_id}/decision",
            ReadConversations,
        ),
        (
            "post",
            "/api/v1/conversations/{id}/messages/{message_id}/decision/replay",
            ReadConversations,
        ),
        (
            "post",
            "/api/v1/conversations/{id}/messages/{message_id}/feedback",
            WriteConversations,
        ),
        (
            "delete",
            "/api/v1/conversations/{id}/messages/{message_id}/feedback/{field}",
            WriteConversations,
        ),
        (
            "post",
            "/api/v1/conversations/{id}/attachments",
            WriteMessages,
        ),
        (
            "post",
            "/api/v1/conversations/{id}/attachments/{attachment_id}/link",
            ReadMessages,
        ),
        ("get", "/api/v1/customers", ReadCustomers),
        ("get", "/api/v1/customers/{customer_id}", ReadCustomers),
        (
            "get",
            "/api/v1/customers/{customer_id}/consents",
            ReadPrivacy,
        ),
        (
            "post",
            "/api/v1/customers/{customer_id}/consents",
            ManagePrivacy,
        ),
        (
            "get",
            "/api/v1/customers/{customer_id}/exports",
            ReadPrivacy,
        ),
        (
            "post",
            "/api/v1/customers/{customer_id}/exports",
            ManagePrivacy,
        ),
        (
            "post",
            "/api/v1/customers/{customer_id}/exports/{export_id}/link",
            ManagePrivacy,
        ),
        ("get", "/api/v1/ai/accuracy", ReadAnalytics),
        ("get", "/api/v1/ai/models", ReadIntents),
        (
            "get",
            "/api/v1/conversations/{id}/similar",
            ReadConversations,
        ),
        (
            "get",
            "/api/v1/conversations/{id}/suggestions",
            ReadConversations,
        ),
        (
            "post",
            "/api/v1/conversations/{id}/suggestions",
            WriteConversations,
        ),
        (
            "post",
            "/api/v1/conversations/{id}/suggestions/{suggestion_id}/reject",
            WriteConversations,
        ),
        (
            "delete",
            "/api/v1/conversations/{id}/suggestions/{suggestion_id}/reject",
            WriteConversations,
        ),
        ("post", "/api/v1/articles/search", ReadKnowledge),
        ("get", "/api/v1/articles/index", ReadKnowledge),
        ("post", "/api/v1/articles/index/rebuild", ManageKnowledge),
        ("get", "/api/v1/ai/suggestions", ReadAnalytics),
        ("get", "/api/v1/articles/gaps", ManageKnowledge),
        ("post", "/api/v1/articles/gaps/run", ManageKnowledge),
        (
            "post",
            "/api/v1/articles/gaps/{gap_id}/dismiss",
            ManageKnowledge,
        ),
        (
            "delete",
            "/api/v1/articles/gaps/{gap_id}/dismiss",
            ManageKnowledge,
        ),
        ("get", "/api/v1/articles", ReadKnowledge),
        ("post", "/api/v1/articles", WriteKnowledge),
        ("get", "/api/v1/articles/{article_id}", ReadKnowledge),
        ("put", "/api/v1/articles/{article_id}", WriteKnowledge),
        ("delete", "/api/v1/articles/{article_id}", ManageKnowledge),
        (
            "post",
            "/api/v1/articles/{article_id}/recrawl",
            ManageKnowledge,
        ),
        (
            "post",
            "/api/v1/articles/{article_id}/restore",
            ManageKnowledge,
        ),
        (
            "put",
            "/api/v1/articles/{article_id}/state",
            ManageKnowledge,
        ),
        (
            "get",
            "/api/v1/articles/{article_id}/versions",
            ReadKnowledge,
        ),
        (
            "get",
            "/api/v1/articles/{article_id}/versions/{version}",
            ReadKnowledge,
        ),
        ("get", "/api/v1/article-categories", ReadKnowledge),
        ("post", "/api/v1/article-categories", ManageKnowledge),
        (
            "put",
            "/api/v1/article-categories/{category_id}",
            ManageKnowledge,
        ),
        (
            "delete",
            "/api/v1/article-categories/{category_id}",
            ManageKnowledge,
        ),
        ("post", "/api/v1/article-imports", ManageKnowledge),
        ("get", "/api/v1/macros", ReadKnowledge),
        ("post", "/api/v1/macros", ManageKnowledge),
        ("get", "/api/v1/macros/{macro_id}", ReadKnowledge),
        ("put", "/api/v1/macros/{macro_id}", ManageKnowledge),
        ("delete", "/api/v1/macros/{macro_id}", ManageKnowledge),
        ("post", "/api/v1/macros/{macro_id}/fill", ReadKnowledge),
        ("get", "/api/v1/ai/intents", ReadIntents),
        ("post", "/api/v1/ai/intents", ManageIntents),
        ("post", "/api/v1/ai/intents/train", ManageIntents),
        ("post", "/api/v1/ai/intents/test", ReadIntents),
        ("get", "/api/v1/ai/intents/versions", ReadIntents),
        ("get", "/api/v1/ai/intents/promotions", ReadIntents),
        ("post", "/api/v1/ai/intents/rollback", ManageIntents),
        ("get", "/api/v1/ai/intents/{intent_id}", ReadIntents),
        ("put", "/api/v1/ai/intents/{intent_id}", ManageIntents),
        ("delete", "/api/v1/ai/intents/{intent_id}", ManageIntents),
        ("get", "/api/v1/tickets", ReadConversations),
        ("get", "/api/v1/tickets/{key}", ReadConversations),
        ("get", "/api/v1/agents", ReadMembers),
        ("get", "/api/v1/desk", ReadAnalytics),
        ("get", "/api/v1/teams", ReadTeams),
        ("post", "/api/v1/teams", ManageTeams),
        ("get", "/api/v1/teams/figures", ReadTeamAnalytics),
        ("put", "/api/v1/teams/{team_id}", ManageTeams),
        ("delete", "/api/v1/teams/{team_id}", ManageTeams),
        ("get", "/api/v1/members", ReadMembers),
        ("put", "/api/v1/members/{user_id}/role", ManageMembers),
        ("delete", "/api/v1/members/{user_id}", ManageMembers),
        (
            "post",
            "/api/v1/members/{user_id}/second-factor/reset",
            ManageMembers,
        ),
        ("post", "/api/v1/members/{user_id}/unlock", ManageMembers),
        ("get", "/api/v1/security/second-factor", ReadAccount),
        ("put", "/api/v1/security/second-factor", ManageSecurity),
        ("get", "/api/v1/security/networks", ReadAccount),
        ("put", "/api/v1/security/networks", ManageSecurity),
        ("get", "/api/v1/security/zero-trust", ReadAccount),
        ("put", "/api/v1/security/zero-trust", ManageSecurity),
        ("delete", "/api/v1/security/zero-trust", ManageSecurity),
        ("get", "/api/v1/security/zendesk", ReadAccount),
        ("put", "/api/v1/security/zendesk", ManageSecurity),
        ("delete", "/api/v1/security/zendesk", ManageSecurity),
        ("get", "/api/v1/generators", ReadTeamAnalytics),
        ("put", "/api/v1/generators", ManageSecurity),
        ("get", "/api/v1/generators/usage", ReadTeamAnalytics),
        ("get", "/api/v1/roles", ReadMembers),
        ("post", "/api/v1/roles", ManageMembers),
        ("put", "/api/v1/roles/{role_id}", ManageMembers),
        ("delete", "/api/v1/roles/{role_id}", ManageMembers),
        ("get", "/api/v1/invitations", ManageMembers),
        ("post", "/api/v1/invitations", ManageMembers),
        (
            "post",
            "/api/v1/invitations/{invitation_id}/renew",
            ManageMembers,
        ),
        (
            "delete",
            "/api/v1/invitations/{invitation_id}",
            ManageMembers,
        ),
        ("get", "/api/v1/api-keys", ReadApiKeys),
        ("post", "/api/v1/api-keys", ManageApiKeys),
        ("delete", "/api/v1/api-keys/{key_id}", ManageApiKeys),
        ("get", "/api/v1/audit", ReadAudit),
        ("get", "/api/v1/audit/feed", ReadAudit),
        ("get", "/api/v1/audit/roots", ReadAudit),
        ("get", "/api/v1/audit/proofs/inclusion", ReadAudit),
        ("get", "/api/v1/audit/proofs/consistency", ReadAudit),
        ("get", "/api/v1/inboxes", ReadInboxes),
        ("post", "/api/v1/accounts", ReadConversations),
        ("post", "/api/v1/inboxes", ManageInboxes),
        ("put", "/api/v1/inboxes/{id}", ManageInboxes),
        ("put", "/api/v1/inboxes/{id}/secret", ManageInboxes),
        ("put", "/api/v1/inboxes/{id}/team", ManageInboxes),
        ("put", "/api/v1/inboxes/{id}/assistant", ManageInboxes),
        ("get", "/api/v1/assistant", ReadInboxes),
        ("put", "/api/v1/assistant", ManageKnowledge),
        ("get", "/api/v1/inboxes/{id}/deliveries", ReadIntegrations),
        ("post", "/api/v1/admin/rebuild", ManageIntegrations),
        ("get", "/api/v1/admin/checksum", ReadIntegrations),
        ("get", "/api/v1/admin/parked", ReadIntegrations),
        (
            "post",
            "/api/v1/admin/parked/{id}/retry",
            ManageIntegrations,
        ),
    ]
};

#[test]
fn every_route_refuses_every_role_that_lacks_its_permission() {
    let mut n_refused = 0;
    for (method, path) in ROUTES.iter().filter(|(_, path)| is_protected(path)) {
        let (_, _, permission) = NEEDS
            .iter()
            .find(|(m, p, _)| m == method && p == path)
            .unwrap_or_else(|| panic!("{method} {path} is not in the table"));
        for role in Role::ALL {
            // A role that may would come as far as a binding, which there is none of here.
            if !role.may(*permission) {
                n_refused += 1;
                assert_eq!(
                    code(request(method, path, Some(&token(role)))),
                    (403, "missing_permission".into()),
                    "{role:?} {method} {path}"
                );
            }
        }
    }
    assert!(n_refused > 30, "{n_refused}");
}

/// Whatever the role, and whatever is asked.
#[test]
fn an_address_that_the_account_does_not_let_in_is_refused_by_every_route() {
    let standing = Standing {
        role: Role::Owner,
        lacks_second_factor: false,
        access: Access::default(),
        networks: AllowedNetworks::parse(["203.0.113.0/24"]).unwrap(),
        zero_trust: None,
    };
    remember_standing(&session(), standing, NOW);
    let token = access_token(Role::Owner);
    STOPS_AT_THE_DOOR.set(true);
    for (method, path, _) in NEEDS {
        for (address, expected) in [
            (Some("203.0.113.7"), "let_in"),
            (Some("198.51.100.7"), "address_not_allowed"),
            (None, "address_not_allowed"),
        ] {
            let mut request = request(method, path, Some(&token));
            if let Some(address) = address {
                let headers = request.headers_mut();
                headers.insert(crate::entry::ADDRESS_HEADER, address.parse().unwrap());
            }
            assert_eq!(code(request).1, expected, "{method} {path} {address:?}");
        }
    }
    STOPS_AT_THE_DOOR.set(false);
    let (response, _) = send(request("get", "/api/v1/audit", Some(&token)));
    let error = response.extensions().get::<AppError>().cloned().unwrap();
    assert!(error.security.is_some(), "it is told to the administrators");
}

const TEAM: &str = "acme.cloudflareaccess.com";

fn application() -> AccessApplication {
    AccessApplication::parse(TEAM, &"0a".repeat(32)).unwrap()
}

/// What Access says of somebody who came through the application, with this changed.
fn assertion(alg: &str, claim: &str, value: Value) -> String {
    let now = NOW.seconds();
    let mut claims = json!({
        "iss": format!("https://{TEAM}"), "aud": [application().audience()], "type": "app", "email": "ada@example.com",
        "iat": now - 7_200, "nbf": now - 7_200, "exp": now + 7_200, "sub": "7335d417-61da-459d-899c-0a01c76a2f94",
    });
    claims[claim] = value;
    testing::token(&json!({ "alg": alg, "kid": testing::KID }), &claims, b"")
}

/// Whatever the role, and whatever is asked.
#[test]
fn who_has_not_come_through_the_accounts_application_is_refused_by_every_route() {
    let standing = Standing {
        role: Role::Owner,
        lacks_second_factor: false,
        access: Access::default(),
        networks: AllowedNetworks::default(),
        zero_trust: Some(ZeroTrust {
            application: application(),
            email: "Ada@example.com".to_owned(),
        }),
    };
    remember_standing(&session(), standing, NOW);
    let token = access_token(Role::Owner);
    let good = assertion("RS256", "country", json!("US"));
    let (text, _) = good.rsplit_once('.').unwrap();
    let refused = "zero_trust_required";
    let cases = [
        (Some(good.clone()), "let_in"),
        (None, refused),
        (Some("a.b.c".to_owned()), refused),
        (Some(format!("{text}.AAAA")), refused),
        (Some(assertion("none", "country", json!("US"))), refused),
        (
            Some(assertion("RS256", "email", json!("bo@example.com"))),
            refused,
        ),
        (Some(assertion("RS256", "aud", json!(["0b"]))), refused),
        (Some(assertion("RS256", "exp", json!(1))), refused),
    ];
    let ask = |method: &str, path: &str, assertion: Option<&String>| {
        let mut request = request(method, path, Some(&token));
        if let Some(assertion) = assertion {
            let headers = request.headers_mut();
            headers.insert("cf-access-jwt-assertion", assertion.parse().unwrap());
        }
        request
    };
    STOPS_AT_THE_DOOR.set(true);
    for (method, path, _) in NEEDS {
        for (assertion, expected) in &cases {
            let (_, code) = code(ask(method, path, assertion.as_ref()));
            assert_eq!(code, *expected, "{method} {path} {assertion:?}");
        }
    }
    STOPS_AT_THE_DOOR.set(false);
    let (response, _) = send(ask("get", "/api/v1/audit", None));
    let error = response.extensions().get::<AppError>().cloned().unwrap();
    assert!(error.security.is_some(), "it is told to the administrators");
}

/// A role of the account's own with one permission passes exactly the routes that need it.
#[test]
fn a_role_with_one_permission_passes_the_routes_that_need_it_and_no_other() {
    let mut n_passed = 0;
    STOPS_AT_THE_DOOR.set(true);
    for permission in Permission::ALL.iter().copied() {
        let only: PermissionSet = [permission].into_iter().collect();
        let standing = Standing {
            role: only.base(),
            lacks_second_factor: false,
            access: Access {
                only: Some(only),
                ..Access::default()
            },
            networks: AllowedNetworks::default(),
            zero_trust: None,
        };
        remember_standing(&session(), standing, NOW);
        let token = access_token(only.base());
        for (method, path, needed) in NEEDS {
            let outcome = code(request(method, path, Some(&token)));
            let expected = if *needed == permission {
                n_passed += 1;
                (400, "let_in".into())
            } else {
                (403, "missing_permission".into())
            };
            assert_eq!(outcome, expected, "{permission:?} {method} {path}");
        }
    }
    STOPS_AT_THE_DOOR.set(false);
    assert_eq!(n_passed, NEEDS.len());
}

#[test]
fn whoever_runs_an_account_that_wants_a_second_factor_does_nothing_without_one() {
    let mut refused = Vec::new();
    for role in [Role::Admin, Role::Owner] {
        let standing = Standing {
            role,
            lacks_second_factor: true,
            access: Access::default(),
            networks: AllowedNetworks::default(),
            zero_trust: None,
        };
        remember_standing(&session(), standing, NOW);
        // A route that everybody may comes as far as a binding, which there is none of here.
        for (method, path, _) in NEEDS
            .iter()
            .filter(|(_, _, permission)| permission.least_role() >= Role::Admin)
        {
            refused.push(*path);
            assert_eq!(
                code(request(method, path, Some(&access_token(role)))),
                (403, "second_factor_required".into()),
                "{role:?} {method} {path}"
            );
        }
    }
    for path in ["/api/v1/api-keys", "/api/v1/audit", "/api/v1/admin/rebuild"] {
        assert!(refused.contains(&path), "{path}");
    }
    // Enrolling is open to them: it comes as far as the body.
    let path = "/api/v1/me/second-factor/confirm";
    assert_eq!(
        code(request("post", path, Some(&access_token(Role::Admin)))).0,
        415
    );
}

#[test]
fn only_those_who_lead_agents_teach_intents() {
    let mut n_teaching = 0;
    for (method, path) in ROUTES
        .iter()
        .filter(|(_, path)| path.starts_with("/api/v1/ai/intents"))
    {
        // Trying a version out changes nothing.
        if *method == "get" || path.ends_with("/test") {
            continue;
        }
        n_teaching += 1;
        for role in [Role::ReadOnly, Role::Agent] {
            let request = request(method, path, Some(&token(role)));
            assert_eq!(
                code(request),
                (403, "missing_permission".into()),
                "{role:?} {method} {path}"
            );
        }
    }
    assert_eq!(n_teaching, 5);
    for (method, path) in [
        ("post", "/api/v1/ai/intents"),
        ("put", "/api/v1/ai/intents/{intent_id}"),
        ("post", "/api/v1/ai/intents/rollback"),
    ] {
        // A manager comes as far as the body.
        let request = request(method, path, Some(&token(Role::Manager)));
        assert_eq!(code(request).0, 415, "{method} {path}");
    }
}
