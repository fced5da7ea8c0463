use std::cell::RefCell;

use edgedesk_domain::ids::AccountId;
use futures::executor::block_on;

use super::*;
use crate::fixtures::READ_MODEL;
use crate::testing::{Failure, Sqlite};

fn account() -> AccountId {
    "acc_00000000000000000000000001".parse().expect("an id")
}

fn other() -> AccountId {
    "acc_00000000000000000000000002".parse().expect("an id")
}

fn run_sql(database: &Sqlite, sql: &str) {
    database.run_script(sql).expect("valid SQL");
}

/// The tables of a shard, by name.
fn tables(shard: &Sqlite) -> Vec<String> {
    const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
    let rows = block_on(shard.query(TABLES, &[])).expect("it has tables");
    let name = |row: &Row| row.text("name").map(str::to_owned);
    rows.iter().map(|row| name(row).expect("a name")).collect()
}

/// A row of each table of an account, a few of some.
fn fill(shard: &Sqlite, account: AccountId) {
    for n in 1..=3 {
        run_sql(shard, &format!(
            "INSERT INTO conversations VALUES ('{account}', 'cnv_{n}', {n}, 'inb', NULL, 'cus_{n}', 'open', NULL, 0.25, {n}, 1, 2, '{{\"q\":\"it''s\"}}', NULL);
             INSERT INTO messages VALUES ('{account}', 'cnv_{n}', 1, 'msg_{n}', 'incoming', 1, '{{\"text\":\"ü\"}}', {n});
             INSERT INTO analyses VALUES ('{account}', 'cnv_{n}', 1, 2, 'msg_{n}', 'neutral', 0.1, 0.0, 'm', '1', 1, '{{}}', NULL, NULL, NULL, 'en', NULL, 0);
             INSERT INTO tickets VALUES ('{account}', 'cnv_{n}', 'tkt_{n}', {n}, 1);
             INSERT INTO customers VALUES ('{account}', 'cus_{n}', 'Ada', '00{n}', NULL, '', 5);
             INSERT INTO feedback VALUES ('{account}', 'cnv_{n}', 1, 'intent', 3, 'msg_{n}', 'a', 'b', 1, 2);"
        ));
    }
    run_sql(shard, &format!(
        "INSERT INTO parked_messages VALUES ('{account}', 'p', 'events', 'poison', 'd', '{{}}', 1, 1);
         INSERT INTO own_intents VALUES ('{account}', 'int_1', 'Refund', 'refund', 1, 1);
         INSERT INTO own_intent_examples VALUES ('{account}', 'int_1', 0, 'my money');
         INSERT INTO own_intent_models VALUES ('{account}', 1, 1, 'u', 'U', 'e', '1', 1, 0, 0, 1, 'r', 't', '{{}}', '[]', '{head}');
         INSERT INTO own_intent_promotions VALUES ('{account}', 1, 1, NULL, 'train', 'u', 'U', 1);
         INSERT INTO article_categories VALUES ('{account}', 'cat_1', 1, 'Orders', 'orders', 1);
         INSERT INTO articles VALUES ('{account}', 'art_1', 4, 'Returns', 'en', 'cat_1', NULL, 'published', 2, 1, 3, 2, 'a.md', 'f', 1, 2, NULL);
         INSERT INTO article_versions VALUES ('{account}', 'art_1', 1, 'Returns', 'en', '# It''s', 'u', 'U', 1),
           ('{account}', 'art_1', 2, 'Returns', 'en', '', NULL, NULL, 2);
         INSERT INTO article_votes VALUES ('{account}', 'art_1', 'cus_1', 1, 5);
         INSERT INTO article_gaps VALUES ('{account}', 'gap_1', 2, 'art_1', 'cnv_1', '[[\"cnv_1\",1]]', 'AA', 0.5, '{{}}', 1, 2, NULL);
         INSERT INTO article_sources VALUES ('{account}', 'art_1', 2, 'https://a.example/', 'f', 1, NULL, 'e', NULL, 'd', 'failed', 'p', 1, 2, 3);
         INSERT INTO daily_runs VALUES ('{account}', 'gaps', 3, 1, 2, '{{}}', NULL);
         INSERT INTO macros VALUES ('{account}', 'mac_1', 2, 'macro', 'Refund', 'refund', '{{}}', 1, 2, NULL, NULL);
         INSERT INTO suggestions VALUES ('{account}', 'cnv_1', 'sug_1', 7, 'macro', 'mac_1', 1, 'accepted');
         INSERT INTO assistant_steps VALUES ('{account}', 'cnv_1', 4, 'engaged', NULL, 1),
           ('{account}', 'cnv_1', 6, 'handed_off', 'requested', 2);
         INSERT INTO customer_consents VALUES ('{account}', 'cus_1', 1, 'marketing', 'given', 'phone', NULL, 'n', 'u', 'U', 1),
           ('{account}', 'cus_1', 2, 'marketing', 'withdrawn', 'phone', 'w', NULL, 'u', 'U', 2);
         INSERT INTO customer_exports VALUES ('{account}', 'cus_1', 'exp_1', 3, 'ready', 0, 'u', 'U', 1, 2, 3, 4, NULL);",
        head = "x".repeat(2_000)
    ));
}

