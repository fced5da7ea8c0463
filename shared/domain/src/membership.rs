//! Who may change whose membership of an account.

use crate::access::{Permission, PermissionSet, Role};
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

/// An account of a member, as far as it matters to whoever would change how the member logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountOfMember {
    /// Whether it is the account in which the change is asked for.
    pub is_here: bool,
    /// The member in it.
    pub member: Standing,
    /// Whoever would make the change, if they are a member of it and it would let them run it as they come.
    pub actor: Option<Standing>,
}

/// Why how a member logs in stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginRefusal {
    /// It is one's own, and takes a code or the password.
    #[error("this is your own login: change it under Security, with a code or your password")]
    Own,
    /// The account has no such member.
    #[error("the account has no such member")]
    NoMember,
    /// The member may what who asks may not.
    #[error("nobody changes the login of a member whose role is above their own")]
    MemberAbove,
    /// It would change how they get into an account that is not for who asks to decide about.
    #[error(
        "this person is a member of an account that you do not run as well; one login opens both, so only somebody who runs all of their accounts may do this"
    )]
    OtherAccount,
}

/// Whether `actor_id` may change how `member_id` logs in, who is a member of `accounts` and of no other.
///
/// A login opens every account of its user. So whoever makes it weaker has to be somebody who may do so in each of them.
///
/// # Errors
/// The first rule that forbids it.
pub fn check_login_change(
    actor_id: UserId,
    member_id: UserId,
    accounts: &[AccountOfMember],
) -> Result<(), LoginRefusal> {
    if actor_id == member_id {
        return Err(LoginRefusal::Own);
    }
    let runs = |account: &AccountOfMember| {
        account.actor.is_some_and(|actor| {
            let rights = actor.rights();
            rights.contains(Permission::ManageMembers) && account.member.rights().is_within(rights)
        })
    };
    match accounts.iter().find(|account| account.is_here) {
        None => Err(LoginRefusal::NoMember),
        Some(here) if !runs(here) => Err(LoginRefusal::MemberAbove),
        Some(_) if !accounts.iter().all(runs) => Err(LoginRefusal::OtherAccount),
        Some(_) => Ok(()),
    }
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

    fn account(actor: Option<Role>, member: Role, is_here: bool) -> AccountOfMember {
        AccountOfMember {
            is_here,
            member: standing(2, member),
            actor: actor.map(|role| standing(1, role)),
        }
    }

    #[test]
    fn whoever_changes_a_login_runs_the_account_and_is_not_below_its_owner() {
        let (actor, member) = (UserId::new(Ulid(1)), UserId::new(Ulid(2)));
        let mut n_allowed = 0;
        for own in Role::ALL {
            for theirs in Role::ALL {
                let here = [account(Some(own), theirs, true)];
                let expected = if own >= Role::Admin && theirs <= own {
                    n_allowed += 1;
                    Ok(())
                } else {
                    Err(LoginRefusal::MemberAbove)
                };
                assert_eq!(check_login_change(actor, member, &here), expected);
                assert_eq!(
                    check_login_change(actor, actor, &here),
                    Err(LoginRefusal::Own)
                );
            }
        }
        assert_eq!(n_allowed, 4 + 5);
        assert_eq!(
            check_login_change(actor, member, &[]),
            Err(LoginRefusal::NoMember)
        );
        let elsewhere = [account(Some(Role::Owner), Role::Agent, false)];
        assert_eq!(
            check_login_change(actor, member, &elsewhere),
            Err(LoginRefusal::NoMember)
        );
    }

    #[test]
    fn whoever_changes_a_login_runs_every_account_that_it_opens() {
        let (actor, member) = (UserId::new(Ulid(1)), UserId::new(Ulid(2)));
        let check = |other: AccountOfMember| {
            let here = account(Some(Role::Owner), Role::Agent, true);
            let one = check_login_change(actor, member, &[here, other]);
            assert_eq!(check_login_change(actor, member, &[other, here]), one);
            one
        };
        let other = Err(LoginRefusal::OtherAccount);
        assert_eq!(check(account(None, Role::ReadOnly, false)), other);
        for own in [Role::ReadOnly, Role::Agent, Role::Manager] {
            assert_eq!(check(account(Some(own), Role::ReadOnly, false)), other);
        }
        let admin = Some(Role::Admin);
        assert_eq!(check(account(admin, Role::Owner, false)), other);
        assert_eq!(check(account(admin, Role::Admin, false)), Ok(()));
        // A part of an admin's role that lacks the members is none of it.
        let mut part = account(admin, Role::Agent, false);
        let all = PermissionSet::of_role(Role::Admin);
        let without = |permission: &Permission| *permission != Permission::ManageMembers;
        part.actor = Some(Standing {
            only: Some(all.iter().filter(without).collect()),
            ..standing(1, Role::Admin)
        });
        assert_eq!(check(part), other);
    }
}
