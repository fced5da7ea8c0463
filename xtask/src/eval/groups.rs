//! Fine-grained emotions in the coarser groups of other data.

use std::collections::BTreeSet;

/// No emotion.
pub const NEUTRAL: &str = "neutral";

/// A coarser label for each finer one.
#[derive(Debug, Clone, Copy)]
pub struct Grouping {
    name: &'static str,
    /// Group and members; without any, every label is its own group.
    groups: &'static [(&'static str, &'static [&'static str])],
}

/// Ekman's six emotions and neutral, as the authors of `GoEmotions` group their labels (Demszky et al. 2020).
pub const fn ekman() -> Grouping {
    Grouping {
        name: "ekman",
        groups: &[
            ("anger", &["anger", "annoyance", "disapproval"]),
            ("disgust", &["disgust"]),
            ("fear", &["fear", "nervousness"]),
            (
                "joy",
                &[
                    "joy",
                    "amusement",
                    "approval",
                    "excitement",
                    "gratitude",
                    "love",
                    "optimism",
                    "relief",
                    "pride",
                    "admiration",
                    "desire",
                    "caring",
                ],
            ),
            (
                "sadness",
                &[
                    "sadness",
                    "disappointment",
                    "embarrassment",
                    "grief",
                    "remorse",
                ],
            ),
            (
                "surprise",
                &["surprise", "realization", "confusion", "curiosity"],
            ),
            (NEUTRAL, &[NEUTRAL]),
        ],
    }
}

/// The four emotions of TweetEval, which keeps optimism apart from joy; our own mapping.
pub const fn tweet() -> Grouping {
    Grouping {
        name: "tweet",
        groups: &[
            ("anger", &["anger", "annoyance", "disapproval", "disgust"]),
            (
                "joy",
                &[
                    "joy",
                    "amusement",
                    "excitement",
                    "love",
                    "gratitude",
                    "admiration",
                    "pride",
                    "relief",
                ],
            ),
            ("optimism", &["optimism", "caring", "desire", "approval"]),
            (
                "sadness",
                &[
                    "sadness",
                    "disappointment",
                    "grief",
                    "remorse",
                    "embarrassment",
                    "fear",
                    "nervousness",
                ],
            ),
        ],
    }
}

impl Grouping {
    /// Every label for itself.
    pub const fn same() -> Self {
        Self {
            name: "same",
            groups: &[],
        }
    }

    /// The grouping that makes the wanted labels of one's own, if there is one: the coarsest. The name of a coarse label is
    /// also that of a fine one, so `joy` among Ekman's emotions alone is all of joy, and beside `gratitude` only itself.
    pub fn from_to(own: &BTreeSet<&str>, wanted: &BTreeSet<&str>) -> Option<Self> {
        [ekman(), tweet(), Self::same()]
            .into_iter()
            .find(|grouping| {
                let groups: BTreeSet<&str> =
                    own.iter().filter_map(|label| grouping.of(label)).collect();
                wanted.is_subset(&groups)
            })
    }

    /// `ekman`, `tweet` or `same`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The group of a label; none when it is in no group.
    pub fn of(self, label: &str) -> Option<&str> {
        if self.groups.is_empty() {
            return Some(label);
        }
        let is_member = |members: &&[&str]| members.contains(&label);
        let group = self.groups.iter().find(|(_, members)| is_member(members));
        group.map(|(group, _)| *group)
    }

    /// Whether all labels are grouped, some of them under another name.
    pub fn has_finer<'a>(self, labels: impl IntoIterator<Item = &'a str>) -> bool {
        let mut is_finer = false;
        for label in labels {
            match self.of(label) {
                None => return false,
                Some(group) => is_finer |= group != label,
            }
        }
        is_finer
    }

    /// Each wanted group with the largest score among its members, in the order of `wanted`.
    pub fn scores<'a>(
        self,
        scores: &[(String, f32)],
        wanted: &BTreeSet<&'a str>,
    ) -> Vec<(&'a str, f32)> {
        wanted
            .iter()
            .map(|group| {
                let of_group = scores
                    .iter()
                    .filter(|(label, _)| self.of(label) == Some(group));
                (
                    *group,
                    of_group.map(|(_, score)| *score).fold(0.0, f32::max),
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fine_labels_have_their_groups() {
        assert_eq!(ekman().of("gratitude"), Some("joy"));
        assert_eq!(ekman().of("trust"), None);
        assert_eq!(Grouping::same().of("trust"), Some("trust"));
        assert!(ekman().has_finer(["joy", "gratitude"]));
        assert!(!ekman().has_finer(["joy", "anger"]));
        assert!(!ekman().has_finer(["gratitude", "trust"]));
    }

    #[test]
    fn a_group_scores_as_its_strongest_member() {
        let scores = [
            ("joy".to_owned(), 0.1),
            ("love".to_owned(), 0.4),
            ("fear".to_owned(), 0.2),
        ];
        let wanted = BTreeSet::from(["joy", "fear", "anger"]);
        assert_eq!(
            ekman().scores(&scores, &wanted),
            [("anger", 0.0), ("fear", 0.2), ("joy", 0.4)]
        );
    }
}
