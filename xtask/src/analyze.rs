//! `cargo xtask analyze`: JSON lines of messages in, JSON lines of analyses out.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use edgedesk_domain::analysis::{Analysis, PastMood};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::eval::table::bad_input;
use crate::reader::{Progress, Reader};

/// Options of `cargo xtask analyze`.
#[derive(Debug, Args)]
pub struct AnalyzeArguments {
    /// Where the messages come from, one `{"id", "text", "history"?}` a line; stdin when absent.
    #[arg(long = "in", value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Where the analyses go, one a line; stdout when absent.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Through the inference Worker in workerd, as deployed.
    #[arg(long)]
    pub wasm: bool,
}

/// One message to analyse.
#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    id: Value,
    text: String,
    /// What the customer wrote before, oldest first.
    #[serde(default)]
    history: Vec<Earlier>,
}

/// An earlier message: its text, to be analysed first, or what its analysis said.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Earlier {
    Mood(PastMood),
    Text(String),
    Message { text: String },
}

/// One line of output.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Outcome {
    Analyzed {
        id: Value,
        #[serde(flatten)]
        analysis: Box<Analysis>,
    },
    Failed {
        id: Value,
        /// Of the input, from 1.
        line: usize,
        error: String,
    },
}

/// `cargo xtask analyze`.
pub async fn run(arguments: AnalyzeArguments) -> Result<()> {
    // Stdout belongs to the analyses.
    crate::progress::use_stderr();
    let input: Box<dyn BufRead> = match &arguments.input {
        None => Box::new(BufReader::new(std::io::stdin())),
        Some(path) => match File::open(path) {
            Ok(file) => Box::new(BufReader::new(file)),
            Err(error) => bad_input!("{}: {error}", path.display()),
        },
    };
    let mut output = output(arguments.out.as_deref())?;
    let mut reader = Reader::start(arguments.wasm).await?;
    let n = analyze(&mut reader, input, &mut output).await?;
    output.flush()?;
    eprintln!("  ✓ {n} lines");
    Ok(())
}

fn output(path: Option<&Path>) -> Result<Box<dyn Write>> {
    Ok(match path {
        None => Box::new(BufWriter::new(std::io::stdout())),
        Some(path) => match File::create(path) {
            Ok(file) => Box::new(BufWriter::new(file)),
            Err(error) => bad_input!("{}: {error}", path.display()),
        },
    })
}

/// One line of output for every line of input that is not blank; their number.
async fn analyze(
    reader: &mut Reader,
    input: impl BufRead,
    output: &mut impl Write,
) -> Result<usize> {
    let mut progress = Progress::begin("analysing", 0);
    let mut n = 0;
    for (index, line) in input.split(b'\n').enumerate() {
        // Bytes that are no UTF-8 become replacement characters: a customer's message is read, whatever it holds.
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        if line.trim().is_empty() {
            continue;
        }
        let outcome = outcome(reader, index + 1, line.trim()).await;
        serde_json::to_writer(&mut *output, &outcome)?;
        output.write_all(b"\n")?;
        n += 1;
        progress.at(n);
    }
    Ok(n)
}

async fn outcome(reader: &mut Reader, line: usize, text: &str) -> Outcome {
    let failed = |id: Value, error: String| Outcome::Failed { id, line, error };
    let message: Message = match serde_json::from_str(text) {
        Ok(message) => message,
        Err(error) => {
            let value: Option<Value> = serde_json::from_str(text).ok();
            let id = value.and_then(|value| value.get("id").cloned());
            return failed(id.unwrap_or_default(), error.to_string());
        }
    };
    match analyzed(reader, &message).await {
        Ok(analysis) => Outcome::Analyzed {
            id: message.id,
            analysis: Box::new(analysis),
        },
        Err(error) => failed(message.id, format!("{error:#}")),
    }
}

async fn analyzed(reader: &mut Reader, message: &Message) -> Result<Analysis> {
    let mut moods: Vec<PastMood> = Vec::with_capacity(message.history.len());
    for (seq, earlier) in (1..).zip(&message.history) {
        let mood = match earlier {
            Earlier::Mood(mood) => *mood,
            Earlier::Text(text) | Earlier::Message { text } => {
                let analysis = reader.analyze(text, &moods).await?;
                PastMood {
                    seq,
                    score: analysis.sentiment.score,
                    risk: analysis.escalation_risk,
                }
            }
        };
        moods.push(mood);
    }
    reader.analyze(&message.text, &moods).await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(input: &[u8]) -> Vec<Value> {
        let mut reader = Reader::native().expect("the model files are in the checkout");
        let mut output = Vec::new();
        analyze(&mut reader, input, &mut output)
            .await
            .expect("the input can be read");
        let output = String::from_utf8(output).expect("the output is JSON");
        output
            .lines()
            .map(|line| serde_json::from_str(line).expect("each line is JSON"))
            .collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_line_has_an_answer_whatever_it_holds() {
        let long = format!("{{\"id\": 3, \"text\": \"{}\"}}\n", "help ".repeat(200_000));
        let input = [
            b"{\"id\": \"a\", \"text\": \"Thank you so much, this is wonderful!\"}\n\n".as_slice(),
            b"{\"id\": 2, \"text\": \"\"}\n",
            long.as_bytes(),
            b"{\"id\": 4, \"text\": \"caf\xff\xfe where is my parcel\"}\n",
            b"{\"id\": 5}\n",
            b"no json\n",
            b"{\"id\": 7, \"text\": \"It is still broken\", \"history\": [\"It is broken\", {\"text\": \"Still broken!\"}]}",
        ]
        .concat();
        let lines = lines(&input).await;
        assert_eq!(lines.len(), 7);
        assert_eq!(lines[0]["id"], "a");
        assert_eq!(lines[0]["sentiment"]["polarity"], "positive");
        for line in &lines[..4] {
            assert!(
                line["sentiment"]["score"].is_number() && line["error"].is_null(),
                "{line}"
            );
        }
        assert_eq!(lines[4]["id"], 5);
        assert_eq!(lines[4]["line"], 6);
        assert!(
            lines[4]["error"]
                .as_str()
                .is_some_and(|error| error.contains("text"))
        );
        assert_eq!(lines[5]["line"], 7);
        assert!(lines[6]["escalation_risk"].is_number(), "{}", lines[6]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn history_counts_as_text_or_as_mood() {
        let told =
            |history: &str| format!("{{\"text\": \"This is terrible\", \"history\": {history}}}");
        let lines = lines(
            [
                told("[]"),
                told("[{\"seq\": 1, \"score\": -0.9, \"risk\": 0.9}]"),
                told("[\"You have ruined my week, I want my money back\"]"),
            ]
            .join("\n")
            .as_bytes(),
        )
        .await;
        let risk = |line: usize| lines[line]["escalation_risk"].as_f64().expect("a number");
        assert!(risk(1) > risk(0), "{lines:?}");
        assert!(risk(2) >= risk(0), "{lines:?}");
    }
}
