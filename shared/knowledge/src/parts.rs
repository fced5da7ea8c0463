//! An article in parts that are searched by themselves, each with the headings above it.
//!
//! A part is as long as the encoder reads at once. What belongs together stays together as far as it fits: a part never goes over
//! a heading, and ends with a sentence unless that is longer than a part.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::blocks::{BlockKind, blocks};

/// Most words of a part. The encoder reads 128 pieces of words, 1.3 a word in English, and the title and the headings go with it.
pub const MAX_WORDS: usize = 80;
/// A part with fewer words takes what follows under the same heading, also beyond the end of a paragraph.
const ENOUGH_WORDS: usize = 40;

/// A part of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The headings above it, the outermost first.
    pub headings: Vec<String>,
    /// Its words.
    pub text: String,
    /// Where it stands in the article's Markdown, in bytes: the block, or the blocks, that it is of.
    pub span: Range<usize>,
}

/// The parts of an article, in their order. A heading without anything under it is a part of its own.
#[must_use]
pub fn parts(markdown: &str) -> Vec<Part> {
    let mut cutter = Cutter::default();
    for block in blocks(markdown) {
        match block.kind {
            BlockKind::Heading(level) => cutter.heading(level, block.text, block.span),
            BlockKind::Text => {
                for sentence in sentences(&block.text) {
                    cutter.add(sentence, " ", &block.span);
                }
            }
            BlockKind::Code => {
                for line in block.text.lines() {
                    cutter.add(line, "\n", &block.span);
                }
            }
        }
        cutter.end_if_enough();
    }
    cutter.end();
    cutter.end_headings(0);
    cutter.parts
}

/// The sentences of a line (UAX 29), without the space behind each. Where none is, in the middle of `e.g.` or of a number, none ends.
pub(crate) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    let ends = text
        .split_sentence_bound_indices()
        .map(|(place, bound)| place + bound.len());
    ends.filter_map(move |end| {
        let sentence = text.get(start..end)?;
        if end < text.len() && !sentence.ends_with(' ') {
            return None;
        }
        start = end;
        Some(sentence.trim_end())
    })
}

#[derive(Debug, Default)]
struct Cutter {
    parts: Vec<Part>,
    headings: Vec<Heading>,
    text: String,
    n_words: usize,
    span: Option<Range<usize>>,
}

#[derive(Debug)]
struct Heading {
    level: u8,
    text: String,
    span: Range<usize>,
    has_parts: bool,
}

impl Cutter {
    fn heading(&mut self, level: u8, text: String, span: Range<usize>) {
        self.end();
        self.end_headings(level);
        // What is under it is under those above it, too.
        for above in &mut self.headings {
            above.has_parts = true;
        }
        self.headings.push(Heading {
            level,
            text,
            span,
            has_parts: false,
        });
    }

    /// Ends the headings of this level and deeper. One that had nothing under it is a part.
    fn end_headings(&mut self, level: u8) {
        while self
            .headings
            .last()
            .is_some_and(|heading| heading.level >= level)
        {
            let Some(heading) = self.headings.pop() else {
                return;
            };
            if !heading.has_parts {
                let headings = self.heading_texts();
                self.parts.push(Part {
                    headings,
                    text: heading.text,
                    span: heading.span,
                });
            }
        }
    }

    /// Adds a sentence or a line, or what of it fits.
    fn add(&mut self, text: &str, separator: &str, span: &Range<usize>) {
        let n_words = text.split_whitespace().count();
        if n_words == 0 {
            return;
        }
        if self.n_words + n_words > MAX_WORDS {
            self.end();
        }
        if n_words <= MAX_WORDS {
            self.push(text, n_words, separator, span);
            return;
        }
        // Longer than a part: cut between words.
        let words: Vec<&str> = text.split_whitespace().collect();
        for piece in words.chunks(MAX_WORDS) {
            self.push(&piece.join(" "), piece.len(), separator, span);
            self.end();
        }
    }

    fn push(&mut self, text: &str, n_words: usize, separator: &str, span: &Range<usize>) {
        if !self.text.is_empty() {
            self.text.push_str(separator);
        }
        self.text.push_str(text);
        self.n_words += n_words;
        self.span = Some(match self.span.take() {
            None => span.clone(),
            Some(begun) => begun.start..span.end.max(begun.end),
        });
    }

