//! How far probabilities can be believed, and how to make them believable.

/// Bins of [`expected_calibration_error`], as Guo et al. 2017 (*On Calibration of Modern Neural Networks*) use them.
pub const N_BINS: u8 = 15;

/// The mean distance between how sure the predictions of a bin are and how often they are right, weighted by rows.
/// `predictions` are confidences from 0 to 1 with whether each was right. 0 of none.
#[must_use]
pub fn expected_calibration_error(predictions: &[(f64, bool)]) -> f64 {
    #[derive(Default, Clone, Copy)]
    struct Bin {
        confidence: f64,
        n_right: f64,
    }
    let mut bins = [Bin::default(); N_BINS as usize];
    for &(confidence, is_right) in predictions {
        // A bin holds what is over its lower and up to its upper edge.
        let place = (confidence * f64::from(N_BINS)).ceil() - 1.0;
        let place = (0..N_BINS).rev().find(|bin| f64::from(*bin) <= place);
        if let Some(bin) = bins.get_mut(usize::from(place.unwrap_or(0))) {
            bin.confidence += confidence;
            bin.n_right += f64::from(u8::from(is_right));
        }
    }
    let off: f64 = bins
        .iter()
        .map(|bin| (bin.confidence - bin.n_right).abs())
        .sum();
    off / predictions.len().max(1) as f64
}

/// The temperature that makes the true labels of `logits` likeliest, between 0.1 and 10: logits are to be divided by it.
///
/// Golden-section search over the logarithm; the likelihood has one top in it.
#[must_use]
pub fn fit_temperature(logits: &[Vec<f32>], truth: &[usize]) -> f32 {
    const STEPS: usize = 40;
    /// One less than the golden ratio.
    const SECTION: f64 = 0.618_033_988_749_894_9;
    let loss = |log_temperature: f64| -> f64 {
        let temperature = log_temperature.exp();
        logits
            .iter()
            .zip(truth)
            .filter_map(|(row, &label)| {
                let of = |value: &f32| f64::from(*value) / temperature;
                let highest = row.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
                let total: f64 = row.iter().map(|value| (of(value) - highest).exp()).sum();
                Some(total.ln() + highest - of(row.get(label)?))
            })
            .sum()
    };
    let (mut low, mut high) = (0.1_f64.ln(), 10.0_f64.ln());
    for _ in 0..STEPS {
        let span = SECTION * (high - low);
        if loss(high - span) <= loss(low + span) {
            high = low + span;
        } else {
            low = high - span;
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "between 0.1 and 10")]
    let temperature = f64::midpoint(low, high).exp() as f32;
    temperature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_right_as_often_as_sure_has_no_error() {
        let mut predictions = vec![(0.75, true); 3];
        predictions.push((0.75, false));
        assert!(expected_calibration_error(&predictions) < 1e-12);
        assert!(expected_calibration_error(&[]) < 1e-12);
    }

    #[test]
    fn who_is_surer_than_right_has_the_difference() {
        let predictions = [(1.0, true), (1.0, false), (0.5, true), (0.5, false)];
        assert!((expected_calibration_error(&predictions) - 0.25).abs() < 1e-12);
    }

    #[test]
    fn the_temperature_is_that_of_the_data() {
        // Three of four are right; the logits say e⁴ : 1. At temperature 4 / ln 3 they say 3 : 1.
        let logits = vec![vec![4.0, 0.0]; 4];
        let temperature = fit_temperature(&logits, &[0, 0, 0, 1]);
        assert!(
            (temperature - 4.0 / 3.0_f32.ln()).abs() < 1e-2,
            "{temperature}"
        );
    }
}
