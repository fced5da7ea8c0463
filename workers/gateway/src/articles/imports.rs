//! Articles from files and pages: read, compared with what came from the same places before, and stored all at once or not at all.

mod plan;

use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::ImportId;
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::d1::D1;
use edgedesk_store::shards::{CategoryError, ImportedArticle};
use edgedesk_store::{AccountStore, StoreError};
use edgedesk_wire::articles::{ImportFile, ImportReport, ImportRequest};
use edgedesk_wire::jobs::{self, READ_IMPORT_PATH, ReadImportRequest, ReadImportResponse};
use http::StatusCode;

use self::plan::{Plan, Stored, plan};
use super::indexing::ask_to_index;
use crate::account_store::store_to_change;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, LargeJson, ManagesKnowledge};
use crate::fields::invalid;
use crate::service_client;

/// Most addresses of an import: six are fetched at once, and each may take eight seconds.
const MAX_URLS: usize = 20;
/// Most files of an import.
const MAX_FILES: usize = 500;
/// Most bytes of their texts, which stand in memory twice while they are read.
const MAX_TEXT_BYTES: usize = 4 * 1024 * 1024;
/// Most characters of a path.
const MAX_PATH_CHARS: usize = 300;
/// Most articles in the files, those that are as they were counted. Their places are asked for as one text, of which D1 takes 2 MB: with
/// paths of nothing but four-byte characters they take 1.2 MB.
const MAX_ROWS: usize = 1000;
/// Statements of what is stored: two for an article, one for a category. D1 takes 1,000 in a request, and some look things up.
const MAX_STATEMENTS: usize = 950;
/// What an import that is only looked at leaves in the audit log.
const CHECKED: &str = "articles.import_checked";
/// What a refused import says.
const REFUSED: &str = "nothing can be imported from this";

