//! Applies the D1 migrations to a state folder, as `wrangler d1 migrations apply` does on a deployment.

use std::path::Path;

use anyhow::Result;

use crate::process;
use crate::progress::Step;
use crate::stamp::{self, Inputs};
use crate::workspace::wrangler;

/// Bindings of the databases: the directory, then the shards by their numbers.
pub const DATABASES: [&str; 3] = ["DIRECTORY", "SHARD_0", "SHARD_1"];

/// Brings all databases of a state folder up to date. Each remembers what it has; we remember that nothing is new.
pub async fn apply(state: &Path) -> Result<()> {
    let stamp = Inputs::default().all("migrations")?.finish();
    let file = state.join("migrations.stamp");
    if stamp::is_fresh(&file, &stamp) {
        return Ok(());
    }
    let mut step = Step::begin("migrating the databases");
    for database in DATABASES {
        let mut apply = wrangler();
        apply
            .args([
                "d1",
                "migrations",
                "apply",
                database,
                "--local",
                "--persist-to",
            ])
            .arg(state)
            // Without a terminal wrangler asks nothing; `CI` makes sure of it.
            .env("CI", "true");
        process::run(&mut step, apply).await?;
    }
    stamp::write(&file, &stamp)?;
    step.end("up to date");
    Ok(())
}

/// Runs a file of SQL on one database.
pub async fn execute(step: &mut Step, state: &Path, database: &str, file: &Path) -> Result<()> {
    let mut execute = wrangler();
    execute
        .args([
            "d1",
            "execute",
            database,
            "--local",
            "--yes",
            "--persist-to",
        ])
        .arg(state)
        .arg("--file")
        .arg(file)
        .env("CI", "true");
    process::run(step, execute).await
}
