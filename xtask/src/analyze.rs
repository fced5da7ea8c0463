//! `cargo xtask analyze`: JSON lines of messages in, JSON lines of analyses out.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use edgedesk_domain::analysis::{Analysis, PastMood};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::eval::table::bad_input;
use crate::progress::{Progress, grouped};
use crate::reader::{self, Analyst, AsyncWork, BATCH, Reader};

/// Options of `cargo xtask analyze`.
#[derive(Debug, Args)]
pub struct AnalyzeArguments {
    /// Where the messages come from, one `{"id", "text", "history"?}` a line; stdin when absent.
    #[arg(long = "in", value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Where the analyses go, one a line, once all are made; stdout, as they are made, when absent.
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
    let input: Box<dyn BufRead + Send> = match &arguments.input {
        None => Box::new(BufReader::new(std::io::stdin())),
        Some(path) => match File::open(path) {
            Ok(file) => Box::new(BufReader::new(file)),
            Err(error) => bad_input!("{}: {error}", path.display()),
        },
    };
    let target = match &arguments.out {
        None => None,
        Some(path) => Some(Target::beside(path)?),
    };
    let output: Box<dyn Write + Send> = match &target {
        None => Box::new(BufWriter::new(std::io::stdout())),
        Some(target) => Box::new(BufWriter::new(target.open()?)),
    };
    let mut reader = Reader::start(arguments.wasm).await?;
    let n = analyze(&mut reader, lines_of(input), Output::to(output)).await?;
    if let Some(target) = target {
        target.keep()?;
    }
    eprintln!("  ✓ {} lines", grouped(n));
    Ok(())
}

/// One line of output for every line of input that is not blank; their number. Lines that have come meanwhile are analysed
/// together, and written when they are: an input that comes slowly is answered line by line.
async fn analyze(
    reader: &mut Reader,
    mut lines: mpsc::Receiver<std::io::Result<Line>>,
    mut output: Output,
) -> Result<usize> {
    let mut progress = Progress::counting("analysing");
    let mut n = 0;
    while let Some(first) = lines.recv().await {
        let mut batch = vec![first.context("cannot read the input")?];
        while batch.len() < BATCH
            && let Ok(line) = lines.try_recv()
        {
            batch.push(line.context("cannot read the input")?);
        }
        n += batch.len();
        let outcomes = reader.analyze_each(batch, Answer).await?;
        let mut text = Vec::new();
        for outcome in &outcomes {
            serde_json::to_writer(&mut text, outcome)?;
            text.push(b'\n');
        }
        match output.write(text).await {
            // Who reads has seen enough (`| head`).
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            outcome => outcome.context("cannot write the output")?,
        }
        progress.at(n);
    }
    Ok(n)
}

/// A line of the input that is not blank.
#[derive(Debug)]
struct Line {
    /// From 1.
    number: usize,
    text: String,
}

/// The lines of an input as they come, without those that are blank. They are read on a thread of its own, for which nobody
/// waits: a pipe may stay silent for ever.
fn lines_of(input: impl BufRead + Send + 'static) -> mpsc::Receiver<std::io::Result<Line>> {
    const BOM: &[u8] = "\u{feff}".as_bytes();
    // The next batch waits while one is analysed.
    let (sender, lines) = mpsc::channel(BATCH);
    std::thread::spawn(move || {
        for (index, bytes) in input.split(b'\n').enumerate() {
            let line = bytes.map(|bytes| {
                let bytes = match index {
                    0 => bytes.strip_prefix(BOM).unwrap_or(&bytes),
                    _ => &bytes,
                };
                Line {
                    number: index + 1,
                    // Bytes that are no UTF-8 become replacement characters: a customer's message is read, whatever it holds.
                    text: String::from_utf8_lossy(bytes).trim().to_owned(),
                }
            });
            let is_blank = line.as_ref().is_ok_and(|line| line.text.is_empty());
            let is_last = line.is_err();
            if (!is_blank && sender.blocking_send(line).is_err()) || is_last {
                return;
            }
        }
    });
    lines
}

/// Where lines go. They are written on a thread of its own, for which nobody waits: a pipe may stay full for ever.
struct Output {
    sender: mpsc::Sender<Job>,
}

/// Bytes to write, and whom to tell.
type Job = (Vec<u8>, oneshot::Sender<std::io::Result<()>>);

impl Output {
    fn to(mut writer: impl Write + Send + 'static) -> Self {
        let (sender, mut jobs) = mpsc::channel::<Job>(1);
        std::thread::spawn(move || {
            while let Some((bytes, done)) = jobs.blocking_recv() {
                let outcome = writer.write_all(&bytes).and_then(|()| writer.flush());
                // Nobody waits any more if the command has been ended.
                let _ = done.send(outcome);
            }
        });
        Self { sender }
    }

