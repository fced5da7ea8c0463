//! Deliveries that belong to no conversation, for an administrator to look at.

use edgedesk_masking::mask_cards;
use edgedesk_wire::desk::{DeliveriesResponse, DeliveryNote};

use crate::sql::{ObjectSql, SqlError};

/// The table, `IF NOT EXISTS`.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS deliveries (
    n INTEGER PRIMARY KEY,
    delivery_id TEXT NOT NULL UNIQUE,
    note TEXT NOT NULL
)";

/// Deliveries that are kept: a week of an integration that fails six times an hour.
const KEPT: u64 = 1_000;

/// Deliveries that are shown.
const SHOWN: u64 = 100;

/// Bytes of a body that are kept.
const MAX_BODY_BYTES: usize = 16_000;

/// Characters of an id that are kept.
const MAX_ID_CHARS: usize = 200;

/// Keeps a delivery, unless it is there already, and lets the oldest go.
pub(super) fn keep(sql: &impl ObjectSql, mut note: DeliveryNote) -> Result<(), SqlError> {
    cut(&mut note.body);
    // Where the cut is in a card number, more than its half may be left, but not the whole.
    note.body = mask_cards(&note.body).into_owned();
    note.detail = note.detail.map(|detail| mask_cards(&detail).into_owned());
    note.delivery_id = note
        .delivery_id
        .chars()
        .filter(|character| *character != '\0')
        .take(MAX_ID_CHARS)
        .collect();
    let json = serde_json::to_string(&note).map_err(|error| SqlError::Failed(error.to_string()))?;
    let kept = sql.exec(
        "INSERT INTO deliveries (delivery_id, note) VALUES (?, ?) ON CONFLICT (delivery_id) DO NOTHING RETURNING n",
        &[note.delivery_id.as_str().into(), json.into()],
    )?;
    if let Some(row) = kept.first()
        && let Some(gone) = row.count(0)?.checked_sub(KEPT)
        && gone > 0
    {
        sql.exec("DELETE FROM deliveries WHERE n <= ?", &[gone.into()])?;
    }
    Ok(())
}

/// The newest first.
pub(super) fn newest(sql: &impl ObjectSql) -> Result<DeliveriesResponse, SqlError> {
    let deliveries = sql
        .exec(
            "SELECT note FROM deliveries ORDER BY n DESC LIMIT ?",
            &[SHOWN.into()],
        )?
        .iter()
        .map(|row| {
            serde_json::from_str(row.text(0)?)
                .map_err(|error| SqlError::Unreadable(error.to_string()))
        })
        .collect::<Result<_, _>>()?;
    Ok(DeliveriesResponse { deliveries })
}

/// Forgets deliveries in which one of these names or addresses stands, in whatever case of its ASCII letters. What stood there
/// is overwritten first.
pub(super) fn forget(sql: &impl ObjectSql, names: &[String]) -> Result<(), SqlError> {
    let needles: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let needles =
        serde_json::to_string(&needles).map_err(|error| SqlError::Failed(error.to_string()))?;
    sql.exec(
        "UPDATE deliveries SET note = printf('%.*c', length(CAST(note AS BLOB)), ' ')
        WHERE EXISTS (SELECT 1 FROM json_each(?) WHERE length(value) > 2 AND instr(lower(note), value) > 0)",
        &[needles.into()],
    )?;
    sql.exec("DELETE FROM deliveries WHERE trim(note) = ''", &[])?;
    Ok(())
}

/// Cuts a body between two characters.
fn cut(body: &mut String) {
    if body.len() > MAX_BODY_BYTES {
        let end = (0..=MAX_BODY_BYTES)
            .rev()
            .find(|end| body.is_char_boundary(*end))
            .unwrap_or_default();
        body.truncate(end);
    }
}
