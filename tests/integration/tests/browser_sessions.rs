//! Sessions that a browser keeps in a cookie, against the running Workers: what is believed, and what of another page is not.

use edgedesk_client::Answer;
use edgedesk_integration::Live;
use reqwest::Method;
use serde_json::{Value, json};

/// A browser with a session in its cookie.
struct Browser {
    live: Live,
    cookie: String,
}

/// The part of `Set-Cookie` that a browser sends back.
fn cookie_of(answer: &Answer) -> String {
    let set = answer.header("set-cookie").expect("a cookie");
    assert!(set.contains("HttpOnly; SameSite=Strict"), "{set}");
    set.split(';').next().expect("a pair").to_owned()
}

impl Browser {
    async fn log_in(live: &Live) -> Self {
        let login = &live.stack.agent;
        let body = json!({"email": login.email, "password": login.password});
        let request = live
            .public
            .request(Method::POST, "/api/v1/auth/login")
            .header("origin", live.public.base())
            .header("x-session-cookie", "session")
            .json(&body);
        let answer = live.public.send(request).await.expect("an answer");
        let answer = answer.expect(200).expect("a login");
        let tokens: Value = answer.json().expect("JSON");
        assert!(tokens["access_token"].is_string());
        assert!(tokens.get("refresh_token").is_none(), "it is in the cookie");
        Self {
            live: live.clone(),
            cookie: cookie_of(&answer),
        }
    }

    async fn csrf(&self) -> String {
        let request = self
            .live
            .public
            .request(Method::GET, "/api/v1/auth/csrf")
            .header("cookie", &self.cookie);
        let answer = self.live.public.send(request).await.expect("an answer");
        let body: Value = answer.expect(200).expect("200").json().expect("JSON");
        body["csrf_token"].as_str().expect("a token").to_owned()
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self
            .live
            .public
            .request(Method::POST, &format!("/api/v1/auth/{path}"))
            .header("cookie", &self.cookie)
            .json(&json!({}));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.live.public.send(request).await.expect("an answer")
    }
}

#[tokio::test]
async fn a_session_in_a_cookie_is_renewed_and_ended_by_pages_of_ours_alone() {
    let live = Live::get();
    let own = live.public.base().to_owned();
    let mut browser = Browser::log_in(&live).await;
    let theirs = Browser::log_in(&live).await.csrf().await;
    let csrf = browser.csrf().await;
    for path in ["refresh", "logout"] {
        for (headers, expected) in [
            (vec![], "cross_origin"),
            (vec![("origin", "https://evil.example")], "cross_origin"),
            (
                vec![("origin", "https://evil.example"), ("x-csrf-token", &csrf)],
                "cross_origin",
            ),
            (
                vec![("origin", "null"), ("x-csrf-token", &csrf)],
                "cross_origin",
            ),
            (
                vec![
                    ("origin", &own),
                    ("sec-fetch-site", "same-site"),
                    ("x-csrf-token", &csrf),
                ],
                "cross_origin",
            ),
            (vec![("origin", own.as_str())], "invalid_csrf_token"),
            (
                vec![("origin", &own), ("x-csrf-token", "wrong")],
                "invalid_csrf_token",
            ),
            (
                vec![("origin", &own), ("x-csrf-token", &theirs)],
                "invalid_csrf_token",
            ),
        ] {
            let answer = browser.post(path, &headers).await;
            assert_eq!(answer.status, 403, "{path} {headers:?}");
            assert_eq!(answer.problem().expect("a problem").code, expected);
            assert!(answer.header("set-cookie").is_none());
        }
    }
    // Nothing of that has used the token up.
    let good = [("origin", own.as_str()), ("x-csrf-token", csrf.as_str())];
    let renewed = browser.post("refresh", &good).await;
    let renewed = renewed.expect(200).expect("renewed");
    let old = std::mem::replace(&mut browser.cookie, cookie_of(&renewed));
    assert_ne!(old, browser.cookie);
    // The token was for the cookie of before.
    assert_eq!(browser.post("refresh", &good).await.status, 403);

    let csrf = browser.csrf().await;
    let good = [("origin", own.as_str()), ("x-csrf-token", csrf.as_str())];
    let out = browser.post("logout", &good).await;
    assert_eq!(out.status, 204);
    assert!(
        out.header("set-cookie")
            .expect("it goes")
            .contains("Max-Age=0")
    );
    let over = browser.post("refresh", &good).await;
    assert_eq!(over.status, 401);
    assert!(
        over.header("set-cookie")
            .expect("it goes")
            .contains("Max-Age=0")
    );
}

#[tokio::test]
async fn a_cookie_that_comes_twice_ends_its_session() {
    let live = Live::get();
    let own = live.public.base().to_owned();
    let browser = Browser::log_in(&live).await;
    let csrf = browser.csrf().await;
    let good = [("origin", own.as_str()), ("x-csrf-token", csrf.as_str())];
    let renewed = browser.post("refresh", &good).await;
    let next = Browser {
        live: live.clone(),
        cookie: cookie_of(&renewed.expect(200).expect("renewed")),
    };
    assert_eq!(browser.post("refresh", &good).await.status, 401);
    let csrf = next.csrf().await;
    let good = [("origin", own.as_str()), ("x-csrf-token", csrf.as_str())];
    assert_eq!(next.post("refresh", &good).await.status, 401);
}
