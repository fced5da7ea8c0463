//! `cargo xtask rebuild`: rebuilds the read model.

use anyhow::Result;
use clap::Args;

/// Options of `cargo xtask rebuild`.
#[derive(Debug, Args)]
pub struct RebuildArguments {}

/// `cargo xtask rebuild`.
pub async fn run(_arguments: RebuildArguments) -> Result<()> {
    Ok(())
}
