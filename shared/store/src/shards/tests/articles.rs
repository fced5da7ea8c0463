//! Articles, their versions, categories, votes, imports, and what search should know of them.

use edgedesk_domain::account::{Access, Principal};
use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{ArticleId, CategoryId, CustomerId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::articles::{ArticleChange, ArticleSummary, NewArticle};
use ulid::Ulid;

use super::*;

fn ada() -> Principal {
    Principal {
        account_id: AURORA.account_id,
        user_id: AURORA.user_id(0),
        role: Role::Manager,
        name: "Ada".into(),
        access: Access::default(),
    }
}

fn article(number: u128) -> ArticleId {
    ArticleId::new(Ulid(number))
}

fn customer(number: u128) -> CustomerId {
    CustomerId::new(Ulid(number))
}

fn new(title: &str, state: ArticleState) -> NewArticle {
    NewArticle {
        title: title.into(),
        body: format!("About {title}."),
        language: None,
        category_id: None,
        translation_of: None,
        state: Some(state),
    }
}

fn add(store: AccountStore<'_, Sqlite>, number: u128, new: &NewArticle) {
    let at = at(u64::try_from(number).unwrap() * 1_000);
    block_on(store.add_article(article(number), new, "en", &ada(), at)).unwrap();
}

fn change(version: u32, title: &str) -> ArticleChange {
    ArticleChange {
        version,
        title: title.into(),
        body: format!("More about {title}."),
        language: "en".into(),
        category_id: None,
    }
}

fn found(store: AccountStore<'_, Sqlite>, number: u128) -> ArticleSummary {
    let found = block_on(store.find_article(article(number))).unwrap();
    found.expect("it is there").summary
}

fn to_index(store: AccountStore<'_, Sqlite>, number: u128) -> (u64, Option<String>) {
    let read = block_on(store.read_to_index(article(number))).unwrap();
    let read = read.expect("it is there");
    (read.revision, read.content.map(|content| content.title))
}

fn later(days: i64) -> Timestamp {
    at(0).plus_millis(days * 24 * 60 * 60 * 1_000)
}

#[test]
fn a_version_is_stored_only_on_the_one_before_it_and_each_is_kept() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    add(store, 1, &new("Returns", ArticleState::Draft));
    let id = article(1);
    let write = |change: &ArticleChange| block_on(store.change_article(id, change, &ada(), at(9)));
    assert_eq!(write(&change(1, "Sending back")), Ok(()));
    assert_eq!(
        write(&change(1, "Meanwhile")),
        Err(ArticleError::VersionConflict)
    );
    let found = block_on(store.find_article(id)).unwrap().unwrap();
    assert_eq!(found.summary.version, 2);
    assert_eq!(found.body, "More about Sending back.");
    let titles: Vec<String> = block_on(store.list_article_versions(id))
        .unwrap()
        .into_iter()
        .map(|version| version.title)
        .collect();
    assert_eq!(titles, ["Sending back", "Returns"]);
    let first = block_on(store.find_article_version(id, 1))
        .unwrap()
        .unwrap();
    assert_eq!(first.body.as_deref(), Some("About Returns."));
    assert_eq!(first.saved_by_name.as_deref(), Some("Ada"));
    assert_eq!(block_on(store.find_article_version(id, 3)), Ok(None));
    assert_eq!(
        block_on(store.change_article(article(9), &change(1, "x"), &ada(), at(9))),
        Err(ArticleError::NotFound)
    );
}

