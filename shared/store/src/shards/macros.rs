//! Macros and templates: answers that an account has written once for a case.

use edgedesk_domain::account::Channel;
use edgedesk_domain::ids::MacroId;
use edgedesk_domain::macros::Macro;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::macros::{MacroBody, MacroView};
use serde::{Deserialize, Serialize};

use super::AccountStore;
use crate::database::{Database, Row, Statement, StoreError, Value};

/// Most macros of an account.
pub const MAX_MACROS: u32 = 500;

const LIST: &str = "
    SELECT account_id, id, kind, title, content, created_at, updated_at FROM macros WHERE account_id = ?1
    ORDER BY title_key LIMIT ?2";
const FIND: &str = "
    SELECT account_id, id, kind, title, content, created_at, updated_at FROM macros WHERE account_id = ?1 AND id = ?2";
const FIND_TITLE: &str =
    "SELECT account_id, id FROM macros WHERE account_id = ?1 AND title_key = ?2";
const INSERT: &str = "
    INSERT INTO macros (account_id, id, revision, kind, title, title_key, content, created_at, updated_at)
    SELECT ?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?7 WHERE (SELECT count(*) FROM macros WHERE account_id = ?1) < ?8
    ON CONFLICT DO NOTHING RETURNING account_id, id";
const UPDATE: &str = "
    UPDATE OR IGNORE macros SET revision = revision + 1, kind = ?3, title = ?4, title_key = ?5, content = ?6, updated_at = ?7,
      vector = NULL, model = NULL
    WHERE account_id = ?1 AND id = ?2
      AND NOT EXISTS (SELECT 1 FROM macros o WHERE o.account_id = ?1 AND o.title_key = ?5 AND o.id <> ?2)
    RETURNING account_id, id";
const DELETE: &str =
    "DELETE FROM macros WHERE account_id = ?1 AND id = ?2 RETURNING account_id, id";

const LIST_TO_MATCH: &str = "
    SELECT account_id, id, kind, title, content, created_at, updated_at, revision, vector, model FROM macros
    WHERE account_id = ?1 ORDER BY title_key LIMIT ?2";
// Only of the text that it was made of.
const SET_VECTOR: &str = "
    UPDATE macros SET revision = revision + 1, vector = ?4, model = ?5
    WHERE account_id = ?1 AND id = ?2 AND revision = ?3";

#[cfg(test)]
pub(crate) const READS: [&str; 8] = [
    LIST,
    FIND,
    FIND_TITLE,
    INSERT,
    UPDATE,
    DELETE,
    LIST_TO_MATCH,
    SET_VECTOR,
];

/// A macro as messages are compared with it.
#[derive(Debug, Clone, PartialEq)]
pub struct MacroToMatch {
    /// What it says, with what became of it.
    pub content: Macro,
    /// Which text of it this is.
    pub revision: u64,
    /// The embedding of title and text, an 8-bit row in Base64, and the model that made it, as `id@version`.
    pub vector: Option<(String, String)>,
}

/// Why a macro was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MacroError {
    /// There is no such macro.
    #[error("there is no such macro")]
    NotFound,
    /// Another one of the same language has the title.
    #[error("the title is taken")]
    TitleTaken,
    /// The account has [`MAX_MACROS`].
    #[error("an account has at most {MAX_MACROS} macros")]
    TooMany,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The column `content`.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    text: String,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    channels: Vec<Channel>,
    #[serde(default)]
    intents: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
}

