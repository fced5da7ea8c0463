//! Articles out of files that somebody uploads: Markdown, plain text, tables (CSV), and pages of HTML.
//!
//! Each format is told by the ending of the path. What comes out is Markdown whatever went in, and a file or a row that is no
//! article is said with its place, so that an import can be refused as a whole. `docs/decisions/0043-import.md` says why each format
//! is read as it is, and with which libraries.

use std::collections::HashMap;

use edgedesk_domain::article::{ArticleState, MAX_ARTICLE_BYTES, MAX_TITLE_CHARS};
use sha2::{Digest, Sha256};

pub(crate) mod escape;
mod front_matter;
pub(crate) mod html;
pub mod language;
mod markdown;
mod path;
mod plain;
mod table;

/// Most articles of one import.
pub const MAX_ROWS: usize = 2_000;
/// Longest name of a category, in characters.
pub const MAX_CATEGORY_CHARS: usize = 80;

/// A file as it was uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// Its path, such as `guides/returns.md`.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What became of a file, or of a row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRow {
    /// The file's path, tidied; as it was given where it is no path.
    pub source: String,
    /// The line of the file, from 1, where the row begins; absent where the file is one article.
    pub line: Option<u32>,
    /// The title, also of a row that is broken otherwise.
    pub title: Option<String>,
    /// The article, or what is wrong.
    pub result: Result<ReadArticle, Problem>,
}

/// An article that was read, within its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadArticle {
    /// What it is known by when it is imported again: the path or the address, and in a table `#` and the row's id, or else its title and
    /// language. No two articles of one import have the same.
    pub key: String,
    /// One line, 1 to 200 characters.
    pub title: String,
    /// Markdown, at most 256 KiB, with `\n` as line break.
    pub body: String,
    /// ISO 639-1, when it is said.
    pub language: Option<String>,
    /// The name of its category, when it is said; 1 to 80 characters.
    pub category: Option<String>,
    /// Its state, when it is said.
    pub state: Option<ArticleState>,
}

/// Why a file or a row is no article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not a path inside the import.
    #[error(
        "the path must be relative, without `..`, and at most {} characters",
        path::MAX_PATH_CHARS
    )]
    Path,
    /// The path ends in nothing that can be read.
    #[error(
        "not a file of articles: the path must end in .md, .markdown, .txt, .csv, .html or .htm"
    )]
    Format,
    /// Nothing that could be its title.
    #[error("there is no title")]
    NoTitle,
    /// A title that is too long.
    #[error("the title has more than {MAX_TITLE_CHARS} characters")]
    TitleTooLong,
    /// A text that is too long.
    #[error("the text has more than {} KiB", MAX_ARTICLE_BYTES / 1024)]
    BodyTooLong,
    /// A page that says nothing without its scripts.
    #[error("there is no text on the page")]
    NoText,
    /// A category with a name that is too long.
    #[error("the category has more than {MAX_CATEGORY_CHARS} characters")]
    CategoryTooLong,
    /// A word that is no language.
    #[error("`{0}` is no language code (ISO 639-1), such as `en`")]
    Language(String),
    /// A word that is no state.
    #[error("`{0}` is no state: draft, published or archived")]
    State(String),
    /// A table without a column that each article needs.
    #[error("there is no column `{0}` in the first line")]
    NoColumn(&'static str),
    /// A row with other columns than the header.
    #[error("the row has {found} fields, and the first line has {expected}")]
    Fields {
        /// Of the row.
        found: usize,
        /// Of the header.
        expected: usize,
    },
    /// A quote that is opened and never closed.
    #[error("a quote is opened here and never closed")]
    UnclosedQuote,
    /// An article that is there already.
    #[error("the same article is there already: {source_before}{}", at_line(*line_before))]
    Duplicate {
        /// The file that it was in first.
        source_before: String,
        /// The line that it began at there, in a table.
        line_before: Option<u32>,
    },
    /// More articles than an import takes.
    #[error("an import takes {MAX_ROWS} articles at most; what follows is left out")]
    TooManyRows,
}

fn at_line(line: Option<u32>) -> String {
    line.map_or_else(String::new, |line| format!(", line {line}"))
}