/// The account on shard 0 and another beside it, which stays there.
fn world() -> Shards<Sqlite> {
    let (directory, shards) = (Sqlite::directory(), [Sqlite::shard(), Sqlite::shard()]);
    for id in [account(), other()] {
        run_sql(
            &directory,
            &format!(
                "INSERT INTO accounts VALUES ('{id}', 'A', 'standard', 0, '{{\"kept\":true}}', 1)"
            ),
        );
        fill(&shards[0], id);
    }
    Shards::new(directory, shards.into(), crate::DataKeys::absent())
}

fn rows_of(shards: &Shards<Sqlite>, shard: u32, account: AccountId) -> Vec<Vec<String>> {
    let shard = shards.shard(shard).expect("a shard");
    let account = account.to_string();
    TABLES
        .iter()
        .map(|table| {
            let rows = shard.dump(table.name);
            rows.into_iter()
                .filter(|row| row.contains(&account))
                .collect()
        })
        .collect()
}

fn n_rows(shards: &Shards<Sqlite>, shard: u32, account: AccountId) -> usize {
    rows_of(shards, shard, account).iter().map(Vec::len).sum()
}

fn settings(shards: &Shards<Sqlite>) -> String {
    let rows = shards.directory_for_tests().dump("accounts");
    rows.join("\n")
}

/// Runs a move to its end, once more from the start after each error.
fn run(shards: &Shards<Sqlite>, meanwhile: impl Fn(&Stage)) -> Result<(), MoveError> {
    let mover = Mover::new(shards, account(), 1);
    block_on(async {
        if mover.begin().await? == Stage::Held {
            mover.copy().await?;
            meanwhile(&Stage::Held);
        }
        if mover.begin().await? == Stage::Switched {
            meanwhile(&Stage::Switched);
            mover.catch_up().await?;
        }
        Ok(())
    })
}

#[test]
fn every_table_with_an_account_is_moved() {
    let shard = Sqlite::shard();
    let mut moved: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    moved.sort_unstable();
    assert_eq!(tables(&shard), moved);
    for name in READ_MODEL {
        assert!(moved.contains(&name));
    }
    for table in &TABLES {
        // Read and written in the order of the table, so that nothing ends in another column.
        assert_eq!(
            shard.columns(table.read),
            shard.columns(&format!("SELECT * FROM {}", table.name)),
            "{}",
            table.name
        );
        assert!(table.read.ends_with(&format!("LIMIT {}", table.page)));
    }
}

#[test]
fn tables_of_many_pages_are_moved_whole() {
    let shards = world();
    let id = account();
    run_sql(
        shards.shard(0).expect("a shard"),
        &format!(
            "WITH RECURSIVE n (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 410)
             INSERT INTO messages SELECT '{id}', 'cnv_' || (n % 7), n, 'msg_' || n, 'incoming', 1, '{{}}', 0 FROM n"
        ),
    );
    let before = rows_of(&shards, 0, id);
    run(&shards, |_| {}).expect("it is moved");
    assert_eq!(rows_of(&shards, 1, id), before);
}

