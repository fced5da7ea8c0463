//! `cargo xtask simulate`: plays realistic conversations, so that the console can be seen alive.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use edgedesk_client::zendesk::{Delivery, Ticket};
use edgedesk_client::{Edgedesk, Socket, Stack, api};
use edgedesk_domain::ids::ConversationId;
use edgedesk_domain::message::Direction;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::StackArguments;
use crate::progress::Step;
use crate::stats::{Dice, Samples};
use crate::workspace::root;

/// How long an ack may take before a conversation is given up.
const ACK_WITHIN: Duration = Duration::from_secs(15);

/// Columns with the text, by data set. All may be read here; none may be shipped, so they are read where they are.
const DATA_SETS: [(&str, usize); 2] = [
    ("bitext-customer-service/train.tsv", 2),
    ("banking77/train.tsv", 1),
];

/// Options of `cargo xtask simulate`.
#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// How many conversations to play.
    #[arg(long, default_value_t = 20)]
    pub conversations: u64,
    /// Conversations that begin per second.
    #[arg(long, default_value_t = 1.0)]
    pub rate: f64,
    /// Longest pause between two turns, in milliseconds.
    #[arg(long, default_value_t = 4000)]
    pub pause: u64,
    /// The same number plays the same conversations.
    #[arg(long)]
    pub seed: Option<u64>,
    #[command(flatten)]
    stack: StackArguments,
}

/// Who says what.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Turn {
    who: Who,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Customer,
    Agent,
    Note,
}

/// What the players share.
struct Stage {
    stack: Stack,
    visitor: Edgedesk,
    agent: Edgedesk,
    pause: u64,
    taken: mpsc::UnboundedSender<Duration>,
}

/// `cargo xtask simulate`.
pub async fn run(arguments: SimulateArguments) -> Result<()> {
    if !(arguments.rate > 0.0 && arguments.rate.is_finite()) {
        bail!("--rate is a number of conversations per second, above 0");
    }
    let stack = arguments.stack.read()?;
    let visitor = Edgedesk::anonymous(&stack.url);
    let agent = visitor.login(&stack.agent).await?;
    let arcs = read_arcs(&fs::read_to_string(root().join("tests/corpora/arcs.txt"))?)?;
    let (questions, source) = read_questions()?;
    say!("  {} questions from {source}", questions.len());

    let (taken, mut acks) = mpsc::unbounded_channel();
    let stage = Arc::new(Stage {
        stack,
        visitor,
        agent,
        pause: arguments.pause.max(1),
        taken,
    });
    let seed = arguments
        .seed
        .unwrap_or_else(|| api::now().millis().unsigned_abs());
    let mut dice = Dice::new(seed);
    let mut step = Step::begin(format!("playing {} conversations", arguments.conversations));
    let mut curtain = tokio::time::interval(Duration::from_secs_f64(1.0 / arguments.rate));
    let (mut players, mut latencies) = (JoinSet::new(), Samples::default());
    let (mut begun, mut ended, mut failures) = (0, 0, Vec::new());
    while ended < arguments.conversations {
        tokio::select! {
            _ = curtain.tick(), if begun < arguments.conversations => {
                let turns = compose(&arcs, &questions, &mut dice)?;
                let (stage, dice) = (Arc::clone(&stage), Dice::new(dice.roll()));
                // By turns, so that both channels are seen even in a short run.
                let is_widget = begun % 2 == 0;
                players.spawn(async move {
                    if is_widget { play_widget(&stage, &turns, dice).await } else { play_zendesk(&stage, &turns, dice).await }
                });
                begun += 1;
            }
            Some(took) = acks.recv() => latencies.add(took),
            Some(outcome) = players.join_next() => {
                ended += 1;
                if let Err(error) = outcome? {
                    failures.push(format!("{error:#}"));
                }
            }
        }
        step.note(&format!(
            "{begun} begun, {ended} ended, {} messages",
            latencies.len()
        ));
    }
    while let Ok(took) = acks.try_recv() {
        latencies.add(took);
    }
    step.end(&format!("{ended} ended"));
    let millis = |share: f64, latencies: &mut Samples| latencies.percentile(share).unwrap_or(0.0);
    say!(
        "  {} messages taken; to the ack p50 {:.1} ms, p95 {:.1} ms (seed {seed})",
        latencies.len(),
        millis(0.5, &mut latencies),
        millis(0.95, &mut latencies),
    );
    if let Some(first) = failures.first() {
        bail!(
            "{} conversations failed; the first: {first}",
            failures.len()
        );
    }
    Ok(())
}

async fn play_widget(stage: &Stage, turns: &[Turn], mut dice: Dice) -> Result<()> {
    let session = stage
        .visitor
        .widget_session(&stage.stack.widget.inbox_key)
        .await?;
    let mut socket = stage.visitor.widget_socket(&session.token).await?;
    for (index, turn) in turns.iter().enumerate() {
        match turn.who {
            Who::Customer => {
                socket.send(&json!({"type": "typing.start"})).await?;
                pause(stage, &mut dice, 3).await;
                let sent = Instant::now();
                let client_id = format!("simulate-{index}");
                socket.write(&client_id, &turn.text).await?;
                wait_for_ack(&mut socket, &client_id).await?;
                // The receiver ends after us.
                let _ = stage.taken.send(sent.elapsed());
            }
            Who::Agent | Who::Note => {
                pause(stage, &mut dice, 1).await;
                reply(stage, session.conversation_id, turn).await?;
            }
        }
    }
    socket.close().await;
    Ok(())
}

