//! What an entry says, and the bytes that its hash is of.

use edgedesk_domain::ids::{AccountId, UserId};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hash::Hash;

/// The version of [`Entry::canonical_bytes`] that new entries have. Another layout gets another number; entries of old
/// versions stay as they are.
pub const VERSION: u8 = 1;

/// The first bytes of version 1: no Merkle node, which begins with 0 or 1, can be mistaken for an entry.
const MAGIC_1: &[u8] = b"edgedesk/audit/1";

/// The length that stands for a field that is not there.
const ABSENT: u32 = u32::MAX;

/// Most characters of an id, a word or an address in an entry. Ids of ours have 30.
const MAX_CHARS: usize = 100;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Actor {
    /// A person with a login.
    User {
        /// Who.
        id: UserId,
    },
    /// A machine with an API key.
    ApiKey {
        /// The key's id, never the key.
        id: String,
    },
    /// Edgedesk itself.
    System,
    /// Nobody we know: a login that failed.
    Anonymous,
}

impl Actor {
    /// The word of its kind, and its id if it has one.
    #[must_use]
    pub fn parts(&self) -> (&'static str, Option<String>) {
        match self {
            Self::User { id } => ("user", Some(id.to_string())),
            Self::ApiKey { id } => ("api_key", Some(id.clone())),
            Self::System => ("system", None),
            Self::Anonymous => ("anonymous", None),
        }
    }
}

/// On what it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// A word such as `conversation`.
    pub kind: String,
    /// Which; absent for all of the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Succeeded,
    /// It was not allowed.
    Refused,
    /// Something of ours broke: it may have been done or not.
    Failed,
}

impl Outcome {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What happened, before it has a place in the log. Holds no words of customers or agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Names this happening: a repeat is dropped. The request's id, where a request did it.
    pub id: String,
    /// Who did it.
    pub actor: Actor,
    /// What, as `noun.past_participle`.
    pub action: String,
    /// On what.
    pub resource: Resource,
    /// How it ended.
    pub outcome: Outcome,
    /// The request, as its log line has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The network it came from, see [`truncate_ip`](crate::ip::truncate_ip).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

/// Why a record cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecord {
    /// The action is not two words of `a`-`z` and `_` with a dot between them.
    #[error("the action is not of the form noun.past_participle")]
    Action,
    /// A field is empty, too long, or has a character that is no visible ASCII.
    #[error("the {0} is not 1 to {MAX_CHARS} visible ASCII characters")]
    Field(&'static str),
}

impl Record {
    /// Whether its fields are what they say.
    ///
    /// # Errors
    ///
    /// The first field that is not.
    pub fn check(&self) -> Result<(), InvalidRecord> {
        let (_, actor_id) = self.actor.parts();
        let fields = [
            ("id", Some(self.id.as_str())),
            ("actor's id", actor_id.as_deref()),
            ("action", Some(self.action.as_str())),
            ("resource's kind", Some(self.resource.kind.as_str())),
            ("resource's id", self.resource.id.as_deref()),
            ("request's id", self.request_id.as_deref()),
            ("address", self.ip.as_deref()),
        ];
        for (name, value) in fields {
            if value.is_some_and(|value| !is_plain(value)) {
                return Err(InvalidRecord::Field(name));
            }
        }
        let is_word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        match self.action.split_once('.') {
            Some((noun, participle)) if is_word(noun) && is_word(participle) => Ok(()),
            _ => Err(InvalidRecord::Action),
        }
    }
}

/// Whether a text may stand in an entry: what a person can read, of bounded length, with one spelling everywhere.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    (1..=MAX_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// One entry of an account's log. In JSON its fields stand in this order and without spaces, so that a line of an export
/// has one spelling too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The layout of the canonical bytes: 1.
    pub version: u8,
    /// Whose log it is in.
    pub account_id: AccountId,
    /// Its place: 1, 2, 3 … without a gap.
    pub seq: u64,
    /// When the log took it, within seconds of its happening. Never earlier than the entry before.
    pub at: Timestamp,
    /// Names the happening.
    pub id: String,
    /// Who did it.
    pub actor: Actor,
    /// What, as `noun.past_participle`.
    pub action: String,
    /// On what.
    pub resource: Resource,
    /// How it ended.
    pub outcome: Outcome,
    /// The request, as its log line has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The network it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The hash of the entry before; zeros for the first.
    pub previous_hash: Hash,
    /// SHA-256 of the canonical bytes, which hold everything above.
    pub hash: Hash,
}

