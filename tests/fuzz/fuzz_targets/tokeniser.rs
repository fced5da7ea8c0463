//! Texts of customers on their way to the encoder: made even, then cut into pieces of words.
//!
//! Every piece is one of the vocabulary, and a text has at most four for a character, which is what one may be taken apart into. Two texts
//! with a space between them have the pieces of both. What is made even is no longer than its emoji explain.

use std::sync::LazyLock;

use edgedesk_fuzz::normalise::Normaliser;
use edgedesk_fuzz::tokenizer::Tokenizer;
use edgedesk_fuzz::{model_file, parts, text};

struct Files {
    normaliser: Normaliser,
    tokenizer: Tokenizer,
    longest_words: usize,
}

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let read = |what| std::fs::read_to_string(model_file(what)).expect("a file of the model");
    let emoji = read("emoji");
    Files {
        normaliser: Normaliser::parse(&emoji).expect("the table is well formed"),
        tokenizer: Tokenizer::parse(&read("vocabulary")).expect("the vocabulary is well formed"),
        longest_words: emoji.lines().map(str::len).max().unwrap_or_default(),
    }
});

pub fn run(bytes: &[u8]) {
    let [first, second] = parts(bytes).map(text);
    let mut both = Vec::new();
    for text in [&first, &second] {
        let even = FILES.normaliser.apply(text);
        // `@a` becomes `@user`; one emoji, its words.
        assert!(even.len() <= text.chars().count() * (FILES.longest_words + 2));
        check(&even);
        both.extend(check(text));
    }
    assert_eq!(FILES.tokenizer.pieces(&format!("{first} {second}")), both);
}

fn check(text: &str) -> Vec<u32> {
    let pieces = FILES.tokenizer.pieces(text);
    assert!(pieces.len() <= 4 * text.chars().count());
    assert!(
        pieces
            .iter()
            .all(|piece| (*piece as usize) < FILES.tokenizer.n_tokens())
    );
    pieces
}
