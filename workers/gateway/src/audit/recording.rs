//! What of a request goes into the audit log, and how it gets there.
//!
//! Recorded are all changes through the API, logins that succeed or fail, access to what customers and agents wrote, and
//! what a role was refused of these. It happens after the answer, which does not wait for it. A log that does not take a
//! record at once is asked again for some seconds; a record that is lost all the same is written to the Worker's log, whole.

use std::time::Duration;

use edgedesk_audit::entry::{Actor, Outcome, Record, Resource, is_plain};
use edgedesk_domain::ids::AccountId;
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::time::sleep;
use edgedesk_wire::audit::{APPEND_PATH, AppendRequest, Appended};
use http::{Method, StatusCode};
use serde::Serialize;

use crate::context::{App, Trail};
use crate::error::AppError;
use crate::object_client::Object;

/// Waits before the second, third and fourth attempt. The platform lets work go on for 30 s after an answer; an object that
/// was moved or restarted is back within seconds.
const DELAYS: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_secs(2),
    Duration::from_secs(8),
];

/// A route that leaves an entry.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    method: Method,
    route: &'static str,
    action: &'static str,
    /// The kind of the resource.
    resource: &'static str,
    /// The parameter of the path that names it.
    pub param: Option<&'static str>,
}

/// The action of a login that failed. One that succeeds is the rule's.
const LOGIN_FAILED: &str = "login.failed";
/// The action of a failed login that locks its address.
const LOGIN_LOCKED: &str = "login.locked";
/// The action of a wrong code in the second step of a login.
const CODE_FAILED: &str = "login.code_failed";
const LOGIN_ROUTE: &str = "/api/v1/auth/login";
const CODE_ROUTE: &str = "/api/v1/auth/second-factor";
/// Asks for a password as a login does, of an invited person who is a user already.
const INVITATION_ROUTE: &str = "/api/v1/auth/invitation";
/// The second half of a login with an identity provider.
const PROVIDER_ROUTE: &str = "/api/v1/auth/providers/finish";
/// The same with a Zendesk.
const ZENDESK_ROUTE: &str = "/api/v1/auth/zendesk";

macro_rules! rules {
    ($($method:ident $route:literal => $action:literal $resource:literal $($param:literal)?,)*) => {
        const RULES: &[Rule] = &[$(Rule {
            method: Method::$method,
            route: $route,
            action: $action,
            resource: $resource,
            param: rules!(@param $($param)?),
        }),*];
    };
    (@param) => { None };
    (@param $param:literal) => { Some($param) };
}

