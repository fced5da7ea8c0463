//! Running text: words with their marks and links, as one line of Markdown or a few.

use std::rc::Rc;

use crate::import::escape::{code_span, escape_inline, escape_line_start};
use crate::import::one_line;

/// What a stretch of text is marked as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Strong,
    Emphasis,
    Struck,
    Code,
}

impl Mark {
    const ALL: [Self; 4] = [Self::Strong, Self::Emphasis, Self::Struck, Self::Code];

    const fn bit(self) -> u8 {
        match self {
            Self::Strong => 1,
            Self::Emphasis => 2,
            Self::Struck => 4,
            Self::Code => 8,
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Strong => "**",
            Self::Emphasis => "*",
            Self::Struck => "~~",
            // Code has a sign of its own, which depends on what is in it.
            Self::Code => "",
        }
    }
}

/// Where running text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a paragraph, where it may have breaks.
    Block,
    /// In a heading or a cell: on one line.
    Line,
}

/// A stretch of text that is marked in one way. A break is a stretch of its own: `\n`.
#[derive(Debug, Clone)]
struct Run {
    text: String,
    marks: u8,
    link: Option<Rc<str>>,
}

const BREAK: &str = "\n";

/// Text as it comes in.
#[derive(Debug, Default)]
pub(super) struct Inline {
    runs: Vec<Run>,
    n_bytes: usize,
    ends_in_space: bool,
    /// How often each mark is open.
    open: [u32; 4],
    link: Option<Rc<str>>,
}

impl Inline {
    pub(super) const fn size(&self) -> usize {
        self.n_bytes
    }

    pub(super) fn begin(&mut self, mark: Mark) {
        if let Some(open) = self.open.get_mut(mark as usize) {
            *open = open.saturating_add(1);
        }
    }

    pub(super) fn finish(&mut self, mark: Mark) {
        if let Some(open) = self.open.get_mut(mark as usize) {
            *open = open.saturating_sub(1);
        }
    }

    /// A link begins, or ends with `None`; no link stands in another one.
    pub(super) fn begin_link(&mut self, link: Option<Rc<str>>) {
        self.link = link;
    }

    /// Adds text: white space of any length is one space, and none at the beginning.
    pub(super) fn text(&mut self, text: &str) {
        let mut collapsed = String::with_capacity(text.len());
        for character in text.chars() {
            if character.is_whitespace() {
                if !self.ends_in_space && (!self.runs.is_empty() || !collapsed.is_empty()) {
                    collapsed.push(' ');
                    self.ends_in_space = true;
                }
            } else if !character.is_control() {
                collapsed.push(character);
                self.ends_in_space = false;
            }
        }
        self.push(&collapsed);
    }

    /// A break. Whether the line had no words: then it is the second in a row, and ends a paragraph.
    pub(super) fn line_break(&mut self) -> bool {
        let is_second = self.runs.last().is_some_and(|run| run.text == BREAK);
        if !is_second && !self.runs.is_empty() {
            self.runs.push(Run {
                text: BREAK.to_owned(),
                marks: 0,
                link: None,
            });
            self.n_bytes += 1;
            self.ends_in_space = true;
        }
        is_second
    }

    fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.n_bytes += text.len();
        let opened = Mark::ALL.into_iter().zip(self.open);
        let marks = opened.fold(
            0,
            |marks, (mark, n)| {
                if n > 0 { marks | mark.bit() } else { marks }
            },
        );
        match self.runs.last_mut() {
            Some(last) if last.text != BREAK && last.marks == marks && last.link == self.link => {
                last.text.push_str(text);
            }
            _ => self.runs.push(Run {
                text: text.to_owned(),
                marks,
                link: self.link.clone(),
            }),
        }
    }

    /// What came in so far. Marks and links that are still open end here: a page that forgot to close one is not all one link.
    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// The words alone.
    pub(super) fn plain(&self) -> String {
        let texts: Vec<&str> = self.runs.iter().map(|run| run.text.as_str()).collect();
        one_line(&texts.concat())
    }

    /// As Markdown; empty without words.
    pub(super) fn markdown(&self, place: Place) -> String {
        let mut lines = Vec::new();
        for line in self.runs.split(|run| run.text == BREAK) {
            let line = line_of(line);
            if !line.is_empty() {
                lines.push(line);
            }
        }
        match place {
            Place::Line => lines.join(" "),
            Place::Block => {
                let lines: Vec<String> = lines.iter().map(|line| escape_line_start(line)).collect();
                lines.join("\\\n")
            }
        }
    }
}

