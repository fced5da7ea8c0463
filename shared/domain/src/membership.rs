//! Who may change whose membership of an account.

use crate::access::{PermissionSet, Role};
use crate::account::rights;
use crate::ids::{RoleId, UserId};

/// A member, as far as these rules look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The user.
    pub user_id: UserId,
    /// Their role in the account.
    pub role: Role,
    /// What they have of it, when it is a role of the account's own.
    pub only: Option<PermissionSet>,
}

impl Standing {
    /// All that they may.
    #[must_use]
    pub fn rights(self) -> PermissionSet {
        rights(self.role, self.only)
    }
}

/// A role that an account defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnRole {
    /// It.
    pub id: RoleId,
    /// What it may.
    pub permissions: PermissionSet,
}

/// What is to become of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipChange {
    /// They get this role.
    Role(Role),
    /// They get this role of the account's own.
    OwnRole(OwnRole),
    /// They leave the account.
    Removal,
}

/// Why a membership stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MembershipRefusal {
    /// The role is more than that of who gives it.
    #[error("nobody gives a role above their own")]
    RoleAboveOwn,
    /// The member has a role above that of who would change it.
    #[error("nobody changes a member whose role is above their own")]
    MemberAbove,
    /// Nobody would own the account.
    #[error("an account keeps at least one owner")]
    LastOwner,
}

impl MembershipChange {
    /// What the member may afterwards; nothing without a membership.
    #[must_use]
    pub fn rights(self) -> PermissionSet {
        match self {
            Self::Role(role) => rights(role, None),
            Self::OwnRole(own) => own.permissions,
            Self::Removal => PermissionSet::default(),
        }
    }
}

/// Whether somebody who may `own` may give `given`, as a role of a member, by an invitation, or to a role that they define.
///
/// # Errors
/// [`MembershipRefusal::RoleAboveOwn`].
pub fn check_given(own: PermissionSet, given: PermissionSet) -> Result<(), MembershipRefusal> {
    if given.is_within(own) {
        Ok(())
    } else {
        Err(MembershipRefusal::RoleAboveOwn)
    }
}

/// Whether `actor` may make `change` to `member`. `another_owner` says whether the account has an owner beside the member.
///
/// Whoever leaves or lowers themselves leaves an owner behind, whatever their own role: an account whose last administrator
/// went by a slip could let nobody in any more.
///
/// # Errors
/// The first rule that forbids it.
pub fn check_change(
    actor: Standing,
    member: Standing,
    change: MembershipChange,
    another_owner: bool,
) -> Result<(), MembershipRefusal> {
    check_given(actor.rights(), change.rights())?;
    if !member.rights().is_within(actor.rights()) {
        return Err(MembershipRefusal::MemberAbove);
    }
    if needs_another_owner(actor, member, change) && !another_owner {
        return Err(MembershipRefusal::LastOwner);
    }
    Ok(())
}

/// Whether the change may only be made while the account has an owner beside the member.
#[must_use]
pub fn needs_another_owner(actor: Standing, member: Standing, change: MembershipChange) -> bool {
    takes_away(member, change) && (member.role == Role::Owner || member.user_id == actor.user_id)
}

