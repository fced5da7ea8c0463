//! Finding phrases: what a rule finds more surely than a model, and can quote as a reason.
//!
//! A rule is words that, a few words apart, mean one thing. Rules of all languages are tried on every text: their phrases hardly
//! collide, and a wrong guess of the language then costs nothing. A negation belongs to the rule's own language.

mod signs;
mod statements;

use std::collections::HashMap;

use edgedesk_domain::analysis::Span;

use crate::words::Word;

pub use signs::{Sign, find_signs};
pub use statements::{Statement, find_statements};

/// Languages that the tables know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tongue {
    English,
    German,
    French,
    Finnish,
    Swedish,
}

/// Words that make one meaning: any entry of `first`, then any of `second` at most `gap` words later. Entries are separated by
/// `|`; one may be of several words; `*` at its end stands for any ending. An empty `second` means that `first` is enough.
struct Rule<T> {
    means: T,
    tongue: Tongue,
    first: &'static str,
    second: &'static str,
    gap: usize,
}

const fn phrase<T: Copy>(means: T, tongue: Tongue, first: &'static str) -> Rule<T> {
    Rule {
        means,
        tongue,
        first,
        second: "",
        gap: 0,
    }
}

const fn pair<T: Copy>(
    means: T,
    tongue: Tongue,
    first: &'static str,
    gap: usize,
    second: &'static str,
) -> Rule<T> {
    Rule {
        means,
        tongue,
        first,
        second,
        gap,
    }
}

/// Words before a phrase among which a negation takes it back.
const NEGATION_REACH: usize = 3;

impl Tongue {
    const fn negations(self) -> &'static [&'static str] {
        match self {
            Self::English => &[
                "not", "don't", "dont", "didn't", "didnt", "doesn't", "doesnt", "isn't", "isnt",
                "won't", "wont", "never",
            ],
            Self::German => &["nicht", "kein", "keine", "keinen", "nie", "niemals"],
            Self::French => &["ne", "pas", "jamais", "aucun", "aucune", "sans"],
            Self::Finnish => &["en", "ei", "emme", "älä", "eikä", "enkä"],
            Self::Swedish => &["inte", "aldrig", "ingen", "inget", "ej"],
        }
    }

    /// `Das eilt nicht`, `det brådskar inte`.
    const fn negates_behind(self) -> bool {
        matches!(self, Self::German | Self::Swedish)
    }

    /// `I will not hesitate to sue`: no negation after all.
    const fn hesitations(self) -> &'static [&'static str] {
        match self {
            Self::English => &["hesitate", "only"],
            Self::German => &["zögern", "nur"],
            Self::French => &["hésiter", "hésiterai", "seulement"],
            Self::Finnish => &["epäröi", "vain"],
            Self::Swedish => &["tveka", "tvekar", "bara"],
        }
    }
}

/// One entry of a rule, taken apart once.
struct Entry {
    rule: usize,
    words: Vec<&'static str>,
}

/// Rules by the first word of their entries, so that a text is gone through once however many rules there are.
struct Finder<T: 'static> {
    rules: &'static [Rule<T>],
    by_word: HashMap<&'static str, Vec<Entry>>,
    /// Entries whose first word ends in `*`.
    by_stem: Vec<Entry>,
    /// The second entries of each rule.
    seconds: Vec<Vec<Vec<&'static str>>>,
}

impl<T: Copy + PartialEq> Finder<T> {
    fn new(rules: &'static [Rule<T>]) -> Self {
        let mut finder = Self {
            rules,
            by_word: HashMap::new(),
            by_stem: Vec::new(),
            seconds: Vec::new(),
        };
        for (number, rule) in rules.iter().enumerate() {
            for words in entries(rule.first) {
                let Some(first) = words.first().copied() else {
                    continue;
                };
                let entry = Entry {
                    rule: number,
                    words,
                };
                if first.ends_with('*') {
                    finder.by_stem.push(entry);
                } else {
                    finder.by_word.entry(first).or_default().push(entry);
                }
            }
            finder.seconds.push(entries(rule.second).collect());
        }
        finder
    }

