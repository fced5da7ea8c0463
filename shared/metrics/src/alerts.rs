//! When operators are to be woken: rules over two readings of the metrics, some minutes apart.
//!
//! The same thresholds stand in `docs/operations/alerts.yml`, for those who have a Prometheus; a test compares them. There is no rule about
//! SLA policies, since the product has none yet.

use serde::{Deserialize, Serialize};

use crate::catalogue::{
    HTTP_REQUEST_DURATION, HTTP_REQUESTS, Kind, REQUEST_BUCKETS, SECURITY_EVENTS,
};
use crate::exposition::up_to;
use crate::registry::Sample;

/// Milliseconds that the two readings of a rule are apart: long enough that one bad second opens nothing.
pub const WINDOW_MILLIS: i64 = 300_000;
/// Answers that a window must have before a share or a percentile of them means something: with one of twenty 5 % is just reached.
pub const MIN_REQUESTS: f64 = 20.0;

/// The severity of security events that are incidents.
pub const HIGH: &str = "high";
/// The severity of the others: refusals that work as they should.
pub const LOW: &str = "low";

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Too many answers say that something of ours broke.
    ErrorRate,
    /// One answer of twenty takes too long.
    SlowResponses,
    /// A security event of severity high.
    SecurityIncident,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ErrorRate, Self::SlowResponses, Self::SecurityIncident];

    /// Its name in alerts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ErrorRate => "error_rate",
            Self::SlowResponses => "slow_responses",
            Self::SecurityIncident => "security_incident",
        }
    }

    /// What is allowed: a share of answers, seconds, a number of events. It speaks up above.
    #[must_use]
    pub const fn threshold(self) -> f64 {
        match self {
            Self::ErrorRate => 0.05,
            Self::SlowResponses => 2.0,
            Self::SecurityIncident => 0.0,
        }
    }

    /// What it measures between two readings; `None` when too little happened to say.
    fn measure(self, before: &Reading, now: &Reading) -> Option<f64> {
        let n_requests = since(before.n_requests, now.n_requests);
        match self {
            Self::ErrorRate if n_requests < MIN_REQUESTS => None,
            Self::ErrorRate => Some(since(before.n_errors, now.n_errors) / n_requests),
            Self::SlowResponses => {
                let counts = before.durations.iter().zip(&now.durations);
                let counts: Vec<f64> = counts.map(|(before, now)| since(*before, *now)).collect();
                percentile(&counts, 0.95)
            }
            Self::SecurityIncident => Some(since(before.n_incidents, now.n_incidents)),
        }
    }
}

/// What rules look at, of the metrics as they stand at a time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Answers.
    pub n_requests: f64,
    /// Answers of status 500 and above.
    pub n_errors: f64,
    /// Answers by how long they took: up to each bound of [`REQUEST_BUCKETS`], and all.
    pub durations: Vec<f64>,
    /// Security events of severity [`HIGH`].
    pub n_incidents: f64,
}

impl Reading {
    /// Reads the metrics.
    #[must_use]
    pub fn of(samples: &[Sample]) -> Self {
        let of = |name: &'static str| samples.iter().filter(move |sample| sample.name == name);
        let requests = || of(HTTP_REQUESTS.name);
        let is_error = |sample: &&Sample| {
            let status = sample.labels.get(2);
            status.is_some_and(|status| status.starts_with('5'))
        };
        let parts: Vec<(&str, f64)> = of(HTTP_REQUEST_DURATION.name)
            .map(|sample| (sample.part.as_str(), sample.value))
            .collect();
        let bounds = REQUEST_BUCKETS.iter().copied().chain([f64::INFINITY]);
        let incidents = of(SECURITY_EVENTS.name).filter(|sample| {
            sample
                .labels
                .get(1)
                .is_some_and(|severity| severity == HIGH)
        });
        Self {
            n_requests: requests().map(|sample| sample.value).sum(),
            n_errors: requests().filter(is_error).map(|sample| sample.value).sum(),
            durations: bounds.map(|bound| up_to(&parts, bound)).collect(),
            n_incidents: incidents.map(|sample| sample.value).sum(),
        }
    }
}

/// A rule that speaks up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// Which.
    pub rule: Rule,
    /// What it measured.
    pub value: f64,
}

/// Which rules speak up between two readings.
#[must_use]
pub fn evaluate(before: &Reading, now: &Reading) -> Vec<Finding> {
    Rule::ALL
        .into_iter()
        .filter_map(|rule| {
            let value = rule.measure(before, now)?;
            (value > rule.threshold()).then_some(Finding { rule, value })
        })
        .collect()
}

/// Numbers only grow; should one have begun anew, nothing is known of the time between.
fn since(before: f64, now: f64) -> f64 {
    (now - before).max(0.0)
}

/// As `histogram_quantile` of Prometheus: evenly spread within a bucket, and the last bound for what is above it.
fn percentile(cumulative: &[f64], share: f64) -> Option<f64> {
    let Kind::Histogram(bounds) = HTTP_REQUEST_DURATION.kind else {
        return None;
    };
    let total = *cumulative.last()?;
    if total < MIN_REQUESTS {
        return None;
    }
    let rank = share * total;
    let place = cumulative.iter().position(|n| *n >= rank)?;
    let Some(upper) = bounds.get(place) else {
        return bounds.last().copied();
    };
    let (lower, below) = match place.checked_sub(1) {
        Some(last) => (bounds[last], cumulative[last]),
        None => (0.0, 0.0),
    };
    let within = cumulative[place] - below;
    Some(lower + (upper - lower) * (rank - below) / within)
}

#[cfg(test)]
mod tests;
