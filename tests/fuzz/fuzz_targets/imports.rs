//! Files that somebody uploads as articles: Markdown, plain text, tables and pages.
//!
//! An article keeps to its limits, has no control character, and no key twice. Of a page or a plain text the Markdown is inert: no HTML, no
//! link but to `https`, `http` and `mailto`.

use std::collections::HashSet;

use edgedesk_domain::article::{MAX_ARTICLE_BYTES, MAX_TITLE_CHARS};
use edgedesk_fuzz::inert::assert_is_inert;
use edgedesk_fuzz::{parts, text};
use edgedesk_knowledge::import::{MAX_CATEGORY_CHARS, MAX_ROWS, ReadArticle, Source, read};

pub fn run(bytes: &[u8]) {
    let [path, first, second] = parts(bytes).map(text);
    let other = format!("other/{path}");
    let files = [
        Source {
            path: &path,
            text: &first,
        },
        Source {
            path: &other,
            text: &second,
        },
    ];
    let rows = read(&files);
    assert!(rows.len() <= MAX_ROWS + 1);
    let mut keys = HashSet::new();
    for row in &rows {
        assert!(
            row.title
                .as_ref()
                .is_none_or(|title| title.chars().count() <= MAX_TITLE_CHARS)
        );
        let Ok(article) = &row.result else {
            continue;
        };
        check(article);
        assert!(
            keys.insert(&article.key),
            "two articles are {:?}",
            article.key
        );
        let ending = row
            .source
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_lowercase();
        if ["html", "htm", "txt"].contains(&ending.as_str()) {
            assert_is_inert(&article.body);
        }
    }
    assert_eq!(read(&files), rows);
}

fn check(article: &ReadArticle) {
    let title = article.title.chars();
    assert!((1..=MAX_TITLE_CHARS).contains(&title.count()));
    assert!(!article.title.contains(char::is_control));
    assert!(article.body.len() <= MAX_ARTICLE_BYTES);
    let is_bad = |character: char| character.is_control() && !['\n', '\t'].contains(&character);
    assert!(!article.body.contains(is_bad));
    let category = article.category.as_deref();
    assert!(
        category
            .is_none_or(|category| (1..=MAX_CATEGORY_CHARS).contains(&category.chars().count()))
    );
    assert!(article.language.as_ref().is_none_or(|code| code.len() == 2));
    assert_eq!(article.fingerprint().len(), 64);
}
