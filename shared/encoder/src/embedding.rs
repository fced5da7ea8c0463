//! The embedding table, kept outside the graph as int8 rows with a scale each: 12 MB instead of 47.

use crate::ModelError;
use crate::tokenizer::TokenId;

const MAGIC: &[u8; 8] = b"EDEMB001";
const HEADER_BYTES: usize = MAGIC.len() + 3 * 4;

/// One int8 row and one f32 scale per token, and one f32 row per position.
///
/// Layout, little-endian: magic, `rows: u32`, `width: u32`, `positions: u32`, `rows` scales (f32), `rows x width`
/// values (i8), `positions x width` values (f32). Written by `models/train/export.py`.
#[derive(Clone)]
pub struct EmbeddingTable {
    n_rows: usize,
    width: usize,
    scales: Vec<f32>,
    /// The whole file, as it came: the int8 rows are read in place rather than copied.
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
        let positions_at = n_rows
            .checked_mul(width)
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
            let start = self.rows_at + row * self.width;
            match (
                self.scales.get(row),
                self.bytes.get(start..start + self.width),
            ) {
                (Some(scale), Some(bytes)) => {
                    values.extend(bytes.iter().zip(position).map(|(byte, place)| {
                        f32::from(i8::from_le_bytes([*byte])) * scale + place
                    }));
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
        for size in [2_u32, 2, 3] {
            bytes.extend(size.to_le_bytes());
        }
        for scale in [0.5_f32, 2.0] {
            bytes.extend(scale.to_le_bytes());
        }
        bytes.extend([1_i8, -2, 3, -128].map(i8::cast_unsigned));
        for position in [0.0_f32, 0.0, 10.0, 20.0, 100.0, 200.0] {
            bytes.extend(position.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_row_is_its_bytes_times_its_scale_plus_its_position() {
        let table = EmbeddingTable::parse(table()).expect("the table is well formed");
        assert_eq!(
            (table.n_rows(), table.width(), table.n_positions()),
            (2, 2, 3)
        );
        assert_eq!(table.embed(&[0, 1]), [0.5, -1.0, 16.0, -236.0]);
        assert_eq!(table.embed(&[7]), [0.0, 0.0]);
        assert_eq!(table.embed(&[0; 9]).len(), 3 * 2);
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
        let mut huge = whole;
        huge[8..20].fill(0xFF);
        assert!(EmbeddingTable::parse(huge).is_err());
    }
}
