//! Sentences and words, as several parts of this crate need them.

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Ends of a text that look like the end of a sentence and are none, in lower case.
const ABBREVIATIONS: [&str; 34] = [
    "nr.", "no.", "e.g.", "i.e.", "z. b.", "z.b.", "d. h.", "bzw.", "ca.", "approx.", "mr.",
    "mrs.", "ms.", "dr.", "st.", "inkl.", "incl.", "zzgl.", "ggf.", "tel.", "sr.", "sra.", "dra.",
    "núm.", "n.º", "p. ej.", "p.ej.", "es.", "ad es.", "p. ex.", "p.ex.", "bijv.", "d.w.z.",
    "usw.",
];

/// The sentences of a text (UAX 29), each as its place in bytes without the white space around it. An abbreviation ends none.
pub(crate) fn sentence_ranges(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (place, bound) in text.split_sentence_bound_indices() {
        let end = place + bound.len();
        let Some(part) = text.get(start..end) else {
            continue;
        };
        let is_last = end == text.len();
        let ends = part.ends_with(char::is_whitespace) && !ends_in_abbreviation(part.trim_end());
        if !is_last && !ends {
            continue;
        }
        let lead = part.len() - part.trim_start().len();
        let trimmed = part.trim();
        if !trimmed.is_empty() {
            found.push(start + lead..start + lead + trimmed.len());
        }
        start = end;
    }
    found
}

/// The sentences themselves.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let ranges = sentence_ranges(text).into_iter();
    ranges.filter_map(|range| text.get(range)).collect()
}

fn ends_in_abbreviation(text: &str) -> bool {
    let end: String = text.to_lowercase();
    ABBREVIATIONS.iter().any(|abbreviation| {
        end.strip_suffix(abbreviation)
            .is_some_and(|before| !before.ends_with(char::is_alphanumeric))
    })
}

/// White space as one space, and none around it.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The number of words, as people count them.
pub(crate) fn n_words(text: &str) -> usize {
    text.split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .count()
}

/// The words of a text in lower case, each once.
pub(crate) fn word_set(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The share of the words of either text that both have, 0 to 1 (Jaccard); 1 for two without words.
pub(crate) fn likeness(one: &BTreeSet<String>, other: &BTreeSet<String>) -> f64 {
    let n_both = one.intersection(other).count();
    let n_any = one.len() + other.len() - n_both;
    if n_any == 0 {
        return 1.0;
    }
    n_both as f64 / n_any as f64
}

/// Whether `part` stands in `text` with no letter or digit right before or behind it.
pub(crate) fn holds(text: &str, part: &str) -> bool {
    !part.is_empty() && places(text, part).next().is_some()
}

/// Where `part` stands in `text` by itself, in bytes; the places do not overlap.
pub(crate) fn places<'a>(text: &'a str, part: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    text.match_indices(part).filter_map(move |(start, found)| {
        let range = start..start + found.len();
        let before = text.get(..range.start)?.chars().next_back();
        let behind = text.get(range.end..)?.chars().next();
        let is_free = |inner: Option<char>, outer: Option<char>| {
            !(inner.is_some_and(char::is_alphanumeric) && outer.is_some_and(char::is_alphanumeric))
        };
        (is_free(found.chars().next(), before) && is_free(found.chars().next_back(), behind))
            .then_some(range)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        for (text, expected) in [
            ("", vec![]),
            ("One. Two!  Three?", vec!["One.", "Two!", "Three?"]),
            (
                "Pay 3.50 euros. Use e.g. A card.",
                vec!["Pay 3.50 euros.", "Use e.g. A card."],
            ),
            ("Siehe Nr. 5 Haus. Gut.", vec!["Siehe Nr. 5 Haus.", "Gut."]),
            (" No end", vec!["No end"]),
        ] {
            assert_eq!(sentences(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_part_stands_by_itself_or_not_at_all() {
        assert!(holds("within 14 days.", "14 days"));
        assert!(!holds("within 114 days", "14 days"));
        assert!(!holds("14 daysx", "14 days"));
        assert!(holds("(a)", "(a)") && !holds("a", ""));
    }

    #[test]
    fn likeness_is_of_words() {
        let like = |one: &str, other: &str| likeness(&word_set(one), &word_set(other));
        assert!((like("A b, c.", "c B a") - 1.0).abs() < f64::EPSILON);
        assert!((like("a b", "b c") - 1.0 / 3.0).abs() < 1e-12);
        assert!((like("", "") - 1.0).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn sentences_lose_nothing_but_white_space(text in "\\PC{0,200}") {
            let joined: String = sentences(&text).concat();
            let all = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(all(&joined), all(&text));
        }
    }
}
