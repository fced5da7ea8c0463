//! Groups of questions that no article answers: the gaps of a knowledge base.
//!
//! Questions join as long as the two groups' questions are alike on average (average linkage, UPGMA: Sokal and Michener 1958). One
//! question that is near to two groups joins neither into the other, as it would with the nearest neighbour; and one odd question keeps
//! no group apart, as it would with the farthest. Two thousand questions take two million cosines.

use std::cmp::{Ordering, Reverse};

use crate::row::Row;

/// Most questions that are looked at; of more, those with the largest ids.
pub const MAX_QUESTIONS: usize = 2_000;

/// A question as it is grouped.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What it is known by; each once.
    pub id: u64,
    /// Its embedding.
    pub row: Row,
    /// The cosine of the article that is nearest to it, -1 to 1; -1 without any article.
    pub best_article: f32,
}

/// What makes a gap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// A question whose nearest article is nearer than this is answered.
    pub answered_from: f32,
    /// Groups join while their questions' mean cosine is at least this.
    pub similar_from: f32,
    /// Fewest questions of a gap.
    pub min_questions: usize,
}

impl Default for Bounds {
    /// `answered_from`: of StackFAQ's questions 0.85 have a part of an answer that is so near, and 0.14 still do when their own thread is left
    /// out; at 0.6 it is 0.92 and 0.33, at 0.7 0.72 and 0.06. `similar_from` was chosen on the validation questions of CLINC150 and Banking77, planted among such that belong to no group: at 0.45
    /// groups of Banking77 flow into each other, at 0.55 more of CLINC150 fall apart. `cargo xtask eval gaps` measures it.
    fn default() -> Self {
        Self {
            answered_from: 0.65,
            similar_from: 0.5,
            min_questions: 5,
        }
    }
}

/// Questions that ask alike and have no article.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The question that is most like the others; of equally central ones that with the smallest id.
    pub medoid: u64,
    /// All of them, that one included, by id.
    pub questions: Vec<u64>,
    /// The mean cosine of two of them, at least `similar_from` but for rounding.
    pub cohesion: f32,
}

/// The gaps among questions: the largest first, of equally large ones that which holds together more, then that with the smallest id.
/// The order of the questions does not matter. A question whose row has another width than most is like none.
#[must_use]
pub fn gaps(questions: &[Question], bounds: Bounds) -> Vec<Gap> {
    let mut open: Vec<&Question> = questions
        .iter()
        .filter(|question| question.best_article < bounds.answered_from)
        .collect();
    // The largest ids first, so that what is too many is cut off at the end; each id once.
    open.sort_by_key(|question| Reverse(question.id));
    open.dedup_by_key(|question| question.id);
    open.truncate(MAX_QUESTIONS);
    open.reverse();

    let cosines = Cosines::of(&open);
    let mut gaps: Vec<Gap> = groups(cosines.clone(), bounds.similar_from)
        .into_iter()
        .filter(|group| group.len() >= bounds.min_questions.max(1))
        .filter_map(|group| gap(&open, &cosines, &group))
        .collect();
    gaps.sort_by(|a, b| {
        let by_size = b.questions.len().cmp(&a.questions.len());
        let by_cohesion = || b.cohesion.total_cmp(&a.cohesion);
        by_size
            .then_with(by_cohesion)
            .then_with(|| a.questions.cmp(&b.questions))
    });
    gaps
}

/// The cosines of all pairs, as a whole square.
#[derive(Debug, Clone)]
struct Cosines {
    n: usize,
    values: Vec<f32>,
}

impl Cosines {
    fn of(questions: &[&Question]) -> Self {
        let n = questions.len();
        let mut cosines = Self {
            n,
            values: vec![0.0; n * n],
        };
        for (place, question) in questions.iter().enumerate() {
            for (other_place, other) in questions.iter().enumerate().take(place) {
                cosines.set(place, other_place, question.row.similarity(&other.row));
            }
        }
        cosines
    }