/// Whether a member may less after `change`.
#[must_use]
pub fn takes_away(before: Standing, change: MembershipChange) -> bool {
    change == MembershipChange::Removal || !before.rights().is_within(change.rights())
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    fn standing(user: u128, role: Role) -> Standing {
        Standing {
            user_id: UserId::new(Ulid(user)),
            role,
            only: None,
        }
    }

    /// Every actor's role, every member's role, every change: who is refused, and why.
    #[test]
    fn nobody_gives_or_touches_a_role_above_their_own() {
        let mut n_allowed = 0;
        for own in Role::ALL {
            for theirs in Role::ALL {
                let (actor, member) = (standing(1, own), standing(2, theirs));
                for role in Role::ALL {
                    let outcome = check_change(actor, member, MembershipChange::Role(role), true);
                    let expected = if role > own {
                        Err(MembershipRefusal::RoleAboveOwn)
                    } else if theirs > own {
                        Err(MembershipRefusal::MemberAbove)
                    } else {
                        n_allowed += 1;
                        Ok(())
                    };
                    assert_eq!(outcome, expected, "{own:?} makes {theirs:?} {role:?}");
                    let given = check_given(rights(own, None), rights(role, None));
                    assert_eq!(given.is_ok(), role <= own);
                }
                let removal = check_change(actor, member, MembershipChange::Removal, true);
                assert_eq!(removal.is_ok(), theirs <= own, "{own:?} removes {theirs:?}");
            }
        }
        assert_eq!(n_allowed, 1 + 4 + 9 + 16 + 25);
    }

    #[test]
    fn the_last_owner_is_neither_removed_nor_lowered() {
        let owner = standing(1, Role::Owner);
        // By themselves, or by somebody who was an owner a moment ago.
        for actor in [owner, standing(2, Role::Owner)] {
            for role in [Role::ReadOnly, Role::Agent, Role::Manager, Role::Admin] {
                let change = MembershipChange::Role(role);
                let alone = check_change(actor, owner, change, false);
                assert_eq!(alone, Err(MembershipRefusal::LastOwner));
                assert_eq!(check_change(actor, owner, change, true), Ok(()));
            }
            let removal = MembershipChange::Removal;
            let alone = check_change(actor, owner, removal, false);
            assert_eq!(alone, Err(MembershipRefusal::LastOwner));
            assert_eq!(check_change(actor, owner, removal, true), Ok(()));
            let same = MembershipChange::Role(Role::Owner);
            assert_eq!(check_change(actor, owner, same, false), Ok(()));
        }
    }

    #[test]
    fn whoever_leaves_or_lowers_themselves_leaves_an_owner_behind() {
        let admin = standing(1, Role::Admin);
        for change in [
            MembershipChange::Removal,
            MembershipChange::Role(Role::Agent),
        ] {
            let alone = check_change(admin, admin, change, false);
            assert_eq!(alone, Err(MembershipRefusal::LastOwner));
            assert_eq!(check_change(admin, admin, change, true), Ok(()));
            // Another admin takes care of the account then.
            let other = check_change(standing(2, Role::Admin), admin, change, false);
            assert_eq!(other, Ok(()));
        }
    }

    /// A role of the account's own ranks by what it may, not by its name or its base.
    #[test]
    fn whoever_has_a_part_of_a_role_gives_and_changes_no_more_than_that_part() {
        use crate::access::Permission::{ManageMembers, ReadAudit, ReadConversations};
        let set = |permissions: &[_]| permissions.iter().copied().collect::<PermissionSet>();
        let hiring = set(&[ReadConversations, ManageMembers]);
        let own_role = |permissions| {
            MembershipChange::OwnRole(OwnRole {
                id: RoleId::new(Ulid(7)),
                permissions,
            })
        };
        let actor = Standing {
            only: Some(hiring),
            ..standing(1, Role::Admin)
        };
        let plain = Standing {
            only: Some(set(&[ReadConversations])),
            ..standing(2, Role::ReadOnly)
        };
        let above = Err(MembershipRefusal::RoleAboveOwn);
        for (change, expected) in [
            (own_role(hiring), Ok(())),
            (own_role(set(&[ReadConversations])), Ok(())),
            (own_role(set(&[ReadConversations, ReadAudit])), above),
            // Built-in roles that may what they may not.
            (MembershipChange::Role(Role::ReadOnly), above),
            (MembershipChange::Role(Role::Admin), above),
            (MembershipChange::Removal, Ok(())),
        ] {
            assert_eq!(
                check_change(actor, plain, change, true),
                expected,
                "{change:?}"
            );
        }
        // Members who may what they may not are above them, whatever the base.
        for role in Role::ALL {
            let removal = check_change(actor, standing(3, role), MembershipChange::Removal, true);
            assert_eq!(removal, Err(MembershipRefusal::MemberAbove), "{role:?}");
        }
        // A built-in admin is above them, and an admin is not hindered by a part of a role.
        let admin = standing(4, Role::Admin);
        assert_eq!(check_change(admin, actor, own_role(hiring), false), Ok(()));
        assert!(!takes_away(actor, MembershipChange::Role(Role::Admin)));
        assert!(takes_away(admin, own_role(hiring)));
        // An owner who takes a part of a role leaves an owner behind.
        let owner = standing(5, Role::Owner);
        let alone = check_change(owner, owner, own_role(hiring), false);
        assert_eq!(alone, Err(MembershipRefusal::LastOwner));
    }
}
