//! The inference Worker, over its service binding.

use edgedesk_retrieval::{Embedder, RetrievalError};
use edgedesk_wire::inference::{BINDING, EMBED_PATH, EmbedRequest, EmbedResponse};
use wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, Request, RequestInit, Response};

/// The models of this deployment.
#[derive(Debug, Clone, Copy)]
pub struct Inference<'a> {
    /// Holds the binding.
    pub env: &'a Env,
}

impl Embedder for Inference<'_> {
    async fn embed(&self, texts: Vec<String>) -> Result<EmbedResponse, RetrievalError> {
        let body = serde_json::to_string(&EmbedRequest { texts }).map_err(refused)?;
        let headers = Headers::new();
        headers
            .set("content-type", "application/json")
            .map_err(unavailable)?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post)
            .with_headers(headers)
            .with_body(Some(JsValue::from_str(&body)));
        let request = Request::new_with_init(&format!("http://inference{EMBED_PATH}"), &init)
            .map_err(unavailable)?;
        let service = self.env.service(BINDING).map_err(unavailable)?;
        let response = service.fetch_request(request).await.map_err(unavailable)?;
        let mut response = Response::try_from(response).map_err(unavailable)?;
        match response.status_code() {
            200 => {
                let text = response.text().await.map_err(unavailable)?;
                serde_json::from_str(&text).map_err(refused)
            }
            status @ 400..=499 => Err(refused(format!("inference answered {status}"))),
            status => Err(unavailable(format!("inference answered {status}"))),
        }
    }
}

fn unavailable(error: impl std::fmt::Display) -> RetrievalError {
    RetrievalError::Unavailable(error.to_string())
}

fn refused(error: impl std::fmt::Display) -> RetrievalError {
    RetrievalError::Refused(error.to_string())
}