    fn row(&self, place: usize) -> &[f32] {
        let start = place * self.n;
        self.values.get(start..start + self.n).unwrap_or_default()
    }

    fn get(&self, a: usize, b: usize) -> f32 {
        self.row(a).get(b).copied().unwrap_or_default()
    }

    /// Makes one group out of two: what it has in common with each other one is the mean of both.
    fn join(&mut self, kept: usize, n_kept: f32, gone: usize, n_gone: f32) {
        for other in 0..self.n {
            let sum = n_kept * self.get(kept, other) + n_gone * self.get(gone, other);
            self.set(kept, other, sum / (n_kept + n_gone));
        }
    }

    fn set(&mut self, a: usize, b: usize, value: f32) {
        for place in [a * self.n + b, b * self.n + a] {
            if let Some(cell) = self.values.get_mut(place) {
                *cell = value;
            }
        }
    }
}

/// The groups of average linkage whose questions are near enough, by chains of nearest neighbours (Benzécri 1982, Juan 1982): from a group
/// to its nearest one and on, until two are nearest to each other, and those join. It finds the groups that joining the nearest pair of
/// all each time would find, and takes some three looks at every group a question, also when all questions are the same.
fn groups(cosines: Cosines, similar_from: f32) -> Vec<Vec<usize>> {
    let mut means = cosines;
    let n = means.n;
    let mut groups: Vec<Vec<usize>> = (0..n).map(|place| vec![place]).collect();
    let mut is_open = vec![true; n];
    let mut chain: Vec<usize> = Vec::new();
    while let Some(last) = chain
        .last()
        .copied()
        .or_else(|| is_open.iter().position(|is_open| *is_open))
    {
        if chain.is_empty() {
            chain.push(last);
        }
        let before = chain.iter().rev().nth(1).copied();
        let Some((next, _)) =
            neighbour(&means, &is_open, last, before).filter(|(_, mean)| *mean >= similar_from)
        else {
            // Nothing is near enough, and a join of others never comes nearer than they were.
            close(&mut is_open, last);
            chain.pop();
            continue;
        };
        if !chain.contains(&next) {
            chain.push(next);
            continue;
        }
        if before == Some(next) {
            chain.truncate(chain.len().saturating_sub(2));
        } else {
            // A circle: as near as rounding can tell.
            chain.clear();
        }
        let (kept, gone) = (last.min(next), last.max(next));
        means.join(kept, size(&groups, kept), gone, size(&groups, gone));
        let moved = groups.get_mut(gone).map(std::mem::take).unwrap_or_default();
        if let Some(group) = groups.get_mut(kept) {
            group.extend(moved);
        }
        close(&mut is_open, gone);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn close(is_open: &mut [bool], place: usize) {
    if let Some(is_open) = is_open.get_mut(place) {
        *is_open = false;
    }
}

/// The group that is nearest to one, and their mean: of equally near ones the one before it in the chain, or else the first.
fn neighbour(
    means: &Cosines,
    is_open: &[bool],
    place: usize,
    before: Option<usize>,
) -> Option<(usize, f32)> {
    let others = means.row(place).iter().copied().enumerate().zip(is_open);
    let (first, mean) = others
        .filter(|((other, _), is_open)| **is_open && *other != place)
        .map(|(other, _)| other)
        .reduce(|best, other| if other.1 > best.1 { other } else { best })?;
    let is_as_near = |before: &usize| means.get(place, *before) >= mean;
    Some((before.filter(is_as_near).unwrap_or(first), mean))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a group has 2,000 questions at most"
)]
fn size(groups: &[Vec<usize>], place: usize) -> f32 {
    groups.get(place).map_or(0.0, |group| group.len() as f32)
}

fn gap(open: &[&Question], cosines: &Cosines, group: &[usize]) -> Option<Gap> {
    let sum = |place: usize| {
        let others = group.iter().filter(|other| **other != place);
        others
            .map(|other| f64::from(cosines.get(place, *other)))
            .sum::<f64>()
    };
    let id = |place: usize| open.get(place).map(|question| question.id);
    let mut questions: Vec<u64> = group.iter().filter_map(|place| id(*place)).collect();
    questions.sort_unstable();
    let n_pairs = group.len() * group.len().saturating_sub(1);
    let total: f64 = group.iter().map(|place| sum(*place)).sum();
    let (medoid, _) = group
        .iter()
        .filter_map(|place| Some((id(*place)?, sum(*place))))
        .reduce(|best, other| match other.1.total_cmp(&best.1) {
            Ordering::Greater => other,
            Ordering::Equal if other.0 < best.0 => other,
            _ => best,
        })?;
    #[expect(clippy::cast_possible_truncation, reason = "a cosine needs no more")]
    let cohesion = if n_pairs == 0 {
        1.0
    } else {
        (total / n_pairs as f64) as f32
    };
    Some(Gap {
        medoid,
        questions,
        cohesion,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Questions about one thing each: near to an axis, each a little off in a direction of its own.
    fn planted(axis: usize, ids: std::ops::Range<u64>) -> Vec<Question> {
        ids.map(|id| {
            let mut vector = [0.0_f32; 64];
            vector[axis] = 1.0;
            vector[8 + usize::try_from(id % 50).unwrap()] += 0.4;
            question(id, &vector)
        })
        .collect()
    }

    /// A question about nothing that another one is about.
    fn alone(id: u64) -> Question {
        let mut vector = [0.0_f32; 64];
        vector[8 + usize::try_from(id % 50).unwrap()] = 1.0;
        question(id, &vector)
    }

    fn question(id: u64, vector: &[f32]) -> Question {
        Question {
            id,
            row: Row::of(vector).unwrap(),
            best_article: 0.1,
        }
    }

    /// Three groups of five and more, one of four, and what is alone.
    fn desk() -> Vec<Question> {
        let mut questions = planted(0, 0..5);
        questions.extend(planted(1, 5..12));
        questions.extend(planted(2, 12..21));
        questions.extend(planted(3, 21..25));
        questions.extend((25..50).map(alone));
        questions
    }

    #[test]
    fn groups_of_five_are_gaps_and_those_of_four_and_single_questions_are_none() {
        let found = gaps(&desk(), Bounds::default());
        let questions: Vec<Vec<u64>> = found.iter().map(|gap| gap.questions.clone()).collect();
        assert_eq!(
            questions,
            [
                (12..21).collect::<Vec<_>>(),
                (5..12).collect(),
                (0..5).collect()
            ]
        );
        for gap in &found {
            assert!(gap.questions.contains(&gap.medoid));
            assert!((0.8..0.9).contains(&gap.cohesion), "{}", gap.cohesion);
        }
    }

    #[test]
    fn what_an_article_answers_is_no_gap() {
        let mut questions = desk();
        // Of the first group one is answered: four are left.
        questions[2].best_article = 0.7;
        let found = gaps(&questions, Bounds::default());
        assert_eq!(found.len(), 2);
        for question in &mut questions {
            question.best_article = 0.65;
        }
        assert!(gaps(&questions, Bounds::default()).is_empty());
    }

    #[test]
    fn the_medoid_is_the_question_in_the_middle() {
        let vectors = [[1.0, 0.0], [0.9, 0.3], [0.8, 0.6], [0.7, 0.7], [0.9, 0.2]];
        let questions: Vec<Question> = (10..)
            .zip(vectors)
            .map(|(id, vector)| question(id, &vector))
            .collect();
        let found = gaps(&questions, Bounds::default());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].medoid, 11);
    }

    #[test]
    fn groups_that_touch_in_one_question_stay_apart() {
        // A chain: each is near to the next, the ends have nothing in common.
        let questions: Vec<Question> = (0_u16..10)
            .map(|step| {
                let angle = f32::from(step) * 0.35;
                question(u64::from(step), &[angle.cos(), angle.sin()])
            })
            .collect();
        let found = gaps(&questions, Bounds::default());
        assert!(found.iter().all(|gap| gap.questions.len() < 10));
        assert!(found.iter().all(|gap| gap.cohesion >= 0.49));
    }

    #[test]
    fn of_too_many_questions_the_last_are_taken_and_nothing_gives_nothing() {
        assert!(gaps(&[], Bounds::default()).is_empty());
        let n = MAX_QUESTIONS as u64 + 10;
        let questions: Vec<Question> = (0..n).map(|id| question(id, &[1.0, 0.0])).collect();
        let found = gaps(&questions, Bounds::default());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].questions.len(), MAX_QUESTIONS);
        assert_eq!(found[0].questions.first(), Some(&10));
    }

    #[test]
    fn rows_of_another_model_join_nothing() {
        let mut questions = planted(0, 0..5);
        questions.extend((5..9).map(|id| question(id, &[1.0, 0.0])));
        let found = gaps(&questions, Bounds::default());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].questions, (0..5).collect::<Vec<_>>());
    }

    /// The groups by the book: the nearest pair of all joins, again and again, each mean taken over the questions themselves.
    fn by_hand(cosines: &Cosines, similar_from: f32) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = (0..cosines.n).map(|place| vec![place]).collect();
        loop {
            let mut best: Option<(f64, usize, usize)> = None;
            for (b, group) in groups.iter().enumerate() {
                for (a, other) in groups.iter().enumerate().take(b) {
                    let pairs = group
                        .iter()
                        .flat_map(|x| other.iter().map(move |y| (*x, *y)));
                    let sum: f64 = pairs.map(|(x, y)| f64::from(cosines.get(x, y))).sum();
                    let mean = sum / (group.len() * other.len()) as f64;
                    if best.is_none_or(|(most, ..)| mean > most) {
                        best = Some((mean, a, b));
                    }
                }
            }
            match best {
                Some((mean, a, b)) if mean >= f64::from(similar_from) => {
                    let moved = groups.remove(b);
                    groups[a].extend(moved);
                }
                _ => break,
            }
        }
        in_order(groups)
    }

    fn in_order(mut groups: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
        for group in &mut groups {
            group.sort_unstable();
        }
        groups.sort();
        groups
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn chains_find_the_groups_that_joining_the_nearest_pair_finds(
            vectors in prop::collection::vec(prop::array::uniform8(-1.0_f32..1.0), 0..30),
        ) {
            let rows = vectors.iter().filter_map(|vector| Row::of(vector).ok());
            let questions: Vec<Question> = (0..).zip(rows).map(|(id, row)| Question { id, row, best_article: -1.0 }).collect();
            let cosines = Cosines::of(&questions.iter().collect::<Vec<_>>());
            prop_assert_eq!(in_order(groups(cosines.clone(), 0.3)), by_hand(&cosines, 0.3));
        }

        #[test]
        fn the_order_of_questions_does_not_matter(questions in Just(desk()).prop_shuffle()) {
            prop_assert_eq!(gaps(&questions, Bounds::default()), gaps(&desk(), Bounds::default()));
        }

        /// Of any questions: no question in two gaps, none too small, each as alike as it says.
        #[test]
        fn gaps_keep_their_bounds(
            vectors in prop::collection::vec(prop::array::uniform4(-1.0_f32..1.0), 0..60),
            seed in any::<u64>(),
        ) {
            let rows = vectors.iter().filter_map(|vector| Row::of(vector).ok());
            let mut questions: Vec<Question> = (0..)
                .zip(rows)
                .map(|(id, row)| Question { id, row, best_article: -1.0 })
                .collect();
            let found = gaps(&questions, Bounds::default());
            let mut seen = std::collections::BTreeSet::new();
            for gap in &found {
                prop_assert!(gap.questions.len() >= 5);
                prop_assert!(gap.cohesion >= 0.5 - 0.01, "{}", gap.cohesion);
                prop_assert!(gap.questions.iter().all(|id| seen.insert(*id)));
            }
            let n = questions.len().max(1);
            questions.rotate_left(usize::try_from(seed % n as u64).unwrap());
            prop_assert_eq!(gaps(&questions, Bounds::default()), found);
        }
    }
}
