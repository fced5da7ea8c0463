//! `cargo xtask keys`: data keys of accounts, made new and looked at. The root is not needed: it stays with the Workers, which make
//! and unwrap the keys. Only to tell the present root from others it is asked for.

use std::time::SystemTime;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use edgedesk_crypto::root::{OLD_ROOT_KEY, ROOT_KEY};
use edgedesk_domain::account::Secret;
use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;
use edgedesk_store::{DataKeys, KnownKeys};

use crate::shard::{PlaceArguments, directory};

/// Options of `cargo xtask keys`.
#[derive(Debug, Args)]
pub struct KeysArguments {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Have the Workers make a new data key for an account; what is sealed stays readable.
    Rotate(RotateArguments),
    /// Say how much is sealed under which root, and whether the old root can go.
    Status(PlaceArguments),
}

#[derive(Debug, Args)]
struct RotateArguments {
    /// The account.
    account: AccountId,
    #[command(flatten)]
    place: PlaceArguments,
}

/// `cargo xtask keys`.
pub async fn run(arguments: KeysArguments) -> Result<()> {
    match arguments.command {
        KeysCommand::Rotate(RotateArguments { account, place }) => {
            let retired = directory(&place)?.retire_data_key(account, now()).await?;
            let Some(number) = retired else {
                bail!(
                    "{account} has no data key: it is not there, or nothing was sealed for it yet"
                );
            };
            say!(
                "  {account}: key {number} is retired; the Workers seal with a new one within five minutes"
            );
        }
        KeysCommand::Status(place) => {
            let counts = directory(&place)?.count_roots().await?;
            for under in &counts {
                say!("  {:<16} {}  {:>8}", under.table, under.root, under.n);
            }
            // That only one is left says nothing: it may be the old one, of which none was sealed anew yet.
            let Ok(root) = std::env::var(ROOT_KEY) else {
                say!(
                    "  with the present root in the variable {ROOT_KEY} it is said whether {OLD_ROOT_KEY} can go"
                );
                return Ok(());
            };
            let keys = DataKeys::new(&Secret::new(root), None, |_| {}, now, KnownKeys::default())?;
            let marks = keys.marks()?;
            let n_old: u64 = counts
                .iter()
                .filter(|under| !marks.contains(&(under.table, under.root.clone())))
                .map(|under| under.n)
                .sum();
            if n_old > 0 {
                bail!(
                    "{n_old} values are under another root: keep {OLD_ROOT_KEY} until jobs has sealed them anew, within hours"
                );
            }
            say!("  all are under the present root: {OLD_ROOT_KEY} is needed no more");
        }
    }
    Ok(())
}

fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