impl<D: Database> AccountStore<'_, D> {
    /// The macros of the account by title, each with what became of it.
    pub async fn list_macros(&self) -> Result<Vec<MacroView>, StoreError> {
        let parameters = [self.account(), Value::Int(MAX_MACROS.into())];
        let rows = self.database.query(LIST, &parameters).await?;
        let outcomes = self.macro_outcomes().await?;
        rows.iter()
            .map(|row| {
                let mut view = view(row)?;
                view.content.outcomes = outcomes.get(&view.content.id).copied().unwrap_or_default();
                Ok(view)
            })
            .collect()
    }

    /// One macro, with what became of it.
    pub async fn find_macro(&self, id: MacroId) -> Result<Option<MacroView>, StoreError> {
        let key = [self.account(), Value::text(id)];
        let rows = self.database.query(FIND, &key).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let mut view = view(row)?;
        let outcomes = self.macro_outcomes().await?;
        view.content.outcomes = outcomes.get(&id).copied().unwrap_or_default();
        Ok(Some(view))
    }

    /// The macros of the account, as messages are compared with them.
    pub async fn list_macros_to_match(&self) -> Result<Vec<MacroToMatch>, StoreError> {
        let parameters = [self.account(), Value::Int(MAX_MACROS.into())];
        let rows = self.database.query(LIST_TO_MATCH, &parameters).await?;
        let outcomes = self.macro_outcomes().await?;
        rows.iter()
            .map(|row| {
                let mut content = view(row)?.content;
                content.outcomes = outcomes.get(&content.id).copied().unwrap_or_default();
                let vector = row
                    .optional_text("vector")?
                    .zip(row.optional_text("model")?);
                Ok(MacroToMatch {
                    content,
                    revision: row.uint("revision")?,
                    vector: vector.map(|(vector, model)| (vector.to_owned(), model.to_owned())),
                })
            })
            .collect()
    }

    /// Keeps the embeddings of macros: of each its id, the revision of its text, the row and the model. One that has another text
    /// by now is left alone.
    pub async fn set_macro_vectors(
        &self,
        vectors: &[(MacroId, u64, &str)],
        model: &str,
    ) -> Result<(), StoreError> {
        let statements = vectors.iter().map(|(id, revision, vector)| {
            let parameters = vec![
                self.account(),
                Value::text(id),
                Value::uint(*revision)?,
                Value::text(vector),
                Value::text(model),
            ];
            Ok(Statement::new(SET_VECTOR, parameters))
        });
        let statements = statements.collect::<Result<Vec<_>, StoreError>>()?;
        if !statements.is_empty() {
            self.database.batch(statements).await?;
        }
        Ok(())
    }

    /// Stores a new macro, which has been checked.
    pub async fn add_macro(
        &self,
        id: MacroId,
        body: &MacroBody,
        now: Timestamp,
    ) -> Result<(), MacroError> {
        let mut parameters = self.columns(id, body, now);
        parameters.push(Value::Int(MAX_MACROS.into()));
        if !self.database.query(INSERT, &parameters).await?.is_empty() {
            Ok(())
        } else if self.is_title_taken(body).await? {
            Err(MacroError::TitleTaken)
        } else {
            Err(MacroError::TooMany)
        }
    }

    /// Stores another text of a macro, which has been checked.
    pub async fn change_macro(
        &self,
        id: MacroId,
        body: &MacroBody,
        now: Timestamp,
    ) -> Result<(), MacroError> {
        let parameters = self.columns(id, body, now);
        if !self.database.query(UPDATE, &parameters).await?.is_empty() {
            Ok(())
        } else if self.find_macro(id).await?.is_some() {
            Err(MacroError::TitleTaken)
        } else {
            Err(MacroError::NotFound)
        }
    }

    /// Deletes a macro. Whether it was there.
    pub async fn delete_macro(&self, id: MacroId) -> Result<bool, StoreError> {
        let key = [self.account(), Value::text(id)];
        Ok(!self.database.query(DELETE, &key).await?.is_empty())
    }

    fn columns(&self, id: MacroId, body: &MacroBody, now: Timestamp) -> Vec<Value> {
        let content = Content {
            text: body.text.clone(),
            language: body.language.clone(),
            channels: body.channels.clone(),
            intents: body.intents.clone(),
            categories: body.categories.clone(),
        };
        vec![
            self.account(),
            Value::text(id),
            Value::text(body.kind.as_str()),
            Value::text(&body.title),
            Value::Text(title_key(body)),
            Value::Text(crate::json(&content)),
            Value::time(now),
        ]
    }

    async fn is_title_taken(&self, body: &MacroBody) -> Result<bool, StoreError> {
        let key = [self.account(), Value::Text(title_key(body))];
        Ok(!self.database.query(FIND_TITLE, &key).await?.is_empty())
    }
}

/// The title first, so that a list in this order is one by title.
fn title_key(body: &MacroBody) -> String {
    let language = body.language.as_deref().unwrap_or("");
    format!("{}\u{1f}{language}", body.title.to_lowercase())
}

fn view(row: &Row) -> Result<MacroView, StoreError> {
    let content: Content = row.json("content")?;
    Ok(MacroView {
        content: Macro {
            id: row.parsed("id")?,
            kind: row.word("kind")?,
            title: row.text("title")?.to_owned(),
            text: content.text,
            language: content.language,
            channels: content.channels,
            intents: content.intents,
            categories: content.categories,
            outcomes: edgedesk_domain::macros::SuggestionOutcomes::default(),
        },
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
