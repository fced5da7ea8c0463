//! Why there is no text.

use crate::Usage;

/// A generator gave no text that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}{}{detail}", if detail.is_empty() { "" } else { ": " })]
pub struct GenerateError {
    /// What kind of trouble it is.
    pub fault: Fault,
    /// What the provider says of it, for the log; at most 200 characters, and never what a customer wrote by our doing. May quote
    /// the request all the same: logs mask it.
    pub detail: String,
    /// How long it wants to be left alone, if it says so.
    pub retry_after_millis: Option<u64>,
    /// What it took up to then, as far as it said.
    pub usage: Option<Usage>,
}

/// Kinds of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Fault {
    /// Nobody answers there.
    #[error("not reached")]
    Unreachable,
    /// The answer does not begin in time.
    #[error("no first byte in time")]
    SlowStart,
    /// Nothing more comes, and it is not over.
    #[error("stalled")]
    Stalled,
    /// It takes too long as a whole.
    #[error("not over in time")]
    OutOfTime,
    /// Too many requests or tokens a minute; it passes.
    #[error("rate limited")]
    RateLimited,
    /// Nothing is left of what was paid for; it does not pass by itself.
    #[error("quota exhausted")]
    QuotaExhausted,
    /// It is overloaded or broken (5xx, 529, 408).
    #[error("unavailable")]
    Unavailable,
    /// It does not take our key, or not for this (401, 403).
    #[error("not authorised")]
    Unauthorized,
    /// It does not understand what we ask (other 4xx): ours to mend.
    #[error("request refused")]
    BadRequest,
    /// What we ask is too long for it (413).
    #[error("request too large")]
    TooLarge,
    /// The answer ends in the middle.
    #[error("cut off")]
    Cut,
    /// The answer is none that its format allows.
    #[error("not understood")]
    Garbled,
    /// The answer is longer than we read.
    #[error("answer too large")]
    Endless,
    /// There is no text in the answer.
    #[error("empty answer")]
    Empty,
    /// The model, or a filter around it, will not write this.
    #[error("declined")]
    Declined,
}

impl Fault {
    /// Whether the same request may work a moment later.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::RateLimited | Self::Unavailable | Self::Cut
        )
    }

    /// Whether it says something of the provider rather than of this one request.
    #[must_use]
    pub const fn is_providers(self) -> bool {
        !matches!(self, Self::BadRequest | Self::TooLarge | Self::Declined)
    }

    /// Whether the provider may have worked for it, and charge it.
    #[must_use]
    pub const fn may_be_charged(self) -> bool {
        matches!(
            self,
            Self::SlowStart
                | Self::Stalled
                | Self::OutOfTime
                | Self::Cut
                | Self::Garbled
                | Self::Endless
                | Self::Empty
                | Self::Declined
        )
    }
}

/// Longest detail, in characters.
const MAX_DETAIL_CHARS: usize = 200;

impl GenerateError {
    /// With what is said of it, cut to 200 characters.
    #[must_use]
    pub fn new(fault: Fault, detail: impl AsRef<str>) -> Self {
        Self {
            fault,
            detail: detail.as_ref().chars().take(MAX_DETAIL_CHARS).collect(),
            retry_after_millis: None,
            usage: None,
        }
    }
}

impl From<Fault> for GenerateError {
    fn from(fault: Fault) -> Self {
        Self::new(fault, "")
    }
}
