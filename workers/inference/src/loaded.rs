//! The model files of this isolate: loaded when first needed, then kept; tried again when one was missing or damaged.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;
use std::time::Duration;

use edgedesk_encoder::manifest::ManifestFile;
use edgedesk_encoder::{Embedder, Manifest, Model, ModelError, ModelFiles};
use edgedesk_language::{HashedMood, Identifier};
use edgedesk_platform::time::sleep;
use edgedesk_reader::Reader;
use edgedesk_wire::inference::BrokenFile;
use worker::{Env, Fetcher};

use crate::answer::Failure;
use crate::slot::{Slot, Turn};

/// The model files, as static assets.
const ASSETS_BINDING: &str = "ASSETS";

/// Time between looks of a request that waits for another to load what it needs.
const JOIN: Duration = Duration::from_millis(5);

thread_local! {
    static MODEL: RefCell<Slot<Model>> = const { RefCell::new(Slot::new()) };
    static EMBEDDER: RefCell<Slot<Embedder>> = const { RefCell::new(Slot::new()) };
    static WHOLE_EMBEDDER: RefCell<Slot<()>> = const { RefCell::new(Slot::new()) };
    static LANGUAGE: RefCell<Slot<Identifier>> = const { RefCell::new(Slot::new()) };
    static MULTILINGUAL: RefCell<Slot<HashedMood>> = const { RefCell::new(Slot::new()) };
    static ENGLISH: RefCell<Slot<HashedMood>> = const { RefCell::new(Slot::new()) };
}

/// All that reads a text.
pub struct Models {
    model: Rc<Model>,
    language: Option<Rc<Identifier>>,
    multilingual: Option<Rc<HashedMood>>,
    english: Option<Rc<HashedMood>>,
}

impl Models {
    /// The models, loading what is not there yet. Fails without the encoder; a language model that is missing or damaged, or
    /// that the manifest does not name, is done without.
    pub async fn load(env: &Env) -> Result<Self, Failure> {
        let model = model(env).await?;
        let manifest = Manifest::shipped()?;
        let names = &manifest.files;
        let parse = |bytes: &[u8]| Identifier::parse(bytes);
        let language = part(&LANGUAGE, env, names.language.as_ref(), parse).await;
        let parse = |bytes: &[u8]| HashedMood::parse(bytes);
        let multilingual = part(&MULTILINGUAL, env, names.multilingual.as_ref(), parse).await;
        let english = part(&ENGLISH, env, names.english.as_ref(), parse).await;
        Ok(Self {
            model,
            language,
            multilingual,
            english,
        })
    }

    /// For one text after another.
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            model: &self.model,
            language: self.language.as_deref(),
            multilingual: self.multilingual.as_deref(),
            english: self.english.as_deref(),
        }
    }
}

/// The model, loading it if this is the first request, or if it could not be loaded and the wait is over.
pub async fn model(env: &Env) -> Result<Rc<Model>, Failure> {
    kept(&MODEL, async || load_model(env).await)
        .await
        .map_err(|broken| Failure::Unavailable(format!("{}: {}", broken.file, broken.reason)))
}

/// The upper layers, loading them if this is the first request for an embedding: an isolate that only analyses never holds
/// their 5 MB.
pub async fn embedder(env: &Env) -> Result<Rc<Embedder>, Failure> {
    let width = model(env).await?.width();
    let manifest = Manifest::shipped()?;
    let parse = |bytes: &[u8]| Embedder::parse(bytes, width);
    part(&EMBEDDER, env, manifest.files.embedder.as_ref(), parse)
        .await
        .ok_or_else(|| Failure::Unavailable("the embedder is missing or damaged".into()))
}

/// Looks whether the embedder's file is there and whole, without keeping it. What is wrong is among [`broken_files`].
pub async fn check_embedder(env: &Env) {
    if let Ok(manifest) = Manifest::shipped() {
        let parse = |_: &[u8]| Ok::<(), ModelError>(());
        part(
            &WHOLE_EMBEDDER,
            env,
            manifest.files.embedder.as_ref(),
            parse,
        )
        .await;
    }
}

/// Whether a request of this isolate has loaded the model.
pub fn is_loaded() -> bool {
    MODEL.with_borrow(|slot| slot.value().is_some())
}

