//! The float arithmetic of a layer, written so that every build gives the same bits: only additions, multiplications,
//! divisions and square roots, which IEEE 754 fixes, in an order that the code fixes. Eight sums at a time, so that the
//! compiler may use whatever vectors the target has without changing that order.

/// Values that are worked on side by side.
pub const LANES: usize = 8;

/// Adding this to a small number leaves its nearest integer in the low bits: 1.5 x 2^23.
const ROUNDER: f32 = 12_582_912.0;
/// The bits of [`ROUNDER`].
const ROUNDER_BITS: i32 = 0x4B40_0000;

/// The nearest integer, ties to even, of a number below 2^22 in magnitude.
///
/// Two additions instead of `round_ties_even`, which is a call where the processor has no such instruction.
pub const fn nearest(value: f32) -> i32 {
    (value + ROUNDER).to_bits().cast_signed() - ROUNDER_BITS
}

/// `e^x` for `x <= 0`, within 2e-7 of it relatively; below -87 it stays at `e^-87`, about 1.6e-38.
///
/// `e^x = 2^n e^r` with an integer `n` and `|r| <= ln 2 / 2`; the polynomial for `e^r` is that of the Cephes library.
pub const fn exp_of_negative(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let mut polynomial = 1.987_569_1e-4;
    polynomial = polynomial * r + 1.398_199_9e-3;
    polynomial = polynomial * r + 8.333_452e-3;
    polynomial = polynomial * r + 4.166_579_6e-2;
    polynomial = polynomial * r + 1.666_666_5e-1;
    polynomial = polynomial * r + 0.5;
    let power = polynomial * r * r + r + 1.0;
    // The low bits of `shifted` are n: moved to the exponent's place they are 2^n.
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    power * scale
}

/// `x / 2 (1 + erf(x / sqrt 2))`, within 4e-7 of it for `|x| <= 4 sqrt 2` and 1e-7 of `x` beyond.
///
/// The error function is the quotient of two polynomials that the Eigen library uses, on -4 to 4: it is 1 to 2e-8 there.
pub const fn gelu(x: f32) -> f32 {
    let scaled = x * std::f32::consts::FRAC_1_SQRT_2;
    let scaled = if scaled > 4.0 { 4.0 } else { scaled };
    let scaled = if scaled < -4.0 { -4.0 } else { scaled };
    let square = scaled * scaled;
    let mut above = -2.726_142_3e-10;
    above = above * square + 2.770_681_4e-8;
    above = above * square - 2.101_024e-6;
    above = above * square - 5.692_506_3e-5;
    above = above * square - 7.349_906_3e-4;
    above = above * square - 2.954_6e-3;
    above = above * square - 1.609_603_3e-2;
    let mut below = -1.456_607_2e-5;
    below = below * square - 2.133_740_6e-4;
    below = below * square - 1.682_827e-3;
    below = below * square - 7.373_329_3e-3;
    below = below * square - 1.426_473_9e-2;
    let erf = scaled * above / below;
    0.5 * x * (1.0 + erf)
}

/// The sum, in eight parts that are added at the end.
pub fn sum(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += value;
        }
    }
    sums.iter().chain(rest).sum()
}

/// The scalar product, in eight parts that are added at the end.
pub fn dot(left: &[f32], right: &[f32]) -> f32 {
    let ((left, left_rest), (right, right_rest)) =
        (left.as_chunks::<LANES>(), right.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (left, right) in left.iter().zip(right) {
        for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
            *sum += left * right;
        }
    }
    let rest = left_rest.iter().zip(right_rest).map(|(l, r)| l * r);
    sums.iter().copied().chain(rest).sum()
}

/// The largest of the values; negative infinity of none.
pub fn highest(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut highest = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (highest, value) in highest.iter_mut().zip(chunk) {
            *highest = if *value > *highest { *value } else { *highest };
        }
    }
    let all = highest.iter().chain(rest);
    all.fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a })
}

