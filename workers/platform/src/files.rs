//! [`FileStore`] on R2.

use edgedesk_domain::files::FileKey;
use edgedesk_domain::time::Timestamp;
use edgedesk_store::files::{FileError, FilePage, FileStore, StoredFile};
use worker::web_sys::ReadableStream;
use worker::{Bucket, Env, HttpMetadata, ObjectBody, Range, ResponseBody};

/// Binding of the bucket.
pub const BINDING: &str = "FILES";

/// An R2 binding.
#[derive(Debug)]
pub struct R2(Bucket);

impl R2 {
    /// The bucket of this deployment.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.bucket(BINDING).map(Self)
    }

    /// A file for an answer, if it is there: the platform hands its contents on, and they are not read here.
    pub async fn stream(&self, key: &FileKey) -> worker::Result<Option<Streamed>> {
        let Some(object) = self.0.get(key.to_string()).execute().await? else {
            return Ok(None);
        };
        let metadata = object.http_metadata();
        let Some(body) = object.body().map(ObjectBody::response_body).transpose()? else {
            return Ok(None);
        };
        Ok(Some(Streamed {
            body,
            content_type: metadata.content_type,
            content_disposition: metadata.content_disposition,
        }))
    }

    /// Writes a file as it comes in. The stream has to have a known length, as a request's body with `Content-Length` has.
    pub async fn upload(
        &self,
        key: &FileKey,
        content_type: &str,
        content_disposition: &str,
        stream: ReadableStream,
    ) -> worker::Result<()> {
        let metadata = HttpMetadata {
            content_type: Some(content_type.to_owned()),
            content_disposition: Some(content_disposition.to_owned()),
            ..HttpMetadata::default()
        };
        self.0
            .put(key.to_string(), stream)
            .http_metadata(metadata)
            .execute()
            .await
            .map(|_| ())
    }

    /// The first bytes of a file, at most `length`; none when it is not there.
    pub async fn head(&self, key: &FileKey, length: u64) -> worker::Result<Option<Vec<u8>>> {
        let range = Range::OffsetWithLength { offset: 0, length };
        let object = self.0.get(key.to_string()).range(range).execute().await?;
        match object.as_ref().and_then(worker::Object::body) {
            None => Ok(None),
            Some(body) => body.bytes().await.map(Some),
        }
    }
}

/// A file on its way out.
#[derive(Debug)]
pub struct Streamed {
    /// Its contents.
    pub body: ResponseBody,
    /// Its type, as it was written.
    pub content_type: Option<String>,
    /// What it is called, as it was written.
    pub content_disposition: Option<String>,
}

impl FileStore for R2 {
    async fn put(
        &self,
        key: &FileKey,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<(), FileError> {
        let metadata = HttpMetadata {
            content_type: Some(content_type.to_owned()),
            ..HttpMetadata::default()
        };
        self.0
            .put(key.to_string(), bytes)
            .http_metadata(metadata)
            .execute()
            .await
            .map(|_| ())
            .map_err(|error| unavailable(&error))
    }

    async fn get(&self, key: &FileKey) -> Result<Option<Vec<u8>>, FileError> {
        let object = self.0.get(key.to_string()).execute().await;
        let Some(object) = object.map_err(|error| unavailable(&error))? else {
            return Ok(None);
        };
        match object.body() {
            None => Ok(None),
            Some(body) => body
                .bytes()
                .await
                .map(Some)
                .map_err(|error| unavailable(&error)),
        }
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<FilePage, FileError> {
        let mut list = self.0.list().prefix(prefix);
        if let Some(cursor) = cursor {
            list = list.cursor(cursor);
        }
        let page = list.execute().await.map_err(|error| unavailable(&error))?;
        #[expect(
            clippy::cast_possible_wrap,
            reason = "milliseconds since 1970 are far below 63 bits"
        )]
        let file = |object: worker::Object| StoredFile {
            name: object.key(),
            stored_at: Timestamp::from_millis(object.uploaded().as_millis() as i64),
        };
        Ok(FilePage {
            files: page.objects().into_iter().map(file).collect(),
            next_cursor: page.cursor().filter(|_| page.truncated()),
        })
    }

    async fn delete(&self, names: &[String]) -> Result<(), FileError> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.0
            .delete_multiple(names)
            .await
            .map_err(|error| unavailable(&error))
    }
}

fn unavailable(error: &worker::Error) -> FileError {
    FileError(error.to_string())
}
