//! A text into the words that say something about its language: the twin of `words` in `models/train/language.py`.

use unicode_normalization::UnicodeNormalization;

/// Characters of a text that are read. Twenty of them are mostly enough, two thousand leave nothing open.
pub const MAX_TEXT_CHARS: usize = 2_000;
/// Characters of a word that are read.
const MAX_WORD_CHARS: usize = 32;
/// The same letter in a row is kept this often: "sooooo" is "soo".
const MAX_RUN: usize = 2;

/// The words of a text, lower case and composed (NFC), and what script their letters are in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReadText {
    /// Each at least one character; none holds a digit, a mark or a space.
    pub words: Vec<Vec<char>>,
    /// Letters of the Latin script.
    pub n_latin: usize,
    /// Letters of all other scripts.
    pub n_other: usize,
}

impl ReadText {
    /// Reads a text of any length. Links, e-mail addresses, mentions and whatever holds a digit are left out: they look
    /// the same in every language.
    pub fn read(text: &str) -> Self {
        let end = text
            .char_indices()
            .nth(MAX_TEXT_CHARS)
            .map_or(text.len(), |(at, _)| at);
        let (text, _) = text.split_at_checked(end).unwrap_or((text, ""));
        let mut found = Self::default();
        for chunk in text.split([' ', '\t', '\n', '\r']) {
            if !is_address(chunk) {
                found.add_chunk(chunk);
            }
        }
        found
    }

    fn add_chunk(&mut self, chunk: &str) {
        let mut word = Word::default();
        for character in chunk.nfc().flat_map(char::to_lowercase) {
            if is_separator(character) {
                self.add(std::mem::take(&mut word));
            } else {
                word.push(character);
            }
        }
        self.add(word);
    }

    fn add(&mut self, word: Word) {
        if word.has_digit || word.characters.is_empty() {
            return;
        }
        let n_latin = word.characters.iter().filter(|c| is_latin(**c)).count();
        self.n_latin += n_latin;
        self.n_other += word.characters.len() - n_latin;
        self.words.push(word.characters);
    }
}

/// A word under construction.
#[derive(Default)]
struct Word {
    characters: Vec<char>,
    has_digit: bool,
}

impl Word {
    fn push(&mut self, character: char) {
        self.has_digit |= character.is_ascii_digit();
        let run = self.characters.iter().rev().take(MAX_RUN);
        let is_stretched = run.filter(|c| **c == character).count() == MAX_RUN;
        if !is_stretched && self.characters.len() < MAX_WORD_CHARS {
            self.characters.push(character);
        }
    }
}

fn is_address(chunk: &str) -> bool {
    chunk.contains('@') || chunk.contains("://") || chunk.contains("www.")
}

/// Whether words end here. By ranges rather than by Unicode's tables, so that Python and Rust agree whatever version of
/// Unicode they know.
fn is_separator(character: char) -> bool {
    match character {
        '\0'..='\u{7F}' => !character.is_ascii_alphanumeric(),
        'ª' | 'µ' | 'º' => false,
        // Latin-1 marks; then punctuation, currency, arrows, mathematics and other symbols; then private use, variation
        // selectors, the byte order mark, full-width digits and marks, and what replaces a character that is none.
        '\u{80}'..='\u{BF}'
        | '×'
        | '÷'
        | '\u{2000}'..='\u{2BFF}'
        | '\u{3000}'..='\u{303F}'
        | '\u{E000}'..='\u{F8FF}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'..='\u{FF20}'
        | '\u{FFF0}'..='\u{FFFF}' => true,
        // Emoji and everything beyond.
        _ => character >= '\u{1F000}',
    }
}

/// Basic Latin to IPA extensions, combining marks, phonetic extensions and Latin Extended Additional, ligatures and
/// full-width letters.
fn is_latin(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{36F}' | '\u{1D00}'..='\u{1EFF}' | '\u{FB00}'..='\u{FB06}' | '\u{FF21}'..='\u{FF5A}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        ReadText::read(text)
            .words
            .into_iter()
            .map(String::from_iter)
            .collect()
    }

    #[test]
    fn words_are_lower_case_composed_and_without_marks() {
        assert_eq!(words("L'été, déjà!"), ["l", "été", "déjà"]);
        assert_eq!(words("e\u{301}te\u{301} ÅÄÖ"), ["été", "åäö"]);
        assert_eq!(words("sooooo goooood"), ["soo", "good"]);
        assert_eq!(
            words("“quoted”…and–dashed 🙂joy🙂"),
            ["quoted", "and", "dashed", "joy"]
        );
    }

    #[test]
    fn what_is_the_same_in_every_language_is_left_out() {
        let text = "see https://shop.example/orders/1 www.shop.example mail@shop.example @team AB12 4711 now";
        assert_eq!(words(text), ["see", "now"]);
        assert_eq!(words(" \u{200B}\u{FEFF} 4711 🙂!"), [""; 0]);
    }

    #[test]
    fn letters_are_counted_by_script() {
        let read = ReadText::read("Привет, Anna 42");
        assert_eq!((read.n_latin, read.n_other), (4, 6));
    }

    #[test]
    fn long_texts_and_words_are_cut() {
        let read = ReadText::read(&"ab".repeat(500_000));
        assert_eq!(
            read.words.iter().map(Vec::len).collect::<Vec<_>>(),
            [MAX_WORD_CHARS]
        );
        assert_eq!(
            ReadText::read(&"é ".repeat(5_000)).words.len(),
            MAX_TEXT_CHARS / 2
        );
    }
}
