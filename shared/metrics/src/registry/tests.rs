use super::*;
use crate::catalogue::{
    AI_CLASSIFICATION_DURATION, HTTP_REQUESTS, PROJECTION_LAG, RATE_LIMITS_HIT,
};

fn parts(registry: &Registry) -> Vec<(String, f64)> {
    let samples = registry.added().into_iter();
    samples.map(|sample| (sample.part, sample.value)).collect()
}

#[test]
fn an_observation_is_in_the_first_bucket_that_it_fits_into() {
    for (value, part) in [
        (0.0, "0.005"),
        (0.005, "0.005"),
        (0.0051, "0.01"),
        (2.0, "2"),
        (10.0, "10"),
        (10.1, INFINITY),
    ] {
        let mut registry = Registry::default();
        registry.observe(&AI_CLASSIFICATION_DURATION, &[], value);
        let found = parts(&registry);
        assert!(
            found.contains(&(part.to_owned(), 1.0)),
            "{value}: {found:?}"
        );
        assert!(found.contains(&(SUM.to_owned(), value)), "{value}");
        assert_eq!(found.len(), 2);
    }
}

#[test]
fn what_is_no_number_is_not_observed() {
    let mut registry = Registry::default();
    for value in [f64::NAN, f64::INFINITY, -0.1] {
        registry.observe(&AI_CLASSIFICATION_DURATION, &[], value);
    }
    registry.set(&PROJECTION_LAG, &[], f64::NAN);
    registry.add(&RATE_LIMITS_HIT, &[], 0);
    assert!(registry.is_empty());
}

#[test]
fn a_series_is_its_metric_and_its_labels() {
    let mut registry = Registry::default();
    registry.count(&HTTP_REQUESTS, &["GET", "/a", "200"]);
    registry.count(&HTTP_REQUESTS, &["GET", "/a", "200"]);
    registry.count(&HTTP_REQUESTS, &["GET", "/a", "404"]);
    let values: Vec<f64> = registry.added().iter().map(|sample| sample.value).collect();
    assert_eq!(values, [2.0, 1.0]);
    let _ = registry.take();
    assert!(registry.is_empty());
}
