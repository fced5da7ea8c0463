//! The routes of the API as its own document lists them, and which of their parameters name something of an account.
//!
//! A native test of the gateway holds the document to the router, so a walk over these routes misses none.

use reqwest::Method;
use serde_json::Value;

use crate::{ClientError, Edgedesk};

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
///
/// # Errors
/// When the document is not there, or no document of routes.
pub async fn api_routes(public: &Edgedesk) -> Result<Vec<Route>, ClientError> {
    let answer = public.get("/openapi.json").await?.expect(200)?;
    let document: Value = answer.json()?;
    let none = serde_json::Map::new();
    let paths = document["paths"].as_object().unwrap_or(&none);
    let mut routes = Vec::new();
    for (path, item) in paths
        .iter()
        .filter(|(path, _)| path.starts_with("/api/v1/"))
    {
        for (method, operation) in item.as_object().unwrap_or(&none) {
            let route = route(&document, method, path, operation);
            routes.push(route.ok_or_else(|| ClientError::NoRoute(format!("{method} {path}")))?);
        }
    }
    Ok(routes)
}

fn route(document: &Value, method: &str, path: &str, operation: &Value) -> Option<Route> {
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
            let name = parameter["name"].as_str()?.to_owned();
            Some((name, id_prefix(document, &parameter["schema"])))
        })
        .collect::<Option<_>>()?;
    Some(Route {
        method: method.to_uppercase().parse().ok()?,
        path: path.to_owned(),
        in_path,
        in_query,
        has_body: operation.get("requestBody").is_some(),
        wants_token: operation.get("security").is_some(),
    })
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
