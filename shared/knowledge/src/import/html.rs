//! Pages of HTML as Markdown.
//!
//! A page is read once from end to end, tag by tag, and no tree is built: a tag that is never closed costs as much as any other, and
//! nothing is nested deeper than [`writer::MAX_DEPTH`]. What comes out marks up nothing that was text, leads nowhere but to `https`, `http`
//! and `mailto`, and has no HTML in it: it is inert, whatever the page was.

use std::rc::Rc;

use html5gum::{DefaultEmitter, StartTag, StringReader, Token, Tokenizer};
use url::Url;

use self::inline::{Inline, Mark, Place};
use self::survey::{Root, survey};
use self::writer::{Container, Writer};
use super::{Found, MAX_ARTICLE_BYTES, Problem, escape, path};

mod inline;
mod survey;
mod table;
mod writer;

use table::Table;

/// A page that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Its article.
    pub(crate) found: Found,
    /// What it says its address is, as it stands there.
    pub(crate) canonical: Option<String>,
    /// What it says its encoding is.
    pub(crate) charset: Option<String>,
}

/// Elements that are dropped with all that is in them: they run, ask, or lead around the site.
const DROPPED: [&str; 24] = [
    "script", "style", "noscript", "template", "nav", "footer", "form", "button", "select",
    "textarea", "iframe", "object", "embed", "svg", "math", "canvas", "audio", "video", "dialog",
    "title", "datalist", "map", "frameset", "noembed",
];
/// Elements without an end.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];
/// Elements that begin and end a block, and say nothing else.
const BLOCKS: [&str; 24] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "aside",
    "address",
    "figure",
    "figcaption",
    "details",
    "summary",
    "dl",
    "dd",
    "fieldset",
    "legend",
    "body",
    "html",
    "head",
    "hgroup",
    "center",
    "caption",
    "search",
    "menuitem",
];
/// Elements that are dropped where they are marked as hidden: those that have an end of their own for sure.
const HIDEABLE: [&str; 12] = [
    "a", "article", "aside", "details", "div", "figure", "header", "i", "section", "span", "table",
    "ul",
];
/// Where links may lead.
const SCHEMES: [&str; 3] = ["https", "http", "mailto"];

/// The article of a page. Its title is its first heading of the first level, else that of its head, else the file's name. Links without a
/// host lead on from `base`; without one they are only their text.
pub(crate) fn read(path: &str, text: &str, base: Option<&Url>) -> Result<Page, Problem> {
    let survey = survey(text);
    let mut walker = Walker::of(text, survey.root, base)?;
    if walker.body.trim().is_empty() && survey.root != Root::Body {
        // What should be the article is empty: the text stands beside it.
        walker = Walker::of(text, Root::Body, base)?;
    }
    if walker.body.trim().is_empty() {
        return Err(Problem::NoText);
    }
    let titles = [walker.title, survey.title, Some(path::title(path))];
    let title = titles.into_iter().flatten().find(|title| !title.is_empty());
    Ok(Page {
        found: Found {
            title: title.unwrap_or_default(),
            body: walker.body,
            // A language that is none is a slip of the page's template, and no reason to refuse its text.
            language: survey
                .language
                .and_then(|tag| super::language::code(&tag))
                .map(str::to_owned),
            ..Found::default()
        },
        canonical: survey.canonical,
        charset: survey.charset,
    })
}

/// A tag that begins an element; where it stands is not asked.
type Tag = StartTag<()>;

/// The tokens of a page.
fn tokens(text: &str) -> Tokenizer<StringReader<'_>, DefaultEmitter> {
    let mut emitter = DefaultEmitter::default();
    // Scripts and styles are no tags.
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(text, emitter)
}

fn name_of(name: &[u8]) -> &str {
    std::str::from_utf8(name).unwrap_or_default()
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(value).trim().to_owned())
}

/// An element that is being looked at, or away from, until it ends; those of its own name inside it are counted.
#[derive(Debug)]
struct Within {
    name: String,
    depth: usize,
}

impl Within {
    fn start(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            depth: 1,
        }
    }

    /// Whether it ends with the end tag.
    fn ends_with(&mut self, name: &str) -> bool {
        if self.name == name {
            self.depth -= 1;
        }
        self.depth == 0
    }
}

/// Goes over the tokens, and writes.
struct Walker<'a> {
    root: Root,
    base: Option<&'a Url>,
    /// The element that is read; none while outside of it.
    inside: Option<Within>,
    dropped: Option<Within>,
    writer: Writer,
    inline: Inline,
    heading: Option<u8>,
    code: Option<String>,
    table: Option<Table>,
    /// Tables in cells of the table, which are read as text.
    n_tables_inside: usize,
    title: Option<String>,
    body: String,
}

