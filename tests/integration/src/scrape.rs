//! The metrics of a stack.

use std::collections::BTreeMap;

use edgedesk_client::Edgedesk;

/// Every series with its labels, as `GET /metrics` has it, and its value.
///
/// # Panics
///
/// When the answer is none that Prometheus would take.
pub async fn scrape(public: &Edgedesk) -> BTreeMap<String, f64> {
    let answer = public.get("/metrics").await.expect("an answer");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let text = String::from_utf8(answer.body).expect("UTF-8");
    assert!(text.ends_with('\n'));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a series and its value");
            (series.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

/// Of each series that only grows and is less in `after` than in `before`, or gone, what it is.
#[must_use]
pub fn went_back(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>) -> Vec<String> {
    let grows = |series: &str| {
        let name = series.split('{').next().unwrap_or_default();
        ["_total", "_bucket", "_count", "_sum"]
            .iter()
            .any(|ending| name.ends_with(ending))
    };
    before
        .iter()
        .filter(|(series, _)| grows(series))
        .filter(|(series, value)| after.get(*series).is_none_or(|now| now < *value))
        .map(|(series, value)| format!("{series}: {value}, then {:?}", after.get(series)))
        .collect()
}