/// Reads files, in their order; of a table a row for each of its rows. At most [`MAX_ROWS`] and one more, which says that there are more.
#[must_use]
pub fn read(files: &[Source<'_>]) -> Vec<ReadRow> {
    let mut rows = Vec::new();
    for file in files {
        if rows.len() > MAX_ROWS {
            break;
        }
        read_file(*file, &mut rows);
    }
    if rows.len() > MAX_ROWS {
        rows.truncate(MAX_ROWS + 1);
        if let Some(last) = rows.last_mut() {
            last.result = Err(Problem::TooManyRows);
        }
    }
    refuse_duplicates(&mut rows);
    rows
}

fn read_file(file: Source<'_>, rows: &mut Vec<ReadRow>) {
    let Some(path) = path::tidy(file.path) else {
        rows.push(ReadRow::broken(file.path.to_owned(), Problem::Path));
        return;
    };
    let text = clean(file.text);
    let read = match path::ending(&path).as_str() {
        "md" | "markdown" => markdown::read(&path, &text),
        "txt" => Ok(plain::read(&path, &text)),
        "html" | "htm" => html::read(&path, &text, None).map(|page| page.found),
        "csv" => {
            table::read(&path, &text, MAX_ROWS + 1 - rows.len().min(MAX_ROWS), rows);
            return;
        }
        _ => Err(Problem::Format),
    };
    rows.push(match read {
        Ok(found) => found.into_row(path.clone(), None, path),
        Err(problem) => ReadRow::broken(path, problem),
    });
}

/// An article that came twice would be stored as its own next version: which one was meant nobody can tell.
fn refuse_duplicates(rows: &mut [ReadRow]) {
    let mut places: HashMap<String, (String, Option<u32>)> = HashMap::new();
    for row in rows {
        let Ok(article) = &row.result else { continue };
        if let Some((source_before, line_before)) = places.get(&article.key) {
            row.result = Err(Problem::Duplicate {
                source_before: source_before.clone(),
                line_before: *line_before,
            });
        } else {
            places.insert(article.key.clone(), (row.source.clone(), row.line));
        }
    }
}

/// The text with `\n` as its only line break, and without a byte order mark and characters that no text has.
pub(crate) fn clean(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut cleaned = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                cleaned.push('\n');
            }
            '\n' | '\t' => cleaned.push(character),
            _ if character.is_control() => {}
            _ => cleaned.push(character),
        }
    }
    cleaned
}

/// White space of any kind as one space, and none around.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A Markdown text from elsewhere than a file.
pub(crate) fn read_markdown(path: &str, text: &str) -> Result<Found, Problem> {
    markdown::read(path, text)
}

/// A plain text from elsewhere than a file.
pub(crate) fn read_plain(path: &str, text: &str) -> Found {
    plain::read(path, text)
}

/// What a format says of an article, before the limits are checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) language: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) state: Option<ArticleState>,
}

impl Found {
    /// The row of what was found, or what of it is too much.
    pub(crate) fn into_row(self, source: String, line: Option<u32>, key: String) -> ReadRow {
        let title = one_line(&self.title);
        ReadRow {
            source,
            line,
            title: (!title.is_empty()).then(|| title.chars().take(MAX_TITLE_CHARS).collect()),
            result: self.into_article(key),
        }
    }

    pub(crate) fn into_article(self, key: String) -> Result<ReadArticle, Problem> {
        let title = one_line(&self.title);
        if title.is_empty() {
            return Err(Problem::NoTitle);
        }
        if title.chars().count() > MAX_TITLE_CHARS {
            return Err(Problem::TitleTooLong);
        }
        let body = self.body.trim_matches('\n').trim_end();
        if body.len() > MAX_ARTICLE_BYTES {
            return Err(Problem::BodyTooLong);
        }
        let category = self.category.map(|category| one_line(&category));
        let category = category.filter(|category| !category.is_empty());
        if category
            .as_ref()
            .is_some_and(|category| category.chars().count() > MAX_CATEGORY_CHARS)
        {
            return Err(Problem::CategoryTooLong);
        }
        Ok(ReadArticle {
            key,
            title,
            body: body.to_owned(),
            language: self.language,
            category,
            state: self.state,
        })
    }
}

/// The language of a word, if one is said.
pub(crate) fn language_of(word: &str) -> Result<Option<String>, Problem> {
    let word = word.trim();
    if word.is_empty() {
        return Ok(None);
    }
    let code = language::code(word).ok_or_else(|| Problem::Language(shortened(word)))?;
    Ok(Some(code.to_owned()))
}

/// The state of a word, if one is said.
pub(crate) fn state_of(word: &str) -> Result<Option<ArticleState>, Problem> {
    let word = word.trim();
    if word.is_empty() {
        return Ok(None);
    }
    let state = ArticleState::from_word(&word.to_lowercase());
    state
        .map(Some)
        .ok_or_else(|| Problem::State(shortened(word)))
}

/// Enough of a word to know it again.
fn shortened(word: &str) -> String {
    word.chars().take(40).collect()
}

impl ReadRow {
    pub(crate) const fn broken(source: String, problem: Problem) -> Self {
        Self {
            source,
            line: None,
            title: None,
            result: Err(problem),
        }
    }
}

impl ReadArticle {
    /// A digest (SHA-256, 64 hexadecimal digits) of all that an import says of an article but its key: an article is unchanged when
    /// that of its last import is the same.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        // A field that is absent is none that is empty, and no two texts run into each other: each begins with its length.
        let fields = [
            Some(self.title.as_str()),
            Some(self.body.as_str()),
            self.language.as_deref(),
            self.category.as_deref(),
            self.state.map(ArticleState::as_str),
        ];
        digest.update(b"edgedesk article 1");
        for field in fields {
            let length = field.map_or(u64::MAX, |field| field.len() as u64);
            digest.update(length.to_le_bytes());
            digest.update(field.unwrap_or_default().as_bytes());
        }
        hex::encode(digest.finalize())
    }
}

#[cfg(test)]
mod tests;