/// The files that could not be loaded when last tried.
pub fn broken_files() -> Vec<BrokenFile> {
    let troubles = [
        MODEL.with_borrow(|slot| slot.trouble().cloned()),
        EMBEDDER
            .with_borrow(|slot| slot.trouble().cloned())
            .or_else(|| WHOLE_EMBEDDER.with_borrow(|slot| slot.trouble().cloned())),
        LANGUAGE.with_borrow(|slot| slot.trouble().cloned()),
        MULTILINGUAL.with_borrow(|slot| slot.trouble().cloned()),
        ENGLISH.with_borrow(|slot| slot.trouble().cloned()),
    ];
    troubles.into_iter().flatten().collect()
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

/// What a slot holds, after loading it if it is this request's turn.
///
/// The bytes come first, then the value is built without awaiting anything. Requests that come meanwhile look again by
/// themselves: none waits for a future that belongs to another request and is dropped with it.
async fn kept<T>(
    slot: &'static LocalKey<RefCell<Slot<T>>>,
    load: impl AsyncFnOnce() -> Result<T, BrokenFile>,
) -> Result<Rc<T>, BrokenFile> {
    loop {
        match slot.with_borrow_mut(|slot| slot.turn(now_ms())) {
            Turn::Loaded(value) => return Ok(value),
            Turn::Wait(broken) => return Err(broken),
            Turn::Join => sleep(JOIN).await,
            Turn::Load => break,
        }
    }
    let outcome = load().await;
    slot.with_borrow_mut(|slot| slot.settle(outcome, now_ms()))
}

/// A model that an analysis can do without; none if the manifest names none.
async fn part<T, E: std::fmt::Display>(
    slot: &'static LocalKey<RefCell<Slot<T>>>,
    env: &Env,
    file: Option<&ManifestFile>,
    parse: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Option<Rc<T>> {
    let file = file?;
    let load = async || {
        let bytes = bytes(&assets(env)?, file).await?;
        parse(&bytes).map_err(|error| broken(&file.name, &error.to_string()))
    };
    let optional = |broken| BrokenFile {
        required: false,
        ..broken
    };
    kept(slot, async || load().await.map_err(optional))
        .await
        .ok()
}

fn assets(env: &Env) -> Result<Fetcher, BrokenFile> {
    env.assets(ASSETS_BINDING)
        .map_err(|error| broken(ASSETS_BINDING, &error.to_string()))
}

async fn load_model(env: &Env) -> Result<Model, BrokenFile> {
    let unnamed = |error: ModelError| broken("models/manifest.json", &error.to_string());
    let manifest = Manifest::shipped().map_err(unnamed)?;
    let assets = assets(env)?;
    let names = &manifest.files;
    let files = ModelFiles {
        encoder: bytes(&assets, &names.encoder).await?,
        embeddings: bytes(&assets, &names.embeddings).await?,
        vocabulary: bytes(&assets, &names.vocabulary).await?,
        emoji: bytes(&assets, &names.emoji).await?,
        heads: bytes(&assets, &names.heads).await?,
    };
    Model::load(&manifest, files)
        .map_err(|error| broken(manifest.file_of(&error), &error.to_string()))
}

async fn bytes(assets: &Fetcher, file: &ManifestFile) -> Result<Vec<u8>, BrokenFile> {
    let failed = |error: worker::Error| broken(&file.name, &error.to_string());
    // Assets answer for any host; only the path counts.
    let url = format!("http://assets/{}", file.name);
    let response = assets.fetch(url, None).await.map_err(failed)?;
    let status = response.status();
    if !status.is_success() {
        return Err(broken(&file.name, &format!("status {status}")));
    }
    let mut response = worker::Response::try_from(response).map_err(failed)?;
    let bytes = response.bytes().await.map_err(failed)?;
    // Here rather than when all are there: a damaged file is then named whichever it is.
    file.check(&bytes)
        .map_err(|error| broken(&file.name, &error.to_string()))?;
    Ok(bytes)
}

fn broken(file: &str, reason: &str) -> BrokenFile {
    BrokenFile {
        file: file.to_owned(),
        reason: reason.to_owned(),
        required: true,
    }
}
