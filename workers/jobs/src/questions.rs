//! What open conversations ask: told to the account's `Knowledge` object.

use edgedesk_domain::ids::AccountId;
use edgedesk_drafting::questions::OpenQuestions;
use edgedesk_platform::log::{Level, log};
use edgedesk_retrieval::RetrievalError;
use edgedesk_wire::knowledge;
use edgedesk_wire::similar::{FORGET_PATH, ForgetQuestions, NOTE_PATH, NoteQuestion, Noted};
use serde::Serialize;

use crate::objects::Objects;

impl OpenQuestions for Objects<'_> {
    async fn note(
        &self,
        account_id: AccountId,
        request: &NoteQuestion,
    ) -> Result<(), RetrievalError> {
        let name = knowledge::object_name(account_id);
        let noted: Result<Noted, _> = self
            .post(knowledge::BINDING, &name, NOTE_PATH, request)
            .await;
        if let Err(error) = &noted {
            line(account_id, "a question was not noted", error);
        }
        noted.map(|_| ())
    }

    async fn forget(
        &self,
        account_id: AccountId,
        request: &ForgetQuestions,
    ) -> Result<(), RetrievalError> {
        let name = knowledge::object_name(account_id);
        let _: Noted = self
            .post(knowledge::BINDING, &name, FORGET_PATH, request)
            .await?;
        Ok(())
    }
}

fn line(account_id: AccountId, message: &str, error: &RetrievalError) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: &'a str,
        #[serde(rename = "account.id")]
        account_id: AccountId,
        detail: String,
    }
    let line = Line {
        message,
        account_id,
        detail: error.to_string(),
    };
    log(Level::Warn, &line);
}
