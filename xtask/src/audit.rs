//! `cargo xtask audit`: an account's audit log, exported as JSON lines, and verified entry by entry.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use edgedesk_audit::chain::{DayRoot, Summary, Verifier};
use edgedesk_audit::ecs::SecurityEvent;
use edgedesk_client::Edgedesk;
use edgedesk_wire::audit::{DayRootView, EntryList, RootList};

use crate::StackArguments;

/// Entries asked for at once.
const PAGE: u32 = 1_000;

/// Options of `cargo xtask audit`.
#[derive(Debug, Args)]
pub struct AuditArguments {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check every entry of an export, or of a running stack; says where a log is broken.
    Verify(VerifyArguments),
    /// Print a running stack's log, one entry a line.
    Export(ExportArguments),
}

#[derive(Debug, Args)]
struct VerifyArguments {
    /// An export; without it a running stack is asked.
    file: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Debug, Args)]
struct ExportArguments {
    /// As security events in the Elastic Common Schema, for a SIEM; such an export cannot be verified.
    #[arg(long)]
    ecs: bool,
    #[command(flatten)]
    server: ServerArguments,
}

/// Which log.
#[derive(Debug, Args)]
struct ServerArguments {
    /// An Edgedesk by its URL, with the access token of an admin or owner.
    #[arg(long, requires = "token")]
    url: Option<String>,
    /// The access token.
    #[arg(long, env = "EDGEDESK_TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[command(flatten)]
    stack: StackArguments,
}

/// `cargo xtask audit`.
pub async fn run(arguments: AuditArguments) -> Result<()> {
    match arguments.command {
        AuditCommand::Verify(VerifyArguments {
            file: Some(file), ..
        }) => {
            let open = || format!("cannot read {}", file.display());
            let export = BufReader::new(File::open(&file).with_context(open)?);
            report(&verify_export(export)?);
            Ok(())
        }
        AuditCommand::Verify(VerifyArguments { file: None, server }) => {
            let admin = server.log_in().await?;
            report(&verify(&admin).await?);
            Ok(())
        }
        AuditCommand::Export(ExportArguments { ecs, server }) => {
            let admin = server.log_in().await?;
            let roots = list_roots(&admin).await?;
            let last_seq = roots.first().map_or(0, |root| root.last_seq);
            for_each_page(&admin, last_seq, |page| {
                for entry in page.entries.iter().filter(|entry| entry.seq <= last_seq) {
                    let line = if ecs {
                        serde_json::to_string(&SecurityEvent::from(entry))?
                    } else {
                        serde_json::to_string(entry)?
                    };
                    say!("{line}");
                }
                Ok(())
            })
            .await
        }
    }
}

impl ServerArguments {
    async fn log_in(&self) -> Result<Edgedesk> {
        if let (Some(url), Some(token)) = (&self.url, &self.token) {
            return Ok(Edgedesk::anonymous(url).with_token(token));
        }
        let stack = self.stack.read()?;
        Ok(Edgedesk::anonymous(&stack.url).login(&stack.admin).await?)
    }
}

/// Verifies the log of a running stack, and says how many entries it has.
pub async fn verify_running(admin: &Edgedesk) -> Result<u64> {
    Ok(verify(admin).await?.n_entries)
}

async fn verify(admin: &Edgedesk) -> Result<Summary> {
    let roots = list_roots(admin).await?;
    let mut verifier = Verifier::new();
    let last_seq = roots.first().map_or(0, |root| root.last_seq);
    for_each_page(admin, last_seq, |page| {
        for entry in page.entries.iter().filter(|entry| entry.seq <= last_seq) {
            verifier.push(entry)?;
        }
        Ok(())
    })
    .await?;
    let summary = verifier.finish();
    compare(&summary, &roots)?;
    Ok(summary)
}

fn verify_export(export: impl BufRead) -> Result<Summary> {
    let mut verifier = Verifier::new();
    for line in export.split(b'\n') {
        // Bytes that are no text are a flaw of their line, not of the reading.
        verifier.push_line(&String::from_utf8_lossy(&line?))?;
    }
    Ok(verifier.finish())
}

