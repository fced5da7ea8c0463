//! Whether a customer asks for a person instead of a machine, in the twelve languages that are told apart.
//!
//! A short text may be nothing but the word: `human`, `agent please`. In a longer one the wish has to be said: a verb of talking or
//! wanting and the person, with only small words between them, so that `the travel agent booked` and `human resources` are none. As
//! with the other phrases, every language is tried on every text.

use std::sync::LazyLock;

use crate::phrases::{entries, match_length};
use crate::words::{Word, words};

mod tongues;

use tongues::{TONGUES, Tongue};

/// Words up to which a text may be only the word and what is polite.
const SHORT: usize = 6;
/// Words between a verb and the person at most: `talk to one of your real human agents`.
const BETWEEN: usize = 6;
/// Words before a verb among which a negation takes the wish back.
const NEGATION_REACH: usize = 4;
/// Words that make of a negation none: `I do not know how to talk to an agent`.
const KNOWING: [&str; 11] = [
    "know",
    "see",
    "understand",
    "weiß",
    "sais",
    "sé",
    "so",
    "weet",
    "sei",
    "wiem",
    "vet",
];
/// Where a sentence ends.
const SENTENCE_MARKS: [char; 6] = ['.', '!', '?', ';', '\n', '…'];
/// Words right behind a person among which a thing makes them something else: `agent licence`, `agence de voyages`.
const THING_REACH: usize = 2;

/// Whether the writer asks to be handed to a human being.
#[must_use]
pub fn asks_for_person(text: &str) -> bool {
    static LISTS: LazyLock<Vec<Lists>> = LazyLock::new(|| TONGUES.iter().map(Lists::of).collect());
    let all = words(text);
    // A wish, and what takes it back, stand in one sentence. A mark within a number splits too much, and that does no harm here.
    let sentences: Vec<Vec<Word>> = text.split(SENTENCE_MARKS).map(words).collect();
    LISTS.iter().any(|lists| {
        lists.is_only_the_word(&all) || sentences.iter().any(|words| lists.is_said(words))
    })
}

/// The words of a [`Tongue`], taken apart once.
struct Lists {
    persons: Vec<Vec<&'static str>>,
    anybody: Vec<Vec<&'static str>>,
    talking: Vec<Vec<&'static str>>,
    wanting: Vec<Vec<&'static str>>,
    behind: Vec<Vec<&'static str>>,
    between: Vec<Vec<&'static str>>,
    polite: Vec<Vec<&'static str>>,
    things: Vec<Vec<&'static str>>,
    negations: Vec<Vec<&'static str>>,
}

impl Lists {
    fn of(tongue: &Tongue) -> Self {
        let list = |text| entries(text).collect();
        Self {
            persons: list(tongue.persons),
            anybody: list(tongue.anybody),
            talking: list(tongue.talking),
            wanting: list(tongue.wanting),
            behind: list(tongue.behind),
            between: list(tongue.between),
            polite: list(tongue.polite),
            things: list(tongue.things),
            negations: list(tongue.negations),
        }
    }

    /// `human`, `agent please`, `a real person`.
    fn is_only_the_word(&self, words: &[Word]) -> bool {
        if words.is_empty() || words.len() > SHORT {
            return false;
        }
        let mut rest = words;
        let mut has_person = false;
        while !rest.is_empty() {
            let person = longest(&self.persons, rest);
            has_person |= person.is_some();
            let length = person
                .or_else(|| longest(&self.between, rest))
                .or_else(|| longest(&self.polite, rest));
            match length.and_then(|length| rest.get(length..)) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        has_person
    }

    /// `I want to talk to an agent`, `kann ich mit einem Menschen sprechen`.
    fn is_said(&self, words: &[Word]) -> bool {
        (0..words.len()).any(|at| {
            let Some(rest) = words.get(at..) else {
                return false;
            };
            let is_verb = |verbs: &[Vec<&str>], with_anybody| {
                longest(verbs, rest)
                    .and_then(|length| rest.get(length..))
                    .is_some_and(|behind| self.person_follows(behind, with_anybody))
            };
            let said = is_verb(&self.talking, true)
                || is_verb(&self.wanting, false)
                || self.is_person_before_verb(rest);
            said && !self.is_negated(words.get(..at).unwrap_or_default())
        })
    }

    /// Whether a person stands here, behind small words at most, and is no part of a thing's name.
    fn person_follows(&self, words: &[Word], with_anybody: bool) -> bool {
        let mut rest = words;
        for _ in 0..=BETWEEN {
            let person = longest(&self.persons, rest)
                .or_else(|| with_anybody.then(|| longest(&self.anybody, rest)).flatten());
            if let Some(behind) = person.and_then(|length| rest.get(length..)) {
                return !self.is_thing(behind);
            }
            match longest(&self.between, rest).and_then(|length| rest.get(length..)) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        false
    }

    /// Languages with the verb at the end: `mit einem Mitarbeiter sprechen`.
    fn is_person_before_verb(&self, words: &[Word]) -> bool {
        let person = longest(&self.persons, words).or_else(|| longest(&self.anybody, words));
        let Some(mut rest) = person.and_then(|length| words.get(length..)) else {
            return false;
        };
        for _ in 0..=BETWEEN {
            if longest(&self.behind, rest).is_some() {
                return true;
            }
            match longest(&self.between, rest).and_then(|length| rest.get(length..)) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        false
    }

    fn is_thing(&self, behind: &[Word]) -> bool {
        (0..THING_REACH).any(|at| {
            let rest = behind.get(at..);
            rest.is_some_and(|rest| longest(&self.things, rest).is_some())
        })
    }

    fn is_negated(&self, before: &[Word]) -> bool {
        let near = before
            .get(before.len().saturating_sub(NEGATION_REACH)..)
            .unwrap_or_default();
        if near
            .iter()
            .any(|word| KNOWING.contains(&word.text.as_str()))
        {
            return false;
        }
        (0..near.len()).any(|at| {
            let rest = near.get(at..);
            rest.is_some_and(|rest| longest(&self.negations, rest).is_some())
        })
    }
}

/// Words of the longest entry that `words` begins with.
fn longest(list: &[Vec<&str>], words: &[Word]) -> Option<usize> {
    list.iter()
        .filter_map(|entry| match_length(entry, words))
        .max()
}

#[cfg(test)]
mod tests;
