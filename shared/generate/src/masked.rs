//! What leaves for a provider has no personal data: e-mail addresses, phone, card and account numbers, and the names that are known
//! are replaced by placeholders, `[EMAIL_1]`, and come back into the answer exactly as they were.
//!
//! The same text is the same placeholder in all texts of a request; `Maria` and `MARIA` are two, since both come back as they
//! were. What already looks like a placeholder is replaced as well (`[TEXT_1]`), so that every placeholder in a masked text is ours.

use std::collections::BTreeMap;

use edgedesk_masking::{Kind, Names, name_spans, spans};

use crate::GenerateRequest;

/// Placeholders, and what they stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Masked {
    placeholders: BTreeMap<(Label, String), u32>,
    originals: BTreeMap<(Label, u32), String>,
}

/// What a placeholder says of what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Email,
    Iban,
    Card,
    Phone,
    Name,
    /// Something that looked like a placeholder.
    Text,
}

const LABELS: [(Label, &str); 6] = [
    (Label::Email, "EMAIL"),
    (Label::Iban, "IBAN"),
    (Label::Card, "CARD"),
    (Label::Phone, "PHONE"),
    (Label::Name, "NAME"),
    (Label::Text, "TEXT"),
];

/// How originals are put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Into {
    /// Into a text, as they are.
    Text,
    /// Into JSON, whose strings the placeholders stand in: escaped.
    Json,
}

/// A text with its originals back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The text.
    pub text: String,
    /// Placeholders in it that stand for nothing: the model made them up, and they are left out.
    pub n_invented: u32,
}

impl Masked {
    /// The texts of one request, masked, and what takes the masks off again.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>, names: &Names) -> (Self, Vec<String>) {
        let mut masked = Self::default();
        let texts = texts.into_iter().map(|text| masked.mask(text, names));
        let texts = texts.collect();
        (masked, texts)
    }

    /// Whether there was nothing to mask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.originals.is_empty()
    }

    /// The whole text with its originals back.
    #[must_use]
    pub fn restore(&self, text: &str, into: Into) -> Restored {
        let mut pieces = self.restorer(into);
        let mut restored = pieces.push(text);
        restored.push_str(&pieces.end());
        Restored {
            text: restored,
            n_invented: pieces.n_invented,
        }
    }

    /// The same for a text that comes in pieces.
    #[must_use]
    pub fn restorer(&self, into: Into) -> Restorer<'_> {
        Restorer {
            masked: self,
            into,
            held: String::new(),
            n_invented: 0,
        }
    }

    /// Masks one more text of the same request.
    fn mask(&mut self, text: &str, names: &Names) -> String {
        let mut parts = vec![Part::Open(text)];
        // What stood side by side may stand alone once something between is gone, and be something by itself: until nothing is
        // found. Each round that finds something leaves less to look at.
        while let Some(split) = split_all(&parts, names) {
            parts = split;
        }
        let mut masked = String::new();
        for part in parts {
            match part {
                Part::Open(text) => masked.push_str(text),
                Part::Hidden(label, original) => {
                    let number = self.number(label, original);
                    masked.push_str(&placeholder(label, number));
                }
            }
        }
        masked
    }

    fn number(&mut self, label: Label, original: &str) -> u32 {
        let key = (label, original.to_owned());
        if let Some(number) = self.placeholders.get(&key) {
            return *number;
        }
        let known = self.originals.range((label, 0)..=(label, u32::MAX));
        let number = known.last().map_or(1, |((_, last), _)| last + 1);
        self.placeholders.insert(key, number);
        self.originals.insert((label, number), original.to_owned());
        number
    }

    fn original(&self, label: Label, number: u32, into: Into) -> Option<String> {
        let original = self.originals.get(&(label, number))?;
        Some(match into {
            Into::Text => original.clone(),
            // As a JSON string, without its quotes.
            Into::Json => {
                let quoted = serde_json::Value::from(original.as_str()).to_string();
                let inner = quoted
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'));
                inner.unwrap_or_default().to_owned()
            }
        })
    }
}

/// Tells a model what placeholders are. Added when there are any.
const PLACEHOLDER_RULE: &str = "\n\nWords in square brackets such as [EMAIL_1] or [NAME_1] stand for personal data that is \
    withheld. Repeat them exactly as they are where they are needed, and make up none.";

/// The request as it may leave, and what takes the masks off its answer.
pub(crate) fn mask_request(request: &GenerateRequest, names: &Names) -> (Masked, GenerateRequest) {
    let messages = request.messages.iter().map(|message| &message.text);
    let texts = std::iter::once(&request.instructions).chain(messages);
    let (masked, texts) = Masked::of(texts.map(String::as_str), names);
    let mut texts = texts.into_iter();
    let mut outside = request.clone();
    outside.instructions = texts.next().unwrap_or_default();
    if !masked.is_empty() {
        outside.instructions.push_str(PLACEHOLDER_RULE);
    }
    for (message, text) in outside.messages.iter_mut().zip(texts) {
        message.text = text;
    }
    (masked, outside)
}

#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Open(&'a str),
    Hidden(Label, &'a str),
}

