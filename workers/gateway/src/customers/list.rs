//! Who writes in. An agent sees customers of whom they see a conversation; managers and above see all
//! ([decision 27](../../../../docs/decisions/0027-own-or-team-access.md)). Their conversations are in the list of
//! conversations, by `customer_id`.

use edgedesk_domain::ids::CustomerId;
use edgedesk_store::shards::SeenBy;
use edgedesk_wire::customers::{CustomerList, CustomerResponse};
use serde::Deserialize;

use crate::account_store::store_of;
use crate::context::App;
use crate::conversations::read_limit;
use crate::error::AppError;
use crate::extract::{Authed, Path, Query, SeesCustomers};

/// Most characters that are searched for.
const MAX_QUERY_CHARS: usize = 200;

/// `?query=&cursor=&limit=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct CustomersQuery {
    /// Only those whose name or e-mail address begins with this, whatever the case of the letters a to z.
    query: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
}

/// `GET /api/v1/customers`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/customers", tag = "customers", security(("access_token" = [])),
    params(CustomersQuery),
    responses(
        (status = 200, body = CustomerList, description = "Those who came last first; an agent's are those of whom they see a conversation"),
        (status = 400, body = crate::openapi::Problem, description = "The query or the cursor cannot be read"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn list_customers(
    app: App,
    Authed { principal, .. }: Authed<SeesCustomers>,
    Query(query): Query<CustomersQuery>,
) -> Result<axum::Json<CustomerList>, AppError> {
    let prefix = query.query.as_deref().map(str::trim);
    let prefix = prefix.filter(|prefix| !prefix.is_empty());
    if prefix.is_some_and(|prefix| prefix.chars().count() > MAX_QUERY_CHARS) {
        return Err(AppError::bad_request(
            "invalid_query",
            format!("query has at most {MAX_QUERY_CHARS} characters"),
        ));
    }
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let page = store
        .list_customers(
            prefix,
            SeenBy::of(principal.viewer()).as_ref(),
            query.cursor.as_deref(),
            read_limit(query.limit),
        )
        .await?;
    Ok(axum::Json(CustomerList {
        customers: page.items,
        next_cursor: page.next_cursor,
    }))
}

/// `GET /api/v1/customers/{customer_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/customers/{customer_id}", tag = "customers", security(("access_token" = [])),
    params(("customer_id" = CustomerId, Path)),
    responses(
        (status = 200, body = CustomerResponse), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "There is none, or none of whom the caller sees a conversation"),
    ),
))]
#[worker::send]
pub async fn get_customer(
    app: App,
    Authed { principal, .. }: Authed<SeesCustomers>,
    Path(id): Path<CustomerId>,
) -> Result<axum::Json<CustomerResponse>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let seen_by = SeenBy::of(principal.viewer());
    let customer = store.find_customer(id, seen_by.as_ref()).await?;
    let customer = customer.ok_or_else(AppError::not_found)?;
    Ok(axum::Json(CustomerResponse { customer }))
}
