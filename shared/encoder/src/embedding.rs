//! The embedding table, kept outside the graph as rows of six bits a value with a scale each: a fifth of what float32 takes.

use crate::ModelError;
use crate::tokenizer::TokenId;

const MAGIC: &[u8; 8] = b"EDEMB002";
const HEADER_BYTES: usize = MAGIC.len() + 3 * 4;
/// Values that share [`PACKED_BYTES`].
const PACKED_VALUES: usize = 4;
const PACKED_BYTES: usize = 3;

/// One row of signed six-bit values and one f32 scale per token, and one f32 row per position.
///
/// Layout, little-endian: magic, `rows: u32`, `width: u32` (a multiple of 4), `positions: u32`, `rows` scales (f32), `rows x
/// width` values (four in three bytes, the first in the lowest bits, -32 to 31), `positions x width` values (f32). Written by
/// `models/train/export.py`. Six bits lose nothing that could be measured (`models/EXPERIMENTS.md`).
#[derive(Clone)]
pub struct EmbeddingTable {
    n_rows: usize,
    width: usize,
    scales: Vec<f32>,
    /// The whole file, as it came: the packed rows are read in place.
    bytes: Vec<u8>,
    rows_at: usize,
    positions: Vec<f32>,
}

impl EmbeddingTable {
    /// Takes the file's bytes and keeps them.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, ModelError> {
        let malformed = |reason| ModelError::Malformed {
            file: "embeddings",
            reason,
        };
        let header = bytes
            .get(..HEADER_BYTES)
            .ok_or(malformed("shorter than its header"))?;
        if !header.starts_with(MAGIC) {
            return Err(malformed("not an embedding table"));
        }
        let [n_rows, width, n_positions] =
            [0, 1, 2].map(|n| read_size(header, MAGIC.len() + 4 * n));
        let rows_at = n_rows
            .checked_mul(4)
            .and_then(|scales| scales.checked_add(HEADER_BYTES));
        if !width.is_multiple_of(PACKED_VALUES) {
            return Err(malformed("rows that are no whole bytes"));
        }
        let positions_at = n_rows
            .checked_mul(row_bytes(width))
            .zip(rows_at)
            .and_then(|(rows, at)| rows.checked_add(at));
        let end = n_positions
            .checked_mul(width)
            .and_then(|n| n.checked_mul(4))
            .zip(positions_at);
        let end = end.and_then(|(positions, at)| positions.checked_add(at));
        let (Some(rows_at), Some(positions_at), true) =
            (rows_at, positions_at, end == Some(bytes.len()))
        else {
            return Err(malformed("its length is not what its header says"));
        };
        if n_rows == 0 || width == 0 || n_positions < 3 {
            return Err(malformed("empty"));
        }
        let scales = read_floats(&bytes[HEADER_BYTES..rows_at]);
        let positions = read_floats(&bytes[positions_at..]);
        if !scales
            .iter()
            .chain(&positions)
            .all(|value| value.is_finite())
        {
            return Err(malformed("a number is not finite"));
        }
        Ok(Self {
            n_rows,
            width,
            scales,
            bytes,
            rows_at,
            positions,
        })
    }

    /// Rows, one per token of the vocabulary.
    #[must_use]
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Values in a row.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// The longest sequence there are positions for.
    #[must_use]
    pub fn n_positions(&self) -> usize {
        self.positions.len() / self.width
    }

    /// Token plus position, row after row: what the graph takes. Stops at the last position; a token beyond the table
    /// counts as zero (loading checks that there is none).
    #[must_use]
    pub fn embed(&self, tokens: &[TokenId]) -> Vec<f32> {
        let mut values = Vec::with_capacity(tokens.len() * self.width);
        for (token, position) in tokens.iter().zip(self.positions.chunks_exact(self.width)) {
            let row = *token as usize;
            let start = self.rows_at + row * row_bytes(self.width);
            match (
                self.scales.get(row),
                self.bytes.get(start..start + row_bytes(self.width)),
            ) {
                (Some(scale), Some(packed)) => {
                    let (packed, _) = packed.as_chunks::<PACKED_BYTES>();
                    let row = packed.iter().copied().flat_map(unpacked).zip(position);
                    values.extend(row.map(|(value, place)| f32::from(value) * scale + place));
                }
                _ => values.extend_from_slice(position),
            }
        }
        values
    }
}

impl std::fmt::Debug for EmbeddingTable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "EmbeddingTable({} x {})",
            self.n_rows, self.width
        )
    }
}

/// Bytes of a row of so many values.
const fn row_bytes(width: usize) -> usize {
    width / PACKED_VALUES * PACKED_BYTES
}

fn unpacked([a, b, c]: [u8; PACKED_BYTES]) -> [i8; PACKED_VALUES] {
    let values = [a, a >> 6 | b << 2, b >> 4 | c << 4, c >> 2];
    // The sixth bit is the sign: up to the top of the byte, and down again with it.
    values.map(|value| (value << 2).cast_signed() >> 2)
}

fn read_size(bytes: &[u8], at: usize) -> usize {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word) as usize
}

fn read_floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|four| f32::from_le_bytes(*four))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for size in [2_u32, 4, 3] {
            bytes.extend(size.to_le_bytes());
        }
        for scale in [0.5_f32, 2.0] {
            bytes.extend(scale.to_le_bytes());
        }
        // 1, -2, 31, -32 and 0, -1, 5, 7, the first of four in the lowest bits.
        for row in [[1_i32, -2, 31, -32], [0, -1, 5, 7]] {
            let bits = (0..4).fold(0_u32, |bits, n| {
                bits | (row[n] & 63).cast_unsigned() << (6 * n)
            });
            bytes.extend(&bits.to_le_bytes()[..3]);
        }
        for position in [0, 0, 0, 0, 10, 20, 30, 40, 100, 200, 300, 400] {
            bytes.extend((position as f32).to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_row_is_its_bytes_times_its_scale_plus_its_position() {
        let table = EmbeddingTable::parse(table()).expect("the table is well formed");
        assert_eq!(
            (table.n_rows(), table.width(), table.n_positions()),
            (2, 4, 3)
        );
        assert_eq!(
            table.embed(&[0, 1]),
            [0.5, -1.0, 15.5, -16.0, 10.0, 18.0, 40.0, 54.0]
        );
        assert_eq!(table.embed(&[7]), [0.0; 4]);
        assert_eq!(table.embed(&[0; 9]).len(), 3 * 4);
    }

    #[test]
    fn a_damaged_table_is_refused() {
        let whole = table();
        for cut in 0..whole.len() {
            assert!(
                EmbeddingTable::parse(whole[..cut].to_vec()).is_err(),
                "{cut} bytes"
            );
        }
        let mut infinite = whole.clone();
        infinite[20..24].copy_from_slice(&f32::INFINITY.to_le_bytes());
        assert!(EmbeddingTable::parse(infinite).is_err());
        for (at, size) in [(12, 5_u32), (12, 0), (8, 3)] {
            let mut other = whole.clone();
            other[at..at + 4].copy_from_slice(&size.to_le_bytes());
            assert!(EmbeddingTable::parse(other).is_err(), "{size} at {at}");
        }
        let mut huge = whole;
        huge[8..20].fill(0xFF);
        assert!(EmbeddingTable::parse(huge).is_err());
    }
}
