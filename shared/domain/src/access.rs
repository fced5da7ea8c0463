//! Who may do what: every permission with its resource, its action and the least role that has it. The table below is the
//! only place that says so; routes, objects and the scopes of API keys read it.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{TeamId, UserId};

/// What a member may do. The order is that of power: each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads conversations, changes nothing.
    ReadOnly,
    /// Answers customers.
    Agent,
    /// Leads agents: assigns to others, keeps teams, teaches intents.
    Manager,
    /// Runs the account: inboxes, members, keys, privacy, parked messages.
    Admin,
    /// Owns the account.
    Owner,
}

impl Role {
    /// All roles, the one that may least first.
    pub const ALL: [Self; 5] = [
        Self::ReadOnly,
        Self::Agent,
        Self::Manager,
        Self::Admin,
        Self::Owner,
    ];

    /// Whether this role has `permission`.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self >= permission.least_role()
    }
}

/// A set of permissions: what a role of an account's own may. In JSON a list of words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PermissionSet(u32);

impl PermissionSet {
    /// All that a built-in role may.
    #[must_use]
    pub fn of_role(role: Role) -> Self {
        let all = Permission::ALL.iter().copied();
        all.filter(|permission| role.may(*permission)).collect()
    }

    /// Whether it is in the set.
    #[must_use]
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Those that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all of it is in `other`, too.
    #[must_use]
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in it, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        let all = Permission::ALL.iter().copied();
        all.filter(move |permission| self.contains(*permission))
    }

    /// The least built-in role that has all of it.
    #[must_use]
    pub fn base(self) -> Role {
        let least = self.iter().map(Permission::least_role).max();
        least.unwrap_or(Role::ReadOnly)
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let bits = permissions.into_iter().map(Permission::bit);
        Self(bits.fold(0, |set, bit| set | bit))
    }
}

impl Serialize for PermissionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for PermissionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<Permission>::deserialize(deserializer)?;
        Ok(words.into_iter().collect())
    }
}

/// Who looks at a conversation, as far as the question is whether it is theirs to see.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    /// The user.
    pub user_id: UserId,
    /// Their role in the conversation's account.
    pub role: Role,
    /// The account's teams that they are in.
    pub teams: &'a [TeamId],
}

impl Viewer<'_> {
    /// The least role that sees every conversation of the account.
    pub const SEES_ALL: Role = Role::Manager;

    /// Whether a conversation with this assignee in this team is theirs to see: their own, their team's, or nobody's in
    /// particular. Managers and above see all. So an account without teams hides nothing from its members.
    #[must_use]
    pub fn sees(&self, assignee_id: Option<UserId>, team_id: Option<TeamId>) -> bool {
        self.role >= Self::SEES_ALL
            || assignee_id == Some(self.user_id)
            || team_id.is_none_or(|team_id| self.teams.contains(&team_id))
    }
}

/// The team of a conversation that comes to an agent of the teams `theirs`: its own if it is one of those, else the first
/// of them. That of an agent without a team stays as it is.
#[must_use]
pub fn team_of_assigned(own: Option<TeamId>, theirs: &[TeamId]) -> Option<TeamId> {
    match own {
        Some(own) if theirs.contains(&own) => Some(own),
        _ => theirs.first().copied().or(own),
    }
}

/// A word that names no permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no permission of that name")]
pub struct UnknownPermission;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $resource:ident $action:ident, $word:literal, $least:ident;)*) => {
        /// Something a route lets a caller do: an action on a resource. Cells of resource and action that mean nothing
        /// have no variant.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// All permissions, by resource.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// What is acted on.
            #[must_use]
            pub const fn resource(self) -> Resource {
                match self {
                    $(Self::$name => Resource::$resource,)*
                }
            }

            /// What is done to it.
            #[must_use]
            pub const fn action(self) -> Action {
                match self {
                    $(Self::$name => Action::$action,)*
                }
            }

            /// The word in JSON and in the scopes of API keys, such as `conversations:read`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// The role that may least of those that have it.
            #[must_use]
            pub const fn least_role(self) -> Role {
                match self {
                    $(Self::$name => Role::$least,)*
                }
            }
        }
    };
}

/// What can be acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Conversations, their tickets, and what the models decided in them.
    Conversations,
    /// Messages and notes.
    Messages,
    /// People who write in.
    Customers,
    /// Users of the account and their roles.
    Members,
    /// Groups of members.
    Teams,
    /// Figures of teams.
    TeamAnalytics,
    /// Where messages arrive.
    Inboxes,
    /// The account's own intents, and the models.
    Intents,
    /// Articles and macros.
    Knowledge,
    /// Counters and figures.
    Analytics,
    /// Deliveries, parked messages, rebuilds.
    Integrations,
    /// Keys for machines.
    ApiKeys,
    /// The record of who did what.
    Audit,
    /// Requests of customers about their data.
    Privacy,
    /// How people get in.
    Security,
    /// The account itself.
    Account,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// See.
    Read,
    /// Add and change, as a part of answering customers.
    Write,
    /// Give to somebody.
    Assign,
    /// Set up, change and remove.
    Manage,
}

