//! Nothing: what counts is the features in `Cargo.toml`.
