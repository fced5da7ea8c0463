//! Pages and the widget's script: static files of the pages' build.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use wasm_bindgen_futures::JsFuture;
use worker::send::SendWrapper;
use worker::wasm_bindgen::JsCast;
use worker::{web_sys, worker_sys};

use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::RawRequest;
use crate::finish::Kind;
use crate::http_glue::read_headers;
use crate::sockets::Passthrough;

/// Binding of the static files.
const BINDING: &str = "ASSETS";
/// Where the build puts files whose name has their content's hash in it.
const HASHED_PREFIX: &str = "/assets/";
/// A year, since such a file never changes.
const HASHED_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// The script that other sites embed, and the one that it loads when the chat is opened.
const WIDGET_SCRIPTS: [&str; 2] = ["/widget.js", "/widget-more.js"];
/// Pages that route by path in the browser: any path below them is theirs.
const APPS: [&str; 1] = ["/console/"];
/// Paths where there are no files, so that a typing error costs no look-up.
const NO_FILES: [&str; 4] = ["/api/", "/hooks/", "/widget/", "/health"];

/// Every path that is no route: a file, or 404.
#[worker::send]
pub async fn serve_asset(app: App, request: Request) -> Result<Response, AppError> {
    let path = request.uri().path();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read || NO_FILES.iter().any(|prefix| path.starts_with(prefix)) {
        return Err(AppError::not_found());
    }
    let RawRequest(raw) = request
        .extensions()
        .get::<RawRequest>()
        .ok_or_else(AppError::not_found)?;
    let mut asset = fetch(&app, raw).await?;
    if asset.status() == StatusCode::NOT_FOUND.as_u16() {
        let Some(page) = page_of_app(path) else {
            return Err(AppError::not_found());
        };
        let url = format!("{}{page}", app.own_origin());
        let request = web_sys::Request::new_with_str(&url).map_err(|error| silent(&error))?;
        asset = fetch(&app, &request).await?;
        if asset.status() == StatusCode::NOT_FOUND.as_u16() {
            return Err(AppError::not_found());
        }
    }
    let mut response = StatusCode::from_u16(asset.status())
        .unwrap_or(StatusCode::OK)
        .into_response();
    *response.headers_mut() = asset_headers(path, read_headers(&asset.headers()));
    response.extensions_mut().insert(kind_of(path));
    response
        .extensions_mut()
        .insert(Passthrough(SendWrapper::new(asset)));
    Ok(response)
}

async fn fetch(app: &App, request: &web_sys::Request) -> Result<web_sys::Response, AppError> {
    let fetcher: worker_sys::Fetcher = app.env().assets(BINDING)?.into_rpc();
    let promise = fetcher.fetch(request).map_err(|error| silent(&error))?;
    let response = JsFuture::from(promise)
        .await
        .map_err(|error| silent(&error))?;
    response
        .dyn_into()
        .map_err(|_| AppError::internal("assets did not answer with a response"))
}

fn silent(error: &wasm_bindgen::JsValue) -> AppError {
    AppError::unavailable(RETRY_SECS, format!("{BINDING}: {error:?}"))
}

/// The page that owns a path without a file. A path that names a file (it has a dot) is missing.
fn page_of_app(path: &str) -> Option<&'static str> {
    let names_file = path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    APPS.into_iter()
        .find(|prefix| path.starts_with(prefix) && !names_file)
}

fn asset_headers(path: &str, mut headers: HeaderMap) -> HeaderMap {
    if path.starts_with(HASHED_PREFIX) {
        headers.insert(CACHE_CONTROL, HASHED_CACHE);
    }
    if kind_of(path) == Kind::Embeddable {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    headers
}

fn kind_of(path: &str) -> Kind {
    if WIDGET_SCRIPTS.contains(&path) {
        Kind::Embeddable
    } else {
        Kind::Page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_below_the_console_is_the_consoles_and_a_file_is_not() {
        for (path, page) in [
            ("/console/", Some("/console/")),
            ("/console/conversations/cnv_1", Some("/console/")),
            ("/console/app.js", None),
            ("/consolex/", None),
            ("/other", None),
        ] {
            assert_eq!(page_of_app(path), page, "{path}");
        }
    }

    #[test]
    fn only_files_named_by_their_content_are_kept_for_a_year() {
        for (path, immutable, any_origin) in [
            ("/assets/console-ZyzfaFew.js", true, false),
            ("/console/", false, false),
            ("/widget.js", false, true),
            ("/widget-more.js", false, true),
        ] {
            let headers = asset_headers(path, HeaderMap::new());
            assert_eq!(headers.contains_key(CACHE_CONTROL), immutable, "{path}");
            assert_eq!(
                headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN),
                any_origin,
                "{path}"
            );
        }
    }
}
