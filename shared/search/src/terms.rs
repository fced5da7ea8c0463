//! The words of a question as SQLite's full-text index takes them (FTS5, sqlite.org/fts5.html, section 3).
//!
//! Common words cost most and say least: an OR of twelve words over 100,000 messages takes 85 ms, and most of it goes into "the". Which
//! words are common is not a list for each language but asked of the index: what stands in three of ten texts tells them not apart.
//!
//! A word is looked up by its beginning, since the languages we know inflect at the end: who asks about "deleting" finds "deleted". What
//! has a digit is a number or a name, and is looked up as it is.

/// Most words of a question that are looked up. More than any question has; 10,000 characters of anything else have no more.
const MAX_WORDS: usize = 64;
/// Most words that are searched for: the rarest.
const MAX_TERMS: usize = 12;
/// A word that stands in more than this share of the texts is common.
const COMMON_SHARE: f64 = 0.3;
/// Longest word that is looked up, in characters; what is longer is no word that somebody else writes too.
const MAX_WORD_CHARS: usize = 40;
/// Shortest word, in characters, of which the last one is left out, and shortest of which the last two are.
const ENDS_IN_ONE: usize = 5;
const ENDS_IN_TWO: usize = 7;
/// What one word adds to FTS5's `bm25` at most, as a multiple of its weight: `k1 + 1` with its `k1` of 1.2.
const SATURATION: f64 = 2.2;
/// Least weight of a word, as FTS5 has it for those in more than half of the texts.
const LEAST_WEIGHT: f64 = 1e-6;

/// A word as it is looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    /// In small letters.
    pub text: String,
    /// Whether words that only begin so are meant, too.
    pub is_beginning: bool,
}

/// A word that tells texts apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    word: Word,
    /// How much it says: its inverse document frequency, as FTS5 computes it.
    weight: f64,
}

/// The words of a text as the tokenizer `unicode61` cuts it: runs of letters and digits, in small letters, each once, in their order.
#[must_use]
pub fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for run in text.split(|character: char| !character.is_alphanumeric()) {
        if run.is_empty() || run.chars().count() > MAX_WORD_CHARS {
            continue;
        }
        let word = Word::of(&run.to_lowercase());
        if !words.contains(&word) {
            words.push(word);
        }
        if words.len() == MAX_WORDS {
            break;
        }
    }
    words
}

/// Those words of a question that tell texts apart, rarest first: `count` says in how many of the `n_texts` texts a word stands. When
/// all are common, all are taken; words that stand nowhere never are.
#[must_use]
pub fn telling(words: Vec<Word>, n_texts: u64, count: impl Fn(&Word) -> u64) -> Vec<Term> {
    let mut counted: Vec<(u64, Word)> = words
        .into_iter()
        .map(|word| (count(&word).min(n_texts), word))
        .filter(|(n, _)| *n > 0)
        .collect();
    counted.sort();
    let is_rare = |n: u64| number(n) <= COMMON_SHARE * number(n_texts);
    let n_rare = counted.iter().filter(|(n, _)| is_rare(*n)).count();
    if n_rare > 0 {
        counted.truncate(n_rare);
    }
    counted.truncate(MAX_TERMS);
    counted
        .into_iter()
        .map(|(n, word)| Term {
            word,
            weight: weight(n, n_texts),
        })
        .collect()
}

/// What `MATCH` takes: any of the words, each as a string, so that nothing in it is an operator; `None` for no words.
#[must_use]
pub fn match_any(terms: &[Term]) -> Option<String> {
    let quoted = terms.iter().map(|Term { word, .. }| {
        let star = if word.is_beginning { "*" } else { "" };
        format!("\"{}\"{star}", word.text.replace('"', "\"\""))
    });
    let expression = quoted.collect::<Vec<_>>().join(" OR ");
    (!expression.is_empty()).then_some(expression)
}

/// What `bm25` gives to a text at most, which would be all about these words; above 0 unless there are none.
#[must_use]
pub fn most_score(terms: &[Term]) -> f64 {
    terms.iter().map(|term| SATURATION * term.weight).sum()
}

