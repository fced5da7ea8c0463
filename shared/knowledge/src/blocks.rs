//! What a Markdown text (`CommonMark`, with tables) says, as plain blocks: a heading, a paragraph, an item, a row, some code.
//!
//! HTML in it is left out, tags and scripts alike: nothing of an article is ever run, and a reader of the plain text sees none of it.
//! What an image shows is its description; where a link leads is left out, since nobody searches for it.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A piece of a text that stands by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Its words: white space is one space, but in code.
    pub text: String,
    /// Where it stands in the Markdown text, in bytes.
    pub span: Range<usize>,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// A heading of this level, 1 to 6.
    Heading(u8),
    /// Running text: a paragraph, an item of a list, a row of a table.
    Text,
    /// Lines whose breaks mean something.
    Code,
}

/// The blocks of a text, in their order. A block without words is left out.
#[must_use]
pub fn blocks(markdown: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for (event, span) in Parser::new_ext(markdown, options).into_offset_iter() {
        reader.take(event, span);
    }
    reader.end();
    reader.blocks
}

#[derive(Debug, Default)]
struct Reader {
    blocks: Vec<Block>,
    text: String,
    span: Option<Range<usize>>,
    heading: Option<u8>,
    in_code: bool,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: Range<usize>) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                self.end();
                self.heading = Some(level_of(level));
            }
            Event::Start(Tag::CodeBlock(_)) => {
                self.end();
                self.in_code = true;
            }
            Event::Start(
                Tag::Paragraph | Tag::Item | Tag::TableRow | Tag::TableHead | Tag::BlockQuote(_),
            )
            | Event::End(
                TagEnd::Heading(_)
                | TagEnd::CodeBlock
                | TagEnd::Paragraph
                | TagEnd::Item
                | TagEnd::TableRow
                | TagEnd::TableHead,
            )
            | Event::Rule => self.end(),
            Event::Text(text) | Event::Code(text) => self.add(&text, span),
            Event::End(TagEnd::TableCell) | Event::SoftBreak | Event::HardBreak => {
                self.add(" ", span);
            }
            // HTML of any kind is nobody's words; the rest marks what its texts say themselves.
            _ => {}
        }
    }

    fn add(&mut self, text: &str, span: Range<usize>) {
        self.text.push_str(text);
        self.span = Some(match self.span.take() {
            None => span,
            Some(begun) => begun.start.min(span.start)..begun.end.max(span.end),
        });
    }

    /// Ends the block that is under way, if any is.
    fn end(&mut self) {
        let text = std::mem::take(&mut self.text);
        let (heading, in_code) = (self.heading.take(), std::mem::take(&mut self.in_code));
        let Some(span) = self.span.take() else {
            return;
        };
        let (kind, text) = match heading {
            Some(level) => (BlockKind::Heading(level), one_line(&text)),
            None if in_code => (BlockKind::Code, text.trim_end().to_owned()),
            None => (BlockKind::Text, one_line(&text)),
        };
        if !text.trim().is_empty() {
            self.blocks.push(Block { kind, text, span });
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const fn level_of(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(markdown: &str) -> Vec<(BlockKind, String)> {
        let blocks = blocks(markdown).into_iter();
        blocks.map(|block| (block.kind, block.text)).collect()
    }

    fn text(text: &str) -> (BlockKind, String) {
        (BlockKind::Text, text.to_owned())
    }

    #[test]
    fn a_text_is_read_as_its_blocks() {
        let markdown = "# Returns\n\nSend it *back* within\n30 days, see [how](https://x.example).\n\n\
            - keep the `receipt`\n- use the box\n\n\
            ```sh\nship --back\n  now\n```\n\n\
            | plan | days |\n| --- | --- |\n| Pro | 60 |\n\n![A red box](box.png)\n";
        assert_eq!(
            texts(markdown),
            [
                (BlockKind::Heading(1), "Returns".to_owned()),
                text("Send it back within 30 days, see how."),
                text("keep the receipt"),
                text("use the box"),
                (BlockKind::Code, "ship --back\n  now".to_owned()),
                text("plan days"),
                text("Pro 60"),
                text("A red box"),
            ]
        );
    }

    #[test]
    fn of_html_nothing_is_left() {
        let markdown = "<script>alert(1)</script>\n\nHello <img src=x onerror=alert(2)> there\n\n\
            <div onclick=\"alert(3)\">\n\n[x](javascript:alert(4))\n\n</div>";
        let all = texts(markdown);
        assert_eq!(all, [text("Hello there"), text("x")]);
    }

    #[test]
    fn a_span_is_where_the_words_stand() {
        let markdown = "Intro.\n\n## Größe\n\nSize is *that* one.\n";
        for block in blocks(markdown) {
            let source = &markdown[block.span.clone()];
            for word in block.text.split(' ') {
                assert!(source.contains(word), "{word} in {source:?}");
            }
        }
    }

    #[test]
    fn nesting_without_end_is_no_trouble() {
        for deep in [
            "> ".repeat(50_000),
            "- ".repeat(50_000),
            "[".repeat(50_000),
            "*a ".repeat(50_000),
        ] {
            let _ = blocks(&deep);
        }
    }

    proptest! {
        #[test]
        fn any_text_has_blocks_in_order_and_within_it(markdown in "[\\PC\\n<>#*`|_\\[\\]()!-]{0,300}") {
            let blocks = blocks(&markdown);
            prop_assert!(blocks.iter().all(|block| markdown.get(block.span.clone()).is_some()));
            prop_assert!(blocks.iter().all(|block| !block.text.trim().is_empty()));
            prop_assert!(blocks.windows(2).all(|pair| pair[0].span.start <= pair[1].span.start));
        }
    }
}
