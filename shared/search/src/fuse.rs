//! Two results become one: what was found by meaning and what was found by words.
//!
//! The meaning decides, and words that a text shares with the question lift it. Both scores say something by themselves, not only within
//! their own result: a cosine, and the share of what a text could score that was all about the question's words. So a text that shares
//! one word of five is lifted by a fifth, and not by all because no other shares more. `docs/decisions/0039-hybrid-search.md` says what
//! was tried and what it gives.

use std::collections::BTreeMap;

/// What something found is known by.
pub type ItemId = u64;

/// How far all the words of a question lift a text, in units of the cosine.
pub const WORDS_WEIGHT: f64 = 0.1;

/// Something that was found, and how well it fits: a cosine, or a share of the words, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// What.
    pub id: ItemId,
    /// The larger the better.
    pub score: f64,
}

/// Both results as one, best first; of equally good ones that with the smaller id. What was found by words alone counts as having no
/// meaning in common, so whoever can say its cosine has it in both.
#[must_use]
pub fn fuse(by_meaning: &[Found], by_words: &[Found]) -> Vec<Found> {
    let mut scores: BTreeMap<ItemId, f64> = BTreeMap::new();
    for found in by_meaning {
        *scores.entry(found.id).or_default() += found.score.max(0.0);
    }
    for found in by_words {
        *scores.entry(found.id).or_default() += WORDS_WEIGHT * found.score.clamp(0.0, 1.0);
    }
    let mut fused: Vec<Found> = scores
        .into_iter()
        .map(|(id, score)| Found { id, score })
        .collect();
    // Stable, so that equally good ones stay in the order of their ids.
    fused.sort_by(|a, b| b.score.total_cmp(&a.score));
    fused
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(rows: &[(ItemId, f64)]) -> Vec<Found> {
        let found = rows.iter().map(|(id, score)| Found {
            id: *id,
            score: *score,
        });
        found.collect()
    }

    fn ids(found: &[Found]) -> Vec<ItemId> {
        found.iter().map(|found| found.id).collect()
    }

    #[test]
    fn of_two_with_much_the_same_meaning_that_with_the_words_comes_first() {
        let by_meaning = list(&[(1, 0.80), (2, 0.75), (3, 0.5)]);
        let fused = fuse(&by_meaning, &list(&[(2, 0.6), (4, 1.0)]));
        assert_eq!(ids(&fused), [2, 1, 3, 4]);
        assert!((fused[0].score - (0.75 + WORDS_WEIGHT * 0.6)).abs() < 1e-12);
        // One word of many decides nothing.
        assert_eq!(ids(&fuse(&by_meaning, &list(&[(2, 0.1)]))), [1, 2, 3]);
    }

    #[test]
    fn with_one_result_empty_the_other_stays_in_its_order() {
        let rows = list(&[(5, 0.9), (4, 0.5), (6, 0.1)]);
        assert_eq!(ids(&fuse(&rows, &[])), [5, 4, 6]);
        assert_eq!(ids(&fuse(&[], &rows)), [5, 4, 6]);
        assert!(fuse(&[], &[]).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_made_up(
            by_meaning in prop::collection::btree_map(0_u64..30, -1.0_f64..1.0, 0..20),
            by_words in prop::collection::btree_map(0_u64..30, 0.0_f64..50.0, 0..20),
        ) {
            let rows = |rows: &BTreeMap<u64, f64>| {
                let rows: Vec<_> = rows.iter().map(|(id, score)| (*id, *score)).collect();
                list(&rows)
            };
            let fused = fuse(&rows(&by_meaning), &rows(&by_words));
            prop_assert!(fused.windows(2).all(|pair| pair[0].score >= pair[1].score));
            let most = 1.0 + WORDS_WEIGHT;
            prop_assert!(fused.iter().all(|found| (0.0..=most).contains(&found.score)));
            let mut expected: Vec<u64> = by_meaning.keys().chain(by_words.keys()).copied().collect();
            expected.sort_unstable();
            expected.dedup();
            let mut found = ids(&fused);
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
