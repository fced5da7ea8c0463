//! `ConversationObject`: one conversation. The logic is `edgedesk_objects::conversation`.

use std::rc::Rc;

use edgedesk_domain::ids::{AccountId, ConversationId};
use edgedesk_domain::message::Actor;
use edgedesk_objects::conversation::{Address, Conversation, Reader};
use edgedesk_objects::sockets::not_text;
use edgedesk_platform::object_sql::DurableSql;
use edgedesk_wire::object::{
    ADD_ATTACHMENT_PATH, ASK_FOR_DRAFT_PATH, ASSIGN_PATH, DECISION_PATH, DRAFT_CONTEXT_PATH,
    EVENTS_PATH, FEEDBACK_PATH, FIND_ATTACHMENT_PATH, READ_PATH, RECEIVE_PATH,
    REJECT_SUGGESTION_PATH, ReadRequest, SEND_PATH, SOCKET_PATH, STATE_PATH, STATUS_PATH,
    STORE_DRAFT_PATH, SUGGESTIONS_PATH, TEAM_PATH, WITHDRAW_FEEDBACK_PATH,
};
use edgedesk_wire::privacy::{
    CONVERSATION_CANCEL_PATH, CONVERSATION_NAMES_PATH, CONVERSATION_REWRITE_PATH,
    CONVERSATION_SCHEDULE_PATH,
};
use worker::{
    DurableObject, Env, Error, Method, Request, Response, Result, State, WebSocket,
    WebSocketIncomingMessage, durable_object,
};

use super::host::{ObjectHost, after_frame, answer_close, attached};
use super::http::{
    Failure, answer, body, identity_of, json, json_text, name_of, not_found, principal_of,
    query_id, query_number, request_id, socket,
};
use super::outside::Bindings;

/// The object of one conversation, named `{account_id}:{conversation_id}`.
#[durable_object]
pub struct ConversationObject {
    state: Rc<State>,
    conversation: Rc<Conversation<DurableSql, ObjectHost>>,
    outside: Rc<Bindings>,
}

