//! Requests to the `Audit` object of an account, and the answers of the audit API, which are the same.

use edgedesk_audit::day::Day;
use edgedesk_audit::entry::{Entry, Record};
use edgedesk_audit::hash::Hash;
use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Namespace binding of the `Audit` objects.
pub const BINDING: &str = "AUDITS";

/// `POST`: [`AppendRequest`] to [`Appended`].
pub const APPEND_PATH: &str = "/append";
/// `POST`: [`EntryFilter`] to [`EntryList`].
pub const LIST_PATH: &str = "/list";
/// `GET ?before=&limit=`: [`RootList`].
pub const ROOTS_PATH: &str = "/roots";
/// `GET ?seq=`: [`InclusionProof`]; 404 when there is no such entry.
pub const INCLUSION_PATH: &str = "/proofs/inclusion";
/// `GET ?day=&from=&to=`: [`ConsistencyProof`]; `day` as a number, 404 when it has no entries.
pub const CONSISTENCY_PATH: &str = "/proofs/consistency";

/// The name, and so the address for ever, of an account's audit log.
#[must_use]
pub fn object_name(account_id: AccountId) -> String {
    format!("{account_id}:audit")
}

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppendRequest {
    /// What. A record whose id was seen is dropped.
    pub record: Record,
}

/// It is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// Its place; of the first one when this one is a duplicate.
    pub seq: u64,
    /// The entry's hash.
    pub hash: Hash,
    /// Whether it had been taken before.
    pub duplicate: bool,
}

/// The order of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EntryOrder {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first, as a verification reads them.
    Oldest,
}

/// Which entries; fields that are absent let all pass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntryFilter {
    /// Id of a user or an API key, or `system` or `anonymous`.
    pub actor: Option<String>,
    /// The whole action.
    pub action: Option<String>,
    /// Id of the resource.
    pub resource: Option<String>,
    /// Not before this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub to: Option<Timestamp>,
    /// The order.
    pub order: EntryOrder,
    /// Only what stands behind this entry in that order.
    pub after_seq: Option<u64>,
    /// Entries of a page, 1 to 1,000; 50 when absent.
    pub limit: Option<u64>,
}

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryList {
    /// In the order that was asked for.
    pub entries: Vec<Entry>,
    /// For `?cursor=`; absent at the end.
    pub next_cursor: Option<String>,
}

/// A day's Merkle tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DayRootView {
    /// The UTC day. Today's tree still grows.
    pub day: Day,
    /// Entries of the day: the size of the tree.
    pub n_entries: u64,
    /// The first entry of the day.
    pub first_seq: u64,
    /// The last entry of the day.
    pub last_seq: u64,
    /// The root of the tree over the hashes of the day's entries, as of RFC 9162, section 2.1.
    pub root: Hash,
    /// The hash of the last entry, which the chain goes on from.
    pub head_hash: Hash,
}

/// Days, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RootList {
    /// Days that have entries.
    pub roots: Vec<DayRootView>,
    /// For `?cursor=`; absent at the end.
    pub next_cursor: Option<String>,
}

/// Shows that an entry is in its day's tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InclusionProof {
    /// The entry. The leaf's data is its `hash`, 32 bytes.
    pub entry: Entry,
    /// Its day.
    pub day: Day,
    /// Its place in the day's tree, from 0.
    pub leaf_index: u64,
    /// The size of the tree.
    pub tree_size: u64,
    /// The root of the tree.
    pub root: Hash,
    /// From the leaf to the root (RFC 9162, section 2.1.3).
    pub path: Vec<Hash>,
}

/// Shows that a day's tree only grew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsistencyProof {
    /// The day.
    pub day: Day,
    /// The smaller tree.
    pub from: u64,
    /// The larger tree.
    pub to: u64,
    /// The root of the smaller one.
    pub from_root: Hash,
    /// The root of the larger one.
    pub to_root: Hash,
    /// RFC 9162, section 2.1.4.
    pub path: Vec<Hash>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_audit_log_never_changes() {
        let name = object_name("acc_00000000000000000000000001".parse().unwrap());
        assert_eq!(name, "acc_00000000000000000000000001:audit");
    }
}
