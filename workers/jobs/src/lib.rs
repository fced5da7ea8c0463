//! Queue consumers and cron: the projector, dead letters, retries.
