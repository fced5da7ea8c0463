//! Whether somebody comes in a way that the account lets its people in: from one of its networks, and through its Cloudflare Access
//! application. Looked at whenever somebody signs in or renews their session, at each request of a session, and when a socket is
//! opened. Customers in the widget and webhooks of providers are not concerned; of API keys the networks alone are looked at.

use edgedesk_domain::ids::AccountId;
use edgedesk_domain::networks::AllowedNetworks;
use edgedesk_store::directory::ZeroTrust;
use http::HeaderMap;

use crate::context::App;
use crate::error::AppError;
use crate::networks::check_address;
use crate::zero_trust::check_assertion;

/// Refuses who comes in another way.
pub async fn check_entrance(
    app: &App,
    headers: &HeaderMap,
    networks: &AllowedNetworks,
    zero_trust: Option<&ZeroTrust>,
) -> Result<(), AppError> {
    check_address(networks, headers)?;
    match zero_trust {
        Some(asked) => check_assertion(app, headers, asked).await,
        None => Ok(()),
    }
}

/// The same, for the user with this address, who has no session yet.
pub async fn check_newcomer(
    app: &App,
    headers: &HeaderMap,
    account_id: AccountId,
    email: &str,
) -> Result<(), AppError> {
    let entrance = app.directory()?.find_entrance(account_id).await?;
    let zero_trust = entrance.application.map(|application| ZeroTrust {
        application,
        email: email.to_owned(),
    });
    check_entrance(app, headers, &entrance.networks, zero_trust.as_ref()).await
}