/// All entries up to `last_seq`. Reading them adds one to the log, so there is no end to wait for.
async fn for_each_page(
    admin: &Edgedesk,
    last_seq: u64,
    mut each: impl FnMut(&EntryList) -> Result<()>,
) -> Result<()> {
    let mut cursor = 0;
    while cursor < last_seq {
        let path = format!("/api/v1/audit?order=oldest&limit={PAGE}&cursor={cursor}");
        let page: EntryList = admin.get(&path).await?.expect(200)?.json()?;
        each(&page)?;
        let Some(last) = page.entries.last() else {
            bail!("the log ends behind entry {cursor}, though it has {last_seq}");
        };
        ensure!(
            last.seq > cursor,
            "a page does not go on behind entry {cursor}"
        );
        cursor = last.seq;
    }
    Ok(())
}

async fn list_roots(admin: &Edgedesk) -> Result<Vec<DayRootView>> {
    let mut roots = Vec::new();
    let mut cursor = None::<String>;
    loop {
        let query = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
        let path = format!("/api/v1/audit/roots?limit=400{query}");
        let page: RootList = admin.get(&path).await?.expect(200)?.json()?;
        roots.extend(page.roots);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(roots),
        }
    }
}

/// The days' roots that the log gave out are those of its entries.
fn compare(summary: &Summary, roots: &[DayRootView]) -> Result<()> {
    let given: Vec<DayRoot> = roots
        .iter()
        .rev()
        .map(|root| DayRoot {
            day: root.day,
            n_entries: root.n_entries,
            root: root.root,
        })
        .collect();
    if let Some(day) = summary
        .days
        .iter()
        .zip(&given)
        .find_map(|(found, given)| (found != given).then_some(found.day))
    {
        bail!("the root of {day} is not that of its entries");
    }
    ensure!(
        summary.days.len() == given.len(),
        "{} days have entries, and {} have roots",
        summary.days.len(),
        given.len()
    );
    Ok(())
}

fn report(summary: &Summary) {
    for day in &summary.days {
        say!("  {}  {}  {} entries", day.day, day.root, day.n_entries);
    }
    match summary.head {
        Some((seq, hash)) => say!(
            "  whole: {} entries, entry {seq} is {hash}",
            summary.n_entries
        ),
        None => say!("  empty"),
    }
}

#[cfg(test)]
mod tests {
    use edgedesk_audit::chain::{Broken, Flaw};
    use edgedesk_audit::entry::{Actor, Entry, Outcome, Record, Resource};
    use edgedesk_audit::hash::Hash;
    use edgedesk_domain::ids::AccountId;
    use edgedesk_domain::time::Timestamp;
    use ulid::Ulid;

    use super::*;

    fn export(n: u64) -> Vec<u8> {
        let mut previous = Hash::ZERO;
        let mut text = String::new();
        for seq in 1..=n {
            let record = Record {
                id: format!("req_{seq}"),
                actor: Actor::System,
                action: "message.sent".to_owned(),
                resource: Resource {
                    kind: "conversation".to_owned(),
                    id: None,
                },
                outcome: Outcome::Succeeded,
                request_id: None,
                ip: None,
            };
            let account = AccountId::new(Ulid::from(1));
            let entry = Entry::seal(account, seq, Timestamp::from_millis(0), record, previous);
            previous = entry.hash;
            text += &serde_json::to_string(&entry).unwrap();
            text.push('\n');
        }
        text.into_bytes()
    }

    #[test]
    fn a_flipped_byte_of_an_export_is_located() {
        let whole = export(5);
        assert_eq!(verify_export(whole.as_slice()).unwrap().n_entries, 5);
        let line_start = whole.len() / 5 * 2;
        for offset in [3, 60, 150, 300] {
            for bit in [0x01, 0x20, 0x80] {
                let mut bytes = whole.clone();
                bytes[line_start + offset] ^= bit;
                let error = verify_export(bytes.as_slice()).unwrap_err();
                let broken = error.downcast_ref::<Broken>().unwrap();
                assert_eq!((broken.place, broken.seq), (3, 3), "{offset} {bit}");
            }
        }
        let cut = &whole[..whole.len() - 2];
        let error = verify_export(cut).unwrap_err();
        let broken = error.downcast_ref::<Broken>().unwrap();
        assert_eq!((broken.seq, broken.flaw), (5, Flaw::Unreadable));
    }
}
