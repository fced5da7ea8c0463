//! `MetricsObject`: the numbers of the whole deployment, and its alerts. The logic is `edgedesk_objects::metrics`.

use edgedesk_metrics::exposition::CONTENT_TYPE;
use edgedesk_metrics::wire::{
    ADD_PATH, ALERTS_PATH, EVALUATE_PATH, Evaluated, NAME, OpenAlert, TEXT_PATH, TOLD_PATH,
};
use edgedesk_objects::metrics::Metrics;
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::object_sql::DurableSql;
use edgedesk_platform::time::SystemClock;
use serde::Serialize;
use worker::{
    DurableObject, Env, Headers, Method, Request, Response, Result, State, durable_object,
};

use super::http::{Failure, answer, body, json, json_text, name_of, not_found, request_id};

/// The one object of its class, named `metrics`.
#[durable_object(fetch)]
pub struct MetricsObject {
    state: State,
    metrics: Metrics<DurableSql, SystemClock>,
}

impl DurableObject for MetricsObject {
    fn new(state: State, _env: Env) -> Self {
        let sql = DurableSql::new(state.storage().sql());
        Self {
            metrics: Metrics::new(sql, SystemClock),
            state,
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let request_id = request_id(&request);
        let result = self.route(request).await;
        answer(request_id, "metrics", result)
    }
}

impl MetricsObject {
    async fn route(&self, mut request: Request) -> std::result::Result<Response, Failure> {
        if name_of(&request, &self.state)? != NAME {
            return Err(not_found());
        }
        match (request.method(), request.path().as_str()) {
            (Method::Post, ADD_PATH) => {
                let piece = body(&mut request).await?;
                self.metrics.add(&piece)?;
                json_text("null".to_owned())
            }
            (Method::Get, TEXT_PATH) => {
                let headers = Headers::new();
                headers.set("content-type", CONTENT_TYPE)?;
                Ok(Response::ok(self.metrics.text()?)?.with_headers(headers))
            }
            (Method::Get, ALERTS_PATH) => json(&self.metrics.alerts()?),
            (Method::Post, EVALUATE_PATH) => {
                let evaluated = self.metrics.evaluate()?;
                log_changes(&evaluated);
                json(&evaluated)
            }
            (Method::Post, TOLD_PATH) => {
                let told = body(&mut request).await?;
                self.metrics.told(told)?;
                json_text("null".to_owned())
            }
            _ => Err(not_found()),
        }
    }
}

/// Here and not where it was asked for, so that an answer that is lost on its way loses no line.
fn log_changes(evaluated: &Evaluated) {
    for alert in &evaluated.opened {
        line(Level::Error, "opened", alert);
    }
    for alert in &evaluated.closed {
        line(Level::Info, "closed", alert);
    }
}

fn line(level: Level, state: &str, alert: &OpenAlert) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: String,
        #[serde(rename = "alert.name")]
        name: &'a str,
        #[serde(rename = "alert.value")]
        value: f64,
        #[serde(rename = "alert.threshold")]
        threshold: f64,
    }
    log(
        level,
        &Line {
            message: format!("alert {} {state}", alert.name),
            name: &alert.name,
            value: alert.value,
            threshold: alert.threshold,
        },
    );
}
