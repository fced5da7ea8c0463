//! What an isolate has gathered since it handed something over last.

use std::collections::BTreeMap;

use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::{Kind, Metric};

/// The part of a histogram that holds the sum of what was observed. Its other parts are upper bounds, as they are written.
pub const SUM: &str = "sum";
/// The part of a histogram that holds what is above all bounds.
pub const INFINITY: &str = "+Inf";

/// A number of a series: of a counter, a gauge, or one part of a histogram. Parts are named by their bound and not by its place, so that
/// a version with other bounds adds to what one before it has stored. They hold what is between two bounds, not what is below.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The metric's name.
    pub name: String,
    /// Values of its labels.
    pub labels: Vec<String>,
    /// Empty but for a histogram.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub part: String,
    /// The number.
    pub value: f64,
}

/// How many sockets an object holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sockets {
    /// Which object, by the id that the platform gives it.
    pub object: String,
    /// How many.
    pub n: u32,
    /// When it said so.
    pub at_millis: i64,
}

/// What an isolate has gathered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Registry {
    added: BTreeMap<Key, f64>,
    set: BTreeMap<Key, f64>,
    sockets: BTreeMap<String, (u32, Timestamp)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    name: &'static str,
    labels: Vec<String>,
    part: String,
}

impl Registry {
    /// Adds one to a counter.
    pub fn count(&mut self, metric: &'static Metric, labels: &[&str]) {
        self.add(metric, labels, 1);
    }

    /// Adds to a counter.
    pub fn add(&mut self, metric: &'static Metric, labels: &[&str], n: u64) {
        debug_assert_eq!(metric.kind, Kind::Counter, "{}", metric.name);
        if n > 0 {
            self.add_part(metric, labels, String::new(), n as f64);
        }
    }

    /// Sets a gauge. What is no number is not set.
    pub fn set(&mut self, metric: &'static Metric, labels: &[&str], value: f64) {
        debug_assert_eq!(metric.kind, Kind::Gauge, "{}", metric.name);
        if value.is_finite() {
            self.set.insert(key(metric, labels, String::new()), value);
        }
    }

    /// Observes a value of a histogram. What is no number, or less than nothing, is not observed.
    pub fn observe(&mut self, metric: &'static Metric, labels: &[&str], value: f64) {
        let Kind::Histogram(bounds) = metric.kind else {
            debug_assert!(false, "{} is no histogram", metric.name);
            return;
        };
        if !value.is_finite() || value < 0.0 {
            return;
        }
        let bound = bounds.iter().find(|bound| value <= **bound);
        let part = bound.map_or_else(|| INFINITY.to_owned(), f64::to_string);
        self.add_part(metric, labels, part, 1.0);
        self.add_part(metric, labels, SUM.to_owned(), value);
    }

    /// An object says how many sockets it holds.
    pub fn tell_sockets(&mut self, object: String, n: u32, at: Timestamp) {
        self.sockets.insert(object, (n, at));
    }

    /// Whether there is nothing to hand over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.set.is_empty() && self.sockets.is_empty()
    }

    /// What was added, as samples.
    #[must_use]
    pub fn added(&self) -> Vec<Sample> {
        samples(self.added.clone())
    }

    /// Takes all of it for a piece.
    #[must_use]
    pub(crate) fn take(&mut self) -> (Vec<Sample>, Vec<Sample>, Vec<Sockets>) {
        let Self {
            added,
            set,
            sockets,
        } = std::mem::take(self);
        let sockets = sockets
            .into_iter()
            .map(|(object, (n, at))| Sockets {
                object,
                n,
                at_millis: at.millis(),
            })
            .collect();
        (samples(added), samples(set), sockets)
    }

    fn add_part(&mut self, metric: &'static Metric, labels: &[&str], part: String, value: f64) {
        *self.added.entry(key(metric, labels, part)).or_default() += value;
    }
}

fn key(metric: &'static Metric, labels: &[&str], part: String) -> Key {
    debug_assert_eq!(metric.labels.len(), labels.len(), "{}", metric.name);
    Key {
        name: metric.name,
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        part,
    }
}

fn samples(numbers: BTreeMap<Key, f64>) -> Vec<Sample> {
    numbers
        .into_iter()
        .map(|(key, value)| Sample {
            name: key.name.to_owned(),
            labels: key.labels,
            part: key.part,
            value,
        })
        .collect()
}

#[cfg(test)]
mod tests;