permissions! {
    /// See conversations, tickets and analyses.
    ReadConversations = Conversations Read, "conversations:read", ReadOnly;
    /// Change status, mark as read, judge what the models decided.
    WriteConversations = Conversations Write, "conversations:write", Agent;
    /// Give a conversation to somebody.
    AssignConversations = Conversations Assign, "conversations:assign", Agent;
    /// See messages and notes.
    ReadMessages = Messages Read, "messages:read", ReadOnly;
    /// Reply and write notes.
    WriteMessages = Messages Write, "messages:write", Agent;
    /// See customers.
    ReadCustomers = Customers Read, "customers:read", ReadOnly;
    /// Change what is known of a customer.
    WriteCustomers = Customers Write, "customers:write", Agent;
    /// See who is a member.
    ReadMembers = Members Read, "members:read", ReadOnly;
    /// Invite, change roles, remove.
    ManageMembers = Members Manage, "members:manage", Admin;
    /// See teams.
    ReadTeams = Teams Read, "teams:read", ReadOnly;
    /// Make teams and say who is in them.
    ManageTeams = Teams Manage, "teams:manage", Manager;
    /// See the figures of each team.
    ReadTeamAnalytics = TeamAnalytics Read, "team_analytics:read", Manager;
    /// See inboxes, without their secrets.
    ReadInboxes = Inboxes Read, "inboxes:read", ReadOnly;
    /// Make and change inboxes.
    ManageInboxes = Inboxes Manage, "inboxes:manage", Admin;
    /// See own intents and models, try them out.
    ReadIntents = Intents Read, "intents:read", ReadOnly;
    /// Teach the account's own intents: change, train, roll back.
    ManageIntents = Intents Manage, "intents:manage", Manager;
    /// See articles and macros, search them.
    ReadKnowledge = Knowledge Read, "knowledge:read", ReadOnly;
    /// Write articles and change them, without publishing.
    WriteKnowledge = Knowledge Write, "knowledge:write", Agent;
    /// Publish, import and delete articles, set up macros.
    ManageKnowledge = Knowledge Manage, "knowledge:manage", Manager;
    /// See live counters of the whole account, and accuracy.
    ReadAnalytics = Analytics Read, "analytics:read", ReadOnly;
    /// See deliveries, parked messages and checksums.
    ReadIntegrations = Integrations Read, "integrations:read", Admin;
    /// Retry parked messages, rebuild.
    ManageIntegrations = Integrations Manage, "integrations:manage", Admin;
    /// See which API keys there are; never the keys.
    ReadApiKeys = ApiKeys Read, "api_keys:read", Admin;
    /// Make and revoke API keys.
    ManageApiKeys = ApiKeys Manage, "api_keys:manage", Admin;
    /// See the record of who did what.
    ReadAudit = Audit Read, "audit:read", Admin;
    /// See requests of customers about their data.
    ReadPrivacy = Privacy Read, "privacy:read", Admin;
    /// Export and erase customers' data.
    ManagePrivacy = Privacy Manage, "privacy:manage", Admin;
    /// Say from where and with what people get in.
    ManageSecurity = Security Manage, "security:manage", Admin;
    /// See the account's settings.
    ReadAccount = Account Read, "account:read", Admin;
    /// Change the account's settings.
    ManageAccount = Account Manage, "account:manage", Owner;
}