#[test]
fn search_knows_what_everybody_sees_and_nothing_else() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    let id = article(1);
    add(store, 1, &new("Returns", ArticleState::Draft));
    assert!(found(store, 1).is_indexed, "a draft is nothing to search");
    assert_eq!(to_index(store, 1).1, None);

    let set = |state| block_on(store.set_article_state(id, state, at(5))).unwrap();
    assert!(set(ArticleState::Published));
    let (first, title) = to_index(store, 1);
    assert_eq!(title.as_deref(), Some("Returns"));
    assert_eq!(
        block_on(store.list_pending_articles(None, 10)),
        Ok(vec![id])
    );

    // A change is seen by nobody before it is published.
    block_on(store.change_article(id, &change(1, "Sending back"), &ada(), at(6))).unwrap();
    assert_eq!(to_index(store, 1), (first, Some("Returns".to_owned())));
    assert_eq!(found(store, 1).published_version, Some(1));
    block_on(store.set_indexed(id, first)).unwrap();
    assert!(found(store, 1).is_indexed);
    assert!(set(ArticleState::Published));
    let (second, title) = to_index(store, 1);
    assert!(second > first);
    assert_eq!(title.as_deref(), Some("Sending back"));
    // An index that comes late with the old one has not caught up.
    block_on(store.set_indexed(id, first)).unwrap();
    assert!(!found(store, 1).is_indexed);
    block_on(store.set_indexed(id, second)).unwrap();
    assert!(found(store, 1).is_indexed);
    assert_eq!(block_on(store.list_pending_articles(None, 10)), Ok(vec![]));
    let counts = block_on(store.count_index()).unwrap();
    assert_eq!((counts.n_published, counts.n_pending), (1, 0));

    for state in [ArticleState::Draft, ArticleState::Archived] {
        assert!(set(state));
        let (revision, title) = to_index(store, 1);
        assert_eq!(title, None, "{state:?}");
        block_on(store.set_indexed(id, revision)).unwrap();
    }
    set(ArticleState::Published);
    let before = to_index(store, 1).0;
    block_on(store.ask_to_index_all()).unwrap();
    assert!(to_index(store, 1).0 > before);
    assert_eq!(block_on(store.read_to_index(article(9))), Ok(None));
}

#[test]
fn a_deleted_article_comes_back_for_thirty_days_and_is_kept_until_search_has_forgotten_it() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    let id = article(1);
    add(store, 1, &new("Returns", ArticleState::Published));
    assert!(block_on(store.delete_article(id, later(0))).unwrap());
    assert!(!block_on(store.delete_article(id, later(0))).unwrap());
    assert_eq!(to_index(store, 1).1, None);
    let list = |deleted| {
        let filter = ArticleFilter {
            deleted,
            ..ArticleFilter::default()
        };
        let page = block_on(store.list_articles(&filter, None, 10)).unwrap();
        page.items.len()
    };
    assert_eq!((list(false), list(true)), (0, 1));
    assert_eq!(
        block_on(store.change_article(id, &change(1, "x"), &ada(), at(9))),
        Err(ArticleError::NotFound)
    );
    assert!(!block_on(store.set_article_state(id, ArticleState::Published, at(9))).unwrap());

    assert!(block_on(store.restore_article(id, later(1))).unwrap());
    assert!(!block_on(store.restore_article(id, later(1))).unwrap());
    assert_eq!(to_index(store, 1).1.as_deref(), Some("Returns"));

    block_on(store.delete_article(id, later(1))).unwrap();
    let purge = |days| block_on(store.purge_articles(later(days))).unwrap();
    assert_eq!(purge(32), 0, "search may still find it");
    block_on(store.set_indexed(id, to_index(store, 1).0)).unwrap();
    assert_eq!(purge(30), 0, "it can still be restored");
    assert_eq!(purge(32), 1);
    assert_eq!(block_on(store.find_article(id)), Ok(None));
    assert!(
        block_on(store.list_article_versions(id))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_visitor_has_one_vote_on_what_they_can_see() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    add(store, 1, &new("Returns", ArticleState::Published));
    add(store, 2, &new("Secret", ArticleState::Draft));
    let vote = |article_number, customer_number, is_helpful| {
        let vote = store.vote_on_article(
            article(article_number),
            customer(customer_number),
            is_helpful,
            at(5),
        );
        block_on(vote).unwrap()
    };
    assert!(vote(1, 7, true) && vote(1, 7, true) && vote(1, 8, true) && vote(1, 7, false));
    assert!(!vote(2, 7, true) && !vote(3, 7, true));
    let summary = found(store, 1);
    assert_eq!((summary.n_helpful, summary.n_unhelpful), (1, 1));
    let theirs = block_on(store.list_votes_of_customer(customer(7))).unwrap();
    assert_eq!(theirs.len(), 1);
    assert!(!theirs[0].is_helpful);
    assert!(block_on(store.withdraw_vote(article(1), customer(7))).unwrap());
    assert!(!block_on(store.withdraw_vote(article(1), customer(7))).unwrap());
    block_on(store.forget_votes(customer(8))).unwrap();
    assert_eq!(found(store, 1).n_helpful, 0);
}