impl<'a> Walker<'a> {
    fn of(text: &str, root: Root, base: Option<&'a Url>) -> Result<Self, Problem> {
        let mut walker = Self {
            root,
            base,
            inside: None,
            dropped: None,
            writer: Writer::default(),
            inline: Inline::default(),
            heading: None,
            code: None,
            table: None,
            n_tables_inside: 0,
            title: None,
            body: String::new(),
        };
        for Ok(token) in tokens(text) {
            match token {
                Token::StartTag(tag) => walker.start(&tag),
                Token::EndTag(tag) => walker.end(name_of(&tag.name)),
                Token::String(text) if walker.is_reading() => {
                    walker.text(&String::from_utf8_lossy(&text));
                }
                _ => {}
            }
            if walker.size() > MAX_ARTICLE_BYTES {
                return Err(Problem::BodyTooLong);
            }
        }
        walker.end_table();
        walker.end_block();
        walker.body = std::mem::take(&mut walker.writer).finish();
        Ok(walker)
    }

    /// Whether text that comes now is the article's.
    const fn is_reading(&self) -> bool {
        self.dropped.is_none() && (self.inside.is_some() || matches!(self.root, Root::Body))
    }

    /// What is held, in bytes, which the text is never shorter than.
    fn size(&self) -> usize {
        let code = self.code.as_ref().map_or(0, String::len);
        let table = self.table.as_ref().map_or(0, Table::size);
        self.writer.size() + self.inline.size() + code + table
    }

    fn start(&mut self, tag: &Tag) {
        let name = name_of(&tag.name);
        if let Some(dropped) = &mut self.dropped {
            if dropped.name == name && !tag.self_closing {
                dropped.depth += 1;
            }
            return;
        }
        match &mut self.inside {
            Some(inside) if inside.name == name => inside.depth += 1,
            None if self.root.begins_with(tag) => self.inside = Some(Within::start(name)),
            _ => {}
        }
        if !self.is_reading() {
            return;
        }
        let is_hidden = HIDEABLE.contains(&name)
            && (tag.attributes.contains_key(b"hidden".as_slice())
                || attribute(tag, "aria-hidden").is_some_and(|value| value == "true"));
        // What stands above a whole page is the site's; above an article it is the article's.
        let is_head_of_site = name == "header" && self.root == Root::Body;
        if (DROPPED.contains(&name) || is_hidden || is_head_of_site) && !VOID.contains(&name) {
            if !tag.self_closing {
                self.dropped = Some(Within::start(name));
            }
            return;
        }
        self.open(name, tag);
    }

    fn open(&mut self, name: &str, tag: &Tag) {
        match name {
            "br" if self.code.is_some() => self.text("\n"),
            "br" => {
                if self.inline.line_break() && self.table.is_none() {
                    self.end_block();
                }
            }
            "img" => {
                if let Some(alt) = attribute(tag, "alt") {
                    self.text(&format!(" {alt} "));
                }
            }
            "b" | "strong" => self.inline.begin(Mark::Strong),
            "i" | "em" | "cite" | "dfn" | "var" => self.inline.begin(Mark::Emphasis),
            "s" | "del" | "strike" => self.inline.begin(Mark::Struck),
            "code" | "kbd" | "samp" | "tt" if self.code.is_none() => self.inline.begin(Mark::Code),
            "a" => {
                let link = attribute(tag, "href").and_then(|href| self.link(&href));
                self.inline.begin_link(link);
            }
            "table" if self.table.is_some() => self.n_tables_inside += 1,
            "table" => {
                self.end_block();
                self.table = Some(Table::default());
            }
            "tr" if self.is_in_outer_table() => {
                self.end_cell();
                self.table.get_or_insert_default().begin_row();
            }
            "td" | "th" if self.is_in_outer_table() => {
                self.end_cell();
                self.table.get_or_insert_default().begin_cell();
            }
            "tr" | "td" | "th" => self.text(" "),
            _ if self.table.is_some() => {
                // A cell is one line: its blocks are words in it.
                if is_block(name) {
                    self.text(" ");
                }
            }
            "pre" | "xmp" | "listing" => {
                self.end_block();
                self.code = Some(String::new());
            }
            "hr" => self.end_block(),
            "dt" => {
                self.end_block();
                self.inline.begin(Mark::Strong);
            }
            _ => {
                if is_block(name) {
                    self.end_block();
                    self.open_block(name, tag);
                }
            }
        }
    }

