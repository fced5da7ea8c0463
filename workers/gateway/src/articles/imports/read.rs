//! What stands in the files of an import, as `edgedesk_knowledge::import` reads it.

use edgedesk_domain::article::ArticleState;
use edgedesk_knowledge::import::{self, Source};
use edgedesk_wire::articles::ImportFile;

/// One article of a file, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRow {
    /// The file's path.
    pub source: String,
    /// What the article is known by when it is imported again: the path, and in a table what tells its rows apart.
    pub key: String,
    /// The line in the file, from 1, where it begins; `None` where the file is one article.
    pub line: Option<u32>,
    /// Its title, also of one that is broken otherwise.
    pub title: Option<String>,
    /// It, or a sentence about what is wrong.
    pub result: Result<ReadArticle, String>,
}

/// An article as a file has it; nothing of it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadArticle {
    /// Its title.
    pub title: String,
    /// Its Markdown.
    pub body: String,
    /// Its language, if the file says so.
    pub language: Option<String>,
    /// The name of its category, if the file says so.
    pub category: Option<String>,
    /// Its state, if the file says so.
    pub state: Option<ArticleState>,
    /// A hash of all of this: the same when the file says the same.
    pub fingerprint: String,
}

/// The articles in `files`, in their order.
pub fn read_files(files: &[ImportFile]) -> Vec<ReadRow> {
    let sources: Vec<Source<'_>> = files
        .iter()
        .map(|file| Source {
            path: &file.path,
            text: &file.text,
        })
        .collect();
    import::read(&sources).into_iter().map(row).collect()
}

fn row(row: import::ReadRow) -> ReadRow {
    let key = row
        .result
        .as_ref()
        .map_or_else(|_| row.source.clone(), |article| article.key.clone());
    ReadRow {
        source: row.source,
        key,
        line: row.line,
        title: row.title,
        result: row
            .result
            .map(ReadArticle::of)
            .map_err(|problem| problem.to_string()),
    }
}

impl ReadArticle {
    /// What was read, with its hash.
    pub fn of(article: import::ReadArticle) -> Self {
        Self {
            fingerprint: article.fingerprint(),
            title: article.title,
            body: article.body,
            language: article.language,
            category: article.category,
            state: article.state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, text: &str) -> Vec<ReadRow> {
        read_files(&[ImportFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }])
    }

    #[test]
    fn a_file_is_an_article_and_a_table_one_for_each_row() {
        let rows = read("guides/returns.md", "# How to return\n\nSo.");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].key, "guides/returns.md");
        assert_eq!(rows[0].title.as_deref(), Some("How to return"));
        assert_eq!(rows[0].result.as_ref().unwrap().body.trim(), "So.");
        let rows = read("faq.csv", "title,body\nA,One\n,Two\n");
        assert_eq!(rows.len(), 2);
        assert_ne!(rows[0].key, rows[0].source, "rows are told apart");
        assert_eq!(
            (rows[1].source.as_str(), rows[1].line),
            ("faq.csv", Some(3))
        );
        assert!(rows[1].result.is_err());
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let rows = read("logo.png", "x");
        assert!(
            rows[0]
                .result
                .as_ref()
                .is_err_and(|why| why.contains(".md"))
        );
    }
}