/// `POST /api/v1/article-imports`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/article-imports", tag = "knowledge", security(("access_token" = [])),
    request_body = ImportRequest,
    responses(
        (status = 200, body = ImportReport, description = "What became of each article, or would become: `is_stored` says which"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`overtaken`: somebody else changed the same meanwhile; send it again, what is stored by then is left as it is"),
        (status = 413, body = crate::openapi::Problem, description = "`too_large`: more than 6 MiB of JSON"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`; `import_too_large`: more than 1,000 articles in the files, or more than 475 to store"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn import_articles(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    LargeJson(request): LargeJson<ImportRequest>,
) -> Result<axum::Json<ImportReport>, AppError> {
    check_request(&request)?;
    let account_id = principal.account_id;
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, account_id).await?;
    let state = request.state.unwrap_or(ArticleState::Draft);
    let dry_run = request.dry_run;
    let asked = ReadImportRequest {
        account_id,
        files: request.files,
        urls: request.urls,
    };
    let ReadImportResponse { rows } =
        service_client::post(&app, jobs::BINDING, READ_IMPORT_PATH, &asked).await?;
    check_rows(rows.len())?;
    let sources: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    let known = store.find_sources(&sources).await?;
    let categories = store.list_categories().await?;
    let stored = Stored {
        known: &known,
        categories: &categories,
    };
    let Plan {
        mut report,
        articles,
        new_categories,
    } = plan(rows, &stored, state, &SystemIds);
    check_size(articles.len(), new_categories.len())?;
    if dry_run || report.n_broken > 0 {
        app.note_action(CHECKED);
        return Ok(axum::Json(report));
    }
    let now = app.now();
    for (id, name) in &new_categories {
        let added = store.add_category(*id, name, now).await;
        added.map_err(category_not_stored)?;
    }
    store
        .import_articles(&articles, Some(&principal), now)
        .await
        .map_err(|error| match error {
            // Another import has stored one of the files meanwhile.
            StoreError::Refused(_) => overtaken(),
            error => error.into(),
        })?;
    let ids: Vec<_> = articles
        .iter()
        .filter(|article| concerns_search(article))
        .map(|article| article.id)
        .collect();
    ask_to_index(&app, account_id, &ids).await;
    check_stored(store, &articles).await?;
    let id = ImportId::generate(&SystemIds);
    app.note_resource(&id);
    report.id = Some(id);
    report.is_stored = true;
    Ok(axum::Json(report))
}

/// Looks whether every article is there as it was to be stored. One that somebody changed between the look at it and its statement is
/// left as they made it, and that is no success.
async fn check_stored(
    store: AccountStore<'_, D1>,
    articles: &[ImportedArticle],
) -> Result<(), AppError> {
    let sources: Vec<&str> = articles
        .iter()
        .map(|article| article.source.as_str())
        .collect();
    let known = store.find_sources(&sources).await?;
    let is_there = |article: &ImportedArticle| {
        let found = known.get(&article.source);
        found.is_some_and(|found| found.fingerprint.as_ref() == Some(&article.fingerprint))
    };
    if articles.iter().all(is_there) {
        Ok(())
    } else {
        Err(overtaken())
    }
}

fn check_request(request: &ImportRequest) -> Result<(), AppError> {
    if request.urls.len() > MAX_URLS {
        let detail = format!("has at most {MAX_URLS} addresses");
        return Err(invalid(REFUSED, "/urls", &detail));
    }
    let n_files = request.files.len();
    if n_files > MAX_FILES || n_files + request.urls.len() == 0 {
        let detail = format!("has 1 to {MAX_FILES} files, unless there are addresses");
        return Err(invalid(REFUSED, "/files", &detail));
    }
    let n_bytes: usize = request.files.iter().map(|file| file.text.len()).sum();
    if n_bytes > MAX_TEXT_BYTES {
        let detail = format!("has at most {MAX_TEXT_BYTES} bytes of text");
        return Err(invalid(REFUSED, "/files", &detail));
    }
    let has_path = |file: &ImportFile| {
        (1..=MAX_PATH_CHARS).contains(&file.path.chars().count())
            && !file.path.chars().any(char::is_control)
    };
    match request.files.iter().position(|file| !has_path(file)) {
        None => Ok(()),
        Some(place) => Err(invalid(
            REFUSED,
            format!("/files/{place}/path"),
            &format!("has 1 to {MAX_PATH_CHARS} characters and no control characters"),
        )),
    }
}

/// A new draft is nothing for search; what is there already may be published.
fn concerns_search(article: &ImportedArticle) -> bool {
    article.previous_version.is_some() || article.state == ArticleState::Published
}

fn check_rows(n_rows: usize) -> Result<(), AppError> {
    if n_rows <= MAX_ROWS {
        return Ok(());
    }
    Err(too_large(format!(
        "there are {n_rows} articles in the files, and an import has at most {MAX_ROWS}; send them in several imports"
    )))
}

fn check_size(n_articles: usize, n_categories: usize) -> Result<(), AppError> {
    if 2 * n_articles + n_categories <= MAX_STATEMENTS {
        return Ok(());
    }
    Err(too_large(format!(
        "{n_articles} articles and {n_categories} categories are more than is stored at once: twice the articles and the categories are at most {MAX_STATEMENTS}; send the files in several imports"
    )))
}

fn too_large(detail: String) -> AppError {
    AppError::new(StatusCode::UNPROCESSABLE_ENTITY, "import_too_large", detail)
}

fn category_not_stored(error: CategoryError) -> AppError {
    match error {
        CategoryError::Store(error) => error.into(),
        // There was none of this name, and room for it, a moment ago.
        CategoryError::NotFound | CategoryError::NameTaken | CategoryError::TooMany => overtaken(),
    }
}

fn overtaken() -> AppError {
    AppError::new(
        StatusCode::CONFLICT,
        "overtaken",
        "somebody else changed the same meanwhile: send it again",
    )
}

#[cfg(test)]
mod tests {
    use edgedesk_domain::ids::ArticleId;
    use ulid::Ulid;

    use super::*;

    fn request(files: Vec<ImportFile>) -> ImportRequest {
        ImportRequest {
            files,
            urls: Vec::new(),
            state: None,
            dry_run: true,
        }
    }

    fn file(path: &str, n_bytes: usize) -> ImportFile {
        ImportFile {
            path: path.to_owned(),
            text: "a".repeat(n_bytes),
        }
    }

    fn refusal(request: &ImportRequest) -> (String, String) {
        let error = check_request(request).unwrap_err();
        assert_eq!(error.status.as_u16(), 422);
        (error.code, error.errors[0].pointer.clone())
    }

    #[test]
    fn an_import_has_files_and_so_many_of_them() {
        let half = MAX_TEXT_BYTES / 2;
        for files in [
            vec![file("a.md", 0)],
            vec![file("a.md", half), file("b.md", half)],
            vec![file(&"é".repeat(300), 1)],
            vec![file("a.md", 1); 500],
        ] {
            assert_eq!(check_request(&request(files)), Ok(()));
        }
        for (files, pointer) in [
            (vec![], "/files"),
            (vec![file("a.md", 1); 501], "/files"),
            (vec![file("a.md", half), file("b.md", half + 1)], "/files"),
            (vec![file("a.md", 1), file("", 1)], "/files/1/path"),
            (vec![file("a\n.md", 1)], "/files/0/path"),
            (vec![file(&"é".repeat(301), 1)], "/files/0/path"),
        ] {
            let expected = ("invalid_value".to_owned(), pointer.to_owned());
            assert_eq!(refusal(&request(files)), expected);
        }
        let by_address = |n| ImportRequest {
            urls: vec!["https://example.com/help".to_owned(); n],
            ..request(Vec::new())
        };
        assert!(check_request(&by_address(MAX_URLS)).is_ok());
        assert_eq!(
            refusal(&by_address(MAX_URLS + 1)),
            ("invalid_value".to_owned(), "/urls".to_owned())
        );
    }

    #[test]
    fn a_table_of_many_articles_is_refused_before_anything_is_asked() {
        assert_eq!(check_rows(1000), Ok(()));
        assert_eq!(check_rows(1001).unwrap_err().code, "import_too_large");
    }

    #[test]
    fn search_hears_of_an_import_unless_it_is_a_new_draft() {
        let article = |previous_version, state| ImportedArticle {
            id: ArticleId::new(Ulid(1)),
            previous_version,
            source: "a.md".to_owned(),
            fingerprint: "f".to_owned(),
            title: "A".to_owned(),
            body: String::new(),
            language: "en".to_owned(),
            category_id: None,
            state,
        };
        for (previous_version, state, expected) in [
            (None, ArticleState::Draft, false),
            (None, ArticleState::Archived, false),
            (None, ArticleState::Published, true),
            (Some(1), ArticleState::Draft, true),
        ] {
            let concerns = concerns_search(&article(previous_version, state));
            assert_eq!(concerns, expected, "{previous_version:?} {state:?}");
        }
    }

    #[test]
    fn no_more_is_stored_at_once_than_the_database_takes() {
        assert_eq!(check_size(475, 0), Ok(()));
        assert_eq!(check_size(375, 200), Ok(()));
        for (n_articles, n_categories) in [(476, 0), (475, 1), (376, 200)] {
            let error = check_size(n_articles, n_categories).unwrap_err();
            assert_eq!(error.code, "import_too_large");
        }
    }
}
