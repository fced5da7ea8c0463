//! Applies the D1 migrations to a state folder, as `wrangler d1 migrations apply` does on a deployment.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::process;
use crate::progress::Step;
use crate::stamp::{self, Inputs};
use crate::workspace::{copy_folder, root, wrangler};

/// Bindings of the databases: the directory, then the shards by their numbers.
pub const DATABASES: [&str; 3] = ["DIRECTORY", "SHARD_0", "SHARD_1"];

/// Where D1 keeps its databases in a state folder.
const D1_FOLDER: &str = "v3/d1";

/// Brings all databases of a state folder up to date. Each remembers what it has; we remember that nothing is new.
pub async fn apply(state: &Path) -> Result<()> {
    let stamp = Inputs::default().all("migrations")?.finish();
    let file = state.join("migrations.stamp");
    if stamp::is_fresh(&file, &stamp) {
        return Ok(());
    }
    let databases = state.join(D1_FOLDER);
    let migrated = root().join("target/migrated").join(
        Inputs::default()
            .word(&stamp)
            .all("package-lock.json")?
            .finish(),
    );
    let is_new = !databases.exists();
    if is_new && migrated.exists() {
        // A copy that is killed half-way is no folder of databases: the next one begins anew.
        let unfinished = state.join(format!("databases.{}", std::process::id()));
        copy_folder(&migrated, &unfinished)?;
        fs::create_dir_all(databases.parent().unwrap_or(state))?;
        fs::rename(&unfinished, &databases)?;
        return stamp::write(&file, &stamp);
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
    if is_new {
        keep(&databases, &migrated)?;
    }
    stamp::write(&file, &stamp)?;
    step.end("up to date");
    Ok(())
}

/// Keeps databases that nobody has written to, for the next new folder: the tests start some thirty stacks, each of which would
/// start wrangler once for every database.
fn keep(databases: &Path, migrated: &Path) -> Result<()> {
    let unfinished = migrated.with_extension(std::process::id().to_string());
    copy_folder(databases, &unfinished)?;
    // Whoever comes second has the same.
    if fs::rename(&unfinished, migrated).is_err() {
        fs::remove_dir_all(&unfinished)?;
    }
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
