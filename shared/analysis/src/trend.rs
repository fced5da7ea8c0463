//! Where the mood of a conversation is going.

use edgedesk_domain::analysis::Trend;

/// Messages looked back on: a mood of half an hour ago says little about now.
const WINDOW: usize = 6;
/// How much the fitted line must rise or fall over the window. The model's scores of even-tempered messages scatter by
/// about 0.2 around their mean, so less is noise.
const DEAD_BAND: f64 = 0.4;
/// Two messages are no line: only a turn from one mood to the other counts.
const DEAD_BAND_OF_TWO: f64 = 0.8;
/// The share of the scores' variation that the line must explain: a mood that swings up and down has no trend. Below the
/// 0.43 that a single jump at the end of six explains, so that a worse last message never turns a decline into calm.
const MIN_EXPLAINED: f64 = 0.3;

/// The trend of the customer's scores (-1 to 1), oldest first: a least-squares line over the last six, with a dead band.
/// Fewer than two are [`Trend::Stable`].
#[must_use]
pub fn trend(scores: &[f64]) -> Trend {
    let recent = &scores[scores.len().saturating_sub(WINDOW)..];
    let line = Line::fit(recent);
    let dead_band = if recent.len() <= 2 {
        DEAD_BAND_OF_TWO
    } else {
        DEAD_BAND
    };
    if line.explained < MIN_EXPLAINED || line.change.abs() <= dead_band {
        Trend::Stable
    } else if line.change > 0.0 {
        Trend::Improving
    } else {
        Trend::Declining
    }
}

/// A least-squares line through scores at even distances.
struct Line {
    /// What it gains from the first point to the last.
    change: f64,
    /// The share of the variation that it explains, 0 to 1.
    explained: f64,
}

impl Line {
    fn fit(scores: &[f64]) -> Self {
        let last = scores.len().saturating_sub(1) as f64;
        let mean = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
        let (mut products, mut offset_squares, mut score_squares) = (0.0, 0.0, 0.0);
        for (n, score) in scores.iter().enumerate() {
            let offset = n as f64 - last / 2.0;
            products += offset * (score - mean);
            offset_squares += offset * offset;
            score_squares += (score - mean) * (score - mean);
        }
        if offset_squares > 0.0 && score_squares > 0.0 {
            let explained = products * products / (offset_squares * score_squares);
            Self {
                change: products / offset_squares * last,
                explained,
            }
        } else {
            Self {
                change: 0.0,
                explained: 0.0,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::ProptestConfig;
    use proptest::{collection, prop_assert, proptest};

    use super::*;

    fn check(scores: &[f64], expected: Trend) {
        assert_eq!(trend(scores), expected, "{scores:?}");
    }

    #[test]
    fn a_series_has_its_trend() {
        check(&[], Trend::Stable);
        check(&[-0.9], Trend::Stable);
        check(&[-0.2, 0.2], Trend::Stable);
        check(&[-0.8, 0.6], Trend::Improving);
        check(&[0.7, -0.7], Trend::Declining);
        check(&[-0.8, -0.8, -0.8, -0.8], Trend::Stable);
        check(&[-0.8, -0.4, 0.0, 0.4], Trend::Improving);
        check(&[0.6, 0.2, -0.1, -0.5, -0.9], Trend::Declining);
        check(&[0.1, -0.1, 0.1, -0.1, 0.1], Trend::Stable);
        check(&[0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5], Trend::Stable);
    }

    #[test]
    fn one_outlier_is_no_trend_but_a_lasting_change_is() {
        check(&[0.1, 0.0, -0.7, 0.1, 0.0], Trend::Stable);
        check(&[0.3, 0.2, 0.3, -0.6, -0.7, -0.6], Trend::Declining);
    }

    #[test]
    fn only_the_recent_messages_count() {
        check(
            &[0.9, 0.9, 0.9, -0.8, -0.8, -0.8, -0.8, -0.8, -0.8],
            Trend::Stable,
        );
    }

    #[test]
    fn a_mirrored_series_has_the_opposite_trend() {
        for scores in [[-0.8, -0.2, 0.5], [0.1, 0.4, 0.9], [0.0, 0.1, 0.0]] {
            let opposite = match trend(&scores) {
                Trend::Improving => Trend::Declining,
                Trend::Declining => Trend::Improving,
                Trend::Stable => Trend::Stable,
            };
            check(&scores.map(|score| -score), opposite);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_worse_last_message_never_betters_the_trend(
            mut scores in collection::vec(-1.0..1.0_f64, 1..9),
            less in 0.0..2.0_f64,
        ) {
            let order = |trend| match trend {
                Trend::Declining => 0,
                Trend::Stable => 1,
                Trend::Improving => 2,
            };
            let before = order(trend(&scores));
            let last = scores.len() - 1;
            scores[last] -= less;
            prop_assert!(order(trend(&scores)) <= before, "{scores:?}");
        }
    }
}
