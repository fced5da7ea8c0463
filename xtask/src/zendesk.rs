//! `cargo xtask zendesk send`: signs and posts as Zendesk does.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use edgedesk_client::zendesk::{Delivery, Ticket};
use edgedesk_client::{Edgedesk, api};
use serde_json::Value;

use crate::StackArguments;
use crate::workspace::root;

/// What to play.
#[derive(Debug, Args)]
pub struct ZendeskArguments {
    #[command(subcommand)]
    command: ZendeskCommand,
}

#[derive(Debug, Subcommand)]
enum ZendeskCommand {
    /// Sign a webhook and post it to the Zendesk inbox; print the answer.
    Send(SendArguments),
}

/// Options of `cargo xtask zendesk send`.
#[derive(Debug, Args)]
pub struct SendArguments {
    /// Post these exact bytes.
    #[arg(long, value_name = "PAYLOAD", conflicts_with_all = ["kind", "text", "ticket"])]
    pub file: Option<PathBuf>,
    /// The event: `ticket.created`, `ticket.comment_added`, `messaging_ticket.message_added`, `trigger`,
    /// `ticket.status_changed`, or any other of Zendesk's.
    #[arg(long = "type", value_name = "TYPE", default_value = "ticket.created")]
    pub kind: String,
    /// What the customer says; for a change, what the field becomes.
    #[arg(long)]
    pub text: Option<String>,
    /// Zendesk's id of the ticket. By default a new one.
    #[arg(long)]
    pub ticket: Option<String>,
    /// As an agent of theirs, not the customer.
    #[arg(long)]
    pub staff: bool,
    /// As a private note.
    #[arg(long)]
    pub private: bool,
    /// Sign with this secret instead of the inbox's.
    #[arg(long)]
    pub secret: Option<String>,
    /// Post to this URL instead of the inbox's hook.
    #[arg(long)]
    pub url: Option<String>,
    /// Send under this invocation id, to see a replay.
    #[arg(long)]
    pub invocation: Option<String>,
    #[command(flatten)]
    stack: StackArguments,
}

/// `cargo xtask zendesk`.
pub async fn run(arguments: ZendeskArguments) -> Result<()> {
    match arguments.command {
        ZendeskCommand::Send(arguments) => send(&arguments).await,
    }
}

async fn send(arguments: &SendArguments) -> Result<()> {
    let (url, secret) = match (&arguments.url, &arguments.secret) {
        (Some(url), Some(secret)) => (url.clone(), secret.clone()),
        (url, secret) => {
            let stack = arguments.stack.read()?;
            (
                url.clone().unwrap_or(stack.zendesk.hook_url),
                secret.clone().unwrap_or(stack.zendesk.secret),
            )
        }
    };
    let unique = api::now().millis().to_string();
    let delivery = Delivery {
        invocation_id: arguments
            .invocation
            .clone()
            .unwrap_or_else(|| format!("xtask-{unique}")),
        body: match &arguments.file {
            Some(file) => {
                let path = root().join(file);
                std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?
            }
            None => body(arguments, &unique).to_string().into_bytes(),
        },
    };
    let answer = Edgedesk::anonymous("")
        .deliver_to(&url, &secret, &delivery, &api::now_text())
        .await?;
    say!("{} {}", answer.status, answer.text());
    if !(200..300).contains(&answer.status) {
        bail!("the hook refused it with {}", answer.status);
    }
    Ok(())
}

fn body(arguments: &SendArguments, unique: &str) -> Value {
    let id = arguments
        .ticket
        .clone()
        .unwrap_or_else(|| unique[unique.len().saturating_sub(8)..].to_owned());
    let ticket = Ticket::new(id, api::now().to_string());
    let event_id = format!("xtask-event-{unique}");
    let text = arguments
        .text
        .as_deref()
        .unwrap_or("Where is my refund? I have waited for two weeks.");
    match arguments.kind.trim_start_matches("zen:event-type:") {
        "ticket.created" => {
            let subject: String = text.chars().take(60).collect();
            ticket.created(&event_id, &subject, text)
        }
        "ticket.comment_added" | "comment_added" => {
            ticket.comment(&event_id, text, arguments.staff, !arguments.private)
        }
        "messaging_ticket.message_added" | "message_added" => {
            let actor = if arguments.staff { "agent" } else { "end_user" };
            ticket.messaging(&event_id, actor, text)
        }
        "trigger" | "trigger.ticket_updated" => ticket.trigger(&event_id, text),
        kind if kind.ends_with("_changed") => {
            let value = arguments.text.as_deref().unwrap_or(match kind {
                "ticket.priority_changed" => "URGENT",
                "ticket.status_changed" => "SOLVED",
                _ => "8447388090495",
            });
            ticket.changed(&event_id, kind.trim_start_matches("ticket."), "", value)
        }
        kind => ticket.event(&event_id, kind, &serde_json::json!({})),
    }
}
