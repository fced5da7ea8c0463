//! How long things took: a histogram that forgets nothing and stays small.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest time that is told from longer ones: ten minutes.
const MAX_MICROS: u64 = 600_000_000;
/// Digits of a value that are right: a part in a thousand.
const DIGITS: u8 = 3;

/// Ends of the bars of a drawn histogram, in milliseconds: each decade in three.
const BAR_ENDS_MILLIS: [u64; 18] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000, 120_000,
    300_000, 600_000,
];

/// Durations.
#[derive(Debug, Clone)]
pub struct Latency {
    histogram: Histogram<u64>,
}

/// A bar of a drawn histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// What it has is at most this long.
    pub at_most_ms: u64,
    /// How many.
    pub n: u64,
}

/// What is told of many durations, in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// How many.
    pub n: u64,
    /// The mean.
    pub mean: f64,
    /// Half are at or under it.
    pub p50: f64,
    /// 95 of a hundred are.
    pub p95: f64,
    /// 99 of a hundred are.
    pub p99: f64,
    /// 999 of a thousand are.
    pub p999: f64,
    /// The longest.
    pub max: f64,
    /// How many in each range, without the empty ones at both ends.
    pub bars: Vec<Bar>,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            histogram: Histogram::new_with_bounds(1, MAX_MICROS, DIGITS)
                .expect("the bounds are constants that it takes"),
        }
    }
}

impl Latency {
    /// Takes one in. What is longer than ten minutes counts as ten minutes.
    pub fn add(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(MAX_MICROS);
        self.histogram
            .saturating_record(micros.clamp(1, MAX_MICROS));
    }

    /// Takes all of another's in.
    ///
    /// # Panics
    /// Never: all have the same bounds.
    pub fn merge(&mut self, other: &Self) {
        self.histogram
            .add(&other.histogram)
            .expect("both have the same bounds");
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.histogram.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.histogram.is_empty()
    }

    /// What `share` (0 to 1) of all are at or under, in milliseconds; 0 of nothing.
    #[must_use]
    pub fn millis_at(&self, share: f64) -> f64 {
        millis(self.histogram.value_at_quantile(share))
    }

    /// What is told of it.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            n: self.len(),
            mean: self.histogram.mean() / 1000.0,
            p50: self.millis_at(0.5),
            p95: self.millis_at(0.95),
            p99: self.millis_at(0.99),
            p999: self.millis_at(0.999),
            max: millis(self.histogram.max()),
            bars: self.bars(),
        }
    }

    fn bars(&self) -> Vec<Bar> {
        let mut low = 0;
        let mut bars: Vec<Bar> = BAR_ENDS_MILLIS
            .iter()
            .map(|&at_most_ms| {
                let high = at_most_ms * 1000;
                let n = self.histogram.count_between(low, high);
                low = high + 1;
                Bar { at_most_ms, n }
            })
            .collect();
        while bars.last().is_some_and(|bar| bar.n == 0) {
            bars.pop();
        }
        let n_empty = bars.iter().take_while(|bar| bar.n == 0).count();
        bars.drain(..n_empty);
        bars
    }
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_part_in_a_thousand() {
        let mut latency = Latency::default();
        for millis in (1..=1000).rev() {
            latency.add(Duration::from_millis(millis));
        }
        let summary = latency.summary();
        assert_eq!(summary.n, 1000);
        for (measured, right) in [
            (summary.p50, 500.0),
            (summary.p95, 950.0),
            (summary.p99, 990.0),
            (summary.max, 1000.0),
            (summary.mean, 500.5),
        ] {
            assert!(
                (measured - right).abs() / right < 0.002,
                "{measured} {right}"
            );
        }
    }

    #[test]
    fn nothing_is_too_short_or_too_long() {
        let mut latency = Latency::default();
        latency.add(Duration::ZERO);
        latency.add(Duration::from_hours(5));
        let mut other = Latency::default();
        other.add(Duration::from_millis(3));
        latency.merge(&other);
        assert_eq!(latency.len(), 3);
        assert!(latency.millis_at(1.0) >= 599_000.0);
        let n: u64 = latency.summary().bars.iter().map(|bar| bar.n).sum();
        assert_eq!(n, 3, "a bar for each");
    }

    #[test]
    fn bars_begin_and_end_where_something_is() {
        let mut latency = Latency::default();
        assert_eq!(latency.summary().bars, []);
        for millis in [4, 4, 30] {
            latency.add(Duration::from_millis(millis));
        }
        let bars: Vec<(u64, u64)> = latency
            .summary()
            .bars
            .iter()
            .map(|bar| (bar.at_most_ms, bar.n))
            .collect();
        assert_eq!(bars, [(5, 2), (10, 0), (20, 0), (50, 1)]);
    }
}
