//! Search hears of what changed: ids of articles on a queue, whose consumer reads what search should know of them now.
//!
//! A change is stored before, and does not fail when search cannot be told: the rows know what search does not know yet, and an
//! hourly sweep tells it.

use edgedesk_domain::ids::{AccountId, ArticleId};
use edgedesk_platform::d1::D1;
use edgedesk_platform::log::{Level, log};
use edgedesk_store::AccountStore;
use edgedesk_wire::articles::ArticleSummary;
use serde::Serialize;
use worker::wasm_bindgen::JsValue;
use worker::{BatchMessageBuilder, QueueContentType, RawMessageBuilder};

use crate::context::App;
use crate::error::AppError;

/// Producer binding of the queue that says which articles changed.
const KNOWLEDGE_BINDING: &str = "KNOWLEDGE";
/// Articles of a message. To index one is to read it and to have its parts encoded, so that a message of more would not be done in the
/// time of a consumer.
const IDS_PER_MESSAGE: usize = 50;
/// Articles that one request tells of at most: 20 messages, of the 100 that go at once. The sweep tells of the others.
const MAX_TOLD: u32 = 1000;

/// Tells search of an article as it is after a change, if search should know of it.
pub async fn ask_if_pending(app: &App, account_id: AccountId, article: &ArticleSummary) {
    if !article.is_indexed {
        ask_to_index(app, account_id, &[article.id]).await;
    }
}

/// Tells search of all articles of which it does not know the last change, as after one of many of them.
pub async fn ask_for_pending(app: &App, store: AccountStore<'_, D1>, account_id: AccountId) {
    match store.list_pending_articles(None, MAX_TOLD).await {
        Ok(ids) => ask_to_index(app, account_id, &ids).await,
        Err(error) => note_untold(account_id, &AppError::from(error)),
    }
}

/// Tells search of these articles.
pub async fn ask_to_index(app: &App, account_id: AccountId, ids: &[ArticleId]) {
    if let Err(error) = send(app, messages(account_id, ids)).await {
        note_untold(account_id, &error);
    }
}

fn messages(account_id: AccountId, ids: &[ArticleId]) -> Vec<String> {
    ids.chunks(IDS_PER_MESSAGE)
        .map(|ids| {
            let message = serde_json::json!({
                "v": 1, "type": "articles.changed", "account_id": account_id, "article_ids": ids,
            });
            message.to_string()
        })
        .collect()
}

async fn send(app: &App, messages: Vec<String>) -> Result<(), AppError> {
    if messages.is_empty() {
        return Ok(());
    }
    let messages = messages.iter().map(|text| {
        RawMessageBuilder::new(JsValue::from_str(text))
            .build_with_content_type(QueueContentType::Text)
    });
    let batch = BatchMessageBuilder::new().messages(messages).build();
    let queue = app.env().queue(KNOWLEDGE_BINDING)?;
    Ok(queue.send_raw_batch(batch).await?)
}

fn note_untold(account_id: AccountId, error: &AppError) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: String,
        #[serde(rename = "account.id")]
        account_id: AccountId,
        #[serde(rename = "error.internal", skip_serializing_if = "Option::is_none")]
        error_internal: Option<&'a str>,
    }
    log(
        Level::Warn,
        &Line {
            message: format!("account {account_id}: search was not told of changed articles"),
            account_id,
            error_internal: error.internal.as_deref(),
        },
    );
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use ulid::Ulid;

    use super::*;

    #[test]
    fn fifty_articles_go_in_one_message() {
        let account_id = AccountId::new(Ulid(1));
        let ids: Vec<_> = (0..120).map(|n| ArticleId::new(Ulid(n))).collect();
        let messages = messages(account_id, &ids);
        let read: Vec<Value> = messages
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect();
        let n_ids: Vec<_> = read
            .iter()
            .map(|message| message["article_ids"].as_array().unwrap().len())
            .collect();
        assert_eq!(n_ids, [50, 50, 20]);
        assert_eq!(read[2]["article_ids"][19], ids[119].to_string());
        assert_eq!(read[0]["account_id"], account_id.to_string());
        assert_eq!(
            (&read[0]["v"], &read[0]["type"]),
            (&json!(1), &json!("articles.changed"))
        );
        assert!(super::messages(account_id, &[]).is_empty());
    }
}
