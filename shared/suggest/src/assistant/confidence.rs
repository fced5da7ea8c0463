//! How sure the assistant may be that the nearest article answers.
//!
//! A cosine does not tell whether the article that would answer is there at all, and being ahead of the others tells which of several it
//! is. Words of the title that are asked for speak for both. The three make one probability, fitted on tuning rows with their
//! right articles and without; docs/decisions/0046 has the figures.

use edgedesk_search::terms::words;

use crate::case::Case;
use crate::compose::near::lead;
use crate::passage::Passage;

// The log odds of being right.
const BY_COSINE: f64 = 6.2;
const BY_LEAD: f64 = 13.4;
const BY_TITLE: f64 = 1.0;
const OFFSET: f64 = -5.0;
/// Fewest letters of a word of a title that counts: shorter ones, as `the`, are in every question.
const MIN_LETTERS: usize = 4;

/// The probability, 0 to 1, that the nearest article answers, given the nearest of the others.
pub(super) fn confidence(case: &Case, nearest: &Passage, next: Option<&Passage>) -> f64 {
    let odds = BY_COSINE * nearest.similarity
        + BY_LEAD * lead(nearest, next)
        + BY_TITLE * share_asked_for(&nearest.title, &case.text)
        + OFFSET;
    1.0 / (1.0 + (-odds).exp())
}

/// The share of a title's words that a question has, in whatever form, 0 to 1; 0 for a title without words.
fn share_asked_for(title: &str, question: &str) -> f64 {
    let asked: Vec<String> = question
        .to_lowercase()
        .split(|character: char| !character.is_alphanumeric())
        .map(str::to_owned)
        .collect();
    let long: Vec<&str> = title
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| word.chars().count() >= MIN_LETTERS)
        .collect();
    let words = words(&long.join(" "));
    if words.is_empty() {
        return 0.0;
    }
    let is_asked = |word: &edgedesk_search::terms::Word| {
        asked.iter().any(|other| {
            if word.is_beginning {
                other.starts_with(&word.text)
            } else {
                *other == word.text
            }
        })
    };
    let n_asked = words.iter().filter(|word| is_asked(word)).count();
    n_asked as f64 / words.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{analysis, article, case};

    #[test]
    fn words_of_the_title_count_in_whatever_form() {
        for (title, question, share) in [
            ("Deleting an account", "Is deleting accounts final?", 1.0),
            ("Deleting an account", "account?", 0.5),
            ("Deleting an account", "", 0.0),
            ("An FAQ", "An FAQ", 0.0),
            ("", "anything", 0.0),
        ] {
            let found = share_asked_for(title, question);
            assert!((found - share).abs() < f64::EPSILON, "{title}: {question}");
        }
    }

    #[test]
    fn nearer_further_ahead_and_named_is_surer() {
        let case = case("en", "How do I get a refund?", analysis());
        let refund = |cosine| article(1, "en", cosine, "# A refund\n\nIt takes two days.\n");
        let other = |cosine| article(2, "en", cosine, "# Delivery\n\nIt takes two days.\n");
        let sure = |one: &Passage, next: &Passage| confidence(&case, one, Some(next));
        let usual = sure(&refund(0.7), &other(0.6));
        assert!(sure(&refund(0.8), &other(0.7)) > usual);
        assert!(sure(&refund(0.7), &other(0.5)) > usual);
        assert!(sure(&other(0.7), &refund(0.6)) < usual);
        assert!((0.0..=1.0).contains(&confidence(&case, &refund(1.0), None)));
    }
}
