//! Expand, then contract: the Workers of before a migration and those of after it both work with what it leaves behind, since a deployment
//! has both for a while, and since one that is rolled back has the older ones for longer.

use super::{KINDS, Migration, migrations, statements};

/// Numbers that no file has ever had.
const GAPS: [(&str, u32); 1] = [("directory", 9)];

/// Migrations that take something away without saying so, with the reason why they stay as they are.
const BEFORE_THE_RULE: [(&str, &str); 1] = [(
    "shard/0003_intents_off.sql",
    "the table is the same but for a column that may be null; it is older than this rule",
)];

/// How a file says that it contracts: `-- contract: unused since VERSION: REASON`.
const CONTRACT: &str = "-- contract: unused since ";

/// What is wrong with a migration; nothing, when it expands.
fn faults(migration: &Migration) -> Vec<String> {
    let statements = statements(&migration.text);
    let mut faults: Vec<String> = statements
        .iter()
        .filter_map(|statement| never(statement))
        .map(str::to_owned)
        .collect();
    if statements.is_empty() {
        faults.push("it does nothing".to_owned());
    }
    match contract(&migration.text) {
        Some(true) => {}
        Some(false) => faults.push(format!(
            "`{CONTRACT}VERSION: REASON` is without a version or a reason"
        )),
        None => faults.extend(takes_away(&statements)),
    }
    faults
}

/// Whether a file says that it contracts, and says it whole.
fn contract(text: &str) -> Option<bool> {
    let line = text.lines().find(|line| line.starts_with("-- contract"))?;
    let Some((version, reason)) = line
        .strip_prefix(CONTRACT)
        .and_then(|rest| rest.split_once(": "))
    else {
        return Some(false);
    };
    let numbers: Vec<&str> = version.split('.').collect();
    let is_version = numbers.len() == 3 && numbers.iter().all(|part| part.parse::<u32>().is_ok());
    Some(is_version && reason.split_whitespace().count() >= 3)
}

/// What no migration may do, whatever it says.
fn never(statement: &str) -> Option<&'static str> {
    let words: Vec<String> = words(statement);
    match words.first()?.as_str() {
        "BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => {
            Some("D1 applies a file in one transaction: it can have none of its own")
        }
        "PRAGMA" | "VACUUM" | "ATTACH" | "DETACH" => {
            Some("it changes what is outside of the transaction")
        }
        "CREATE" if words.iter().take(3).any(|word| word == "TRIGGER") => {
            Some("a trigger has statements of its own, which these checks do not tell apart")
        }
        _ => None,
    }
}

/// What the Workers of before would miss, or stumble over.
fn takes_away(statements: &[String]) -> Vec<String> {
    let mut made = Vec::new();
    let mut faults = Vec::new();
    for statement in statements {
        let words = words(statement);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let fault = match words.as_slice() {
            ["DROP", "TABLE" | "VIEW", ..] => "it drops what the version before reads",
            ["ALTER", "TABLE", _, "DROP", ..] => "it drops a column that the version before reads",
            ["ALTER", "TABLE", _, "RENAME", ..] => "it renames what the version before knows",
            ["ALTER", "TABLE", _, "ADD", rest @ ..]
                if has(rest, &["NOT", "NULL"]) && !rest.contains(&"DEFAULT") =>
            {
                "the version before writes rows without this column, which may not be null"
            }
            ["CREATE", "TABLE", name, ..] => {
                made.push((*name).to_owned());
                continue;
            }
            ["CREATE", "UNIQUE", "INDEX", _, "ON", table, ..]
                if !made.contains(&(*table).to_owned()) =>
            {
                "the version before writes rows that this index refuses"
            }
            _ => continue,
        };
        faults.push(format!("{fault}: {statement}"));
    }
    faults
}

fn has(words: &[&str], run: &[&str]) -> bool {
    words.windows(run.len()).any(|window| window == run)
}

/// The words of a statement in capitals, without `IF NOT EXISTS` and brackets.
fn words(statement: &str) -> Vec<String> {
    let upper = statement.to_uppercase();
    let plain = upper
        .replace("IF NOT EXISTS ", "")
        .replace("IF EXISTS ", "")
        .replace(['(', ')', ','], " ");
    plain.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn every_migration_expands_or_says_since_when_nobody_uses_what_it_takes_away() {
    let mut n = 0;
    for migration in KINDS.into_iter().flat_map(migrations) {
        let excused = BEFORE_THE_RULE
            .iter()
            .any(|(name, _)| *name == migration.name);
        let faults = faults(&migration);
        assert_eq!(
            !faults.is_empty(),
            excused,
            "{}: {faults:#?}",
            migration.name
        );
        n += 1;
    }
    assert!(n >= 22, "{n} migrations");
}

#[test]
fn migrations_are_numbered_without_gaps() {
    for kind in KINDS {
        let mut expected = 1;
        for migration in migrations(kind) {
            while GAPS.contains(&(kind, expected)) {
                expected += 1;
            }
            let begin = format!("{kind}/{expected:04}_");
            let rest = migration.name.strip_prefix(&begin);
            let word = rest.and_then(|rest| rest.strip_suffix(".sql"));
            let is_named = word.is_some_and(|word| !word.is_empty());
            assert!(is_named, "{} does not begin with {begin}", migration.name);
            expected += 1;
        }
    }
}

#[test]
fn what_the_version_before_would_miss_is_a_fault() {
    let faults_of = |text: &str| {
        faults(&Migration {
            name: "shard/0099_test.sql".to_owned(),
            text: text.to_owned(),
        })
    };
    for bad in [
        "DROP TABLE messages;",
        "drop table if exists messages;",
        "DROP VIEW v;",
        "ALTER TABLE messages DROP COLUMN data;",
        "ALTER TABLE messages RENAME TO notes;",
        "ALTER TABLE messages RENAME COLUMN data TO body;",
        "ALTER TABLE messages ADD COLUMN team TEXT NOT NULL;",
        "ALTER TABLE messages ADD team TEXT NOT NULL CHECK (team <> '');",
        "CREATE UNIQUE INDEX a ON messages (account_id);",
        "CREATE TABLE a (b TEXT); -- contract: later\nDROP TABLE c;",
        "-- contract: unused since 0.2: it is not used any more\nDROP TABLE a;",
        "-- contract: unused since 0.2.0: gone\nDROP TABLE a;",
        // Whatever it says.
        "-- contract: unused since 0.2.0: no code names this table\nBEGIN; DROP TABLE a; COMMIT;",
        "PRAGMA foreign_keys = OFF;",
        "CREATE TEMP TRIGGER a AFTER INSERT ON b BEGIN DELETE FROM c; END;",
        "-- nothing\n",
    ] {
        assert!(!faults_of(bad).is_empty(), "{bad}");
    }
    for good in [
        "CREATE TABLE a (b TEXT NOT NULL); CREATE UNIQUE INDEX c ON a (b);",
        "CREATE TABLE IF NOT EXISTS a (b TEXT); CREATE UNIQUE INDEX IF NOT EXISTS c ON a (b);",
        "ALTER TABLE a ADD COLUMN b TEXT;",
        "ALTER TABLE a ADD COLUMN b INTEGER NOT NULL DEFAULT 0;",
        "DROP INDEX a; CREATE INDEX a ON b (c);",
        "INSERT INTO a SELECT 'DROP TABLE b' FROM c;",
        "-- contract: unused since 0.2.0: no code names this table\nDROP TABLE a;",
    ] {
        assert_eq!(faults_of(good), Vec::<String>::new(), "{good}");
    }
}
