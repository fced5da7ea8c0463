//! The sentences and items of a Markdown text, each with its own place.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::Role;
use crate::text::{one_line, sentence_ranges};

/// A sentence of running text, or an item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
    pub(crate) role: Role,
    pub(crate) block: usize,
}

/// All of a text, in their order. Headings, tables, code, HTML and what pictures show are left out, and with a picture the sentence
/// that it stands in.
pub(crate) fn elements(markdown: &str) -> Vec<Element> {
    let mut reader = Reader::default();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for (event, span) in Parser::new_ext(markdown, options).into_offset_iter() {
        reader.take(event, span);
    }
    reader.end();
    reader.elements
}

/// Stands for a picture in running text, so that a sentence begins and ends with it (U+FFFC).
const PICTURE: &str = "\u{fffc}";

#[derive(Debug, Default)]
struct Reader {
    elements: Vec<Element>,
    /// The running text so far, and where each piece of it is from.
    text: String,
    pieces: Vec<Piece>,
    /// Where emphasis or a link has begun that has no text yet.
    mark: Option<usize>,
    /// Open lists: the number of the next step, or none.
    lists: Vec<Option<u64>>,
    /// The item that is open, until its first text has ended.
    item: Option<Role>,
    /// How deep in headings, tables, code and pictures.
    n_skipped: usize,
    block: usize,
}

/// A piece of the text and of the Markdown that it is from.
#[derive(Debug)]
struct Piece {
    start: usize,
    source: Range<usize>,
    /// With the marks of emphasis or of a link around it, where it is the first or the last in them.
    marked: Range<usize>,
    is_picture: bool,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(&tag, span),
            Event::End(tag) => self.finish(tag, &span),
            Event::Text(text) | Event::Code(text) if self.n_skipped == 0 => {
                self.add(&text, span, false);
            }
            Event::SoftBreak | Event::HardBreak if self.n_skipped == 0 => {
                self.add(" ", span, false);
            }
            Event::Rule => self.end(),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>, span: Range<usize>) {
        match tag {
            Tag::Image { .. } => {
                if self.n_skipped == 0 {
                    self.add(PICTURE, span, true);
                }
                self.n_skipped += 1;
            }
            Tag::Heading { .. } | Tag::Table(_) | Tag::CodeBlock(_) | Tag::HtmlBlock => {
                self.end();
                self.n_skipped += 1;
            }
            Tag::List(first) => {
                self.end();
                self.block += 1;
                self.lists.push(*first);
            }
            Tag::Item => {
                self.end();
                let next = self.lists.last_mut();
                self.item = Some(match next {
                    Some(Some(number)) => {
                        *number += 1;
                        Role::Step(*number - 1)
                    }
                    _ => Role::Item,
                });
            }
            Tag::Paragraph | Tag::BlockQuote(_) => self.end(),
            Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } => {
                self.mark.get_or_insert(span.start);
            }
            _ => {}
        }
    }

    fn finish(&mut self, tag: TagEnd, span: &Range<usize>) {
        match tag {
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link => {
                if let Some(last) = self.pieces.last_mut() {
                    last.marked.end = last.marked.end.max(span.end);
                }
            }
            TagEnd::Image
            | TagEnd::Heading(_)
            | TagEnd::Table
            | TagEnd::CodeBlock
            | TagEnd::HtmlBlock => {
                self.n_skipped = self.n_skipped.saturating_sub(1);
            }
            TagEnd::Item => {
                self.end();
                self.item = None;
            }
            TagEnd::List(_) => {
                self.end();
                self.lists.pop();
                self.block += 1;
            }
            TagEnd::Paragraph | TagEnd::BlockQuote(_) => {
                self.end();
                if self.lists.is_empty() {
                    self.block += 1;
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, text: &str, source: Range<usize>, is_picture: bool) {
        let begin = self.mark.take().unwrap_or(source.start);
        self.pieces.push(Piece {
            start: self.text.len(),
            marked: begin.min(source.start)..source.end,
            source,
            is_picture,
        });
        self.text.push_str(text);
    }

    /// Ends the running text: the first of an item is one element, everything else is cut into sentences.
    fn end(&mut self) {
        let text = std::mem::take(&mut self.text);
        let pieces = std::mem::take(&mut self.pieces);
        if text.trim().is_empty() {
            return;
        }
        let role = self.item.take();
        let ranges = if role.is_some() {
            std::iter::once(0..text.len()).collect()
        } else {
            sentence_ranges(&text)
        };
        let role = role.unwrap_or(Role::Sentence);
        for range in ranges {
            let has_picture = pieces
                .iter()
                .any(|piece| piece.is_picture && range.contains(&piece.start));
            let Some(words) = text.get(range.clone()) else {
                continue;
            };
            if let Some(span) = source_of(&pieces, &range, text.len()).filter(|_| !has_picture) {
                self.elements.push(Element {
                    text: one_line(words),
                    span,
                    role,
                    block: self.block,
                });
            }
        }
    }
}

/// Where a part of the text is from. Within a piece whose text is its source, to the byte; else the whole piece.
fn source_of(pieces: &[Piece], range: &Range<usize>, n_bytes: usize) -> Option<Range<usize>> {
    let after = |index: usize| pieces.get(index + 1).map(|piece| piece.start);
    let mut span: Option<Range<usize>> = None;
    for (index, piece) in pieces.iter().enumerate() {
        let next = after(index).unwrap_or(n_bytes);
        if piece.start >= range.end || next <= range.start {
            continue;
        }
        let length = next - piece.start;
        // Text that is not its source, as behind an escape or an entity, is cited as a whole.
        let is_verbatim = length == piece.source.len();
        let start = if range.start <= piece.start || !is_verbatim {
            piece.marked.start
        } else {
            piece.source.start + (range.start - piece.start)
        };
        let to = range.end - piece.start;
        let end = if to >= length || !is_verbatim {
            piece.marked.end
        } else {
            piece.source.start + to
        };
        span = Some(match span {
            None => start..end,
            Some(begun) => begun.start.min(start)..begun.end.max(end),
        });
    }
    span
}
