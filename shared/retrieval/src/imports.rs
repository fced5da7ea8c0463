//! What stands in the files of an import, as `edgedesk_knowledge::import` reads it.

use edgedesk_knowledge::import::{self, Source};
use edgedesk_wire::articles::ImportFile;
use edgedesk_wire::jobs::{ReadArticle, ReadRow};

/// The articles in `files`, in their order.
#[must_use]
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
            .map(article)
            .map_err(|problem| problem.to_string()),
    }
}

/// What was read, with its hash.
#[must_use]
pub fn article(article: import::ReadArticle) -> ReadArticle {
    ReadArticle {
        fingerprint: article.fingerprint(),
        title: article.title,
        body: article.body,
        language: article.language,
        category: article.category,
        state: article.state,
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
