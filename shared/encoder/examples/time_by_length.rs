//! Median milliseconds of the model by number of tokens, as JSON: `cargo run --release --example time_by_length`.
#![allow(clippy::print_stdout, reason = "the output is the point")]
#![allow(
    clippy::disallowed_methods,
    reason = "a native program that measures time"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use edgedesk_encoder::{Manifest, Model, ModelFiles};

const LENGTHS: [usize; 4] = [16, 32, 64, 128];
const N_RUNS: usize = 101;

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = Manifest::shipped()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/files");
    let read = |name: &str| std::fs::read(folder.join(name));
    let names = &manifest.files;
    let files = ModelFiles {
        encoder: read(&names.encoder.name)?,
        embeddings: read(&names.embeddings.name)?,
        vocabulary: read(&names.vocabulary.name)?,
        emoji: read(&names.emoji.name)?,
        heads: read(&names.heads.name)?,
    };
    let started = Instant::now();
    let model = Model::load(&manifest, files)?;
    let load_ms = milliseconds(started);

    let mut median_ms = BTreeMap::new();
    for length in LENGTHS {
        let mut times = Vec::with_capacity(N_RUNS);
        for _ in 0..N_RUNS {
            let started = Instant::now();
            model.run_tokens(length)?;
            times.push(milliseconds(started));
        }
        times.sort_by(f64::total_cmp);
        median_ms.insert(length, times[N_RUNS / 2]);
    }
    println!(
        "{}",
        serde_json::json!({ "load_ms": load_ms, "runs": N_RUNS, "median_ms": median_ms })
    );
    Ok(())
}

fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1e5).round() / 100.0
}
