//! What customers agreed to, and what they took back. Records are added and never changed.

use edgedesk_domain::consent::ConsentSource;
use edgedesk_domain::ids::CustomerId;
use edgedesk_masking::mask_cards;
use edgedesk_store::shards::MAX_CONSENTS;
use edgedesk_wire::customers::{ConsentList, ConsentRequest, ConsentResponse};
use http::StatusCode;

use super::check_customer;
use crate::account_store::{store_of, store_to_change};
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesPrivacy, Path, SeesPrivacy};

/// Most characters of the wording's name.
const MAX_WORDING_CHARS: usize = 200;
/// Most characters of a note.
const MAX_NOTE_CHARS: usize = 500;

/// `GET /api/v1/customers/{customer_id}/consents`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/customers/{customer_id}/consents", tag = "customers", security(("access_token" = [])),
    params(("customer_id" = CustomerId, Path)),
    responses((status = 200, body = ConsentList), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_consents(
    app: App,
    Authed { principal, .. }: Authed<SeesPrivacy>,
    Path(id): Path<CustomerId>,
) -> Result<axum::Json<ConsentList>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    check_customer(store, id).await?;
    Ok(axum::Json(store.list_consents(id).await?))
}

/// `POST /api/v1/customers/{customer_id}/consents`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/customers/{customer_id}/consents", tag = "customers", security(("access_token" = [])),
    params(("customer_id" = CustomerId, Path)), request_body = ConsentRequest,
    responses(
        (status = 201, body = ConsentResponse), (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`too_many_consents`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`"),
    ),
))]
#[worker::send]
pub async fn add_consent(
    app: App,
    Authed { principal, .. }: Authed<ManagesPrivacy>,
    Path(id): Path<CustomerId>,
    Json(request): Json<ConsentRequest>,
) -> Result<(StatusCode, axum::Json<ConsentResponse>), AppError> {
    let request = checked(request)?;
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    let Some(consent) = store
        .add_consent(id, &request, &principal, app.now())
        .await?
    else {
        check_customer(store, id).await?;
        return Err(AppError::new(
            StatusCode::CONFLICT,
            "too_many_consents",
            format!("a customer has at most {MAX_CONSENTS} records"),
        ));
    };
    Ok((StatusCode::CREATED, axum::Json(ConsentResponse { consent })))
}

/// The texts without the white space around them; empty ones are none.
///
/// # Errors
///
/// 422 `invalid_value`, which names everything that breaks a rule.
fn checked(request: ConsentRequest) -> Result<ConsentRequest, AppError> {
    let mut wrong = Vec::new();
    if request.source == ConsentSource::GlobalPrivacyControl {
        wrong.push((
            "/source",
            "is recorded by Edgedesk itself, when a browser says it",
        ));
    }
    let mut text = |text: Option<String>, pointer, max_chars, rule| {
        let text = text.map(|text| text.trim().to_owned())?;
        if text.chars().count() > max_chars || text.contains('\0') {
            wrong.push((pointer, rule));
        }
        (!text.is_empty()).then(|| mask_cards(&text).into_owned())
    };
    let wording = text(
        request.wording,
        "/wording",
        MAX_WORDING_CHARS,
        "has at most 200 characters",
    );
    let note = text(
        request.note,
        "/note",
        MAX_NOTE_CHARS,
        "has at most 500 characters",
    );
    if wrong.is_empty() {
        return Ok(ConsentRequest {
            wording,
            note,
            ..request
        });
    }
    let problem = AppError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid_value",
        "a part of the record breaks a rule",
    );
    Err(wrong
        .into_iter()
        .fold(problem, |problem, (pointer, detail)| {
            problem.with_field(pointer, detail)
        }))
}

#[cfg(test)]
mod tests {
    use edgedesk_domain::consent::{ConsentPurpose, ConsentState};

    use super::*;

    fn request(source: ConsentSource, wording: &str, note: &str) -> ConsentRequest {
        ConsentRequest {
            purpose: ConsentPurpose::Marketing,
            state: ConsentState::Given,
            source,
            wording: Some(wording.to_owned()),
            note: Some(note.to_owned()),
        }
    }

    #[test]
    fn a_record_is_trimmed_and_without_card_numbers_or_refused_with_its_places() {
        use ConsentSource::{GlobalPrivacyControl, Phone};
        let kept = checked(request(Phone, " Notice 3 ", " \n")).unwrap();
        assert_eq!(kept.wording.as_deref(), Some("Notice 3"));
        assert_eq!(kept.note, None);
        let kept = checked(request(Phone, "", "card 4242 4242 4242 4242")).unwrap();
        assert_eq!(kept.note.as_deref(), Some("card [card 4242]"));
        let (fits, long) = ("é".repeat(200), "é".repeat(501));
        assert!(checked(request(Phone, &fits, &fits)).is_ok());
        for (request, pointers) in [
            (request(GlobalPrivacyControl, "", ""), vec!["/source"]),
            (request(Phone, &long, &long), vec!["/wording", "/note"]),
            (request(Phone, "a\0b", ""), vec!["/wording"]),
        ] {
            let error = checked(request).unwrap_err();
            let found = error.errors.iter().map(|error| error.pointer.as_str());
            assert_eq!(found.collect::<Vec<_>>(), pointers);
            assert_eq!(
                (error.status.as_u16(), error.code.as_str()),
                (422, "invalid_value")
            );
        }
    }
}
