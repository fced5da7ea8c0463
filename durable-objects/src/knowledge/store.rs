//! The tables of articles, parts and words. Each function is one statement, or says what holds between two.

use edgedesk_domain::ids::ArticleId;
use edgedesk_search::terms::Word;
use edgedesk_wire::knowledge::{IndexArticle, IndexedArticle};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Known, MAX_PARTS, Memory};
use crate::sql::{ObjectSql, Row, SqlError, SqlValue};

const SCHEMA: [&str; 5] = [
    "CREATE TABLE IF NOT EXISTS last_number (only INTEGER NOT NULL PRIMARY KEY, number INTEGER NOT NULL)",
    // `digest` says whether a text is the same; `number` 0 is that of what is forgotten.
    "CREATE TABLE IF NOT EXISTS articles (
        article_id TEXT NOT NULL PRIMARY KEY,
        revision INTEGER NOT NULL,
        number INTEGER NOT NULL,
        digest TEXT NOT NULL,
        version INTEGER NOT NULL,
        title TEXT NOT NULL,
        language TEXT NOT NULL,
        category_id TEXT
    )",
    "CREATE TABLE IF NOT EXISTS parts (
        number INTEGER NOT NULL,
        place INTEGER NOT NULL,
        headings TEXT NOT NULL,
        text TEXT NOT NULL,
        start INTEGER NOT NULL,
        finish INTEGER NOT NULL,
        PRIMARY KEY (number, place)
    )",
    // Accents say more than they cost: `remove_diacritics 0`, as the measured search has it.
    "CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(title, body, content = '', contentless_delete = 1,
        tokenize = 'unicode61 remove_diacritics 0')",
    "CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab('words', 'row')",
];

/// What is behind any beginning of a word, in the order of the index.
const LAST: char = char::MAX;
/// How much more a word in a title says than one in the text.
const TITLE_WEIGHT: f64 = 4.0;

/// What the object has of an article.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) revision: u64,
    pub(super) number: u64,
    pub(super) digest: String,
}

/// How much is searched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub(super) n_articles: u32,
    pub(super) n_parts: u32,
}

/// A part as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) headings: Vec<String>,
    pub(super) text: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

pub(super) fn create(sql: &impl ObjectSql) -> Result<(), SqlError> {
    for table in SCHEMA {
        sql.exec(table, &[])?;
    }
    Ok(())
}

pub(super) fn find(sql: &impl ObjectSql, id: ArticleId) -> Result<Option<Stored>, SqlError> {
    let rows = sql.exec(
        "SELECT revision, number, digest FROM articles WHERE article_id = ?",
        &[id.to_string().into()],
    )?;
    rows.first()
        .map(|row| {
            Ok(Stored {
                revision: row.count(0)?,
                number: row.count(1)?,
                digest: row.text(2)?.to_owned(),
            })
        })
        .transpose()
}

/// All that are searched, by number.
pub(super) fn list(sql: &impl ObjectSql) -> Result<Memory, SqlError> {
    let rows = sql.exec(
        "SELECT number, article_id, version, title, language, category_id FROM articles WHERE number > 0",
        &[],
    )?;
    rows.iter()
        .map(|row| {
            let known = Known {
                article_id: row.parsed(1)?,
                version: u32::try_from(row.count(2)?).unwrap_or(u32::MAX),
                title: row.text(3)?.to_owned(),
                language: row.text(4)?.to_owned(),
                category_id: row.optional_parsed(5)?,
            };
            Ok((row.count(0)?, known))
        })
        .collect()
}

/// A number that nothing ever stood under: an index elsewhere may answer for a while with what it should have forgotten.
pub(super) fn next_number(sql: &impl ObjectSql) -> Result<u64, SqlError> {
    let rows = sql.exec(
        "INSERT INTO last_number (only, number) VALUES (1, 1) ON CONFLICT (only) DO UPDATE SET number = number + 1
         RETURNING number",
        &[],
    )?;
    match rows.first() {
        Some(row) => row.count(0),
        None => Err(SqlError::Unreadable("no number".to_owned())),
    }
}

/// Stores the parts and the words of a text under a number that is no article's yet.
pub(super) fn insert_parts(
    sql: &impl ObjectSql,
    number: u64,
    content: &IndexedArticle,
) -> Result<(), SqlError> {
    let parts = content.parts.iter().take(MAX_PARTS).zip(1_u64..);
    let rows: Vec<_> = parts
        .map(|(part, place)| json!([place, part.headings, part.text, part.start, part.end]))
        .collect();
    sql.exec(
        "INSERT INTO parts (number, place, headings, text, start, finish)
         SELECT ?, value ->> 0, value -> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)",
        &[number.into(), json!(rows).to_string().into()],
    )?;
    sql.exec(
        "INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)",
        &[
            number.into(),
            content.title.as_str().into(),
            body_of(content).into(),
        ],
    )?;
    Ok(())
}

/// All that an article says, headings included, each once.
fn body_of(content: &IndexedArticle) -> String {
    let mut body = String::new();
    let mut last: &[String] = &[];
    for part in &content.parts {
        if part.headings != last {
            for heading in &part.headings {
                body.push_str(heading);
                body.push('\n');
            }
            last = &part.headings;
        }
        body.push_str(&part.text);
        body.push('\n');
    }
    body
}

