//! Every metric, declared once. What is not in [`ALL`] is neither stored nor shown.

/// What is measured, with its help and the names of its labels.
#[derive(Debug, PartialEq)]
pub struct Metric {
    /// Its name, with the unit at its end.
    pub name: &'static str,
    /// One sentence for whoever sees it for the first time.
    pub help: &'static str,
    /// How its samples add up.
    pub kind: Kind,
    /// Names of its labels, in the order of their values. Values are words of closed sets.
    pub labels: &'static [&'static str],
}

/// How samples add up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// The last one counts.
    Gauge,
    /// Counted by these upper bounds, in rising order, and by `+Inf`.
    Histogram(&'static [f64]),
}

impl Kind {
    /// The word of the text format.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// Seconds of requests: 0.2 and 0.5 are the promises of the API, 2 is where an alert begins. The clock of the platform stands still
/// between I/O and gives whole milliseconds, so nothing below five of them is worth a bucket.
pub const REQUEST_BUCKETS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
/// Seconds of analyses: from 0.5 on as the design has them, below as the budgets of short and long messages are.
pub const ANALYSIS_BUCKETS: &[f64] = &[0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

macro_rules! metrics {
    ($($(#[$doc:meta])* $id:ident = $kind:expr, $name:literal [$($label:literal),*] $help:literal;)*) => {
        $($(#[$doc])* pub static $id: Metric = Metric { name: $name, help: $help, kind: $kind, labels: &[$($label),*] };)*

        /// All of them, in the order in which they are shown.
        pub static ALL: &[&Metric] = &[$(&$id),*];
    };
}

metrics! {
    /// One for each answer. The route is a template, or [`ASSET_ROUTE`] or [`NO_ROUTE`].
    HTTP_REQUESTS = Kind::Counter, "http_requests_total" ["method", "route", "status_code"]
        "Requests that the gateway answered.";
    /// From the arrival of a request to its answer.
    HTTP_REQUEST_DURATION = Kind::Histogram(REQUEST_BUCKETS), "http_request_duration_seconds" ["method", "route", "status_code"]
        "Seconds from the arrival of a request at the gateway to its answer.";
    /// As the model Worker measured it.
    AI_CLASSIFICATION_DURATION = Kind::Histogram(ANALYSIS_BUCKETS), "ai_classification_duration_seconds" []
        "Seconds that the analysis of a message took.";
    /// Once an hour, over all accounts.
    AI_CLASSIFICATION_ACCURACY = Kind::Gauge, "ai_classification_accuracy" ["category"]
        "Share of the categories given in the last 30 days and looked at by agents that they confirmed, 0 to 1.";
    /// An attempt each.
    AI_CLASSIFICATION_FAILURES = Kind::Counter, "ai_classification_failures_total" []
        "Attempts to analyse a message that failed.";
    /// As far as their objects told in the last quarter of an hour.
    WEBSOCKET_CONNECTIONS = Kind::Gauge, "websocket_connections_active" []
        "WebSockets of objects that told of them within the last 15 minutes.";

    /// By the channel of the inbox.
    CONVERSATIONS_OPENED = Kind::Counter, "conversations_opened_total" ["channel"]
        "Conversations that began.";
    /// Each time that one is.
    CONVERSATIONS_RESOLVED = Kind::Counter, "conversations_resolved_total" ["channel"]
        "Times that a conversation was resolved or closed.";
    /// From customers.
    MESSAGES_RECEIVED = Kind::Counter, "messages_received_total" ["channel", "author"]
        "Messages from customers, by who wrote them.";
    /// To customers; notes are none.
    MESSAGES_SENT = Kind::Counter, "messages_sent_total" ["channel", "author"]
        "Messages to customers, by who wrote them.";
    /// The risk crossed the line.
    ESCALATIONS = Kind::Counter, "escalations_detected_total" ["channel"]
        "Messages with which the risk of an escalation crossed the line.";

    /// A message each.
    DRAFTS_CREATED = Kind::Counter, "drafts_created_total" []
        "Messages for which suggestions were looked for and told.";
    /// By where they are from.
    SUGGESTIONS_MADE = Kind::Counter, "suggestions_made_total" ["source"]
        "Suggestions that were offered to agents.";
    /// What agents did with them.
    SUGGESTIONS_DECIDED = Kind::Counter, "suggestions_decided_total" ["source", "verdict"]
        "Suggestions that an agent accepted, edited or rejected.";
    /// By the assistant.
    ASSISTANT_ANSWERS = Kind::Counter, "assistant_answers_total" []
        "Messages that the assistant sent to customers.";
    /// To a person.
    ASSISTANT_HAND_OFFS = Kind::Counter, "assistant_handoffs_total" ["reason"]
        "Conversations that the assistant gave to a person.";

    /// Verified, and in a log or known to belong to none.
    WEBHOOKS_ACCEPTED = Kind::Counter, "webhooks_accepted_total" []
        "Webhooks of providers that were taken.";
    /// By our code for it.
    WEBHOOKS_REFUSED = Kind::Counter, "webhooks_refused_total" ["reason"]
        "Webhooks of providers that were not taken.";
    /// 429 of our limits.
    RATE_LIMITS_HIT = Kind::Counter, "rate_limits_hit_total" []
        "Requests that were refused for being over a limit.";
    /// Of whatever way in.
    LOGINS_REFUSED = Kind::Counter, "logins_refused_total" ["reason"]
        "Attempts to log in that were refused.";
    /// What administrators see in their audit logs without having asked.
    SECURITY_EVENTS = Kind::Counter, "security_events_total" ["event", "severity"]
        "Security events of audit logs; those of severity high are incidents.";

    /// A batch of the queue may come twice: these are messages handled, not events logged.
    EVENTS_PROJECTED = Kind::Counter, "events_projected_total" []
        "Messages of the events queue that are in the read model.";
    /// Of the oldest event of the last batch.
    PROJECTION_LAG = Kind::Gauge, "projection_lag_seconds" []
        "Seconds from the logging of the oldest event of the last batch to its rows in the read model.";
    /// In D1, where people look.
    DEAD_LETTERS = Kind::Counter, "dead_letters_parked_total" ["queue"]
        "Messages of a queue that were parked.";
    /// An attempt each.
    QUEUE_RETRIES = Kind::Counter, "queue_retries_total" ["queue"]
        "Messages of a queue that are to be tried again.";
}

/// The route of a file of the pages.
pub const ASSET_ROUTE: &str = "(asset)";
/// The route of what no route takes.
pub const NO_ROUTE: &str = "(none)";
/// The value of a label for what is in no closed set.
pub const OTHER: &str = "other";

/// The value of the label `method`.
#[must_use]
pub fn method_label(method: &str) -> &'static str {
    known(
        method,
        &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    )
}

/// `word` as it stands in `words`, or [`OTHER`]: what makes a set of labels a closed one.
#[must_use]
pub fn known(word: &str, words: &[&'static str]) -> &'static str {
    words
        .iter()
        .copied()
        .find(|known| *known == word)
        .unwrap_or(OTHER)
}

/// The metric of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Metric> {
    ALL.iter().copied().find(|metric| metric.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_say_what_they_count() {
        let names: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len());
        for metric in ALL {
            let is_name = |name: &str| {
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            };
            assert!(is_name(metric.name), "{}", metric.name);
            assert!(
                metric
                    .labels
                    .iter()
                    .all(|label| is_name(label) && *label != "le")
            );
            assert_eq!(
                metric.kind == Kind::Counter,
                metric.name.ends_with("_total"),
                "{}",
                metric.name
            );
            assert!(metric.help.ends_with('.'), "{}", metric.name);
        }
    }

    #[test]
    fn bounds_rise() {
        for metric in ALL {
            if let Kind::Histogram(bounds) = metric.kind {
                assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]));
            }
        }
    }

    #[test]
    fn what_somebody_made_up_is_no_label() {
        assert_eq!(method_label("GET"), "GET");
        assert_eq!(method_label("BREW"), OTHER);
    }
}