impl Permission {
    /// Its place in a [`PermissionSet`]: its place in [`Self::ALL`], which is its own.
    const fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

// A set has a bit for each.
const _: () = assert!(Permission::ALL.len() <= 32);

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(word: &str) -> Result<Self, UnknownPermission> {
        Self::ALL
            .iter()
            .copied()
            .find(|permission| permission.as_str() == word)
            .ok_or(UnknownPermission)
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        word.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Permission {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(Self::ALL.iter().map(|permission| permission.as_str())))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Permission {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// One letter a role that may: (r)ead-only, a(g)ent, (m)anager, (a)dmin, (o)wner.
    const MATRIX: &str = "\
conversations:read    r g m a o
conversations:write   - g m a o
conversations:assign  - g m a o
messages:read         r g m a o
messages:write        - g m a o
customers:read        r g m a o
customers:write       - g m a o
members:read          r g m a o
members:manage        - - - a o
teams:read            r g m a o
teams:manage          - - m a o
team_analytics:read   - - m a o
inboxes:read          r g m a o
inboxes:manage        - - - a o
intents:read          r g m a o
intents:manage        - - m a o
knowledge:read        r g m a o
knowledge:write       - g m a o
knowledge:manage      - - m a o
analytics:read        r g m a o
integrations:read     - - - a o
integrations:manage   - - - a o
api_keys:read         - - - a o
api_keys:manage       - - - a o
audit:read            - - - a o
privacy:read          - - - a o
privacy:manage        - - - a o
security:manage       - - - a o
account:read          - - - a o
account:manage        - - - - o
";

    #[test]
    fn every_cell_of_the_matrix_is_as_declared() {
        let mut matrix = String::new();
        for permission in Permission::ALL {
            let mut line = format!("{:<21}", permission.as_str());
            for (role, letter) in Role::ALL.into_iter().zip(["r", "g", "m", "a", "o"]) {
                line += " ";
                line += if role.may(*permission) { letter } else { "-" };
            }
            matrix += &line;
            matrix += "\n";
        }
        assert_eq!(matrix, MATRIX);
    }

    /// Every role, every place that a conversation can have, with or without a team of one's own.
    #[test]
    fn an_agent_sees_their_own_their_teams_and_nobodys_conversations_and_a_manager_all() {
        let user = |number: u128| UserId::new(ulid::Ulid(number));
        let team = |number: u128| TeamId::new(ulid::Ulid(number));
        let (me, other) = (user(1), user(2));
        let mut n_hidden = 0;
        for role in Role::ALL {
            for teams in [vec![], vec![team(1)], vec![team(3), team(1)]] {
                let viewer = Viewer {
                    user_id: me,
                    role,
                    teams: &teams,
                };
                for assignee in [None, Some(me), Some(other)] {
                    for place in [None, Some(team(1)), Some(team(2))] {
                        let expected = match (role, assignee, place) {
                            (Role::Manager | Role::Admin | Role::Owner, _, _) => true,
                            (_, Some(assignee), _) if assignee == me => true,
                            (_, _, None) => true,
                            (_, _, Some(place)) => place == team(1) && !teams.is_empty(),
                        };
                        n_hidden += u32::from(!expected);
                        assert_eq!(
                            viewer.sees(assignee, place),
                            expected,
                            "{role:?} in {teams:?}: assignee {assignee:?}, team {place:?}"
                        );
                    }
                }
            }
        }
        // Two roles; without a team two teams are hidden, with one or two one is, each unassigned or another's.
        assert_eq!(n_hidden, 2 * (4 + 2 + 2));
    }

    #[test]
    fn a_conversation_goes_to_the_team_of_whom_it_is_assigned_to() {
        let team = |number: u128| TeamId::new(ulid::Ulid(number));
        let (a, b, c) = (team(1), team(2), team(3));
        for (own, theirs, expected) in [
            (None, vec![], None),
            (Some(a), vec![], Some(a)),
            (None, vec![b, c], Some(b)),
            (Some(c), vec![b, c], Some(c)),
            (Some(a), vec![b, c], Some(b)),
        ] {
            assert_eq!(
                team_of_assigned(own, &theirs),
                expected,
                "{own:?} {theirs:?}"
            );
        }
    }

    #[test]
    fn a_word_is_the_resource_and_the_action_of_its_permission_and_no_two_are_the_same() {
        let mut cells = BTreeSet::new();
        for permission in Permission::ALL {
            let resource = match permission.resource() {
                Resource::ApiKeys => "api_keys".to_owned(),
                Resource::TeamAnalytics => "team_analytics".to_owned(),
                resource => format!("{resource:?}").to_lowercase(),
            };
            let action = format!("{:?}", permission.action()).to_lowercase();
            assert_eq!(permission.as_str(), format!("{resource}:{action}"));
            assert!(cells.insert((permission.resource(), permission.action())));
        }
    }

    #[test]
    fn a_set_holds_what_it_was_made_of_and_its_base_is_the_least_role_that_has_it_all() {
        for permission in Permission::ALL {
            let set: PermissionSet = [*permission].into_iter().collect();
            assert_eq!(set.iter().collect::<Vec<_>>(), [*permission]);
            assert_eq!(set.base(), permission.least_role());
            let json = serde_json::to_string(&set).unwrap();
            assert_eq!(json, format!("[\"{}\"]", permission.as_str()));
            assert_eq!(serde_json::from_str::<PermissionSet>(&json).unwrap(), set);
            for role in Role::ALL {
                let of_role = PermissionSet::of_role(role);
                assert_eq!(set.is_within(of_role), role.may(*permission));
                assert_eq!(of_role.and(set).is_empty(), !role.may(*permission));
            }
        }
        for role in Role::ALL {
            assert_eq!(PermissionSet::of_role(role).base(), role);
        }
        assert!(PermissionSet::default().is_empty());
        assert!(serde_json::from_str::<PermissionSet>(r#"["conversations:fly"]"#).is_err());
    }

    #[test]
    fn a_permission_is_read_back_from_its_word_and_no_other_word_is_one() {
        for permission in Permission::ALL {
            let json = serde_json::to_string(permission).unwrap();
            assert_eq!(json, format!("\"{}\"", permission.as_str()));
            assert_eq!(serde_json::from_str(&json).ok(), Some(*permission));
        }
        for word in [
            "",
            "*",
            "conversations",
            "conversations:",
            "conversations:*",
            "Conversations:read",
            "conversations:read ",
            "conversations:delete",
        ] {
            assert_eq!(
                word.parse::<Permission>(),
                Err(UnknownPermission),
                "{word:?}"
            );
        }
    }

    #[test]
    fn stored_roles_keep_their_words() {
        let words = ["read_only", "agent", "manager", "admin", "owner"];
        for (role, word) in Role::ALL.into_iter().zip(words) {
            assert_eq!(serde_json::to_value(role).unwrap(), word);
        }
    }
}
