//! Requests to the objects.

use edgedesk_domain::ids::{AccountId, ConversationId};
use edgedesk_retrieval::{KnowledgeIndex, RetrievalError};
use edgedesk_store::projector::{LogReader, ReadError, RegistryReader};
use edgedesk_wire::desk::{self, RegistryResponse};
use edgedesk_wire::knowledge::{self, FindPlaces, FoundPlaces, IndexArticle, Indexed};
use edgedesk_wire::object::{self, EventsResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, Request, RequestInit};

/// Host of the URLs that objects are asked by; they look at the path only.
const BASE: &str = "http://object";

/// The objects of this deployment.
#[derive(Debug, Clone, Copy)]
pub struct Objects<'a> {
    /// Holds the bindings.
    pub env: &'a Env,
}

impl LogReader for Objects<'_> {
    async fn read_events(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        after_seq: u64,
        limit: u32,
    ) -> Result<EventsResponse, ReadError> {
        let name = object::object_name(account_id, conversation_id);
        let path = format!(
            "{}?after_seq={after_seq}&limit={limit}",
            object::EVENTS_PATH
        );
        let found = self.get(object::BINDING, &name, &path).await?;
        // No log is an empty log.
        Ok(found.unwrap_or(EventsResponse {
            events: Vec::new(),
            head_seq: 0,
        }))
    }
}

impl RegistryReader for Objects<'_> {
    async fn read_registry(
        &self,
        account_id: AccountId,
        after: u64,
        limit: u32,
    ) -> Result<RegistryResponse, ReadError> {
        let name = desk::object_name(account_id);
        let path = format!("{}?after={after}&limit={limit}", desk::REGISTRY_PATH);
        let found = self.get(desk::BINDING, &name, &path).await?;
        Ok(found.unwrap_or(RegistryResponse {
            conversations: Vec::new(),
            next_after: None,
        }))
    }
}

impl KnowledgeIndex for Objects<'_> {
    async fn index(
        &self,
        account_id: AccountId,
        request: &IndexArticle,
    ) -> Result<Indexed, RetrievalError> {
        self.post(
            knowledge::BINDING,
            &knowledge::object_name(account_id),
            knowledge::INDEX_PATH,
            request,
        )
        .await
    }

    async fn find(
        &self,
        account_id: AccountId,
        request: &FindPlaces,
    ) -> Result<FoundPlaces, RetrievalError> {
        let name = knowledge::object_name(account_id);
        let found: FoundPlaces = self
            .post(knowledge::BINDING, &name, knowledge::SEARCH_PATH, request)
            .await?;
        if found.account_id == account_id {
            Ok(found)
        } else {
            Err(RetrievalError::Refused(
                "the answer is another account's".to_owned(),
            ))
        }
    }
}

impl Objects<'_> {
    /// A request with a body. What an object refuses it will refuse again.
    pub async fn post<T: DeserializeOwned>(
        &self,
        binding: &str,
        name: &str,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, RetrievalError> {
        let body = serde_json::to_string(body)
            .map_err(|error| RetrievalError::Refused(error.to_string()))?;
        let (status, body) = self
            .fetch(binding, name, path, Some(&body))
            .await
            .map_err(|error| RetrievalError::Unavailable(format!("{name}: {error}")))?;
        match status {
            200..=299 => serde_json::from_slice(&body)
                .map_err(|_| RetrievalError::Refused(format!("{name}: an unexpected answer"))),
            400..=499 => Err(RetrievalError::Refused(format!(
                "{name}: answered {status}"
            ))),
            _ => Err(RetrievalError::Unavailable(format!(
                "{name}: answered {status}"
            ))),
        }
    }

    /// Reads; `None` where there is nothing.
    pub async fn get<T: DeserializeOwned>(
        &self,
        binding: &str,
        name: &str,
        path: &str,
    ) -> Result<Option<T>, ReadError> {
        let answer = self
            .fetch(binding, name, path, None)
            .await
            .map_err(|error| ReadError(format!("{name}: {error}")))?;
        match answer {
            (200, body) => serde_json::from_slice(&body)
                .map(Some)
                .map_err(|_| ReadError(format!("{name}: the answer has an unexpected shape"))),
            (404, _) => Ok(None),
            (status, _) => Err(ReadError(format!("{name}: answered {status}"))),
        }
    }

    async fn fetch(
        &self,
        binding: &str,
        name: &str,
        path: &str,
        body: Option<&str>,
    ) -> worker::Result<(u16, Vec<u8>)> {
        let headers = Headers::new();
        headers.set(object::NAME_HEADER, name)?;
        let mut init = RequestInit::new();
        init.with_method(Method::Get);
        if let Some(body) = body {
            headers.set("content-type", "application/json")?;
            init.with_method(Method::Post)
                .with_body(Some(JsValue::from_str(body)));
        }
        init.with_headers(headers);
        let request = Request::new_with_init(&format!("{BASE}{path}"), &init)?;
        let stub = self.env.durable_object(binding)?.get_by_name(name)?;
        let mut response = stub.fetch_with_request(request).await?;
        Ok((response.status_code(), response.bytes().await?))
    }
}
