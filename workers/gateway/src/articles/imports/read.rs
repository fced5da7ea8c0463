//! What stands in the files of an import, read in the plainest way: a Markdown or text file is one article.

use edgedesk_crypto::digest::sha256_hex;
use edgedesk_domain::article::ArticleState;
use edgedesk_wire::articles::ImportFile;

/// One article of a file, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRow {
    /// The file's path; in a file of several articles with what tells them apart.
    pub source: String,
    /// The line in the file, from 1, where it begins; `None` where the file is one article.
    pub line: Option<u32>,
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
    files
        .iter()
        .map(|file| ReadRow {
            source: file.path.clone(),
            line: None,
            result: read(file),
        })
        .collect()
}

fn read(file: &ImportFile) -> Result<ReadArticle, String> {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_markdown = match ending.to_ascii_lowercase().as_str() {
        "md" | "markdown" => true,
        "txt" => false,
        _ => return Err("is no .md, .markdown or .txt file".to_owned()),
    };
    let heading = file
        .text
        .lines()
        .find(|line| !line.trim().is_empty())
        .and_then(|line| line.strip_prefix("# "))
        .filter(|_| is_markdown);
    Ok(ReadArticle {
        title: heading.unwrap_or(stem).to_owned(),
        body: file.text.clone(),
        language: None,
        category: None,
        state: None,
        fingerprint: sha256_hex(file.text.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_an_article_by_its_first_heading_or_its_name() {
        for (path, text, title) in [
            (
                "guides/returns.md",
                "\n# How to return\n\nSo.",
                "How to return",
            ),
            ("guides/returns.md", "So.\n# Later", "returns"),
            ("a/b.c/Notes.TXT", "# No heading", "Notes"),
        ] {
            let file = ImportFile {
                path: path.to_owned(),
                text: text.to_owned(),
            };
            let rows = read_files(&[file]);
            assert_eq!((rows.len(), rows[0].source.as_str()), (1, path));
            let article = rows[0].result.clone().unwrap();
            assert_eq!(
                (article.title.as_str(), article.body.as_str()),
                (title, text)
            );
        }
        for path in ["logo.png", "README", ".", "a.md/b"] {
            let file = ImportFile {
                path: path.to_owned(),
                text: String::new(),
            };
            assert!(read_files(&[file])[0].result.is_err(), "{path}");
        }
    }
}