    /// Writes and flushes.
    async fn write(&mut self, bytes: Vec<u8>) -> std::io::Result<()> {
        let gone = || std::io::Error::other("the thread that writes has ended");
        let (done, outcome) = oneshot::channel();
        self.sender.send((bytes, done)).await.map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())?
    }
}

/// A file that gets its contents at once, at the end, or not at all: what was there stays until then, also when it is the
/// input.
#[derive(Debug)]
struct Target {
    path: PathBuf,
    /// Beside it; none for what is no file, such as a pipe or `/dev/null`, which is written to as it is.
    temporary: Option<PathBuf>,
}

impl Target {
    fn beside(path: &Path) -> Result<Self> {
        // What a link points to is replaced, and the link stays.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if path.is_dir() {
            bad_input!("{}: is a folder", path.display());
        }
        let Some(name) = path.file_name() else {
            bad_input!("{}: is no name of a file", path.display());
        };
        let is_replaced = !path.exists() || path.is_file();
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.part", std::process::id()));
        let temporary = is_replaced.then(|| path.with_file_name(temporary));
        Ok(Self { path, temporary })
    }

    fn open(&self) -> Result<File> {
        let opened = match &self.temporary {
            Some(temporary) => File::create(temporary),
            None => File::options().write(true).open(&self.path),
        };
        match opened {
            Ok(file) => Ok(file),
            Err(error) => bad_input!("{}: {error}", self.path.display()),
        }
    }

    /// Everything has been written: this is the file now.
    fn keep(mut self) -> Result<()> {
        if let Some(temporary) = &self.temporary {
            if let Ok(before) = std::fs::metadata(&self.path) {
                std::fs::set_permissions(temporary, before.permissions())?;
            }
            std::fs::rename(temporary, &self.path)
                .with_context(|| format!("cannot write {}", self.path.display()))?;
        }
        self.temporary = None;
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = std::fs::remove_file(temporary);
        }
    }
}

/// A line of input to a line of output.
struct Answer;

impl AsyncWork<Line, Outcome> for Answer {
    async fn apply(&self, models: &mut Analyst<'_>, line: &Line) -> Result<Outcome> {
        let failed = |id: Value, error: String| Outcome::Failed {
            id,
            line: line.number,
            error,
        };
        let message: Message = match serde_json::from_str(&line.text) {
            Ok(message) => message,
            Err(error) => {
                let value: Option<Value> = serde_json::from_str(&line.text).ok();
                let id = value.and_then(|value| value.get("id").cloned());
                return Ok(failed(id.unwrap_or_default(), error.to_string()));
            }
        };
        Ok(match analyzed(models, &message).await? {
            Ok(analysis) => Outcome::Analyzed {
                id: message.id,
                analysis: Box::new(analysis),
            },
            Err(error) => failed(message.id, error),
        })
    }
}

