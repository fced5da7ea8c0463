//! The API document, made from the handlers' annotations. Not part of the Wasm: `cargo run -p edgedesk-gateway --features
//! openapi --example openapi` prints it, and the pages serve it as a file.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};

pub use edgedesk_wire::problem::Problem;

use crate::manners::idempotency::takes_no_key;
use crate::{
    accounts, admin, ai, api_keys, articles, assistant, attachments, audit, auth, browser,
    conversations, customers, decisions, desk, files, generators, health, hooks, inboxes, intents,
    invitations, knowledge, macros, members, metrics, networks, privacy, providers, roles,
    second_factor, sessions, similar, suggestions, teams, tickets, widget, zendesk, zero_trust,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Edgedesk",
        description = "The REST API, the hooks and the widget's API. Errors are `application/problem+json` with a stable `code`; \
            times are RFC 3339 UTC; ids are texts such as `cnv_` and 26 digits. Socket frames are described in docs/API.md. \
            Calls with a credential are counted for their account: answers carry `RateLimit`, `RateLimit-Policy` and `X-RateLimit-…`, \
            and over a limit every operation may answer 429 `rate_limited` with `Retry-After`.",
        license(name = "MIT OR Apache-2.0"),
    ),
    paths(
        health::get_health,
        health::get_live,
        health::get_ready,
        health::get_detailed,
        metrics::get_metrics,
        hooks::receive_hook,
        widget::open_session,
        widget::preflight_session,
        widget::open_socket,
        attachments::upload_as_visitor,
        attachments::preflight_upload,
        attachments::link_for_visitor,
        attachments::preflight_link,
        articles::show_article,
        articles::preflight_article,
        articles::vote_on_article,
        articles::withdraw_vote,
        articles::preflight_vote,
        auth::log_in,
        second_factor::log_in::show_code,
        auth::refresh,
        auth::log_out,
        browser::get_csrf_token,
        auth::get_me,
        zendesk::log_in,
        accounts::sign_up,
        accounts::create_account,
        invitations::get_offer,
        invitations::accept,
        providers::list_providers,
        providers::start,
        providers::finish,
        members::switch_account,
        members::list_accounts,
        sessions::list_sessions,
        sessions::end_all_sessions,
        sessions::end_session,
        second_factor::get_second_factor,
        second_factor::begin,
        second_factor::confirm,
        second_factor::renew_recovery_codes,
        second_factor::turn_off,
        auth::create_socket_ticket,
        conversations::list_conversations,
        conversations::get_conversation,
        conversations::list_messages,
        conversations::send_message,
        conversations::change_status,
        conversations::change_assignee,
        conversations::change_team,
        conversations::mark_read,
        conversations::list_analyses,
        conversations::open_socket,
        attachments::upload,
        attachments::make_link,
        similar::list_similar,
        suggestions::get_suggestions,
        suggestions::ask_for_suggestions,
        suggestions::reject,
        suggestions::take_rejection_back,
        decisions::get_decision,
        decisions::replay_decision,
        decisions::give_feedback,
        decisions::withdraw_feedback,
        customers::list_customers,
        customers::get_customer,
        customers::list_consents,
        customers::add_consent,
        customers::list_exports,
        customers::request_export,
        customers::make_export_link,
        files::get_file,
        ai::get_accuracy,
        ai::get_models,
        ai::get_suggestions,
        intents::list_intents,
        intents::create_intent,
        intents::get_intent,
        intents::replace_intent,
        intents::delete_intent,
        intents::train_intents,
        intents::list_versions,
        intents::list_promotions,
        intents::roll_back,
        intents::test_intents,
        knowledge::search_articles,
        knowledge::get_index,
        knowledge::rebuild_index,
        articles::list_gaps,
        articles::look_for_gaps,
        articles::dismiss_gap,
        articles::bring_gap_back,
        articles::list_articles,
        articles::create_article,
        articles::get_article,
        articles::change_article,
        articles::delete_article,
        articles::recrawl_article,
        articles::restore_article,
        articles::change_article_state,
        articles::list_article_versions,
        articles::get_article_version,
        articles::list_article_categories,
        articles::create_article_category,
        articles::rename_article_category,
        articles::delete_article_category,
        articles::import_articles,
        macros::list_macros,
        macros::create_macro,
        macros::get_macro,
        macros::replace_macro,
        macros::delete_macro,
        macros::fill_macro,
        tickets::list_tickets,
        tickets::get_ticket,
        desk::list_agents,
        desk::get_desk,
        desk::open_socket,
        teams::list_teams,
        teams::create_team,
        teams::change_team,
        teams::delete_team,
        teams::get_figures,
        members::list_members,
        members::change_role,
        members::remove_member,
        members::log_in::reset_second_factor,
        members::log_in::unlock,
        second_factor::rule::get_rule,
        second_factor::rule::change_rule,
        networks::get_networks,
        networks::change_networks,
        zero_trust::get_zero_trust,
        zero_trust::change_zero_trust,
        zero_trust::remove_zero_trust,
        zendesk::settings::get_link,
        zendesk::settings::change_link,
        zendesk::settings::remove_link,
        generators::get_generators,
        generators::change_generators,
        generators::get_usage,
        roles::list_roles,
        roles::create_role,
        roles::change_role,
        roles::delete_role,
        invitations::list_invitations,
        invitations::invite,
        invitations::renew,
        invitations::revoke,
        api_keys::list_api_keys,
        api_keys::create_api_key,
        api_keys::revoke_api_key,
        inboxes::list_inboxes,
        inboxes::create_inbox,
        inboxes::change_inbox,
        inboxes::set_inbox_secret,
        inboxes::change_inbox_team,
        assistant::change_inbox_assistant,
        assistant::get_assistant,
        assistant::stop_assistant,
        admin::list_deliveries,
        admin::rebuild,
        admin::get_checksum,
        admin::list_parked,
        admin::retry_parked,
        privacy::erase_customer,
        privacy::anonymise_customer,
        privacy::list_requests,
        privacy::get_request,
        privacy::cancel_request,
        audit::list_entries,
        audit::feed::list_security_events,
        audit::list_roots,
        audit::prove_inclusion,
        audit::prove_consistency,
    ),
    tags(
        (name = "auth", description = "Logging in, and tickets for sockets"),
        (name = "conversations", description = "Threads of messages with one customer"),
        (name = "decisions", description = "What the models decided, why, and what agents say of it"),
        (name = "customers", description = "Who writes in, what they agreed to, and archives of what is known of them"),
        (name = "ai", description = "Models, their accuracy, and the account's own intents"),
        (name = "suggestions", description = "What is offered to agents as answers"),
        (name = "assistant", description = "Whether the assistant answers customers, and what came of it"),
        (name = "knowledge", description = "Articles of the knowledge base, macros and templates"),
        (name = "tickets", description = "The work items opened from conversations"),
        (name = "desk", description = "The live desk of an account"),
        (name = "hooks", description = "What providers send"),
        (name = "widget", description = "The widget's own API"),
        (name = "admin", description = "Members, API keys, deliveries, parked messages, rebuilds"),
        (name = "privacy", description = "Erasing customers' data and making it anonymous"),
        (name = "audit", description = "Who did what, in a log that nobody can change unnoticed"),
        (name = "health", description = "Operations"),
    ),
    modifiers(&AccessToken, &Manners),
)]
struct Document;