/// Makes each value `e^(value - highest)` and returns their sum: a softmax is each divided by it.
pub fn exponentials(values: &mut [f32]) -> f32 {
    let highest = highest(values);
    for value in values.iter_mut() {
        *value = exp_of_negative(*value - highest);
    }
    sum(values)
}

/// Shifts and scales a row to mean 0 and variance 1, then by `gain` and `shift`.
pub fn layer_norm(row: &mut [f32], gain: &[f32], shift: &[f32], epsilon: f32) {
    let width = row.len() as f32;
    let mean = sum(row) / width;
    for value in row.iter_mut() {
        *value -= mean;
    }
    let scale = 1.0 / (dot(row, row) / width + epsilon).sqrt();
    for ((value, gain), shift) in row.iter_mut().zip(gain).zip(shift) {
        *value = *value * scale * gain + shift;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error function by its Taylor series, which converges everywhere; in f64 it is good to 1e-10 up to 4.
    fn erf(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..120 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }

    fn steps(from: i16, to: i16, per_unit: f32) -> impl Iterator<Item = f32> {
        (from..=to).map(move |step| f32::from(step) / per_unit)
    }

    #[test]
    fn gelu_is_close_to_its_definition() {
        for x in steps(-5600, 5600, 1000.0) {
            let wide = f64::from(x);
            let exact = wide / 2.0 * (1.0 + erf(wide / std::f64::consts::SQRT_2));
            let error = (f64::from(gelu(x)) - exact).abs();
            assert!(error < 4e-7 * wide.abs().max(1.0), "gelu({x}): {error}");
        }
        for x in [6.0_f32, 10.0, 100.0, 1e6] {
            assert!((gelu(x) - x).abs() <= 1e-7 * x, "{x}: {}", gelu(x));
            assert!(gelu(-x).abs() <= 1e-7 * x, "-{x}: {}", gelu(-x));
        }
    }

    #[test]
    fn exp_is_close_to_its_definition() {
        for x in steps(-8700, 0, 100.0) {
            let exact = f64::from(x).exp();
            let error = (f64::from(exp_of_negative(x)) / exact - 1.0).abs();
            assert!(error < 2e-7, "exp({x}): {error}");
        }
        assert!(exp_of_negative(f32::NEG_INFINITY) < 1e-37);
        assert!(exp_of_negative(f32::NAN).is_nan());
    }

    #[test]
    fn the_nearest_integer_rounds_ties_to_even() {
        for (value, expected) in [
            (0.5, 0),
            (1.5, 2),
            (-0.5, 0),
            (-1.5, -2),
            (8190.6, 8191),
            (-3.2, -3),
        ] {
            assert_eq!(nearest(value), expected, "{value}");
        }
    }

    #[test]
    fn sums_take_every_value_once() {
        let values: Vec<f32> = (1..=19_u8).map(f32::from).collect();
        assert_eq!(sum(&values).to_bits(), 190.0_f32.to_bits());
        assert_eq!(dot(&values, &values).to_bits(), 2470.0_f32.to_bits());
        assert_eq!(highest(&values).to_bits(), 19.0_f32.to_bits());
        assert_eq!(highest(&[]).to_bits(), f32::NEG_INFINITY.to_bits());
    }

    #[test]
    fn a_normed_row_has_mean_and_variance_of_its_gain_and_shift() {
        let mut row: Vec<f32> = (0..24_u8).map(f32::from).collect();
        layer_norm(&mut row, &[2.0; 24], &[0.5; 24], 1e-12);
        let mean = sum(&row) / 24.0;
        let centred: Vec<f32> = row.iter().map(|value| value - mean).collect();
        assert!((mean - 0.5).abs() < 1e-6, "{mean}");
        assert!((dot(&centred, &centred) / 24.0 - 4.0).abs() < 1e-5);
    }
}
