//! How many calls an account may make, by its plan.

use serde::Deserialize;
use ulid::Ulid;

use crate::ids::AccountId;

/// The plan with the larger limits. Every other plan has the standard ones.
pub const ENTERPRISE: &str = "enterprise";

/// Whose the calls are that have no account yet. No account has this id.
pub const NOBODY: AccountId = AccountId::new(Ulid::nil());

/// Calls of one account. What is over them is refused until the window ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Calls of the API in an hour.
    pub per_hour: u64,
    /// Calls of the API in a second.
    pub per_second: u64,
    /// Anonymous calls in a minute, of one network.
    pub visits_per_minute: u64,
}

const STANDARD: RateLimits = RateLimits {
    per_hour: 1_000,
    per_second: 20,
    visits_per_minute: 100,
};

const LARGE: RateLimits = RateLimits {
    per_hour: 10_000,
    per_second: 100,
    ..STANDARD
};

/// `rate_limits` of an account's settings. What is absent is the plan's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Own {
    per_hour: Option<u64>,
    per_second: Option<u64>,
    visits_per_minute: Option<u64>,
}

impl RateLimits {
    /// The limits of a plan, times `scale`, and in their place those that the account's settings name. Settings of another
    /// shape name none.
    #[must_use]
    pub fn of(plan: &str, settings: &serde_json::Value, scale: u64) -> Self {
        let limits = if plan == ENTERPRISE { LARGE } else { STANDARD };
        let own = settings
            .get("rate_limits")
            .and_then(|own| Own::deserialize(own).ok())
            .unwrap_or_default();
        let either = |own: Option<u64>, plan: u64| own.unwrap_or(plan.saturating_mul(scale));
        Self {
            per_hour: either(own.per_hour, limits.per_hour),
            per_second: either(own.per_second, limits.per_second),
            visits_per_minute: either(own.visits_per_minute, limits.visits_per_minute),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_account_has_the_limits_of_its_plan_or_its_own() {
        let numbers = |plan: &str, settings: serde_json::Value, scale| {
            let limits = RateLimits::of(plan, &settings, scale);
            (limits.per_hour, limits.per_second, limits.visits_per_minute)
        };
        assert_eq!(numbers("standard", json!({}), 1), (1_000, 20, 100));
        assert_eq!(numbers("enterprise", json!({}), 1), (10_000, 100, 100));
        // A plan that this version does not know gets no more than the least.
        assert_eq!(numbers("Enterprise!", json!({}), 1), (1_000, 20, 100));
        let own = json!({"rate_limits": {"per_hour": 5}});
        assert_eq!(numbers("enterprise", own, 1_000), (5, 100_000, 100_000));
        for broken in [json!(null), json!({"rate_limits": {"per_hour": -1}})] {
            assert_eq!(numbers("standard", broken, 1), (1_000, 20, 100));
        }
    }
}
