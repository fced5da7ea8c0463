//! An analysis with the account's own intents, when they can be had.
//!
//! The analyser remembers the heads it was given lately and asks for one that it has not: one extra hop the first time. It
//! never costs the analysis: without the head, or without the version, the message is analysed all the same.

use edgedesk_wire::inference::{
    AnalyzeAnswer, AnalyzeRequest, AnalyzeResponse, IntentsInUse, OwnIntentsRef,
};

use crate::host::{Analyzer, OutsideError, OwnIntents};

/// Analyses, with the own intents that are `in_use` where there are any. What went wrong with them goes to `report`.
///
/// # Errors
///
/// Those of the analyser.
pub async fn analyze(
    outside: &(impl Analyzer + OwnIntents),
    request: AnalyzeRequest,
    in_use: Option<&IntentsInUse>,
    report: impl Fn(&OutsideError),
) -> Result<AnalyzeResponse, OutsideError> {
    let Some(IntentsInUse { version, retired }) = in_use else {
        return without(outside, request).await;
    };
    let version = *version;
    let with = |head| AnalyzeRequest {
        own_intents: Some(OwnIntentsRef {
            version,
            head,
            retired: retired.clone(),
        }),
        ..request.clone()
    };
    if let AnalyzeAnswer::Analyzed(response) = outside.analyze(with(None)).await? {
        return Ok(response);
    }
    let head = outside
        .head(request.account_id, version)
        .await
        .unwrap_or_else(|error| {
            report(&error);
            None
        });
    if head.is_some()
        && let AnalyzeAnswer::Analyzed(response) = outside.analyze(with(head)).await?
    {
        return Ok(response);
    }
    without(outside, request).await
}

async fn without(
    outside: &impl Analyzer,
    request: AnalyzeRequest,
) -> Result<AnalyzeResponse, OutsideError> {
    let request = AnalyzeRequest {
        own_intents: None,
        ..request
    };
    match outside.analyze(request).await? {
        AnalyzeAnswer::Analyzed(response) => Ok(response),
        AnalyzeAnswer::HeadNeeded(_) => Err(OutsideError::Refused(
            "a head was asked for that nobody named".to_owned(),
        )),
    }
}
