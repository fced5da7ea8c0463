//! How the database goes about the statements.

use super::*;

#[test]
fn no_query_scans_a_table() {
    let (shard, directory) = (Sqlite::shard(), Sqlite::directory());
    let of_shard = reads();
    let of_directory = crate::directory::READS
        .into_iter()
        .chain(crate::directory::SESSION_STATEMENTS)
        .chain(crate::directory::DATA_KEY_STATEMENTS)
        .chain(crate::keys::STATEMENTS)
        .chain(crate::directory::LOGIN_STATEMENTS)
        .chain(crate::directory::LOGIN_HELP_STATEMENTS)
        .chain(crate::directory::ZENDESK_STATEMENTS)
        .chain(crate::directory::SECOND_FACTOR_STATEMENTS)
        .chain(crate::directory::IDENTITY_STATEMENTS)
        .chain(crate::directory::API_KEY_STATEMENTS)
        .chain(crate::directory::MEMBER_STATEMENTS)
        .chain(crate::directory::INVITATION_STATEMENTS)
        .chain(crate::directory::OUTBOX_STATEMENTS)
        .chain(crate::directory::TEAM_STATEMENTS)
        .chain(crate::directory::ROLE_STATEMENTS)
        .chain(crate::directory::SETTINGS_STATEMENTS)
        .chain(crate::directory::ASSISTANT_STATEMENTS)
        .chain(crate::directory::INBOX_STATEMENTS)
        .chain(crate::directory::OVER_STATEMENTS);
    let all = of_shard
        .map(|sql| (&shard, sql))
        .chain(of_directory.map(|sql| (&directory, sql)));
    let mut n_statements = 0;
    for (database, sql) in all {
        n_statements += 1;
        for step in database.explain(sql) {
            // Rows of a subquery that was searched are read one by one, and so is a list that came as a parameter: no scan of a
            // table.
            let scans = step.starts_with("SCAN")
                && !step.starts_with("SCAN c")
                && !step.starts_with("SCAN asked VIRTUAL TABLE")
                && step != "SCAN CONSTANT ROW"
                || step.contains("SCAN conversations");
            assert!(!scans, "{step} in {sql}");
        }
    }
    assert!(n_statements > 25, "{n_statements} statements");
    // The test can see a scan.
    assert!(shard.explain("SELECT * FROM messages WHERE id = ?1")[0].starts_with("SCAN messages"));
}

#[test]
fn lists_are_read_in_the_order_of_an_index_and_never_sorted() {
    let shard = Sqlite::shard();
    for sql in conversations::READS
        .into_iter()
        .chain(tickets::READS)
        .chain(parked::READS)
    {
        let plan = shard.explain(sql).join("\n");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}\nin {sql}");
    }
    let plan = shard.explain(conversations::READS[0]).join("\n");
    let searches = plan
        .matches("conversations_by_activity (account_id=? AND status=? AND (updated_at,id)<(?,?))")
        .count();
    assert_eq!(searches, 5, "{plan}");
}

#[test]
fn every_key_and_index_of_a_shard_begins_with_the_account() {
    let shard = Sqlite::shard();
    for table in shard
        .dump("(SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%')")
    {
        let table = table.trim_matches('"');
        let plan = shard
            .explain(&format!("SELECT 1 FROM {table} WHERE account_id = ?1"))
            .join("\n");
        assert!(plan.contains("(account_id=?)"), "{table}: {plan}");
    }
    let foreign = shard.dump(
        "(SELECT m.name FROM sqlite_master m JOIN pragma_index_info(m.name) i ON i.seqno = 0
          WHERE m.type = 'index' AND i.name <> 'account_id')",
    );
    assert_eq!(foreign, Vec::<String>::new());
}
