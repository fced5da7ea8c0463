//! Groups of questions that no article answers. Of what customers wrote a row holds where it stands, and no word.

use std::collections::BTreeMap;

use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{ArticleId, CategoryId, ConversationId, GapId};
use edgedesk_domain::message::{Actor, Message};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::gaps::{DraftedFrom, GapArticle, N_EXAMPLES};

use super::super::AccountStore;
use super::INSERT;
use crate::database::{Database, Row, Statement, StoreError, Value};
use crate::keys::MESSAGE_DATA;

/// Groups that are remembered: those that were seen last.
const MAX_KNOWN: u32 = 500;
/// Conversations of a page of questions: a text may have 100 kB.
const QUESTIONS_PAGE: u32 = 100;
/// Messages of a page of answers.
const ANSWERS_PAGE: u32 = 200;

// The first message of a customer is what they came with; what follows leans on what was said before.
const LIST_QUESTIONS: &str = "
    SELECT c.account_id, c.id AS conversation_id, c.created_at, m.seq, m.data, u.name, u.email,
      (SELECT a.category FROM analyses a WHERE a.account_id = ?1 AND a.conversation_id = c.id AND a.message_seq = m.seq
       ORDER BY a.seq DESC LIMIT 1) AS category,
      (SELECT a.language FROM analyses a WHERE a.account_id = ?1 AND a.conversation_id = c.id AND a.message_seq = m.seq
       ORDER BY a.seq DESC LIMIT 1) AS language
    FROM conversations c
    JOIN messages m ON m.account_id = ?1 AND m.conversation_id = c.id AND m.seq =
      (SELECT f.seq FROM messages f WHERE f.account_id = ?1 AND f.conversation_id = c.id AND f.direction = 'incoming'
       ORDER BY f.seq LIMIT 1)
    LEFT JOIN customers u ON u.account_id = ?1 AND u.id = c.customer_id
    WHERE c.account_id = ?1 AND c.created_at >= ?2 AND (c.created_at, c.id) < (?3, ?4) AND c.status <> 'hidden'
    ORDER BY c.created_at DESC, c.id DESC LIMIT ?5";
// What was answered where the matter is settled.
const LIST_ANSWERS: &str = "
    SELECT c.account_id, c.id AS conversation_id, m.seq, m.data, u.name, u.email FROM json_each(?2) asked
    JOIN conversations c ON c.account_id = ?1 AND c.id = asked.value AND c.status IN ('resolved', 'closed')
    JOIN messages m ON m.account_id = ?1 AND m.conversation_id = c.id AND m.direction = 'outgoing'
    LEFT JOIN customers u ON u.account_id = ?1 AND u.id = c.customer_id
    ORDER BY asked.key, m.seq LIMIT ?3";
const LIST_KNOWN: &str = "
    SELECT account_id, id, questions, centroid, length, model FROM article_gaps WHERE account_id = ?1
    ORDER BY seen_at DESC, id DESC LIMIT ?2";
const INSERT_GAP: &str = "
    INSERT INTO article_gaps (account_id, id, revision, article_id, medoid, questions, centroid, length, model, found_at, seen_at)
    SELECT ?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9
    WHERE EXISTS (SELECT 1 FROM articles a WHERE a.account_id = ?1 AND a.id = ?3)
    RETURNING account_id, id";
const SEE: &str = "
    UPDATE article_gaps SET revision = revision + 1, questions = ?3, centroid = ?4, length = ?5, model = ?6, seen_at = ?7
    WHERE account_id = ?1 AND id = ?2";
const DISMISS: &str = "
    UPDATE article_gaps SET revision = revision + 1, dismissed_at = ?3 WHERE account_id = ?1 AND id = ?2
    RETURNING account_id, id";
// Open ones of the last look alone: what an article answers by now is no gap any more.
const LIST: &str = "
    SELECT g.account_id, g.id, g.questions, g.found_at, g.seen_at, g.dismissed_at, a.id AS article_id, a.title, a.state
    FROM article_gaps g LEFT JOIN articles a ON a.account_id = ?1 AND a.id = g.article_id AND a.deleted_at IS NULL
    WHERE g.account_id = ?1 AND g.seen_at >= ?2 AND (g.dismissed_at IS NOT NULL) = ?3
    ORDER BY json_array_length(g.questions) DESC, g.id LIMIT ?4";
const LIST_EXAMPLES: &str = "
    SELECT c.account_id, c.id AS conversation_id, m.seq, m.data, u.name, u.email FROM json_each(?2) asked
    JOIN conversations c ON c.account_id = ?1 AND c.id = asked.value ->> 0 AND c.status <> 'hidden'
    JOIN messages m ON m.account_id = ?1 AND m.conversation_id = c.id AND m.seq = asked.value ->> 1
    LEFT JOIN customers u ON u.account_id = ?1 AND u.id = c.customer_id
    ORDER BY asked.key LIMIT 200";

