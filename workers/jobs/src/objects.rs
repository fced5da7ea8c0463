//! Reading logs and registries from the objects.

use edgedesk_domain::ids::{AccountId, ConversationId};
use edgedesk_store::projector::{LogReader, ReadError, RegistryReader};
use edgedesk_wire::desk::{self, RegistryResponse};
use edgedesk_wire::object::{self, EventsResponse};
use serde::de::DeserializeOwned;
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

impl Objects<'_> {
    async fn get<T: DeserializeOwned>(
        &self,
        binding: &str,
        name: &str,
        path: &str,
    ) -> Result<Option<T>, ReadError> {
        let answer = self
            .fetch(binding, name, path)
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

    async fn fetch(&self, binding: &str, name: &str, path: &str) -> worker::Result<(u16, Vec<u8>)> {
        let headers = Headers::new();
        headers.set(object::NAME_HEADER, name)?;
        let mut init = RequestInit::new();
        init.with_method(Method::Get).with_headers(headers);
        let request = Request::new_with_init(&format!("{BASE}{path}"), &init)?;
        let stub = self.env.durable_object(binding)?.get_by_name(name)?;
        let mut response = stub.fetch_with_request(request).await?;
        Ok((response.status_code(), response.bytes().await?))
    }
}