struct AccessToken;

impl Modify for AccessToken {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        document
            .components
            .get_or_insert_with(Default::default)
            .add_security_scheme(
                "access_token",
                SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
            );
    }
}

/// What every route takes without saying so itself (`crate::manners`).
struct Manners;

impl Modify for Manners {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            if !path.starts_with("/api/v1/") || path.starts_with("/api/v1/auth/") {
                continue;
            }
            if let Some(operation) = &mut item.get {
                describe_reading(operation);
            }
            let changes = [
                &mut item.post,
                &mut item.put,
                &mut item.patch,
                &mut item.delete,
            ];
            for operation in changes.into_iter().flatten() {
                if !takes_no_key(path) {
                    add(
                        operation,
                        header(
                            "Idempotency-Key",
                            "Makes a repeat within a day return the first answer; 1 to 255 visible characters",
                        ),
                    );
                }
                if operation.responses.responses.contains_key("412") {
                    add(
                        operation,
                        header(
                            "If-Match",
                            "The `ETag` of what the change is made of; another one is 412 and nothing is done",
                        ),
                    );
                }
            }
        }
    }
}

fn describe_reading(operation: &mut Operation) {
    let answers_json = operation.responses.responses.get("200").is_some_and(|response| {
        matches!(response, RefOr::T(response) if response.content.contains_key("application/json"))
    });
    if !answers_json {
        return;
    }
    let fields = ParameterBuilder::new()
        .name("fields")
        .parameter_in(ParameterIn::Query)
        .description(Some("Names of fields, such as `id,customer.name`: of each resource in the answer these alone are given"))
        .schema(Some(text()));
    add(operation, fields.build());
    add(
        operation,
        header(
            "If-None-Match",
            "An `ETag` from before: 304 without a body while it is still true",
        ),
    );
    let unchanged = ResponseBuilder::new().description("It is what `If-None-Match` names");
    let responses = &mut operation.responses.responses;
    responses.insert("304".to_owned(), RefOr::T(unchanged.build()));
}

fn add(operation: &mut Operation, parameter: Parameter) {
    operation
        .parameters
        .get_or_insert_default()
        .push(RefOr::T(parameter));
}

fn header(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .description(Some(description))
        .schema(Some(text()))
        .build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// The document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
