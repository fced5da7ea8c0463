//! Looks at what a model wrote before anybody else does.
//!
//! It cannot tell whether a sentence is true. It holds that a reply has the form that was agreed, does what it may, rests on what it was
//! shown, leads nowhere else, and does not repeat what the model was told. `docs/decisions/0041-text-generators.md` has what it does
//! not find.

mod amounts;
mod leak;
mod links;

use crate::prompt::{Secrets, Source, is_invisible};
use crate::reply::{Action, Reply};

/// Why a text may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Flaw {
    /// No reply of the agreed form.
    #[error("not of the agreed form")]
    Form,
    /// There is nothing in it.
    #[error("empty")]
    Empty,
    /// Longer than agreed.
    #[error("too long")]
    TooLong,
    /// It repeats its instructions, or a secret word of them.
    #[error("repeats its instructions")]
    Leak,
    /// It has a link that is in no source.
    #[error("a foreign link")]
    Link,
    /// It has an e-mail address that is in no source.
    #[error("a foreign address")]
    Address,
    /// It has an amount of money or a percentage that is in no source.
    #[error("a foreign amount")]
    Amount,
    /// It has HTML in it.
    #[error("markup")]
    Markup,
    /// It has characters that nobody sees.
    #[error("invisible characters")]
    Invisible,
    /// It does what it may not.
    #[error("an action that is not allowed")]
    Action,
    /// It names a source that it was not shown, or one twice.
    #[error("an unknown citation")]
    Citation,
    /// It answers and names no source.
    #[error("an answer without a citation")]
    NoCitation,
}

/// What a reply is held against. Texts as they are, unmasked.
#[derive(Debug, Clone, Copy)]
pub struct Guard<'a> {
    /// The instructions as they were built ([`crate::GenerateRequest::instructions`]).
    pub instructions: &'a str,
    /// The words of the request.
    pub secrets: &'a Secrets,
    /// What the model was shown to rest on.
    pub sources: &'a [Source<'a>],
    /// What else of ours it may repeat links, addresses and amounts from: earlier words of agents, the customer's own address. Not
    /// what a customer wrote.
    pub known: &'a [&'a str],
    /// What it may do. Decided before it was asked: by confidence, mood, the account's settings.
    pub actions: &'a [Action],
    /// Most characters of the text.
    pub max_chars: usize,
}

/// Bytes of a character in JSON: an escape such as `\u00e9`, or two of them.
const MAX_CHAR_BYTES: usize = 12;

/// Bytes of a reply beside its text: its fields, its citations. What is longer than a reply can be is not looked through.
const FORM_BYTES: usize = 4_096;

impl Guard<'_> {
    /// The reply, if it may be used.
    pub fn reply(&self, answer: &str) -> Result<Reply, Flaw> {
        if answer.len() > FORM_BYTES + MAX_CHAR_BYTES * self.max_chars {
            return Err(Flaw::TooLong);
        }
        // Before it is read: what is in no field of a reply may be a leak all the same, and is told as one.
        self.no_leak(answer)?;
        let reply = Reply::parse(answer).ok_or(Flaw::Form)?;
        if !self.actions.contains(&reply.action) {
            return Err(Flaw::Action);
        }
        self.text(&reply.text)?;
        for (index, citation) in reply.citations.iter().enumerate() {
            let is_known = self.sources.iter().any(|source| source.id == citation);
            let is_first = reply
                .citations
                .iter()
                .take(index)
                .all(|other| other != citation);
            if !is_known || !is_first {
                return Err(Flaw::Citation);
            }
        }
        if reply.action == Action::Answer && reply.citations.is_empty() {
            return Err(Flaw::NoCitation);
        }
        Ok(reply)
    }

    /// Whether a plain text may be used.
    pub fn text(&self, text: &str) -> Result<(), Flaw> {
        if text.trim().is_empty() {
            return Err(Flaw::Empty);
        }
        if text.chars().nth(self.max_chars).is_some() {
            return Err(Flaw::TooLong);
        }
        if text.chars().any(is_invisible) {
            return Err(Flaw::Invisible);
        }
        if is_markup(text) {
            return Err(Flaw::Markup);
        }
        self.no_leak(text)?;
        let known = || {
            let sources = self.sources.iter();
            let of_sources = sources.flat_map(|source| [source.title, source.text]);
            of_sources.chain(self.known.iter().copied())
        };
        links::check(text, known())?;
        amounts::check(text, known())
    }

    fn no_leak(&self, text: &str) -> Result<(), Flaw> {
        let sources = self.sources.iter().map(|source| source.text);
        let shown = sources.chain(self.known.iter().copied());
        if leak::repeats(text, self.instructions, self.secrets, shown) {
            return Err(Flaw::Leak);
        }
        Ok(())
    }
}

/// Whether a browser would take something in the text for a tag, a comment or script. `a < b` and `<3` are neither. Pages show texts as
/// texts anyway; this is for whoever copies them.
fn is_markup(text: &str) -> bool {
    let opens = text.match_indices('<').any(|(at, _)| {
        let next = text.get(at + 1..).and_then(|rest| rest.chars().next());
        next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'))
    });
    let squeezed: String = (text.chars())
        .filter(|character| !character.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    let schemes = ["javascript:", "vbscript:", "data:text/", "data:image/svg"];
    opens || schemes.iter().any(|scheme| squeezed.contains(scheme))
}

#[cfg(test)]
mod tests;
