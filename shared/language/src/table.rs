//! The weights of a hashed linear model: a row of int8 values for every bucket that has one.

use crate::MalformedModel;

const MIN_BITS: u32 = 5;
const MAX_BITS: u32 = 24;

/// Buckets and their rows. Most buckets have none: the training keeps those that matter.
#[derive(Clone)]
pub struct Table {
    n_labels: usize,
    bucket_mask: u32,
    /// One bit per bucket.
    occupied: Vec<u32>,
    /// Rows before the first bucket of each word of `occupied`.
    ranks: Vec<u32>,
    rows: Vec<i8>,
}

/// How big a [`Table`] is; its part of a file's header.
#[derive(Debug, Clone, Copy)]
pub struct TableSize {
    bits: u32,
    pub labels: usize,
    rows: u32,
}

/// The sum of the rows of a text's features.
#[derive(Debug)]
pub struct Sums {
    sums: Vec<i32>,
    pub n_features: usize,
}

impl TableSize {
    /// `bits`, `labels`, `rows` (u32 each).
    pub fn read(reader: &mut Reader, max_labels: usize) -> Result<Self, MalformedModel> {
        let [n_bits, n_labels, n_rows] = [reader.number()?, reader.number()?, reader.number()?];
        if !(MIN_BITS..=MAX_BITS).contains(&n_bits) {
            return Err(malformed("a number of buckets that cannot be"));
        }
        let n_labels = n_labels as usize;
        if !(2..=max_labels).contains(&n_labels) {
            return Err(malformed("a number of labels that cannot be"));
        }
        Ok(Self {
            bits: n_bits,
            labels: n_labels,
            rows: n_rows,
        })
    }
}

impl Table {
    /// One bit per bucket, for those that have a row; then the rows in the order of their buckets, an i8 per label each,
    /// to the end of the file.
    pub fn read(reader: &mut Reader, size: TableSize) -> Result<Self, MalformedModel> {
        let occupied: Vec<u32> = (0..1_usize << (size.bits - MIN_BITS))
            .map(|_| reader.number())
            .collect::<Result<_, _>>()?;
        let mut n_before = 0;
        let ranks = occupied
            .iter()
            .map(|word| {
                let rank = n_before;
                n_before += word.count_ones();
                rank
            })
            .collect();
        if n_before != size.rows {
            return Err(malformed("not one row per bucket that has one"));
        }
        let rows = reader.take(size.rows as usize * size.labels)?;
        let rows = rows.iter().map(|byte| byte.cast_signed()).collect();
        if !reader.0.is_empty() {
            return Err(malformed("longer than its header says"));
        }
        Ok(Self {
            n_labels: size.labels,
            bucket_mask: (1 << size.bits) - 1,
            occupied,
            ranks,
            rows,
        })
    }

    /// Nothing summed yet.
    pub fn sums(&self) -> Sums {
        Sums {
            sums: vec![0; self.n_labels],
            n_features: 0,
        }
    }

    /// Adds the row of a feature; one without a row still counts as a feature.
    pub fn add(&self, hash: u32, sums: &mut Sums) {
        sums.n_features += 1;
        let Some(row) = self.row(hash & self.bucket_mask) else {
            return;
        };
        // At most 127 for each of the dozen features of each of 2,000 characters: far from the end of an i32.
        for (sum, weight) in sums.sums.iter_mut().zip(row) {
            *sum += i32::from(*weight);
        }
    }

    fn row(&self, bucket: u32) -> Option<&[i8]> {
        let at = (bucket / u32::BITS) as usize;
        let (word, rank) = (*self.occupied.get(at)?, *self.ranks.get(at)?);
        let bit = 1 << (bucket % u32::BITS);
        if word & bit == 0 {
            return None;
        }
        let row = (rank + (word & (bit - 1)).count_ones()) as usize;
        let start = row * self.n_labels;
        self.rows.get(start..start + self.n_labels)
    }
}

impl Sums {
    /// One output per label: `sum * scale / sqrt(n_features) + bias`.
    pub fn outputs(&self, scale: f32, bias: &[f32]) -> Vec<f32> {
        let step = scale / (self.n_features.max(1) as f32).sqrt();
        let sums = self.sums.iter().zip(bias);
        sums.map(|(sum, bias)| *sum as f32 * step + bias).collect()
    }
}

/// What of a file is still to be read; little-endian.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Begins behind the file's first bytes, which say what it is.
    pub fn open(bytes: &'a [u8], magic: [u8; 8]) -> Result<Self, MalformedModel> {
        let rest = bytes.strip_prefix(magic.as_slice());
        rest.map(Self).ok_or(malformed("another kind of file"))
    }

    pub fn take(&mut self, n_bytes: usize) -> Result<&'a [u8], MalformedModel> {
        let (head, rest) = self
            .0
            .split_at_checked(n_bytes)
            .ok_or(malformed("shorter than its header says"))?;
        self.0 = rest;
        Ok(head)
    }

    pub fn number(&mut self) -> Result<u32, MalformedModel> {
        Ok(u32::from_le_bytes(self.four()?))
    }

    pub fn float(&mut self) -> Result<f32, MalformedModel> {
        let value = f32::from_le_bytes(self.four()?);
        if value.is_finite() {
            Ok(value)
        } else {
            Err(malformed("a number that is none"))
        }
    }

    /// A value above zero.
    pub fn factor(&mut self) -> Result<f32, MalformedModel> {
        let value = self.float()?;
        if value > 0.0 {
            Ok(value)
        } else {
            Err(malformed("a scale that is not above zero"))
        }
    }

    pub fn floats(&mut self, n: usize) -> Result<Vec<f32>, MalformedModel> {
        (0..n).map(|_| self.float()).collect()
    }

    fn four(&mut self) -> Result<[u8; 4], MalformedModel> {
        let mut four = [0; 4];
        four.copy_from_slice(self.take(4)?);
        Ok(four)
    }
}

pub const fn malformed(reason: &'static str) -> MalformedModel {
    MalformedModel { reason }
}
