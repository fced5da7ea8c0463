//! `cargo xtask simulate`: plays realistic conversations.

use anyhow::Result;
use clap::Args;

/// Options of `cargo xtask simulate`.
#[derive(Debug, Args)]
pub struct SimulateArguments {}

/// `cargo xtask simulate`.
pub async fn run(_arguments: SimulateArguments) -> Result<()> {
    Ok(())
}
