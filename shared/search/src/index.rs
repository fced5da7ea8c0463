//! An exact index: every row is compared with the question. Enough for tens of thousands of rows, and never wrong about a neighbour.
//!
//! Rows stand one behind the other in one piece of memory, 388 bytes for one of 384 values, so that a search reads it from end to end.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::row::{Row, similarity};

/// What a row is known by: a key of whoever stores it.
pub type RowId = u64;

/// A row that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Which.
    pub id: RowId,
    /// The cosine of the angle to the question, -1 to 1.
    pub similarity: f32,
}

/// A row of another width than the others: of another model, which does not compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the row has {found} values, and those of this index have {expected}")]
pub struct WidthMismatch {
    /// Of the index.
    pub expected: usize,
    /// Of the row.
    pub found: usize,
}

/// The rows of one model.
#[derive(Debug, Clone)]
pub struct ExactIndex {
    width: usize,
    ids: Vec<RowId>,
    scales: Vec<f32>,
    values: Vec<i8>,
    places: HashMap<RowId, usize>,
}

impl ExactIndex {
    /// An empty one, for rows of `width` values.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self {
            width,
            ids: Vec::new(),
            scales: Vec::new(),
            values: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// How many rows it has.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.ids.len()
    }

    /// Puts a row in, in the place of one with the same id.
    pub fn insert(&mut self, id: RowId, row: &Row) -> Result<(), WidthMismatch> {
        self.check_width(row)?;
        if let Some(place) = self.places.get(&id) {
            self.scales[*place] = row.scale();
            self.values[place * self.width..(place + 1) * self.width].copy_from_slice(row.values());
        } else {
            self.places.insert(id, self.ids.len());
            self.ids.push(id);
            self.scales.push(row.scale());
            self.values.extend_from_slice(row.values());
        }
        Ok(())
    }

    /// Takes a row out. Whether it was there.
    pub fn remove(&mut self, id: RowId) -> bool {
        let Some(place) = self.places.remove(&id) else {
            return false;
        };
        // The last one moves into its place.
        let last = self.ids.len() - 1;
        self.ids.swap_remove(place);
        self.scales.swap_remove(place);
        if place < last {
            let from = last * self.width;
            self.values
                .copy_within(from..from + self.width, place * self.width);
            self.places.insert(self.ids[place], place);
        }
        self.values.truncate(last * self.width);
        true
    }

    /// How near a row is, found or not; `None` when it is not there or of another width.
    #[must_use]
    pub fn similarity(&self, question: &Row, id: RowId) -> Option<f32> {
        let place = *self.places.get(&id)?;
        self.check_width(question).ok()?;
        let row = self
            .values
            .get(place * self.width..(place + 1) * self.width)?;
        let scale = self.scales.get(place)?;
        Some(similarity(question.scale(), question.values(), *scale, row))
    }

    /// The `n` nearest rows that `is_wanted`, nearest first; of equally near ones that with the smaller id.
    pub fn search(
        &self,
        question: &Row,
        n: usize,
        is_wanted: impl Fn(RowId) -> bool,
    ) -> Result<Vec<Hit>, WidthMismatch> {
        self.check_width(question)?;
        if n == 0 || self.width == 0 {
            return Ok(Vec::new());
        }
        let (scale, values) = (question.scale(), question.values());
        let mut nearest: Vec<Hit> = Vec::with_capacity(n.min(self.ids.len()) + 1);
        let rows = self.values.chunks_exact(self.width);
        for ((id, row_scale), row) in self.ids.iter().zip(&self.scales).zip(rows) {
            let hit = Hit {
                id: *id,
                similarity: similarity(scale, values, *row_scale, row),
            };
            let is_near = nearest.len() < n
                || nearest
                    .last()
                    .is_some_and(|last| order(&hit, last) == Ordering::Less);
            if is_near && is_wanted(*id) {
                let place = nearest.partition_point(|other| order(other, &hit) == Ordering::Less);
                nearest.insert(place, hit);
                nearest.truncate(n);
            }
        }
        Ok(nearest)
    }

    fn check_width(&self, row: &Row) -> Result<(), WidthMismatch> {
        if row.n_values() == self.width {
            Ok(())
        } else {
            Err(WidthMismatch {
                expected: self.width,
                found: row.n_values(),
            })
        }
    }
}

/// The nearer one first.
fn order(a: &Hit, b: &Hit) -> Ordering {
    b.similarity
        .total_cmp(&a.similarity)
        .then_with(|| a.id.cmp(&b.id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn row(values: &[f32]) -> Row {
        Row::of(values).unwrap()
    }

    fn ids(hits: &[Hit]) -> Vec<RowId> {
        hits.iter().map(|hit| hit.id).collect()
    }

    #[test]
    fn the_nearest_come_first_and_only_those_that_are_wanted() {
        let mut index = ExactIndex::new(2);
        for (id, vector) in [
            (1, [1.0, 0.0]),
            (2, [1.0, 1.0]),
            (3, [0.0, 1.0]),
            (4, [-1.0, 0.0]),
        ] {
            index.insert(id, &row(&vector)).unwrap();
        }
        let question = row(&[0.9, 0.1]);
        let found = index.search(&question, 3, |_| true).unwrap();
        assert_eq!(ids(&found), [1, 2, 3]);
        assert!((found[0].similarity - 0.99).abs() < 0.01);
        assert_eq!(index.similarity(&question, 1), Some(found[0].similarity));
        assert_eq!(index.similarity(&question, 9), None);
        let found = index.search(&question, 3, |id| id != 1).unwrap();
        assert_eq!(ids(&found), [2, 3, 4]);
        assert!(index.search(&question, 0, |_| true).unwrap().is_empty());
        assert_eq!(index.search(&question, 99, |_| true).unwrap().len(), 4);
    }

    #[test]
    fn rows_of_another_model_are_refused() {
        let mut index = ExactIndex::new(2);
        let other = row(&[1.0, 0.0, 0.0]);
        let mismatch = WidthMismatch {
            expected: 2,
            found: 3,
        };
        assert_eq!(index.insert(1, &other), Err(mismatch));
        assert_eq!(index.search(&other, 1, |_| true), Err(mismatch));
        assert_eq!(index.n_rows(), 0);
    }

    proptest! {
        /// Whatever is put in and taken out, in whatever order, a search finds what a plain list would.
        #[test]
        fn it_is_what_a_list_of_rows_is(
            steps in prop::collection::vec((0_u64..20, any::<bool>(), prop::array::uniform4(-1.0_f32..1.0)), 0..80),
            question in prop::array::uniform4(-1.0_f32..1.0),
        ) {
            let (mut index, mut list) = (ExactIndex::new(4), BTreeMap::new());
            for (id, is_insert, vector) in steps {
                let Ok(row) = Row::of(&vector) else { continue };
                if is_insert {
                    index.insert(id, &row).unwrap();
                    list.insert(id, row);
                } else {
                    prop_assert_eq!(index.remove(id), list.remove(&id).is_some());
                }
            }
            prop_assert_eq!(index.n_rows(), list.len());
            let Ok(question) = Row::of(&question) else { return Ok(()) };
            let mut expected: Vec<Hit> = list
                .iter()
                .map(|(id, row)| Hit { id: *id, similarity: question.similarity(row) })
                .collect();
            expected.sort_by(order);
            expected.truncate(5);
            prop_assert_eq!(index.search(&question, 5, |_| true).unwrap(), expected);
        }
    }
}