impl Entry {
    /// The entry that follows one whose hash is `previous_hash`.
    #[must_use]
    pub fn seal(
        account_id: AccountId,
        seq: u64,
        at: Timestamp,
        record: Record,
        previous_hash: Hash,
    ) -> Self {
        let mut entry = Self {
            version: VERSION,
            account_id,
            seq,
            at,
            id: record.id,
            actor: record.actor,
            action: record.action,
            resource: record.resource,
            outcome: record.outcome,
            request_id: record.request_id,
            ip: record.ip,
            previous_hash,
            hash: Hash::ZERO,
        };
        entry.hash = entry.computed_hash();
        entry
    }

    /// What [`Self::hash`] has to be.
    #[must_use]
    pub fn computed_hash(&self) -> Hash {
        Hash::of(&[&self.canonical_bytes()])
    }

    /// Version 1: `edgedesk/audit/1`, then `seq` and the time in Unix milliseconds as big-endian u64, then the 32 bytes of the
    /// previous hash, then ten fields, each a big-endian u32 with its length in bytes and its UTF-8 bytes, or `ff ff ff ff` when
    /// it is absent: account, id, actor's kind, actor's id, action, resource's kind, resource's id, outcome, request's id,
    /// address. Lengths stand before fields, so no two entries have the same bytes.
    #[must_use]
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let account_id = self.account_id.to_string();
        let (actor_kind, actor_id) = self.actor.parts();
        let fields = [
            Some(account_id.as_str()),
            Some(self.id.as_str()),
            Some(actor_kind),
            actor_id.as_deref(),
            Some(self.action.as_str()),
            Some(self.resource.kind.as_str()),
            self.resource.id.as_deref(),
            Some(self.outcome.as_str()),
            self.request_id.as_deref(),
            self.ip.as_deref(),
        ];
        let mut bytes = Vec::with_capacity(320);
        bytes.extend_from_slice(MAGIC_1);
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        // A `Timestamp` is never negative.
        bytes.extend_from_slice(&self.at.millis().to_be_bytes());
        bytes.extend_from_slice(self.previous_hash.as_bytes());
        for field in fields {
            // No text has 4 GiB; a length that did not fit would read as absent.
            let length = field.map_or(ABSENT, |text| u32::try_from(text.len()).unwrap_or(ABSENT));
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field.unwrap_or_default().as_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    fn record() -> Record {
        Record {
            id: "req_00000000000000000000000009".to_owned(),
            actor: Actor::User {
                id: UserId::new(Ulid::from(2)),
            },
            action: "message.sent".to_owned(),
            resource: Resource {
                kind: "conversation".to_owned(),
                id: Some("cnv_00000000000000000000000003".to_owned()),
            },
            outcome: Outcome::Succeeded,
            request_id: Some("req_00000000000000000000000009".to_owned()),
            ip: Some("203.0.113.0".to_owned()),
        }
    }

    fn seal(seq: u64, record: Record, previous_hash: Hash) -> Entry {
        Entry::seal(
            AccountId::new(Ulid::from(1)),
            seq,
            Timestamp::from_millis(1_736_331_127_672),
            record,
            previous_hash,
        )
    }

    /// Hashes of stored logs are of these bytes: a change here breaks every chain. The bytes were put together by hand, and
    /// the hashes computed with Python's `hashlib`; `web/console/test/audit.test.ts` pins the same ones.
    #[test]
    fn the_canonical_bytes_never_change() {
        let first = seal(1, record(), Hash::ZERO);
        let expected = [
            hex::encode("edgedesk/audit/1"),
            "0000000000000001".to_owned(),
            "0000019445666b78".to_owned(),
            "00".repeat(32),
            field("acc_00000000000000000000000001"),
            field("req_00000000000000000000000009"),
            field("user"),
            field("usr_00000000000000000000000002"),
            field("message.sent"),
            field("conversation"),
            field("cnv_00000000000000000000000003"),
            field("succeeded"),
            field("req_00000000000000000000000009"),
            field("203.0.113.0"),
        ];
        assert_eq!(hex::encode(first.canonical_bytes()), expected.concat());
        assert_eq!(first.hash.to_string(), FIRST);

        let nobody = Record {
            id: "x".to_owned(),
            actor: Actor::Anonymous,
            action: "login.failed".to_owned(),
            resource: Resource {
                kind: "session".to_owned(),
                id: None,
            },
            outcome: Outcome::Refused,
            request_id: None,
            ip: None,
        };
        let second = seal(2, nobody, first.hash);
        assert_eq!(second.hash.to_string(), SECOND);
    }

    const FIRST: &str = "00d63f3e55327b286ca54f09ec623ea1f78c55342695b0d7f4f2febd6298827e";
    const SECOND: &str = "e5b2ea2250795c5b45e67d50eadb9344d8b390bedfa28ec35f0f7d23a98b1478";

    fn field(text: &str) -> String {
        format!("{:08x}{}", text.len(), hex::encode(text))
    }

    #[test]
    fn the_json_of_an_entry_never_changes() {
        let entry = seal(1, record(), Hash::ZERO);
        let json = serde_json::to_string(&entry).unwrap();
        assert_eq!(
            json,
            format!(
                "{{\"version\":1,\"account_id\":\"acc_00000000000000000000000001\",\"seq\":1,\"at\":\"2025-01-08T10:12:07.672Z\",\
                \"id\":\"req_00000000000000000000000009\",\"actor\":{{\"kind\":\"user\",\"id\":\"usr_00000000000000000000000002\"}},\
                \"action\":\"message.sent\",\"resource\":{{\"kind\":\"conversation\",\"id\":\"cnv_00000000000000000000000003\"}},\
                \"outcome\":\"succeeded\",\"request_id\":\"req_00000000000000000000000009\",\"ip\":\"203.0.113.0\",\
                \"previous_hash\":\"{}\",\"hash\":\"{FIRST}\"}}",
                "0".repeat(64)
            )
        );
        assert_eq!(serde_json::from_str::<Entry>(&json).unwrap(), entry);
    }

    #[test]
    fn every_field_makes_a_difference() {
        let entry = seal(1, record(), Hash::ZERO);
        let edits: [fn(&mut Entry); 12] = [
            |entry| entry.account_id = AccountId::new(Ulid::from(7)),
            |entry| entry.seq += 1,
            |entry| entry.at = entry.at.plus_millis(1),
            |entry| entry.id.push('0'),
            |entry| entry.actor = Actor::System,
            |entry| entry.action.push('e'),
            |entry| entry.resource.kind.push('s'),
            |entry| entry.resource.id = None,
            |entry| entry.outcome = Outcome::Failed,
            |entry| entry.request_id = Some(String::new()),
            |entry| entry.ip = None,
            |entry| entry.previous_hash = Hash::of(&[b"x"]),
        ];
        for (n, edit) in edits.iter().enumerate() {
            let mut changed = entry.clone();
            edit(&mut changed);
            assert_ne!(changed.computed_hash(), entry.hash, "{n}");
        }
        // A character that moves from one field to the next.
        let mut moved = entry.clone();
        moved.resource.kind.pop();
        moved.resource.id = moved.resource.id.map(|id| format!("n{id}"));
        assert_ne!(moved.computed_hash(), entry.hash);
    }

    #[test]
    fn a_record_holds_words_and_ids_only() {
        assert_eq!(record().check(), Ok(()));
        for action in [
            "",
            "sent",
            "message.",
            ".sent",
            "Message.sent",
            "message.sent.twice",
            "message sent",
        ] {
            let record = Record {
                action: action.to_owned(),
                ..record()
            };
            assert!(record.check().is_err(), "{action:?}");
        }
        for id in ["", "two words", "é", "a\0b", &"x".repeat(101)] {
            let record = Record {
                id: id.to_owned(),
                ..record()
            };
            assert_eq!(record.check(), Err(InvalidRecord::Field("id")), "{id:?}");
        }
        let record = Record {
            resource: Resource {
                kind: "conversation".to_owned(),
                id: Some("my parcel".to_owned()),
            },
            ..record()
        };
        assert_eq!(record.check(), Err(InvalidRecord::Field("resource's id")));
    }
}
