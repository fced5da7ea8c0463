//! `cargo xtask rebuild`: the D1 read model of an account, made again from its conversation logs and compared with what
//! was there.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use clap::Args;
use edgedesk_client::{Edgedesk, Stack};
use edgedesk_domain::ids::AccountId;
use serde::Deserialize;
use serde_json::json;

use crate::StackArguments;
use crate::progress::Step;

/// Options of `cargo xtask rebuild`.
#[derive(Debug, Args)]
pub struct RebuildArguments {
    /// The account; the demo account by default.
    #[arg(long, value_name = "ID")]
    pub account: Option<AccountId>,
    #[command(flatten)]
    stack: StackArguments,
}

#[derive(Debug, Deserialize)]
struct Page {
    rebuilt: u64,
    next_cursor: Option<String>,
}

/// A read model, so that two can be compared.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Checksum {
    checksum: String,
    n_rows: BTreeMap<String, u64>,
}

/// `cargo xtask rebuild`.
pub async fn run(arguments: RebuildArguments) -> Result<()> {
    let stack = find_stack(&arguments)?;
    let admin = Edgedesk::anonymous(&stack.url).login(&stack.admin).await?;
    let before = checksum(&admin).await?;
    say!(
        "  before  {}  {}",
        before.checksum,
        describe(&before.n_rows)
    );

    let mut step = Step::begin(format!("rebuilding {}", stack.account_id));
    let rebuilt = rebuild(&admin, &mut |line| step.note(line)).await?;
    step.end(&format!("{rebuilt} conversations"));

    let after = checksum(&admin).await?;
    say!("  after   {}  {}", after.checksum, describe(&after.n_rows));
    if before != after {
        bail!("different: what was there was not what the logs say, or messages arrived meanwhile");
    }
    say!("  equal");
    Ok(())
}

fn find_stack(arguments: &RebuildArguments) -> Result<Stack> {
    let stack = arguments.stack.read()?;
    let Some(account) = arguments
        .account
        .filter(|account| *account != stack.account_id)
    else {
        return Ok(stack);
    };
    let other = arguments.stack.dev_json.with_extension("other.json");
    let other = StackArguments { dev_json: other }.read()?;
    if other.account_id != account {
        bail!("nobody's login is known for account {account}");
    }
    Ok(other)
}

/// Makes the read model of the account of `admin` again, and says of how many conversations.
pub async fn rebuild(admin: &Edgedesk, note: &mut dyn FnMut(&str)) -> Result<u64> {
    let (mut rebuilt, mut cursor) = (0, None::<String>);
    loop {
        let query = cursor.map_or_else(String::new, |cursor| format!("?cursor={cursor}"));
        let page: Page = admin
            .post(&format!("/api/v1/admin/rebuild{query}"), &json!({}))
            .await?
            .expect(200)?
            .json()?;
        rebuilt += page.rebuilt;
        note(&format!("{rebuilt} conversations"));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(rebuilt);
        }
    }
}

/// What the read model of an account is, as a number to compare.
pub async fn checksum(admin: &Edgedesk) -> Result<Checksum> {
    let answer = admin.get("/api/v1/admin/checksum").await?.expect(200)?;
    answer.json().context("no checksum")
}

fn describe(rows: &BTreeMap<String, u64>) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|(table, n)| format!("{table} {n}"))
        .collect();
    rows.join(", ")
}
