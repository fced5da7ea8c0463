use edgedesk_domain::account::{Access, Role};
use edgedesk_domain::ids::{AccountId, UserId};
use edgedesk_domain::networks::AllowedNetworks;
use edgedesk_store::directory::KeyRefusal;
use ulid::Ulid;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);

fn id() -> ApiKeyId {
    ApiKeyId::new(Ulid::from(7))
}

fn holder(role: Role, scopes: &[Permission]) -> KeyHolder {
    KeyHolder {
        id: id(),
        principal: Principal {
            account_id: AccountId::new(Ulid::from(1)),
            user_id: UserId::new(Ulid::from(2)),
            role,
            name: "Importer".to_owned(),
            access: Access::default(),
        },
        scopes: scopes.to_vec(),
        networks: AllowedNetworks::default(),
    }
}

fn request(name: &str, scopes: &[Permission]) -> CreateApiKeyRequest {
    CreateApiKeyRequest {
        name: name.to_owned(),
        scopes: scopes.to_vec(),
        expires_at: None,
    }
}

/// The pointer that a refused request names.
fn wrong(request: CreateApiKeyRequest, role: Role) -> String {
    let error = checked(request, PermissionSet::of_role(role), NOW).unwrap_err();
    assert_eq!(
        (error.status.as_u16(), error.code.as_str()),
        (422, "invalid_value")
    );
    error.errors[0].pointer.clone()
}

#[test]
fn whatever_is_wrong_with_a_key_the_outside_hears_one_thing_and_the_log_another() {
    let refusals = [
        (KeyRefusal::Unknown, "unknown"),
        (KeyRefusal::Revoked(id()), "revoked"),
        (KeyRefusal::Expired(id()), "expired"),
        (KeyRefusal::MakerLeft(id()), "former member"),
    ];
    for (refusal, word) in refusals {
        let error = refused(refusal.to_string());
        let internal = error.internal.clone().unwrap();
        assert!(internal.contains(word), "{internal}");
        assert_eq!(
            internal.contains(&id().to_string()),
            refusal != KeyRefusal::Unknown,
            "{internal}"
        );
        assert_eq!(
            AppError {
                internal: None,
                ..error
            },
            AppError::unauthorized("invalid_api_key", "the API key is not valid")
        );
    }
}

#[test]
fn a_key_without_the_scope_is_refused_though_its_makers_role_has_the_permission() {
    let scopes = [Permission::ReadConversations];
    let admitted = admit(
        holder(Role::Owner, &scopes),
        Permission::ReadConversations,
        false,
    );
    let (principal, rights) = admitted.unwrap();
    assert_eq!(principal, holder(Role::Owner, &scopes).principal);
    assert_eq!(rights, scopes.into_iter().collect());
    for permission in Permission::ALL {
        if *permission != Permission::ReadConversations {
            let error = admit(holder(Role::Owner, &scopes), *permission, false).unwrap_err();
            assert_eq!(
                (error.status.as_u16(), error.code.as_str()),
                (403, "missing_scope")
            );
            assert!(error.internal.unwrap().contains(permission.as_str()));
        }
    }
}

#[test]
fn a_scope_is_worth_nothing_once_its_maker_lost_the_permission() {
    let holder = holder(Role::Agent, &[Permission::ManageIntegrations]);
    let error = admit(holder, Permission::ManageIntegrations, false).unwrap_err();
    assert_eq!(error.code, "missing_scope");
}

#[test]
fn what_is_for_people_is_refused_to_every_key() {
    let error = admit(
        holder(Role::Owner, Permission::ALL),
        Permission::ReadConversations,
        true,
    )
    .unwrap_err();
    assert_eq!(
        (error.status.as_u16(), error.code.as_str()),
        (403, "people_only")
    );
}

#[test]
fn a_key_has_a_name_and_each_scope_once() {
    let scopes = [
        Permission::ReadMessages,
        Permission::WriteMessages,
        Permission::ReadMessages,
    ];
    let ok = checked(
        request("  Import  ", &scopes),
        PermissionSet::of_role(Role::Admin),
        NOW,
    )
    .unwrap();
    assert_eq!((ok.name.as_str(), &ok.scopes[..]), ("Import", &scopes[..2]));
    let longest = "é".repeat(60);
    assert!(
        checked(
            request(&longest, &scopes),
            PermissionSet::of_role(Role::Admin),
            NOW
        )
        .is_ok()
    );
    for name in ["", " \n ", "a\u{0}b", &"x".repeat(61)] {
        assert_eq!(
            wrong(request(name, &scopes), Role::Admin),
            "/name",
            "{name:?}"
        );
    }
    assert_eq!(wrong(request("Import", &[]), Role::Admin), "/scopes");
}

#[test]
fn nobody_gives_a_key_more_than_they_have_or_the_making_of_keys() {
    let scopes = [Permission::ReadMessages, Permission::ManageAccount];
    assert_eq!(wrong(request("Import", &scopes), Role::Admin), "/scopes/1");
    assert!(
        checked(
            request("Import", &scopes),
            PermissionSet::of_role(Role::Owner),
            NOW
        )
        .is_ok()
    );
    let scopes = [Permission::ManageApiKeys];
    assert_eq!(wrong(request("Import", &scopes), Role::Owner), "/scopes/0");
}

#[test]
fn a_key_ends_in_the_future_or_never() {
    let until = |millis| CreateApiKeyRequest {
        expires_at: Some(NOW.plus_millis(millis)),
        ..request("Import", &[Permission::ReadMessages])
    };
    assert!(checked(until(1), PermissionSet::of_role(Role::Admin), NOW).is_ok());
    for millis in [0, -1] {
        assert_eq!(wrong(until(millis), Role::Admin), "/expires_at");
    }
}