#[test]
fn an_account_is_moved_whole_and_its_neighbour_stays() {
    let shards = world();
    let (before, neighbour) = (rows_of(&shards, 0, account()), rows_of(&shards, 0, other()));
    run(&shards, |_| {}).expect("it is moved");
    assert_eq!(rows_of(&shards, 1, account()), before);
    assert_eq!(n_rows(&shards, 0, account()), 0);
    assert_eq!(rows_of(&shards, 0, other()), neighbour);
    assert_eq!(n_rows(&shards, 1, other()), 0);
    let settings = settings(&shards);
    assert!(settings.contains("kept") && !settings.contains("moving_to"));
    // Again there is nothing to do.
    let mover = Mover::new(&shards, account(), 1);
    assert_eq!(block_on(mover.begin()), Ok(Stage::Done));
    assert_eq!(rows_of(&shards, 1, account()), before);
}

#[test]
fn what_is_projected_to_either_shard_meanwhile_is_there_in_the_end() {
    let shards = world();
    let id = account();
    run(&shards, |stage| {
        let shard = |n| shards.shard(n).expect("a shard");
        match stage {
            // A projector that has not heard of the switch.
            Stage::Held => run_sql(shard(0), &format!(
                "INSERT INTO messages VALUES ('{id}', 'cnv_1', 5, 'msg_late', 'incoming', 9, '{{}}', 0);
                 UPDATE conversations SET seq = 5, status = 'pending' WHERE account_id = '{id}' AND id = 'cnv_1';
                 UPDATE customers SET email = 'a@example.com', email_rank = '009' WHERE account_id = '{id}' AND id = 'cus_1';"
            )),
            // And one that has: the larger `seq` stays.
            _ => run_sql(shard(1), &format!(
                "UPDATE conversations SET seq = 7, status = 'resolved' WHERE account_id = '{id}' AND id = 'cnv_2';
                 INSERT INTO conversations VALUES ('{id}', 'cnv_new', 1, 'inb', NULL, 'cus_1', 'open', NULL, 0, NULL, 1, 2, '{{}}', 'team_1');
                 UPDATE customers SET name = 'Ada L.', name_rank = '008' WHERE account_id = '{id}' AND id = 'cus_1';"
            )),
        }
    })
    .expect("it is moved");
    let all = rows_of(&shards, 1, id).concat().join("\n");
    for found in [
        "msg_late",
        "pending",
        "resolved",
        "cnv_new",
        "a@example.com",
        "Ada L.",
    ] {
        assert!(all.contains(found), "{found}");
    }
    assert_eq!(n_rows(&shards, 0, id), 0);
}

#[test]
fn a_move_that_fails_at_any_call_is_ended_by_the_next() {
    for failure in [Failure::Down, Failure::AnswerLost] {
        for call in 1.. {
            let shards = world();
            let before = rows_of(&shards, 0, account());
            let calls = std::rc::Rc::new(RefCell::new(0));
            let databases = [
                shards.directory_for_tests(),
                shards.shard(0).expect("a shard"),
                shards.shard(1).expect("a shard"),
            ];
            for database in databases {
                let calls = std::rc::Rc::clone(&calls);
                database.fail_when(move |_| {
                    *calls.borrow_mut() += 1;
                    (*calls.borrow() == call).then_some(failure)
                });
            }
            let outcome = run(&shards, |_| {});
            for database in databases {
                database.recover();
            }
            if outcome.is_ok() {
                break;
            }
            run(&shards, |_| {}).expect("the second run ends it");
            assert_eq!(rows_of(&shards, 1, account()), before, "{failure:?} {call}");
            assert_eq!(n_rows(&shards, 0, account()), 0, "{failure:?} {call}");
            assert!(!settings(&shards).contains("moving_to"));
        }
    }
}

