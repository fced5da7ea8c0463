//! `cargo xtask backup`: a state folder copied while a stack runs on it, looked at, and put back.
//!
//! A backup is a folder with the files of the state folder and a manifest that has the SHA-256 of each. In which order what is copied is
//! [`plan`]'s, a database's copy is [`copy`]'s, the list of files is [`manifest`]'s. What was acknowledged before a backup began is in it;
//! what came later may be (`docs/decisions/0057-recovery.md`).

mod copy;
mod manifest;
mod plan;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use nix::errno::Errno;
use nix::sys::signal::killpg;
use nix::unistd::Pid;

use crate::progress::Step;
use crate::workspace::root;

pub use manifest::Manifest;

/// Options of `cargo xtask backup`.
#[derive(Debug, Args)]
pub struct BackupArguments {
    #[command(subcommand)]
    command: BackupCommand,
}

#[derive(Debug, Subcommand)]
enum BackupCommand {
    /// Copy a state folder, also while a stack runs on it.
    Create(CreateArguments),
    /// Put a backup into a state folder, on which nothing runs.
    Restore(RestoreArguments),
    /// Compare every file of a backup with what its manifest says.
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
struct CreateArguments {
    /// Where local data lives.
    #[arg(long, value_name = "DIR", default_value = ".edgedesk")]
    state: PathBuf,
    /// The backup: a folder that is not there yet, or is empty.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

#[derive(Debug, Args)]
struct RestoreArguments {
    /// The backup.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The state folder, which is not there yet, or is empty.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Take a state folder that has something in it. What it has is moved beside it, not deleted.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
struct VerifyArguments {
    /// The backup.
    #[arg(value_name = "DIR")]
    backup: PathBuf,
}

/// `cargo xtask backup`.
pub async fn run(arguments: BackupArguments) -> Result<()> {
    // Files alone, and many: not on the thread that hears signals.
    tokio::task::spawn_blocking(move || match arguments.command {
        BackupCommand::Create(create) => {
            let to = root().join(create.to);
            self::create(&root().join(create.state), &to)?;
            say!("  {}", to.display());
            Ok(())
        }
        BackupCommand::Restore(restore) => {
            let state = root().join(restore.state);
            self::restore(&root().join(restore.from), &state, restore.force)?;
            say!("  {}", state.display());
            say!("  next: start the stack on it, and `cargo xtask rebuild` (docs/operations.md)");
            Ok(())
        }
        BackupCommand::Verify(arguments) => {
            let step = Step::begin("verifying the backup");
            let manifest = manifest::verify(&root().join(arguments.backup))?;
            step.end(&manifest.to_string());
            Ok(())
        }
    })
    .await?
}

/// Copies the state folder to `to`, which appears when everything is in it.
///
/// # Errors
/// When there is no state, `to` has something in it, or a file cannot be copied whole.
pub fn create(state: &Path, to: &Path) -> Result<Manifest> {
    ensure!(
        state.join(plan::DATA).is_dir(),
        "{} is no state folder: it has no {}",
        state.display(),
        plan::DATA
    );
    ensure!(
        is_free(to)?,
        "{} has something in it: a backup wants a folder of its own",
        to.display()
    );
    let step = Step::begin("copying the state");
    let part = beside(to, &format!("part-{}", std::process::id()))?;
    let written = plan::copy_state(state, &part).and_then(|manifest| {
        manifest.write(&part)?;
        Ok(manifest)
    });
    let manifest = match written {
        Ok(manifest) => manifest,
        Err(error) => {
            let _ = fs::remove_dir_all(&part);
            return Err(error);
        }
    };
    put(&part, to)?;
    step.end(&manifest.to_string());
    Ok(manifest)
}

/// Puts a backup into a state folder. Every file is compared with the manifest before any of the folder changes, and the folder
/// appears when all are in it.
///
/// # Errors
/// When the backup is not whole, or the folder is used or has something in it.
pub fn restore(from: &Path, state: &Path, force: bool) -> Result<Manifest> {
    if let Some(group) = running(state) {
        bail!(
            "a stack runs on {} (process group {group}): end it first",
            state.display()
        );
    }
    if !force && !is_free(state)? {
        bail!(
            "{} has something in it: choose another folder, or `--force` to have it moved beside",
            state.display()
        );
    }
    let step = Step::begin("restoring the state");
    let manifest = manifest::verify(from)?;
    let part = beside(state, &format!("part-{}", std::process::id()))?;
    if let Err(error) = manifest.copy(from, &part) {
        let _ = fs::remove_dir_all(&part);
        return Err(error);
    }
    if !is_free(state)? {
        let old = beside(
            state,
            &format!("before-{}", edgedesk_client::api::now().millis()),
        )?;
        fs::rename(state, &old)
            .with_context(|| format!("cannot move {} aside", state.display()))?;
        say!("  what was there is in {}", old.display());
    }
    put(&part, state)?;
    step.end(&manifest.to_string());
    Ok(manifest)
}

/// Whether a folder is not there, or has nothing in it.
fn is_free(folder: &Path) -> Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => {
            Err(error).with_context(|| format!("{} cannot be a folder", folder.display()))
        }
    }
}

/// A name beside a folder's, on the same file system, so that a rename is one step.
fn beside(folder: &Path, what: &str) -> Result<PathBuf> {
    let name = folder
        .file_name()
        .with_context(|| format!("{} has no name", folder.display()))?;
    let mut name = name.to_owned();
    name.push(format!(".{what}"));
    Ok(folder.with_file_name(name))
}

/// Gives a finished folder its name. One that is empty gives way.
fn put(part: &Path, name: &Path) -> Result<()> {
    let renamed = fs::rename(part, name);
    renamed.with_context(|| format!("cannot rename {} to {}", part.display(), name.display()))
}

/// The process group of a stack that runs on a state folder.
fn running(state: &Path) -> Option<i32> {
    let group = fs::read_to_string(state.join("runtime.pgid")).ok()?;
    let group: i32 = group.trim().parse().ok()?;
    // Signal 0 asks only. Of a process of somebody else's we hear that it is there.
    match killpg(Pid::from_raw(group), None) {
        Ok(()) | Err(Errno::EPERM) => Some(group),
        Err(_) => None,
    }
}
