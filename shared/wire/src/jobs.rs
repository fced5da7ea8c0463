//! Requests to the jobs Worker. Only our own Workers and tools reach it, over a service binding; the caller has checked
//! that the account is theirs to act on.

use std::collections::BTreeMap;

use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{AccountId, ArticleId};
use serde::{Deserialize, Serialize};

use crate::articles::{ImportFile, SourceOutcome};

/// Name of the service binding to the jobs Worker.
pub const BINDING: &str = "JOBS";
/// `POST`: [`RebuildRequest`] to [`RebuildResponse`].
pub const REBUILD_PATH: &str = "/rebuild";
/// `GET ?account_id=`: [`ChecksumResponse`].
pub const CHECKSUM_PATH: &str = "/checksum";
/// `POST`: [`RetryParkedRequest`] to [`RetryParkedResponse`]; 404 when there is no such message.
pub const RETRY_PARKED_PATH: &str = "/parked/retry";
/// `POST`: [`ReadImportRequest`] to [`ReadImportResponse`].
pub const READ_IMPORT_PATH: &str = "/imports/read";
/// `GET`: [`ConfiguredGenerators`](crate::generators::ConfiguredGenerators).
pub const GENERATORS_PATH: &str = "/generators";
/// `POST`: [`ReadSourceRequest`] to [`ReadSourceResponse`].
pub const READ_SOURCE_PATH: &str = "/sources/read";
/// `GET`: [`HealthResponse`].
pub const HEALTH_PATH: &str = "/health";

/// What one isolate of the jobs Worker has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthResponse {
    /// Milliseconds from the logging of the oldest event of the last batch to its rows in D1; absent before any batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projection_lag_ms: Option<i64>,
}

/// Rebuild the read model of an account from its conversations' logs, one page at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuildRequest {
    /// The account.
    pub account_id: AccountId,
    /// `next_after` of the page before. Absent for the first page, which deletes the account's rows.
    #[serde(default)]
    pub after: Option<u64>,
    /// Conversations in this page, 1 to 100; absent for 20.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page was rebuilt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuildResponse {
    /// Conversations that were projected again.
    pub rebuilt: u64,
    /// Where to go on; absent when all is done.
    pub next_after: Option<u64>,
}

/// A digest over the projected rows of an account: equal digests, equal rows, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecksumResponse {
    /// The account.
    pub account_id: AccountId,
    /// SHA-256 over all rows in the order of their keys, as hexadecimal digits.
    pub checksum: String,
    /// Rows by table.
    pub n_rows: BTreeMap<String, u64>,
}

/// Try a parked message again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryParkedRequest {
    /// The account.
    pub account_id: AccountId,
    /// The message's id in the list of parked messages.
    pub id: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryParkedResponse {
    /// Whether it has been handled now, and is no longer parked.
    pub handled: bool,
    /// Why not, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Read the articles in files and behind addresses. What is read there is large, and so is the code that reads it: neither belongs
/// into the isolate that holds conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadImportRequest {
    /// The account, for logs.
    pub account_id: AccountId,
    /// Files.
    pub files: Vec<ImportFile>,
    /// Addresses.
    pub urls: Vec<String>,
}

/// What stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadImportResponse {
    /// A row for each article, those of the files first.
    pub rows: Vec<ReadRow>,
}

/// Read the page that an article is from, now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadSourceRequest {
    /// The account.
    pub account_id: AccountId,
    /// The article.
    pub article_id: ArticleId,
    /// Whether its text takes the place of what a person wrote since.
    pub overwrite: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadSourceResponse {
    /// Absent for an article that is from no page, or is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<SourceOutcome>,
}

/// One article of a file or an address, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRow {
    /// The file's path, or the address.
    pub source: String,
    /// What the article is known by when it is imported again: the path or the address, and in a table what tells its rows apart.
    pub key: String,
    /// The line in the file, from 1, where it begins; absent where the file is one article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Its title, also of one that is broken otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// It, or a sentence about what is wrong.
    pub result: Result<ReadArticle, String>,
}

/// An article as a file or a page has it; nothing of it is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadArticle {
    /// Its title.
    pub title: String,
    /// Its Markdown.
    pub body: String,
    /// Its language, if it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The name of its category, if it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Its state, if it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ArticleState>,
    /// A hash of all of this: the same when the source says the same.
    pub fingerprint: String,
}