// Every route that changes something is here: `tests::every_change_of_the_api_leaves_an_entry`.
rules! {
    POST "/api/v1/auth/login" => "login.succeeded" "user",
    POST "/api/v1/auth/second-factor" => "login.succeeded" "user",
    POST "/api/v1/auth/providers/start" => "login.started" "user",
    POST "/api/v1/auth/providers/finish" => "login.with_provider" "user",
    POST "/api/v1/auth/zendesk" => "login.with_zendesk" "user",
    POST "/api/v1/auth/refresh" => "session.refreshed" "user",
    POST "/api/v1/auth/logout" => "session.ended" "user",
    DELETE "/api/v1/me/sessions" => "sessions.all_ended" "user",
    DELETE "/api/v1/me/sessions/{session_id}" => "session.revoked" "session" "session_id",
    POST "/api/v1/auth/switch" => "session.switched" "user",
    POST "/api/v1/auth/invitation" => "invitation.accepted" "invitation",
    POST "/api/v1/me/second-factor" => "second_factor.begun" "user",
    POST "/api/v1/me/second-factor/confirm" => "second_factor.turned_on" "user",
    POST "/api/v1/me/second-factor/recovery-codes" => "recovery_codes.renewed" "user",
    POST "/api/v1/me/second-factor/turn-off" => "second_factor.turned_off" "user",
    POST "/api/v1/socket-tickets" => "socket_ticket.issued" "socket_ticket",

    GET "/api/v1/conversations/{id}/messages" => "messages.read" "conversation" "id",
    GET "/api/v1/conversations/{id}/analysis" => "analyses.read" "conversation" "id",
    GET "/api/v1/conversations/{id}/socket" => "conversation.joined" "conversation" "id",
    POST "/api/v1/conversations/{id}/messages" => "message.sent" "conversation" "id",
    POST "/api/v1/conversations/{id}/status" => "conversation.status_changed" "conversation" "id",
    POST "/api/v1/conversations/{id}/assignee" => "conversation.assigned" "conversation" "id",
    POST "/api/v1/conversations/{id}/team" => "conversation.team_changed" "conversation" "id",
    POST "/api/v1/conversations/{id}/read" => "conversation.marked_read" "conversation" "id",

    GET "/api/v1/conversations/{id}/messages/{message_id}/decision" => "decision.read" "message" "message_id",
    POST "/api/v1/conversations/{id}/messages/{message_id}/decision/replay" => "decision.replayed" "message" "message_id",
    POST "/api/v1/conversations/{id}/messages/{message_id}/feedback" => "analysis.corrected" "message" "message_id",
    DELETE "/api/v1/conversations/{id}/messages/{message_id}/feedback/{field}" => "analysis.correction_withdrawn" "message" "message_id",

    GET "/api/v1/customers/{customer_id}" => "customer.read" "customer" "customer_id",
    GET "/api/v1/customers/{customer_id}/consents" => "consents.read" "customer" "customer_id",
    POST "/api/v1/customers/{customer_id}/consents" => "consent.recorded" "customer" "customer_id",
    GET "/api/v1/customers/{customer_id}/exports" => "customer_exports.read" "customer" "customer_id",
    POST "/api/v1/customers/{customer_id}/exports" => "customer_export.requested" "customer" "customer_id",
    POST "/api/v1/customers/{customer_id}/exports/{export_id}/link" => "customer_export.link_made" "customer_export" "export_id",
    GET "/files/v1/{file}" => "file.fetched" "file",
    POST "/api/v1/conversations/{id}/attachments" => "attachment.uploaded" "conversation" "id",
    POST "/api/v1/conversations/{id}/attachments/{attachment_id}/link" => "attachment.link_made" "attachment" "attachment_id",

    POST "/api/v1/ai/intents" => "intent.created" "intent",
    PUT "/api/v1/ai/intents/{intent_id}" => "intent.changed" "intent" "intent_id",
    DELETE "/api/v1/ai/intents/{intent_id}" => "intent.deleted" "intent" "intent_id",
    POST "/api/v1/ai/intents/train" => "intents.trained" "intents",
    POST "/api/v1/ai/intents/test" => "intents.tested" "intents",
    POST "/api/v1/conversations/{id}/suggestions" => "suggestions.asked" "conversation" "id",
    POST "/api/v1/conversations/{id}/suggestions/{suggestion_id}/reject" => "suggestion.rejected" "suggestion" "suggestion_id",
    DELETE "/api/v1/conversations/{id}/suggestions/{suggestion_id}/reject" => "suggestion.rejection_withdrawn" "suggestion" "suggestion_id",
    POST "/api/v1/articles/search" => "articles.searched" "articles",
    POST "/api/v1/articles/index/rebuild" => "articles.index_rebuilt" "articles",
    POST "/api/v1/ai/intents/rollback" => "intents.rolled_back" "intents",

    POST "/api/v1/articles/gaps/run" => "articles.gaps_looked_for" "articles",
    POST "/api/v1/articles/gaps/{gap_id}/dismiss" => "article_gap.dismissed" "article_gap" "gap_id",
    DELETE "/api/v1/articles/gaps/{gap_id}/dismiss" => "article_gap.brought_back" "article_gap" "gap_id",
    POST "/api/v1/articles" => "article.created" "article",
    PUT "/api/v1/articles/{article_id}" => "article.changed" "article" "article_id",
    DELETE "/api/v1/articles/{article_id}" => "article.deleted" "article" "article_id",
    POST "/api/v1/articles/{article_id}/recrawl" => "article.recrawled" "article" "article_id",
    POST "/api/v1/articles/{article_id}/restore" => "article.restored" "article" "article_id",
    PUT "/api/v1/articles/{article_id}/state" => "article.state_changed" "article" "article_id",
    POST "/api/v1/article-categories" => "article_category.created" "article_category",
    PUT "/api/v1/article-categories/{category_id}" => "article_category.renamed" "article_category" "category_id",
    DELETE "/api/v1/article-categories/{category_id}" => "article_category.deleted" "article_category" "category_id",
    POST "/api/v1/article-imports" => "articles.imported" "article_import",
    POST "/api/v1/macros" => "macro.created" "macro",
    PUT "/api/v1/macros/{macro_id}" => "macro.changed" "macro" "macro_id",
    DELETE "/api/v1/macros/{macro_id}" => "macro.deleted" "macro" "macro_id",
    POST "/api/v1/macros/{macro_id}/fill" => "macro.filled" "macro" "macro_id",

    POST "/api/v1/teams" => "team.created" "team",
    PUT "/api/v1/teams/{team_id}" => "team.changed" "team" "team_id",
    DELETE "/api/v1/teams/{team_id}" => "team.deleted" "team" "team_id",

    PUT "/api/v1/members/{user_id}/role" => "member.role_changed" "member" "user_id",
    DELETE "/api/v1/members/{user_id}" => "member.removed" "member" "user_id",
    POST "/api/v1/members/{user_id}/second-factor/reset" => "second_factor.reset" "member" "user_id",
    POST "/api/v1/members/{user_id}/unlock" => "member.unlocked" "member" "user_id",
    PUT "/api/v1/security/second-factor" => "second_factor_rule.changed" "account",
    PUT "/api/v1/security/networks" => "allowed_networks.changed" "account",
    PUT "/api/v1/security/zero-trust" => "zero_trust.turned_on" "account",
    DELETE "/api/v1/security/zero-trust" => "zero_trust.turned_off" "account",
    PUT "/api/v1/security/zendesk" => "zendesk.linked" "account",
    DELETE "/api/v1/security/zendesk" => "zendesk.unlinked" "account",
    PUT "/api/v1/generators" => "generators.changed" "account",
    POST "/api/v1/roles" => "role.created" "role",
    PUT "/api/v1/roles/{role_id}" => "role.changed" "role" "role_id",
    DELETE "/api/v1/roles/{role_id}" => "role.deleted" "role" "role_id",
    POST "/api/v1/invitations" => "invitation.sent" "invitation",
    POST "/api/v1/invitations/{invitation_id}/renew" => "invitation.renewed" "invitation" "invitation_id",
    DELETE "/api/v1/invitations/{invitation_id}" => "invitation.revoked" "invitation" "invitation_id",

    POST "/api/v1/api-keys" => "api_key.created" "api_key",
    DELETE "/api/v1/api-keys/{key_id}" => "api_key.revoked" "api_key" "key_id",

    POST "/api/v1/auth/sign-up" => "account.created" "account",
    POST "/api/v1/accounts" => "account.created" "account",
    POST "/api/v1/inboxes" => "inbox.created" "inbox",
    PUT "/api/v1/inboxes/{id}" => "inbox.changed" "inbox" "id",
    PUT "/api/v1/inboxes/{id}/secret" => "inbox.secret_set" "inbox" "id",
    PUT "/api/v1/inboxes/{id}/team" => "inbox.team_changed" "inbox" "id",
    PUT "/api/v1/inboxes/{id}/assistant" => "inbox.assistant_changed" "inbox" "id",
    PUT "/api/v1/assistant" => "assistant.switched" "account",
    GET "/api/v1/inboxes/{id}/deliveries" => "deliveries.read" "inbox" "id",
    GET "/api/v1/admin/parked" => "parked_messages.read" "parked_messages",
    POST "/api/v1/admin/parked/{id}/retry" => "parked_message.retried" "parked_message" "id",
    POST "/api/v1/admin/rebuild" => "read_model.rebuilt" "read_model",

    POST "/api/v1/customers/{customer_id}/erasure" => "customer.erasure_requested" "customer" "customer_id",
    POST "/api/v1/customers/{customer_id}/anonymisation" => "customer.anonymisation_requested" "customer" "customer_id",
    POST "/api/v1/privacy-requests/{request_id}/cancel" => "privacy_request.cancelled" "privacy_request" "request_id",

    GET "/api/v1/audit" => "audit_log.read" "audit_log",
    GET "/api/v1/audit/feed" => "audit_log.exported" "audit_log",
}

