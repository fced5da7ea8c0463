//! `DeskObject`: the desk of one account. The logic is `edgedesk_objects::desk`.

use std::rc::Rc;

use edgedesk_domain::ids::AccountId;
use edgedesk_objects::desk::Desk;
use edgedesk_objects::sockets::not_text;
use edgedesk_platform::object_sql::DurableSql;
use edgedesk_wire::desk::{
    DELIVERIES_PATH, FORGET_DELIVERIES_PATH, LOOK_PATH, NOTIFY_PATH, REGISTRY_PATH, RESERVE_PATH,
    SOCKET_PATH, STATE_PATH, object_name,
};
use worker::{
    DurableObject, Env, Error, Method, Request, Response, Result, State, WebSocket,
    WebSocketIncomingMessage, durable_object,
};

use super::host::{ObjectHost, after_frame, answer_close, attached};
use super::http::{
    Failure, answer, body, identity_of, json, name_of, not_found, query_number, request_id, socket,
};
use super::outside::Bindings;

/// The object of one account's desk, named `{account_id}:desk`.
#[durable_object]
pub struct DeskObject {
    state: Rc<State>,
    desk: Rc<Desk<DurableSql, ObjectHost>>,
    outside: Rc<Bindings>,
}

impl DurableObject for DeskObject {
    fn new(state: State, env: Env) -> Self {
        let state = Rc::new(state);
        let sql = DurableSql::new(state.storage().sql());
        let desk = Desk::new(sql, ObjectHost::new(Rc::clone(&state), env.clone()));
        desk.restore(desk.host().identities());
        Self {
            state,
            desk: Rc::new(desk),
            outside: Rc::new(Bindings::new(env)),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let request_id = request_id(&request);
        let result = self.route(request).await;
        self.start_to_watch();
        answer(request_id, "desk", result)
    }

    async fn alarm(&self) -> Result<Response> {
        let outcome = self.desk.alarm(&*self.outside).await;
        self.desk.host().report_metrics();
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
                after_frame(&socket, self.desk.on_frame(id, &identity, &text));
            }
            WebSocketIncomingMessage::Binary(_) => socket.send(&not_text())?,
        }
        self.start_to_watch();
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

impl DeskObject {
    async fn route(&self, mut request: Request) -> std::result::Result<Response, Failure> {
        let account_id = account(&name_of(&request, &self.state)?)?;
        let path = request.path();
        match (request.method(), path.as_str()) {
            (Method::Post, NOTIFY_PATH) => {
                let body = body(&mut request).await?;
                json(&self.desk.notify(account_id, body)?)
            }
            (Method::Post, RESERVE_PATH) => {
                let body = body(&mut request).await?;
                json(&self.desk.reserve(account_id, &body)?)
            }
            (Method::Get, STATE_PATH) => json(&self.desk.state(account_id)?),
            (Method::Get, REGISTRY_PATH) => {
                let after = query_number(&request, "after")?.unwrap_or_default();
                let limit = query_number(&request, "limit")?;
                json(&self.desk.registry(account_id, after, limit)?)
            }
            (Method::Post, DELIVERIES_PATH) => {
                let body = body(&mut request).await?;
                self.desk.note_delivery(account_id, body)?;
                Ok(Response::empty()?)
            }
            (Method::Post, FORGET_DELIVERIES_PATH) => {
                let body = body(&mut request).await?;
                self.desk.forget_deliveries(account_id, &body)?;
                Ok(Response::empty()?)
            }
            (Method::Get, DELIVERIES_PATH) => json(&self.desk.deliveries(account_id)?),
            (Method::Post, LOOK_PATH) => {
                self.desk.watch_now(&*self.outside).await?;
                Ok(Response::empty()?)
            }
            (Method::Get, SOCKET_PATH) => {
                let identity = identity_of(&request)?;
                self.desk.admit(account_id, &identity)?;
                let (id, client) = self.desk.host().open(&identity)?;
                self.desk.opened(account_id, id, identity)?;
                socket(client)
            }
            _ => Err(not_found()),
        }
    }

    /// Lets sockets be looked at without anybody waiting for it.
    fn start_to_watch(&self) {
        if self.desk.has_to_watch() {
            let desk = Rc::clone(&self.desk);
            let outside = Rc::clone(&self.outside);
            self.state.wait_until(async move {
                // What could not be set is reported by the runtime, and tried again with the next request.
                let _ = desk.watch(&*outside).await;
            });
        }
        self.desk.host().report_metrics();
    }

    fn gone(&self, socket: &WebSocket) {
        if let Some((id, _)) = attached(socket) {
            self.desk.host().forget(id);
            self.desk.closed(id);
            self.desk.host().report_metrics();
        }
    }
}

/// The account in a desk's name.
fn account(name: &str) -> std::result::Result<AccountId, Failure> {
    name.split_once(':')
        .and_then(|(account, _)| account.parse::<AccountId>().ok())
        .filter(|account| object_name(*account) == name)
        .ok_or_else(not_found)
}