    fn end_if_enough(&mut self) {
        if self.n_words >= ENOUGH_WORDS {
            self.end();
        }
    }

    fn end(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.n_words = 0;
        if let Some(span) = self.span.take() {
            for heading in &mut self.headings {
                heading.has_parts = true;
            }
            let headings = self.heading_texts();
            self.parts.push(Part {
                headings,
                text,
                span,
            });
        }
    }

    fn heading_texts(&self) -> Vec<String> {
        let headings = self.headings.iter();
        headings.map(|heading| heading.text.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(n: usize) -> String {
        let words: Vec<String> = (0..n).map(|number| format!("w{number}")).collect();
        words.join(" ")
    }

    #[test]
    fn a_part_knows_its_headings_and_goes_over_none() {
        let markdown =
            "Intro.\n\n# Returns\n\nSend it back.\n\n## Costs\n\nNone.\n\n# Prices\n\nLow.";
        let found: Vec<(Vec<String>, String)> = parts(markdown)
            .into_iter()
            .map(|part| (part.headings, part.text))
            .collect();
        let of = |headings: &[&str], text: &str| {
            let headings = headings.iter().map(|heading| (*heading).to_owned());
            (headings.collect(), text.to_owned())
        };
        assert_eq!(
            found,
            [
                of(&[], "Intro."),
                of(&["Returns"], "Send it back."),
                of(&["Returns", "Costs"], "None."),
                of(&["Prices"], "Low."),
            ]
        );
    }

    #[test]
    fn a_heading_alone_is_found_too() {
        let found = parts("# A\n\n## We do not ship to islands\n\n## Other\n\nText.");
        assert_eq!(found[0].text, "We do not ship to islands");
        assert_eq!(found[0].headings, ["A"]);
        assert_eq!(found.len(), 2);
        assert_eq!(parts("# Only this")[0].text, "Only this");
    }

    #[test]
    fn sentences_stay_whole_and_short_paragraphs_together() {
        let sentence = format!("Words {} end.", words(28));
        let markdown = [sentence.as_str(); 4].join(" ");
        let found = parts(&markdown);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|part| part.text.ends_with("end.")));
        let found = parts("One.\n\nTwo.\n\n- Three.\n- Four.");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].text, "One. Two. Three. Four.");
        assert_eq!(found[0].span, 0..28);
    }

    #[test]
    fn what_has_no_end_is_cut_between_words() {
        let found = parts(&words(200));
        let n: Vec<usize> = found
            .iter()
            .map(|part| part.text.split(' ').count())
            .collect();
        assert_eq!(n, [80, 80, 40]);
    }

    #[test]
    fn an_empty_article_has_no_parts() {
        for markdown in ["", " \n\n", "<!-- nothing -->", "***"] {
            assert!(parts(markdown).is_empty(), "{markdown:?}");
        }
    }

    #[test]
    fn lines_of_code_keep_their_breaks() {
        assert_eq!(parts("    a = 1\n    b = 2\n")[0].text, "a = 1\nb = 2");
    }

    proptest! {
        /// Nothing of an article is lost or said twice, and nothing is too long.
        #[test]
        fn parts_are_the_article(markdown in "([a-zäß]{1,9}[ .\\n]|\\n\\n|\n# |\n- |`|\\*){0,200}") {
            let in_blocks: Vec<String> = blocks(&markdown)
                .iter()
                .flat_map(|block| block.text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
                .collect();
            let parts = parts(&markdown);
            let mut in_parts = std::collections::BTreeMap::<String, usize>::new();
            for part in &parts {
                prop_assert!(part.text.split_whitespace().count() <= MAX_WORDS || part.text.lines().count() == 1);
                prop_assert!(markdown.get(part.span.clone()).is_some());
                for word in part.text.split_whitespace() {
                    *in_parts.entry(word.to_owned()).or_default() += 1;
                }
            }
            let headings: Vec<&String> = parts.iter().flat_map(|part| &part.headings).collect();
            for word in in_blocks {
                let in_heading = headings.iter().any(|heading| heading.split(' ').any(|other| other == word));
                prop_assert!(in_parts.contains_key(&word) || in_heading, "{} is lost", word);
            }
        }

        #[test]
        fn any_text_has_parts(markdown in "\\PC{0,400}") {
            let _ = parts(&markdown);
        }
    }
}
