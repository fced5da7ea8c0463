//! What an article may look like, whether somebody writes it or a file holds it.

use edgedesk_domain::article::{MAX_ARTICLE_BYTES, MAX_TITLE_CHARS};
use edgedesk_masking::mask_cards;

use crate::error::AppError;
use crate::fields::{Wrong, checked_language, checked_name};

/// Most characters of a category's name.
pub const MAX_CATEGORY_CHARS: usize = 80;
/// Language of an article that does not say its own.
pub const DEFAULT_LANGUAGE: &str = "en";

/// What a refused article says.
pub const REFUSED: &str = "the article cannot be like this";

/// The texts of an article that may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// Without the blanks around it.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// ISO 639-1.
    pub language: String,
}

/// Texts that may be stored, without card numbers.
///
/// # Errors
///
/// 422 `invalid_value` with everything that is wrong.
pub fn checked_texts(title: &str, body: &str, language: &str) -> Result<Texts, AppError> {
    let mut wrong = Wrong::default();
    let texts = Texts {
        title: wrong.keep("/title", checked_title(title)),
        body: wrong.keep("/body", checked_body(body)),
        language: wrong.keep("/language", checked_language(language).map(str::to_owned)),
    };
    wrong.refuse(REFUSED)?;
    Ok(texts)
}

/// A title of 1 to [`MAX_TITLE_CHARS`] characters, or what is wrong with it.
pub fn checked_title(title: &str) -> Result<String, String> {
    checked_name(&mask_cards(title), MAX_TITLE_CHARS).map(str::to_owned)
}

/// A body of at most [`MAX_ARTICLE_BYTES`], or what is wrong with it.
pub fn checked_body(body: &str) -> Result<String, String> {
    let body = mask_cards(body);
    if body.len() <= MAX_ARTICLE_BYTES && !body.contains('\0') {
        Ok(body.into_owned())
    } else {
        Err(format!(
            "has at most {MAX_ARTICLE_BYTES} bytes of UTF-8, none of them NUL"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_is_trimmed_and_keeps_no_card_number() {
        let texts = checked_texts(
            "  Cards such as 4242 4242 4242 4242 ",
            " # Paying\n\n4242424242424242\n",
            "en",
        );
        let expected = Texts {
            title: "Cards such as [card 4242]".to_owned(),
            // The blanks around Markdown are the writer's.
            body: " # Paying\n\n[card 4242]\n".to_owned(),
            language: "en".to_owned(),
        };
        assert_eq!(texts, Ok(expected));
        assert!(checked_texts(&"é".repeat(200), "", "fi").is_ok());
        assert!(checked_texts("a", &"a".repeat(MAX_ARTICLE_BYTES), "fi").is_ok());
    }

    #[test]
    fn what_is_wrong_with_an_article_is_named_by_its_field() {
        let long_title = "é".repeat(201);
        let long_body = "a".repeat(MAX_ARTICLE_BYTES + 1);
        for (title, body, language, expected) in [
            (" \n", "", "en", vec!["/title"]),
            (&long_title, "", "en", vec!["/title"]),
            ("a\u{7}b", "", "en", vec!["/title"]),
            ("a", &long_body, "en", vec!["/body"]),
            ("a", "b\0", "en", vec!["/body"]),
            ("a", "", "EN", vec!["/language"]),
            ("a", "", "eng", vec!["/language"]),
            ("", "\0", "", vec!["/title", "/body", "/language"]),
        ] {
            let error = checked_texts(title, body, language).unwrap_err();
            assert_eq!(
                (error.status.as_u16(), error.code.as_str()),
                (422, "invalid_value")
            );
            let pointers: Vec<_> = error.errors.iter().map(|field| &field.pointer).collect();
            assert_eq!(pointers, expected, "{title:.20} {body:.20} {language}");
        }
    }
}
