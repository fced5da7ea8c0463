//! Texts of customers in any language: which it is, and how it sounds.
//!
//! A language is one that the model knows, or none; the guesses are sorted, each between 0 and 1, and together at most 1. Three moods
//! add up to 1.

use std::sync::LazyLock;

use edgedesk_fuzz::{model_file, text};
use edgedesk_language::{HashedMood, Identifier, UNDETERMINED};

/// Rounding of a few additions.
const EPSILON: f32 = 1e-3;

static IDENTIFIER: LazyLock<Identifier> = LazyLock::new(|| {
    let bytes = std::fs::read(model_file("language")).expect("a file of the model");
    Identifier::parse(&bytes).expect("it is well formed")
});
static MOODS: LazyLock<[HashedMood; 2]> = LazyLock::new(|| {
    ["multilingual", "english"].map(|what| {
        let bytes = std::fs::read(model_file(what)).expect("a file of the model");
        HashedMood::parse(&bytes).expect("it is well formed")
    })
});

pub fn run(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(guess) = IDENTIFIER.identify(&text) {
        let is_known = |code: &str| IDENTIFIER.languages().any(|known| known == code);
        assert!(guess.code == UNDETERMINED || is_known(guess.code));
        assert!(
            guess
                .alternatives
                .iter()
                .all(|other| is_known(other.code) && other.code != guess.code)
        );
        let mut sure: Vec<f32> = vec![guess.confidence];
        sure.extend(guess.alternatives.iter().map(|other| other.confidence));
        assert!(
            sure.len() <= 3 && sure.is_sorted_by(|a, b| a >= b),
            "{guess:?}"
        );
        assert!(
            sure.iter().all(|sure| (0.0..=1.0 + EPSILON).contains(sure)),
            "{guess:?}"
        );
        assert!(sure.iter().sum::<f32>() <= 1.0 + EPSILON, "{guess:?}");
    }
    for mood in MOODS.iter().filter_map(|model| model.read(&text)) {
        let all = [mood.negative, mood.neutral, mood.positive];
        assert!(
            all.iter().all(|one| (0.0..=1.0 + EPSILON).contains(one)),
            "{all:?}"
        );
        assert!((all.iter().sum::<f32>() - 1.0).abs() <= EPSILON, "{all:?}");
    }
}
