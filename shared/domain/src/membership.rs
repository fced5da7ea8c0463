//! Who may change whose membership of an account.

use crate::access::Role;
use crate::ids::UserId;

/// A member, as far as these rules look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The user.
    pub user_id: UserId,
    /// Their role in the account.
    pub role: Role,
}

/// What is to become of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipChange {
    /// They get this role.
    Role(Role),
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

/// Whether somebody of the role `own` may give `role`, to a member or by an invitation.
///
/// # Errors
/// [`MembershipRefusal::RoleAboveOwn`].
pub fn check_role_given(own: Role, role: Role) -> Result<(), MembershipRefusal> {
    if role <= own {
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
    if let MembershipChange::Role(role) = change {
        check_role_given(actor.role, role)?;
    }
    if member.role > actor.role {
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
    takes_away(member.role, change)
        && (member.role == Role::Owner || member.user_id == actor.user_id)
}

/// Whether a member of the role `before` may less after `change`.
#[must_use]
pub fn takes_away(before: Role, change: MembershipChange) -> bool {
    match change {
        MembershipChange::Role(role) => role < before,
        MembershipChange::Removal => true,
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    fn standing(user: u128, role: Role) -> Standing {
        Standing {
            user_id: UserId::new(Ulid(user)),
            role,
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
                    assert_eq!(check_role_given(own, role).is_ok(), role <= own);
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
}
