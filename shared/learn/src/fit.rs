//! What can be chosen about a fit.

use serde::{Deserialize, Serialize};

/// How a head is fitted. The defaults were chosen on validation data; see `docs/decisions/0009-heads-on-frozen-features.md`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitOptions {
    /// The penalty `l2 / 2 · ‖weights‖²` beside the *sum* of the rows' losses, so that more rows count for more. Over 0.
    pub l2: f32,
    /// 0 counts every row once, 1 gives every label the same total weight, values between are between.
    pub balance: f32,
    /// Hashed lexical features beside the dense ones, if any.
    pub lexical: Option<Lexical>,
    /// Steps of the optimiser at most; a fit that has converged ends earlier.
    pub max_steps: usize,
}

/// Hashed lexical features: words, pairs of words, and pieces of words of three to five characters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lexical {
    /// The number of buckets is two to this power; at most 20.
    pub bucket_bits: u8,
    /// The length of a row's lexical part where that of its dense part is about 1.
    pub weight: f32,
    /// A bucket that occurs in fewer rows than this is left out.
    pub min_rows: u32,
}

impl FitOptions {
    /// For thousands of rows on a machine with memory: the commands of `xtask`.
    #[must_use]
    pub fn large() -> Self {
        Self {
            l2: 0.02,
            balance: 0.0,
            lexical: Some(Lexical {
                bucket_bits: 18,
                weight: 1.0,
                min_rows: 2,
            }),
            max_steps: 100,
        }
    }

    /// For a few hundred rows inside a Worker: an account's own intents.
    #[must_use]
    pub fn own_intents() -> Self {
        Self {
            l2: 0.02,
            balance: 0.5,
            lexical: Some(Lexical {
                bucket_bits: 12,
                weight: 0.5,
                min_rows: 2,
            }),
            max_steps: 60,
        }
    }
}
