//! What is shipped for operators names metrics that are there, and the thresholds of our own rules.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::alerts::Rule;
use crate::catalogue::{ALL, Kind, Metric};

const DASHBOARD: &str = include_str!("../../../docs/operations/grafana-dashboard.json");
const ALERTS: &str = include_str!("../../../docs/operations/alerts.yml");

/// Words of expressions that the files use. Another one is noticed as no metric.
const WORDS: [&str; 11] = [
    "sum",
    "by",
    "le",
    "rate",
    "increase",
    "histogram_quantile",
    "topk",
    "and",
    "on",
    "or",
    "group_left",
];

/// Metrics that an expression is about. Panics at a name that is none.
fn metrics_of(expression: &str) -> BTreeSet<&'static str> {
    let labels: BTreeSet<&str> = ALL
        .iter()
        .flat_map(|metric| metric.labels)
        .copied()
        .collect();
    let mut found = BTreeSet::new();
    for word in words(expression) {
        if WORDS.contains(&word) || labels.contains(word) {
            continue;
        }
        let metric = ALL.iter().find(|metric| is_series_of(word, metric));
        found.insert(
            metric
                .unwrap_or_else(|| panic!("no metric {word} in {expression}"))
                .name,
        );
    }
    assert!(!found.is_empty(), "{expression}");
    found
}

/// Words outside texts and ranges of time.
fn words(expression: &str) -> Vec<&str> {
    let mut outside = Vec::new();
    for (place, part) in expression.split('"').enumerate() {
        if place % 2 == 0 {
            let parts = part
                .split('[')
                .map(|part| part.split_once(']').map_or(part, |(_, rest)| rest));
            outside.extend(parts);
        }
    }
    outside
        .into_iter()
        .flat_map(|part| {
            part.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        })
        .filter(|word| word.starts_with(|letter: char| letter.is_ascii_alphabetic()))
        .collect()
}

fn is_series_of(name: &str, metric: &Metric) -> bool {
    match (name.strip_prefix(metric.name), metric.kind) {
        (Some(ending), Kind::Histogram(_)) => ["_bucket", "_sum", "_count"].contains(&ending),
        (Some(ending), Kind::Counter | Kind::Gauge) => ending.is_empty(),
        (None, _) => false,
    }
}

fn expressions_of_dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut expressions = Vec::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64()), "an id twice: {panel}");
        assert!(
            panel["gridPos"]["w"]
                .as_u64()
                .is_some_and(|width| width <= 24)
        );
        for target in panel["targets"].as_array().into_iter().flatten() {
            expressions.push(target["expr"].as_str().expect("an expression").to_owned());
        }
    }
    expressions
}

#[test]
fn the_dashboard_shows_every_metric_and_no_other() {
    let shown: BTreeSet<_> = expressions_of_dashboard()
        .iter()
        .flat_map(|text| metrics_of(text))
        .collect();
    let declared: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
    assert_eq!(shown, declared);
}

#[test]
fn the_rules_of_prometheus_are_ours() {
    let mut rules: Vec<&str> = ALERTS.split("- alert: ").skip(1).collect();
    for rule in Rule::ALL {
        let place = rules
            .iter()
            .position(|text| text.contains(&format!("rule: {}\n", rule.as_str())));
        let text = rules.remove(place.expect("a rule"));
        let expression = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("expr: "))
            .expect("an expression");
        metrics_of(expression);
        let threshold = format!(" > {}", rule.threshold());
        assert!(
            expression.ends_with(&threshold),
            "{expression} is not about{threshold}"
        );
    }
    assert!(rules.is_empty(), "{rules:?}");
}