fn line_of(runs: &[Run]) -> String {
    let mut written = String::new();
    let groups = runs.chunk_by(|a, b| a.link == b.link).collect::<Vec<_>>();
    for (place, group) in groups.iter().enumerate() {
        let behind = groups.get(place + 1).and_then(|next| next.first());
        let link = group.first().and_then(|run| run.link.as_deref());
        match link {
            None => add(&mut written, group, first_character(behind)),
            Some(link) => {
                let mut inner = String::new();
                add(&mut inner, group, None);
                let words = inner.trim();
                if words.is_empty() {
                    written.push_str(&inner);
                } else {
                    if written.ends_with('!') {
                        // Else it would be a picture.
                        written.pop();
                        written.push_str("\\!");
                    }
                    let (before, after) = (inner.starts_with(' '), inner.ends_with(' '));
                    written.push_str(if before { " " } else { "" });
                    written.extend(["[", words, "](", link, ")"]);
                    written.push_str(if after { " " } else { "" });
                }
            }
        }
    }
    written.trim().to_owned()
}

fn first_character(run: Option<&Run>) -> Option<char> {
    let run = run?;
    if run.link.is_some() {
        return Some('[');
    }
    run.text.chars().next()
}

/// Adds stretches with their marks, those that can be told: a mark begins behind white space or punctuation, or before a letter, and ends
/// likewise (`CommonMark` 0.31, section 6.2). One that cannot is left out, and the words stay.
fn add(line: &mut String, runs: &[Run], behind_all: Option<char>) {
    for (place, run) in runs.iter().enumerate() {
        let words = run.text.trim_matches(' ');
        if words.is_empty() {
            line.push_str(&run.text);
            continue;
        }
        let is_code = run.marks & Mark::Code.bit() != 0;
        let inner = if is_code {
            code_span(words).unwrap_or_default()
        } else {
            escape_inline(words)
        };
        let signs = signs(run.marks);
        let behind = match runs.get(place + 1) {
            _ if run.text.ends_with(' ') => Some(' '),
            Some(next) => next.text.chars().next(),
            None => behind_all,
        };
        if run.text.starts_with(' ') {
            line.push(' ');
        }
        // Of two kinds of signs the outer one stands before the inner one, and not before a letter.
        let first = |character: Option<char>| {
            let is_mixed = signs.contains('*') && signs.contains('~');
            character.map(|character| if is_mixed { '~' } else { character })
        };
        let is_told = can_open(line.chars().next_back(), first(inner.chars().next()))
            && can_open(behind, first(inner.chars().next_back()));
        if is_told && !signs.is_empty() {
            let closing: String = signs.chars().rev().collect();
            line.extend([&signs, &inner, &closing].map(String::as_str));
        } else if is_code && line.ends_with('`') {
            // Two code spans in a row would be one with other backticks.
            line.push_str(&escape_inline(words));
        } else {
            line.push_str(&inner);
        }
        if run.text.ends_with(' ') {
            line.push(' ');
        }
    }
}

fn signs(marks: u8) -> String {
    let marks = Mark::ALL.into_iter().filter(|mark| marks & mark.bit() != 0);
    marks.map(Mark::sign).collect()
}

/// Whether a sign between the two is one, seen from outside.
fn can_open(outside: Option<char>, inside: Option<char>) -> bool {
    let Some(inside) = inside else { return false };
    match outside {
        None => true,
        // Signs in a row run into each other.
        Some('*' | '~' | '\\' | '`') => false,
        Some(outside) => outside.is_whitespace() || inside.is_alphanumeric(),
    }
}

/// An address as it stands in `(…)` behind a link's text: without anything that would end it.
pub(super) fn destination(url: &str) -> String {
    let mut escaped = String::with_capacity(url.len());
    for character in url.chars() {
        match character {
            '(' => escaped.push_str("%28"),
            ')' => escaped.push_str("%29"),
            '<' => escaped.push_str("%3C"),
            '>' => escaped.push_str("%3E"),
            '\\' => escaped.push_str("%5C"),
            // In Markdown an entity in an address is what it stands for.
            '&' => escaped.push_str("&amp;"),
            '*' => escaped.push_str("%2A"),
            '_' | '~' | '`' | '[' | ']' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ if character.is_whitespace() || character.is_control() => {}
            _ => escaped.push(character),
        }
    }
    escaped
}
