//! `cargo xtask shard move`: an account's rows to another shard, while it is used. The order of things is
//! `edgedesk_store::mover`'s; this is the databases through wrangler, local ones or a deployment's.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use edgedesk_domain::ids::AccountId;
use edgedesk_store::mover::{Compared, Mover, Stage};
use edgedesk_store::{DataKeys, Database, Directory, Row, Shards, Statement, StoreError, Value};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};

use crate::migrate::DATABASES;
use crate::progress::Step;
use crate::workspace::{root, wrangler};

/// Caches of the Workers last 30 s; what they have begun with them ends within seconds.
const SETTLE_SECS: u64 = 45;
/// Bytes of a text that stand in a statement. D1 takes statements of 100 kB, and a quote is written as two.
const MAX_PART_BYTES: usize = 40_000;

/// Options of `cargo xtask shard`.
#[derive(Debug, Args)]
pub struct ShardArguments {
    #[command(subcommand)]
    command: ShardCommand,
}

#[derive(Debug, Subcommand)]
enum ShardCommand {
    /// Move an account to another shard; may be run again, also after it was broken off.
    Move(MoveArguments),
}

#[derive(Debug, Args)]
struct MoveArguments {
    /// The account.
    account: AccountId,
    /// The number of the shard.
    to: u32,
    #[command(flatten)]
    place: PlaceArguments,
    /// How long to wait for the caches of the Workers.
    #[arg(long, default_value_t = SETTLE_SECS, hide = true)]
    settle_secs: u64,
}

/// Which databases.
#[derive(Debug, Args)]
pub struct PlaceArguments {
    /// Where local data lives.
    #[arg(long, value_name = "DIR", default_value = ".edgedesk")]
    state: PathBuf,
    /// The databases of a deployment, by its environment in `wrangler.toml`, instead of local ones.
    #[arg(long, value_name = "ENVIRONMENT", conflicts_with = "state")]
    remote: Option<String>,
}

/// `cargo xtask shard`.
pub async fn run(arguments: ShardArguments) -> Result<()> {
    let ShardCommand::Move(arguments) = arguments.command;
    let place = place_of(&arguments.place)?;
    let database = |binding: &'static str| Wrangler {
        binding,
        place: Rc::clone(&place),
    };
    let [directory, shards @ ..] = DATABASES;
    // Sealed values are moved as they are: the root stays with the Workers.
    let shards = Shards::new(
        database(directory),
        shards.map(database).into(),
        DataKeys::absent(),
    );
    let mover = Mover::new(&shards, arguments.account, arguments.to);
    let settle = Duration::from_secs(arguments.settle_secs);

    let mut stage = mover.begin().await?;
    if stage == Stage::Done {
        say!("  {} is on shard {}", arguments.account, arguments.to);
        return Ok(());
    }
    if stage == Stage::Held {
        wait(settle, "changes of own intents are held").await;
        let step = Step::begin(format!("copying {}", arguments.account));
        let compared = mover.copy().await?;
        step.end(&describe(&compared));
        stage = Stage::Switched;
    }
    debug_assert_eq!(stage, Stage::Switched);
    wait(settle, "the directory names the new shard").await;
    let step = Step::begin("merging what came meanwhile, and deleting the old rows");
    let compared = mover.catch_up().await?;
    step.end(&describe(&compared));
    for table in &compared {
        say!(
            "  {:<22} {:>8}  {}",
            table.table,
            table.n_rows,
            table.checksum
        );
    }
    say!("  {} is on shard {}", arguments.account, arguments.to);
    Ok(())
}

/// Where the databases are, for wrangler.
fn place_of(arguments: &PlaceArguments) -> Result<Rc<[String]>> {
    if let Some(environment) = &arguments.remote {
        return Ok(["--remote", "--env", environment].map(str::to_owned).into());
    }
    let state = root().join(&arguments.state);
    let state = state
        .canonicalize()
        .with_context(|| format!("there is no {}", state.display()))?
        .display()
        .to_string();
    Ok(["--local", "--persist-to", &state]
        .map(str::to_owned)
        .into())
}

async fn wait(settle: Duration, why: &str) {
    let step = Step::begin(format!("waiting until every Worker knows: {why}"));
    tokio::time::sleep(settle).await;
    step.end("known");
}

fn describe(compared: &[Compared]) -> String {
    let n_rows: usize = compared.iter().map(|table| table.n_rows).sum();
    format!("{n_rows} rows, compared")
}

/// The directory.
pub fn directory(place: &PlaceArguments) -> Result<Directory<Wrangler>> {
    let [binding, ..] = DATABASES;
    let place = place_of(place)?;
    Ok(Directory::new(Wrangler { binding, place }))
}

/// A D1 database by its binding, through `wrangler d1 execute`.
#[derive(Debug)]
pub struct Wrangler {
    binding: &'static str,
    place: Rc<[String]>,
}

impl Database for Wrangler {
    async fn query(&self, sql: &'static str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        let statement = Statement::new(sql, parameters.to_vec());
        let output = self
            .execute(&["--json", "--command", &statement.to_sql_text()])
            .await?;
        read_rows(&output)
    }

