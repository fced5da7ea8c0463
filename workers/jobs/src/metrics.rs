//! What this Worker counts, the accuracy of the models over all accounts, and who is told of alerts.

use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use edgedesk_crypto::root::ENVIRONMENT;
use edgedesk_domain::feedback::AnalysisField;
use edgedesk_domain::ids::IdSource as _;
use edgedesk_domain::time::Clock as _;
use edgedesk_generate::transport::{HttpRequest, HttpStream as _};
use edgedesk_metrics::catalogue::{AI_CLASSIFICATION_ACCURACY, QUEUE_RETRIES};
use edgedesk_metrics::registry::Registry;
use edgedesk_metrics::reporter::{Reporter, Sink};
use edgedesk_metrics::wire::{
    ADD_PATH, BINDING, EVALUATE_PATH, Evaluated, NAME, Notice, Piece, TOLD_PATH, ToldRequest,
};
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::time::{SystemClock, sleep};
use futures::future::{Either, select};
use serde::Serialize;
use worker::Env;

use crate::databases;
use crate::objects::Objects;
use crate::transport::WorkerFetch;

/// How long the object, and whoever is told of an alert, may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Name of the setting with the address that alerts are posted to.
const ALERT_WEBHOOK_URL: &str = "ALERT_WEBHOOK_URL";
/// Milliseconds before now that accuracy looks back to: 30 days, as the page about it does unless told.
const ACCURACY_SPAN_MILLIS: i64 = 30 * 24 * 3_600_000;
/// Most letters of a category that is a label: more than any of the models' has.
const MAX_CATEGORY_BYTES: usize = 40;
/// Most of them.
const MAX_CATEGORIES: usize = 64;

thread_local! {
    /// Lives as long as the isolate.
    static REPORTER: Rc<Reporter> = Rc::default();
}

/// Lets numbers be gathered.
pub fn gather(gather: impl FnOnce(&mut Registry)) {
    REPORTER.with(|reporter| reporter.gather(gather));
}

/// Counts a message that a queue delivers again.
pub fn count_retry(queue: &'static str) {
    gather(|registry| registry.count(&QUEUE_RETRIES, &[queue]));
}

/// Hands over what this isolate has gathered: after each batch and each cron, which are a few a second at most, since nobody knows
/// whether there will be another. What is not taken is kept for the next time.
pub async fn flush(env: &Env) {
    let reporter = REPORTER.with(Rc::clone);
    let objects = Objects { env };
    if let Err(error) = reporter.flush(&objects).await {
        warn(
            "metrics were not handed over, and are kept for the next time",
            error,
        );
    }
}

impl Sink for Objects<'_> {
    fn new_id(&self) -> String {
        SystemIds.next_ulid().to_string()
    }

    async fn send(&self, piece: &Piece) -> Result<(), String> {
        self.ask_metrics(ADD_PATH, piece).await
    }
}

impl Objects<'_> {
    async fn ask_metrics<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, String> {
        let asking = pin!(self.post(BINDING, NAME, path, body));
        match select(asking, pin!(sleep(LIMIT))).await {
            Either::Left((answer, _)) => answer.map_err(|error| error.to_string()),
            Either::Right(_) => Err(format!("{NAME}{path}: no answer in time")),
        }
    }
}

/// Lets the rules look at the metrics, and tells whoever is to be told of alerts. What they do not take is told again in a minute.
pub async fn watch(env: &Env) {
    let objects = Objects { env };
    let evaluated: Evaluated = match objects.ask_metrics(EVALUATE_PATH, &()).await {
        Ok(evaluated) => evaluated,
        Err(error) => return warn("alerts were not looked after", error),
    };
    let url = env.var(ALERT_WEBHOOK_URL).map(|url| url.to_string());
    for notice in evaluated.untold {
        // Without an address the log and the health page are all there is: then nobody is left to be told.
        if let Ok(url) = &url
            && let Err(error) = post_notice(env, url, &notice).await
        {
            warn("an alert was not taken, and is told again", error);
            // They come in their order.
            break;
        }
        let told = ToldRequest {
            id: notice.id,
            state: notice.state,
        };
        if let Err(error) = objects.ask_metrics::<()>(TOLD_PATH, &told).await {
            warn("an alert that was taken is told again", error);
            break;
        }
    }
}

async fn post_notice(env: &Env, url: &str, notice: &Notice) -> Result<(), String> {
    /// `text` is what chat services show of a webhook.
    #[derive(Serialize)]
    struct Body<'a> {
        text: String,
        environment: &'a str,
        #[serde(flatten)]
        notice: &'a Notice,
    }
    let environment = env.var(ENVIRONMENT).map(|value| value.to_string());
    let environment = environment.as_deref().unwrap_or("development");
    let (name, state) = (&notice.name, notice.state.as_str());
    let body = Body {
        text: format!("Edgedesk ({environment}): alert {name} {state}"),
        environment,
        notice,
    };
    let request = HttpRequest {
        url: url.to_owned(),
        headers: vec![("content-type", "application/json".to_owned())],
        body: serde_json::to_string(&body).map_err(|error| error.to_string())?,
    };
    let asking = pin!(WorkerFetch.post(request));
    match select(asking, pin!(sleep(LIMIT))).await {
        Either::Left((Ok(answer), _)) if (200..300).contains(&answer.status) => Ok(()),
        Either::Left((Ok(answer), _)) => Err(format!("answered {}", answer.status)),
        Either::Left((Err(error), _)) => Err(error),
        Either::Right(_) => Err("no answer in time".to_owned()),
    }
}

/// Counts over all accounts how many of the categories that agents looked at they confirmed.
pub async fn measure_accuracy(env: &Env) -> Result<(), String> {
    let shards = databases::shards(env).map_err(|error| error.to_string())?;
    let now = SystemClock.now();
    let from = now.plus_millis(-ACCURACY_SPAN_MILLIS);
    let mut categories: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for shard in 0..shards.n_shards() {
        let accounts = shards
            .accounts_with_feedback(shard)
            .await
            .map_err(|error| error.to_string())?;
        for account_id in accounts {
            let fields = shards
                .for_account(account_id, shard)
                .map_err(|error| error.to_string())?
                .accuracy(&[AnalysisField::Category], from, now)
                .await
                .map_err(|error| error.to_string())?;
            for label in fields.into_iter().flat_map(|field| field.labels) {
                let of_label = categories.entry(label.label).or_default();
                of_label.0 += label.counts.n_confirmed;
                of_label.1 += label.counts.n_reviewed;
            }
        }
    }
    gather(|registry| {
        let measured = categories
            .iter()
            .filter(|(label, (_, n_reviewed))| *n_reviewed > 0 && is_category(label));
        for (label, (n_confirmed, n_reviewed)) in measured.take(MAX_CATEGORIES) {
            let share = *n_confirmed as f64 / *n_reviewed as f64;
            registry.set(&AI_CLASSIFICATION_ACCURACY, &[label], share);
        }
    });
    Ok(())
}

/// Whether it is a word as the models give them: what stands in rows of old could be another.
fn is_category(label: &str) -> bool {
    label.len() <= MAX_CATEGORY_BYTES
        && label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn warn(message: &str, error: String) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: &'a str,
        #[serde(rename = "error.internal")]
        error_internal: String,
    }
    let line = Line {
        message,
        error_internal: error,
    };
    log(Level::Warn, &line);
}