#[test]
fn the_shard_that_the_directory_names_has_all_rows_at_every_moment() {
    for call in 1.. {
        let shards = world();
        let n_before = n_rows(&shards, 0, account());
        let calls = std::rc::Rc::new(RefCell::new(0));
        let databases = [
            shards.directory_for_tests(),
            shards.shard(0).expect("a shard"),
            shards.shard(1).expect("a shard"),
        ];
        for database in databases {
            let calls = std::rc::Rc::clone(&calls);
            // The process is gone.
            database.fail_when(move |_| {
                *calls.borrow_mut() += 1;
                (*calls.borrow() >= call).then_some(Failure::Down)
            });
        }
        let outcome = run(&shards, |_| {});
        for database in databases {
            database.recover();
        }
        let named = block_on(shards.directory().find_account(account()));
        let named = named.expect("a directory").expect("an account").shard;
        assert_eq!(n_rows(&shards, named, account()), n_before, "{call}");
        if outcome.is_ok() {
            break;
        }
    }
}

#[test]
fn rows_of_a_copy_that_was_broken_off_do_not_come_back() {
    let shards = world();
    let mover = Mover::new(&shards, account(), 1);
    let stale = shards.shard(1).expect("a shard");
    run_sql(
        stale,
        &format!(
            "INSERT INTO own_intents VALUES ('{}', 'int_gone', 'Gone', 'gone', 1, 1)",
            account()
        ),
    );
    assert_eq!(block_on(mover.begin()), Ok(Stage::Held));
    block_on(mover.copy()).expect("it is copied");
    let all = rows_of(&shards, 1, account()).concat().join("\n");
    assert!(!all.contains("int_gone"));
}

#[test]
fn one_event_that_both_shards_were_given_is_no_difference_though_each_sealed_it_anew() {
    let id = account();
    let moved = |late: &str| {
        let shards = world();
        let shard = |n| shards.shard(n).expect("a shard");
        let insert = |n, data: &str| {
            run_sql(
                shard(n),
                &format!(
                    "INSERT INTO messages VALUES ('{id}', 'cnv_1', 9, 'msg_late', 'incoming', 9, '{data}', 0)"
                ),
            );
        };
        run(&shards, |stage| {
            if *stage == Stage::Held {
                insert(0, late);
                insert(1, "sealed:AQAAAAFone");
            }
        })
    };
    assert_eq!(moved("sealed:AQAAAAFtwo"), Ok(()));
    // What cannot be the same is a difference.
    for other in ["sealed:AQAAAAFlonger", "in clear:AQAAAAFx"] {
        assert!(matches!(
            moved(other),
            Err(MoveError::Different {
                table: "messages",
                n_missing: 1,
                ..
            })
        ));
    }
}

#[test]
fn nobody_is_moved_to_nowhere_or_to_two_places() {
    let shards = world();
    let nowhere = Mover::new(&shards, account(), 2);
    assert!(block_on(nowhere.begin()).is_err());
    let nobody = "acc_00000000000000000000000009".parse().expect("an id");
    assert_eq!(
        block_on(Mover::new(&shards, nobody, 1).begin()),
        Err(MoveError::UnknownAccount(nobody))
    );
    assert_eq!(
        block_on(Mover::new(&shards, account(), 1).begin()),
        Ok(Stage::Held)
    );
    assert_eq!(
        block_on(Mover::new(&shards, account(), 0).begin()),
        Err(MoveError::Moving(1))
    );
}

#[test]
fn a_row_that_did_not_arrive_stops_the_move_before_anything_is_deleted() {
    let shards = world();
    let target = shards.shard(1).expect("a shard");
    run_sql(
        target,
        "CREATE TRIGGER lost AFTER INSERT ON messages BEGIN DELETE FROM messages WHERE id = NEW.id; END",
    );
    let outcome = run(&shards, |_| {});
    assert!(matches!(
        outcome,
        Err(MoveError::Different {
            table: "messages",
            n_rows: 3,
            n_missing: 3
        })
    ));
    assert!(n_rows(&shards, 0, account()) > 0);
    assert!(settings(&shards).contains("moving_to"));
}
