//! Is everything that a draft states known from somewhere?
//!
//! A draft of any generator is held against what it may rest on. Whatever can be wrong in it and costs somebody something has to stand
//! there: numbers, amounts, times, addresses, links, promises. What is said in other words is not judged; that a sentence means what
//! its source means, no pattern can tell.
//!
//! A sentence that stands word for word in a source is not looked at further, so that joining sentences is never wrong.

use std::collections::BTreeSet;
use std::ops::Range;

use edgedesk_analysis::entities::find_entities;
use edgedesk_analysis::words::words;
use edgedesk_domain::analysis::EntityKind;

use crate::text::{holds, n_words, one_line, places, sentences};

mod patterns;
pub(crate) mod promises;

use patterns::{Duration, durations, numbers, percentages};

/// Words from which a sentence of a source is passed over as a whole. A shorter one may be part of another statement.
const MIN_VERBATIM_WORDS: usize = 4;

/// What a draft may rest on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// What the account says itself: articles, macros, its own phrases and the values of variables.
    pub trusted: Vec<String>,
    /// What the customer wrote: a draft may repeat their numbers, and not their links, nor what they would like to be promised.
    pub customer: Vec<String>,
}

/// Something that a draft states and no source does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// As the draft has it.
    pub text: String,
}

/// Kinds of [`Finding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// The number of an order, an invoice, a ticket or a parcel.
    OrderNumber,
    /// Money.
    Amount,
    /// A day.
    Date,
    /// How long something takes or lasts.
    Duration,
    /// A share.
    Percentage,
    /// Any other number.
    Number,
    /// A web address.
    Link,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// Words that bind the account.
    Promise,
    /// A wish for a password or a card's number.
    Secret,
}

impl FindingKind {
    /// The word in JSON and reasons.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrderNumber => "order_number",
            Self::Amount => "amount",
            Self::Date => "date",
            Self::Duration => "duration",
            Self::Percentage => "percentage",
            Self::Number => "number",
            Self::Link => "link",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Promise => "promise",
            Self::Secret => "secret",
        }
    }
}

/// What a draft states without a source, each once, in order of kind; empty for a draft that may be shown. `language` is the draft's,
/// ISO 639-1, where it is known; promises are looked for in every language.
#[must_use]
pub fn validate(draft: &str, language: Option<&str>, sources: &Sources) -> Vec<Finding> {
    let known = Known::of(sources);
    let draft = flat(&without_steps(draft));
    let mut findings = BTreeSet::new();
    for part in unproven(&draft, &known.trusted) {
        find(part, language, &known, &mut findings);
    }
    findings.into_iter().collect()
}

/// The sources in the forms that are compared.
struct Known {
    /// What the account says, and all that may be repeated; one line each, in small letters.
    trusted: Vec<String>,
    all: Vec<String>,
    numbers: BTreeSet<String>,
    durations: BTreeSet<Duration>,
    amounts: BTreeSet<String>,
}

impl Known {
    fn of(sources: &Sources) -> Self {
        let flat = |texts: &[String]| texts.iter().map(|text| flat(text)).collect::<Vec<_>>();
        let trusted = flat(&sources.trusted);
        let mut all = trusted.clone();
        all.extend(flat(&sources.customer));
        let texts = || all.iter().map(String::as_str);
        let numbers = texts().flat_map(numbers);
        let numbers = numbers.flat_map(|number| number.forms).collect();
        let durations = texts()
            .flat_map(durations)
            .map(|(_, duration)| duration)
            .collect();
        let amounts = texts()
            .flat_map(|text| find_entities(text, &words(text), None))
            .filter(|entity| entity.kind == EntityKind::Amount)
            .filter_map(|entity| entity.value)
            .collect();
        Self {
            trusted,
            all,
            numbers,
            durations,
            amounts,
        }
    }

    fn says(&self, text: &str) -> bool {
        self.all.iter().any(|source| holds(source, text))
    }

    fn is_trusted(&self, text: &str) -> bool {
        self.trusted.iter().any(|source| holds(source, text))
    }
}

