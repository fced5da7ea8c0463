//! All routes, once: the router and the list that the API document is checked against come from the same table.

use axum::Router;
use axum::routing::{delete, get, options, post, put};

use crate::context::note_route;
use crate::limits::count_sign_in;
use crate::{
    accounts, admin, ai, api_keys, articles, assets, assistant, attachments, audit, auth, browser,
    conversations, customers, decisions, desk, files, generators, health, hooks, inboxes, intents,
    invitations, knowledge, macros, members, metrics, networks, privacy, providers, roles,
    second_factor, sessions, similar, suggestions, teams, tickets, widget, zendesk, zero_trust,
};

macro_rules! routes {
    ($($method:ident $path:literal => $handler:path),* $(,)?) => {
        /// Method and path of every route.
        #[cfg(test)]
        pub const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),*];

        /// The router. Built once per isolate and cloned for each request, which costs a reference count.
        pub fn router() -> Router {
            Router::new()
                $(.route($path, $method($handler)))*
                .route_layer(axum::middleware::from_fn(count_sign_in))
                .route_layer(axum::middleware::from_fn(note_route))
                .fallback(assets::serve_asset)
        }
    };
}

routes! {
    get "/health" => health::get_health,
    get "/health/live" => health::get_live,
    get "/health/ready" => health::get_ready,
    get "/health/detailed" => health::get_detailed,
    get "/metrics" => metrics::get_metrics,

    post "/hooks/{channel}/{inbox_id}" => hooks::receive_hook,

    post "/widget/v1/sessions" => widget::open_session,
    options "/widget/v1/sessions" => widget::preflight_session,
    get "/widget/v1/socket" => widget::open_socket,

    post "/widget/v1/attachments" => attachments::upload_as_visitor,
    options "/widget/v1/attachments" => attachments::preflight_upload,
    post "/widget/v1/attachments/{attachment_id}/link" => attachments::link_for_visitor,
    options "/widget/v1/attachments/{attachment_id}/link" => attachments::preflight_link,

    get "/widget/v1/articles/{article_id}" => articles::show_article,
    options "/widget/v1/articles/{article_id}" => articles::preflight_article,
    put "/widget/v1/articles/{article_id}/vote" => articles::vote_on_article,
    delete "/widget/v1/articles/{article_id}/vote" => articles::withdraw_vote,
    options "/widget/v1/articles/{article_id}/vote" => articles::preflight_vote,

    get "/files/v1/{file}" => files::get_file,

    post "/api/v1/auth/login" => auth::log_in,
    post "/api/v1/auth/second-factor" => second_factor::log_in::show_code,
    post "/api/v1/auth/refresh" => auth::refresh,
    post "/api/v1/auth/logout" => auth::log_out,
    get "/api/v1/auth/csrf" => browser::get_csrf_token,
    get "/api/v1/auth/invitation" => invitations::get_offer,
    post "/api/v1/auth/invitation" => invitations::accept,
    get "/api/v1/auth/providers" => providers::list_providers,
    post "/api/v1/auth/providers/start" => providers::start,
    post "/api/v1/auth/providers/finish" => providers::finish,
    post "/api/v1/auth/zendesk" => zendesk::log_in,
    post "/api/v1/auth/sign-up" => accounts::sign_up,
    post "/api/v1/auth/switch" => members::switch_account,
    post "/api/v1/accounts" => accounts::create_account,
    get "/api/v1/me" => auth::get_me,
    get "/api/v1/me/accounts" => members::list_accounts,
    get "/api/v1/me/sessions" => sessions::list_sessions,
    delete "/api/v1/me/sessions" => sessions::end_all_sessions,
    delete "/api/v1/me/sessions/{session_id}" => sessions::end_session,
    get "/api/v1/me/second-factor" => second_factor::get_second_factor,
    post "/api/v1/me/second-factor" => second_factor::begin,
    post "/api/v1/me/second-factor/confirm" => second_factor::confirm,
    post "/api/v1/me/second-factor/recovery-codes" => second_factor::renew_recovery_codes,
    post "/api/v1/me/second-factor/turn-off" => second_factor::turn_off,
    post "/api/v1/socket-tickets" => auth::create_socket_ticket,

    get "/api/v1/conversations" => conversations::list_conversations,
    get "/api/v1/conversations/{id}" => conversations::get_conversation,
    get "/api/v1/conversations/{id}/messages" => conversations::list_messages,
    post "/api/v1/conversations/{id}/messages" => conversations::send_message,
    post "/api/v1/conversations/{id}/status" => conversations::change_status,
    post "/api/v1/conversations/{id}/assignee" => conversations::change_assignee,
    post "/api/v1/conversations/{id}/team" => conversations::change_team,
    post "/api/v1/conversations/{id}/read" => conversations::mark_read,
    get "/api/v1/conversations/{id}/analysis" => conversations::list_analyses,
    post "/api/v1/conversations/{id}/attachments" => attachments::upload,
    post "/api/v1/conversations/{id}/attachments/{attachment_id}/link" => attachments::make_link,
    get "/api/v1/conversations/{id}/socket" => conversations::open_socket,

    get "/api/v1/conversations/{id}/similar" => similar::list_similar,
    get "/api/v1/conversations/{id}/suggestions" => suggestions::get_suggestions,
    post "/api/v1/conversations/{id}/suggestions" => suggestions::ask_for_suggestions,
    post "/api/v1/conversations/{id}/suggestions/{suggestion_id}/reject" => suggestions::reject,
    delete "/api/v1/conversations/{id}/suggestions/{suggestion_id}/reject" => suggestions::take_rejection_back,

    get "/api/v1/conversations/{id}/messages/{message_id}/decision" => decisions::get_decision,
    post "/api/v1/conversations/{id}/messages/{message_id}/decision/replay" => decisions::replay_decision,
    post "/api/v1/conversations/{id}/messages/{message_id}/feedback" => decisions::give_feedback,
    delete "/api/v1/conversations/{id}/messages/{message_id}/feedback/{field}" => decisions::withdraw_feedback,

    get "/api/v1/customers" => customers::list_customers,
    get "/api/v1/customers/{customer_id}" => customers::get_customer,
    get "/api/v1/customers/{customer_id}/consents" => customers::list_consents,
    post "/api/v1/customers/{customer_id}/consents" => customers::add_consent,
    get "/api/v1/customers/{customer_id}/exports" => customers::list_exports,
    post "/api/v1/customers/{customer_id}/exports" => customers::request_export,
    post "/api/v1/customers/{customer_id}/exports/{export_id}/link" => customers::make_export_link,

    get "/api/v1/ai/accuracy" => ai::get_accuracy,
    get "/api/v1/ai/models" => ai::get_models,
    get "/api/v1/ai/suggestions" => ai::get_suggestions,
    get "/api/v1/ai/intents" => intents::list_intents,
    post "/api/v1/ai/intents" => intents::create_intent,
    post "/api/v1/ai/intents/train" => intents::train_intents,
    post "/api/v1/ai/intents/test" => intents::test_intents,
    get "/api/v1/ai/intents/versions" => intents::list_versions,
    get "/api/v1/ai/intents/promotions" => intents::list_promotions,
    post "/api/v1/ai/intents/rollback" => intents::roll_back,
    get "/api/v1/ai/intents/{intent_id}" => intents::get_intent,
    put "/api/v1/ai/intents/{intent_id}" => intents::replace_intent,
    delete "/api/v1/ai/intents/{intent_id}" => intents::delete_intent,

    post "/api/v1/articles/search" => knowledge::search_articles,
    get "/api/v1/articles/index" => knowledge::get_index,
    post "/api/v1/articles/index/rebuild" => knowledge::rebuild_index,
    get "/api/v1/articles/gaps" => articles::list_gaps,
    post "/api/v1/articles/gaps/run" => articles::look_for_gaps,
    post "/api/v1/articles/gaps/{gap_id}/dismiss" => articles::dismiss_gap,
    delete "/api/v1/articles/gaps/{gap_id}/dismiss" => articles::bring_gap_back,
    get "/api/v1/articles" => articles::list_articles,
    post "/api/v1/articles" => articles::create_article,
    get "/api/v1/articles/{article_id}" => articles::get_article,
    put "/api/v1/articles/{article_id}" => articles::change_article,
    delete "/api/v1/articles/{article_id}" => articles::delete_article,
    post "/api/v1/articles/{article_id}/recrawl" => articles::recrawl_article,
    post "/api/v1/articles/{article_id}/restore" => articles::restore_article,
    put "/api/v1/articles/{article_id}/state" => articles::change_article_state,
    get "/api/v1/articles/{article_id}/versions" => articles::list_article_versions,
    get "/api/v1/articles/{article_id}/versions/{version}" => articles::get_article_version,
    get "/api/v1/article-categories" => articles::list_article_categories,
    post "/api/v1/article-categories" => articles::create_article_category,
    put "/api/v1/article-categories/{category_id}" => articles::rename_article_category,
    delete "/api/v1/article-categories/{category_id}" => articles::delete_article_category,
    post "/api/v1/article-imports" => articles::import_articles,

    get "/api/v1/macros" => macros::list_macros,
    post "/api/v1/macros" => macros::create_macro,
    get "/api/v1/macros/{macro_id}" => macros::get_macro,
    put "/api/v1/macros/{macro_id}" => macros::replace_macro,
    delete "/api/v1/macros/{macro_id}" => macros::delete_macro,
    post "/api/v1/macros/{macro_id}/fill" => macros::fill_macro,

    get "/api/v1/tickets" => tickets::list_tickets,
    get "/api/v1/tickets/{key}" => tickets::get_ticket,

    get "/api/v1/agents" => desk::list_agents,
    get "/api/v1/desk" => desk::get_desk,
    get "/api/v1/desk/socket" => desk::open_socket,

    get "/api/v1/teams" => teams::list_teams,
    post "/api/v1/teams" => teams::create_team,
    get "/api/v1/teams/figures" => teams::get_figures,
    put "/api/v1/teams/{team_id}" => teams::change_team,
    delete "/api/v1/teams/{team_id}" => teams::delete_team,

    get "/api/v1/members" => members::list_members,
    put "/api/v1/members/{user_id}/role" => members::change_role,
    delete "/api/v1/members/{user_id}" => members::remove_member,
    post "/api/v1/members/{user_id}/second-factor/reset" => members::log_in::reset_second_factor,
    post "/api/v1/members/{user_id}/unlock" => members::log_in::unlock,
    get "/api/v1/security/second-factor" => second_factor::rule::get_rule,
    put "/api/v1/security/second-factor" => second_factor::rule::change_rule,
    get "/api/v1/security/networks" => networks::get_networks,
    put "/api/v1/security/networks" => networks::change_networks,
    get "/api/v1/security/zero-trust" => zero_trust::get_zero_trust,
    put "/api/v1/security/zero-trust" => zero_trust::change_zero_trust,
    delete "/api/v1/security/zero-trust" => zero_trust::remove_zero_trust,
    get "/api/v1/security/zendesk" => zendesk::settings::get_link,
    put "/api/v1/security/zendesk" => zendesk::settings::change_link,
    delete "/api/v1/security/zendesk" => zendesk::settings::remove_link,
    get "/api/v1/generators" => generators::get_generators,
    put "/api/v1/generators" => generators::change_generators,
    get "/api/v1/generators/usage" => generators::get_usage,
    get "/api/v1/roles" => roles::list_roles,
    post "/api/v1/roles" => roles::create_role,
    put "/api/v1/roles/{role_id}" => roles::change_role,
    delete "/api/v1/roles/{role_id}" => roles::delete_role,
    get "/api/v1/invitations" => invitations::list_invitations,
    post "/api/v1/invitations" => invitations::invite,
    post "/api/v1/invitations/{invitation_id}/renew" => invitations::renew,
    delete "/api/v1/invitations/{invitation_id}" => invitations::revoke,

    get "/api/v1/api-keys" => api_keys::list_api_keys,
    post "/api/v1/api-keys" => api_keys::create_api_key,
    delete "/api/v1/api-keys/{key_id}" => api_keys::revoke_api_key,

    get "/api/v1/inboxes" => inboxes::list_inboxes,
    post "/api/v1/inboxes" => inboxes::create_inbox,
    put "/api/v1/inboxes/{id}" => inboxes::change_inbox,
    put "/api/v1/inboxes/{id}/secret" => inboxes::set_inbox_secret,
    put "/api/v1/inboxes/{id}/team" => inboxes::change_inbox_team,
    put "/api/v1/inboxes/{id}/assistant" => assistant::change_inbox_assistant,
    get "/api/v1/assistant" => assistant::get_assistant,
    put "/api/v1/assistant" => assistant::stop_assistant,
    get "/api/v1/inboxes/{id}/deliveries" => admin::list_deliveries,
    post "/api/v1/admin/rebuild" => admin::rebuild,
    get "/api/v1/admin/checksum" => admin::get_checksum,
    get "/api/v1/admin/parked" => admin::list_parked,
    post "/api/v1/admin/parked/{id}/retry" => admin::retry_parked,

    post "/api/v1/customers/{customer_id}/erasure" => privacy::erase_customer,
    post "/api/v1/customers/{customer_id}/anonymisation" => privacy::anonymise_customer,
    get "/api/v1/privacy-requests" => privacy::list_requests,
    get "/api/v1/privacy-requests/{request_id}" => privacy::get_request,
    post "/api/v1/privacy-requests/{request_id}/cancel" => privacy::cancel_request,

    get "/api/v1/audit" => audit::list_entries,
    get "/api/v1/audit/feed" => audit::feed::list_security_events,
    get "/api/v1/audit/roots" => audit::list_roots,
    get "/api/v1/audit/proofs/inclusion" => audit::prove_inclusion,
    get "/api/v1/audit/proofs/consistency" => audit::prove_consistency,
}

#[cfg(test)]
mod tests;