#[cfg(test)]
pub(crate) const READS: [&str; 8] = [
    LIST_QUESTIONS,
    LIST_ANSWERS,
    LIST_KNOWN,
    INSERT_GAP,
    SEE,
    DISMISS,
    LIST,
    LIST_EXAMPLES,
];

/// Where a question stands.
pub type QuestionPlace = (ConversationId, u64);

/// What somebody wrote, with what is needed to mask it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where.
    pub place: QuestionPlace,
    /// The text, not masked.
    pub text: String,
    /// Names and addresses of the customer, and the name of whoever wrote it.
    pub names: Vec<String>,
}

/// The first message of a customer in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedQuestion {
    /// It.
    pub written: Written,
    /// Its category, as it was analysed.
    pub category: Option<String>,
    /// Its language, as it was analysed.
    pub language: Option<String>,
}

/// What is remembered of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its questions, that in the middle first.
    pub questions: Vec<QuestionPlace>,
    /// The direction of the mean of their embeddings: an 8-bit row in Base64.
    pub centroid: String,
    /// The length of that mean, 0 to 1.
    pub length: f64,
    /// The model of the embeddings.
    pub model: ModelRef,
}

/// The draft of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapDraft {
    /// Its id, a new one.
    pub id: ArticleId,
    /// Its title.
    pub title: String,
    /// Its Markdown.
    pub body: String,
    /// ISO 639-1.
    pub language: String,
    /// The category it stands under.
    pub category_id: Option<CategoryId>,
}

/// A group in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedGap {
    /// Its id.
    pub id: GapId,
    /// Its questions, that in the middle first.
    pub questions: Vec<QuestionPlace>,
    /// Its draft, unless that is deleted.
    pub article: Option<GapArticle>,
    /// When it was first found.
    pub found_at: Timestamp,
    /// When it was last found.
    pub seen_at: Timestamp,
    /// When it was dismissed.
    pub dismissed_at: Option<Timestamp>,
}

