//! D1 repositories behind a trait; every query is scoped to an account.
