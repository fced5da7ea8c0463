//! What is written is read again by a parser that takes nothing but the format.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::catalogue::{
    AI_CLASSIFICATION_DURATION, HTTP_REQUEST_DURATION, HTTP_REQUESTS, PROJECTION_LAG,
    RATE_LIMITS_HIT,
};
use crate::registry::Registry;

/// A family of series as a reader sees it.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    /// Name with its ending, and labels as they stand there; the value.
    series: BTreeMap<(String, BTreeMap<String, String>), f64>,
}

/// Reads the format, and panics at whatever it does not allow.
fn parse(text: &str) -> BTreeMap<String, Family> {
    assert!(text.ends_with('\n'), "the last line has no end");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut helped = BTreeSet::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help");
            assert!(!help.is_empty());
            assert!(helped.insert(name.to_owned()), "two helps of {name}");
            name.clone_into(&mut current);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert_eq!(name, current, "the type follows the help");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
            let family = Family {
                kind: kind.to_owned(),
                series: BTreeMap::new(),
            };
            assert!(
                families.insert(name.to_owned(), family).is_none(),
                "two types of {name}"
            );
        } else {
            let (name, labels, value) = parse_sample(line);
            let family = families
                .get_mut(&current)
                .expect("a type before its samples");
            let ending = name
                .strip_prefix(current.as_str())
                .expect("samples stand together");
            let endings: &[&str] = match family.kind.as_str() {
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            assert!(endings.contains(&ending), "{line}");
            assert!(
                family.series.insert((name, labels), value).is_none(),
                "twice: {line}"
            );
        }
    }
    families
}

fn parse_sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let end = line.find(['{', ' ']).expect("a name and a value");
    let (name, rest) = line.split_at(end);
    assert!(
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
        "{line}"
    );
    let mut labels = BTreeMap::new();
    let mut letters = rest.chars().peekable();
    if letters.next_if_eq(&'{').is_some() {
        loop {
            let mut label = String::new();
            while let Some(letter) = letters.next_if(|letter| *letter != '=') {
                label.push(letter);
            }
            assert_eq!(
                (letters.next(), letters.next()),
                (Some('='), Some('"')),
                "{line}"
            );
            let mut value = String::new();
            loop {
                match letters.next().expect("a closing quote") {
                    '"' => break,
                    '\\' => value.push(match letters.next() {
                        Some('n') => '\n',
                        Some(letter @ ('\\' | '"')) => letter,
                        other => panic!("no escape: {other:?}"),
                    }),
                    letter => value.push(letter),
                }
            }
            assert!(
                labels.insert(label, value).is_none(),
                "a label twice: {line}"
            );
            match letters.next() {
                Some(',') => {}
                Some('}') => break,
                other => panic!("{other:?} in {line}"),
            }
        }
    }
    assert_eq!(letters.next(), Some(' '), "{line}");
    let value: String = letters.collect();
    (name.to_owned(), labels, value.parse().expect("a number"))
}

/// Buckets rise to `+Inf`, which is the count, and every histogram has a sum.
fn check_histograms(families: &BTreeMap<String, Family>) {
    for (name, family) in families
        .iter()
        .filter(|(_, family)| family.kind == "histogram")
    {
        let mut buckets: BTreeMap<BTreeMap<String, String>, Vec<(f64, f64)>> = BTreeMap::new();
        for ((series, labels), value) in &family.series {
            if series.ends_with("_bucket") {
                let mut labels = labels.clone();
                let bound = labels.remove("le").expect("a bound");
                let bound = bound.parse::<f64>().expect("a number or +Inf");
                buckets.entry(labels).or_default().push((bound, *value));
            }
        }
        for (labels, mut of_series) in buckets {
            of_series.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(
                of_series.windows(2).all(|pair| pair[0].1 <= pair[1].1),
                "{name}"
            );
            let last = of_series.last().expect("a bucket");
            assert!(last.0.is_infinite(), "{name} has no +Inf");
            let count = family
                .series
                .get(&(format!("{name}_count"), labels.clone()));
            assert_eq!(count, Some(&last.1), "{name}");
            assert!(family.series.contains_key(&(format!("{name}_sum"), labels)));
        }
    }
}