/// A hash of all that is stored of a text.
pub(super) fn digest(content: &IndexedArticle) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    add(&content.title);
    for part in content.parts.iter().take(MAX_PARTS) {
        add(&part.headings.join("\n"));
        add(&part.text);
        add(&format!("{}-{}", part.start, part.end));
    }
    hex::encode(hash.finalize())
}

/// Makes a number the article's, or forgets the article: from here on a search finds that, and nothing else of it.
pub(super) fn put_article(
    sql: &impl ObjectSql,
    request: &IndexArticle,
    content: Option<(u64, &str, &IndexedArticle)>,
) -> Result<(), SqlError> {
    let category_id =
        content.and_then(|(_, _, content)| content.category_id.map(|id| id.to_string()));
    let (number, digest, version, title, language) =
        content.map_or((0, "", 0, "", ""), |(number, digest, content)| {
            (
                number,
                digest,
                content.version,
                content.title.as_str(),
                content.language.as_str(),
            )
        });
    sql.exec(
        "INSERT INTO articles (article_id, revision, number, digest, version, title, language, category_id)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (article_id) DO UPDATE SET revision = excluded.revision, number = excluded.number,
           digest = excluded.digest, version = excluded.version, title = excluded.title, language = excluded.language,
           category_id = excluded.category_id
         WHERE excluded.revision > articles.revision",
        &[
            request.article_id.to_string().into(),
            request.revision.into(),
            number.into(),
            digest.into(),
            version.into(),
            title.into(),
            language.into(),
            SqlValue::from(category_id),
        ],
    )?;
    Ok(())
}

/// Numbers under which something stands, and that are no article's.
pub(super) fn stale_numbers(sql: &impl ObjectSql) -> Result<Vec<u64>, SqlError> {
    let rows = sql.exec(
        "SELECT number FROM parts WHERE number NOT IN (SELECT number FROM articles)
         UNION SELECT id FROM words_docsize WHERE id NOT IN (SELECT number FROM articles)",
        &[],
    )?;
    rows.iter().map(|row| row.count(0)).collect()
}

pub(super) fn delete_numbers(sql: &impl ObjectSql, numbers: &[u64]) -> Result<(), SqlError> {
    let numbers = json!(numbers).to_string();
    sql.exec(
        "DELETE FROM words WHERE rowid IN (SELECT value FROM json_each(?))",
        &[numbers.as_str().into()],
    )?;
    sql.exec(
        "DELETE FROM parts WHERE number IN (SELECT value FROM json_each(?))",
        &[numbers.into()],
    )?;
    Ok(())
}

pub(super) fn counts(sql: &impl ObjectSql) -> Result<Counts, SqlError> {
    let rows = sql.exec(
        "SELECT (SELECT count(*) FROM articles WHERE number > 0),
           (SELECT count(*) FROM parts WHERE number IN (SELECT number FROM articles))",
        &[],
    )?;
    let count = |row: &Row, column| {
        row.count(column)
            .map(|n| u32::try_from(n).unwrap_or(u32::MAX))
    };
    match rows.first() {
        Some(row) => Ok(Counts {
            n_articles: count(row, 0)?,
            n_parts: count(row, 1)?,
        }),
        None => Err(SqlError::Unreadable("no counts".to_owned())),
    }
}

/// In how many texts a word stands; of one that is a beginning, how often its words do, each counted for itself.
pub(super) fn count_word(sql: &impl ObjectSql, word: &Word) -> Result<u64, SqlError> {
    let behind = if word.is_beginning {
        format!("{}{LAST}", word.text)
    } else {
        word.text.clone()
    };
    let rows = sql.exec(
        "SELECT coalesce(sum(doc), 0) FROM vocabulary WHERE term >= ? AND term <= ?",
        &[word.text.as_str().into(), behind.into()],
    )?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

/// Numbers whose texts match an FTS5 expression, with `bm25` turned so that more is better, best first.
pub(super) fn match_words(
    sql: &impl ObjectSql,
    expression: &str,
    limit: u64,
) -> Result<Vec<(u64, f64)>, SqlError> {
    let rows = sql.exec(
        "SELECT rowid, -bm25(words, ?, 1.0) AS score FROM words WHERE words MATCH ? ORDER BY score DESC LIMIT ?",
        &[
            SqlValue::Real(TITLE_WEIGHT),
            expression.into(),
            limit.into(),
        ],
    )?;
    rows.iter()
        .map(|row| Ok((row.count(0)?, row.real(1)?)))
        .collect()
}

/// A part; `None` when there is none at the place.
pub(super) fn part(
    sql: &impl ObjectSql,
    number: u64,
    place: u64,
) -> Result<Option<Part>, SqlError> {
    let rows = sql.exec(
        "SELECT headings, text, start, finish FROM parts WHERE number = ? AND place = ?",
        &[number.into(), place.into()],
    )?;
    rows.first()
        .map(|row| {
            let place = |column| {
                row.count(column)
                    .map(|n| usize::try_from(n).unwrap_or(usize::MAX))
            };
            Ok(Part {
                headings: serde_json::from_str(row.text(0)?)
                    .map_err(|error| SqlError::Unreadable(error.to_string()))?,
                text: row.text(1)?.to_owned(),
                start: place(2)?,
                end: place(3)?,
            })
        })
        .transpose()
}

/// How many parts an article has.
pub(super) fn n_parts(sql: &impl ObjectSql, number: u64) -> Result<u64, SqlError> {
    let rows = sql.exec(
        "SELECT count(*) FROM parts WHERE number = ?",
        &[number.into()],
    )?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}