/// The rule of a route, if it has one.
#[must_use]
pub fn rule_of(method: &Method, route: &str) -> Option<&'static Rule> {
    RULES
        .iter()
        .find(|rule| rule.route == route && rule.method == *method)
}

/// What a request that was answered with `status` leaves in whose log.
#[must_use]
pub fn record_of(
    trail: &Trail,
    status: StatusCode,
    request_id: &str,
    ip: Option<String>,
) -> Option<(AccountId, Record)> {
    let rule = trail.rule?;
    // Nobody's log without a credential or, for a login, the user that was meant.
    let account_id = trail.account_id?;
    let is_change = rule.method != Method::GET;
    let is_login = [
        LOGIN_ROUTE,
        CODE_ROUTE,
        INVITATION_ROUTE,
        PROVIDER_ROUTE,
        ZENDESK_ROUTE,
    ]
    .contains(&rule.route);
    let is_failed_login = is_login && status == StatusCode::UNAUTHORIZED;
    let outcome = match status {
        // Who is told that what they have is still true has read it.
        status
            if status.is_success()
                || status == StatusCode::SWITCHING_PROTOCOLS
                || status == StatusCode::NOT_MODIFIED =>
        {
            Outcome::Succeeded
        }
        StatusCode::FORBIDDEN => Outcome::Refused,
        _ if is_failed_login => Outcome::Refused,
        status if is_change && status.is_server_error() => Outcome::Failed,
        _ => return None,
    };
    let user_id = trail.user_id.map(|id| id.to_string());
    // A failed login is about whom it was for, wherever it was tried.
    let kind = if is_failed_login {
        "user"
    } else {
        rule.resource
    };
    // What does not name a resource by an id of ours was refused or is nobody's, and could be anything.
    let resource_id = trail
        .resource_id
        .clone()
        .or_else(|| user_id.filter(|_| kind == "user"))
        .filter(|id| is_plain(id));
    Some((
        account_id,
        Record {
            id: request_id.to_owned(),
            actor: if is_failed_login {
                Actor::Anonymous
            } else {
                actor_of(trail)
            },
            action: match is_failed_login {
                _ if trail.is_lock => LOGIN_LOCKED,
                true if rule.route == CODE_ROUTE => CODE_FAILED,
                true => LOGIN_FAILED,
                false => trail.action.unwrap_or(rule.action),
            }
            .to_owned(),
            resource: Resource {
                kind: kind.to_owned(),
                id: resource_id,
            },
            outcome,
            request_id: Some(request_id.to_owned()),
            ip,
        },
    ))
}

