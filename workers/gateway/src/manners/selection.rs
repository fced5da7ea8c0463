//! `?fields=`: which fields of an answer a caller wants.

use edgedesk_wire::fields::{Fields, FieldsError};
use serde::Deserialize;

use crate::error::AppError;

/// The names of all fields that answers of the API have, sorted: by them a wrong name is told from a field that an answer happens to
/// lack. `tests::every_field_of_an_answer_is_known` compares them with the API document and says what to change.
const NAMES: &str = include_str!("field_names.txt");

#[derive(Deserialize)]
struct FieldsQuery {
    fields: Option<String>,
}

/// The fields that a query names.
pub fn wanted(uri: &http::Uri) -> Result<Option<Fields>, AppError> {
    // Nearly nobody asks for any.
    if !uri.query().is_some_and(|query| query.contains("fields")) {
        return Ok(None);
    }
    let query = axum::extract::Query::<FieldsQuery>::try_from_uri(uri)
        .map_err(|rejection| AppError::bad_request("invalid_query", rejection.body_text()))?;
    let parsed = query.0.fields.map(|text| text.parse()).transpose();
    parsed.map_err(|error| refusal(&error))
}

/// The body with these fields alone; nothing where none are named.
pub fn select(fields: Option<Fields>, body: &[u8]) -> Result<Option<String>, AppError> {
    let Some(fields) = fields else {
        return Ok(None);
    };
    let text =
        std::str::from_utf8(body).map_err(|_| AppError::internal("an answer that is not UTF-8"))?;
    fields
        .select(text, is_known)
        .map(Some)
        .map_err(|error| refusal(&error))
}

fn refusal(error: &FieldsError) -> AppError {
    match error {
        FieldsError::Unknown(name) => {
            AppError::bad_request("unknown_field", error.to_string()).with_field("/fields", name)
        }
        FieldsError::NoName(_) | FieldsError::TooMany => {
            AppError::bad_request("invalid_query", error.to_string())
        }
        FieldsError::Unreadable(_) => AppError::internal(error.to_string()),
    }
}

fn is_known(name: &str) -> bool {
    NAMES.lines().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn collect(
        document: &Value,
        schema: &Value,
        names: &mut BTreeSet<String>,
        seen: &mut BTreeSet<String>,
    ) {
        match schema {
            Value::Object(members) => {
                for (key, value) in members {
                    if key == "properties" {
                        let properties = value.as_object().into_iter().flatten();
                        names.extend(properties.map(|(name, _)| name.clone()));
                    }
                    let reference = value.as_str().filter(|_| key == "$ref");
                    if let Some(reference) = reference
                        && seen.insert(reference.to_owned())
                        && let Some(pointed) = document.pointer(reference.trim_start_matches('#'))
                    {
                        collect(document, pointed, names, seen);
                    }
                    collect(document, value, names, seen);
                }
            }
            Value::Array(items) => {
                for item in items {
                    collect(document, item, names, seen);
                }
            }
            _ => {}
        }
    }

    /// To bring the file up to date, put the text of the failure into it.
    #[test]
    fn every_field_of_an_answer_is_known() {
        let document = serde_json::to_value(crate::openapi::document()).unwrap();
        let (mut names, mut seen) = (BTreeSet::new(), BTreeSet::new());
        for (_, item) in document["paths"].as_object().unwrap() {
            collect(
                &document,
                &item["get"]["responses"]["200"],
                &mut names,
                &mut seen,
            );
        }
        let names: Vec<String> = names.into_iter().collect();
        let written = names.join("\n");
        assert!(
            written == NAMES.trim_end(),
            "field_names.txt should be:\n{written}"
        );
    }

    #[test]
    fn a_query_names_fields_once() {
        let wanted = |uri: &str| wanted(&uri.parse().unwrap());
        assert_eq!(wanted("/x"), Ok(None));
        assert_eq!(wanted("/x?cursor=fields"), Ok(None));
        assert!(wanted("/x?fields=id%2Cstatus&limit=3").unwrap().is_some());
        for wrong in ["/x?fields=", "/x?fields=a&fields=b", "/x?fields=A"] {
            assert_eq!(wanted(wrong).unwrap_err().code, "invalid_query", "{wrong}");
        }
    }

    #[test]
    fn a_wrong_name_is_told() {
        let fields = "id,sttaus".parse().unwrap();
        let refused = select(Some(fields), br#"{"conversations":[]}"#).unwrap_err();
        assert_eq!(
            (refused.status.as_u16(), refused.code.as_str()),
            (400, "unknown_field")
        );
        assert_eq!(refused.errors[0].detail, "sttaus");
    }
}
