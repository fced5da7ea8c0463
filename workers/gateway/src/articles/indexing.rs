//! Search hears of what changed: ids of articles on a queue, whose consumer reads what search should know of them now.
//!
//! A change is stored before, and does not fail when search cannot be told: the rows know what search does not know yet, and an
//! hourly sweep tells it.

use edgedesk_domain::ids::{AccountId, ArticleId};
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::queue::send_json;
use edgedesk_wire::articles::ArticleSummary;
use edgedesk_wire::knowledge::{KnowledgeMessage, MAX_ARTICLES_OF_MESSAGE, QUEUE_BINDING};
use serde::Serialize;

use crate::context::App;

/// Tells search of an article as it is after a change, if search should know of it.
pub async fn ask_if_pending(app: &App, account_id: AccountId, article: &ArticleSummary) {
    if !article.is_indexed {
        ask_to_index(app, account_id, &[article.id]).await;
    }
}

/// Asks that all articles be looked at of which search does not know the last change.
pub async fn ask_for_pending(app: &App, account_id: AccountId) {
    tell(
        app,
        account_id,
        &KnowledgeMessage::LookForPending { account_id },
    )
    .await;
}

/// Tells search of these articles.
pub async fn ask_to_index(app: &App, account_id: AccountId, ids: &[ArticleId]) {
    for message in messages(account_id, ids) {
        tell(app, account_id, &message).await;
    }
}

fn messages(account_id: AccountId, ids: &[ArticleId]) -> Vec<KnowledgeMessage> {
    ids.chunks(MAX_ARTICLES_OF_MESSAGE)
        .map(|ids| KnowledgeMessage::ArticlesChanged {
            account_id,
            article_ids: ids.to_vec(),
        })
        .collect()
}

async fn tell(app: &App, account_id: AccountId, message: &KnowledgeMessage) {
    #[derive(Serialize)]
    struct Line {
        message: String,
        #[serde(rename = "account.id")]
        account_id: AccountId,
        #[serde(rename = "error.internal")]
        error_internal: String,
    }
    if let Err(error) = send_json(app.env(), QUEUE_BINDING, message, None).await {
        log(
            Level::Warn,
            &Line {
                message: format!("account {account_id}: search was not told of changed articles"),
                account_id,
                error_internal: error.to_string(),
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    #[test]
    fn fifty_articles_go_in_one_message() {
        let account = AccountId::new(Ulid(1));
        let ids: Vec<_> = (0..120).map(|n| ArticleId::new(Ulid(n))).collect();
        let sent: Vec<Vec<ArticleId>> = messages(account, &ids)
            .into_iter()
            .map(|message| match message {
                KnowledgeMessage::ArticlesChanged {
                    account_id,
                    article_ids,
                } if account_id == account => article_ids,
                other => panic!("{other:?}"),
            })
            .collect();
        let n_ids: Vec<_> = sent.iter().map(Vec::len).collect();
        assert_eq!(n_ids, [50, 50, 20]);
        assert_eq!(sent.concat(), ids);
        assert!(messages(account, &[]).is_empty());
    }
}
