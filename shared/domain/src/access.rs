//! Who may do what: every permission with its resource, its action and the least role that has it. The table below is the
//! only place that says so; routes, objects and the scopes of API keys read it.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
    /// Where messages arrive.
    Inboxes,
    /// The account's own intents, and the models.
    Intents,
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
    /// See inboxes, without their secrets.
    ReadInboxes = Inboxes Read, "inboxes:read", ReadOnly;
    /// Make and change inboxes.
    ManageInboxes = Inboxes Manage, "inboxes:manage", Admin;
    /// See own intents and models, try them out.
    ReadIntents = Intents Read, "intents:read", ReadOnly;
    /// Teach the account's own intents: change, train, roll back.
    ManageIntents = Intents Manage, "intents:manage", Manager;
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
    /// See the account's settings.
    ReadAccount = Account Read, "account:read", Admin;
    /// Change the account's settings.
    ManageAccount = Account Manage, "account:manage", Owner;
}

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
inboxes:read          r g m a o
inboxes:manage        - - - a o
intents:read          r g m a o
intents:manage        - - m a o
analytics:read        r g m a o
integrations:read     - - - a o
integrations:manage   - - - a o
api_keys:read         - - - a o
api_keys:manage       - - - a o
audit:read            - - - a o
privacy:read          - - - a o
privacy:manage        - - - a o
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

    #[test]
    fn a_word_is_the_resource_and_the_action_of_its_permission_and_no_two_are_the_same() {
        let mut cells = BTreeSet::new();
        for permission in Permission::ALL {
            let resource = match permission.resource() {
                Resource::ApiKeys => "api_keys".to_owned(),
                resource => format!("{resource:?}").to_lowercase(),
            };
            let action = format!("{:?}", permission.action()).to_lowercase();
            assert_eq!(permission.as_str(), format!("{resource}:{action}"));
            assert!(cells.insert((permission.resource(), permission.action())));
        }
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