    fn open_block(&mut self, name: &str, tag: &Tag) {
        match name {
            "ul" | "menu" | "dir" => self.writer.open(Container::Bullets),
            "ol" => {
                let start = attribute(tag, "start").and_then(|start| start.parse().ok());
                self.writer.open(Container::Numbers(start.unwrap_or(1)));
            }
            "li" => self.writer.open_item(),
            "blockquote" => self.writer.open(Container::Quote),
            _ => self.heading = level_of(name),
        }
    }

    fn end(&mut self, name: &str) {
        if let Some(dropped) = &mut self.dropped {
            // What is around it ends what was never closed in it.
            let is_end_of_all = ["body", "html", "main"].contains(&name);
            if dropped.ends_with(name) || is_end_of_all {
                self.dropped = None;
            }
            if !is_end_of_all {
                return;
            }
        }
        if self.is_reading() {
            self.close(name);
        }
        if let Some(inside) = &mut self.inside
            && inside.ends_with(name)
        {
            self.end_table();
            self.end_block();
            self.inside = None;
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "b" | "strong" => self.inline.finish(Mark::Strong),
            "i" | "em" | "cite" | "dfn" | "var" => self.inline.finish(Mark::Emphasis),
            "s" | "del" | "strike" => self.inline.finish(Mark::Struck),
            "code" | "kbd" | "samp" | "tt" => self.inline.finish(Mark::Code),
            "a" => self.inline.begin_link(None),
            "table" if self.n_tables_inside > 0 => self.n_tables_inside -= 1,
            "table" => self.end_table(),
            "td" | "th" | "tr" if self.is_in_outer_table() => self.end_cell(),
            _ if self.table.is_some() && is_block(name) => self.text(" "),
            "pre" | "xmp" | "listing" => self.end_code(),
            "ul" | "ol" | "menu" | "dir" | "blockquote" => {
                self.end_block();
                self.writer.close(name == "blockquote");
            }
            "li" => {
                self.end_block();
                self.writer.close_item();
            }
            // As in a browser, the end of a paragraph that never began is one.
            _ if is_block(name) => self.end_block(),
            _ => {}
        }
    }

    const fn is_in_outer_table(&self) -> bool {
        self.table.is_some() && self.n_tables_inside == 0
    }

    fn text(&mut self, text: &str) {
        match &mut self.code {
            Some(code) => code.push_str(text),
            None => self.inline.text(text),
        }
    }

    /// Where a link leads; `None` for where it must not lead, and for places of this page.
    fn link(&self, href: &str) -> Option<Rc<str>> {
        if href.is_empty() || href.starts_with('#') {
            return None;
        }
        let url = match self.base {
            Some(base) => base.join(href),
            None => Url::parse(href),
        };
        let url = url.ok()?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        if !SCHEMES.contains(&url.scheme()) || !is_plain {
            return None;
        }
        Some(Rc::from(inline::destination(url.as_str())))
    }

    fn end_block(&mut self) {
        self.end_code();
        let heading = self.heading.take();
        let inline = self.inline.take();
        let place = if heading.is_some() {
            Place::Line
        } else {
            Place::Block
        };
        let text = inline.markdown(place);
        if text.is_empty() {
            return;
        }
        match heading {
            // The first is the article's name, and the article does not begin with it again.
            Some(1) if self.title.is_none() => self.title = Some(inline.plain()),
            Some(level) => {
                // A row of `#` at its end would be taken for its closing.
                let closing = if text.ends_with('#') { " #" } else { "" };
                let marks = "#".repeat(level.into());
                self.writer.block(&format!("{marks} {text}{closing}"));
            }
            None => self.writer.block(&text),
        }
    }

    fn end_code(&mut self) {
        let Some(code) = self.code.take() else { return };
        let code = code.strip_prefix('\n').unwrap_or(&code).trim_end();
        if !code.trim().is_empty() {
            self.writer.block(&escape::code_block(code));
        }
    }

    fn end_cell(&mut self) {
        if let Some(table) = &mut self.table {
            let inline = self.inline.take();
            table.add(&inline.markdown(Place::Line));
        }
    }

    fn end_table(&mut self) {
        self.end_cell();
        self.n_tables_inside = 0;
        if let Some(table) = self.table.take() {
            for block in table.blocks() {
                self.writer.block(&block);
            }
        }
    }
}

fn is_block(name: &str) -> bool {
    let containers = [
        "ul",
        "ol",
        "menu",
        "dir",
        "li",
        "blockquote",
        "dt",
        "hr",
        "pre",
    ];
    BLOCKS.contains(&name) || containers.contains(&name) || level_of(name).is_some()
}

fn level_of(name: &str) -> Option<u8> {
    let level = name.strip_prefix('h')?.parse().ok()?;
    (name.len() == 2 && (1..=6).contains(&level)).then_some(level)
}

#[cfg(test)]
mod tests;