/// The parts with what is found in the open ones hidden; `None` when there is nothing.
fn split_all<'a>(parts: &[Part<'a>], names: &Names) -> Option<Vec<Part<'a>>> {
    let mut found = false;
    let mut split = Vec::new();
    for part in parts {
        let &Part::Open(text) = part else {
            split.push(*part);
            continue;
        };
        let hidden = find(text, names);
        found |= !hidden.is_empty();
        let mut done = 0;
        for (range, label) in hidden {
            split.extend(text.get(done..range.start).map(Part::Open));
            split.extend(
                text.get(range.clone())
                    .map(|original| Part::Hidden(label, original)),
            );
            done = range.end;
        }
        split.extend(text.get(done..).map(Part::Open));
    }
    found.then_some(split)
}

/// What is to be hidden in a text, in order. Of what is found, placeholders come first, then personal data, then names: an address with
/// a name in it is one thing.
fn find(text: &str, names: &Names) -> Vec<(std::ops::Range<usize>, Label)> {
    let lookalikes: Vec<_> = lookalikes(text).collect();
    if !lookalikes.is_empty() {
        return lookalikes;
    }
    let mut found = spans(text);
    if found.is_empty() {
        found = name_spans(text, names);
    }
    let found = found.into_iter();
    found
        .map(|span| (span.range, label_of(span.kind)))
        .collect()
}

const fn label_of(kind: Kind) -> Label {
    match kind {
        Kind::Email => Label::Email,
        Kind::Iban => Label::Iban,
        Kind::Card => Label::Card,
        Kind::Phone => Label::Phone,
        Kind::Name => Label::Name,
    }
}

fn placeholder(label: Label, number: u32) -> String {
    let names = LABELS.iter().find(|(known, _)| *known == label);
    let name = names.map_or("TEXT", |(_, name)| name);
    format!("[{name}_{number}]")
}

/// What looks like a placeholder, ours or not.
fn lookalikes(text: &str) -> impl Iterator<Item = (std::ops::Range<usize>, Label)> {
    text.match_indices('[').filter_map(|(start, _)| {
        let (length, ..) = read(text.get(start..)?).ok()?;
        Some((start..start + length, Label::Text))
    })
}

/// Why no placeholder can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoPlaceholder {
    /// It is something else.
    Other,
    /// It may become one.
    Unfinished,
}

/// Digits of a placeholder: there are never as many texts in a request.
const MAX_DIGITS: usize = 6;

/// The placeholder that a text begins with: its length, its label, its number. Models write it in any case.
fn read(text: &str) -> Result<(usize, Label, u32), NoPlaceholder> {
    let rest = text.strip_prefix('[').ok_or(NoPlaceholder::Other)?;
    let n_letters = rest
        .find(|character: char| !character.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let (letters, rest) = rest.split_at(n_letters);
    if rest.is_empty() {
        let begins = |name: &str| {
            let beginning = name.get(..letters.len());
            beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(letters))
        };
        let may_be = LABELS.iter().any(|(_, name)| begins(name));
        return Err(if may_be {
            NoPlaceholder::Unfinished
        } else {
            NoPlaceholder::Other
        });
    }
    let label = LABELS
        .iter()
        .find(|(_, name)| name.eq_ignore_ascii_case(letters))
        .map(|(label, _)| *label)
        .ok_or(NoPlaceholder::Other)?;
    let rest = rest.strip_prefix('_').ok_or(NoPlaceholder::Other)?;
    let n_digits = rest
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(rest.len());
    let (digits, rest) = rest.split_at(n_digits);
    if digits.len() > MAX_DIGITS {
        return Err(NoPlaceholder::Other);
    }
    if rest.is_empty() {
        return Err(NoPlaceholder::Unfinished);
    }
    if !rest.starts_with(']') {
        return Err(NoPlaceholder::Other);
    }
    let number = digits.parse().map_err(|_| NoPlaceholder::Other)?;
    Ok((1 + letters.len() + 1 + digits.len() + 1, label, number))
}

/// Puts originals back into a text that comes in pieces. Holds back what may be the beginning of a placeholder.
#[derive(Debug)]
pub struct Restorer<'a> {
    masked: &'a Masked,
    into: Into,
    held: String,
    /// Placeholders that stood for nothing, so far.
    pub n_invented: u32,
}

impl Restorer<'_> {
    /// What can be said once this piece is there; may be nothing.
    pub fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let held = std::mem::take(&mut self.held);
        let mut restored = String::new();
        let mut rest = held.as_str();
        while let Some(bracket) = rest.find('[') {
            let (before, from) = rest.split_at(bracket);
            restored.push_str(before);
            match read(from) {
                Ok((length, label, number)) => {
                    match self.masked.original(label, number, self.into) {
                        Some(original) => restored.push_str(&original),
                        None => self.n_invented += 1,
                    }
                    rest = from.get(length..).unwrap_or_default();
                }
                Err(NoPlaceholder::Unfinished) => {
                    from.clone_into(&mut self.held);
                    return restored;
                }
                Err(NoPlaceholder::Other) => {
                    restored.push('[');
                    rest = from.get(1..).unwrap_or_default();
                }
            }
        }
        restored.push_str(rest);
        restored
    }

    /// What is left when no more pieces come.
    pub fn end(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests;
