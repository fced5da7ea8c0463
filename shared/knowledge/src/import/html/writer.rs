//! Blocks of Markdown, in lists and quotes.

/// Most lists and quotes around a block. What is nested deeper is written as if it stood at this depth.
pub(super) const MAX_DEPTH: usize = 12;

/// What holds blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    /// A quotation.
    Quote,
    /// A list with bullets.
    Bullets,
    /// A list with numbers, and the next one.
    Numbers(u32),
}

#[derive(Debug)]
struct Open {
    container: Container,
    /// The item that is open, in a list.
    item: Option<Item>,
}

#[derive(Debug)]
struct Item {
    marker: String,
    /// Whether its marker is written.
    has_begun: bool,
}

/// Writes blocks one after the other.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: String,
    open: Vec<Open>,
    /// Containers beyond the deepest that are open.
    n_too_deep: usize,
    /// What stands in front of a line between the last block and the next one: the containers that are around both.
    n_shared: usize,
    /// Whether the last block was in an item of a list that is still open: the next item follows without an empty line.
    last_item_depth: Option<usize>,
}

impl Writer {
    pub(super) const fn size(&self) -> usize {
        self.out.len()
    }

    pub(super) fn open(&mut self, container: Container) {
        if self.open.len() >= MAX_DEPTH {
            self.n_too_deep += 1;
            return;
        }
        self.open.push(Open {
            container,
            item: None,
        });
    }

    /// Ends the innermost quote, or the innermost list; and what is in it. One that never began ends nothing.
    pub(super) fn close(&mut self, is_quote: bool) {
        if self.n_too_deep > 0 {
            self.n_too_deep -= 1;
            return;
        }
        let is_wanted = |open: &Open| (open.container == Container::Quote) == is_quote;
        if let Some(place) = self.open.iter().rposition(is_wanted) {
            self.open.truncate(place);
            self.end_containers();
        }
    }

    /// Begins an item of the innermost list; outside of any list, of one with bullets.
    pub(super) fn open_item(&mut self) {
        if self.n_too_deep > 0 {
            return;
        }
        if !self
            .open
            .iter()
            .any(|open| open.container != Container::Quote)
        {
            self.open(Container::Bullets);
        }
        // A quote that was forgotten in the item before ends with it.
        let is_list = |open: &Open| open.container != Container::Quote;
        let Some(place) = self.open.iter().rposition(is_list) else {
            return;
        };
        self.open.truncate(place + 1);
        self.end_containers();
        self.n_shared = self.n_shared.min(place);
        if let Some(list) = self.open.last_mut() {
            let marker = match &mut list.container {
                Container::Numbers(next) => {
                    let marker = format!("{next}. ");
                    // A number has nine digits at most (CommonMark 0.31, section 5.2).
                    *next = next.saturating_add(1).min(999_999_999);
                    marker
                }
                _ => "- ".to_owned(),
            };
            list.item = Some(Item {
                marker,
                has_begun: false,
            });
        }
    }

    pub(super) fn close_item(&mut self) {
        if self.n_too_deep > 0 {
            return;
        }
        let is_list = |open: &Open| open.container != Container::Quote;
        if let Some(place) = self.open.iter().rposition(is_list) {
            self.open.truncate(place + 1);
            self.end_containers();
            self.n_shared = self.n_shared.min(place);
            if let Some(list) = self.open.last_mut() {
                list.item = None;
            }
        }
    }

    fn end_containers(&mut self) {
        self.n_shared = self.n_shared.min(self.open.len());
        self.last_item_depth = self
            .last_item_depth
            .filter(|depth| *depth < self.open.len());
    }

    /// Writes a block: lines that begin as they should, without the marks of what is around them.
    pub(super) fn block(&mut self, text: &str) {
        let first_new = self.open.iter().position(|open| {
            let item = open.item.as_ref();
            item.is_some_and(|item| !item.has_begun)
        });
        if !self.out.is_empty() {
            self.out.push('\n');
            let new = first_new.and_then(|place| self.open.get(place)?.item.as_ref());
            let follows_item = match (first_new, self.last_item_depth) {
                (Some(new), Some(last)) if new <= last => true,
                // A list right behind words begins with a bullet or with 1, or is no list (CommonMark 0.31, section 5.2).
                (Some(place), Some(last)) if place == last + 1 => {
                    new.is_some_and(|item| ["- ", "1. "].contains(&item.marker.as_str()))
                }
                _ => false,
            };
            if !follows_item {
                let between: String = prefixes(self.open.iter().take(self.n_shared)).collect();
                self.out.push_str(between.trim_end());
                self.out.push('\n');
            }
        }
        let mut first: String = String::new();
        for open in &mut self.open {
            match &mut open.item {
                Some(item) if !item.has_begun => {
                    first.push_str(&item.marker);
                    item.has_begun = true;
                }
                Some(item) => first.push_str(&" ".repeat(item.marker.len())),
                None if open.container == Container::Quote => first.push_str("> "),
                None => {}
            }
        }
        let rest: String = prefixes(self.open.iter()).collect();
        for (place, line) in text.split('\n').enumerate() {
            let prefix = if place == 0 { &first } else { &rest };
            if place > 0 {
                self.out.push('\n');
            }
            let prefix = if line.is_empty() {
                prefix.trim_end()
            } else {
                prefix
            };
            self.out.push_str(prefix);
            self.out.push_str(line);
        }
        self.n_shared = self.open.len();
        self.last_item_depth = self.open.iter().rposition(|open| open.item.is_some());
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// What stands in front of a line that is not the first of its item.
fn prefixes<'a>(open: impl Iterator<Item = &'a Open>) -> impl Iterator<Item = String> {
    open.map(|open| match &open.item {
        Some(item) => " ".repeat(item.marker.len()),
        None if open.container == Container::Quote => "> ".to_owned(),
        None => String::new(),
    })
}
