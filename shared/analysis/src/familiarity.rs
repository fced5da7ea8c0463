//! How far a text is of the kind that the model was trained on.

use edgedesk_domain::analysis::Language;

/// What makes a reading less sure than the model thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfamiliar {
    /// There is not a letter: marks, digits, emoji.
    NoLetters,
    /// Letters of a script other than Latin.
    Script,
    /// A language that the model does not know, in a script that it knows.
    Language,
}

/// What is left of a confidence when nothing in the text is familiar.
const FLOOR: f64 = 0.5;
/// A guess of the language below this is none.
const MIN_LANGUAGE_CONFIDENCE: f64 = 0.7;

/// 0.5 to 1, what a confidence is multiplied with, and why it is less than 1.
#[must_use]
pub fn familiarity(
    text: &str,
    language: Option<&Language>,
    model_languages: &[&str],
) -> (f64, Vec<Unfamiliar>) {
    let (mut n_letters, mut n_latin) = (0_u32, 0_u32);
    for letter in text.chars().filter(|c| c.is_alphabetic()) {
        n_letters += 1;
        // Basic Latin to Latin Extended-B, and Latin Extended Additional.
        n_latin += u32::from(matches!(letter, '\0'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}'));
    }
    if n_letters == 0 {
        return (FLOOR, vec![Unfamiliar::NoLetters]);
    }
    let all_latin = n_latin == n_letters;
    match language.filter(|language| language.confidence >= MIN_LANGUAGE_CONFIDENCE) {
        Some(language) if model_languages.contains(&language.code.as_str()) => (1.0, Vec::new()),
        Some(_) if all_latin => (FLOOR, vec![Unfamiliar::Language]),
        Some(_) => (FLOOR, vec![Unfamiliar::Script]),
        None if all_latin => (1.0, Vec::new()),
        None => {
            let share = f64::from(n_latin) / f64::from(n_letters);
            (FLOOR + (1.0 - FLOOR) * share, vec![Unfamiliar::Script])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, language: Option<(&str, f64)>, expected: f64, doubts: &[Unfamiliar]) {
        let language = language.map(|(code, confidence)| Language {
            code: code.into(),
            confidence,
        });
        let (factor, found) = familiarity(text, language.as_ref(), &["en"]);
        assert!((factor - expected).abs() < 1e-9, "{text:?}: {factor}");
        assert_eq!(found, doubts, "{text:?}");
    }

    #[test]
    fn what_the_model_has_not_seen_lowers_the_confidence() {
        check("where is it", None, 1.0, &[]);
        check("where is it", Some(("en", 0.99)), 1.0, &[]);
        check(
            "missä se on",
            Some(("fi", 0.99)),
            0.5,
            &[Unfamiliar::Language],
        );
        check("missä se on", Some(("fi", 0.4)), 1.0, &[]);
        check("где он", None, 0.5, &[Unfamiliar::Script]);
        check("где он", Some(("ru", 0.99)), 0.5, &[Unfamiliar::Script]);
        check("ok да", None, 0.75, &[Unfamiliar::Script]);
        check("12 🙂", None, 0.5, &[Unfamiliar::NoLetters]);
        check("", None, 0.5, &[Unfamiliar::NoLetters]);
    }
}