#[test]
fn articles_stay_when_their_category_goes() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    let (orders, other) = (CategoryId::new(Ulid(1)), CategoryId::new(Ulid(2)));
    let with = |category_id| NewArticle {
        category_id: Some(category_id),
        ..new("Returns", ArticleState::Published)
    };
    assert_eq!(
        block_on(store.add_article(article(1), &with(orders), "en", &ada(), at(1))),
        Err(ArticleError::UnknownCategory)
    );
    assert_eq!(
        block_on(store.add_category(orders, "Orders", at(1))),
        Ok(())
    );
    assert_eq!(
        block_on(store.add_category(other, "ORDERS", at(1))),
        Err(CategoryError::NameTaken)
    );
    assert_eq!(block_on(store.add_category(other, "Other", at(1))), Ok(()));
    assert_eq!(
        block_on(store.rename_category(other, "orders")),
        Err(CategoryError::NameTaken)
    );
    assert_eq!(block_on(store.rename_category(other, "Else")), Ok(()));
    let nowhere = store.rename_category(CategoryId::new(Ulid(3)), "x");
    assert_eq!(block_on(nowhere), Err(CategoryError::NotFound));
    add(store, 1, &with(orders));
    let names = || -> Vec<(String, u32)> {
        let list = block_on(store.list_categories()).unwrap();
        list.into_iter().map(|c| (c.name, c.n_articles)).collect()
    };
    assert_eq!(names(), [("Else".to_owned(), 0), ("Orders".to_owned(), 1)]);
    let before = to_index(store, 1).0;
    assert!(block_on(store.delete_category(orders)).unwrap());
    assert!(!block_on(store.delete_category(orders)).unwrap());
    assert_eq!(found(store, 1).category_id, None);
    assert!(to_index(store, 1).0 > before, "search hears of it");
}

#[test]
fn an_import_is_stored_whole_or_not_at_all() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    let imported = |number, source: &str, title: &str, previous_version| ImportedArticle {
        id: article(number),
        previous_version,
        source: source.into(),
        fingerprint: format!("hash of {title}"),
        title: title.into(),
        body: "Text.".into(),
        language: "en".into(),
        category_id: None,
        state: ArticleState::Published,
    };
    let import = |articles: &[ImportedArticle]| {
        block_on(store.import_articles(articles, Some(&ada()), at(1)))
    };
    import(&[
        imported(1, "a.md", "A", None),
        imported(2, "b.md", "B", None),
    ])
    .unwrap();
    let known = block_on(store.find_sources(&["a.md", "b.md", "c.md"])).unwrap();
    assert_eq!(known.len(), 2);
    assert_eq!(known["a.md"].fingerprint.as_deref(), Some("hash of A"));
    import(&[imported(1, "a.md", "A2", Some(1))]).unwrap();
    let summary = found(store, 1);
    assert_eq!((summary.version, summary.published_version), (2, Some(2)));
    assert_eq!(to_index(store, 1).1.as_deref(), Some("A2"));
    // The second row has an id that is taken: the first one is not stored either.
    let refused = import(&[
        imported(3, "c.md", "C", None),
        imported(2, "d.md", "D", None),
    ]);
    assert!(refused.is_err());
    assert_eq!(block_on(store.find_article(article(3))), Ok(None));
    // So does one of a file that another import has stored meanwhile.
    let refused = import(&[
        imported(4, "e.md", "E", None),
        imported(5, "a.md", "A", None),
    ]);
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
    assert_eq!(block_on(store.find_article(article(4))), Ok(None));
    block_on(store.delete_article(article(2), at(2))).unwrap();
    let known = block_on(store.find_sources(&["b.md"])).unwrap();
    assert!(known["b.md"].is_deleted);
}

#[test]
fn lists_are_filtered_and_paged() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    for number in 1..=5 {
        let state = if number == 3 {
            ArticleState::Draft
        } else {
            ArticleState::Published
        };
        add(store, number, &new(&format!("Title {number}"), state));
    }
    let filter = ArticleFilter {
        state: Some(ArticleState::Published),
        title: Some("TITLE".into()),
        ..ArticleFilter::default()
    };
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = block_on(store.list_articles(&filter, cursor.as_deref(), 3)).unwrap();
        found.extend(page.items.into_iter().map(|item| item.title));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, ["Title 5", "Title 4", "Title 2", "Title 1"]);
    let none = ArticleFilter {
        language: Some("de".into()),
        ..ArticleFilter::default()
    };
    assert!(
        block_on(store.list_articles(&none, None, 3))
            .unwrap()
            .items
            .is_empty()
    );
}