impl DurableObject for ConversationObject {
    fn new(state: State, env: Env) -> Self {
        let state = Rc::new(state);
        let sql = DurableSql::new(state.storage().sql());
        let conversation = Conversation::new(sql, ObjectHost::new(Rc::clone(&state), env.clone()));
        conversation.restore(conversation.host().identities());
        Self {
            state,
            conversation: Rc::new(conversation),
            outside: Rc::new(Bindings::new(env)),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let request_id = request_id(&request);
        let result = self.route(request).await;
        self.start_work();
        answer(request_id, "conversation", result)
    }

    async fn alarm(&self) -> Result<Response> {
        let outcome = self.conversation.alarm(&*self.outside).await;
        self.conversation.host().report_metrics();
        outcome.map_err(|error| Error::RustError(error.to_string()))?;
        Response::empty()
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> Result<()> {
        let Some((id, identity)) = attached(&socket) else {
            return Ok(());
        };
        match message {
            WebSocketIncomingMessage::String(text) => {
                let after = self.conversation.on_frame(id, &identity, &text).await;
                after_frame(&socket, after);
            }
            WebSocketIncomingMessage::Binary(_) => socket.send(&not_text())?,
        }
        self.start_work();
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        code: usize,
        reason: String,
        _was_clean: bool,
    ) -> Result<()> {
        answer_close(&socket, code, &reason);
        self.gone(&socket);
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
        self.gone(&socket);
        Ok(())
    }
}

impl ConversationObject {
    async fn route(&self, mut request: Request) -> std::result::Result<Response, Failure> {
        let address = address(&name_of(&request, &self.state)?)?;
        let mut reader = Reader::Platform;
        if let Some(principal) = principal_of(&request)? {
            self.conversation.check_viewer(address, &principal)?;
            reader = Reader::Person;
        }
        let path = request.path();
        match (request.method(), path.as_str()) {
            (Method::Post, RECEIVE_PATH) => {
                let body = body(&mut request).await?;
                json(&self.conversation.receive(address, body).await?)
            }
            (Method::Post, SEND_PATH) => {
                let body = body(&mut request).await?;
                json(&self.conversation.send(address, body).await?)
            }
            (Method::Post, STATUS_PATH) => {
                let body = body(&mut request).await?;
                json(&self.conversation.set_status(address, body).await?)
            }
            (Method::Post, ASSIGN_PATH) => {
                let body = body(&mut request).await?;
                json(&self.conversation.assign(address, body).await?)
            }
            (Method::Post, TEAM_PATH) => {
                let body = body(&mut request).await?;
                json(&self.conversation.give_to_team(address, body).await?)
            }
            (Method::Post, READ_PATH) => {
                let body: ReadRequest = body(&mut request).await?;
                let reader = Actor::Agent {
                    id: body.principal.user_id,
                    name: body.principal.name,
                };
                self.conversation
                    .mark_read(address, reader, body.read_seq)
                    .await?;
                json(&self.conversation.state(address)?)
            }
            (Method::Get, STATE_PATH) => json(&self.conversation.state(address)?),
            (Method::Get, EVENTS_PATH) => {
                let after_seq = query_number(&request, "after_seq")?.unwrap_or_default();
                let limit = query_number(&request, "limit")?;
                json_text(
                    self.conversation
                        .events_after(address, after_seq, limit, reader)?,
                )
            }
            (Method::Get, DECISION_PATH) => {
                let message_id = query_id(&request, "message_id")?;
                json(&self.conversation.decision(address, message_id)?)
            }
            (Method::Post, FEEDBACK_PATH) => {
                let body = body(&mut request).await?;
                json(&self.conversation.give_feedback(address, body).await?)
            }
            (Method::Post, WITHDRAW_FEEDBACK_PATH) => {
                let body = body(&mut request).await?;
                json(&self.conversation.withdraw_feedback(address, body).await?)
            }
            (Method::Post, CONVERSATION_SCHEDULE_PATH) => {
                let body = body(&mut request).await?;
                json(&self.conversation.schedule_erasure(address, body).await?)
            }
            (Method::Post, CONVERSATION_CANCEL_PATH) => {
                let body = body(&mut request).await?;
                json(&self.conversation.cancel_erasure(address, body).await?)
            }
            (Method::Get, CONVERSATION_NAMES_PATH) => {
                json(&self.conversation.known_names(address)?)
            }
            (Method::Post, CONVERSATION_REWRITE_PATH) => {
                let body = body(&mut request).await?;
                json(&self.conversation.rewrite(address, body).await?)
            }
            (Method::Post, ADD_ATTACHMENT_PATH) => {
                let body = body(&mut request).await?;
                json(&self.conversation.add_attachment(address, body).await?)
            }
            (Method::Post, FIND_ATTACHMENT_PATH) => {
                let body = body(&mut request).await?;
                json(&self.conversation.find_attachment(address, &body)?)
            }
            (Method::Get, SOCKET_PATH) => {
                let identity = identity_of(&request)?;
                self.conversation.admit(address, &identity)?;
                let (id, client) = self.conversation.host().open(&identity)?;
                self.conversation.opened(address, id, identity);
                socket(client)
            }
            _ => self.route_drafts(address, &mut request).await,
        }
    }

    /// What is about drafts.
    async fn route_drafts(
        &self,
        address: Address,
        request: &mut Request,
    ) -> std::result::Result<Response, Failure> {
        let path = request.path();
        match (request.method(), path.as_str()) {
            (Method::Get, DRAFT_CONTEXT_PATH) => {
                let message_id = query_id(request, "message_id")?;
                json(&self.conversation.draft_context(address, message_id)?)
            }
            (Method::Post, STORE_DRAFT_PATH) => {
                let body = body(request).await?;
                let stored = self
                    .conversation
                    .store_draft(address, body, &*self.outside)
                    .await?;
                json(&stored)
            }
            (Method::Post, ASK_FOR_DRAFT_PATH) => {
                let body = body(request).await?;
                json(&self.conversation.want_draft(address, &body)?)
            }
            (Method::Get, SUGGESTIONS_PATH) => json(&self.conversation.suggestions(address)?),
            (Method::Post, REJECT_SUGGESTION_PATH) => {
                let body = body(request).await?;
                json(&self.conversation.reject_suggestion(address, body).await?)
            }
            _ => Err(not_found()),
        }
    }

    /// Lets what follows from the log happen without anybody waiting for it.
    fn start_work(&self) {
        if self.conversation.has_work() {
            let conversation = Rc::clone(&self.conversation);
            let outside = Rc::clone(&self.outside);
            self.state
                .wait_until(async move { conversation.work(&*outside).await });
        }
        self.conversation.host().report_metrics();
    }

    fn gone(&self, socket: &WebSocket) {
        if let Some((id, _)) = attached(socket) {
            self.conversation.host().forget(id);
            self.conversation.closed(id);
            self.conversation.host().report_metrics();
        }
    }
}

/// The account and conversation in an object's name.
fn address(name: &str) -> std::result::Result<Address, Failure> {
    let (account, conversation) = name.split_once(':').ok_or_else(not_found)?;
    Ok(Address {
        account_id: account.parse::<AccountId>().map_err(|_| not_found())?,
        conversation_id: conversation
            .parse::<ConversationId>()
            .map_err(|_| not_found())?,
    })
}
