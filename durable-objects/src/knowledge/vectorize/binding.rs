//! Vectorize as a Worker sees it: what the binding takes and gives, and its limits.
//!
//! Limits are those of Vectorize's documentation ("Limits", "Vectorize API"), but for the two that it does not name: more ids than
//! [`MAX_GET`] or [`MAX_DELETE`] are answered with error 40007, "too many ids in payload; max id count is …".

use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::host::HostError;

/// Most vectors of one upsert from a Worker.
pub const MAX_UPSERT: usize = 1_000;
/// Most ids of one deletion.
pub const MAX_DELETE: usize = 100;
/// Most ids of one reading.
pub const MAX_GET: usize = 20;
/// Most matches of one query that asks for neither values nor metadata.
pub const MAX_TOP_K: usize = 100;
/// Most bytes of an id, and of a namespace's name.
pub const MAX_NAME_BYTES: usize = 64;

/// A vector as it is written. There is no metadata: nothing is filtered by it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewVector {
    /// Unique in the whole index, at most [`MAX_NAME_BYTES`].
    pub id: String,
    /// At most [`MAX_NAME_BYTES`].
    pub namespace: String,
    /// As many as the index has dimensions.
    pub values: Vec<f32>,
}

/// What of a query is no vector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryOptions {
    /// 1 to [`MAX_TOP_K`].
    pub top_k: usize,
    /// Only vectors of this namespace.
    pub namespace: String,
    /// False: with them there are fewer matches.
    pub return_values: bool,
    /// `none`, for the same reason.
    pub return_metadata: &'static str,
}

/// A vector that is near.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Match {
    /// Its id.
    pub id: String,
    /// The cosine, -1 to 1, in an index of metric `cosine`; an approximation where no values are asked for.
    pub score: f32,
}

/// A vector that was read by its id.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredVector {
    /// Its id.
    pub id: String,
    /// Its values.
    pub values: Vec<f32>,
}

/// How far the index has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Described {
    /// Values of each vector.
    pub dimensions: u32,
    /// Vectors in it, of all accounts.
    pub vector_count: u64,
    /// The mutation that was processed last, of whichever account; those before it are processed, too.
    pub processed_up_to_mutation: Option<String>,
    /// When that one was made.
    pub processed_up_to: Option<Timestamp>,
}

/// The binding. Mutations are queued: what they say is read only when [`Described`] has reached them.
#[expect(async_fn_in_trait, reason = "objects are single-threaded")]
pub trait VectorizeBinding {
    /// Writes at most [`MAX_UPSERT`] vectors, each in the place of one with its id. Gives the mutation's id.
    async fn upsert(&self, vectors: &[NewVector]) -> Result<String, HostError>;

    /// Deletes at most [`MAX_DELETE`] vectors. Gives the mutation's id.
    async fn delete_by_ids(&self, ids: &[String]) -> Result<String, HostError>;

    /// The nearest vectors, nearest first.
    async fn query(&self, vector: &[f32], options: &QueryOptions) -> Result<Vec<Match>, HostError>;

    /// Those of at most [`MAX_GET`] vectors that are there, in any order.
    async fn get_by_ids(&self, ids: &[String]) -> Result<Vec<StoredVector>, HostError>;

    /// How far it has come.
    async fn describe(&self) -> Result<Described, HostError>;
}

/// Reads the mutation id of an upsert's or a deletion's answer.
pub fn mutation_of(json: &str) -> Result<String, HostError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Mutation {
        mutation_id: String,
    }
    let mutation: Mutation = read(json)?;
    Ok(mutation.mutation_id)
}

/// Reads the matches of a query's answer.
pub fn matches_of(json: &str) -> Result<Vec<Match>, HostError> {
    #[derive(Deserialize)]
    struct Matches {
        matches: Vec<Match>,
    }
    let matches: Matches = read(json)?;
    Ok(matches.matches)
}

/// Reads what `describe` answers.
///
/// The documented types call the two last fields numbers, their comments a UUID and an ISO 8601 time: both are read, a number as
/// milliseconds. An index that nothing was written to has neither.
pub fn described_of(json: &str) -> Result<Described, HostError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Info {
        dimensions: u32,
        #[serde(default, alias = "vectorsCount")]
        vector_count: u64,
        #[serde(default)]
        processed_up_to_mutation: Value,
        #[serde(default)]
        processed_up_to_datetime: Value,
    }
    let info: Info = read(json)?;
    let processed_up_to_mutation = match info.processed_up_to_mutation {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let processed_up_to = match info.processed_up_to_datetime {
        Value::String(text) => Timestamp::parse(&text).ok(),
        Value::Number(number) => number.as_i64().map(Timestamp::from_millis),
        _ => None,
    };
    Ok(Described {
        dimensions: info.dimensions,
        vector_count: info.vector_count,
        processed_up_to_mutation,
        processed_up_to,
    })
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, HostError> {
    serde_json::from_str(json)
        .map_err(|error| HostError(format!("Vectorize answered something else: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_has_the_documented_names() {
        let vector = NewVector {
            id: "a:1:2001".into(),
            namespace: "a:1".into(),
            values: vec![0.5, -0.25],
        };
        assert_eq!(
            serde_json::to_string(&vector).unwrap(),
            r#"{"id":"a:1:2001","namespace":"a:1","values":[0.5,-0.25]}"#
        );
        let options = QueryOptions {
            top_k: 100,
            namespace: "a:1".into(),
            return_values: false,
            return_metadata: "none",
        };
        assert_eq!(
            serde_json::to_string(&options).unwrap(),
            r#"{"topK":100,"namespace":"a:1","returnValues":false,"returnMetadata":"none"}"#
        );
    }

    #[test]
    fn documented_answers_are_read() {
        assert_eq!(
            mutation_of(r#"{"mutationId":"0001"}"#),
            Ok("0001".to_owned())
        );
        let matches = r#"{"count":1,"matches":[{"id":"a:1:2001","score":0.75}]}"#;
        let expected = Match {
            id: "a:1:2001".into(),
            score: 0.75,
        };
        assert_eq!(matches_of(matches), Ok(vec![expected]));
        for bad in ["", "{}", "null", r#"{"matches":[{"id":1}]}"#] {
            assert!(mutation_of(bad).is_err() && matches_of(bad).is_err());
        }
        assert!(described_of("{}").is_err());
    }

    #[test]
    fn how_far_it_is_comes_as_texts_or_as_numbers_or_not_at_all() {
        let read = |mutation: &str, time: &str| {
            let json = format!(
                r#"{{"dimensions":384,"vectorCount":7,"processedUpToMutation":{mutation},"processedUpToDatetime":{time}}}"#
            );
            let described = described_of(&json).unwrap();
            assert_eq!((described.dimensions, described.vector_count), (384, 7));
            (
                described.processed_up_to_mutation,
                described.processed_up_to.map(Timestamp::millis),
            )
        };
        let time = r#""1970-01-01T00:00:01.500Z""#;
        assert_eq!(read(r#""m""#, time), (Some("m".to_owned()), Some(1_500)));
        assert_eq!(read("12", "1500"), (Some("12".to_owned()), Some(1_500)));
        assert_eq!(read("null", "null"), (None, None));
        assert_eq!(read(r#""""#, r#""soon""#), (None, None));
        assert_eq!(described_of(r#"{"dimensions":3}"#).unwrap().vector_count, 0);
    }
}
