//! Text generators: what an account decides about them, who is configured, and the `Ledger` objects that keep the books.
//!
//! Money is millionths of a dollar, months are calendar months in UTC, as `2026-11`.

use edgedesk_domain::ids::AccountId;
use serde::{Deserialize, Serialize};

/// Namespace binding of the `Ledger` objects.
pub const BINDING: &str = "LEDGERS";

/// `GET`: to [`Standing`].
pub const STANDING_PATH: &str = "/standing";
/// `POST`: [`GeneratorSettings`] to [`Standing`].
pub const SETTINGS_PATH: &str = "/settings";
/// `POST`: [`HoldRequest`] to [`Held`].
pub const HOLD_PATH: &str = "/holds";
/// `POST`: [`CallRecord`] to [`Standing`].
pub const RECORD_PATH: &str = "/calls";
/// `GET`: to [`GeneratorUsage`].
pub const USAGE_PATH: &str = "/usage";

/// Most that a budget may be: a million dollars a month.
pub const MAX_BUDGET_MICRO_DOLLARS: u64 = 1_000_000_000_000;

/// The name of the object that keeps an account's books.
#[must_use]
pub fn object_name(account_id: AccountId) -> String {
    format!("{account_id}:ledger")
}

/// What an account decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GeneratorSettings {
    /// Whether drafts are written by text generators, who are sent masked messages and articles. Off until somebody decides.
    pub is_on: bool,
    /// What they may cost in a calendar month (UTC), in millionths of a dollar; at most 10^12. With nothing only those are asked
    /// that cost nothing.
    pub monthly_budget_micro_dollars: u64,
}

/// The settings, and how the month goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The account.
    pub account_id: AccountId,
    /// What it decided.
    pub settings: GeneratorSettings,
    /// The month.
    pub month: String,
    /// What was spent in it.
    pub spent_micro_dollars: u64,
    /// What calls under way may come to.
    pub held_micro_dollars: u64,
}

impl Standing {
    /// What may still be spent this month.
    #[must_use]
    pub fn left_micro_dollars(&self) -> u64 {
        let used = self
            .spent_micro_dollars
            .saturating_add(self.held_micro_dollars);
        self.settings
            .monthly_budget_micro_dollars
            .saturating_sub(used)
    }
}

/// A call is to be made that may cost so much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// The call's id, a ULID.
    pub id: String,
    /// What it may come to.
    pub micro_dollars: u64,
}

/// Whether it may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The account.
    pub account_id: AccountId,
    /// Whether the amount is held until the call is recorded, or for five minutes.
    pub is_held: bool,
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallRecord {
    /// The id of the hold. A call is recorded once, however often it is told.
    pub id: String,
    /// Who was asked.
    pub provider: String,
    /// Which model, as it is configured.
    pub model: String,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// What they cost.
    pub micro_dollars: u64,
    /// Whether that is our estimate.
    pub is_estimate: bool,
}

/// A provider as the account sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GeneratorProvider {
    /// Its name in drafts and usage.
    pub name: String,
    /// What it speaks: `openai`, `anthropic`, `workers_ai`.
    pub kind: String,
    /// Which model.
    pub model: String,
    /// Whether it is a server of the deployment's own, which is sent names and addresses as they are.
    pub is_inside: bool,
    /// Whether it can be asked: its key is there.
    pub is_ready: bool,
}

/// The providers of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConfiguredGenerators {
    /// In the order in which they are asked.
    pub providers: Vec<GeneratorProvider>,
    /// Whether there is a configuration that cannot be read; the log says what is wrong with it.
    pub is_misconfigured: bool,
}

/// `GET` and `PUT /api/v1/generators`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GeneratorsView {
    /// What the account decided.
    pub settings: GeneratorSettings,
    /// Who is asked, in this order; before and behind them is the embedded composer, which costs nothing and sends nothing.
    pub providers: Vec<GeneratorProvider>,
    /// Whether the deployment's configuration of providers cannot be read, so that there are none.
    pub is_misconfigured: bool,
}

/// `GET /api/v1/generators/usage`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GeneratorUsage {
    /// The account.
    pub account_id: AccountId,
    /// The present month, as `2026-11` (UTC).
    pub month: String,
    /// What was spent in it, in millionths of a dollar.
    pub spent_micro_dollars: u64,
    /// What calls under way may come to.
    pub held_micro_dollars: u64,
    /// What may still be spent in it.
    pub left_micro_dollars: u64,
    /// Month, provider and model: the newest month first, in it the dearest first; at most 500 rows of twelve months.
    pub usage: Vec<GeneratorUsageRow>,
}

/// What a model was used for in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GeneratorUsageRow {
    /// As `2026-11` (UTC).
    pub month: String,
    /// Who was asked.
    pub provider: String,
    /// Which model.
    pub model: String,
    /// Requests, those without an answer among them.
    pub n_requests: u64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// What they cost, in millionths of a dollar.
    pub micro_dollars: u64,
    /// Requests whose tokens and cost are estimated, since the provider did not say.
    pub n_estimates: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_objects_are_pinned() {
        let id = "acc_00000000000000000000000001".parse().unwrap();
        assert_eq!(object_name(id), "acc_00000000000000000000000001:ledger");
    }

    #[test]
    fn what_is_left_is_never_less_than_nothing() {
        let standing = |spent_micro_dollars, held_micro_dollars| Standing {
            account_id: "acc_00000000000000000000000001".parse().unwrap(),
            settings: GeneratorSettings {
                is_on: true,
                monthly_budget_micro_dollars: 10,
            },
            month: "2026-11".into(),
            spent_micro_dollars,
            held_micro_dollars,
        };
        assert_eq!(standing(3, 4).left_micro_dollars(), 3);
        assert_eq!(standing(10, 4).left_micro_dollars(), 0);
        assert_eq!(standing(u64::MAX, 1).left_micro_dollars(), 0);
    }
}
