//! Markdown of an article, into blocks and the parts that it is searched by.
//!
//! A block and a part have words, stand in the text where they say, and in its order. A part has at most 80 words. The headings of a
//! part are headings of the text. No tag of HTML becomes a word.

use edgedesk_fuzz::text;
use edgedesk_knowledge::blocks::{BlockKind, blocks};
use edgedesk_knowledge::parts::{MAX_WORDS, parts};

pub fn run(bytes: &[u8]) {
    let markdown = text(bytes);
    let blocks = blocks(&markdown);
    let mut headings = Vec::new();
    for block in &blocks {
        assert!(!block.text.trim().is_empty());
        assert!(
            markdown
                .get(block.span.clone())
                .is_some_and(|text| !text.is_empty())
        );
        match block.kind {
            BlockKind::Heading(level) => {
                assert!((1..=6).contains(&level));
                headings.push(block.text.as_str());
            }
            BlockKind::Text => assert!(!block.text.contains('\n')),
            BlockKind::Code => {}
        }
    }
    let starts = blocks.iter().map(|block| block.span.start);
    assert!(starts.is_sorted(), "{blocks:?}");
    for part in parts(&markdown) {
        assert!(
            part.text.split_whitespace().count() <= MAX_WORDS
                || headings.contains(&part.text.as_str())
        );
        assert!(!part.text.trim().is_empty());
        assert!(markdown.get(part.span.clone()).is_some());
        assert!(
            part.headings
                .iter()
                .all(|heading| headings.contains(&heading.as_str()))
        );
    }
}