#[test]
fn a_strict_reader_takes_it() {
    let mut registry = Registry::default();
    for (route, millis) in [("/a", 3.0), ("/a", 30.0), ("/a", 30_000.0), ("/b", 0.0)] {
        let labels = ["GET", route, "200"];
        registry.count(&HTTP_REQUESTS, &labels);
        registry.observe(&HTTP_REQUEST_DURATION, &labels, millis / 1_000.0);
    }
    registry.observe(&AI_CLASSIFICATION_DURATION, &[], 0.012);
    let families = parse(&text(&registry.added()));
    assert_eq!(families.len(), ALL.len());
    check_histograms(&families);

    let labels = |bound: Option<&str>| {
        let labels = [("method", "GET"), ("route", "/a"), ("status_code", "200")];
        let labels = labels.into_iter().chain(bound.map(|bound| ("le", bound)));
        labels
            .map(|(label, value)| (label.to_owned(), value.to_owned()))
            .collect()
    };
    let requests = &families["http_requests_total"].series;
    assert_eq!(
        requests.get(&("http_requests_total".into(), labels(None))),
        Some(&3.0)
    );
    let durations = &families["http_request_duration_seconds"].series;
    for (ending, bound, value) in [
        ("bucket", Some("0.005"), 1.0),
        ("bucket", Some("0.025"), 1.0),
        ("bucket", Some("0.05"), 2.0),
        ("bucket", Some("10"), 2.0),
        ("bucket", Some("+Inf"), 3.0),
        ("count", None, 3.0),
        ("sum", None, 30.033),
    ] {
        let name = format!("http_request_duration_seconds_{ending}");
        let found = durations.get(&(name, labels(bound))).expect("a series");
        assert!((found - value).abs() < 1e-9, "{ending} {bound:?}: {found}");
    }
}

#[test]
fn nothing_was_counted_yet_is_said_too() {
    let families = parse(&text(&[]));
    assert_eq!(families.len(), ALL.len());
    let hit = &families[RATE_LIMITS_HIT.name].series;
    assert_eq!(hit.values().collect::<Vec<_>>(), [&0.0]);
    // Of a gauge nobody knows.
    assert!(families[PROJECTION_LAG.name].series.is_empty());
}

#[test]
fn labels_are_escaped() {
    let odd = "a\\b\"c\nd";
    let mut registry = Registry::default();
    registry.count(&HTTP_REQUESTS, &[odd, "", "é"]);
    let written = text(&registry.added());
    assert!(
        written.contains(r#"{method="a\\b\"c\nd",route="",status_code="é"} 1"#),
        "{written}"
    );
    let families = parse(&written);
    let ((_, labels), _) = families["http_requests_total"]
        .series
        .first_key_value()
        .expect("one");
    assert_eq!(labels["method"], odd);
}

#[test]
fn samples_of_another_version_are_left_out_or_find_their_bucket() {
    let sample = |name: &str, labels: &[&str], part: &str| Sample {
        name: name.into(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        part: part.into(),
        value: 1.0,
    };
    let written = text(&[
        sample("of_before_total", &[], ""),
        sample("http_requests_total", &["GET"], ""),
        sample("ai_classification_duration_seconds", &[], "0.7"),
    ]);
    let families = parse(&written);
    assert!(!written.contains("of_before_total"));
    assert!(families["http_requests_total"].series.is_empty());
    assert!(written.contains("ai_classification_duration_seconds_bucket{le=\"0.5\"} 0\n"));
    assert!(written.contains("ai_classification_duration_seconds_bucket{le=\"1\"} 1\n"));
    check_histograms(&families);
}