/// One line in small letters, with plain apostrophes and spaces.
fn flat(text: &str) -> String {
    one_line(&text.to_lowercase().replace('\u{2019}', "'"))
}

/// A draft without the numbers that count the steps of a list: 1 at the beginning of a line, then each one more than the one before.
fn without_steps(draft: &str) -> String {
    let mut last = 0;
    let lines = draft.lines().map(|line| {
        let step = line.split_once(". ");
        let step = step.and_then(|(number, text)| Some((number.parse::<u32>().ok()?, text)));
        match step {
            Some((number, text)) if number == 1 || number == last + 1 => {
                last = number;
                text
            }
            _ => line,
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The parts of a draft that are no sentence of a source.
fn unproven<'a>(draft: &'a str, trusted: &[String]) -> Vec<&'a str> {
    let mut proven: Vec<Range<usize>> = Vec::new();
    for source in trusted {
        for sentence in sentences(source) {
            if n_words(sentence) >= MIN_VERBATIM_WORDS {
                proven.extend(places(draft, sentence));
            }
        }
    }
    proven.sort_by_key(|range| range.start);
    let mut parts = Vec::new();
    let mut start = 0;
    for range in proven {
        parts.extend(draft.get(start..range.start));
        start = start.max(range.end);
    }
    parts.extend(draft.get(start..));
    parts.retain(|part| part.chars().any(char::is_alphanumeric));
    parts
}

fn find(part: &str, language: Option<&str>, known: &Known, findings: &mut BTreeSet<Finding>) {
    let mut add = |kind, text: &str| {
        findings.insert(Finding {
            kind,
            text: text.trim().to_owned(),
        });
    };
    // What holds a number and was judged as a whole.
    let mut judged: Vec<String> = Vec::new();
    for entity in find_entities(part, &words(part), language) {
        let text = entity.text.as_str();
        let (kind, is_known) = match entity.kind {
            EntityKind::OrderNumber => (FindingKind::OrderNumber, known.says(text)),
            EntityKind::Amount => {
                let value = entity.value.as_ref();
                let same = value.is_some_and(|value| known.amounts.contains(value));
                (FindingKind::Amount, same || known.says(text))
            }
            EntityKind::Date if is_no_day(text, language) => continue,
            EntityKind::Date => (FindingKind::Date, known.says(text)),
            EntityKind::Email => (FindingKind::Email, known.says(text)),
            EntityKind::Phone => (FindingKind::Phone, known.says(text)),
            EntityKind::Url => (FindingKind::Link, known.is_trusted(text)),
            EntityKind::Product => continue,
        };
        if !is_known {
            add(kind, text);
        }
        judged.push(text.to_owned());
    }
    for word in patterns::days(part) {
        if !known.says(word) {
            add(FindingKind::Date, word);
        }
    }
    for (text, duration) in durations(part) {
        if !known.durations.contains(&duration) {
            add(FindingKind::Duration, text);
        }
        judged.push(text.to_owned());
    }
    for text in percentages(part) {
        if !known.says(text) {
            add(FindingKind::Percentage, text);
        }
        judged.push(text.to_owned());
    }
    for number in numbers(part) {
        let is_judged = judged.iter().any(|text| holds(text, number.text));
        if !is_judged && !known.numbers.contains(&number.digits) {
            add(FindingKind::Number, number.text);
        }
    }
    for phrase in promises::promises(part) {
        if !known.is_trusted(phrase) {
            add(FindingKind::Promise, phrase);
        }
    }
    for phrase in promises::secrets(part) {
        if !known.is_trusted(phrase) {
            add(FindingKind::Secret, phrase);
        }
    }
}

/// The entity patterns know the days of all languages at once: in French `hier` is yesterday, in German and Dutch it is here.
fn is_no_day(text: &str, language: Option<&str>) -> bool {
    text == "hier" && matches!(language, Some("de" | "nl"))
}

#[cfg(test)]
mod tests;
