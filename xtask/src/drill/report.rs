//! What a drill has shown.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use edgedesk_load::ledger::Losses;
use serde::Serialize;

/// Counts and seconds. Seconds are from the loss on, unless they say otherwise.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Conversations that messages went to.
    pub n_conversations: usize,
    /// Messages that were acknowledged before the backup began: all of them must be there.
    pub n_before: u64,
    /// Messages that were acknowledged from then to the loss.
    pub n_meanwhile: u64,
    /// Messages that the restored stack has acknowledged: all of them must be there too.
    pub n_after: u64,
    /// Files and bytes of the backup.
    pub n_files: usize,
    /// Bytes of it.
    pub n_bytes: u64,
    /// How long it took.
    pub backup_secs: f64,
    /// From the beginning of the backup to the loss: what was acknowledged in this time may be lost.
    pub recovery_point_secs: f64,
    /// Until the backup was in its new folder.
    pub restore_secs: f64,
    /// Until the first request was answered.
    pub first_answer_secs: f64,
    /// Until the read model was rebuilt and named every conversation.
    pub rebuilt_secs: f64,
    /// Until everything had been looked at.
    pub whole_secs: f64,
    /// The messages that were looked for.
    pub losses: Losses,
    /// Whether the read model equals a rebuild.
    pub equals_rebuild: bool,
    /// Entries of the audit log, all of which verify.
    pub n_audit_entries: u64,
    /// Queue messages that could not be handled.
    pub n_parked: usize,
}

impl Report {
    /// An error when something is missing.
    pub fn verdict(&self) -> Result<()> {
        let mut flaws = Vec::new();
        if !self.losses.is_whole() {
            flaws.push(format!(
                "messages: {} lost, {} repeated, {} out of order, {} unknown ({})",
                self.losses.n_lost,
                self.losses.n_repeated,
                self.losses.n_out_of_order,
                self.losses.n_unknown,
                self.losses.examples.join(", ")
            ));
        }
        if self.losses.n_acknowledged != self.n_before + self.n_after {
            flaws.push(format!(
                "{} messages were looked for, and {} acknowledged",
                self.losses.n_acknowledged,
                self.n_before + self.n_after
            ));
        }
        if self.n_before == 0 || self.n_after == 0 {
            flaws.push("no message was acknowledged before, or after: it shows nothing".to_owned());
        }
        if !self.equals_rebuild {
            flaws.push("the read model is not what the logs say".to_owned());
        }
        if self.n_audit_entries == 0 {
            flaws.push("the audit log is empty, though somebody has signed in".to_owned());
        }
        if self.n_parked > 0 {
            flaws.push(format!("{} queue messages are parked", self.n_parked));
        }
        if flaws.is_empty() {
            return Ok(());
        }
        bail!("the drill has failed: {}", flaws.join("; "))
    }

    /// A table.
    pub fn text(&self) -> String {
        let rows = [
            (
                "acknowledged before the backup",
                format!(
                    "{} messages in {} conversations: {} lost, {} repeated, {} out of order",
                    self.n_before,
                    self.n_conversations,
                    self.losses.n_lost,
                    self.losses.n_repeated,
                    self.losses.n_out_of_order
                ),
            ),
            (
                "acknowledged from then to the loss",
                format!(
                    "{} messages, of which {} are there",
                    self.n_meanwhile, self.losses.n_unanswered_found
                ),
            ),
            (
                "acknowledged after the restore",
                format!("{} messages, all looked for", self.n_after),
            ),
            (
                "backup",
                format!(
                    "{} files, {:.1} MB, {:.1} s",
                    self.n_files,
                    self.n_bytes as f64 / 1e6,
                    self.backup_secs
                ),
            ),
            (
                "recovery point (RPO)",
                format!(
                    "{:.1} s, from the beginning of the backup to the loss",
                    self.recovery_point_secs
                ),
            ),
            (
                "recovery time (RTO)",
                format!(
                    "{:.1} s to the first answer ({:.1} s of it the restore), {:.1} s to the read model, {:.1} s to all checks",
                    self.first_answer_secs, self.restore_secs, self.rebuilt_secs, self.whole_secs
                ),
            ),
            (
                "read model",
                (if self.equals_rebuild {
                    "equals a rebuild"
                } else {
                    "DIFFERS from a rebuild"
                })
                .to_owned(),
            ),
            (
                "audit log",
                format!("{} entries verify", self.n_audit_entries),
            ),
        ];
        let mut text = String::new();
        for (name, value) in rows {
            // A `String` takes any text.
            let _ = writeln!(text, "  {name:<36} {value}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Report {
        Report {
            n_conversations: 2,
            n_before: 5,
            n_meanwhile: 3,
            n_after: 2,
            losses: Losses {
                n_acknowledged: 7,
                n_unanswered: 3,
                n_unanswered_found: 1,
                ..Losses::default()
            },
            equals_rebuild: true,
            n_audit_entries: 4,
            ..Report::default()
        }
    }

    #[test]
    fn whatever_is_missing_fails_the_drill() {
        assert!(whole().verdict().is_ok());
        let flawed = |change: fn(&mut Report)| {
            let mut report = whole();
            change(&mut report);
            report.verdict().is_err()
        };
        assert!(flawed(|report| report.losses.n_lost = 1));
        assert!(flawed(|report| report.losses.n_repeated = 1));
        assert!(flawed(|report| report.losses.n_out_of_order = 1));
        assert!(flawed(|report| report.losses.n_unknown = 1));
        assert!(flawed(|report| report.losses.n_acknowledged = 6));
        assert!(flawed(|report| {
            report.n_after = 0;
            report.losses.n_acknowledged = report.n_before;
        }));
        assert!(flawed(|report| report.equals_rebuild = false));
        assert!(flawed(|report| report.n_audit_entries = 0));
        assert!(flawed(|report| report.n_parked = 1));
    }
}
