//! Where things are in the checkout.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::process::Command;

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or_else(|| Path::new("."))
}

/// Programs that `setup` installs with cargo.
pub fn tools_bin() -> PathBuf {
    root().join(".tools/bin")
}

/// Programs that `setup` installs with npm, Node itself among them.
pub fn node_bin() -> PathBuf {
    root().join("node_modules/.bin")
}

/// A command in the root, with the project's own programs first on its path.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(root())
        .env("PATH", path())
        .env("WASM_BINDGEN_BIN", tools_bin().join("wasm-bindgen"))
        .env("WASM_OPT_BIN", node_bin().join("wasm-opt"))
        .env("ESBUILD_BIN", node_bin().join("esbuild"))
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_HIDE_BANNER", "true")
        // Miniflare would ask Cloudflare for a sample `request.cf` at its first start.
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false");
    command
}

/// `wrangler`, through the project's own Node.
pub fn wrangler() -> Command {
    let mut command = command(node_bin().join("node"));
    command
        .arg("--no-warnings")
        .arg(root().join("node_modules/wrangler/bin/wrangler.js"));
    command
}

/// `cargo`, the one that runs us.
pub fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn path() -> OsString {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let own = [node_bin(), tools_bin()];
    std::env::join_paths(own.into_iter().chain(std::env::split_paths(&inherited)))
        .unwrap_or(inherited)
}

/// Copies a folder with all that is in it; what the other has already stays, unless it has the same name.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
