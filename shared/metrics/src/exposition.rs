//! The Prometheus text format, version 0.0.4.
//!
//! Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>, "Text-based format".

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::catalogue::{ALL, Kind, Metric};
use crate::registry::{INFINITY, SUM, Sample};

/// The content type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The label that holds the upper bound of a bucket.
const BOUND_LABEL: &str = "le";

/// Series of a metric, by the values of their labels; of each its parts.
type Series<'a> = BTreeMap<&'a [String], Vec<(&'a str, f64)>>;

/// All metrics as text, in the order of the catalogue. Samples of a metric that is not declared, or has other labels, are of another
/// version of us: they are left out. A counter without labels is 0 before anything was counted.
#[must_use]
pub fn text(samples: &[Sample]) -> String {
    let mut by_name: BTreeMap<&str, Series> = BTreeMap::new();
    for sample in samples {
        by_name
            .entry(&sample.name)
            .or_default()
            .entry(&sample.labels)
            .or_default()
            .push((sample.part.as_str(), sample.value));
    }
    let mut text = String::new();
    for metric in ALL {
        let mut series = by_name.remove(metric.name).unwrap_or_default();
        series.retain(|labels, _| labels.len() == metric.labels.len());
        if series.is_empty() && metric.labels.is_empty() && metric.kind == Kind::Counter {
            series.insert(&[], Vec::new());
        }
        write_metric(&mut text, metric, &series);
    }
    text
}

// A `String` takes any text, so nothing that is written to one fails.

fn write_metric(text: &mut String, metric: &Metric, series: &Series) {
    let _ = writeln!(
        text,
        "# HELP {} {}",
        metric.name,
        escaped(metric.help, false)
    );
    let _ = writeln!(text, "# TYPE {} {}", metric.name, metric.kind.as_str());
    for (labels, parts) in series {
        let labels: Vec<(&str, &str)> = metric
            .labels
            .iter()
            .copied()
            .zip(labels.iter().map(String::as_str))
            .collect();
        match metric.kind {
            Kind::Counter | Kind::Gauge => {
                let value = total(parts.iter().map(|(_, value)| *value));
                write_line(text, metric.name, &labels, value);
            }
            Kind::Histogram(bounds) => write_histogram(text, metric.name, bounds, &labels, parts),
        }
    }
}

fn write_histogram(
    text: &mut String,
    name: &str,
    bounds: &[f64],
    labels: &[(&str, &str)],
    parts: &[(&str, f64)],
) {
    let bucket = format!("{name}_bucket");
    for bound in bounds {
        let n = up_to(parts, *bound);
        let bound = bound.to_string();
        let labels = with_bound(labels, &bound);
        write_line(text, &bucket, &labels, n);
    }
    let count = up_to(parts, f64::INFINITY);
    write_line(text, &bucket, &with_bound(labels, INFINITY), count);
    let sums = parts.iter().filter(|(part, _)| *part == SUM);
    let sum = total(sums.map(|(_, value)| *value));
    write_line(text, &format!("{name}_sum"), labels, sum);
    write_line(text, &format!("{name}_count"), labels, count);
}

/// How much is in buckets of bounds up to `bound`. Bounds of another version of us count as well: they are in the first bucket of ours that
/// is no lower.
pub(crate) fn up_to(parts: &[(&str, f64)], bound: f64) -> f64 {
    let up_to = parts
        .iter()
        .filter(|(part, _)| bound_of(part).is_some_and(|of_part| of_part <= bound));
    total(up_to.map(|(_, value)| *value))
}

/// The sum; of nothing it is 0, where that of the standard library is -0.
fn total(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

/// The upper bound that a part of a histogram is named by.
fn bound_of(part: &str) -> Option<f64> {
    match part {
        SUM => None,
        INFINITY => Some(f64::INFINITY),
        bound => bound.parse().ok(),
    }
}

fn with_bound<'a>(labels: &[(&'a str, &'a str)], bound: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut labels = labels.to_vec();
    labels.push((BOUND_LABEL, bound));
    labels
}

fn write_line(text: &mut String, name: &str, labels: &[(&str, &str)], value: f64) {
    text.push_str(name);
    for (place, (label, value)) in labels.iter().enumerate() {
        let open = if place == 0 { '{' } else { ',' };
        let _ = write!(text, "{open}{label}=\"{}\"", escaped(value, true));
    }
    if !labels.is_empty() {
        text.push('}');
    }
    let _ = writeln!(text, " {value}");
}

/// Backslashes and ends of lines are escaped everywhere, quotes in values of labels.
fn escaped(text: &str, is_label: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if is_label {
        text.replace('"', "\\\"")
    } else {
        text
    }
}

#[cfg(test)]
mod tests;