#[test]
fn another_account_finds_and_changes_none_of_them() {
    let shards = shards();
    let theirs = store(&shards, &AURORA);
    add(theirs, 1, &new("Returns", ArticleState::Published));
    let ours = shards
        .for_account(BOREALIS.account_id, AURORA.shard)
        .unwrap();
    let id = article(1);
    assert_eq!(block_on(ours.find_article(id)), Ok(None));
    assert_eq!(block_on(ours.read_to_index(id)), Ok(None));
    assert!(!block_on(ours.delete_article(id, at(1))).unwrap());
    assert!(!block_on(ours.set_article_state(id, ArticleState::Draft, at(1))).unwrap());
    assert!(!block_on(ours.vote_on_article(id, customer(1), true, at(1))).unwrap());
    assert_eq!(
        block_on(ours.change_article(id, &change(1, "x"), &ada(), at(1))),
        Err(ArticleError::NotFound)
    );
    assert!(block_on(ours.list_article_versions(id)).unwrap().is_empty());
    assert_eq!(found(theirs, 1).version, 1);
}

#[test]
fn a_change_that_is_bound_to_a_revision_is_made_of_that_or_not_at_all() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    let id = article(1);
    add(store, 1, &new("Returns", ArticleState::Draft));
    let revision = || {
        block_on(store.find_article_and_revision(id))
            .unwrap()
            .unwrap()
            .1
    };
    let write = |revision, change: &ArticleChange| {
        block_on(store.change_article_at(id, revision, change, &ada(), at(9)))
    };
    let seen = revision();
    assert_eq!(write(Some(seen), &change(1, "Two")), Ok(()));
    // The version is the last one, and somebody has published it meanwhile.
    let seen = revision();
    assert!(
        block_on(store.set_article_state_at(id, Some(seen), ArticleState::Published, at(9)))
            .unwrap()
    );
    assert_eq!(
        write(Some(seen), &change(2, "Three")),
        Err(ArticleError::Overtaken)
    );
    assert!(
        !block_on(store.set_article_state_at(id, Some(seen), ArticleState::Draft, at(9))).unwrap()
    );
    assert!(!block_on(store.delete_article_at(id, Some(seen), at(9))).unwrap());
    let now = found(store, 1);
    assert_eq!(
        (now.version, now.state, now.deleted_at),
        (2, ArticleState::Published, None)
    );
    assert_eq!(block_on(store.list_article_versions(id)).unwrap().len(), 2);
    assert!(block_on(store.delete_article_at(id, Some(revision()), at(9))).unwrap());
    assert_eq!(
        write(Some(revision()), &change(2, "x")),
        Err(ArticleError::NotFound)
    );
}

#[test]
fn a_list_that_is_paged_while_others_write_misses_nothing_that_stayed_as_it_was() {
    let shards = shards();
    let store = store(&shards, &AURORA);
    for number in 1..=40 {
        add(
            store,
            number,
            &new(&format!("A{number}"), ArticleState::Draft),
        );
    }
    let (mut seen, mut cursor, mut step) = (Vec::new(), None, 0_u32);
    loop {
        let filter = ArticleFilter::default();
        let page = block_on(store.list_articles(&filter, cursor.as_deref(), 3)).unwrap();
        seen.extend(page.items.iter().map(|row| row.id));
        // After each page one is new, one of those that were seen changes, and one of those that were not is deleted.
        add(
            store,
            100 + u128::from(step),
            &new(&format!("B{step}"), ArticleState::Draft),
        );
        let first = seen[seen.len() - 1];
        let later = at(1_000_000 + u64::from(step));
        block_on(store.set_article_state(first, ArticleState::Published, later)).unwrap();
        block_on(store.delete_article(article(u128::from(step) + 1), later)).unwrap();
        step += 1;
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let mut once = seen.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "none comes twice");
    let stayed = (1..=40).map(article).filter(|id| {
        let found = block_on(store.find_article(*id)).unwrap();
        found.is_some_and(|found| found.summary.deleted_at.is_none())
    });
    for id in stayed {
        assert!(seen.contains(&id), "{id}");
    }
}
