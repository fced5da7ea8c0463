//! Socket tickets that were used: each is good for one socket.

use edgedesk_domain::time::Timestamp;
use edgedesk_wire::object::SocketIdentity;

use crate::error::{ObjectError, Refusal};
use crate::sql::ObjectSql;

/// The table, `IF NOT EXISTS`.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS used_tickets (
    id TEXT PRIMARY KEY,
    expires INTEGER NOT NULL
) WITHOUT ROWID";

/// Marks an agent's ticket as used. Visitors have no ticket: their token is for as many sockets as their network needs.
///
/// # Errors
///
/// `ticket_used` and `ticket_expired`, and what the storage says.
pub(crate) fn burn(
    sql: &impl ObjectSql,
    identity: &SocketIdentity,
    now: Timestamp,
) -> Result<(), ObjectError> {
    let SocketIdentity::Agent {
        ticket_id,
        ticket_expires,
        ..
    } = identity
    else {
        return Ok(());
    };
    if *ticket_expires < now.seconds() {
        return Err(Refusal::TicketExpired.because("The socket ticket has ended."));
    }
    // An expired ticket is refused by its time, so its id need not be remembered longer.
    sql.exec(
        "DELETE FROM used_tickets WHERE expires < ?",
        &[now.seconds().into()],
    )?;
    let burnt = sql.exec(
        "INSERT INTO used_tickets (id, expires) VALUES (?, ?) ON CONFLICT (id) DO NOTHING RETURNING id",
        &[ticket_id.as_str().into(), (*ticket_expires).into()],
    )?;
    if burnt.is_empty() {
        return Err(Refusal::TicketUsed.because("The socket ticket was used before."));
    }
    Ok(())
}
