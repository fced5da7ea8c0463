//! Products of quantised rows with int8 weights, four rows by eight outputs at a time: exact integers, so the versions for
//! vectors and the plain one agree in every bit.
//!
//! Eight sums of four i32 fill half of the sixteen vector registers that a Wasm engine has on x86; weights, the spread
//! pair of inputs and its product take the rest. Larger tiles spill, smaller ones load more often.
#![expect(
    unsafe_code,
    reason = "code for AVX2 may only be called once the processor is known to have it"
)]

/// Rows of a tile.
pub const ROWS: usize = 4;
/// Outputs of a panel.
pub const COLUMNS: usize = 8;

/// One pair of inputs of every row of a tile: two i16 in each word, the first in the low half.
pub type Pairs = [i32; ROWS];
/// The weights of one pair of inputs for every output of a panel, pair after pair.
pub type Weights = [i8; 2 * COLUMNS];
/// One sum per row and output.
pub type Sums = [[i32; COLUMNS]; ROWS];

/// The sums of products of `n_rows` rows (1 to [`ROWS`]; the others are left 0), over as many pairs as both have.
#[inline]
pub fn products(tile: &[Pairs], panel: &[Weights], n_rows: usize) -> Sums {
    match n_rows {
        1 => fastest::<1>(tile, panel),
        2 => fastest::<2>(tile, panel),
        3 => fastest::<3>(tile, panel),
        _ => fastest::<ROWS>(tile, panel),
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use wasm::products as fastest;

#[cfg(target_arch = "x86_64")]
#[inline]
fn fastest<const R: usize>(tile: &[Pairs], panel: &[Weights]) -> Sums {
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, which is all that the function asks for.
        unsafe { avx2::products::<R>(tile, panel) }
    } else {
        plain::<R>(tile, panel)
    }
}

#[cfg(not(any(
    all(target_arch = "wasm32", target_feature = "simd128"),
    target_arch = "x86_64"
)))]
use plain as fastest;

/// What the others compute, in plain words; for processors without a version of their own.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub fn plain<const R: usize>(tile: &[Pairs], panel: &[Weights]) -> Sums {
    let mut sums = [[0; COLUMNS]; ROWS];
    for (pairs, weights) in tile.iter().zip(panel) {
        for (sums, pair) in sums.iter_mut().zip(pairs).take(R) {
            let [first, second] = [*pair << 16 >> 16, *pair >> 16];
            for (sum, weights) in sums.iter_mut().zip(weights.as_chunks::<2>().0) {
                *sum += first * i32::from(weights[0]) + second * i32::from(weights[1]);
            }
        }
    }
    sums
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm {
    use core::arch::wasm32::{
        i16x8_load_extend_i8x8, i32x4_add, i32x4_dot_i16x8, i32x4_splat, v128,
    };

    use super::{COLUMNS, Pairs, ROWS, Sums, Weights};

    #[inline]
    pub fn products<const R: usize>(tile: &[Pairs], panel: &[Weights]) -> Sums {
        let mut low = [i32x4_splat(0); R];
        let mut high = [i32x4_splat(0); R];
        for (pairs, weights) in tile.iter().zip(panel) {
            let (first, second) = widened(weights);
            for row in 0..R {
                let inputs = i32x4_splat(pairs[row]);
                low[row] = i32x4_add(low[row], i32x4_dot_i16x8(inputs, first));
                high[row] = i32x4_add(high[row], i32x4_dot_i16x8(inputs, second));
            }
        }
        let mut sums = [[0; COLUMNS]; ROWS];
        for ((sums, low), high) in sums.iter_mut().zip(low).zip(high) {
            // SAFETY: sixteen halves of vectors and eight words are the same bytes, and any bytes are words.
            *sums = unsafe { core::mem::transmute::<[v128; 2], [i32; COLUMNS]>([low, high]) };
        }
        sums
    }

    /// The weights of a pair as i16: those of outputs 0 to 3, and of outputs 4 to 7.
    #[inline]
    fn widened(weights: &Weights) -> (v128, v128) {
        let start = weights.as_ptr();
        // SAFETY: each reads eight bytes, the first and the last eight of the array's sixteen; neither needs alignment.
        unsafe {
            (
                i16x8_load_extend_i8x8(start),
                i16x8_load_extend_i8x8(start.add(COLUMNS)),
            )
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use core::arch::x86_64::{
        __m128i, __m256i, _mm256_add_epi32, _mm256_cvtepi8_epi16, _mm256_madd_epi16,
        _mm256_set1_epi32, _mm256_setzero_si256,
    };

    use super::{COLUMNS, Pairs, ROWS, Sums, Weights};

    /// All eight outputs are one vector.
    #[target_feature(enable = "avx2")]
    pub fn products<const R: usize>(tile: &[Pairs], panel: &[Weights]) -> Sums {
        let mut both = [_mm256_setzero_si256(); R];
        for (pairs, weights) in tile.iter().zip(panel) {
            let weights = _mm256_cvtepi8_epi16(vector(weights));
            for row in 0..R {
                let inputs = _mm256_set1_epi32(pairs[row]);
                both[row] = _mm256_add_epi32(both[row], _mm256_madd_epi16(inputs, weights));
            }
        }
        let mut sums = [[0; COLUMNS]; ROWS];
        for (sums, both) in sums.iter_mut().zip(both) {
            // SAFETY: a vector of 32 bytes and eight words are the same bytes, and any bytes are words.
            *sums = unsafe { core::mem::transmute::<__m256i, [i32; COLUMNS]>(both) };
        }
        sums
    }

    #[inline]
    fn vector(weights: &Weights) -> __m128i {
        // SAFETY: sixteen bytes are sixteen bytes, and any bytes are a vector.
        unsafe { core::mem::transmute::<Weights, __m128i>(*weights) }
    }
}

#[cfg(test)]
mod tests;
