//! The shipped model, loaded once per test binary.

use std::path::Path;
use std::sync::LazyLock;

use edgedesk_encoder::{Embedder, Manifest, Model, ModelFiles, Reading};

pub static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let manifest = Manifest::shipped().expect("models/manifest.json is a manifest");
    let files = files(&manifest);
    Model::load(&manifest, files).expect("the shipped files are a model")
});

pub fn files(manifest: &Manifest) -> ModelFiles {
    let names = &manifest.files;
    ModelFiles {
        encoder: read(&names.encoder.name),
        embeddings: read(&names.embeddings.name),
        vocabulary: read(&names.vocabulary.name),
        emoji: read(&names.emoji.name),
        heads: read(&names.heads.name),
    }
}

pub fn read(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../models/files")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

static EMBEDDER: LazyLock<Embedder> = LazyLock::new(|| {
    let manifest = Manifest::shipped().expect("models/manifest.json is a manifest");
    let named = manifest.files.embedder.expect("an embedder is shipped");
    Embedder::parse(&read(&named.name), MODEL.width()).expect("the shipped file is an embedder")
});

pub fn embedding(reading: &Reading) -> Vec<f32> {
    EMBEDDER
        .embed(reading)
        .expect("every reading has an embedding")
}