    /// Of the statements that are run in this way none gives rows.
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut script = String::new();
        for statement in statements {
            push_statement(&mut script, statement);
        }
        let file = tempfile().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let path = file.display().to_string();
        let written = std::fs::write(&file, script);
        let outcome = match written {
            Ok(()) => self.execute(&["--file", &path]).await,
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        };
        // A left-over is in `target`, where nobody minds it.
        let _ = std::fs::remove_file(&file);
        outcome.map(|_| Vec::new())
    }
}

impl Wrangler {
    async fn execute(&self, arguments: &[&str]) -> Result<String, StoreError> {
        let output = wrangler()
            .args(["d1", "execute", self.binding, "--yes"])
            .args(self.place.iter())
            .args(arguments)
            .env("CI", "true")
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            Ok(stdout)
        } else {
            // With `--json` the reason is on the standard output.
            let stderr = String::from_utf8_lossy(&output.stderr);
            Err(StoreError::from_message(format!(
                "{}: {stderr}{stdout}",
                self.binding
            )))
        }
    }
}

fn tempfile() -> Result<PathBuf> {
    let folder = root().join("target/shard-move");
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join(format!("{}.sql", std::process::id())))
}

/// A statement as text. A text that is too long for one goes into a table of its own first, in parts, and is put together
/// there.
fn push_statement(script: &mut String, mut statement: Statement) {
    let long = statement
        .parameters
        .iter_mut()
        .find_map(|value| match value {
            Value::Text(text) if text.len() > MAX_PART_BYTES => Some(std::mem::replace(
                text,
                // No JSON array looks like this.
                "(the parts)".to_owned(),
            )),
            _ => None,
        });
    let Some(long) = long else {
        script.push_str(&statement.to_sql_text());
        script.push('\n');
        return;
    };
    script.push_str("DROP TABLE IF EXISTS shard_move_parts;\n");
    script.push_str(
        "CREATE TABLE shard_move_parts (place INTEGER PRIMARY KEY, part TEXT NOT NULL);\n",
    );
    for (place, part) in parts(&long).enumerate() {
        let part = part.replace('\'', "''");
        // A `String` takes any text.
        let _ = writeln!(
            script,
            "INSERT INTO shard_move_parts VALUES ({place}, '{part}');"
        );
    }
    let whole = "(SELECT group_concat(part, '' ORDER BY place) FROM shard_move_parts)";
    script.push_str(&statement.to_sql_text().replace("'(the parts)'", whole));
    script.push_str("\nDROP TABLE shard_move_parts;\n");
}

/// A text in parts of at most [`MAX_PART_BYTES`], none of which ends within a letter.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.floor_char_boundary(MAX_PART_BYTES);
        let (part, after) = rest.split_at(end);
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// The columns of a row in their order, which a map of `serde_json` does not keep.
struct Columns(Vec<(String, serde_json::Value)>);

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Columns;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
                let mut columns = Vec::new();
                while let Some(column) = map.next_entry()? {
                    columns.push(column);
                }
                Ok(Columns(columns))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn read_rows(output: &str) -> Result<Vec<Row>, StoreError> {
    #[derive(Deserialize)]
    struct Answer {
        results: Vec<Columns>,
    }
    let answers: Vec<Answer> = serde_json::from_str(output)
        .map_err(|error| StoreError::Unavailable(format!("wrangler: {error}: {output}")))?;
    let rows = answers.into_iter().flat_map(|answer| answer.results);
    rows.map(|Columns(columns)| {
        let (names, values): (Vec<String>, Vec<serde_json::Value>) = columns.into_iter().unzip();
        let values = values
            .into_iter()
            .map(read_value)
            .collect::<Result<_, _>>()?;
        Ok(Row::new(names.into(), values))
    })
    .collect()
}

fn read_value(value: serde_json::Value) -> Result<Value, StoreError> {
    match value {
        serde_json::Value::Null => Ok(Value::Null),
        serde_json::Value::String(text) => Ok(Value::Text(text)),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::int(number),
            None => Ok(Value::Real(number.as_f64().unwrap_or_default())),
        },
        _ => Err(StoreError::Unreadable {
            column: "(any)".to_owned(),
            expected: "text or number",
        }),
    }
}

#[cfg(test)]
mod tests {
    use edgedesk_store::testing::Sqlite;

    use super::*;

    #[test]
    fn a_text_of_any_length_arrives_as_it_was() {
        let database = Sqlite::shard();
        let long = "it's 'ü'; -- ?1 \u{1f642}".repeat(20_000);
        let row = serde_json::json!([["acc", "int", 0, long]]).to_string();
        let mut script = String::new();
        let insert = "INSERT INTO own_intent_examples SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)";
        push_statement(&mut script, Statement::new(insert, vec![Value::Text(row)]));
        let longest = script.lines().map(str::len).max().unwrap_or_default();
        assert!(longest < 100_000, "{longest}");
        database.run_script(&script).expect("valid SQL");
        let rows = database.dump("own_intent_examples");
        assert_eq!(rows.len(), 1);
        assert!(rows[0].contains(&format!("{long:?}")));
    }

    #[test]
    fn rows_come_with_their_columns_in_order() {
        let output = r#"[{"results":[{"z":1,"a":"x","m":null,"b":0.5}],"success":true,"meta":{}}]"#;
        let rows = read_rows(output).expect("rows");
        let values = [
            Value::Int(1),
            Value::text("x"),
            Value::Null,
            Value::Real(0.5),
        ];
        assert_eq!(rows[0].values(), values);
        assert!(read_rows("not JSON").is_err());
    }
}
