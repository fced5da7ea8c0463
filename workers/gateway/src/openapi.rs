//! The API document, made from the handlers' annotations. Not part of the Wasm: `cargo run -p edgedesk-gateway --features
//! openapi --example openapi` prints it, and the pages serve it as a file.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

pub use edgedesk_wire::problem::Problem;

use crate::{
    accounts, admin, ai, api_keys, attachments, audit, auth, browser, conversations, customers,
    decisions, desk, files, health, hooks, inboxes, intents, invitations, knowledge, members,
    networks, privacy, providers, roles, second_factor, sessions, teams, tickets, widget, zendesk,
    zero_trust,
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
        hooks::receive_hook,
        widget::open_session,
        widget::preflight_session,
        widget::open_socket,
        attachments::upload_as_visitor,
        attachments::preflight_upload,
        attachments::link_for_visitor,
        attachments::preflight_link,
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
        (name = "tickets", description = "The work items opened from conversations"),
        (name = "desk", description = "The live desk of an account"),
        (name = "hooks", description = "What providers send"),
        (name = "widget", description = "The widget's own API"),
        (name = "admin", description = "Members, API keys, deliveries, parked messages, rebuilds"),
        (name = "privacy", description = "Erasing customers' data and making it anonymous"),
        (name = "audit", description = "Who did what, in a log that nobody can change unnoticed"),
        (name = "health", description = "Operations"),
    ),
    modifiers(&AccessToken),
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

/// The document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
