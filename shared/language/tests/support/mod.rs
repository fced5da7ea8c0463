//! The shipped model, for the tests.
#![allow(dead_code, reason = "every test file uses its part")]

use std::path::Path;
use std::sync::LazyLock;

use edgedesk_language::{HashedMood, Identifier};

pub static MODEL: LazyLock<Identifier> = LazyLock::new(|| {
    Identifier::parse(&shipped_bytes("language")).expect("the shipped model is well formed")
});

pub static MOOD: LazyLock<HashedMood> = LazyLock::new(|| {
    HashedMood::parse(&shipped_bytes("multilingual")).expect("the shipped model is well formed")
});

/// The file that the manifest names for a role.
pub fn shipped_bytes(role: &str) -> Vec<u8> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let manifest = std::fs::read(models.join("manifest.json")).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("it is JSON");
    let name = manifest["files"][role]["name"]
        .as_str()
        .expect("the manifest names the file");
    std::fs::read(models.join("files").join(name)).expect("the file that the manifest names")
}

/// Code and confidence of the best guess and of its alternatives.
pub fn guesses(text: &str) -> Vec<(String, f32)> {
    MODEL.identify(text).map_or_else(Vec::new, |guess| {
        let best = (guess.code.to_owned(), guess.confidence);
        let others = guess.alternatives.iter();
        let others = others.map(|other| (other.code.to_owned(), other.confidence));
        [best].into_iter().chain(others).collect()
    })
}
