//! An embedding as it is stored: of unit length, as 8-bit integers with one scale.
//!
//! A row of 384 values takes 388 bytes instead of 1,536. What is lost: each value is off by half a step at most, and the step is the
//! largest value divided by 127; over a row the errors are as often up as down, so that a cosine is off by some thousandths.

/// Bytes of the scale in front of the values.
const SCALE_BYTES: usize = 4;

/// An embedding in the form in which it is stored and compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    scale: f32,
    values: Vec<i8>,
}

/// What cannot be a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRow {
    /// Nothing but zeros, or something that is no number: it points nowhere.
    #[error("the vector has no direction")]
    NoDirection,
    /// Bytes that no row was written as.
    #[error("not the bytes of a row")]
    Bytes,
}

impl Row {
    /// The row of an embedding of any length: only its direction counts.
    pub fn of(vector: &[f32]) -> Result<Self, InvalidRow> {
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        if !length.is_normal() {
            return Err(InvalidRow::NoDirection);
        }
        let largest = vector
            .iter()
            .fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let scale = largest / length / 127.0;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the largest value becomes 127, the others are smaller"
        )]
        let values = vector
            .iter()
            .map(|value| (value / length / scale).round() as i8)
            .collect();
        Ok(Self { scale, values })
    }

    /// Reads what [`Row::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidRow> {
        let (scale, values) = bytes
            .split_first_chunk::<SCALE_BYTES>()
            .ok_or(InvalidRow::Bytes)?;
        let scale = f32::from_le_bytes(*scale);
        if !scale.is_normal() || scale < 0.0 || values.is_empty() {
            return Err(InvalidRow::Bytes);
        }
        Ok(Self {
            scale,
            values: values.iter().map(|byte| byte.cast_signed()).collect(),
        })
    }

    /// The scale, four bytes with the least one first, and a byte for each value.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SCALE_BYTES + self.values.len());
        bytes.extend(self.scale.to_le_bytes());
        bytes.extend(self.values.iter().map(|value| value.cast_unsigned()));
        bytes
    }

    /// The values as numbers, for an index that takes no rows: of unit length but for rounding. [`Row::of`] makes the same row of them.
    #[must_use]
    pub fn to_vector(&self) -> Vec<f32> {
        let values = self.values.iter();
        values.map(|value| f32::from(*value) * self.scale).collect()
    }

    /// How many values it has.
    #[must_use]
    pub fn n_values(&self) -> usize {
        self.values.len()
    }

    /// The cosine of the angle to another row, -1 to 1 but for rounding; 0 for one of another width.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> f32 {
        if self.values.len() == other.values.len() {
            similarity(self.scale, &self.values, other.scale, &other.values)
        } else {
            0.0
        }
    }

    pub(crate) const fn scale(&self) -> f32 {
        self.scale
    }

    pub(crate) fn values(&self) -> &[i8] {
        &self.values
    }
}

/// The cosine of two rows of one width.
#[expect(
    clippy::cast_precision_loss,
    reason = "an 8-bit dot product of 384 values is below 2^23"
)]
pub(crate) fn similarity(scale: f32, values: &[i8], other_scale: f32, others: &[i8]) -> f32 {
    scale * other_scale * dot(values, others) as f32
}

/// Sixteen at a time: a product of two bytes fits 16 bits, and pairs of those are added into 32 by one instruction, of x86 as of Wasm.
fn dot(a: &[i8], b: &[i8]) -> i32 {
    let product = |(a, b): (&i8, &i8)| i32::from(i16::from(*a) * i16::from(*b));
    let ((chunks, rest), (other_chunks, other_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let whole: i32 = chunks
        .iter()
        .zip(other_chunks)
        .map(|(a, b)| a.iter().zip(b).map(product).sum::<i32>())
        .sum();
    whole + rest.iter().zip(other_rest).map(product).sum::<i32>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }

    #[test]
    fn what_has_no_direction_is_no_row() {
        for vector in [
            &[][..],
            &[0.0; 384],
            &[1.0, f32::NAN],
            &[f32::INFINITY, 1.0],
        ] {
            assert_eq!(Row::of(vector), Err(InvalidRow::NoDirection));
        }
    }

    #[test]
    fn stored_bytes_are_these() {
        let row = Row::of(&[3.0, -4.0]).unwrap();
        let bytes = row.to_bytes();
        // 0.8 / 127 and 0.6 / 0.8 * 127.
        assert_eq!(&bytes[..4], &(0.8_f32 / 127.0).to_le_bytes());
        assert_eq!(&bytes[4..], &[95, 129]);
        assert_eq!(Row::from_bytes(&bytes), Ok(row));
        for bad in [
            &[][..],
            &[0, 0, 0],
            &[0, 0, 0, 0, 1],
            &[0, 0, 192, 255, 1],
            &bytes[..4],
        ] {
            assert_eq!(Row::from_bytes(bad), Err(InvalidRow::Bytes), "{bad:?}");
        }
    }

    #[test]
    fn rows_of_different_widths_have_nothing_in_common() {
        let (narrow, wide) = (Row::of(&[1.0, 1.0]).unwrap(), Row::of(&[1.0; 3]).unwrap());
        assert!(narrow.similarity(&wide).abs() < f32::EPSILON);
    }

    proptest! {
        #[test]
        fn a_similarity_is_within_a_hundredth_of_the_cosine(
            a in prop::collection::vec(-1.0_f32..1.0, 384),
            b in prop::collection::vec(-1.0_f32..1.0, 384),
        ) {
            let (row, other) = (Row::of(&a).unwrap(), Row::of(&b).unwrap());
            prop_assert!((row.similarity(&other) - cosine(&a, &b)).abs() < 0.01);
            prop_assert!((row.similarity(&row) - 1.0).abs() < 0.01);
            prop_assert_eq!(Row::from_bytes(&row.to_bytes()), Ok(row));
        }

        #[test]
        fn a_row_of_a_rows_numbers_is_the_same_row(a in prop::collection::vec(-1.0_f32..1.0, 1..400)) {
            prop_assume!(a.iter().any(|value| value.abs() > 0.001));
            let row = Row::of(&a).unwrap();
            let vector = row.to_vector();
            prop_assert!((cosine(&vector, &a) - 1.0).abs() < 0.01);
            let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
            prop_assert!((length - 1.0).abs() < 0.02);
            let again = Row::of(&vector).unwrap();
            prop_assert_eq!(again.values(), row.values());
            prop_assert!((again.similarity(&row) - row.similarity(&row)).abs() < 0.02);
        }

        #[test]
        fn no_bytes_break_anything(bytes: Vec<u8>) {
            if let Ok(row) = Row::from_bytes(&bytes) {
                prop_assert_eq!(row.to_bytes(), bytes);
            }
        }

        #[test]
        fn a_dot_product_is_what_it_is_by_hand(pairs in prop::collection::vec((any::<i8>(), any::<i8>()), 0..100)) {
            let (a, b): (Vec<i8>, Vec<i8>) = pairs.iter().copied().unzip();
            let by_hand: i32 = pairs.iter().map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            prop_assert_eq!(dot(&a, &b), by_hand);
        }
    }
}