/// Who made a request, as far as a credential says.
#[must_use]
pub fn actor_of(trail: &Trail) -> Actor {
    match (trail.api_key_id, trail.user_id) {
        (Some(id), _) => Actor::ApiKey { id: id.to_string() },
        (None, Some(id)) => Actor::User { id },
        (None, None) => Actor::Anonymous,
    }
}

/// Puts a record into an account's log, or into ours.
pub async fn record(app: App, account_id: AccountId, record: Record) {
    let request = AppendRequest { record };
    let object = Object::audit(&app, account_id);
    let append = async || object.post::<Appended>(APPEND_PATH, &request).await;
    if let Err(error) = insist(append, sleep).await {
        report_lost(account_id, &request.record, &error);
    }
}

/// Tries until it works, is refused, or [`DELAYS`] are used up. A record that is in the log already stays there once.
async fn insist<T>(
    mut attempt: impl AsyncFnMut() -> Result<T, AppError>,
    mut wait: impl AsyncFnMut(Duration),
) -> Result<T, AppError> {
    let mut delays = DELAYS.into_iter();
    loop {
        match attempt().await {
            Err(error) if error.status.is_server_error() => match delays.next() {
                Some(delay) => wait(delay).await,
                None => return Err(error),
            },
            outcome => return outcome,
        }
    }
}

fn report_lost(account_id: AccountId, record: &Record, error: &AppError) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: String,
        #[serde(rename = "account.id")]
        account_id: AccountId,
        #[serde(rename = "request.id")]
        request_id: &'a str,
        #[serde(rename = "audit.record")]
        record: &'a Record,
        #[serde(rename = "error.internal", skip_serializing_if = "Option::is_none")]
        error_internal: Option<&'a str>,
    }
    log(
        Level::Error,
        &Line {
            message: format!(
                "audit: account {account_id}: record {} is in no audit log: {}",
                record.id, error.code
            ),
            account_id,
            request_id: &record.id,
            record,
            error_internal: error.internal.as_deref(),
        },
    );
}

#[cfg(test)]
mod tests;
