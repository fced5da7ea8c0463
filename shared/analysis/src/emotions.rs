//! From the 28 labels of `GoEmotions` to the emotions that a support team acts on.

use edgedesk_domain::analysis::Scored;

/// An emotion of a support team, and the labels of the head that speak for it.
///
/// What is left out is nothing a desk acts on (`caring`, `curiosity`, `desire`, `pride`, `realization`, `surprise`), or means
/// agreement more than a feeling (`approval`, `optimism`), or is too rare to be read well (`embarrassment`, `remorse`).
const SOURCES: [(&str, &[&str]); 10] = [
    ("anger", &["anger", "disgust"]),
    ("frustration", &["annoyance", "disapproval"]),
    ("disappointment", &["disappointment"]),
    ("confusion", &["confusion"]),
    ("worry", &["nervousness", "fear"]),
    ("sadness", &["sadness", "grief"]),
    ("gratitude", &["gratitude"]),
    (
        "satisfaction",
        &["joy", "admiration", "excitement", "love", "relief"],
    ),
    ("amusement", &["amusement"]),
    ("neutral", &["neutral"]),
];

/// Emotions shown, and the probability below which one is noise: of the labels that are given at 0.3, the authors of the set
/// find about half to be right, so less is a guess.
const MAX_SHOWN: usize = 5;
const MIN_SCORE: f64 = 0.2;

/// The emotions by falling score; of equals, in the order of the table. The score is that of the strongest label behind it:
/// labels of one emotion mostly stand for the same words, and are no independent witnesses.
#[must_use]
pub fn emotions(head: &[Scored]) -> Vec<Scored> {
    let mut found: Vec<Scored> = SOURCES
        .iter()
        .map(|(emotion, labels)| Scored {
            label: (*emotion).to_owned(),
            score: strongest(head, labels),
        })
        .filter(|scored| scored.score >= MIN_SCORE)
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found.truncate(MAX_SHOWN);
    found
}

/// 0 to 1: how angry or frustrated the customer is; 0 without an emotion head.
#[must_use]
pub fn anger(head: &[Scored]) -> f64 {
    SOURCES
        .iter()
        .filter(|(emotion, _)| matches!(*emotion, "anger" | "frustration"))
        .map(|(_, labels)| strongest(head, labels))
        .fold(0.0, f64::max)
}

fn strongest(head: &[Scored], labels: &[&str]) -> f64 {
    head.iter()
        .filter(|scored| labels.contains(&scored.label.as_str()))
        .map(|scored| scored.score)
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The labels of the set; the head has them all.
    const GO_EMOTIONS: &str = "admiration amusement anger annoyance approval caring confusion curiosity desire disappointment \
        disapproval disgust embarrassment excitement fear gratitude grief joy love nervousness optimism pride realization relief \
        remorse sadness surprise neutral";

    fn scored(label: &str, score: f64) -> Scored {
        Scored {
            label: label.into(),
            score,
        }
    }

    #[test]
    fn every_source_is_a_label_of_the_head() {
        for label in SOURCES.iter().flat_map(|(_, labels)| *labels) {
            assert!(
                GO_EMOTIONS.split(' ').any(|known| known == *label),
                "{label}"
            );
        }
    }

    #[test]
    fn labels_join_into_emotions_by_falling_score() {
        let head = [
            scored("annoyance", 0.6),
            scored("anger", 0.3),
            scored("disapproval", 0.4),
            scored("curiosity", 0.9),
            scored("neutral", 0.1),
        ];
        assert_eq!(
            emotions(&head),
            [scored("frustration", 0.6), scored("anger", 0.3)]
        );
        assert!((anger(&head) - 0.6).abs() < 1e-12);
    }

    #[test]
    fn without_a_head_nothing_is_felt() {
        assert_eq!((emotions(&[]), anger(&[])), (vec![], 0.0));
    }
}
