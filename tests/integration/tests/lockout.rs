//! Too many failed logins, against the running Workers. Of an address that nobody has: a user's would be locked for the tests
//! beside this one, and the answers must be the same.

use std::collections::BTreeMap;

use edgedesk_integration::{Live, unique};
use serde_json::json;
use tokio::task::JoinSet;

#[tokio::test]
async fn of_many_guesses_at_once_ten_are_tried_and_the_rest_is_told_when_to_come_back() {
    let live = Live::get();
    let email = format!("{}@example.com", unique("guessed"));
    let mut guesses = JoinSet::new();
    for n in 0..25 {
        let (public, email) = (live.public.clone(), email.clone());
        guesses.spawn(async move {
            let body = json!({ "email": email, "password": format!("guess {n}") });
            public
                .post("/api/v1/auth/login", &body)
                .await
                .expect("an answer")
        });
    }
    let mut codes = BTreeMap::<String, usize>::new();
    while let Some(answer) = guesses.join_next().await {
        let answer = answer.expect("no panic");
        let problem = answer.problem().expect("a problem");
        if answer.status == 429 {
            let after = answer.header("retry-after").expect("it is told");
            let secs: u32 = after.parse().expect("seconds");
            assert!((890..=900).contains(&secs), "{secs}");
        } else {
            assert_eq!(answer.status, 401);
        }
        *codes.entry(problem.code).or_default() += 1;
    }
    let expected = [
        ("invalid_credentials".to_owned(), 10),
        ("too_many_attempts".to_owned(), 15),
    ];
    assert_eq!(codes, BTreeMap::from(expected));
    // Others get in as before.
    live.agent().await;
}