async fn analyzed(
    models: &mut Analyst<'_>,
    message: &Message,
) -> Result<reader::Outcome<Analysis>> {
    let mut moods: Vec<PastMood> = Vec::with_capacity(message.history.len());
    for (seq, earlier) in (1..).zip(&message.history) {
        let mood = match earlier {
            Earlier::Mood(mood) => *mood,
            Earlier::Text(text) | Earlier::Message { text } => {
                match models.analyze(text, &moods).await? {
                    Ok(analysis) => PastMood {
                        seq,
                        score: analysis.sentiment.score,
                        risk: analysis.escalation_risk,
                    },
                    Err(error) => return Ok(Err(format!("history {seq}: {error}"))),
                }
            }
        };
        moods.push(mood);
    }
    models.analyze(&message.text, &moods).await
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What a writer has got, for a look from outside.
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Shared {
        fn text(&self) -> String {
            let bytes = self.0.lock().expect("no thread has panicked");
            String::from_utf8(bytes.clone()).expect("the output is JSON")
        }
    }

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut shared = self.0.lock().expect("no thread has panicked");
            shared.extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    async fn lines(input: &[u8]) -> Vec<Value> {
        let mut reader = Reader::native()
            .await
            .expect("the model files are in the checkout");
        let output = Shared::default();
        let input = lines_of(Cursor::new(input.to_owned()));
        analyze(&mut reader, input, Output::to(output.clone()))
            .await
            .expect("the input can be read");
        output
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).expect("each line is JSON"))
            .collect()
    }

    async fn received(input: &[u8]) -> Vec<(usize, String)> {
        let mut lines = lines_of(Cursor::new(input.to_owned()));
        let mut received = Vec::new();
        while let Some(line) = lines.recv().await {
            let line = line.expect("the input can be read");
            received.push((line.number, line.text));
        }
        received
    }

    #[tokio::test]
    async fn a_byte_order_mark_is_no_part_of_the_first_line() {
        let input = b"\xef\xbb\xbf{\"a\":1}\r\n\n \n{\"b\":\"\xef\xbb\xbf\xff\"}";
        let expected = [
            (1, "{\"a\":1}".to_owned()),
            (4, "{\"b\":\"\u{feff}\u{fffd}\"}".to_owned()),
        ];
        assert_eq!(received(input).await, expected);
        assert_eq!(received(b"").await, []);
    }

    /// Nobody who waits for a line, or to get rid of one, keeps the runtime from hearing a signal: this runtime has one thread.
    #[tokio::test]
    async fn a_silent_input_and_a_full_output_hold_nothing_up() {
        let (silent, _open) = std::io::pipe().expect("a pipe");
        let mut lines = lines_of(BufReader::new(silent));
        let (_unread, full) = std::io::pipe().expect("a pipe");
        let mut output = Output::to(full);
        let more_than_a_pipe_holds = vec![b'x'; 16 << 20];
        tokio::select! {
            biased;
            _ = lines.recv() => panic!("there is no line"),
            _ = output.write(more_than_a_pipe_holds) => panic!("nobody reads"),
            () = tokio::task::yield_now() => {}
        }
    }

    fn folder(name: &str) -> PathBuf {
        let name = format!("edgedesk-analyze-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("the folder is there");
        entries
            .map(|entry| entry.expect("an entry").file_name().display().to_string())
            .collect()
    }

    #[test]
    fn a_file_keeps_what_it_holds_until_everything_is_written() {
        let folder = folder("target");
        let path = folder.join("both.jsonl");
        std::fs::write(&path, "before").expect("written");
        let read = || std::fs::read_to_string(&path).expect("the file is there");

        let target = Target::beside(&path).expect("a file");
        let mut file = target.open().expect("opened");
        assert_eq!(read(), "before");
        file.write_all(b"half").expect("written");
        drop(target);
        assert_eq!((read(), names(&folder).len()), ("before".into(), 1));

        let target = Target::beside(&path).expect("a file");
        let mut file = target.open().expect("opened");
        file.write_all(b"after").expect("written");
        target.keep().expect("kept");
        assert_eq!((read(), names(&folder).len()), ("after".into(), 1));

        let link = folder.join("link");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        let target = Target::beside(&link).expect("a file");
        target.open().expect("opened");
        target.keep().expect("kept");
        assert_eq!(read(), "");
        assert!(link.is_symlink());
    }

    #[test]
    fn what_cannot_be_written_is_said_before_any_work() {
        let folder = folder("refused");
        for path in [folder.clone(), folder.join("no/such/file")] {
            let opened = Target::beside(&path).and_then(|target| target.open());
            let error = opened.expect_err("not to be written");
            assert!(error.is::<crate::eval::table::BadInput>(), "{error:?}");
        }
        let null = Target::beside(Path::new("/dev/null")).expect("to be written");
        assert_eq!(null.temporary, None);
        null.open().expect("opened");
        null.keep().expect("nothing to do");
    }

    /// The pipe stays open all the while.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_slow_input_is_answered_line_by_line() {
        let mut reader = Reader::native()
            .await
            .expect("the model files are in the checkout");
        let (questions, mut ask) = std::io::pipe().expect("a pipe");
        let (answers, tell) = std::io::pipe().expect("a pipe");
        let input = lines_of(BufReader::new(questions));
        let talk = reader::apart(move || {
            let mut answers = BufReader::new(answers);
            for id in 1..=3 {
                writeln!(ask, "{{\"id\":{id},\"text\":\"Where is my parcel?\"}}")
                    .expect("the pipe is open");
                let mut answer = String::new();
                answers.read_line(&mut answer).expect("the pipe is open");
                let answer: Value = serde_json::from_str(&answer).expect("JSON");
                assert_eq!(answer["id"], id);
            }
        });
        let (n, talked) = tokio::join!(analyze(&mut reader, input, Output::to(tell)), talk);
        talked.expect("every question was answered before the next");
        assert_eq!(n.expect("all could be read"), 3);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn answers_come_in_the_order_of_their_lines() {
        let line = |id: usize| {
            let text = "please help ".repeat(if id.is_multiple_of(7) { 60 } else { 1 });
            format!("{{\"id\":{id},\"text\":\"{text}\"}}\n")
        };
        let input: String = (0..300).map(line).collect();
        let lines = lines(input.as_bytes()).await;
        let ids: Vec<_> = lines.iter().map(|line| line["id"].as_u64()).collect();
        assert_eq!(ids, (0..300).map(Some).collect::<Vec<_>>());
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
