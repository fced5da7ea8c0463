//! The model of this isolate: loaded on the first request, then kept.

use std::cell::OnceCell;
use std::rc::Rc;

use edgedesk_encoder::manifest::ManifestFile;
use edgedesk_encoder::{Manifest, Model, ModelFiles};
use worker::{Env, Fetcher};

use crate::answer::Failure;

/// The model files, as static assets.
const ASSETS_BINDING: &str = "ASSETS";

thread_local! {
    static MODEL: OnceCell<Rc<Model>> = const { OnceCell::new() };
}

/// The model, loading it if this is the first request.
///
/// The bytes come first, then the model is built without awaiting anything. Two early requests may both build it: nobody
/// waits for a future that belongs to another request and is dropped with it.
pub async fn model(env: &Env) -> Result<Rc<Model>, Failure> {
    if let Some(model) = MODEL.with(|cell| cell.get().cloned()) {
        return Ok(model);
    }
    let manifest = Manifest::shipped()?;
    let assets = env.assets(ASSETS_BINDING)?;
    let names = &manifest.files;
    let files = ModelFiles {
        encoder: bytes(&assets, &names.encoder).await?,
        embeddings: bytes(&assets, &names.embeddings).await?,
        vocabulary: bytes(&assets, &names.vocabulary).await?,
        emoji: bytes(&assets, &names.emoji).await?,
        heads: bytes(&assets, &names.heads).await?,
    };
    if let Some(model) = MODEL.with(|cell| cell.get().cloned()) {
        return Ok(model);
    }
    let model = Rc::new(Model::load(&manifest, files)?);
    Ok(MODEL.with(|cell| cell.get_or_init(|| model).clone()))
}

/// Whether a request of this isolate has loaded the model.
pub fn is_loaded() -> bool {
    MODEL.with(|cell| cell.get().is_some())
}

/// Bytes of this isolate's Wasm memory; 0 in a native build.
pub fn memory_bytes() -> usize {
    #[cfg(target_arch = "wasm32")]
    {
        core::arch::wasm32::memory_size(0) * 65_536
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        0
    }
}

/// Milliseconds of the runtime's clock. Deployed Workers stop it while they compute, so a time measured with it is that of
/// local runs and benchmarks, and 0 in production.
pub fn now_ms() -> f64 {
    js_sys::Date::now()
}

async fn bytes(assets: &Fetcher, file: &ManifestFile) -> Result<Vec<u8>, Failure> {
    let unavailable =
        |reason: String| Failure::Unavailable(format!("model file {}: {reason}", file.name));
    // Assets answer for any host; only the path counts.
    let url = format!("http://assets/{}", file.name);
    let response = assets
        .fetch(url, None)
        .await
        .map_err(|error| unavailable(error.to_string()))?;
    let status = response.status();
    if !status.is_success() {
        return Err(unavailable(format!("status {status}")));
    }
    let mut response =
        worker::Response::try_from(response).map_err(|error| unavailable(error.to_string()))?;
    response
        .bytes()
        .await
        .map_err(|error| unavailable(error.to_string()))
}
