//! Hands over what an isolate has gathered, piece by piece.
//!
//! A piece has the isolate's id and its number. It is kept until it was taken, and sent again as it is, so that the object which adds up
//! knows a repeat; what is counted meanwhile is for the next piece. Nobody waits for any of this, and nothing of it fails a request.

use std::cell::{Cell, RefCell};

use edgedesk_domain::time::Timestamp;

use crate::registry::Registry;
use crate::wire::Piece;

/// Milliseconds between a first number and the piece that it is in. Prometheus asks every 15 to 60 seconds, so what it sees is hardly
/// older than it is anyway; and an isolate asks the object no more often than that, however many requests it has.
pub const FLUSH_MILLIS: u64 = 5_000;
/// Milliseconds after which somebody who promised to hand over is believed to be gone: the runtime may end what a request left behind.
const LOST_MILLIS: i64 = 30_000;

/// Carries a piece to the object.
#[expect(async_fn_in_trait, reason = "isolates are single-threaded")]
pub trait Sink {
    /// A new id for an isolate.
    fn new_id(&self) -> String;

    /// Sends a piece. Returns once it was taken. The implementation limits the time.
    async fn send(&self, piece: &Piece) -> Result<(), String>;
}

/// What an isolate has gathered, and the piece that is on its way.
#[derive(Debug, Default)]
pub struct Reporter {
    registry: RefCell<Registry>,
    pending: RefCell<Option<Piece>>,
    isolate: RefCell<Option<String>>,
    sequence: Cell<u64>,
    promised_at: Cell<Option<Timestamp>>,
}

impl Reporter {
    /// Lets numbers be gathered.
    pub fn gather(&self, gather: impl FnOnce(&mut Registry)) {
        gather(&mut self.registry.borrow_mut());
    }

    /// Whether the caller should hand over in [`FLUSH_MILLIS`]: there is something, and nobody else has promised to.
    #[must_use]
    pub fn claim(&self, now: Timestamp) -> bool {
        let is_promised = self
            .promised_at
            .get()
            .is_some_and(|at| now.millis_since(at) < LOST_MILLIS);
        if is_promised || (self.registry.borrow().is_empty() && self.pending.borrow().is_none()) {
            return false;
        }
        self.promised_at.set(Some(now));
        true
    }

    /// Hands over all of it: the piece that was not taken last time, if there is one, and what came since.
    ///
    /// # Errors
    ///
    /// What the sink says. Nothing is lost by it: the next call sends the same piece first.
    pub async fn flush(&self, sink: &impl Sink) -> Result<(), String> {
        self.promised_at.set(None);
        // The second one is what was gathered since the first was made.
        for _ in 0..2 {
            let Some(piece) = self.next_piece(sink) else {
                break;
            };
            sink.send(&piece).await?;
            // Somebody else may have sent it meanwhile, and made another one.
            self.pending
                .borrow_mut()
                .take_if(|pending| pending.sequence == piece.sequence);
        }
        Ok(())
    }

    fn next_piece(&self, sink: &impl Sink) -> Option<Piece> {
        let mut pending = self.pending.borrow_mut();
        if pending.is_none() {
            let mut registry = self.registry.borrow_mut();
            if registry.is_empty() {
                return None;
            }
            let mut isolate = self.isolate.borrow_mut();
            let isolate = isolate.get_or_insert_with(|| sink.new_id()).clone();
            let (added, set, sockets) = registry.take();
            self.sequence.set(self.sequence.get() + 1);
            *pending = Some(Piece {
                isolate,
                sequence: self.sequence.get(),
                added,
                set,
                sockets,
            });
        }
        pending.clone()
    }
}

#[cfg(test)]
mod tests;
