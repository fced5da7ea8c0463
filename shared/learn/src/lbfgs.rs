//! L-BFGS with a backtracking line search, for smooth and strongly convex functions.
//!
//! Nocedal and Wright, *Numerical Optimization*, second edition, algorithms 7.4 and 7.5. Strong convexity, which the L2
//! penalty gives, makes every step's curvature positive, so that the sufficient-decrease condition alone is enough.

use std::collections::VecDeque;

/// Steps whose curvature is remembered. More than this gains little and costs two vectors each.
const MEMORY: usize = 8;
/// Sufficient decrease, as a share of what the slope promises.
const SUFFICIENT: f64 = 1e-4;
/// Halvings of a step before it is given up: a step of 2⁻²⁰ of the first is below what `f32` can tell apart.
const MAX_HALVINGS: usize = 20;

/// A function to minimise.
pub trait Objective {
    /// The value at `parameters`; its gradient goes into `gradient`, which has the same length.
    fn evaluate(&self, parameters: &[f32], gradient: &mut [f32]) -> f64;
}

/// A step that was taken, and how the gradient changed with it.
struct Pair {
    step: Vec<f32>,
    change: Vec<f32>,
    /// 1 / (step · change).
    rho: f64,
}

/// Improves `parameters` until a step lowers the value by less than `tolerance` of it, or `max_steps` were taken.
pub fn minimise(
    objective: &impl Objective,
    mut parameters: Vec<f32>,
    max_steps: usize,
    tolerance: f64,
) -> Vec<f32> {
    let n = parameters.len();
    let mut gradient = vec![0.0; n];
    let mut value = objective.evaluate(&parameters, &mut gradient);
    let mut pairs: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    let mut next_gradient = vec![0.0; n];
    for _ in 0..max_steps {
        let mut direction = descent_direction(&gradient, &pairs);
        let mut slope = dot(&gradient, &direction);
        if slope >= 0.0 {
            // Rounding has spoiled the memory: go straight down.
            pairs.clear();
            direction = gradient.iter().map(|value| -value).collect();
            slope = dot(&gradient, &direction);
        }
        if slope == 0.0 {
            break;
        }
        let mut length = if pairs.is_empty() {
            (1.0 / (-slope).sqrt()).min(1.0)
        } else {
            1.0
        };
        let mut accepted = None;
        for _ in 0..MAX_HALVINGS {
            let next = moved(&parameters, &direction, length);
            let next_value = objective.evaluate(&next, &mut next_gradient);
            if next_value <= value + SUFFICIENT * length * slope {
                accepted = Some((next, next_value));
                break;
            }
            length /= 2.0;
        }
        let Some((next, next_value)) = accepted else {
            break;
        };
        remember(
            &mut pairs,
            difference(&next, &parameters),
            difference(&next_gradient, &gradient),
        );
        let gain = value - next_value;
        parameters = next;
        std::mem::swap(&mut gradient, &mut next_gradient);
        value = next_value;
        if gain <= tolerance * value.abs() {
            break;
        }
    }
    parameters
}

/// The two-loop recursion.
fn descent_direction(gradient: &[f32], pairs: &VecDeque<Pair>) -> Vec<f32> {
    let mut direction: Vec<f32> = gradient.iter().map(|value| -value).collect();
    let mut shares = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let share = pair.rho * dot(&pair.step, &direction);
        add_scaled(&mut direction, -share, &pair.change);
        shares.push(share);
    }
    if let Some(last) = pairs.back() {
        let scale = 1.0 / (last.rho * dot(&last.change, &last.change));
        for value in &mut direction {
            *value *= narrowed(scale);
        }
    }
    for (pair, share) in pairs.iter().zip(shares.into_iter().rev()) {
        let correction = share - pair.rho * dot(&pair.change, &direction);
        add_scaled(&mut direction, correction, &pair.step);
    }
    direction
}

fn remember(pairs: &mut VecDeque<Pair>, step: Vec<f32>, change: Vec<f32>) {
    let curvature = dot(&step, &change);
    if curvature <= 0.0 {
        return;
    }
    if pairs.len() == MEMORY {
        pairs.pop_front();
    }
    pairs.push_back(Pair {
        step,
        change,
        rho: 1.0 / curvature,
    });
}

fn moved(from: &[f32], direction: &[f32], length: f64) -> Vec<f32> {
    let mut next = from.to_vec();
    add_scaled(&mut next, length, direction);
    next
}

fn difference(left: &[f32], right: &[f32]) -> Vec<f32> {
    left.iter().zip(right).map(|(a, b)| a - b).collect()
}

fn add_scaled(target: &mut [f32], scale: f64, other: &[f32]) {
    let scale = narrowed(scale);
    for (value, addend) in target.iter_mut().zip(other) {
        *value += scale * addend;
    }
}

/// Sums in `f64`: a vector may have millions of entries. Eight sums side by side keep the adder busy.
fn dot(left: &[f32], right: &[f32]) -> f64 {
    let mut sums = [0.0_f64; 8];
    let (left_blocks, left_rest) = left.as_chunks::<8>();
    let (right_blocks, right_rest) = right.as_chunks::<8>();
    for (a, b) in left_blocks.iter().zip(right_blocks) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += f64::from(*a) * f64::from(*b);
        }
    }
    let rest: f64 = left_rest
        .iter()
        .zip(right_rest)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum();
    sums.iter().sum::<f64>() + rest
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the precision of the parameters is enough for a step"
)]
fn narrowed(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Σ scaleᵢ (xᵢ − targetᵢ)² / 2
    struct Bowl {
        target: Vec<f32>,
        scale: Vec<f32>,
    }

    impl Objective for Bowl {
        fn evaluate(&self, parameters: &[f32], gradient: &mut [f32]) -> f64 {
            let mut value = 0.0;
            for (((slope, x), target), scale) in gradient
                .iter_mut()
                .zip(parameters)
                .zip(&self.target)
                .zip(&self.scale)
            {
                let off = x - target;
                *slope = scale * off;
                value += f64::from(scale * off * off) / 2.0;
            }
            value
        }
    }

    #[test]
    fn the_lowest_point_of_a_narrow_bowl_is_found() {
        let bowl = Bowl {
            target: (0_u8..40).map(|i| f32::from(i) - 20.0).collect(),
            scale: (0_u8..40).map(|i| 1.0 + 5.0 * f32::from(i)).collect(),
        };
        let found = minimise(&bowl, vec![0.0; 40], 200, 0.0);
        for (x, target) in found.iter().zip(&bowl.target) {
            assert!((x - target).abs() < 1e-3, "{x} is not {target}");
        }
    }

    #[test]
    fn a_start_at_the_bottom_stays_there() {
        let bowl = Bowl {
            target: vec![1.0, 2.0],
            scale: vec![1.0, 1.0],
        };
        assert_eq!(minimise(&bowl, vec![1.0, 2.0], 10, 0.0), [1.0, 2.0]);
    }
}