impl Word {
    fn of(text: &str) -> Self {
        let n_chars = text.chars().count();
        let n_left_out = if text.chars().any(char::is_numeric) || n_chars < ENDS_IN_ONE {
            0
        } else if n_chars < ENDS_IN_TWO {
            1
        } else {
            2
        };
        Self {
            text: text.chars().take(n_chars - n_left_out).collect(),
            is_beginning: n_left_out > 0,
        }
    }
}

/// The inverse document frequency of a word in `n` of `n_texts` texts (Robertson and Spärck Jones 1976, as in FTS5's `bm25`).
fn weight(n: u64, n_texts: u64) -> f64 {
    let (n, all) = (number(n), number(n_texts));
    ((all - n + 0.5) / (n + 0.5)).ln().max(LEAST_WEIGHT)
}

#[expect(clippy::cast_precision_loss, reason = "texts are not counted in 2^53")]
const fn number(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expression(text: &str) -> Option<String> {
        match_any(&telling(words(text), 10, |_| 1))
    }

    fn found(terms: &[Term]) -> Vec<&str> {
        terms.iter().map(|term| term.word.text.as_str()).collect()
    }

    #[test]
    fn words_are_cut_as_the_index_cuts_them_and_end_before_their_endings() {
        let of = |text: &str| -> Vec<String> {
            let words = words(text).into_iter();
            words
                .map(|word| format!("{}{}", word.text, if word.is_beginning { "*" } else { "" }))
                .collect()
        };
        assert_eq!(
            of("Where's my Rückerstattung? ORDER #44718A, order!"),
            ["wher*", "s", "my", "rückerstattu*", "orde*", "44718a"]
        );
        assert_eq!(of("deleting deleted delete"), ["deleti*", "delet*"]);
        assert_eq!(of("\" OR * NEAR( -x"), ["or", "near", "x"]);
        assert!(of("…?!\n").is_empty());
        assert!(of(&"x".repeat(10_000)).is_empty());
        let many: Vec<String> = (0..10_000).map(|n| format!("w{n}")).collect();
        assert_eq!(words(&many.join(" ")).len(), MAX_WORDS);
    }

    #[test]
    fn common_words_are_left_out_unless_there_are_no_others() {
        let count = |word: &Word| match word.text.as_str() {
            "the" => 90,
            "my" => 40,
            "refun" => 5,
            "lamp" => 1,
            _ => 0,
        };
        let terms = telling(words("the refund for my lamp"), 100, count);
        assert_eq!(found(&terms), ["lamp", "refun"]);
        assert!(terms[0].weight > terms[1].weight);
        assert_eq!(found(&telling(words("the my"), 100, count)), ["my", "the"]);
        assert!(telling(words("unheard"), 100, count).is_empty());
        // More texts than there are is a mistake of the count, and harmless.
        assert_eq!(telling(words("lamp"), 0, count), []);
    }

    #[test]
    fn an_expression_has_strings_and_no_operators() {
        assert_eq!(expression("?"), None);
        assert_eq!(
            expression("NOT lamp AND"),
            Some("\"and\" OR \"lamp\" OR \"not\"".to_owned())
        );
        assert_eq!(expression("deleting"), Some("\"deleti\"*".to_owned()));
    }

    #[test]
    fn the_most_that_a_text_can_score_is_that_of_all_words() {
        let terms = telling(words("lamp broken"), 1_000, |_| 10);
        let weight = ((1_000.0 - 10.0 + 0.5) / 10.5_f64).ln();
        assert!((most_score(&terms) - 2.0 * 2.2 * weight).abs() < 1e-9);
        assert!(most_score(&telling(words("the"), 10, |_| 10)) > 0.0);
        assert!(most_score(&[]).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn any_text_is_a_few_words(text in "\\PC{0,500}", n in 0_u64..20) {
            let words = words(&text);
            prop_assert!(words.len() <= MAX_WORDS);
            prop_assert!(words.iter().all(|word| !word.text.contains(['"', '*', '(', ' '])));
            let terms = telling(words, 10, |_| n);
            prop_assert!(terms.len() <= MAX_TERMS);
            prop_assert!(most_score(&terms).is_finite());
        }
    }
}
