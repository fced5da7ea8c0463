//! The routes of the API as its own document lists them, and which of their parameters name something of an account.
//!
//! A native test of the gateway holds the document to the router, so a walk over these routes misses none.

use edgedesk_client::Edgedesk;
use reqwest::Method;
use serde_json::Value;

/// A route under `/api/v1`.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path with its parameters in braces.
    pub path: String,
    /// The names of the parameters in the path, in order.
    pub in_path: Vec<String>,
    /// The names of the parameters in the query, and the prefix of the ids that each takes, such as `cnv`, if it takes ids.
    pub in_query: Vec<(String, Option<String>)>,
    /// Whether it takes a body.
    pub has_body: bool,
    /// Whether it takes a token, as all do but logins and sockets.
    pub wants_token: bool,
}

impl Route {
    /// The method and the path, as tables name a route.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// All routes of the running stack's API, in the order of their paths.
pub async fn api_routes(public: &Edgedesk) -> Vec<Route> {
    let document: Value = public
        .get("/openapi.json")
        .await
        .expect("an answer")
        .expect(200)
        .expect("the document")
        .json()
        .expect("JSON");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        if !path.starts_with("/api/v1/") {
            continue;
        }
        for (method, operation) in item.as_object().expect("operations") {
            routes.push(route(&document, method, path, operation));
        }
    }
    routes
}

fn route(document: &Value, method: &str, path: &str, operation: &Value) -> Route {
    let in_path = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(str::to_owned)
        .collect();
    let parameters = operation["parameters"].as_array();
    let in_query = parameters
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "query")
        .map(|parameter| {
            let name = parameter["name"].as_str().expect("a name").to_owned();
            (name, id_prefix(document, &parameter["schema"]))
        })
        .collect();
    Route {
        method: method.to_uppercase().parse().expect("a method"),
        path: path.to_owned(),
        in_path,
        in_query,
        has_body: operation.get("requestBody").is_some(),
        wants_token: operation.get("security").is_some(),
    }
}

/// The prefix in the pattern of an id's schema, wherever it stands in it.
fn id_prefix(document: &Value, schema: &Value) -> Option<String> {
    if let Some(pattern) = schema["pattern"].as_str() {
        let prefix = pattern.strip_prefix('^')?.split('_').next()?;
        return Some(prefix.to_owned());
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let pointed = document.pointer(reference.strip_prefix('#')?)?;
        return id_prefix(document, pointed);
    }
    let choices = schema["oneOf"].as_array()?;
    choices
        .iter()
        .find_map(|choice| id_prefix(document, choice))
}

/// Numbers that look random and are the same every time (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).expect("below a usize")
    }

    /// One of `items`, which are not empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.roll(items.len())]
    }
}
