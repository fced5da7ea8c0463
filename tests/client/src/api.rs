//! The REST API and the hooks.

use std::time::Duration;

use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::ids::{ConversationId, InboxId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::api::{
    ConversationList, ConversationResponse, MessageList, MessageView, SocketTicketResponse,
    TokenResponse, WidgetSessionResponse,
};
use edgedesk_wire::problem::Problem;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::stack::{Login, ZendeskInbox};
use crate::zendesk::{Delivery, sign};
use crate::{ClientError, Socket};

/// A gateway, and who one is to it.
#[derive(Debug, Clone)]
pub struct Edgedesk {
    base: String,
    http: reqwest::Client,
    bearer: Option<String>,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The method of the request.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// How long an idle connection is kept: less than the five seconds after which workerd closes it, or a request could be sent
/// into one that is just being closed.
const IDLE: Duration = Duration::from_secs(2);

impl Edgedesk {
    /// A caller without a credential.
    #[must_use]
    pub fn anonymous(base: &str) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            http: reqwest::Client::builder()
                .pool_idle_timeout(IDLE)
                .build()
                .unwrap_or_default(),
            bearer: None,
        }
    }

    /// The same gateway with this access token.
    #[must_use]
    pub fn with_token(&self, access_token: &str) -> Self {
        Self {
            bearer: Some(access_token.to_owned()),
            ..self.clone()
        }
    }

    /// Where the gateway is, without a slash at the end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Logs in.
    ///
    /// # Errors
    /// When the login is refused or the gateway does not answer.
    pub async fn login(&self, login: &Login) -> Result<Self, ClientError> {
        Ok(self.with_token(&self.tokens(login).await?.access_token))
    }

    /// Logs in and gives both tokens.
    ///
    /// # Errors
    /// When the login is refused or the gateway does not answer.
    pub async fn tokens(&self, login: &Login) -> Result<TokenResponse, ClientError> {
        self.post(
            "/api/v1/auth/login",
            &json!({"email": login.email, "password": login.password}),
        )
        .await?
        .expect(200)?
        .json()
    }

    /// A request with the credential, to a path that begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// When the gateway does not answer.
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer, ClientError> {
        let request = request.build()?;
        let (method, url) = (request.method().to_string(), request.url().clone());
        let response = self.http.execute(request).await?;
        Ok(Answer {
            method,
            path: url.path().to_owned(),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await?.to_vec(),
        })
    }

    /// `GET`, whatever the status.
    ///
    /// # Errors
    /// When the gateway does not answer.
    pub async fn get(&self, path: &str) -> Result<Answer, ClientError> {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST` of a JSON body, whatever the status.
    ///
    /// # Errors
    /// When the gateway does not answer.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, ClientError> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Signs a delivery as of now and posts it to the inbox's hook.
    ///
    /// # Errors
    /// When the gateway does not answer.
    pub async fn deliver(
        &self,
        inbox: &ZendeskInbox,
        delivery: &Delivery,
    ) -> Result<Answer, ClientError> {
        self.deliver_at(inbox, delivery, &now_text()).await
    }

    /// Signs a delivery as of a time.
    ///
    /// # Errors
    /// When the gateway does not answer.
    pub async fn deliver_at(
        &self,
        inbox: &ZendeskInbox,
        delivery: &Delivery,
        timestamp: &str,
    ) -> Result<Answer, ClientError> {
        let url = format!("{}/hooks/zendesk/{}", self.base, inbox.inbox_id);
        self.deliver_to(&url, &inbox.secret, delivery, timestamp)
            .await
    }

    /// Signs a delivery with a secret, as of a time, and posts it to any URL.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn deliver_to(
        &self,
        url: &str,
        secret: &str,
        delivery: &Delivery,
        timestamp: &str,
    ) -> Result<Answer, ClientError> {
        let signature = sign(secret, timestamp, &delivery.body);
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header("user-agent", "Zendesk Webhook")
            .header("x-zendesk-webhook-signature", signature)
            .header("x-zendesk-webhook-signature-timestamp", timestamp)
            .header("x-zendesk-webhook-invocation-id", &delivery.invocation_id)
            .header("x-zendesk-webhook-id", "01J0000000000000000000WEBH")
            .header("x-zendesk-account-id", "22129848")
            .body(delivery.body.clone());
        self.send(request).await
    }

    /// One page of conversations; `query` without the question mark.
    ///
    /// # Errors
    /// When the answer is not 200.
    pub async fn conversations(&self, query: &str) -> Result<ConversationList, ClientError> {
        self.get(&format!("/api/v1/conversations?{query}"))
            .await?
            .expect(200)?
            .json()
    }

    /// The conversation of a provider's thread, once D1 has it.
    ///
    /// # Errors
    /// When the answer is not 200.
    pub async fn by_external_id(
        &self,
        inbox: InboxId,
        external_id: &str,
    ) -> Result<Option<ConversationState>, ClientError> {
        let list = self
            .conversations(&format!("inbox_id={inbox}&external_id={external_id}"))
            .await?;
        Ok(list.conversations.into_iter().next())
    }

    /// One conversation, fresh from its log.
    ///
    /// # Errors
    /// When the answer is not 200.
    pub async fn conversation(&self, id: ConversationId) -> Result<ConversationState, ClientError> {
        let response: ConversationResponse = self
            .get(&format!("/api/v1/conversations/{id}"))
            .await?
            .expect(200)?
            .json()?;
        Ok(response.conversation)
    }

    /// Every message of a conversation, page by page.
    ///
    /// # Errors
    /// When an answer is not 200.
    pub async fn messages(&self, id: ConversationId) -> Result<Vec<MessageView>, ClientError> {
        let (mut messages, mut after) = (Vec::new(), 0);
        loop {
            let page: MessageList = self
                .get(&format!(
                    "/api/v1/conversations/{id}/messages?after_seq={after}"
                ))
                .await?
                .expect(200)?
                .json()?;
            messages.extend(page.messages);
            match page.next_after_seq {
                Some(next) => after = next,
                None => return Ok(messages),
            }
        }
    }

    /// A visitor's session.
    ///
    /// # Errors
    /// When the answer is not 200 or 201.
    pub async fn widget_session(
        &self,
        inbox_key: &str,
    ) -> Result<WidgetSessionResponse, ClientError> {
        self.post("/widget/v1/sessions", &json!({ "inbox_key": inbox_key }))
            .await?
            .expect_success()?
            .json()
    }

    /// The visitor's socket.
    ///
    /// # Errors
    /// When it is not opened.
    pub async fn widget_socket(&self, token: &str) -> Result<Socket, ClientError> {
        Socket::open(&self.base, &format!("/widget/v1/socket?token={token}")).await
    }

    /// A ticket for the desk's socket, or for that of one conversation.
    ///
    /// # Errors
    /// When the answer is not 200 or 201.
    pub async fn socket_ticket(
        &self,
        conversation: Option<ConversationId>,
    ) -> Result<String, ClientError> {
        let body = conversation.map_or_else(|| json!({}), |id| json!({ "conversation_id": id }));
        let response: SocketTicketResponse = self
            .post("/api/v1/socket-tickets", &body)
            .await?
            .expect_success()?
            .json()?;
        Ok(response.ticket)
    }

    /// The desk's socket, with a fresh ticket.
    ///
    /// # Errors
    /// When it is not opened.
    pub async fn desk_socket(&self) -> Result<Socket, ClientError> {
        let ticket = self.socket_ticket(None).await?;
        Socket::open(&self.base, &format!("/api/v1/desk/socket?ticket={ticket}")).await
    }

    /// An agent's socket to a conversation, with a fresh ticket.
    ///
    /// # Errors
    /// When it is not opened.
    pub async fn conversation_socket(&self, id: ConversationId) -> Result<Socket, ClientError> {
        let ticket = self.socket_ticket(Some(id)).await?;
        Socket::open(
            &self.base,
            &format!("/api/v1/conversations/{id}/socket?ticket={ticket}"),
        )
        .await
    }
}

impl Answer {
    /// Insists on a status.
    ///
    /// # Errors
    /// When it is another; the error shows the body.
    pub fn expect(self, status: u16) -> Result<Self, ClientError> {
        if self.status == status {
            Ok(self)
        } else {
            Err(self.unexpected())
        }
    }

    /// Insists on any 2xx.
    ///
    /// # Errors
    /// When it is another; the error shows the body.
    pub fn expect_success(self) -> Result<Self, ClientError> {
        if (200..300).contains(&self.status) {
            Ok(self)
        } else {
            Err(self.unexpected())
        }
    }

    /// The body as a type.
    ///
    /// # Errors
    /// When it is not of that shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body)
            .map_err(|error| ClientError::Json(error, self.text().chars().take(400).collect()))
    }

    /// The body as problem details, when it says that it is.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        let kind = self.header("content-type")?;
        if !kind.starts_with(edgedesk_wire::problem::CONTENT_TYPE) {
            return None;
        }
        self.json().ok()
    }

    /// The body as text, with what is no UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header that is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn unexpected(self) -> ClientError {
        ClientError::Status {
            body: self.text(),
            method: self.method,
            path: self.path,
            status: self.status,
        }
    }
}

/// Now, on this machine's clock.
#[must_use]
pub fn now() -> Timestamp {
    #[expect(
        clippy::disallowed_methods,
        reason = "this crate runs on a developer's machine, never in Wasm"
    )]
    let now = std::time::SystemTime::now();
    let millis = now
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis());
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Now, in the form that Zendesk signs: whole seconds.
#[must_use]
pub fn now_text() -> String {
    let text = Timestamp::from_millis(now().seconds() * 1000).to_string();
    text.replace(".000Z", "Z")
}