    /// What is said where, in the order of the text. `accepts` has the last word on a find: it is given the place of the last
    /// word that matched.
    fn find(&self, words: &[Word], accepts: impl Fn(T, usize) -> bool) -> Vec<(T, Span)> {
        let mut found = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let first_here = found.len();
            let mut negated = Vec::new();
            let here = self.by_word.get(word.text.as_str());
            for entry in here.into_iter().flatten().chain(&self.by_stem) {
                let Some(rule) = self.rules.get(entry.rule) else {
                    continue;
                };
                let Some(end) = self.ends(words, at, entry, rule) else {
                    continue;
                };
                if is_negated(
                    &words[..at],
                    &words[at + entry.words.len()..],
                    entry,
                    rule.tongue,
                ) {
                    negated.push(rule.means);
                } else if accepts(rule.means, end - 1) {
                    let span = Span {
                        start: word.span.start,
                        end: words[end - 1].span.end,
                    };
                    found.push((rule.means, span));
                }
            }
            // Languages share words, such as `urgent`: what is taken back in one is not said in another.
            let mut kept = found.split_off(first_here);
            kept.retain(|(means, _)| !negated.contains(means));
            found.append(&mut kept);
        }
        found
    }

    /// The place behind the last word of the match of `entry` at `at`.
    fn ends(&self, words: &[Word], at: usize, entry: &Entry, rule: &Rule<T>) -> Option<usize> {
        let end = at + match_length(&entry.words, &words[at..])?;
        let seconds = self.seconds.get(entry.rule)?;
        if seconds.is_empty() {
            return Some(end);
        }
        (end..words.len().min(end + rule.gap + 1)).find_map(|next| {
            let rest = &words[next..];
            seconds
                .iter()
                .filter_map(|second| match_length(second, rest))
                .max()
                .map(|length| next + length)
        })
    }
}

/// The entries of a list, each as its words.
pub(crate) fn entries(list: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    list.split('|')
        .map(|entry| entry.split_whitespace().collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
}

/// Words of `entry`, if `words` begins with them.
pub(crate) fn match_length(entry: &[&str], words: &[Word]) -> Option<usize> {
    let matches = |(wanted, word): (&&str, &Word)| match wanted.strip_suffix('*') {
        Some(stem) => word.text.starts_with(stem),
        None => word.text == *wanted,
    };
    (words.len() >= entry.len() && entry.iter().zip(words).all(matches)).then_some(entry.len())
}

fn is_negated(before: &[Word], behind: &[Word], entry: &Entry, tongue: Tongue) -> bool {
    let negations = tongue.negations();
    // A phrase that carries its own negation, as `never again`, is not taken back by another.
    if entry.words.iter().any(|word| negations.contains(word)) {
        return false;
    }
    let near = &before[before.len().saturating_sub(NEGATION_REACH)..];
    let has = |list: &[&str]| near.iter().any(|word| list.contains(&word.text.as_str()));
    let next = behind.first().map(|word| word.text.as_str());
    (has(negations) && !has(tongue.hesitations()))
        || (tongue.negates_behind() && next.is_some_and(|word| negations.contains(&word)))
}

/// 0 to 1: how loudly a text is written. Capitals throughout are 1, three or more `!` in a row 0.5.
#[must_use]
pub fn shouting(text: &str) -> f64 {
    let n_letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let n_capitals = text.chars().filter(|c| c.is_uppercase()).count();
    // Under a dozen letters it may be an order number, a name or `OK`.
    if n_letters >= 12 && n_capitals as f64 > 0.7 * n_letters as f64 {
        return 1.0;
    }
    let exclaims = text
        .as_bytes()
        .windows(3)
        .any(|three| three == b"!!!" || three == b"?!?" || three == b"!?!");
    if exclaims { 0.5 } else { 0.0 }
}

#[cfg(test)]
mod tests;