impl<D: Database> AccountStore<'_, D> {
    /// The first messages of customers in conversations that began at `since` or later, those that began last first, at most `limit`.
    pub async fn list_asked_questions(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<AskedQuestion>, StoreError> {
        let mut asked = Vec::new();
        let mut before = (
            Value::Int(i64::from(u32::MAX) * 1_000_000),
            Value::text("~"),
        );
        while asked.len() < limit {
            let parameters = [
                self.account(),
                Value::time(since),
                before.0.clone(),
                before.1.clone(),
                Value::Int(QUESTIONS_PAGE.into()),
            ];
            let rows = self.database.query(LIST_QUESTIONS, &parameters).await?;
            let Some(last) = rows.last() else {
                break;
            };
            before = (
                last.value("created_at")?.clone(),
                last.value("conversation_id")?.clone(),
            );
            for row in &rows {
                asked.push(AskedQuestion {
                    written: self.written(row).await?.0,
                    category: row.optional_text("category")?.map(str::to_owned),
                    language: row.optional_text("language")?.map(str::to_owned),
                });
            }
        }
        asked.truncate(limit);
        Ok(asked)
    }

    /// What agents wrote to customers in those of `conversations` that are resolved or closed, in the order of these; 200 messages at
    /// most.
    pub async fn list_answers(
        &self,
        conversations: &[ConversationId],
    ) -> Result<Vec<Written>, StoreError> {
        let parameters = [
            self.account(),
            Value::Text(crate::json(&conversations)),
            Value::Int(ANSWERS_PAGE.into()),
        ];
        let rows = self.database.query(LIST_ANSWERS, &parameters).await?;
        let mut answers = Vec::with_capacity(rows.len());
        for row in &rows {
            let (mut written, author) = self.written(row).await?;
            match author {
                Actor::Agent { name, .. } => written.names.push(name),
                Actor::ExternalAgent { name, .. } => written.names.extend(name),
                // The assistant says what articles say already.
                Actor::Customer { .. } | Actor::Assistant | Actor::System => continue,
            }
            answers.push(written);
        }
        Ok(answers)
    }

    async fn written(&self, row: &Row) -> Result<(Written, Actor), StoreError> {
        let message: Message = self.vault.open_json(&MESSAGE_DATA, row).await?;
        let known = [row.optional_text("name")?, row.optional_text("email")?];
        let mut names: Vec<String> = known.into_iter().flatten().map(str::to_owned).collect();
        if let Actor::Customer {
            name: Some(name), ..
        } = &message.author
        {
            names.push(name.clone());
        }
        let place = (row.parsed("conversation_id")?, row.uint("seq")?);
        let written = Written {
            place,
            text: message.text,
            names,
        };
        Ok((written, message.author))
    }

    /// Groups that are known, dismissed ones included: the five hundred that were seen last.
    pub async fn list_known_gaps(&self) -> Result<Vec<(GapId, Group)>, StoreError> {
        let parameters = [self.account(), Value::Int(MAX_KNOWN.into())];
        let rows = self.database.query(LIST_KNOWN, &parameters).await?;
        rows.iter()
            .map(|row| {
                let group = Group {
                    questions: row.json("questions")?,
                    centroid: row.text("centroid")?.to_owned(),
                    length: row.real("length")?,
                    model: row.json("model")?,
                };
                Ok((row.parsed("id")?, group))
            })
            .collect()
    }

    /// Stores a group with its draft, both or neither. False when the same was found at the same time by somebody else, or its category is
    /// gone: nothing is stored.
    pub async fn add_gap(
        &self,
        id: GapId,
        group: &Group,
        draft: &GapDraft,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some((medoid, _)) = group.questions.first() else {
            return Ok(false);
        };
        let article = Statement::new(
            INSERT,
            vec![
                self.account(),
                Value::text(draft.id),
                Value::text(&draft.title),
                Value::text(&draft.language),
                Value::text_or_null(draft.category_id),
                Value::Null,
                Value::text(ArticleState::Draft.as_str()),
                Value::Null,
                Value::Null,
                Value::time(now),
            ],
        );
        let version = self.version_statement(
            draft.id,
            1,
            &draft.title,
            &draft.language,
            &draft.body,
            None,
            now,
        );
        let gap = Statement::new(
            INSERT_GAP,
            vec![
                self.account(),
                Value::text(id),
                Value::text(draft.id),
                Value::text(medoid),
                Value::Text(crate::json(&group.questions)),
                Value::text(&group.centroid),
                Value::Real(group.length),
                Value::Text(crate::json(&group.model)),
                Value::time(now),
            ],
        );
        match self.database.batch(vec![article, version, gap]).await {
            Ok(answers) => Ok(answers.last().is_some_and(|rows| !rows.is_empty())),
            Err(StoreError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Notes that a known group was found again, as it is now.
    pub async fn see_gap(
        &self,
        id: GapId,
        group: &Group,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let parameters = [
            self.account(),
            Value::text(id),
            Value::Text(crate::json(&group.questions)),
            Value::text(&group.centroid),
            Value::Real(group.length),
            Value::Text(crate::json(&group.model)),
            Value::time(now),
        ];
        self.database.query(SEE, &parameters).await?;
        Ok(())
    }

    /// Dismisses a group at a time, or brings it back. Whether there is one.
    pub async fn dismiss_gap(
        &self,
        id: GapId,
        dismissed_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let dismissed_at = dismissed_at.map_or(Value::Null, Value::time);
        let parameters = [self.account(), Value::text(id), dismissed_at];
        let rows = self.database.query(DISMISS, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// Groups that were seen at `since` or later and are dismissed, or are not; the largest first, at most `limit`.
    pub async fn list_gaps(
        &self,
        since: Timestamp,
        dismissed: bool,
        limit: u32,
    ) -> Result<Vec<ListedGap>, StoreError> {
        let parameters = [
            self.account(),
            Value::time(since),
            Value::Int(dismissed.into()),
            Value::Int(limit.into()),
        ];
        let rows = self.database.query(LIST, &parameters).await?;
        rows.iter().map(listed).collect()
    }

    /// The first questions of groups, by where they stand. What was erased or is shown to nobody is left out.
    pub async fn list_gap_examples(
        &self,
        gaps: &[ListedGap],
    ) -> Result<BTreeMap<QuestionPlace, Written>, StoreError> {
        let places: Vec<&QuestionPlace> = gaps
            .iter()
            .flat_map(|gap| gap.questions.iter().take(N_EXAMPLES))
            .collect();
        let parameters = [self.account(), Value::Text(crate::json(&places))];
        let rows = self.database.query(LIST_EXAMPLES, &parameters).await?;
        let mut found = BTreeMap::new();
        for row in &rows {
            let (written, _) = self.written(row).await?;
            found.insert(written.place, written);
        }
        Ok(found)
    }
}

/// From which group an article was drafted: of its row with `gap_id` and `gap_questions`.
pub(super) fn drafted_from(row: &Row) -> Result<Option<DraftedFrom>, StoreError> {
    let Some(gap_id) = row.optional_parsed("gap_id")? else {
        return Ok(None);
    };
    let questions: Vec<QuestionPlace> = row.json("gap_questions")?;
    Ok(Some(DraftedFrom {
        gap_id,
        conversation_ids: questions.into_iter().map(|(id, _)| id).collect(),
    }))
}

fn listed(row: &Row) -> Result<ListedGap, StoreError> {
    let article = match row.optional_parsed("article_id")? {
        None => None,
        Some(id) => Some(GapArticle {
            id,
            title: row.text("title")?.to_owned(),
            state: row.word("state")?,
        }),
    };
    Ok(ListedGap {
        id: row.parsed("id")?,
        questions: row.json("questions")?,
        article,
        found_at: row.time("found_at")?,
        seen_at: row.time("seen_at")?,
        dismissed_at: match row.optional_int("dismissed_at")? {
            None => None,
            Some(_) => Some(row.time("dismissed_at")?),
        },
    })
}
