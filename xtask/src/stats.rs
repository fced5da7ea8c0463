//! Numbers over many measurements.

use std::time::Duration;

/// Durations, in milliseconds.
#[derive(Debug, Default, Clone)]
pub struct Samples {
    millis: Vec<f64>,
    is_sorted: bool,
}

impl Samples {
    /// Takes one in.
    pub fn add(&mut self, duration: Duration) {
        self.millis.push(duration.as_secs_f64() * 1000.0);
        self.is_sorted = false;
    }

    /// Takes all of another's in.
    pub fn merge(&mut self, other: Self) {
        self.millis.extend(other.millis);
        self.is_sorted = false;
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.millis.len()
    }

    /// The value that `share` (0 to 1) of all are at or under, by nearest rank; none of nothing.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is between 0 and the length"
    )]
    pub fn percentile(&mut self, share: f64) -> Option<f64> {
        if !self.is_sorted {
            self.millis.sort_by(f64::total_cmp);
            self.is_sorted = true;
        }
        let rank = (share * self.millis.len() as f64).ceil() as usize;
        self.millis.get(rank.saturating_sub(1)).copied()
    }
}

/// A source of chance that a seed repeats: `SplitMix64`.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The same seed, the same rolls.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of a list, unless it is empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let length = list.len() as u64;
        let index = self.roll().checked_rem(length)?;
        list.get(usize::try_from(index).ok()?)
    }

    /// A whole number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_samples() {
        let mut samples = Samples::default();
        assert_eq!(samples.percentile(0.5), None);
        for millis in (1..=100).rev() {
            samples.add(Duration::from_millis(millis));
        }
        for (share, expected) in [
            (0.0, 1.0),
            (0.5, 50.0),
            (0.95, 95.0),
            (0.99, 99.0),
            (1.0, 100.0),
        ] {
            assert_eq!(samples.percentile(share), Some(expected), "{share}");
        }
    }

    #[test]
    fn a_seed_repeats_its_rolls() {
        let rolls = |seed| {
            let mut dice = Dice::new(seed);
            [dice.roll(), dice.roll(), dice.between(3, 5)]
        };
        assert_eq!(rolls(1), rolls(1));
        assert_ne!(rolls(1), rolls(2));
        assert!((3..=5).contains(&rolls(7)[2]));
    }
}