async fn wait_for_ack(socket: &mut Socket, client_id: &str) -> Result<()> {
    let is_ours = |frame: &serde_json::Value| {
        frame["client_id"] == client_id && (frame["type"] == "ack" || frame["type"] == "error")
    };
    let frame = socket.wait_for(ACK_WITHIN, is_ours).await?;
    if frame["type"] == "error" {
        return Err(anyhow!("a message was refused: {frame}"));
    }
    Ok(())
}

async fn play_zendesk(stage: &Stage, turns: &[Turn], mut dice: Dice) -> Result<()> {
    let unique = format!("{}", dice.roll() % 100_000_000);
    let ticket = Ticket::new(&unique, api::now().to_string());
    for (index, turn) in turns.iter().enumerate() {
        let event_id = format!("sim-{unique}-{index}");
        let body = match turn.who {
            Who::Customer if index == 0 => {
                let subject: String = turn.text.chars().take(48).collect();
                ticket.created(&event_id, &subject, &turn.text)
            }
            Who::Customer => ticket.comment(&event_id, &turn.text, false, true),
            Who::Agent => ticket.comment(&event_id, &turn.text, true, true),
            Who::Note => ticket.comment(&event_id, &turn.text, true, false),
        };
        if index > 0 {
            pause(stage, &mut dice, 1).await;
        }
        let sent = Instant::now();
        stage
            .visitor
            .deliver(&stage.stack.zendesk, &Delivery::of(&event_id, &body))
            .await?
            .expect(200)?;
        let _ = stage.taken.send(sent.elapsed());
    }
    Ok(())
}

async fn reply(stage: &Stage, conversation: ConversationId, turn: &Turn) -> Result<()> {
    let direction = if turn.who == Who::Note {
        Direction::Note
    } else {
        Direction::Outgoing
    };
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let sent = Instant::now();
    stage
        .agent
        .post(&path, &json!({"text": turn.text, "direction": direction}))
        .await?
        .expect_success()?;
    let _ = stage.taken.send(sent.elapsed());
    Ok(())
}

/// Nobody answers at once, and nobody always after the same time.
async fn pause(stage: &Stage, dice: &mut Dice, divisor: u64) {
    let longest = (stage.pause / divisor).max(1);
    let millis = dice.between(longest / 4, longest);
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

fn compose(arcs: &[Vec<Turn>], questions: &[String], dice: &mut Dice) -> Result<Vec<Turn>> {
    let arc = dice.pick(arcs).context("there are no arcs")?;
    let question = dice.pick(questions).context("there are no questions")?;
    Ok(arc
        .iter()
        .map(|turn| Turn {
            who: turn.who,
            text: turn.text.replace("{question}", question),
        })
        .collect())
}

fn read_arcs(text: &str) -> Result<Vec<Vec<Turn>>> {
    text.split("\n\n")
        .map(str::trim)
        .filter(|arc| !arc.is_empty())
        .map(|arc| arc.lines().map(read_turn).collect())
        .collect()
}

fn read_turn(line: &str) -> Result<Turn> {
    let (who, text) = line
        .split_once(": ")
        .with_context(|| format!("not a turn: {line:?}"))?;
    let who = match who {
        "c" => Who::Customer,
        "a" => Who::Agent,
        "n" => Who::Note,
        _ => bail!("nobody is called {who:?}"),
    };
    Ok(Turn {
        who,
        text: text.to_owned(),
    })
}

/// First messages, and where they are from: real ones where the data sets are, ours otherwise.
fn read_questions() -> Result<(Vec<String>, String)> {
    let data = root().join("../shared/data");
    let mut questions = Vec::new();
    let mut names = Vec::new();
    for (name, column) in DATA_SETS {
        if let Ok(text) = fs::read_to_string(data.join(name)) {
            let rows = text.lines().skip(1);
            questions.extend(
                rows.filter_map(|row| row.split('\t').nth(column))
                    .map(str::to_owned),
            );
            names.push(name);
        }
    }
    if !questions.is_empty() {
        return Ok((questions, names.join(" and ")));
    }
    let own = Path::new("tests/corpora/questions.txt");
    let text = fs::read_to_string(root().join(own)).context("cannot read the questions")?;
    Ok((
        text.lines().map(str::to_owned).collect(),
        own.display().to_string(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arc_begins_with_the_customer_and_asks_something() {
        let text = fs::read_to_string(root().join("tests/corpora/arcs.txt")).unwrap();
        let arcs = read_arcs(&text).unwrap();
        assert!(arcs.len() >= 10);
        for arc in arcs {
            assert_eq!(arc[0].who, Who::Customer, "{arc:?}");
            assert!(arc.iter().any(|turn| turn.text.contains("{question}")));
        }
        assert!(read_arcs("x: nobody").is_err());
    }

    #[test]
    fn a_seed_repeats_its_conversation() {
        let arcs = read_arcs("c: {question}\na: Yes\n\nc: Hm. {question}").unwrap();
        let questions = ["one?".to_owned(), "two?".to_owned()];
        let play = |seed| compose(&arcs, &questions, &mut Dice::new(seed)).unwrap();
        assert_eq!(play(4), play(4));
        assert!((0..20).any(|seed| play(seed) != play(4)));
    }
}
