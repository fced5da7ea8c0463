//! From where an account lets its people and its API keys in. When it is looked at: [`crate::entrance`].

use edgedesk_domain::networks::{AllowedNetworks, MAX_NETWORKS};
use edgedesk_wire::security::{NetworksBody, NetworksView};
use http::{HeaderMap, StatusCode};

use crate::audit::security::SecurityEvent;
use crate::context::App;
use crate::entry::ADDRESS_HEADER;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesSecurity, SeesAccount, header_text};

/// `GET /api/v1/security/networks`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/security/networks", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = NetworksView), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_networks(
    app: App,
    headers: HeaderMap,
    Authed { principal, .. }: Authed<SeesAccount>,
) -> Result<axum::Json<NetworksView>, AppError> {
    let entrance = app.directory()?.find_entrance(principal.account_id).await?;
    Ok(axum::Json(view(&entrance.networks, &headers)))
}

/// `PUT /api/v1/security/networks`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/security/networks", tag = "admin", security(("access_token" = [])), request_body = NetworksBody,
    responses(
        (status = 200, body = NetworksView, description = "It counts within 5 s, for API keys and logins at once; open sockets end within a minute"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`; `people_only` for an API key"),
        (status = 409, body = crate::openapi::Problem, description = "`own_address_missing`: it would lock out the caller"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn change_networks(
    app: App,
    headers: HeaderMap,
    Authed { principal, .. }: Authed<ManagesSecurity>,
    Json(request): Json<NetworksBody>,
) -> Result<axum::Json<NetworksView>, AppError> {
    let networks = checked(&request, address_of(&headers))?;
    app.directory()?
        .set_networks(principal.account_id, &networks)
        .await?;
    app.note_standings(principal.account_id);
    Ok(axum::Json(view(&networks, &headers)))
}

/// Refuses who is somewhere else than the account lets its people in from.
pub fn check_address(networks: &AllowedNetworks, headers: &HeaderMap) -> Result<(), AppError> {
    if networks.allow(address_of(headers)) {
        return Ok(());
    }
    Err(AppError {
        internal: Some("address not on the account's list".to_owned()),
        security: Some(Box::new(SecurityEvent::AddressNotAllowed)),
        ..AppError::forbidden(
            "address_not_allowed",
            "this account is not open to the address that you are calling from",
        )
    })
}

/// The address that a request comes from, when the platform says it.
pub fn address_of(headers: &HeaderMap) -> Option<&str> {
    header_text(headers, ADDRESS_HEADER)
}

fn checked(request: &NetworksBody, own: Option<&str>) -> Result<AllowedNetworks, AppError> {
    let invalid = |pointer: String, detail: &str| {
        AppError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_value",
            "the list cannot be like this",
        )
        .with_field(pointer, detail)
    };
    if request.networks.len() > MAX_NETWORKS {
        return Err(invalid("/networks".to_owned(), "has at most 50 networks"));
    }
    let texts = request.networks.iter().map(String::as_str);
    let networks = AllowedNetworks::parse(texts).map_err(|place| {
        invalid(
            format!("/networks/{place}"),
            "is neither an address nor a network such as 203.0.113.0/24",
        )
    })?;
    if networks.allow(own) {
        Ok(networks)
    } else {
        Err(AppError::new(
            StatusCode::CONFLICT,
            "own_address_missing",
            "the address that you are calling from is not on the list: you would lock yourself out",
        ))
    }
}

fn view(networks: &AllowedNetworks, headers: &HeaderMap) -> NetworksView {
    NetworksView {
        networks: networks.to_texts(),
        own_address: address_of(headers).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(networks: &[&str]) -> NetworksBody {
        NetworksBody {
            networks: networks.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn nobody_locks_out_the_address_that_they_call_from() {
        let code =
            |networks: &[&str], own| checked(&body(networks), own).err().map(|error| error.code);
        let missing = Some("own_address_missing".to_owned());
        assert_eq!(code(&[], None), None);
        assert_eq!(code(&[], Some("203.0.113.7")), None);
        assert_eq!(code(&["203.0.113.0/24"], Some("203.0.113.7")), None);
        assert_eq!(code(&["203.0.113.0/24"], Some("198.51.100.7")), missing);
        assert_eq!(code(&["203.0.113.0/24"], Some("2001:db8::1")), missing);
        assert_eq!(code(&["203.0.113.0/24"], None), missing);
    }

    #[test]
    fn what_is_no_network_is_named_by_its_place() {
        let error = checked(&body(&["203.0.113.0/24", "office"]), None).unwrap_err();
        assert_eq!(error.code, "invalid_value");
        assert_eq!(error.errors[0].pointer, "/networks/1");
        let many = vec!["203.0.113.7"; 51];
        assert_eq!(
            checked(&body(&many), None).unwrap_err().code,
            "invalid_value"
        );
    }
}
