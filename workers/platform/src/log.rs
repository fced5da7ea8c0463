//! JSON log lines: one object a line, fields with dotted names, no words of customers, no addresses, no tokens.

use edgedesk_masking::mask_json;
use serde::Serialize;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The ordinary course of things.
    Info,
    /// Something was refused or retried that should be rare.
    Warn,
    /// Something of ours is broken.
    Error,
}

/// Writes one line: the fields of `line`, which must serialise to a JSON object, with `level` in front.
pub fn log(level: Level, line: &impl Serialize) {
    #[derive(Serialize)]
    struct Leveled<'a, T> {
        level: Level,
        #[serde(flatten)]
        line: &'a T,
    }
    let Ok(text) = serde_json::to_string(&Leveled { level, line }) else {
        worker::console_error!(
            "{{\"level\":\"error\",\"message\":\"a log line could not be written\"}}"
        );
        return;
    };
    // What slips into a line, such as the text of somebody else's error, is masked here.
    let text = mask_json(&text);
    match level {
        Level::Info => worker::console_log!("{text}"),
        Level::Warn => worker::console_warn!("{text}"),
        Level::Error => worker::console_error!("{text}"),
    }
}
