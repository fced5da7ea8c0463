use futures::executor::block_on;

use super::*;
use crate::Database;
use crate::fixtures::{at, demo_seed};
use crate::testing::Sqlite;

const TABLES: [&str; 6] = [
    "accounts",
    "users",
    "memberships",
    "teams",
    "team_members",
    "inboxes",
];

fn dump(database: &Sqlite) -> Vec<Vec<String>> {
    TABLES.iter().map(|table| database.dump(table)).collect()
}

#[test]
fn seeding_twice_changes_nothing_and_new_credentials_replace_old_ones() {
    let database = Sqlite::directory();
    let mut seed = demo_seed();
    block_on(database.batch(demo(&seed))).unwrap();
    let first = dump(&database);
    assert_eq!(
        first.iter().map(Vec::len).collect::<Vec<_>>(),
        [2, 5, 5, 2, 5, 4]
    );
    seed.created_at = at(1);
    block_on(database.batch(demo(&seed))).unwrap();
    assert_eq!(dump(&database), first);

    seed.aurora.zendesk_secret = Secret::new("rotated");
    seed.aurora.admin.password_hash = Secret::new("$argon2id$new");
    block_on(database.batch(demo(&seed))).unwrap();
    let inboxes = database.dump("inboxes").join("\n");
    assert!(inboxes.contains("rotated") && !inboxes.contains("\"zendesk-secret\""));
    assert!(database.dump("users").join("\n").contains("$argon2id$new"));
}

#[test]
fn the_ids_of_the_demo_accounts_never_change() {
    assert_eq!(
        AURORA.account_id.to_string(),
        "acc_01KDVDNA000000000004000000"
    );
    assert_eq!(
        BOREALIS.account_id.to_string(),
        "acc_01KDVDNA000000000008000000"
    );
    assert_eq!(
        AURORA.user_id(1).to_string(),
        "usr_01KDVDNA000000000004000081"
    );
}

#[test]
fn the_seed_as_a_script_does_what_binding_its_values_does() {
    let mut seed = demo_seed();
    seed.aurora.admin.name = "O'Brien \"?1\" ; -- ?2 🙂 \n".into();
    let (bound, scripted) = (Sqlite::directory(), Sqlite::directory());
    block_on(bound.batch(demo(&seed))).unwrap();
    let script: Vec<_> = demo(&seed).iter().map(Statement::to_sql_text).collect();
    scripted.run_script(&script.join("\n")).unwrap();
    assert_eq!(dump(&scripted), dump(&bound));
}

#[test]
fn a_literal_stands_for_exactly_the_value() {
    let database = Sqlite::directory();
    database
        .run_script("CREATE TABLE probe (n INTEGER, r REAL, t TEXT) STRICT")
        .unwrap();
    let rows = [
        (Value::Int(0), Value::Real(0.1 + 0.2), Value::text("")),
        (
            Value::Int(-9_007_199_254_740_991),
            Value::Real(-0.0),
            Value::text("it''s 'quoted'"),
        ),
        (
            Value::Int(9_007_199_254_740_991),
            Value::Real(1e300),
            Value::text("a\0b\0"),
        ),
        (
            Value::Null,
            Value::Real(5e-324),
            Value::text("?1 ?2 ?3; DROP TABLE probe"),
        ),
        (Value::Null, Value::Null, Value::Null),
    ];
    for (n, r, t) in rows {
        let statement = Statement::new("INSERT INTO probe VALUES (?1, ?2, ?3)", vec![n, r, t]);
        block_on(database.batch(vec![statement.clone()])).unwrap();
        let bound = database.dump("probe");
        database.run_script("DELETE FROM probe").unwrap();
        database.run_script(&statement.to_sql_text()).unwrap();
        assert_eq!(database.dump("probe"), bound, "{}", statement.to_sql_text());
        database.run_script("DELETE FROM probe").unwrap();
    }
}

#[test]
fn parameters_of_two_digits_are_not_mistaken_for_shorter_ones() {
    let values = (1..=12).map(Value::Int).collect();
    let statement = Statement::new("SELECT ?12, ?1, ?2, ?11, ?13", values);
    assert_eq!(statement.to_sql_text(), "SELECT 12, 1, 2, 11, NULL;");
}
