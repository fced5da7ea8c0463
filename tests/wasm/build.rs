//! Writes a Rust file that holds the bytes of the shipped model: a test under Wasm has no files to read.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let manifest_path = models.join("manifest.json");
    println!("cargo::rerun-if-changed={}", manifest_path.display());
    let manifest: serde_json::Value = serde_json::from_str(&fs::read_to_string(manifest_path)?)?;
    let bytes = |field: &str| -> Result<String, Box<dyn std::error::Error>> {
        let name = manifest["files"][field]["name"]
            .as_str()
            .ok_or("the manifest names no such file")?;
        let path = models.join("files").join(name).display().to_string();
        println!("cargo::rerun-if-changed={path}");
        Ok(format!("include_bytes!({path:?}).to_vec()"))
    };
    let mut code = String::from("ModelFiles {\n");
    for field in ["encoder", "embeddings", "vocabulary", "emoji", "heads"] {
        writeln!(code, "    {field}: {},", bytes(field)?)?;
    }
    code.push_str("}\n");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("model_files.rs"), code)?;
    for field in ["embedder", "language", "multilingual"] {
        fs::write(out.join(format!("{field}_file.rs")), bytes(field)?)?;
    }
    Ok(())
}
