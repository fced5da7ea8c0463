use super::*;
use crate::registry::Registry;

/// So many answers of a status that took so many seconds.
fn reading(answers: &[(u32, &str, f64)], incidents: u32) -> Reading {
    let mut registry = Registry::default();
    for (n, status, secs) in answers {
        for _ in 0..*n {
            registry.count(&HTTP_REQUESTS, &["GET", "/a", status]);
            registry.observe(&HTTP_REQUEST_DURATION, &["GET", "/a", status], *secs);
        }
    }
    for _ in 0..incidents {
        registry.count(&SECURITY_EVENTS, &["foreign_row.withheld", HIGH]);
    }
    registry.count(&SECURITY_EVENTS, &["address.refused", LOW]);
    Reading::of(&registry.added())
}

fn rules(before: &Reading, now: &Reading) -> Vec<Rule> {
    let findings = evaluate(before, now);
    findings.into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn each_rule_speaks_up_above_its_threshold_and_not_at_it() {
    let calm = reading(&[(40, "200", 0.01)], 0);
    for (answers, incidents, expected) in [
        (vec![(100, "200", 0.01)], 0, vec![]),
        (vec![(95, "200", 0.01), (5, "500", 0.01)], 0, vec![]),
        (
            vec![(94, "200", 0.01), (6, "503", 0.01)],
            0,
            vec![Rule::ErrorRate],
        ),
        // What a caller did wrong is no error of ours.
        (vec![(10, "200", 0.01), (90, "404", 0.01)], 0, vec![]),
        (vec![(96, "200", 0.01), (4, "200", 3.0)], 0, vec![]),
        (
            vec![(90, "200", 0.01), (10, "200", 3.0)],
            0,
            vec![Rule::SlowResponses],
        ),
        (
            vec![(90, "200", 0.01), (10, "200", 90.0)],
            0,
            vec![Rule::SlowResponses],
        ),
        (vec![(5, "200", 0.01)], 1, vec![Rule::SecurityIncident]),
    ] {
        let mut all = vec![(40, "200", 0.01)];
        all.extend(answers.clone());
        let now = reading(&all, incidents);
        assert_eq!(rules(&calm, &now), expected, "{answers:?}");
        // It is about what happened since.
        assert_eq!(rules(&now, &now), []);
    }
}

#[test]
fn a_few_answers_say_nothing() {
    let now = reading(&[(19, "500", 9.0)], 0);
    assert_eq!(rules(&reading(&[], 0), &now), []);
    let now = reading(&[(20, "500", 9.0)], 0);
    let expected = [Rule::ErrorRate, Rule::SlowResponses];
    assert_eq!(rules(&reading(&[], 0), &now), expected);
}

#[test]
fn numbers_that_began_anew_open_nothing() {
    let before = reading(&[(500, "500", 9.0)], 7);
    assert_eq!(rules(&before, &reading(&[(30, "200", 0.01)], 0)), []);
    // The reading of a version before had none of it.
    let now = reading(&[(30, "200", 0.01)], 0);
    assert_eq!(rules(&Reading::default(), &now), []);
}

#[test]
fn a_percentile_is_where_prometheus_has_it() {
    // 100 answers: 90 up to 0.005, 10 between 2 and 5; the 95th is half way there.
    let now = reading(&[(90, "200", 0.001), (10, "200", 3.0)], 0);
    let found = percentile(&now.durations, 0.95).unwrap();
    assert!((found - 3.5).abs() < 1e-9, "{found}");
}
