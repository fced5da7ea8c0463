//! `KnowledgeObject`: what one account's articles say, searched. The logic is `edgedesk_objects::knowledge`.

use std::cell::OnceCell;

use edgedesk_domain::ids::AccountId;
use edgedesk_objects::knowledge::Knowledge;
use edgedesk_objects::knowledge::chosen::ChosenRows;
use edgedesk_objects::knowledge::questions::Questions;
use edgedesk_platform::object_sql::DurableSql;
use edgedesk_platform::time::SystemClock;
use edgedesk_platform::vectorize::VectorizeIndex;
use edgedesk_wire::knowledge::{INDEX_PATH, IndexArticle, SEARCH_PATH, STATUS_PATH, object_name};
use edgedesk_wire::similar::{FORGET_PATH, NOTE_PATH, SIMILAR_PATH};
use worker::{DurableObject, Env, Method, Request, Response, Result, State, durable_object};

use super::http::{Failure, answer, body, json, name_of, not_found, query_id, request_id};

type Rows = ChosenRows<VectorizeIndex, DurableSql, SystemClock>;
type Object = Knowledge<DurableSql, SystemClock, Rows>;

/// The object of one account's knowledge, named `{account_id}:knowledge`.
#[durable_object(fetch)]
pub struct KnowledgeObject {
    state: State,
    env: Env,
    /// Made with the first request, which names the account.
    knowledge: OnceCell<Object>,
    questions: OnceCell<Questions<DurableSql, SystemClock>>,
}

impl DurableObject for KnowledgeObject {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            knowledge: OnceCell::new(),
            questions: OnceCell::new(),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let request_id = request_id(&request);
        let result = self.route(request).await;
        answer(request_id, "knowledge", result)
    }
}

impl KnowledgeObject {
    async fn route(&self, mut request: Request) -> std::result::Result<Response, Failure> {
        let account_id = account(&name_of(&request, &self.state)?)?;
        let knowledge = self.knowledge.get_or_init(|| {
            let sql = || DurableSql::new(self.state.storage().sql());
            let binding = VectorizeIndex::of(&self.env);
            let rows = Rows::of(account_id, binding, sql(), SystemClock);
            Knowledge::new(account_id, sql(), SystemClock, rows)
        });
        let questions = self.questions.get_or_init(|| {
            let sql = DurableSql::new(self.state.storage().sql());
            Questions::new(account_id, sql, SystemClock)
        });
        match (request.method(), request.path().as_str()) {
            (Method::Post, INDEX_PATH) => {
                let article: IndexArticle = body(&mut request).await?;
                json(&knowledge.index(&article).await?)
            }
            (Method::Post, SEARCH_PATH) => {
                let search = body(&mut request).await?;
                json(&knowledge.search(&search).await?)
            }
            (Method::Get, STATUS_PATH) => json(&knowledge.status().await?),
            (Method::Post, NOTE_PATH) => json(&questions.note(&body(&mut request).await?)?),
            (Method::Post, FORGET_PATH) => json(&questions.forget(&body(&mut request).await?)?),
            (Method::Get, SIMILAR_PATH) => {
                let conversation_id = query_id(&request, "conversation_id")?;
                json(&questions.similar(conversation_id)?)
            }
            _ => Err(not_found()),
        }
    }
}

/// The account in the object's name.
fn account(name: &str) -> std::result::Result<AccountId, Failure> {
    name.split_once(':')
        .and_then(|(account, _)| account.parse::<AccountId>().ok())
        .filter(|account| object_name(*account) == name)
        .ok_or_else(not_found)
}
